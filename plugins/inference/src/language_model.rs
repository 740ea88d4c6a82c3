//! The classifier made of a prompt and a language model.

use rayon::prelude::*;

use crate::batch::batches;
use crate::gguf::{WeightsFile, sha256};
use crate::llama::{Device, Head, Llama, Prefix};
use crate::mask::Masks;
use crate::prompt::Prompt;
use crate::tokenizer::Tokenizer;
use crate::{
    Classification, Classifier, InferenceError, Input, InputError, ModelDescription, ModelFolder, WeightPrecision,
};

/// Tokens that are worked on at once by one thread: enough to keep the matrix products busy, few enough that the
/// numbers between two of them stay near the processor.
const BATCH_TOKENS: usize = 256;

/// A language model that answers a question about each sentence with one of a few words.
///
/// For each sentence it reads the filled prompt and compares the logits of the answers' first tokens; nothing is
/// generated.
pub struct LanguageModel {
    description: ModelDescription,
    masks: Masks,
    prompt: Prompt,
    tokenizer: Tokenizer,
    llama: Llama,
    prefix: Prefix,
    head: Head,
    temperature: f32,
    warnings: Vec<String>,
}

impl LanguageModel {
    /// Loads the model of a folder.
    ///
    /// # Errors
    /// If the weights or the tokenizer cannot be read, are damaged or of a kind that is not supported, or do not fit each
    /// other or the prompt; each error names the file and what to do.
    pub fn load(folder: &ModelFolder, precision: WeightPrecision) -> Result<Self, InferenceError> {
        let mut file = WeightsFile::open(&folder.weights)?;
        let llama = Llama::load(&mut file, precision, Device::Cpu)?;
        let tokenizer = tokenizer(folder, &file, &llama)?;
        let prompt = Prompt::new(folder.template.clone(), &folder.answers, &tokenizer, &folder.settings)?;
        check_room(folder, &prompt, &tokenizer, &llama)?;
        let prefix = llama.prefix(prompt.shared())?;
        let head = llama.head(prompt.answers())?;
        let description = describe(folder, &file)?;
        let warnings = if prompt.is_shared() { Vec::new() } else { vec![cut_warning(folder)] };
        Ok(Self {
            description,
            masks: folder.masks.clone(),
            prompt,
            tokenizer,
            llama,
            prefix,
            head,
            temperature: folder.temperature,
            warnings,
        })
    }

    /// The tokens that the model is to read of an input, after those that all share.
    fn read(&self, input: &Input) -> Result<Result<Vec<u32>, InputError>, InferenceError> {
        let sentence = match self.masks.sentence(input) {
            Ok(sentence) => sentence,
            Err(problem) => return Ok(Err(problem)),
        };
        let tokens = self.prompt.own(&sentence, &self.tokenizer)?;
        let (length, limit) = (self.prompt.shared().len() + tokens.len(), self.llama.context());
        Ok(if length > limit { Err(InputError::TooLong { length, limit }) } else { Ok(tokens) })
    }

    /// The logits of the answers for each sequence, in order.
    fn logits(&self, sequences: &[&[u32]]) -> Result<Vec<Vec<f32>>, InferenceError> {
        let lengths: Vec<usize> = sequences.iter().map(|tokens| tokens.len()).collect();
        let batches = batches(&lengths, BATCH_TOKENS);
        let run = |batch: Vec<usize>| {
            let tokens: Vec<&[u32]> = batch.iter().map(|&position| sequences[position]).collect();
            let logits = self.llama.logits(&self.prefix, &self.head, &tokens)?;
            Ok(batch.into_iter().zip(logits).collect::<Vec<_>>())
        };
        // Quantized products spread over all processors by themselves and take turns, so that batches side by side
        // would only wait for each other.
        let finished: Vec<Vec<(usize, Vec<f32>)>> = if self.llama.is_quantized() {
            batches.into_iter().map(run).collect::<Result<_, InferenceError>>()?
        } else {
            batches.into_par_iter().with_max_len(1).map(run).collect::<Result<_, InferenceError>>()?
        };
        let mut ordered: Vec<(usize, Vec<f32>)> = finished.into_iter().flatten().collect();
        ordered.sort_unstable_by_key(|&(position, _)| position);
        Ok(ordered.into_iter().map(|(_, logits)| logits).collect())
    }
}

impl Classifier for LanguageModel {
    fn description(&self) -> &ModelDescription {
        &self.description
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let read: Vec<Result<Vec<u32>, InputError>> =
            inputs.par_iter().map(|input| self.read(input)).collect::<Result<_, _>>()?;
        let sequences: Vec<&[u32]> = read.iter().flatten().map(Vec::as_slice).collect();
        let mut logits = self.logits(&sequences)?.into_iter();
        let shared = self.prompt.shared();
        let classified = read.into_iter().map(|tokens| {
            tokens.map(|tokens| {
                let logits = logits.next().expect("there are logits for each sequence");
                Classification::from_logits(logits, self.temperature, [shared, &tokens].concat())
            })
        });
        Ok(classified.collect())
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }
}

fn tokenizer(folder: &ModelFolder, file: &WeightsFile, llama: &Llama) -> Result<Tokenizer, InferenceError> {
    let beginning = file.beginning()?;
    let (tokenizer, path) = match &folder.tokenizer {
        Some(path) => (Tokenizer::from_file(path, beginning)?, path),
        None => (Tokenizer::from_vocabulary(&file.vocabulary()?, beginning, &folder.weights)?, &folder.weights),
    };
    let (size, known) = (tokenizer.size(), llama.vocabulary());
    if size > known || beginning.is_some_and(|token| token as usize >= known) {
        let problem = format!("it makes {size} tokens, but the weights know {known}; it belongs to another model");
        return Err(InferenceError::Tokenizer { path: path.clone(), problem });
    }
    Ok(tokenizer)
}

/// The prompt alone must leave room for a sentence.
fn check_room(
    folder: &ModelFolder,
    prompt: &Prompt,
    tokenizer: &Tokenizer,
    llama: &Llama,
) -> Result<(), InferenceError> {
    let length = prompt.shared().len() + prompt.own("", tokenizer)?.len();
    if length < llama.context() {
        return Ok(());
    }
    let problem = format!(
        "`prompt` takes {length} tokens without a sentence, and the model reads {}; shorten it",
        llama.context()
    );
    Err(InferenceError::Settings { path: folder.settings.clone(), problem })
}

fn describe(folder: &ModelFolder, file: &WeightsFile) -> Result<ModelDescription, InferenceError> {
    Ok(ModelDescription {
        name: folder.name.clone(),
        weights_hash: sha256(&folder.weights)?,
        quantization: crate::description::numbers(&file.quantization(), folder.temperature),
        prompt: folder.template.text(),
        labels: folder.masks.labels().clone(),
        answers: folder.answers.clone(),
        threshold: folder.threshold,
    })
}

fn cut_warning(folder: &ModelFolder) -> String {
    format!(
        "{}: the tokens of `prompt` cross the line breaks around {{sentence}}, so the whole prompt is read anew for each \
         sentence; this is right but slow, and a line of text before {{sentence}} may cure it",
        folder.settings.display()
    )
}
