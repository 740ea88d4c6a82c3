//! The classifier made of a prompt and a model.

use rayon::prelude::*;

use crate::architecture::Architecture;
use crate::cpu;
use crate::mask::Masks;
use crate::network::{self, Network, Question, Sequence, distinct};
use crate::pieces::in_pieces;
use crate::prompt::{Prompt, Template};
use crate::tokenizer::{Frame, Tokenizer, TokenizerFiles};
use crate::weights::{Container, Weights};
use crate::{
    Answer, Classification, Classifier, Device, DeviceUse, InferenceError, Input, InputError, LoadOptions,
    ModelDescription, ModelFolder,
};

/// A language model that answers a question about each sentence with one of a few words.
///
/// A decoder, such as Llama, reads the filled prompt; the logits of the answers' first tokens are compared, and nothing
/// is generated. An encoder, such as BERT, reads the sentence and has a class for each answer.
pub struct LanguageModel {
    description: ModelDescription,
    masks: Masks,
    reading: Reading,
    tokenizer: Tokenizer,
    network: Box<dyn Network>,
    context: usize,
    temperature: f32,
    warnings: Vec<String>,
}

/// How a sentence becomes what the model reads.
pub(crate) enum Reading {
    /// In a prompt whose beginning is computed once.
    Prompt(Prompt),
    /// As one text or two.
    Texts(Template),
}

impl Reading {
    /// The tokens that all sequences begin with.
    pub(crate) fn shared(&self) -> &[u32] {
        match self {
            Self::Prompt(prompt) => prompt.shared(),
            Self::Texts(_) => &[],
        }
    }

    /// The tokens after the shared ones for a sentence, which must be on one line.
    pub(crate) fn own(&self, sentence: &str, tokenizer: &Tokenizer) -> Result<Sequence, InferenceError> {
        match self {
            Self::Prompt(prompt) => prompt.own(sentence, tokenizer).map(Sequence::single),
            Self::Texts(template) => {
                let (first, second) = template.texts(sentence);
                tokenizer.framed(&first, second.as_deref())
            }
        }
    }
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
        let mut weights = Weights::open(&folder.weights)?;
        if let Some(adapter) = &folder.adapter {
            weights.adapt(adapter)?;
        }
        let architecture = Architecture::read(&mut weights)?;
        let tokenizer = tokenizer(folder, &weights, &architecture)?;
        let (reading, answers) = reading(folder, &architecture, &tokenizer)?;
        let context = architecture.context();
        check_room(folder, &reading, &tokenizer, context)?;
        let question = Question { shared: reading.shared(), answers: &answers };
        let network = network::load(&mut weights, &architecture, question, options)?;
        let description = describe(folder, &weights)?;
        let is_whole = matches!(&reading, Reading::Prompt(prompt) if !prompt.is_shared());
        let is_rounded = options.device == Device::Cpu && cpu::rounds(&weights, &architecture, options.precision);
        let warnings = is_whole.then(|| cut_warning(folder)).into_iter();
        let warnings = warnings.chain(is_rounded.then(|| rounded_warning(folder))).collect();
        Ok(Self {
            description,
            masks: folder.masks.clone(),
            reading,
            tokenizer,
            network,
            context,
            temperature: folder.temperature,
            warnings,
        })
    }

    /// The tokens that the model reads before those of each input.
    pub fn shared_tokens(&self) -> &[u32] {
        self.reading.shared()
    }

    /// The logits of the answers for sequences of tokens that follow the shared ones: the bare forward pass.
    ///
    /// # Errors
    /// If a sequence is empty or longer than the model reads, and if the device fails.
    pub fn logits(&self, sequences: &[Vec<u32>]) -> Result<Vec<Vec<f32>>, InferenceError> {
        let limit = self.context - self.shared_tokens().len();
        if let Some(wrong) = sequences.iter().find(|tokens| tokens.is_empty() || tokens.len() > limit) {
            let problem = format!("a sequence has {} tokens, and must have 1 to {limit}", wrong.len());
            return Err(InferenceError::Compute(problem));
        }
        let sequences: Vec<Sequence> = sequences.iter().cloned().map(Sequence::single).collect();
        self.network.logits(&sequences)
    }

    /// What a graphics card has done for this model so far. None on the processor.
    pub fn device_use(&self) -> Option<DeviceUse> {
        self.network.device_use()
    }

    fn classify_at_once(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let mut read: Vec<Result<Sequence, InputError>> =
            inputs.par_iter().map(|input| self.read(input)).collect::<Result<_, _>>()?;
        let (sequences, places) = distinct(read.iter().flatten());
        let (logits, mut places) = (self.network.logits(&sequences)?, places.into_iter());
        let shared = self.reading.shared();
        let classified = read.drain(..).map(|sequence| {
            sequence.map(|sequence| {
                let logits = logits[places.next().expect("each sequence has a place")].clone();
                Classification::from_logits(logits, self.temperature, [shared, &sequence.tokens].concat())
            })
        });
        Ok(classified.collect())
    }

    /// What the model is to read of an input, after the tokens that all share.
    fn read(&self, input: &Input) -> Result<Result<Sequence, InputError>, InferenceError> {
        let sentence = match self.masks.sentence(input) {
            Ok(sentence) => sentence,
            Err(problem) => return Ok(Err(problem)),
        };
        let sequence = self.reading.own(&sentence, &self.tokenizer)?;
        let (length, limit) = (self.reading.shared().len() + sequence.tokens.len(), self.context);
        Ok(if length > limit { Err(InputError::TooLong { length, limit }) } else { Ok(sequence) })
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

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

/// The tokenizer that model.toml names, or else that of the weights.
pub(crate) fn tokenizer(
    folder: &ModelFolder,
    weights: &Weights,
    architecture: &Architecture,
) -> Result<Tokenizer, InferenceError> {
    let words = folder.masks.words();
    let (tokenizer, path) = match (&folder.tokenizer, weights.container()) {
        (Some(path), Container::Gguf(file)) => {
            let frame = Frame::beginning(file.beginning()?);
            (TokenizerFiles { file: path.clone(), words }.read(Some(frame))?, path.clone())
        }
        (Some(path), Container::Safetensors(_)) => {
            (TokenizerFiles { file: path.clone(), words }.read(None)?, path.clone())
        }
        (None, Container::Gguf(file)) => (file.tokenizer()?, folder.weights.clone()),
        (None, Container::Safetensors(_)) => {
            let files = TokenizerFiles::find(folder.weights.parent().unwrap_or(&folder.weights), words)?;
            (files.read(None)?, files.file)
        }
    };
    let (size, known) = (tokenizer.size(), architecture.vocabulary());
    let frame = tokenizer.frame();
    if size > known || [frame.beginning, frame.end].into_iter().flatten().any(|token| token as usize >= known) {
        let problem = format!("it makes {size} tokens, but the weights know {known}; it belongs to another model");
        return Err(InferenceError::Tokenizer { path, problem });
    }
    Ok(tokenizer)
}

/// How sentences are read, and the tokens or classes of the answers.
pub(crate) fn reading(
    folder: &ModelFolder,
    architecture: &Architecture,
    tokenizer: &Tokenizer,
) -> Result<(Reading, Vec<u32>), InferenceError> {
    match architecture {
        Architecture::Decoder(_) => {
            let prompt = Prompt::new(folder.template.clone(), &folder.answers, tokenizer, &folder.settings)?;
            let answers = prompt.answers().to_vec();
            Ok((Reading::Prompt(prompt), answers))
        }
        Architecture::Encoder(encoder) => {
            let answers = answer_classes(&folder.answers, &encoder.classes)
                .map_err(|problem| InferenceError::Settings { path: folder.settings.clone(), problem })?;
            Ok((Reading::Texts(folder.template.clone()), answers))
        }
    }
}

/// The class of each answer, which is its name or its number. Each class must be an answer, since the probabilities of
/// all sum to 1.
fn answer_classes(answers: &[Answer], classes: &[String]) -> Result<Vec<u32>, String> {
    let known = classes.join("`, `");
    let class = |answer: &Answer| {
        let by_name = classes.iter().position(|class| *class == answer.text);
        let by_number = || answer.text.parse().ok().filter(|&number: &usize| number < classes.len());
        let class = by_name.or_else(by_number).and_then(|class| u32::try_from(class).ok());
        class.ok_or_else(|| format!("the answer `{}` is no class of this model; it has `{known}`", answer.text))
    };
    let found: Vec<u32> = answers.iter().map(class).collect::<Result<_, _>>()?;
    let is_named = |class: usize| found.iter().filter(|&&other| other as usize == class).count();
    match (0..classes.len()).find(|&class| is_named(class) != 1) {
        None => Ok(found),
        Some(class) => Err(format!(
            "the class `{}` is the text of {} [[answers]]; it must be that of one, as each of `{known}`",
            classes[class],
            is_named(class)
        )),
    }
}

/// The prompt alone must leave room for a sentence.
pub(crate) fn check_room(
    folder: &ModelFolder,
    reading: &Reading,
    tokenizer: &Tokenizer,
    context: usize,
) -> Result<(), InferenceError> {
    let length = reading.shared().len() + reading.own("", tokenizer)?.tokens.len();
    if length < context {
        return Ok(());
    }
    let problem =
        format!("`prompt` takes {length} tokens without a sentence, and the model reads {context}; shorten it");
    Err(InferenceError::Settings { path: folder.settings.clone(), problem })
}

fn describe(folder: &ModelFolder, weights: &Weights) -> Result<ModelDescription, InferenceError> {
    Ok(ModelDescription {
        name: folder.name.clone(),
        weights_hash: weights.sha256()?,
        quantization: crate::description::numbers(&weights.quantization(), folder.temperature),
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
