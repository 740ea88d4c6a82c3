//! How good a model is on labelled sentences, told so that it cannot flatter.
//!
//! [`read`] takes labelled sentences from a table or from JSON Lines; [`evaluate`] lets a
//! [`Classifier`](hopgraph_inference::Classifier) read them and scores what it says, beside two baselines that read
//! nothing: always answering "related", and looking the sentence up in the training set. [`leak`] says how much of a
//! test set stands in a training set, and [`fit_temperature`] makes stated probabilities honest.
//!
//! ```
//! use hopgraph_evaluation::{Class, LabelledSentence, evaluate};
//! use hopgraph_inference::{Answer, AnswerRelation, ModelDescription, RecordedClassifier};
//!
//! let relation = AnswerRelation { name: "associated".into(), denied: false, symmetric: true };
//! let description = ModelDescription {
//!     name: "causes".into(),
//!     weights_hash: "0".repeat(64),
//!     quantization: "none".into(),
//!     prompt: "{sentence}".into(),
//!     labels: ["gene".into(), "disease".into()],
//!     answers: vec![
//!         Answer { text: "True".into(), relation: Some(relation) },
//!         Answer { text: "False".into(), relation: None },
//!     ],
//!     threshold: 0.5,
//! };
//! let masks = ["@GENE$".into(), "@DISEASE$".into()];
//! let classifier = RecordedClassifier::by_rule(description, masks, |sentence| {
//!     Some(if sentence.contains("causes") { vec![0.9, 0.1] } else { vec![0.2, 0.8] })
//! });
//! let row = |sentence: &str, class| LabelledSentence::new(sentence, class);
//! let rows = [
//!     row("@GENE$ causes @DISEASE$.", Class::Associated),
//!     row("@GENE$ and @DISEASE$ were studied.", Class::Unrelated),
//!     row("@GENE$ leads to @DISEASE$.", Class::Associated),
//! ];
//! let evaluation = evaluate(&classifier, &rows, None)?;
//! assert_eq!((evaluation.related.precision(), evaluation.related.recall()), (1.0, 0.5));
//! # Ok::<(), hopgraph_evaluation::EvaluationError>(())
//! ```

mod baseline;
mod calibration;
mod error;
mod evaluate;
mod members;
mod score;

#[cfg(test)]
mod tests;

pub use hopgraph_labelled::{
    Class, Label, Labelled, LabelledError, LabelledSentence, Leak, NamedSplit, Part, by_fold, by_group, leak, read,
};

pub use calibration::{Calibration, ReliabilityBin, TemperatureFit, fit_temperature};
pub use error::EvaluationError;
pub use evaluate::{Evaluation, Meaning, evaluate};
pub use members::{MemberScores, fit_weights};
pub use score::{BinaryScores, ClassScores};
