//! The forward pass of an encoder: packed sequences through all layers to the logits of their classes.

use candle_core::quantized::QTensor;
use candle_core::{Device, Result, Tensor};

use super::attention::{Attention, Heads, Queries};
use super::elementwise::{Activate, Add, LayerNorm};
use super::linear::{Linear, is_dense, vector};
use crate::WeightPrecision;
use hopgraph_model::architecture::{Checkpoint, EncoderLayer, Normalization};
use hopgraph_model::weights::compute;
use hopgraph_model::{ModelError, Sequence, architecture};

/// A loaded model, with the classes that it is asked for.
pub(super) struct Encoder {
    config: architecture::Encoder,
    heads: Heads,
    /// Of tokens, positions and segments.
    embeddings: [QTensor; 3],
    embedding_norm: Norm,
    layers: Vec<Layer>,
    pooler: Linear,
    classifier: Linear,
    /// The classes whose logits are wanted.
    classes: Tensor,
}

struct Layer {
    projection: Projection,
    output: Linear,
    attention_norm: Norm,
    up: Linear,
    down: Linear,
    feed_forward_norm: Norm,
}

/// What makes queries, keys and values.
enum Projection {
    /// One product for all, side by side in this order.
    Together(Linear),
    /// Two products, in the last layer, where only the first token of a sequence asks.
    Apart {
        /// The queries.
        queries: Linear,
        /// Keys beside values.
        keys_values: Linear,
    },
}

struct Norm {
    weight: Tensor,
    bias: Tensor,
}

impl Norm {
    fn new(norm: Normalization) -> std::result::Result<Self, ModelError> {
        Ok(Self { weight: vector(norm.weight)?, bias: vector(norm.bias)? })
    }
}

impl Layer {
    fn new(layer: EncoderLayer, is_last: bool, dense: bool) -> std::result::Result<Self, ModelError> {
        let projection = if is_last {
            Projection::Apart {
                queries: Linear::with_bias(vec![layer.query], dense)?,
                keys_values: Linear::with_bias(vec![layer.key, layer.value], dense)?,
            }
        } else {
            Projection::Together(Linear::with_bias(vec![layer.query, layer.key, layer.value], dense)?)
        };
        Ok(Self {
            projection,
            output: Linear::with_bias(vec![layer.output], dense)?,
            attention_norm: Norm::new(layer.attention_norm)?,
            up: Linear::with_bias(vec![layer.up], dense)?,
            down: Linear::with_bias(vec![layer.down], dense)?,
            feed_forward_norm: Norm::new(layer.feed_forward_norm)?,
        })
    }
}

impl Encoder {
    /// Loads the model, to be asked for these classes.
    pub(super) fn load(
        checkpoint: &mut Checkpoint,
        config: &architecture::Encoder,
        classes: &[u32],
        precision: WeightPrecision,
    ) -> std::result::Result<Self, ModelError> {
        let dense = is_dense(precision, config.layer_parameters().saturating_mul(config.layers));
        let load = |layer| Layer::new(config.read_layer(checkpoint, layer)?, layer + 1 == config.layers, dense);
        let layers = (0..config.layers).map(load).collect::<std::result::Result<_, ModelError>>()?;
        let [tokens, positions, segments] = config.read_embeddings(checkpoint)?;
        let embeddings = || Ok([tokens.quantized()?, positions.quantized()?, segments.quantized()?]);
        // One row for each sentence: nothing is gained by rounding these.
        let [pooler, classifier] = config.read_classifier(checkpoint)?;
        Ok(Self {
            heads: Heads {
                count: config.heads,
                key_value_heads: config.heads,
                width: config.head_width(),
                rotary: None,
                causal: false,
            },
            embeddings: embeddings().map_err(compute)?,
            embedding_norm: Norm::new(config.read_embedding_norm(checkpoint)?)?,
            layers,
            pooler: Linear::with_bias(vec![pooler], true)?,
            classifier: Linear::with_bias(vec![classifier], true)?,
            classes: Tensor::new(classes, &Device::Cpu).map_err(compute)?,
            config: config.clone(),
        })
    }

    /// Whether the large matrices are multiplied as 8-bit blocks.
    pub(super) fn is_quantized(&self) -> bool {
        self.layers.iter().any(|layer| layer.down.is_quantized())
    }

    /// For each sequence the logits of the classes.
    pub(super) fn forward(&self, sequences: &[&Sequence]) -> Result<Vec<Vec<f32>>> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.tokens.len()).collect();
        if lengths.contains(&0) {
            candle_core::bail!("an empty sequence has no first token");
        }
        let nothing = Tensor::zeros((self.heads.count, 0), candle_core::DType::F32, &Device::Cpu)?;
        let mut x = self.embed(sequences)?;
        for layer in &self.layers {
            x = self.layer(layer, x, &lengths, &nothing)?;
        }
        let pooled = self.pooler.forward(&x)?.tanh()?;
        self.classifier.forward(&pooled)?.index_select(&self.classes, 1)?.to_vec2()
    }

    fn embed(&self, sequences: &[&Sequence]) -> Result<Tensor> {
        let mut numbers: [Vec<u32>; 3] = Default::default();
        for sequence in sequences {
            for (position, &token) in (0u32..).zip(&sequence.tokens) {
                let segment = u32::from(position as usize >= sequence.second);
                numbers.iter_mut().zip([token, position, segment]).for_each(|(list, number)| list.push(number));
            }
        }
        let [tokens, positions, segments] = &self.embeddings;
        let look_up = |table: &QTensor, numbers: &[u32]| table.embedding(&Tensor::new(numbers, &Device::Cpu)?);
        let x = look_up(tokens, &numbers[0])?;
        x.inplace_op2(&look_up(positions, &numbers[1])?, &Add)?;
        x.inplace_op2(&look_up(segments, &numbers[2])?, &Add)?;
        self.norm(&x, &self.embedding_norm)
    }

    /// One layer. In the last one only the first token of each sequence goes on.
    fn layer(&self, layer: &Layer, x: Tensor, lengths: &[usize], nothing: &Tensor) -> Result<Tensor> {
        let (heads, prefix_length) = (&self.heads, 0);
        let (x, attended) = match &layer.projection {
            Projection::Together(projection) => {
                let projected = projection.forward(&x)?;
                let queries = projected.narrow(1, 0, heads.query_width())?;
                let keys_values = projected.narrow(1, heads.query_width(), 2 * heads.key_width())?;
                let attention = Attention { heads, lengths, prefix_length, queries: Queries::All };
                (x, queries.apply_op3_no_bwd(&keys_values, nothing, &attention)?)
            }
            Projection::Apart { queries, keys_values } => {
                let keys_values = keys_values.forward(&x)?;
                let x = x.index_select(&first_rows(lengths)?, 0)?;
                let attention = Attention { heads, lengths, prefix_length, queries: Queries::First };
                let attended = queries.forward(&x)?.apply_op3_no_bwd(&keys_values, nothing, &attention)?;
                (x, attended)
            }
        };
        x.inplace_op2(&layer.output.forward(&attended)?, &Add)?;
        let x = self.norm(&x, &layer.attention_norm)?;
        let inner = layer.up.forward(&x)?;
        inner.inplace_op1(&Activate { activation: self.config.activation })?;
        x.inplace_op2(&layer.down.forward(&inner)?, &Add)?;
        self.norm(&x, &layer.feed_forward_norm)
    }

    fn norm(&self, x: &Tensor, norm: &Norm) -> Result<Tensor> {
        x.apply_op3_no_bwd(&norm.weight, &norm.bias, &LayerNorm { epsilon: self.config.epsilon })
    }
}

/// The rows of the first tokens.
fn first_rows(lengths: &[usize]) -> Result<Tensor> {
    let starts = lengths.iter().scan(0u32, |start, &length| {
        let this = *start;
        #[expect(clippy::cast_possible_truncation, reason = "a batch holds some hundred tokens")]
        let length = length as u32;
        *start += length;
        Some(this)
    });
    Tensor::new(starts.collect::<Vec<_>>(), &Device::Cpu)
}
