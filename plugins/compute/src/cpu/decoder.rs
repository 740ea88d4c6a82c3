//! The forward pass of a decoder: packed sequences through all layers to the logits after their last tokens.

use candle_core::quantized::QTensor;
use candle_core::{DType, Device, Result, Tensor};

use super::attention::{Attention, Heads, KeepPrefix, Queries};
use super::elementwise::{Add, Gate, RmsNorm};
use super::linear::{Linear, is_dense, vector};
use crate::WeightPrecision;
use hopgraph_model::architecture::{Checkpoint, DecoderLayer};
use hopgraph_model::weights::compute;
use hopgraph_model::{ModelError, architecture};

/// A loaded model.
pub(super) struct Decoder {
    config: architecture::Decoder,
    heads: Heads,
    embedding: QTensor,
    layers: Vec<Layer>,
    final_norm: Tensor,
    /// None: the embedding serves as the head.
    head: Option<QTensor>,
}

/// One layer.
struct Layer {
    attention_norm: Tensor,
    projection: Projection,
    output: Linear,
    feed_forward_norm: Tensor,
    gate_up: Linear,
    down: Linear,
}

/// What makes queries, keys and values.
enum Projection {
    /// One product for all, side by side in this order.
    Together(Linear),
    /// Two products, in the last layer, where only the last token of a sequence asks.
    Apart {
        /// The queries.
        queries: Linear,
        /// Keys beside values.
        keys_values: Linear,
    },
}

impl Layer {
    fn new(layer: DecoderLayer, is_last: bool, dense: bool) -> std::result::Result<Self, ModelError> {
        let projection = if is_last {
            Projection::Apart {
                queries: Linear::new(vec![layer.query], dense)?,
                keys_values: Linear::new(vec![layer.key, layer.value], dense)?,
            }
        } else {
            Projection::Together(Linear::new(vec![layer.query, layer.key, layer.value], dense)?)
        };
        Ok(Self {
            attention_norm: vector(layer.attention_norm)?,
            projection,
            output: Linear::new(vec![layer.output], dense)?,
            feed_forward_norm: vector(layer.feed_forward_norm)?,
            gate_up: Linear::new(vec![layer.gate, layer.up], dense)?,
            down: Linear::new(vec![layer.down], dense)?,
        })
    }
}

/// The beginning that sequences share, with the keys and values that each layer makes of it.
pub(super) struct Prefix {
    length: usize,
    layers: Vec<Tensor>,
}

/// The rows of the output matrix for chosen tokens.
pub(super) struct Head {
    /// One column for each token.
    columns: Tensor,
}

impl Decoder {
    /// Loads the model.
    pub(super) fn load(
        checkpoint: &mut Checkpoint,
        config: &architecture::Decoder,
        precision: WeightPrecision,
    ) -> std::result::Result<Self, ModelError> {
        let parameters = config.layer_parameters().saturating_mul(config.layers);
        let dense = is_dense(precision, parameters);
        let load = |layer| Layer::new(config.read_layer(checkpoint, layer)?, layer + 1 == config.layers, dense);
        let layers = (0..config.layers).map(load).collect::<std::result::Result<_, ModelError>>()?;
        let head = config.read_head(checkpoint)?.map(|head| head.quantized()).transpose().map_err(compute)?;
        Ok(Self {
            heads: Heads::of_decoder(config),
            embedding: config.read_embedding(checkpoint)?.quantized().map_err(compute)?,
            layers,
            final_norm: vector(config.read_final_norm(checkpoint)?)?,
            head,
            config: config.clone(),
        })
    }

    /// Whether the large matrices are multiplied as 8-bit blocks.
    pub(super) fn is_quantized(&self) -> bool {
        self.layers.iter().any(|layer| layer.down.is_quantized())
    }

    /// The part of the head for these tokens, which must be smaller than the vocabulary.
    pub(super) fn head(&self, tokens: &[u32]) -> std::result::Result<Head, ModelError> {
        let matrix = self.head.as_ref().unwrap_or(&self.embedding);
        let columns = || matrix.embedding(&Tensor::new(tokens, &Device::Cpu)?)?.t()?.contiguous();
        columns().map(|columns| Head { columns }).map_err(compute)
    }

    /// Reads a shared beginning, which may be empty.
    pub(super) fn prefix(&self, tokens: &[u32]) -> std::result::Result<Prefix, ModelError> {
        let layers = if tokens.is_empty() { self.empty_prefix() } else { self.read_prefix(tokens) };
        Ok(Prefix { length: tokens.len(), layers: layers.map_err(compute)? })
    }

    /// For each sequence the logits, of the tokens of `head`, after its last token. Sequences must not be empty; together
    /// with the prefix each must fit the context.
    pub(super) fn logits(
        &self,
        prefix: &Prefix,
        head: &Head,
        sequences: &[&[u32]],
    ) -> std::result::Result<Vec<Vec<f32>>, ModelError> {
        self.forward(prefix, head, sequences).and_then(|logits| logits.to_vec2()).map_err(compute)
    }

    fn forward(&self, prefix: &Prefix, head: &Head, sequences: &[&[u32]]) -> Result<Tensor> {
        let lengths: Vec<usize> = sequences.iter().map(|tokens| tokens.len()).collect();
        if lengths.contains(&0) {
            candle_core::bail!("an empty sequence has no last token");
        }
        let mut x = self.embed(&sequences.concat())?;
        for (layer, prefix_tensor) in self.layers.iter().zip(&prefix.layers) {
            let packed = Packed { lengths: &lengths, prefix: prefix_tensor, prefix_length: prefix.length };
            x = self.layer(layer, x, &packed)?;
        }
        self.norm(&x, &self.final_norm)?.matmul(&head.columns)
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
                let last = last_rows(packed.lengths)?;
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
        let gated = layer.gate_up.forward(&normed)?.apply_op1_no_bwd(&Gate { activation: self.config.activation })?;
        x.inplace_op2(&layer.down.forward(&gated)?, &Add)?;
        Ok(x)
    }

    fn empty_prefix(&self) -> Result<Vec<Tensor>> {
        let shape = (self.heads.key_value_heads, self.heads.prefix_size(0));
        (0..self.config.layers).map(|_| Tensor::zeros(shape, DType::F32, &Device::Cpu)).collect()
    }

    /// Runs the prefix as one sequence, and keeps what later sequences look back at.
    fn read_prefix(&self, tokens: &[u32]) -> Result<Vec<Tensor>> {
        let keep = KeepPrefix { heads: &self.heads };
        let nothing = self.empty_prefix()?;
        let lengths = [tokens.len()];
        let packed = Packed { lengths: &lengths, prefix: &nothing[0], prefix_length: 0 };
        let mut x = self.embed(tokens)?;
        let mut kept = Vec::with_capacity(self.config.layers);
        for layer in &self.layers {
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
        {
            let embedded = self.embedding.embedding(&Tensor::new(tokens, &Device::Cpu)?)?;
            // Not through a product with 1, so that what needs no scale is what it was.
            if self.config.embedding_scale == 1.0 {
                Ok(embedded)
            } else {
                embedded * f64::from(self.config.embedding_scale)
            }
        }
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
            heads: &self.heads,
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
fn last_rows(lengths: &[usize]) -> Result<Tensor> {
    let ends = lengths.iter().scan(0u32, |end, &length| {
        #[expect(clippy::cast_possible_truncation, reason = "a batch holds some hundred tokens")]
        let length = length as u32;
        *end += length;
        Some(*end - 1)
    });
    Tensor::new(ends.collect::<Vec<_>>(), &Device::Cpu)
}
