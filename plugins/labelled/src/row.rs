//! Sentences with the answer that a person gave.

use serde::Serialize;

/// What a sentence says of its two entities.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Class {
    /// They are associated.
    Associated,
    /// They are not associated: the sentence denies it.
    Denied,
    /// Nothing: it only names both.
    Unrelated,
}

impl Class {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Associated, Self::Denied, Self::Unrelated];

    /// Its name, for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Associated => "associated",
            Self::Denied => "denied",
            Self::Unrelated => "unrelated",
        }
    }
}

/// What a person said of a sentence, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    /// Only whether the sentence speaks of a relation at all; published sets count a denied one as related.
    Related(bool),
    /// What it says.
    Class(Class),
}

impl Label {
    /// Whether the sentence speaks of a relation, asserted or denied.
    pub fn is_related(self) -> bool {
        match self {
            Self::Related(related) => related,
            Self::Class(class) => class != Class::Unrelated,
        }
    }

    /// What the sentence says, if that is known.
    pub fn class(self) -> Option<Class> {
        match self {
            Self::Related(_) => None,
            Self::Class(class) => Some(class),
        }
    }
}

/// A sentence with the answer that a person gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LabelledSentence {
    /// The sentence, its two entities replaced by the model's masks.
    pub masked: String,
    /// The answer.
    pub label: Label,
    /// The sentence without masks, if it is known: the same one may stand in several rows with other maskings.
    pub source: Option<String>,
    /// What the set calls the source sentence.
    pub group: Option<String>,
    /// The published set that it belongs to, such as `gad` or `euadr`, if the file tells.
    pub set: Option<String>,
    /// The cross-validation fold in which the row is a test row.
    pub fold: Option<u32>,
    /// Its line in the file, counted from 1; 0 if it comes from none.
    pub line: u64,
}

impl LabelledSentence {
    /// A sentence of which nothing else is known.
    pub fn new(masked: impl Into<String>, class: Class) -> Self {
        let (masked, label) = (masked.into(), Label::Class(class));
        Self { masked, label, source: None, group: None, set: None, fold: None, line: 0 }
    }

    /// What the row has in common with rows of the same source sentence: its group, or else the sentence itself.
    pub fn origin(&self) -> String {
        match (&self.group, &self.source) {
            (Some(group), _) => group.clone(),
            (None, Some(source)) => folded(source),
            (None, None) => folded(&self.masked),
        }
    }
}

/// A text as leaks are looked for: case, and how much white space there is, make no other sentence.
pub fn folded(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}
