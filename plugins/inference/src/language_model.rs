//! The classifier made of a prompt and a model.

use hopgraph_compute::{Device, DeviceUse, LoadOptions, Network, rounds};
use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::{ModelError, Sequence, distinct};
use rayon::prelude::*;

use crate::pieces::in_pieces;
use crate::reader::Reader;
use crate::{Classification, Classifier, InferenceError, Input, InputError, ModelDescription, ModelFolder};

/// A language model that answers a question about each sentence with one of a few words.
///
/// A decoder, such as Llama, reads the filled prompt; the logits of the answers' first tokens are compared, and nothing
/// is generated. An encoder, such as BERT, reads the sentence and has a class for each answer.
pub struct LanguageModel {
    description: ModelDescription,
    reader: Reader,
    network: Box<dyn Network>,
    temperature: f32,
    settings: Vec<(String, String)>,
    warnings: Vec<String>,
}

/// Inputs that are read while a card computes others, and how many such pieces are under way at once: one is read, one is
/// computed, and one waits, so that the card goes from piece to piece without a pause.
const PIECE_INPUTS: usize = 1024;
const PIECES: usize = 3;

impl LanguageModel {
    /// Loads the model of a folder.
    ///
    /// # Errors
    /// If the weights or the tokenizer cannot be read, are damaged or of a kind that is not supported, or do not fit each
    /// other or the prompt; each error names the file and what to do. All of this is found before a device is touched.
    pub fn load(folder: &ModelFolder, options: &LoadOptions) -> Result<Self, InferenceError> {
        let mut checkpoint = folder.open()?;
        let architecture = Architecture::read(&mut checkpoint)?;
        let reader = Reader::new(folder, &checkpoint, &architecture)?;
        let network = hopgraph_compute::load(&mut checkpoint, &architecture, reader.question(), options)?;
        let description = describe(folder, &checkpoint)?;
        let is_whole = reader.is_read_anew();
        let is_rounded = options.device == Device::Cpu && rounds(&checkpoint, &architecture, options.precision);
        let warnings = is_whole.then(|| cut_warning(folder)).into_iter();
        let warnings = warnings.chain(is_rounded.then(|| rounded_warning(folder))).collect();
        let (temperature, settings) = (folder.temperature, folder.identity_parts()?);
        Ok(Self { description, reader, network, temperature, settings, warnings })
    }

    /// The tokens that the model reads before those of each input.
    pub fn shared_tokens(&self) -> &[u32] {
        self.reader.shared()
    }

    /// The logits of the answers for sequences of tokens that follow the shared ones: the bare forward pass.
    ///
    /// # Errors
    /// If a sequence is empty or longer than the model reads, and if the device fails.
    pub fn logits(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, InferenceError> {
        let limit = self.reader.limit();
        if let Some(wrong) = sequences.iter().find(|tokens| tokens.is_empty() || tokens.len() > limit) {
            let problem = format!("a sequence has {} tokens, and must have 1 to {limit}", wrong.len());
            return Err(ModelError::Compute(problem).into());
        }
        let sequences: Vec<Sequence> = sequences.iter().cloned().map(Sequence::single).collect();
        Ok(self.network.logits(&sequences)?)
    }

    /// What a graphics card has done for this model so far. None on the processor.
    pub fn device_use(&self) -> Option<DeviceUse> {
        self.network.device_use()
    }

    fn classify_at_once(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let mut read: Vec<Result<Sequence, InputError>> =
            inputs.par_iter().map(|input| self.reader.read(input)).collect::<Result<_, _>>()?;
        let (sequences, places) = distinct(read.iter().flatten());
        let (logits, mut places) = (self.network.logits(&sequences)?, places.into_iter());
        let shared = self.reader.shared();
        let classified = read.drain(..).map(|sequence| {
            sequence.map(|sequence| {
                let logits = logits[places.next().expect("each sequence has a place")].clone();
                Classification::from_logits(logits, self.temperature, [shared, &sequence.tokens].concat())
            })
        });
        Ok(classified.collect())
    }
}

impl Classifier for LanguageModel {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        // The processor computes with all its cores what it has read with all of them; a card would wait for it.
        if self.network.device_use().is_none() {
            return self.classify_at_once(inputs);
        }
        in_pieces(inputs, PIECE_INPUTS, PIECES, |piece| self.classify_at_once(piece))
    }

    fn settings(&self) -> Vec<(String, String)> {
        self.settings.clone()
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

fn describe(folder: &ModelFolder, checkpoint: &Checkpoint) -> Result<ModelDescription, InferenceError> {
    Ok(ModelDescription {
        name: folder.name.clone(),
        weights_hash: checkpoint.sha256()?,
        quantization: crate::description::numbers(&checkpoint.weights().quantization(), folder.temperature),
        prompt: folder.template.text(),
        labels: folder.masks.labels().clone(),
        answers: folder.answers.clone(),
        threshold: folder.threshold,
    })
}

fn rounded_warning(folder: &ModelFolder) -> String {
    format!(
        "{}: these weights are rounded to Q8_0 while they are loaded, as the larger ones always are; `hopgraph model \
         quantize` does that once and for all, and its output loads faster",
        folder.weights.display()
    )
}

fn cut_warning(folder: &ModelFolder) -> String {
    format!(
        "{}: the tokens of `prompt` cross the line breaks around {{sentence}}, so the whole prompt is read anew for each \
         sentence; this is right but slow, and a line of text before {{sentence}} may cure it",
        folder.settings.display()
    )
}

#[cfg(test)]
mod tests;
