//! What kinds of model there are: their measures, and the tensors that each must have.
//!
//! A model is a [`Decoder`], which reads from left to right and is asked for its next token, or an [`Encoder`], which
//! looks at a whole sentence and is asked for its class. This room reads measures and tensors and computes nothing; what
//! computes takes them from here, on whichever device.

mod decoder;
mod encoder;
mod hugging_face;
mod metadata;

pub(crate) use decoder::{Activation, Decoder, DecoderLayer, Family, RotaryOrder};
pub(crate) use encoder::{Affine, Encoder, EncoderLayer, Normalization};
pub(crate) use hugging_face::HuggingFaceConfig;

use crate::InferenceError;
use crate::weights::{Container, Weights};

/// A model's kind and measures.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Architecture {
    /// Reads from left to right.
    Decoder(Decoder),
    /// Looks both ways, and has a class for the whole.
    Encoder(Encoder),
}

impl Architecture {
    /// Reads the measures, refuses what is not computed here, and checks that every tensor is there in its shape. Of the
    /// tensors only names and shapes are looked at.
    pub(crate) fn read(weights: &mut Weights) -> Result<Self, InferenceError> {
        let architecture = Self::measures(weights)?;
        weights.fit_adapter(&architecture)?;
        let problem = architecture.problems(weights).next();
        problem.map_or(Ok(architecture), Err)
    }

    /// Reads the measures alone.
    pub(crate) fn measures(weights: &mut Weights) -> Result<Self, InferenceError> {
        let name = match weights.container() {
            Container::Gguf(file) => file.text("general.architecture").unwrap_or("unnamed").to_owned(),
            Container::Safetensors(files) => files.config().model_type().to_owned(),
        };
        match name.as_str() {
            "llama" | "mistral" => Decoder::read(weights, Family::Llama).map(Self::Decoder),
            "gemma" => Decoder::read(weights, Family::Gemma).map(Self::Decoder),
            "bert" => Encoder::read(weights).map(Self::Encoder),
            _ => Err(InferenceError::Architecture { path: weights.path().to_owned(), found: name }),
        }
    }

    /// The name of the family, as GGUF writes it.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Decoder(decoder) => decoder.family.name(),
            Self::Encoder(_) => "bert",
        }
    }

    /// How many tokens the model knows.
    pub(crate) fn vocabulary(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.vocabulary,
            Self::Encoder(encoder) => encoder.vocabulary,
        }
    }

    /// The most tokens that are read at once.
    pub(crate) fn context(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.context,
            Self::Encoder(encoder) => encoder.context,
        }
    }

    /// The numbers in the matrices of all layers.
    pub(crate) fn layer_parameters(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.layer_parameters().saturating_mul(decoder.layers),
            Self::Encoder(encoder) => encoder.layer_parameters().saturating_mul(encoder.layers),
        }
    }

    /// The tensors that the model is made of, with their shapes, rows first.
    pub(crate) fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_> {
        match self {
            Self::Decoder(decoder) => Box::new(decoder.tensors()),
            Self::Encoder(encoder) => Box::new(encoder.tensors()),
        }
    }

    /// What keeps these weights from being this model: tensors that are missing, have another shape, or are not known.
    pub(crate) fn problems<'a>(&'a self, weights: &'a Weights) -> impl Iterator<Item = InferenceError> + 'a {
        let wrong = self.tensors().filter_map(|(name, shape)| weights.check(&name, &shape).err());
        let unknown = weights.tensor_names().into_iter().filter(|name| !self.knows(name));
        // A tensor that this program does not use would have changed the answers.
        let unknown = unknown.map(|name| InferenceError::TensorUnknown {
            path: weights.path().to_owned(),
            tensor: weights.name_in_file(name),
            architecture: self.name(),
        });
        unknown.chain(wrong)
    }

    fn knows(&self, name: &str) -> bool {
        match self {
            Self::Decoder(decoder) => decoder.knows(name),
            Self::Encoder(encoder) => encoder.knows(name),
        }
    }
}

/// Splits `blk.3.attn_q.weight` into 3 and `attn_q.weight`; None for what belongs to no layer.
fn in_layer(name: &str, layers: usize) -> Option<&str> {
    let (layer, part) = name.strip_prefix("blk.")?.split_once('.')?;
    layer.parse::<usize>().is_ok_and(|layer| layer < layers).then_some(part)
}

#[cfg(test)]
mod tests;
