//! What identifies a model and what its answers mean.

/// What identifies a model and gives its answers their meaning; kept with every edge that it makes.
#[derive(Clone, Debug, PartialEq)]
pub struct ModelDescription {
    /// Its name.
    pub name: String,
    /// SHA-256 of the weights file, in hexadecimal; where there are several files, of their hashes, a line each. The hash of
    /// an adapter follows after a `+`.
    pub weights_hash: String,
    /// Quantization of its weights and, if there is one, the temperature of its answers: `Q8_0`, or
    /// `Q8_0, temperature 1.2`.
    pub quantization: String,
    /// The prompt template, whole, with `{sentence}` in it.
    pub prompt: String,
    /// The two labels whose pairs it reads, such as gene and disease.
    pub labels: [String; 2],
    /// Its answers, in the order of the probabilities.
    pub answers: Vec<Answer>,
    /// Least probability at which an answer makes an edge.
    pub threshold: f32,
}

/// How weights and answers are rounded and scaled: all that changes the probabilities beside the weights themselves.
pub(crate) fn numbers(quantization: &str, temperature: f32) -> String {
    if temperature == 1.0 { quantization.to_owned() } else { format!("{quantization}, temperature {temperature}") }
}

/// One answer of a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The word that the model says.
    pub text: String,
    /// The relation that it states; none: no edge.
    pub relation: Option<AnswerRelation>,
}

/// The relation that an answer states.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerRelation {
    /// Name of the relation type.
    pub name: String,
    /// Whether the answer says that the relation does not hold.
    pub denied: bool,
    /// Whether the relation means the same both ways.
    pub symmetric: bool,
}
