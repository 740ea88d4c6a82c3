//! Models that look both ways and have a class for the whole: BERT with its pooler and a head for classes.

use super::checkpoint::Checkpoint;
use super::decoder::Activation;
use super::layer_name::in_layer;
use crate::ModelError;
use crate::limits::CONTEXT_TOKENS_MAX;
use crate::weights::{Container, HuggingFaceConfig, Metadata, RawTensor};

/// The measures of a BERT.
///
/// Devlin et al., "BERT" (arXiv 1810.04805); layers are normed after each half, not before.
#[derive(Clone, Debug, PartialEq)]
pub struct Encoder {
    /// Numbers that stand for one token between the layers.
    pub width: usize,
    /// How many layers follow each other.
    pub layers: usize,
    /// Numbers between the two halves of the feed-forward part.
    pub inner_width: usize,
    /// Heads of queries, keys and values.
    pub heads: usize,
    /// The function between the halves of the feed-forward part.
    pub activation: Activation,
    /// Added to the variance before its root is taken.
    pub epsilon: f32,
    /// The most tokens that are read at once.
    pub context: usize,
    /// How many positions the weights have.
    pub positions: usize,
    /// How many texts can be told apart, one after the other in the same sequence.
    pub segments: usize,
    /// How many tokens are known.
    pub vocabulary: usize,
    /// The names of the classes, in the order of the logits.
    pub classes: Vec<String>,
}

/// A matrix, one row for each output, and what is added to its products.
#[derive(Clone, Debug)]
pub struct Affine {
    /// One row for each output.
    pub weight: RawTensor,
    /// One number for each output.
    pub bias: Vec<f32>,
}

/// What a row is multiplied by, and what is added, once its mean is 0 and its variance 1.
#[derive(Clone, Debug)]
pub struct Normalization {
    /// One number for each column.
    pub weight: Vec<f32>,
    /// One number for each output.
    pub bias: Vec<f32>,
}

/// The tensors of one layer.
#[derive(Clone, Debug)]
pub struct EncoderLayer {
    /// Makes queries.
    pub query: Affine,
    /// Makes keys.
    pub key: Affine,
    /// Makes values.
    pub value: Affine,
    /// Follows attention.
    pub output: Affine,
    /// After attention.
    pub attention_norm: Normalization,
    /// The first half of the feed-forward part.
    pub up: Affine,
    /// Its second half.
    pub down: Affine,
    /// After the feed-forward part.
    pub feed_forward_norm: Normalization,
}

impl Encoder {
    /// Reads the measures and refuses what is not computed here. With `wanted` the model has these classes, unless its
    /// head has as many, or names them.
    pub(super) fn read(checkpoint: &Checkpoint, wanted: Option<&[String]>) -> Result<Self, ModelError> {
        let config = match checkpoint.container() {
            Container::Safetensors(files) => files.config(),
            // llama.cpp's conversion leaves out the pooler, and with it what the head for the classes was trained on.
            Container::Gguf(file) => {
                let problem =
                    "is `bert`, and GGUF files of BERT lack its pooler; take the model's safetensors and config.json";
                return Err(file.metadata_problem("general.architecture", problem));
            }
        };
        let positions = config.required_count("max_position_embeddings")?;
        let encoder = Self {
            width: config.required_count("hidden_size")?,
            layers: config.positive_count("num_hidden_layers")?,
            inner_width: config.required_count("intermediate_size")?,
            heads: config.positive_count("num_attention_heads")?,
            activation: activation(config)?,
            epsilon: config.number("layer_norm_eps")?.unwrap_or(1e-12),
            context: positions.min(CONTEXT_TOKENS_MAX),
            positions,
            segments: config.count("type_vocab_size")?.unwrap_or(2),
            vocabulary: config.required_count("vocab_size")?,
            classes: match wanted {
                Some(wanted) => classes_to_train(config, checkpoint, wanted),
                None => classes(config, checkpoint)?,
            },
        };
        if !encoder.width.is_multiple_of(encoder.heads) {
            return Err(config.metadata_problem("num_attention_heads", "does not divide the width of the embeddings"));
        }
        Ok(encoder)
    }

    /// The numbers of one head.
    pub fn head_width(&self) -> usize {
        self.width / self.heads
    }

    /// The tensors that the model is made of, with their shapes, rows first.
    pub(super) fn tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> + '_ {
        let Self { width, .. } = *self;
        let outside = [
            ("token_embd.weight", vec![self.vocabulary, width]),
            ("position_embd.weight", vec![self.positions, width]),
            ("token_types.weight", vec![self.segments, width]),
            ("token_embd_norm.weight", vec![width]),
            ("token_embd_norm.bias", vec![width]),
            ("pooler.weight", vec![width, width]),
            ("pooler.bias", vec![width]),
            ("classifier.weight", vec![self.classes.len(), width]),
            ("classifier.bias", vec![self.classes.len()]),
        ];
        outside.into_iter().map(|(name, shape)| (name.to_owned(), shape)).chain(
            (0..self.layers).flat_map(|layer| {
                self.layer_tensors().map(move |(part, shape)| (format!("blk.{layer}.{part}"), shape))
            }),
        )
    }

    /// The numbers of one layer.
    pub fn layer_parameters(&self) -> usize {
        self.layer_tensors().map(|(_, shape)| shape.into_iter().fold(1, usize::saturating_mul)).sum()
    }

    fn layer_tensors(&self) -> impl Iterator<Item = (String, Vec<usize>)> {
        let Self { width, inner_width, .. } = *self;
        let matrices = [
            ("attn_q", width, width),
            ("attn_k", width, width),
            ("attn_v", width, width),
            ("attn_output", width, width),
            ("ffn_up", inner_width, width),
            ("ffn_down", width, inner_width),
        ];
        let norms = ["attn_output_norm", "layer_output_norm"];
        let matrices = matrices.into_iter().flat_map(|(name, outputs, inputs)| {
            [(format!("{name}.weight"), vec![outputs, inputs]), (format!("{name}.bias"), vec![outputs])]
        });
        let norms = norms
            .into_iter()
            .flat_map(move |name| [(format!("{name}.weight"), vec![width]), (format!("{name}.bias"), vec![width])]);
        matrices.chain(norms)
    }

    pub(super) fn knows(&self, name: &str) -> bool {
        match in_layer(name, self.layers) {
            Some(part) => self.layer_tensors().any(|(known, _)| known == part),
            None => self.tensors().take(9).any(|(known, _)| known == name),
        }
    }

    /// Reads the embeddings of tokens, of positions and of segments, a row for each.
    pub fn read_embeddings(&self, checkpoint: &mut Checkpoint) -> Result<[RawTensor; 3], ModelError> {
        Ok([
            checkpoint.tensor("token_embd.weight", &[self.vocabulary, self.width])?,
            checkpoint.tensor("position_embd.weight", &[self.positions, self.width])?,
            checkpoint.tensor("token_types.weight", &[self.segments, self.width])?,
        ])
    }

    /// Reads the norm of the embeddings' sum.
    pub fn read_embedding_norm(&self, checkpoint: &mut Checkpoint) -> Result<Normalization, ModelError> {
        self.read_norm(checkpoint, "token_embd_norm")
    }

    /// Reads the pooler, which looks at the first token, and the head for the classes.
    pub fn read_classifier(&self, checkpoint: &mut Checkpoint) -> Result<[Affine; 2], ModelError> {
        Ok([
            read_affine(checkpoint, "pooler", self.width, self.width)?,
            read_affine(checkpoint, "classifier", self.classes.len(), self.width)?,
        ])
    }

    /// Reads one layer.
    pub fn read_layer(&self, checkpoint: &mut Checkpoint, layer: usize) -> Result<EncoderLayer, ModelError> {
        let Self { width, inner_width, .. } = *self;
        let name = |part: &str| format!("blk.{layer}.{part}");
        Ok(EncoderLayer {
            query: read_affine(checkpoint, &name("attn_q"), width, width)?,
            key: read_affine(checkpoint, &name("attn_k"), width, width)?,
            value: read_affine(checkpoint, &name("attn_v"), width, width)?,
            output: read_affine(checkpoint, &name("attn_output"), width, width)?,
            attention_norm: self.read_norm(checkpoint, &name("attn_output_norm"))?,
            up: read_affine(checkpoint, &name("ffn_up"), inner_width, width)?,
            down: read_affine(checkpoint, &name("ffn_down"), width, inner_width)?,
            feed_forward_norm: self.read_norm(checkpoint, &name("layer_output_norm"))?,
        })
    }

    fn read_norm(&self, checkpoint: &mut Checkpoint, name: &str) -> Result<Normalization, ModelError> {
        Ok(Normalization {
            weight: checkpoint.tensor(&format!("{name}.weight"), &[self.width])?.to_f32()?,
            bias: checkpoint.tensor(&format!("{name}.bias"), &[self.width])?.to_f32()?,
        })
    }
}

fn read_affine(checkpoint: &mut Checkpoint, name: &str, outputs: usize, inputs: usize) -> Result<Affine, ModelError> {
    Ok(Affine {
        weight: checkpoint.tensor(&format!("{name}.weight"), &[outputs, inputs])?,
        bias: checkpoint.tensor(&format!("{name}.bias"), &[outputs])?.to_f32()?,
    })
}

fn activation(config: &HuggingFaceConfig) -> Result<Activation, ModelError> {
    if let Some(kind) = config.text("position_embedding_type").filter(|&kind| kind != "absolute") {
        let problem = format!("is `{kind}`; only `absolute` positions are supported");
        return Err(config.metadata_problem("position_embedding_type", &problem));
    }
    match config.text("hidden_act").unwrap_or("gelu") {
        "gelu" => Ok(Activation::Gelu),
        "gelu_new" | "gelu_pytorch_tanh" => Ok(Activation::GeluTanh),
        other => Err(config.metadata_problem("hidden_act", &format!("is `{other}`; BERT has gelu or gelu_new"))),
    }
}

/// The names of the classes; by number, as Hugging Face does, where nobody gave them names.
fn classes(config: &HuggingFaceConfig, checkpoint: &Checkpoint) -> Result<Vec<String>, ModelError> {
    let count = checkpoint.shape("classifier.weight").and_then(<[usize]>::first).copied();
    match (config.class_names()?, count) {
        (Some(names), Some(count)) if names.len() != count => {
            let problem = format!("names {} classes, but the weights have {count}", names.len());
            Err(config.metadata_problem("id2label", &problem))
        }
        (Some(names), Some(_)) => Ok(names),
        (None, Some(count)) => Ok((0..count).map(|class| format!("LABEL_{class}")).collect()),
        (_, None) => Err(ModelError::NoClassifier { path: checkpoint.path().to_owned() }),
    }
}

/// Those that the head has, if it is to keep them: it has as many as are wanted, and each of these by name or number.
fn classes_to_train(config: &HuggingFaceConfig, checkpoint: &Checkpoint, wanted: &[String]) -> Vec<String> {
    let by_number = |text: &String| text.parse::<usize>().is_ok_and(|number| number < wanted.len());
    match classes(config, checkpoint) {
        Ok(own) if own.len() == wanted.len() && wanted.iter().all(|class| own.contains(class) || by_number(class)) => {
            own
        }
        _ => wanted.to_vec(),
    }
}
