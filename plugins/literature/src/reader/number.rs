//! Numbers as programs write them: a data frame makes `2019.0` of a year, and other tools put it in quotation marks.

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The whole number that a text stands for: digits, perhaps with a fraction of zeros.
pub(super) fn whole(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = match text.split_once('.') {
        Some((digits, fraction)) if fraction.bytes().all(|byte| byte == b'0') => digits,
        Some(_) => return None,
        None => text,
    };
    digits.parse().ok()
}

/// The first number of four digits in a text, which is how a year stands in `2001`, `1998 Dec-1999 Jan` and `2019.0`.
pub(super) fn year(text: &str) -> Option<u16> {
    let mut numbers = text.split(|character: char| !character.is_ascii_digit());
    numbers.find(|number| number.len() == 4).and_then(|number| number.parse().ok())
}

/// Reads a whole number that is written as a number or as a text.
pub(super) fn deserialize<'de, D: Deserializer<'de>, N: TryFrom<u64>>(deserializer: D) -> Result<N, D::Error> {
    let value = Value::deserialize(deserializer)?;
    of_value(&value).ok_or_else(|| serde::de::Error::custom(format!("{value} is not a whole number")))
}

/// The same for a number that may be missing or `null`.
pub(super) fn deserialize_option<'de, D, N>(deserializer: D) -> Result<Option<N>, D::Error>
where
    D: Deserializer<'de>,
    N: TryFrom<u64>,
{
    let value = Value::deserialize(deserializer)?;
    match &value {
        Value::Null => Ok(None),
        Value::String(text) if text.trim().is_empty() => Ok(None),
        _ => match of_value(&value) {
            Some(number) => Ok(Some(number)),
            None => Err(serde::de::Error::custom(format!("{value} is not a whole number"))),
        },
    }
}

/// Reads a year that is written as a number, or as a text with a year in it.
pub(super) fn deserialize_year<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u16>, D::Error> {
    match Value::deserialize(deserializer)? {
        Value::Null => Ok(None),
        Value::String(text) => Ok(year(&text)),
        value => match of_value(&value) {
            Some(year) => Ok(Some(year)),
            None => Err(serde::de::Error::custom(format!("{value} is not a year"))),
        },
    }
}

fn of_value<N: TryFrom<u64>>(value: &Value) -> Option<N> {
    let number = match value {
        Value::Number(number) => number.as_u64().or_else(|| whole(&number.to_string())),
        Value::String(text) => whole(text),
        _ => None,
    };
    number.and_then(|number| N::try_from(number).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_numbers_and_years_are_known_in_every_dress() {
        for (text, number) in [("2019", Some(2019)), (" 7.0 ", Some(7)), ("2019.5", None), ("x", None), ("-1", None)] {
            assert_eq!(whole(text), number, "{text}");
        }
        for (text, number) in
            [("2019.0", Some(2019)), ("Winter 2001", Some(2001)), ("2020-05-01", Some(2020)), ("no", None)]
        {
            assert_eq!(year(text), number, "{text}");
        }
    }
}
