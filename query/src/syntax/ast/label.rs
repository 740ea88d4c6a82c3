//! What labels and types must fulfil, as it was written.

use super::{Name, Span};

/// What labels, or the type of a relationship, must fulfil.
#[derive(Clone, Debug, PartialEq)]
pub enum LabelExpression {
    /// `A`
    Name(Name),
    /// `%`: any at all.
    Any(Span),
    /// `!A`
    Not(Box<LabelExpression>),
    /// `A&B`
    And(Vec<LabelExpression>),
    /// `A|B`
    Or(Vec<LabelExpression>),
}

impl LabelExpression {
    /// The names, if it is one name or a choice of names.
    pub fn alternatives(&self) -> Option<Vec<&Name>> {
        match self {
            Self::Name(name) => Some(vec![name]),
            Self::Or(parts) => {
                parts.iter().map(|part| if let Self::Name(name) = part { Some(name) } else { None }).collect()
            }
            _ => None,
        }
    }

    /// All names in it.
    pub fn names(&self) -> Vec<&Name> {
        match self {
            Self::Name(name) => vec![name],
            Self::Any(_) => Vec::new(),
            Self::Not(inner) => inner.names(),
            Self::And(parts) | Self::Or(parts) => parts.iter().flat_map(Self::names).collect(),
        }
    }
}
