//! The values of arguments: each function reads one kind of text, and says what it expected.

use std::path::PathBuf;

use hopgraph::Value;
use hopgraph::query::json;

/// Reads `NAME=VALUE`.
pub(crate) fn parameter(text: &str) -> Result<(String, Value), String> {
    let (name, value) = text.split_once('=').ok_or("expected NAME=VALUE, such as name=BRCA1")?;
    let name = name.trim().trim_start_matches('$');
    if name.is_empty() {
        return Err("the name before `=` is missing".to_owned());
    }
    Ok((name.to_owned(), parameter_value(value)))
}

/// The value of a parameter: JSON if it is JSON and a value, else the text as it stands.
pub(crate) fn parameter_value(text: &str) -> Value {
    let json = serde_json::from_str(text).ok().and_then(|json| json::to_value(json).ok());
    json.unwrap_or_else(|| Value::Text(text.to_owned()))
}

pub(crate) fn corpus_format(text: &str) -> Result<hopgraph::literature::Format, String> {
    use hopgraph::literature::Format;
    let known = || Format::ALL.map(Format::name).join(", ");
    Format::ALL
        .into_iter()
        .find(|format| format.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("there is no format {text:?}; there are {}", known()))
}

pub(crate) fn export_format(text: &str) -> Result<hopgraph::tabular::ExportFormat, String> {
    use hopgraph::tabular::ExportFormat;
    let known = || ExportFormat::ALL.map(ExportFormat::name).join(", ");
    ExportFormat::ALL
        .into_iter()
        .find(|format| format.name().eq_ignore_ascii_case(text))
        .ok_or_else(|| format!("there is no format {text:?}; there are {}", known()))
}

pub(crate) fn output_format(text: &str) -> Result<hopgraph::literature::OutputFormat, String> {
    use hopgraph::literature::OutputFormat;
    let found = OutputFormat::ALL.into_iter().find(|format| format.name().eq_ignore_ascii_case(text));
    found.ok_or_else(|| format!("there is no format {text:?} to write; there are pubtator and jsonl"))
}

/// Reads `[LABEL=]FILE`.
pub(crate) fn lexicon(text: &str) -> Result<(Option<String>, PathBuf), String> {
    match text.split_once('=') {
        Some((label, file)) if !label.is_empty() && !label.contains(['/', '.']) => {
            Ok((Some(label.to_lowercase()), PathBuf::from(file)))
        }
        _ => Ok((None, PathBuf::from(text))),
    }
}

pub(crate) fn probability(text: &str) -> Result<f32, String> {
    text.parse()
        .ok()
        .filter(|value| (0.0..=1.0).contains(value))
        .ok_or_else(|| "expected a number from 0 to 1".to_owned())
}

pub(crate) fn share(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|value| *value > 0.0 && *value < 1.0)
        .ok_or_else(|| "expected a number between 0 and 1, such as 0.2".to_owned())
}

pub(crate) fn delimiter(text: &str) -> Result<u8, String> {
    match text.as_bytes() {
        _ if text.eq_ignore_ascii_case("tab") || text == "\\t" => Ok(b'\t'),
        [byte] if byte.is_ascii() && !byte.is_ascii_alphanumeric() => Ok(*byte),
        _ => Err("expected `tab` or one character such as `,` or `;`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_json_or_text() {
        let cases = [
            ("n=3", Value::Integer(3)),
            ("n=-2.5", Value::Float(-2.5)),
            ("n=true", Value::Boolean(true)),
            ("n=null", Value::Null),
            ("n=BRCA1", Value::Text("BRCA1".into())),
            ("n=\"3\"", Value::Text("3".into())),
            ("n=007", Value::Text("007".into())),
            ("n=a=b", Value::Text("a=b".into())),
            ("n=", Value::Text(String::new())),
            ("n=[1, \"x\"]", Value::List(vec![Value::Integer(1), Value::Text("x".into())])),
            ("$n={\"k\": 1}", Value::Map([("k".to_owned(), Value::Integer(1))].into())),
            ("n=18446744073709551615", Value::Float(18_446_744_073_709_551_615.0)),
        ];
        for (text, expected) in cases {
            assert_eq!(parameter(text), Ok(("n".to_owned(), expected)), "{text}");
        }
        assert!(parameter("name").unwrap_err().contains("NAME=VALUE"));
        assert!(parameter("=3").unwrap_err().contains("missing"));
    }

    #[test]
    fn delimiters_are_one_character() {
        for (text, expected) in [("tab", Some(b'\t')), (";", Some(b';')), ("ab", None), ("x", None), ("é", None)] {
            assert_eq!(delimiter(text).ok(), expected, "{text}");
        }
    }
}
