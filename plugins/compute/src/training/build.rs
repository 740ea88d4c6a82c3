//! Makes the trained form of a model from its files: which numbers are trained, which are kept, and what begins anew.

use hopgraph_model::ModelError;
use hopgraph_model::architecture::{Affine, Architecture, Checkpoint, Decoder, Encoder, Normalization};
use hopgraph_model::weights::RawTensor;

use super::attention::Heads;
use super::body::{Body, Speaker};
use super::head::Head;
use super::layer::{Layer, Norm, NormPlace};
use super::linear::{Linear, LowRankPlaces, Numbers};
use super::method::{LowRank, Method};
use super::norm::Kind;
use super::parameters::Parameters;
use super::random::Random;
use crate::cpu::Rotary;
use crate::network::Question;

/// The most memory that matrices which are not trained may take as 32-bit numbers; larger ones stay as in the file.
const KEPT_BYTES: usize = 4 << 30;
/// The deviation of numbers that begin anew, as BERT began.
const DEVIATION: f64 = 0.02;

/// A model in the making.
pub(super) struct Build<'a> {
    checkpoint: &'a mut Checkpoint,
    method: &'a Method,
    random: Random,
    /// Whether matrices that are not trained stay as in the file.
    packed: bool,
    parameters: Parameters,
    sites: u64,
}

/// The parts of a model.
pub(super) struct Built {
    pub(super) body: Body,
    pub(super) head: Head,
    pub(super) parameters: Parameters,
}

/// Makes a model of a checkpoint, whose tensors have been checked.
pub(super) fn build(
    checkpoint: &mut Checkpoint,
    architecture: &Architecture,
    question: Question<'_>,
    method: &Method,
    random: Random,
) -> Result<Built, ModelError> {
    let numbers = architecture.layer_parameters().saturating_mul(4);
    let packed = method.low_rank().is_some() && numbers > KEPT_BYTES;
    let mut build = Build { checkpoint, method, random, packed, parameters: Parameters::default(), sites: 0 };
    let (body, head) = match architecture {
        Architecture::Decoder(decoder) => build.decoder(decoder, question)?,
        Architecture::Encoder(encoder) => build.encoder(encoder, question)?,
    };
    Ok(Built { body, head, parameters: build.parameters })
}

impl Build<'_> {
    /// Numbers outside of the matrices of the layers: trained if everything is.
    fn numbers(&mut self, name: &str, shape: &[usize], numbers: Vec<f32>) -> Numbers {
        match self.method {
            Method::All { .. } => Numbers::Trained(self.parameters.add(name, shape, numbers)),
            Method::LowRank(_) => Numbers::Kept(numbers),
        }
    }

    fn matrix(&mut self, name: &str, tensor: RawTensor) -> Result<Numbers, ModelError> {
        match self.method {
            Method::LowRank(_) if self.packed => Ok(Numbers::Packed(tensor)),
            _ => {
                let numbers = tensor.to_f32()?;
                Ok(self.numbers(name, &tensor.shape, numbers))
            }
        }
    }

    /// A matrix of a layer, with an adapter if the method has one for it.
    fn linear(&mut self, name: &str, tensor: RawTensor, bias: Option<Vec<f32>>) -> Result<Linear, ModelError> {
        let [outputs, inputs] = [tensor.shape[0], tensor.shape[1]];
        let matrix = format!("{name}.weight");
        let weight = self.matrix(&matrix, tensor)?;
        let bias = bias.map(|bias| self.numbers(&format!("{name}.bias"), &[outputs], bias));
        let low_rank = self.method.low_rank().filter(|low_rank| low_rank.adapts(name)).cloned();
        let low_rank = low_rank.map(|low_rank| self.low_rank(&matrix, &low_rank, outputs, inputs));
        Ok(Linear { inputs, outputs, weight, bias, low_rank })
    }

    /// A begins with random numbers, uniform as in peft, and B with zeros: at first nothing changes.
    fn low_rank(&mut self, matrix: &str, low_rank: &LowRank, outputs: usize, inputs: usize) -> LowRankPlaces {
        self.sites += 1;
        let rank = low_rank.rank;
        let random = self.random.stream(self.sites);
        let bound = 1.0 / (inputs as f64).sqrt();
        let a = draw(rank * inputs, |place| bound * (2.0 * random.uniform(place) - 1.0));
        LowRankPlaces {
            a: self.parameters.add(format!("{matrix}.lora_a"), &[rank, inputs], a),
            b: self.parameters.add(format!("{matrix}.lora_b"), &[outputs, rank], vec![0.0; outputs * rank]),
            rank,
            scale: low_rank.scale(),
            dropout: low_rank.dropout,
            // Apart from the masks of the layers, which have small numbers.
            site: (1 << 32) + self.sites,
        }
    }

    fn root_norm(&mut self, name: &str, weight: Vec<f32>, epsilon: f32) -> Norm {
        let weight = self.numbers(name, &[weight.len()], weight);
        Norm { kind: Kind::Root, weight, bias: None, epsilon }
    }

    fn standard_norm(&mut self, name: &str, norm: Normalization, epsilon: f32) -> Norm {
        let width = norm.weight.len();
        Norm {
            kind: Kind::Standard,
            weight: self.numbers(&format!("{name}.weight"), &[width], norm.weight),
            bias: Some(self.numbers(&format!("{name}.bias"), &[width], norm.bias)),
            epsilon,
        }
    }

    fn decoder(&mut self, config: &Decoder, question: Question<'_>) -> Result<(Body, Head), ModelError> {
        let shape = [config.vocabulary, config.width];
        let embedding = config.read_embedding(self.checkpoint)?.to_f32()?;
        let tokens = self.numbers("token_embd.weight", &shape, embedding);
        let layers = (0..config.layers).map(|layer| self.decoder_layer(config, layer)).collect::<Result<_, _>>()?;
        let final_norm = config.read_final_norm(self.checkpoint)?;
        let final_norm = self.root_norm("output_norm.weight", final_norm, config.epsilon);
        let matrix = match config.read_head(self.checkpoint)? {
            Some(head) => self.numbers("output.weight", &shape, head.to_f32()?),
            None => match &tokens {
                Numbers::Trained(place) => Numbers::Trained(*place),
                Numbers::Kept(numbers) => Numbers::Kept(numbers.clone()),
                Numbers::Packed(tensor) => Numbers::Packed(tensor.clone()),
            },
        };
        let heads = Heads {
            queries: config.heads,
            keys: config.key_value_heads,
            width: config.head_width,
            rotary: Some(Rotary::new(config)),
            causal: true,
        };
        let body = Body {
            width: config.width,
            tokens,
            embedding_scale: config.embedding_scale,
            places: None,
            embedding_norm: None,
            heads,
            layers,
            final_norm: Some(final_norm),
            speaker: Speaker::Last,
            shared: question.shared.to_vec(),
        };
        Ok((body, Head::Tokens { matrix, answers: question.answers.to_vec(), width: config.width }))
    }

    fn decoder_layer(&mut self, config: &Decoder, layer: usize) -> Result<Layer, ModelError> {
        let tensors = config.read_layer(self.checkpoint, layer)?;
        let name = |part: &str| format!("blk.{layer}.{part}");
        Ok(Layer {
            norm_place: NormPlace::Before,
            attention_norm: self.root_norm(&name("attn_norm.weight"), tensors.attention_norm, config.epsilon),
            query: self.linear(&name("attn_q"), tensors.query, None)?,
            key: self.linear(&name("attn_k"), tensors.key, None)?,
            value: self.linear(&name("attn_v"), tensors.value, None)?,
            output: self.linear(&name("attn_output"), tensors.output, None)?,
            feed_forward_norm: self.root_norm(&name("ffn_norm.weight"), tensors.feed_forward_norm, config.epsilon),
            gate: Some(self.linear(&name("ffn_gate"), tensors.gate, None)?),
            up: self.linear(&name("ffn_up"), tensors.up, None)?,
            down: self.linear(&name("ffn_down"), tensors.down, None)?,
            activation: config.activation,
        })
    }

    fn encoder(&mut self, config: &Encoder, question: Question<'_>) -> Result<(Body, Head), ModelError> {
        let [tokens, positions, segments] = config.read_embeddings(self.checkpoint)?;
        let table = |build: &mut Self, name: &str, tensor: RawTensor| {
            tensor.to_f32().map(|numbers| build.numbers(name, &tensor.shape, numbers))
        };
        let tokens = table(self, "token_embd.weight", tokens)?;
        let positions = table(self, "position_embd.weight", positions)?;
        let segments = table(self, "token_types.weight", segments)?;
        let norm = config.read_embedding_norm(self.checkpoint)?;
        let embedding_norm = self.standard_norm("token_embd_norm", norm, config.epsilon);
        let layers = (0..config.layers).map(|layer| self.encoder_layer(config, layer)).collect::<Result<_, _>>()?;
        let heads = Heads {
            queries: config.heads,
            keys: config.heads,
            width: config.head_width(),
            rotary: None,
            causal: false,
        };
        let body = Body {
            width: config.width,
            tokens,
            embedding_scale: 1.0,
            places: Some([positions, segments]),
            embedding_norm: Some(embedding_norm),
            heads,
            layers,
            final_norm: None,
            speaker: Speaker::First,
            shared: Vec::new(),
        };
        let pooler = Box::new(self.end("pooler", config.width, config.width)?);
        let classifier = Box::new(self.end("classifier", config.classes.len(), config.width)?);
        Ok((body, Head::Classes { pooler, classifier, answers: question.answers.to_vec() }))
    }

    fn encoder_layer(&mut self, config: &Encoder, layer: usize) -> Result<Layer, ModelError> {
        let tensors = config.read_layer(self.checkpoint, layer)?;
        let name = |part: &str| format!("blk.{layer}.{part}");
        let mut linear = |part: &str, affine: Affine| self.linear(&name(part), affine.weight, Some(affine.bias));
        let query = linear("attn_q", tensors.query)?;
        let key = linear("attn_k", tensors.key)?;
        let value = linear("attn_v", tensors.value)?;
        let output = linear("attn_output", tensors.output)?;
        let up = linear("ffn_up", tensors.up)?;
        let down = linear("ffn_down", tensors.down)?;
        Ok(Layer {
            norm_place: NormPlace::After,
            attention_norm: self.standard_norm(&name("attn_output_norm"), tensors.attention_norm, config.epsilon),
            query,
            key,
            value,
            output,
            feed_forward_norm: self.standard_norm(
                &name("layer_output_norm"),
                tensors.feed_forward_norm,
                config.epsilon,
            ),
            gate: None,
            up,
            down,
            activation: config.activation,
        })
    }

    /// A part of an encoder's head, which is always trained; it begins anew where the checkpoint has none in this shape.
    fn end(&mut self, name: &str, outputs: usize, inputs: usize) -> Result<Linear, ModelError> {
        let (matrix, vector) = (format!("{name}.weight"), format!("{name}.bias"));
        let shape = [outputs, inputs];
        let is_there =
            self.checkpoint.check(&matrix, &shape).is_ok() && self.checkpoint.check(&vector, &[outputs]).is_ok();
        let (weight, bias) = if is_there {
            let weight = self.checkpoint.tensor(&matrix, &shape)?.to_f32()?;
            (weight, self.checkpoint.tensor(&vector, &[outputs])?.to_f32()?)
        } else {
            self.sites += 1;
            let random = self.random.stream(self.sites);
            (draw(outputs * inputs, |place| DEVIATION * random.normal(place)), vec![0.0; outputs])
        };
        Ok(Linear {
            inputs,
            outputs,
            weight: Numbers::Trained(self.parameters.add(matrix, &shape, weight)),
            bias: Some(Numbers::Trained(self.parameters.add(vector, &[outputs], bias))),
            low_rank: None,
        })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "weights are kept in 32 bits")]
fn draw(count: usize, number: impl Fn(u64) -> f64) -> Vec<f32> {
    (0..count as u64).map(|place| number(place) as f32).collect()
}
