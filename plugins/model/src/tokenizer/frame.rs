//! The tokens that a model wants around its texts.

/// The tokens that stand around every text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Frame {
    /// Before the first text.
    pub beginning: Option<u32>,
    /// After each text; only encoders want it.
    pub end: Option<u32>,
}

impl Frame {
    /// A token before every text, if there is one.
    pub fn beginning(beginning: Option<u32>) -> Self {
        Self { beginning, end: None }
    }
}
