//! Sentences with the answer that a person gave, for training and for evaluation alike.
//!
//! [`read`] takes them from a table or from JSON Lines. [`by_group`], [`by_fold`] and [`NamedSplit`] divide them, and
//! [`leak`] says how much of one part stands in another.
//!
//! ```
//! use hopgraph_labelled::{Class, LabelledSentence, leak};
//!
//! let row = |sentence: &str| LabelledSentence::new(sentence, Class::Associated);
//! let train = [row("@GENE$ causes @DISEASE$."), row("@GENE$ leads to @DISEASE$.")];
//! let found = leak(&train, &[row("@gene$  causes @disease$.")]);
//! assert_eq!((found.verbatim, found.is_clean()), (1, false));
//! ```

mod error;
mod leak;
mod row;
mod split;
mod table;

#[cfg(test)]
mod tests;

pub use error::LabelledError;
pub use leak::{Leak, leak};
pub use row::{Class, Label, LabelledSentence, folded};
pub use split::{NamedSplit, Part, by_fold, by_group};
pub use table::{Labelled, read};
