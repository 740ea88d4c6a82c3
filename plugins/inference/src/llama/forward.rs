//! The forward pass: packed sequences through all layers to the logits after their last tokens.

use candle_core::{Device, Result, Tensor};

use super::attention::{Attention, KeepPrefix, Queries, prefix_size};
use super::config::Config;
use super::elementwise::{Add, Gate, RmsNorm};
use super::linear::WeightPrecision;
use super::rotary::Rotary;
use super::weights::{Layer, Projection, Weights};
use crate::InferenceError;
use crate::gguf::WeightsFile;

/// A loaded model.
pub(crate) struct Llama {
    config: Config,
    weights: Weights,
    rotary: Rotary,
    device: Device,
}

/// The beginning that sequences share, with the keys and values that each layer makes of it.
pub(crate) struct Prefix {
    length: usize,
    layers: Vec<Tensor>,
}

/// The rows of the output matrix for chosen tokens.
pub(crate) struct Head {
    /// One column for each token.
    columns: Tensor,
}

impl Llama {
    /// Loads the model that the file holds.
    pub(crate) fn load(
        file: &mut WeightsFile,
        precision: WeightPrecision,
        device: Device,
    ) -> std::result::Result<Self, InferenceError> {
        let config = Config::read(file)?;
        let weights = Weights::load(file, &config, precision, &device)?;
        let factors = weights.rotary_factors.as_deref();
        let rotary = Rotary::new(config.rotary_width, config.rotary_base, config.context, factors);
        Ok(Self { config, weights, rotary, device })
    }

    /// The most tokens of prefix and sequence together.
    pub(crate) fn context(&self) -> usize {
        self.config.context
    }

    /// Whether the large matrices are multiplied as 8-bit blocks.
    pub(crate) fn is_quantized(&self) -> bool {
        self.weights.layers.iter().any(|layer| layer.down.is_quantized())
    }

    /// How many tokens the model knows.
    pub(crate) fn vocabulary(&self) -> usize {
        self.config.vocabulary
    }

    #[cfg(test)]
    pub(super) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// The part of the head for these tokens, which must be smaller than [`Llama::vocabulary`].
    pub(crate) fn head(&self, tokens: &[u32]) -> std::result::Result<Head, InferenceError> {
        let matrix = self.weights.head.as_ref().unwrap_or(&self.weights.embedding);
        let columns = || matrix.embedding(&Tensor::new(tokens, &self.device)?)?.t()?.contiguous();
        columns().map(|columns| Head { columns }).map_err(compute)
    }

    /// Reads a shared beginning, which may be empty.
    pub(crate) fn prefix(&self, tokens: &[u32]) -> std::result::Result<Prefix, InferenceError> {
        let layers = if tokens.is_empty() { self.empty_prefix() } else { self.read_prefix(tokens) };
        Ok(Prefix { length: tokens.len(), layers: layers.map_err(compute)? })
    }

    /// For each sequence the logits, of the tokens of `head`, after its last token. Sequences must not be empty; together
    /// with the prefix each must fit the context.
    pub(crate) fn logits(
        &self,
        prefix: &Prefix,
        head: &Head,
        sequences: &[&[u32]],
    ) -> std::result::Result<Vec<Vec<f32>>, InferenceError> {
        self.forward(prefix, head, sequences).and_then(|logits| logits.to_vec2()).map_err(compute)
    }

    fn forward(&self, prefix: &Prefix, head: &Head, sequences: &[&[u32]]) -> Result<Tensor> {
        let lengths: Vec<usize> = sequences.iter().map(|tokens| tokens.len()).collect();
        if lengths.contains(&0) {
            candle_core::bail!("an empty sequence has no last token");
        }
        let mut x = self.embed(&sequences.concat())?;
        for (layer, prefix_tensor) in self.weights.layers.iter().zip(&prefix.layers) {
            let packed = Packed { lengths: &lengths, prefix: prefix_tensor, prefix_length: prefix.length };
            x = self.layer(layer, x, &packed)?;
        }
        self.norm(&x, &self.weights.final_norm)?.matmul(&head.columns)
    }

    /// One layer. In the last one only the last token of each sequence goes on.
    fn layer(&self, layer: &Layer, x: Tensor, packed: &Packed<'_>) -> Result<Tensor> {
        let normed = self.norm(&x, &layer.attention_norm)?;
        let (x, attended) = match &layer.projection {
            Projection::Together(projection) => {
                let projected = projection.forward(&normed)?;
                let (queries, keys_values) = self.split(&projected)?;
                (x, self.attend(&queries, &keys_values, packed, Queries::All)?)
            }
            Projection::Apart { queries, keys_values } => {
                let last = last_rows(packed.lengths, &self.device)?;
                let queries = queries.forward(&normed.index_select(&last, 0)?)?;
                let keys_values = keys_values.forward(&normed)?;
                (x.index_select(&last, 0)?, self.attend(&queries, &keys_values, packed, Queries::Last)?)
            }
        };
        self.finish_layer(layer, x, &attended)
    }

    /// What follows attention.
    fn finish_layer(&self, layer: &Layer, x: Tensor, attended: &Tensor) -> Result<Tensor> {
        x.inplace_op2(&layer.output.forward(attended)?, &Add)?;
        let normed = self.norm(&x, &layer.feed_forward_norm)?;
        let gated = layer.gate_up.forward(&normed)?.apply_op1_no_bwd(&Gate)?;
        x.inplace_op2(&layer.down.forward(&gated)?, &Add)?;
        Ok(x)
    }

    fn empty_prefix(&self) -> Result<Vec<Tensor>> {
        let shape = (self.config.key_value_heads, prefix_size(&self.config, 0));
        (0..self.config.layers).map(|_| Tensor::zeros(shape, candle_core::DType::F32, &self.device)).collect()
    }

    /// Runs the prefix as one sequence, and keeps what later sequences look back at.
    fn read_prefix(&self, tokens: &[u32]) -> Result<Vec<Tensor>> {
        let keep = KeepPrefix { config: &self.config, rotary: &self.rotary };
        let nothing = self.empty_prefix()?;
        let lengths = [tokens.len()];
        let packed = Packed { lengths: &lengths, prefix: &nothing[0], prefix_length: 0 };
        let mut x = self.embed(tokens)?;
        let mut kept = Vec::with_capacity(self.config.layers);
        for layer in &self.weights.layers {
            let normed = self.norm(&x, &layer.attention_norm)?;
            match &layer.projection {
                Projection::Together(projection) => {
                    let projected = projection.forward(&normed)?;
                    let (queries, keys_values) = self.split(&projected)?;
                    kept.push(keys_values.apply_op1_no_bwd(&keep)?);
                    let attended = self.attend(&queries, &keys_values, &packed, Queries::All)?;
                    x = self.finish_layer(layer, x, &attended)?;
                }
                // Nothing reads what the last layer says of the prefix, only its keys and values.
                Projection::Apart { keys_values, .. } => {
                    kept.push(keys_values.forward(&normed)?.apply_op1_no_bwd(&keep)?);
                }
            }
        }
        Ok(kept)
    }

    fn embed(&self, tokens: &[u32]) -> Result<Tensor> {
        self.weights.embedding.embedding(&Tensor::new(tokens, &self.device)?)
    }

    fn norm(&self, x: &Tensor, weights: &Tensor) -> Result<Tensor> {
        x.apply_op2_no_bwd(weights, &RmsNorm { epsilon: self.config.epsilon })
    }

    /// Views of the queries, and of the keys beside the values.
    fn split(&self, projected: &Tensor) -> Result<(Tensor, Tensor)> {
        let (query_width, key_width) = (self.config.query_width(), self.config.key_width());
        Ok((projected.narrow(1, 0, query_width)?, projected.narrow(1, query_width, 2 * key_width)?))
    }

    fn attend(&self, queries: &Tensor, keys_values: &Tensor, packed: &Packed<'_>, asking: Queries) -> Result<Tensor> {
        let attention = Attention {
            config: &self.config,
            rotary: &self.rotary,
            lengths: packed.lengths,
            prefix_length: packed.prefix_length,
            queries: asking,
        };
        queries.apply_op3_no_bwd(keys_values, packed.prefix, &attention)
    }
}

/// Where the packed sequences end, and what they share.
struct Packed<'a> {
    lengths: &'a [usize],
    prefix: &'a Tensor,
    prefix_length: usize,
}

/// The rows of the last tokens.
fn last_rows(lengths: &[usize], device: &Device) -> Result<Tensor> {
    let ends = lengths.iter().scan(0u32, |end, &length| {
        #[expect(clippy::cast_possible_truncation, reason = "a batch holds some hundred tokens")]
        let length = length as u32;
        *end += length;
        Some(*end - 1)
    });
    Tensor::new(ends.collect::<Vec<_>>(), device)
}

/// candle's error, without the backtrace that it carries.
pub(super) fn compute(error: candle_core::Error) -> InferenceError {
    InferenceError::Compute(error.to_string().lines().next().unwrap_or_default().to_owned())
}
