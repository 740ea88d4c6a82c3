//! The measures of a Llama model, as its metadata give them.

use crate::InferenceError;
use crate::gguf::WeightsFile;

/// The most tokens that are read at once, whatever the model was made for: far more than a prompt and a sentence have,
/// and a bound on the tables that are made for each position.
const CONTEXT_MAX: usize = 8192;

/// The measures of a model.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Config {
    /// Numbers that stand for one token between the layers.
    pub(super) width: usize,
    pub(super) layers: usize,
    /// Numbers between the two halves of the feed-forward part.
    pub(super) inner_width: usize,
    pub(super) heads: usize,
    /// Heads of keys and values; several query heads share one.
    pub(super) key_value_heads: usize,
    pub(super) head_width: usize,
    /// How many numbers of a head turn with the position; the others stay.
    pub(super) rotary_width: usize,
    pub(super) rotary_base: f32,
    /// Added to the mean square before its root is taken.
    pub(super) epsilon: f32,
    /// The most tokens that are read at once.
    pub(super) context: usize,
    pub(super) vocabulary: usize,
}

impl Config {
    /// Reads the measures and refuses what the forward pass does not do.
    pub(super) fn read(file: &WeightsFile) -> Result<Self, InferenceError> {
        let architecture = file.text("general.architecture").unwrap_or("unnamed");
        if architecture != "llama" {
            let found = architecture.to_owned();
            return Err(InferenceError::Architecture { path: file.path().to_owned(), found });
        }
        refuse_variants(file)?;
        let width = file.required_count("llama.embedding_length")?;
        let heads = file.required_count("llama.attention.head_count")?;
        if heads == 0 {
            return Err(file.metadata_problem("llama.attention.head_count", "is zero"));
        }
        let head_width = file.count("llama.attention.key_length")?.unwrap_or(width / heads);
        let epsilon_key = "llama.attention.layer_norm_rms_epsilon";
        let config = Self {
            width,
            layers: file.required_count("llama.block_count")?,
            inner_width: file.required_count("llama.feed_forward_length")?,
            heads,
            key_value_heads: file.count("llama.attention.head_count_kv")?.unwrap_or(heads),
            head_width,
            rotary_width: file.count("llama.rope.dimension_count")?.unwrap_or(head_width),
            rotary_base: file.number("llama.rope.freq_base")?.unwrap_or(10_000.0),
            epsilon: file.number(epsilon_key)?.ok_or_else(|| file.metadata_problem(epsilon_key, "is missing"))?,
            context: file.required_count("llama.context_length")?.min(CONTEXT_MAX),
            vocabulary: file.shape("token_embd.weight").and_then(<[usize]>::first).copied().unwrap_or(0),
        };
        config.check(file)?;
        Ok(config)
    }

    fn check(&self, file: &WeightsFile) -> Result<(), InferenceError> {
        let problem = |key, text| Err(file.metadata_problem(key, text));
        if self.layers == 0 {
            return problem("llama.block_count", "is zero");
        }
        if self.key_value_heads == 0 || !self.heads.is_multiple_of(self.key_value_heads) {
            return problem("llama.attention.head_count_kv", "does not divide the number of heads");
        }
        if self.head_width == 0 || self.head_width > self.width {
            return problem("llama.attention.key_length", "does not fit the embedding length");
        }
        if self.rotary_width > self.head_width || !self.rotary_width.is_multiple_of(2) {
            return problem("llama.rope.dimension_count", "is odd or larger than a head");
        }
        Ok(())
    }

    /// The columns that all query heads take together.
    pub(super) fn query_width(&self) -> usize {
        self.heads.saturating_mul(self.head_width)
    }

    /// The columns that all key heads take together; the value heads take as many.
    pub(super) fn key_width(&self) -> usize {
        self.key_value_heads.saturating_mul(self.head_width)
    }
}

/// Variants that share the name `llama`, and would load and answer wrongly.
fn refuse_variants(file: &WeightsFile) -> Result<(), InferenceError> {
    if file.count("llama.expert_count")?.unwrap_or(0) > 0 {
        return Err(file.metadata_problem("llama.expert_count", "says mixture of experts, which is not supported"));
    }
    if let Some(scaling) = file.text("llama.rope.scaling.type").filter(|&scaling| scaling != "none") {
        let problem = format!("is `{scaling}`; models with scaled positions are not supported");
        return Err(file.metadata_problem("llama.rope.scaling.type", &problem));
    }
    let (key, value) = (file.count("llama.attention.key_length")?, file.count("llama.attention.value_length")?);
    if key.is_some() && value.is_some() && key != value {
        return Err(file.metadata_problem("llama.attention.value_length", "differs from key_length; not supported"));
    }
    Ok(())
}
