//! Models that read from left to right: Llama, Mistral without its window, and the first Gemma.

use super::checkpoint::Checkpoint;
use super::layer_name::in_layer;
use super::rotary::{RotaryHeads, RotaryOrder};
use crate::ModelError;
use crate::limits::CONTEXT_TOKENS_MAX;
use crate::weights::{Container, Gguf, HuggingFaceConfig, Metadata, RawTensor};

/// Which models share their arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Touvron et al., "Llama 2" (arXiv 2307.09288).
    Llama,
    /// "Gemma" (arXiv 2403.08295): embeddings scaled, GELU for SiLU, norm weights written less 1.
    Gemma,
}

/// The function of the gate in the feed-forward part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Activation {
    /// x / (1 + e^-x).
    Silu,
    /// GELU by way of tanh: x / 2 (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))).
    GeluTanh,
    /// GELU as it is defined: x / 2 (1 + erf(x / sqrt 2)).
    Gelu,
}

/// The measures of a model that reads from left to right, and how it differs from its cousins.
#[derive(Clone, Debug, PartialEq)]
pub struct Decoder {
    /// Whose arithmetic it has.
    pub family: Family,
    /// Numbers that stand for one token between the layers.
    pub width: usize,
    /// How many layers follow each other.
    pub layers: usize,
    /// Numbers between the two halves of the feed-forward part.
    pub inner_width: usize,
    /// Heads of queries.
    pub heads: usize,
    /// Heads of keys and values; several query heads share one.
    pub key_value_heads: usize,
    /// Numbers of one head.
    pub head_width: usize,
    /// How many numbers of a head turn with the position; the others stay.
    pub rotary_width: usize,
    /// The base of the rotary frequencies.
    pub rotary_base: f32,
    /// Which two numbers turn together.
    pub rotary_order: RotaryOrder,
    /// Divisors of the rotary frequencies, one for each pair.
    pub rotary_factors: Option<Vec<f32>>,
    /// The function of the gate.
    pub activation: Activation,
    /// What embeddings are multiplied by.
    pub embedding_scale: f32,
    /// What is to be added to the norm weights as the file has them.
    pub norm_offset: f32,
    /// Added to the mean square before its root is taken.
    pub epsilon: f32,
    /// The most tokens that are read at once.
    pub context: usize,
    /// How many tokens are known.
    pub vocabulary: usize,
    /// Whether the embedding serves as the head.
    pub tied_head: bool,
}

/// The tensors of one layer, as the file keeps them; vectors ready for use.
#[derive(Clone, Debug)]
pub struct DecoderLayer {
    /// Weights of the norm before attention.
    pub attention_norm: Vec<f32>,
    /// Makes queries.
    pub query: RawTensor,
    /// Makes keys.
    pub key: RawTensor,
    /// Makes values.
    pub value: RawTensor,
    /// Follows attention.
    pub output: RawTensor,
    /// Weights of the norm before the feed-forward part.
    pub feed_forward_norm: Vec<f32>,
    /// Makes the gate.
    pub gate: RawTensor,
    /// Makes what the gate lets through.
    pub up: RawTensor,
    /// The second half of the feed-forward part.
    pub down: RawTensor,
}

/// What the measures are called.
struct Keys {
    width: String,
    layers: String,
    inner_width: String,
    heads: String,
    key_value_heads: String,
    head_width: String,
    rotary_width: String,
    rotary_base: String,
    epsilon: String,
    context: String,
}

impl Keys {
    fn gguf(family: Family) -> Self {
        let key = |name: &str| format!("{}.{name}", family.name());
        Self {
            width: key("embedding_length"),
            layers: key("block_count"),
            inner_width: key("feed_forward_length"),
            heads: key("attention.head_count"),
            key_value_heads: key("attention.head_count_kv"),
            head_width: key("attention.key_length"),
            rotary_width: key("rope.dimension_count"),
            rotary_base: key("rope.freq_base"),
            epsilon: key("attention.layer_norm_rms_epsilon"),
            context: key("context_length"),
        }
    }

    fn hugging_face() -> Self {
        Self {
            width: "hidden_size".into(),
            layers: "num_hidden_layers".into(),
            inner_width: "intermediate_size".into(),
            heads: "num_attention_heads".into(),
            key_value_heads: "num_key_value_heads".into(),
            head_width: "head_dim".into(),
            // There is no such setting for these families: whole heads turn.
            rotary_width: "rotary_dim".into(),
            rotary_base: "rope_theta".into(),
            epsilon: "rms_norm_eps".into(),
            context: "max_position_embeddings".into(),
        }
    }
}

impl Family {
    /// Its name, as GGUF writes it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Llama => "llama",
            Self::Gemma => "gemma",
        }
    }
}

impl Decoder {
    /// Reads the measures and refuses what is not computed here.
    pub(super) fn read(checkpoint: &mut Checkpoint, family: Family) -> Result<Self, ModelError> {
        let vocabulary = checkpoint.shape("token_embd.weight").and_then(<[usize]>::first).copied().unwrap_or(0);
        let has_head = checkpoint.shape("output.weight").is_some();
        let mut decoder = match checkpoint.container() {
            Container::Gguf(file) => {
                refuse_gguf_variants(file, family)?;
                let mut decoder = Self::measures(file, &Keys::gguf(family), family)?;
                // Only Llama's rows are permuted so that pairs are neighbours.
                let permuted = family == Family::Llama;
                decoder.rotary_order = if permuted { RotaryOrder::Neighbours } else { RotaryOrder::Halves };
                decoder.tied_head = !has_head;
                decoder
            }
            Container::Safetensors(files) => {
                let config = files.config();
                refuse_hugging_face_variants(config)?;
                let mut decoder = Self::measures(config, &Keys::hugging_face(), family)?;
                decoder.norm_offset = if family == Family::Gemma { 1.0 } else { 0.0 };
                let tied = config.switch("tie_word_embeddings").unwrap_or(family == Family::Gemma);
                decoder.tied_head = tied || (family == Family::Gemma && !has_head);
                if let Some(window) = config.count("sliding_window")? {
                    // Within the window, attention is the ordinary one.
                    decoder.context = decoder.context.min(window);
                }
                decoder
            }
        };
        decoder.vocabulary = vocabulary;
        decoder.rotary_factors = decoder.read_rotary_factors(checkpoint)?;
        Ok(decoder)
    }

    fn measures(metadata: &dyn Metadata, keys: &Keys, family: Family) -> Result<Self, ModelError> {
        let width = metadata.required_count(&keys.width)?;
        let heads = metadata.positive_count(&keys.heads)?;
        let head_width = metadata.count(&keys.head_width)?.unwrap_or(width / heads);
        let epsilon = metadata.number(&keys.epsilon)?;
        let decoder = Self {
            family,
            width,
            layers: metadata.positive_count(&keys.layers)?,
            inner_width: metadata.required_count(&keys.inner_width)?,
            heads,
            key_value_heads: metadata.count(&keys.key_value_heads)?.unwrap_or(heads),
            head_width,
            rotary_width: metadata.count(&keys.rotary_width)?.unwrap_or(head_width),
            rotary_base: metadata.number(&keys.rotary_base)?.unwrap_or(10_000.0),
            rotary_order: RotaryOrder::Halves,
            rotary_factors: None,
            activation: if family == Family::Gemma { Activation::GeluTanh } else { Activation::Silu },
            embedding_scale: if family == Family::Gemma { (width as f32).sqrt() } else { 1.0 },
            norm_offset: 0.0,
            epsilon: epsilon.ok_or_else(|| metadata.problem(&keys.epsilon, "is missing"))?,
            context: metadata.required_count(&keys.context)?.min(CONTEXT_TOKENS_MAX),
            vocabulary: 0,
            tied_head: false,
        };
        decoder.check(metadata, keys)?;
        Ok(decoder)
    }

    fn check(&self, metadata: &dyn Metadata, keys: &Keys) -> Result<(), ModelError> {
        if self.key_value_heads == 0 || !self.heads.is_multiple_of(self.key_value_heads) {
            return Err(metadata.problem(&keys.key_value_heads, "does not divide the number of heads"));
        }
        if self.head_width == 0 || self.head_width > self.width {
            return Err(metadata.problem(&keys.head_width, "does not fit the width of the embeddings"));
        }
        if self.rotary_width > self.head_width || !self.rotary_width.is_multiple_of(2) {
            return Err(metadata.problem(&keys.rotary_width, "is odd or larger than a head"));
        }
        Ok(())
    }

    fn read_rotary_factors(&self, checkpoint: &mut Checkpoint) -> Result<Option<Vec<f32>>, ModelError> {
        let name = "rope_freqs.weight";
        if checkpoint.shape(name).is_some() {
            return checkpoint.tensor(name, &[self.rotary_width / 2])?.to_f32().map(Some);
        }
        match checkpoint.container() {
            Container::Safetensors(files) => files.config().llama3_factors(self.rotary_width, self.rotary_base),
            Container::Gguf(_) => Ok(None),
        }
    }

    /// How the rows of queries and keys divide into heads.
    pub fn rotary_heads(&self) -> RotaryHeads {
        RotaryHeads { queries: self.heads, keys: self.key_value_heads, order: self.rotary_order }
    }

    /// The columns that all query heads take together.
    pub fn query_width(&self) -> usize {
        self.heads.saturating_mul(self.head_width)
    }

    /// The columns that all key heads take together; the value heads take as many.
    pub fn key_width(&self) -> usize {
        self.key_value_heads.saturating_mul(self.head_width)
    }

    /// The tensors that the model is made of, with their shapes, rows first.
    pub fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> + '_ {
        let Self { vocabulary, width, .. } = *self;
        let outside = [("token_embd.weight", vec![vocabulary, width]), ("output_norm.weight", vec![width])];
        let head = (!self.tied_head).then(|| ("output.weight", vec![vocabulary, width]));
        let outside = outside.into_iter().chain(head).map(|(name, shape)| (name.to_owned(), shape));
        outside.chain((0..self.layers).flat_map(|layer| {
            self.layer_tensors().map(move |(part, shape)| (format!("blk.{layer}.{part}.weight"), shape))
        }))
    }

    /// The numbers of one layer.
    pub fn layer_parameters(&self) -> usize {
        self.layer_tensors().map(|(_, shape)| shape.into_iter().fold(1, usize::saturating_mul)).sum()
    }

    fn layer_tensors(&self) -> impl Iterator<Item = (&'static str, Vec<usize>)> {
        let Self { width, inner_width, .. } = *self;
        let (query_width, key_width) = (self.query_width(), self.key_width());
        let tensors = [
            ("attn_norm", vec![width]),
            ("attn_q", vec![query_width, width]),
            ("attn_k", vec![key_width, width]),
            ("attn_v", vec![key_width, width]),
            ("attn_output", vec![width, query_width]),
            ("ffn_norm", vec![width]),
            ("ffn_gate", vec![inner_width, width]),
            ("ffn_up", vec![inner_width, width]),
            ("ffn_down", vec![width, inner_width]),
        ];
        tensors.into_iter()
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        let outside = ["token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight"].contains(&name);
        outside
            || in_layer(name, self.layers).and_then(|part| part.strip_suffix(".weight")).is_some_and(|part| {
                // Old conversions keep a copy of the plain frequencies in each layer, as `attn_rot_embd`.
                part == "attn_rot_embd" || self.layer_tensors().any(|(known, _)| known == part)
            })
    }

    /// Reads the embedding, one row for each token.
    pub fn read_embedding(&self, checkpoint: &mut Checkpoint) -> Result<RawTensor, ModelError> {
        checkpoint.tensor("token_embd.weight", &[self.vocabulary, self.width])
    }

    /// Reads the head, one row for each token. None: the embedding serves as the head.
    pub fn read_head(&self, checkpoint: &mut Checkpoint) -> Result<Option<RawTensor>, ModelError> {
        let head = (!self.tied_head).then(|| checkpoint.tensor("output.weight", &[self.vocabulary, self.width]));
        head.transpose()
    }

    /// Reads the weights of the norm before the head.
    pub fn read_final_norm(&self, checkpoint: &mut Checkpoint) -> Result<Vec<f32>, ModelError> {
        self.read_norm(checkpoint, "output_norm.weight")
    }

    /// Reads one layer.
    pub fn read_layer(&self, checkpoint: &mut Checkpoint, layer: usize) -> Result<DecoderLayer, ModelError> {
        let Self { width, inner_width, .. } = *self;
        let (query_width, key_width) = (self.query_width(), self.key_width());
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        Ok(DecoderLayer {
            attention_norm: self.read_norm(checkpoint, &name("attn_norm"))?,
            query: checkpoint.tensor(&name("attn_q"), &[query_width, width])?,
            key: checkpoint.tensor(&name("attn_k"), &[key_width, width])?,
            value: checkpoint.tensor(&name("attn_v"), &[key_width, width])?,
            output: checkpoint.tensor(&name("attn_output"), &[width, query_width])?,
            feed_forward_norm: self.read_norm(checkpoint, &name("ffn_norm"))?,
            gate: checkpoint.tensor(&name("ffn_gate"), &[inner_width, width])?,
            up: checkpoint.tensor(&name("ffn_up"), &[inner_width, width])?,
            down: checkpoint.tensor(&name("ffn_down"), &[width, inner_width])?,
        })
    }

    fn read_norm(&self, checkpoint: &mut Checkpoint, name: &str) -> Result<Vec<f32>, ModelError> {
        let mut norm = checkpoint.tensor(name, &[self.width])?.to_f32()?;
        norm.iter_mut().for_each(|weight| *weight += self.norm_offset);
        Ok(norm)
    }
}

/// Variants that share a name with what is computed here, and would load and answer wrongly.
fn refuse_gguf_variants(file: &Gguf, family: Family) -> Result<(), ModelError> {
    let key = |name: &str| format!("{}.{name}", family.name());
    if file.count(&key("expert_count"))?.unwrap_or(0) > 0 {
        return Err(file.metadata_problem(&key("expert_count"), "says mixture of experts, which is not supported"));
    }
    let scaling = key("rope.scaling.type");
    if let Some(found) = file.text(&scaling).filter(|&found| found != "none") {
        let problem = format!("is `{found}`; models with scaled positions are not supported");
        return Err(file.metadata_problem(&scaling, &problem));
    }
    let value_length = key("attention.value_length");
    let (key, value) = (file.count(&key("attention.key_length"))?, file.count(&value_length)?);
    if key.is_some() && value.is_some() && key != value {
        return Err(file.metadata_problem(&value_length, "differs from key_length; not supported"));
    }
    Ok(())
}

/// The same for `config.json`.
fn refuse_hugging_face_variants(config: &HuggingFaceConfig) -> Result<(), ModelError> {
    for key in ["attention_bias", "mlp_bias"] {
        if config.switch(key) == Some(true) {
            return Err(config.metadata_problem(key, "is true; biases are not supported for this family"));
        }
    }
    if let Some(kind) = config.rotary_scaling().filter(|kind| !["default", "llama3"].contains(kind)) {
        let problem = format!("is `{kind}`; of scaled positions only `llama3` is supported");
        return Err(config.metadata_problem("rope_scaling", &problem));
    }
    Ok(())
}
