//! How the sentences of a model folder become tokens, and what is asked about them.

use hopgraph_compute::Question;
use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::tokenizer::{Frame, Tokenizer, TokenizerFiles};
use hopgraph_model::weights::Container;
use hopgraph_model::{ModelError, Sequence};

use crate::mask::Masks;
use crate::prompt::{Prompt, Template};
use crate::{Answer, InferenceError, Input, InputError, ModelFolder};

/// Reads inputs as a model wants them: masked, in its prompt or alone, in its tokens. It computes nothing, so training
/// and inference share it.
pub struct Reader {
    masks: Masks,
    reading: Reading,
    tokenizer: Tokenizer,
    answers: Vec<u32>,
    context: usize,
}

impl Reader {
    /// The reader of a folder whose weights are open.
    ///
    /// # Errors
    /// If the tokenizer cannot be read, or does not fit the weights or the prompt.
    pub fn new(
        folder: &ModelFolder,
        checkpoint: &Checkpoint,
        architecture: &Architecture,
    ) -> Result<Self, InferenceError> {
        let tokenizer = tokenizer(folder, checkpoint, architecture)?;
        let (reading, answers) = reading(folder, architecture, &tokenizer)?;
        let context = architecture.context();
        check_room(folder, &reading, &tokenizer, context)?;
        Ok(Self { masks: folder.masks.clone(), reading, tokenizer, answers, context })
    }

    /// What the model is asked: the tokens before those of each input, and the tokens or classes of its answers.
    pub fn question(&self) -> Question<'_> {
        Question { shared: self.shared(), answers: &self.answers }
    }

    /// The tokens that all sequences begin with.
    pub fn shared(&self) -> &[u32] {
        self.reading.shared()
    }

    /// Most tokens that a sequence may have after the shared ones.
    pub(crate) fn limit(&self) -> usize {
        self.context - self.shared().len()
    }

    /// Whether the prompt has no beginning that could be shared.
    pub(crate) fn is_read_anew(&self) -> bool {
        matches!(&self.reading, Reading::Prompt(prompt) if !prompt.is_shared())
    }

    /// Tokens that each sentence has beside its own.
    pub(crate) fn around(&self) -> Result<usize, InferenceError> {
        Ok(self.reading.own("", &self.tokenizer)?.tokens.len())
    }

    /// The tokenizer.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// What the model is to read of an input, after the tokens that all share. The inner error is the input's own.
    ///
    /// # Errors
    /// If the tokenizer fails.
    pub fn read(&self, input: &Input) -> Result<Result<Sequence, InputError>, InferenceError> {
        let sentence = match self.masks.sentence(input) {
            Ok(sentence) => sentence,
            Err(problem) => return Ok(Err(problem)),
        };
        let sequence = self.reading.own(&sentence, &self.tokenizer)?;
        let (length, limit) = (self.shared().len() + sequence.tokens.len(), self.context);
        Ok(if length > limit { Err(InputError::TooLong { length, limit }) } else { Ok(sequence) })
    }
}

/// How a sentence becomes what the model reads.
enum Reading {
    /// In a prompt whose beginning is computed once.
    Prompt(Prompt),
    /// As one text or two.
    Texts(Template),
}

impl Reading {
    /// The tokens that all sequences begin with.
    fn shared(&self) -> &[u32] {
        match self {
            Self::Prompt(prompt) => prompt.shared(),
            Self::Texts(_) => &[],
        }
    }

    /// The tokens after the shared ones for a sentence, which must be on one line.
    fn own(&self, sentence: &str, tokenizer: &Tokenizer) -> Result<Sequence, InferenceError> {
        match self {
            Self::Prompt(prompt) => prompt.own(sentence, tokenizer).map(Sequence::single),
            Self::Texts(template) => {
                let (first, second) = template.texts(sentence);
                Ok(tokenizer.framed(&first, second.as_deref())?)
            }
        }
    }
}

/// The tokenizer that model.toml names, or else that of the weights.
fn tokenizer(
    folder: &ModelFolder,
    checkpoint: &Checkpoint,
    architecture: &Architecture,
) -> Result<Tokenizer, InferenceError> {
    let words = folder.masks.words();
    let (tokenizer, path) = match (&folder.tokenizer, checkpoint.container()) {
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
        return Err(ModelError::Tokenizer { path, problem }.into());
    }
    Ok(tokenizer)
}

/// How sentences are read, and the tokens or classes of the answers.
fn reading(
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
fn check_room(
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
