//! One field of a row as a property value.

use hopgraph_engine::PropertyValue;

use crate::columns::{PropertyKind, ScalarKind};

/// What separates the elements of a list, as in neo4j-admin.
pub(crate) const LIST_SEPARATOR: char = ';';

/// The value of a field; `None` for an empty one, which stands for no value.
pub(crate) fn property(text: &str, kind: PropertyKind) -> Result<Option<PropertyValue>, String> {
    if text.is_empty() {
        return Ok(None);
    }
    match kind {
        PropertyKind::One(scalar) => self::scalar(text, scalar).map(Some),
        PropertyKind::List(scalar) => {
            let values: Result<_, _> =
                text.split(LIST_SEPARATOR).map(|element| self::scalar(element, scalar)).collect();
            Ok(Some(PropertyValue::List(values?)))
        }
    }
}

fn scalar(text: &str, kind: ScalarKind) -> Result<PropertyValue, String> {
    let trimmed = text.trim();
    match kind {
        ScalarKind::Text => Some(PropertyValue::Text(text.to_owned())),
        ScalarKind::Integer => trimmed.parse().ok().map(PropertyValue::Integer),
        ScalarKind::Float => trimmed.parse().ok().map(PropertyValue::Float),
        ScalarKind::Boolean => boolean(trimmed).map(PropertyValue::Boolean),
    }
    .ok_or_else(|| format!("{text:?} is not {}", kind.article_and_name()))
}

fn boolean(text: &str) -> Option<bool> {
    match text {
        _ if text.eq_ignore_ascii_case("true") => Some(true),
        _ if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

/// The labels of a field: separated by `;`, empty ones left out.
pub(crate) fn labels(text: &str) -> impl Iterator<Item = &str> {
    text.split(LIST_SEPARATOR).map(str::trim).filter(|label| !label.is_empty())
}

/// The synonyms of a field: separated by `|` if it has one, else by `;`, since names of chemicals hold semicolons.
pub(crate) fn synonyms(text: &str) -> impl Iterator<Item = &str> {
    let separator = if text.contains('|') { '|' } else { LIST_SEPARATOR };
    text.split(separator).map(str::trim).filter(|synonym| !synonym.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_become_values_of_their_kind() {
        let one = PropertyKind::One;
        let cases = [
            ("42", one(ScalarKind::Integer), Some(PropertyValue::Integer(42))),
            (" -7 ", one(ScalarKind::Integer), Some(PropertyValue::Integer(-7))),
            ("1e-3", one(ScalarKind::Float), Some(PropertyValue::Float(0.001))),
            ("TRUE", one(ScalarKind::Boolean), Some(PropertyValue::Boolean(true))),
            (" as is ", one(ScalarKind::Text), Some(PropertyValue::Text(" as is ".to_owned()))),
            ("", one(ScalarKind::Integer), None),
            (
                "1;2",
                PropertyKind::List(ScalarKind::Integer),
                Some(PropertyValue::List(vec![PropertyValue::Integer(1), PropertyValue::Integer(2)])),
            ),
        ];
        for (text, kind, expected) in cases {
            assert_eq!(property(text, kind).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_field_of_the_wrong_kind_says_what_it_should_be() {
        let cases = [
            ("4.5", ScalarKind::Integer, "\"4.5\" is not a whole number"),
            ("many", ScalarKind::Float, "\"many\" is not a number"),
            ("yes", ScalarKind::Boolean, "\"yes\" is not true or false"),
        ];
        for (text, kind, expected) in cases {
            assert_eq!(property(text, PropertyKind::One(kind)).unwrap_err(), expected);
        }
    }

    #[test]
    fn synonyms_split_at_bars_before_semicolons() {
        let cases: [(&str, &[&str]); 4] =
            [("a;b", &["a", "b"]), ("a;1|b", &["a;1", "b"]), ("", &[]), (" a | |b ", &["a", "b"])];
        for (text, expected) in cases {
            assert_eq!(synonyms(text).collect::<Vec<_>>(), expected, "{text:?}");
        }
    }
}
