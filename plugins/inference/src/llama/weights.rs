//! Loads the tensors of a Llama model.

use candle_core::Device;
use candle_core::quantized::QTensor;

use super::config::Config;
use super::forward::compute;
use super::linear::{Linear, WeightPrecision};
use crate::InferenceError;
use crate::gguf::WeightsFile;

/// The most memory that the large matrices may take for them to be expanded unasked.
const AUTOMATIC_FLOAT32_BYTES: usize = 2 << 30;

/// One layer.
pub(super) struct Layer {
    pub(super) attention_norm: candle_core::Tensor,
    pub(super) projection: Projection,
    pub(super) output: Linear,
    pub(super) feed_forward_norm: candle_core::Tensor,
    pub(super) gate_up: Linear,
    pub(super) down: Linear,
}

/// What makes queries, keys and values.
pub(super) enum Projection {
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

/// All tensors of a model.
pub(super) struct Weights {
    pub(super) embedding: QTensor,
    pub(super) layers: Vec<Layer>,
    pub(super) final_norm: candle_core::Tensor,
    /// None: the embedding serves as the head.
    pub(super) head: Option<QTensor>,
    /// Divisors of the rotary frequencies.
    pub(super) rotary_factors: Option<Vec<f32>>,
}

impl Weights {
    pub(super) fn load(
        file: &mut WeightsFile,
        config: &Config,
        precision: WeightPrecision,
        device: &Device,
    ) -> Result<Self, InferenceError> {
        refuse_unknown(file, config)?;
        let dense = match precision {
            WeightPrecision::Float32 => true,
            WeightPrecision::Quantized => false,
            WeightPrecision::Automatic => float32_bytes(config) <= AUTOMATIC_FLOAT32_BYTES,
        };
        let mut reader = Reader { file, config, device, dense };
        let layers = (0..config.layers).map(|layer| reader.layer(layer)).collect::<Result<_, _>>()?;
        let matrix = [config.vocabulary, config.width];
        Ok(Self {
            embedding: reader.file.tensor("token_embd.weight", &matrix, device)?,
            layers,
            final_norm: reader.vector("output_norm.weight", config.width)?,
            head: reader
                .file
                .shape("output.weight")
                .is_some()
                .then_some("output.weight")
                .map(|name| reader.file.tensor(name, &matrix, device))
                .transpose()?,
            rotary_factors: reader.rotary_factors()?,
        })
    }
}

fn float32_bytes(config: &Config) -> usize {
    let attention = config.query_width().saturating_add(config.key_width()).saturating_mul(2);
    let columns = config.inner_width.saturating_mul(3).saturating_add(attention);
    columns.saturating_mul(config.width).saturating_mul(config.layers).saturating_mul(4)
}

/// A tensor that this program does not use would have changed the answers.
fn refuse_unknown(file: &WeightsFile, config: &Config) -> Result<(), InferenceError> {
    match file.tensor_names().into_iter().find(|name| !is_known(name, config.layers)) {
        Some(name) => Err(InferenceError::TensorUnknown { path: file.path().to_owned(), tensor: name.to_owned() }),
        None => Ok(()),
    }
}

fn is_known(name: &str, layers: usize) -> bool {
    const OUTSIDE: [&str; 4] = ["token_embd.weight", "output_norm.weight", "output.weight", "rope_freqs.weight"];
    const IN_LAYER: [&str; 9] =
        ["attn_norm", "attn_q", "attn_k", "attn_v", "attn_output", "ffn_norm", "ffn_gate", "ffn_up", "ffn_down"];
    let in_layer = || {
        let (layer, part) = name.strip_prefix("blk.")?.strip_suffix(".weight")?.split_once('.')?;
        // Old conversions keep a copy of the plain frequencies in each layer, as `attn_rot_embd`.
        let known = IN_LAYER.contains(&part) || part == "attn_rot_embd";
        Some(known && layer.parse::<usize>().is_ok_and(|layer| layer < layers))
    };
    OUTSIDE.contains(&name) || in_layer().unwrap_or(false)
}

struct Reader<'a> {
    file: &'a mut WeightsFile,
    config: &'a Config,
    device: &'a Device,
    dense: bool,
}

impl Reader<'_> {
    fn layer(&mut self, layer: usize) -> Result<Layer, InferenceError> {
        let Config { width, inner_width, .. } = *self.config;
        let (query_width, key_width) = (self.config.query_width(), self.config.key_width());
        let name = |part: &str| format!("blk.{layer}.{part}.weight");
        let (queries, keys, values) = (name("attn_q"), name("attn_k"), name("attn_v"));
        let projection = if layer + 1 < self.config.layers {
            let parts = [(queries, query_width), (keys, key_width), (values, key_width)];
            Projection::Together(self.linear(&parts, width)?)
        } else {
            Projection::Apart {
                queries: self.linear(&[(queries, query_width)], width)?,
                keys_values: self.linear(&[(keys, key_width), (values, key_width)], width)?,
            }
        };
        Ok(Layer {
            attention_norm: self.vector(&name("attn_norm"), width)?,
            projection,
            output: self.linear(&[(name("attn_output"), width)], query_width)?,
            feed_forward_norm: self.vector(&name("ffn_norm"), width)?,
            gate_up: self.linear(&[(name("ffn_gate"), inner_width), (name("ffn_up"), inner_width)], width)?,
            down: self.linear(&[(name("ffn_down"), width)], inner_width)?,
        })
    }

    /// Matrices that read the same input, given by name and number of outputs.
    fn linear(&mut self, parts: &[(String, usize)], inputs: usize) -> Result<Linear, InferenceError> {
        let parts = parts.iter().map(|(name, outputs)| self.file.tensor(name, &[*outputs, inputs], self.device));
        Linear::new(parts.collect::<Result<_, _>>()?, self.dense).map_err(compute)
    }

    fn vector(&mut self, name: &str, length: usize) -> Result<candle_core::Tensor, InferenceError> {
        self.file.tensor(name, &[length], self.device)?.dequantize(self.device).map_err(compute)
    }

    fn rotary_factors(&mut self) -> Result<Option<Vec<f32>>, InferenceError> {
        let name = "rope_freqs.weight";
        if self.file.shape(name).is_none() {
            return Ok(None);
        }
        let factors = self.vector(name, self.config.rotary_width / 2)?;
        factors.to_vec1().map(Some).map_err(compute)
    }
}
