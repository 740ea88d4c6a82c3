//! What a file says of its model in words and numbers, read alike from GGUF and from `config.json`.

use super::gguf::Gguf;
use super::hugging_face::HuggingFaceConfig;
use crate::ModelError;

/// Named words and numbers.
pub trait Metadata {
    /// A word. None if it is not there, or no word.
    fn text(&self, key: &str) -> Option<&str>;

    /// A count. None if it is not there.
    fn count(&self, key: &str) -> Result<Option<usize>, ModelError>;

    /// A number. None if it is not there.
    fn number(&self, key: &str) -> Result<Option<f32>, ModelError>;

    /// The error that says what is wrong with an entry.
    fn problem(&self, key: &str, problem: &str) -> ModelError;

    /// A count that the model cannot do without.
    fn required_count(&self, key: &str) -> Result<usize, ModelError> {
        self.count(key)?.ok_or_else(|| self.problem(key, "is missing"))
    }

    /// A count that is not zero.
    fn positive_count(&self, key: &str) -> Result<usize, ModelError> {
        match self.required_count(key)? {
            0 => Err(self.problem(key, "is zero")),
            count => Ok(count),
        }
    }
}

impl Metadata for Gguf {
    fn text(&self, key: &str) -> Option<&str> {
        Self::text(self, key)
    }

    fn count(&self, key: &str) -> Result<Option<usize>, ModelError> {
        Self::count(self, key)
    }

    fn number(&self, key: &str) -> Result<Option<f32>, ModelError> {
        Self::number(self, key)
    }

    fn problem(&self, key: &str, problem: &str) -> ModelError {
        self.metadata_problem(key, problem)
    }
}

impl Metadata for HuggingFaceConfig {
    fn text(&self, key: &str) -> Option<&str> {
        self.value(key)?.as_str()
    }

    fn count(&self, key: &str) -> Result<Option<usize>, ModelError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        let count = value.as_u64().and_then(|count| usize::try_from(count).ok());
        count.map(Some).ok_or_else(|| self.problem(key, "is not a count"))
    }

    fn number(&self, key: &str) -> Result<Option<f32>, ModelError> {
        let Some(value) = self.value(key) else { return Ok(None) };
        #[expect(clippy::cast_possible_truncation, reason = "such settings are small numbers of few digits")]
        let number = value.as_f64().map(|number| number as f32);
        number.map(Some).ok_or_else(|| self.problem(key, "is not a number"))
    }

    fn problem(&self, key: &str, problem: &str) -> ModelError {
        self.metadata_problem(key, problem)
    }
}
