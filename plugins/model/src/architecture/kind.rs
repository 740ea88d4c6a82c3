//! What kinds of model there are, told from their files.

use super::checkpoint::Checkpoint;
use super::decoder::{Decoder, Family};
use super::encoder::Encoder;
use crate::ModelError;
use crate::weights::Container;

/// A model's kind and measures.
#[derive(Clone, Debug, PartialEq)]
pub enum Architecture {
    /// Reads from left to right.
    Decoder(Decoder),
    /// Looks both ways, and has a class for the whole.
    Encoder(Encoder),
}

impl Architecture {
    /// Reads the measures, refuses what is not computed here, and checks that every tensor is there in its shape. Of the
    /// tensors only names and shapes are looked at.
    pub fn read(checkpoint: &mut Checkpoint) -> Result<Self, ModelError> {
        let architecture = Self::measures(checkpoint)?;
        architecture.fit_adapter(checkpoint)?;
        let problem = architecture.problems(checkpoint).next();
        problem.map_or(Ok(architecture), Err)
    }

    /// Reads a model that is to be trained. As [`Architecture::read`], but an encoder may lack the head for its classes,
    /// or have one for others; it then is read as one with these classes, whose head begins anew.
    ///
    /// # Errors
    /// As [`Architecture::read`].
    pub fn read_to_train(checkpoint: &mut Checkpoint, classes: &[String]) -> Result<Self, ModelError> {
        let architecture = Self::measures_with(checkpoint, Some(classes))?;
        architecture.fit_adapter(checkpoint)?;
        let is_head = |error: &ModelError| match error {
            ModelError::TensorMissing { tensor, .. } | ModelError::TensorShape { tensor, .. } => {
                matches!(architecture, Self::Encoder(_))
                    && ["pooler.", "classifier."].iter().any(|part| tensor.contains(part))
            }
            _ => false,
        };
        let problem = architecture.problems(checkpoint).find(|problem| !is_head(problem));
        problem.map_or(Ok(architecture), Err)
    }

    /// Reads the measures alone.
    pub fn measures(checkpoint: &mut Checkpoint) -> Result<Self, ModelError> {
        Self::measures_with(checkpoint, None)
    }

    fn measures_with(checkpoint: &mut Checkpoint, classes: Option<&[String]>) -> Result<Self, ModelError> {
        let name = match checkpoint.container() {
            Container::Gguf(file) => file.text("general.architecture").unwrap_or("unnamed").to_owned(),
            Container::Safetensors(files) => files.config().model_type().to_owned(),
        };
        match name.as_str() {
            "llama" | "mistral" => Decoder::read(checkpoint, Family::Llama).map(Self::Decoder),
            "gemma" => Decoder::read(checkpoint, Family::Gemma).map(Self::Decoder),
            "bert" => Encoder::read(checkpoint, classes).map(Self::Encoder),
            _ => Err(ModelError::Architecture { path: checkpoint.path().to_owned(), found: name }),
        }
    }

    /// Checks that the adapter of a checkpoint, if it has one, fits this model.
    ///
    /// # Errors
    /// [`ModelError::Adapter`] if it was trained beside another model.
    pub fn fit_adapter(&self, checkpoint: &mut Checkpoint) -> Result<(), ModelError> {
        // A file may claim any number of layers, so tensors are not listed for nothing.
        if !checkpoint.has_adapter() {
            return Ok(());
        }
        let heads = match self {
            Self::Decoder(decoder) => Some(decoder.rotary_heads()),
            Self::Encoder(_) => None,
        };
        checkpoint.fit_adapter(&self.tensors().collect(), heads)
    }

    /// The name of the family, as GGUF writes it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Decoder(decoder) => decoder.family.name(),
            Self::Encoder(_) => "bert",
        }
    }

    /// How many tokens the model knows.
    pub fn vocabulary(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.vocabulary,
            Self::Encoder(encoder) => encoder.vocabulary,
        }
    }

    /// The most tokens that are read at once.
    pub fn context(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.context,
            Self::Encoder(encoder) => encoder.context,
        }
    }

    /// The numbers in the matrices of all layers.
    pub fn layer_parameters(&self) -> usize {
        match self {
            Self::Decoder(decoder) => decoder.layer_parameters().saturating_mul(decoder.layers),
            Self::Encoder(encoder) => encoder.layer_parameters().saturating_mul(encoder.layers),
        }
    }

    /// The tensors that the model is made of, with their shapes, rows first.
    pub fn tensors(&self) -> Box<dyn Iterator<Item = (String, Vec<usize>)> + '_> {
        match self {
            Self::Decoder(decoder) => Box::new(decoder.tensors()),
            Self::Encoder(encoder) => Box::new(encoder.tensors()),
        }
    }

    /// What keeps these weights from being this model: tensors that are missing, have another shape, or are not known.
    pub fn problems<'a>(&'a self, checkpoint: &'a Checkpoint) -> impl Iterator<Item = ModelError> + 'a {
        let wrong = self.tensors().filter_map(|(name, shape)| checkpoint.check(&name, &shape).err());
        let unknown = checkpoint.tensor_names().into_iter().filter(|name| !self.knows(name));
        // A tensor that this program does not use would have changed the answers.
        let unknown = unknown.map(|name| ModelError::TensorUnknown {
            path: checkpoint.path().to_owned(),
            tensor: checkpoint.name_in_file(name),
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
