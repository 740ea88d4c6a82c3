//! Runs: what put edges into the graph.

/// What put edges into the graph. Two runs that differ in nothing but their date are the same run, so that an
/// interrupted command goes on under the run it began.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// What kind of run, with what identifies it.
    pub kind: RunKind,
    /// When it began, RFC 3339 in UTC.
    pub started: String,
    /// Program and version that made it.
    pub program: String,
}

/// The kinds of run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunKind {
    /// Corrections written by hand in the query language.
    Hand,
    /// A load of plain facts.
    Load {
        /// The file or other source, as given.
        source: String,
    },
    /// A model over texts.
    Model {
        /// Name of the model, as its folder says.
        model: String,
        /// SHA-256 of the weights file, in hexadecimal.
        weights_hash: String,
        /// Quantization of the weights, such as `Q8_0`.
        quantization: String,
        /// The prompt template, whole.
        prompt: String,
        /// The model's answers in order, each with the relation type it makes; none: no edge.
        answers: Vec<(String, Option<String>)>,
        /// Least probability, in thousandths, at which an answer makes an edge.
        threshold_thousandths: u32,
    },
}
