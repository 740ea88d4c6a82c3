//! The tokenizer's files in a folder of Hugging Face's: `tokenizer.json`, or what came before it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use super::encode::Tokenizer;
use super::frame::Frame;
use super::sentence_piece::SentencePieceModel;
use super::vocabulary::Vocabulary;
use super::word_piece::WordPieces;
use crate::ModelError;

/// The names that a tokenizer's file may have, in the order in which they are preferred.
const NAMES: [&str; 3] = ["tokenizer.json", "tokenizer.model", "vocab.txt"];

/// A tokenizer's file, and what must be known to read it.
#[derive(Clone, Debug)]
pub struct TokenizerFiles<'a> {
    /// The file itself; what it is for, its name says.
    pub file: PathBuf,
    /// Words that a text may contain though the tokenizer holds them to be special, such as the masks.
    pub words: &'a [String],
}

impl<'a> TokenizerFiles<'a> {
    /// The one that lies in a folder.
    pub fn find(folder: &Path, words: &'a [String]) -> Result<Self, ModelError> {
        let found = NAMES.map(|name| folder.join(name)).into_iter().find(|path| path.exists());
        match found {
            Some(file) => Ok(Self { file, words }),
            None => Err(ModelError::tokenizer(
                folder,
                &"there is none; put tokenizer.json, tokenizer.model or vocab.txt beside the weights",
            )),
        }
    }

    /// The vocabulary of a `tokenizer.model` in a folder, and the token that begins every text. None if there is none.
    pub fn sentence_pieces(folder: &Path) -> Result<Option<(Vocabulary, Option<u32>)>, ModelError> {
        let path = folder.join(NAMES[1]);
        if !path.exists() {
            return Ok(None);
        }
        let model = SentencePieceModel::read(&path)?;
        Ok(Some((model.vocabulary, model.frame.beginning)))
    }

    /// Reads it. `frame`, if given, is what stands around every text; else the files say it.
    pub fn read(&self, frame: Option<Frame>) -> Result<Tokenizer, ModelError> {
        let settings = Settings::beside(&self.file)?;
        let name = self.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if name.ends_with(".model") {
            let model = SentencePieceModel::read(&self.file)?;
            let own = Frame::beginning(model.frame.beginning.filter(|_| settings.adds_beginning != Some(false)));
            return Tokenizer::from_vocabulary(&model.vocabulary, frame.unwrap_or(own), &self.file);
        }
        if name.ends_with(".txt") {
            return Tokenizer::from_word_pieces(&WordPieces::read(&self.file, settings.lowercase)?, &self.file);
        }
        self.read_json(frame, &settings)
    }

    fn read_json(&self, frame: Option<Frame>, settings: &Settings) -> Result<Tokenizer, ModelError> {
        let fail = |problem: &dyn std::fmt::Display| ModelError::tokenizer(&self.file, problem);
        let advice =
            "name a tokenizer.json in model.toml, or leave `tokenizer` out to take the tokenizer of the weights";
        let bytes = std::fs::read(&self.file).map_err(|source| ModelError::Unreadable {
            path: self.file.clone(),
            source,
            advice,
        })?;
        let mut json: Value = serde_json::from_slice(&bytes).map_err(|error| fail(&error))?;
        self.make_words_plain(&mut json);
        settings.choose_case(&mut json);
        let mut inner = tokenizers::Tokenizer::from_bytes(json.to_string()).map_err(|error| fail(&error))?;
        // Some files ask for texts to be cut or padded; neither may happen unseen.
        inner.with_truncation(None).map_err(|error| fail(&error))?;
        inner.with_padding(None);
        let frame = match frame {
            Some(frame) => frame,
            None => settings.frame(&inner).map_err(|error| fail(&error))?,
        };
        Tokenizer::new(Ok(inner), frame, &self.file)
    }

    /// A special token is never found in a text, but a mask that was added as one must be.
    fn make_words_plain(&self, json: &mut Value) {
        let Some(tokens) = json.get_mut("added_tokens").and_then(Value::as_array_mut) else { return };
        for token in tokens.iter_mut().filter_map(Value::as_object_mut) {
            let content = token.get("content").and_then(Value::as_str);
            if self.words.iter().any(|word| content == Some(word.as_str())) {
                token.insert("special".to_owned(), false.into());
            }
        }
    }
}

/// What `tokenizer_config.json` says.
#[derive(Debug, Default)]
struct Settings {
    lowercase: Option<bool>,
    adds_beginning: Option<bool>,
    /// The word of the token that begins every text.
    beginning: Option<String>,
}

impl Settings {
    fn beside(file: &Path) -> Result<Self, ModelError> {
        let path = file.with_file_name("tokenizer_config.json");
        let Ok(bytes) = std::fs::read(&path) else { return Ok(Self::default()) };
        let json: Value = serde_json::from_slice(&bytes).map_err(|error| ModelError::tokenizer(&path, &error))?;
        let beginning = json["bos_token"].as_str().or_else(|| json["bos_token"]["content"].as_str());
        Ok(Self {
            lowercase: json["do_lower_case"].as_bool(),
            adds_beginning: json["add_bos_token"].as_bool(),
            beginning: beginning.map(str::to_owned),
        })
    }

    /// `tokenizer_config.json` has the last word on capitals, as in `transformers`.
    fn choose_case(&self, json: &mut Value) {
        let normalizer = json.get_mut("normalizer").and_then(Value::as_object_mut);
        let Some(normalizer) =
            normalizer.filter(|found| found.get("type").is_some_and(|kind| kind == "BertNormalizer"))
        else {
            return;
        };
        if let Some(lowercase) = self.lowercase {
            normalizer.insert("lowercase".to_owned(), lowercase.into());
        }
    }

    /// What is put around a text: seen from what is put around an empty one.
    fn frame(&self, tokenizer: &tokenizers::Tokenizer) -> tokenizers::Result<Frame> {
        let around = tokenizer.encode_fast("", true)?;
        let seen = match around.get_ids() {
            [] => Frame::default(),
            [beginning] => Frame::beginning(Some(*beginning)),
            [beginning, .., end] => Frame { beginning: Some(*beginning), end: Some(*end) },
        };
        let named = self.beginning.as_ref().and_then(|word| tokenizer.token_to_id(word));
        Ok(match self.adds_beginning {
            Some(true) if seen.beginning.is_none() => Frame { beginning: named, ..seen },
            Some(false) => Frame { beginning: None, ..seen },
            _ => seen,
        })
    }
}
