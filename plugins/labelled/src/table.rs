//! Labelled sentences from files: tables with a header row, the two-column tables of BioBERT, and JSON Lines; plain or
//! gzipped.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use csv::{ReaderBuilder, StringRecord};
use flate2::read::MultiGzDecoder;

use crate::error::LabelledError;
use crate::row::{Class, Label, LabelledSentence};

/// The first bytes of every gzip stream.
const GZIP_MAGIC: [u8; 2] = [0x1f, 0x8b];

/// What rows of GAD and of EU-ADR say of the set that they belong to.
const GAD: &str = "gad";
const EU_ADR: &str = "euadr";

/// What a file of labelled sentences holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labelled {
    /// Its rows in order.
    pub rows: Vec<LabelledSentence>,
}

/// Reads labelled sentences. Three kinds of file are told apart by their first line:
///
/// - **JSON Lines**: objects with `sentence` (masked) and `label`, and perhaps `source` (unmasked), `group`, `set`, `fold`.
/// - **A table with a header row**, tab-separated: columns `masked` or `sentence`, and `label`; perhaps
///   `associationType`, `raw_sentence`, `group`, `fold_as_test`. So are the tables of GAD and EU-ADR in `data/`.
/// - **Two columns without a header row**, sentence and label: a training file of BioBERT.
///
/// A `label` is 1, 0, true or false (related or not), or one of `associated`, `denied`, `unrelated`. An
/// `associationType` of GAD (Y, P, N, F) or EU-ADR (PA, SA, NA, FA) says more than the label beside it, and is taken.
///
/// # Errors
/// If the file cannot be read, is of no such kind, or has a row without sentence or label. Nothing is left out: a score
/// over part of a set is a score of another set.
pub fn read(path: &Path) -> Result<Labelled, LabelledError> {
    let mut source = open(path).map_err(|source| LabelledError::File { path: path.to_owned(), source })?;
    let failed = |source: io::Error| LabelledError::File { path: path.to_owned(), source };
    let first = first_line(&mut source).map_err(failed)?;
    let place = Place { path };
    let rows = if first.trim_start().starts_with('{') {
        read_json_lines(first, source, &place)
    } else {
        read_table(&first, source, &place)
    }?;
    if rows.is_empty() {
        return Err(LabelledError::Empty { path: path.to_owned() });
    }
    Ok(Labelled { rows })
}

fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    let mut raw = BufReader::new(File::open(path)?);
    let packed = raw.fill_buf()?.starts_with(&GZIP_MAGIC);
    Ok(if packed { Box::new(BufReader::new(MultiGzDecoder::new(raw))) } else { Box::new(raw) })
}

fn first_line(source: &mut dyn BufRead) -> io::Result<String> {
    let mut line = String::new();
    source.read_line(&mut line)?;
    Ok(line.trim_start_matches('\u{feff}').to_owned())
}

/// A file, for errors.
struct Place<'a> {
    path: &'a Path,
}

impl Place<'_> {
    fn format(&self, problem: impl Into<String>) -> LabelledError {
        LabelledError::Format { path: self.path.to_owned(), problem: problem.into() }
    }

    fn row(&self, line: u64, problem: impl Into<String>) -> LabelledError {
        LabelledError::Row { path: self.path.to_owned(), line, problem: problem.into() }
    }
}

fn read_json_lines(
    first: String,
    rest: Box<dyn BufRead>,
    place: &Place<'_>,
) -> Result<Vec<LabelledSentence>, LabelledError> {
    let mut rows = Vec::new();
    for (line, text) in (1..).zip(std::iter::once(Ok(first)).chain(rest.lines())) {
        let text = text.map_err(|source| LabelledError::File { path: place.path.to_owned(), source })?;
        if !text.trim().is_empty() {
            rows.push(from_json(&text, line).map_err(|problem| place.row(line, problem))?);
        }
    }
    Ok(rows)
}

fn from_json(text: &str, line: u64) -> Result<LabelledSentence, String> {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(text).map_err(|error| format!("not an object of JSON: {error}"))?;
    let word = |key: &str| match object.get(key) {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let masked = word("sentence").ok_or("the object has no `sentence`")?;
    let label = word("label").ok_or("the object has no `label`")?;
    let fold = word("fold").map(|fold| number(&fold)).transpose()?;
    let (source, group, set) = (word("source"), word("group"), word("set"));
    Ok(LabelledSentence { masked, label: label_of(&label)?, source, group, set, fold, line })
}

fn read_table(first: &str, rest: Box<dyn BufRead>, place: &Place<'_>) -> Result<Vec<LabelledSentence>, LabelledError> {
    let columns = Columns::of(first.trim_end_matches(['\r', '\n']))
        .map_err(|problem| place.format(format!("{problem}; expected columns `masked` (or `sentence`) and `label`")))?;
    let whole: Box<dyn Read> =
        if columns.header { Box::new(rest) } else { Box::new(io::Cursor::new(first.to_owned()).chain(rest)) };
    let skipped = u64::from(columns.header);
    let mut reader =
        ReaderBuilder::new().delimiter(b'\t').has_headers(false).quoting(false).flexible(true).from_reader(whole);
    let mut rows = Vec::new();
    for record in reader.records() {
        let record = record.map_err(|error| place.format(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line) + skipped;
        rows.push(columns.row(&record, line).map_err(|problem| place.row(line, problem))?);
    }
    Ok(rows)
}

/// Where a table has what.
#[derive(Debug, Default)]
struct Columns {
    header: bool,
    masked: usize,
    label: usize,
    kind: Option<usize>,
    source: Option<usize>,
    group: Option<usize>,
    fold: Option<usize>,
}

impl Columns {
    fn of(first: &str) -> Result<Self, String> {
        let names: Vec<&str> = first.split('\t').collect();
        let at = |wanted: &str| names.iter().position(|name| name.trim().eq_ignore_ascii_case(wanted));
        if let (Some(masked), Some(label)) = (at("masked").or_else(|| at("sentence")), at("label")) {
            return Ok(Self {
                header: true,
                masked,
                label,
                kind: at("associationType"),
                source: at("raw_sentence"),
                group: at("group"),
                fold: at("fold_as_test").or_else(|| at("fold")),
            });
        }
        match names[..] {
            [_, label] if label_of(label).is_ok() => Ok(Self { label: 1, ..Self::default() }),
            _ => Err(format!("the first line is {first:?}")),
        }
    }

    fn row(&self, record: &StringRecord, line: u64) -> Result<LabelledSentence, String> {
        let field = |index: Option<usize>| index.and_then(|index| record.get(index)).map(str::to_owned);
        let masked =
            field(Some(self.masked)).filter(|text| !text.trim().is_empty()).ok_or("the row has no sentence")?;
        let plain = label_of(record.get(self.label).ok_or("the row has no label")?)?;
        let (label, set) = match field(self.kind) {
            Some(kind) => {
                let (class, set) = class_of(&kind)?;
                (Label::Class(class), Some(set.to_owned()))
            }
            None => (plain, None),
        };
        if label.is_related() != plain.is_related() {
            return Err("label and associationType say different things".to_owned());
        }
        let fold = field(self.fold).map(|fold| number(&fold)).transpose()?;
        let (source, group) = (field(self.source), field(self.group));
        Ok(LabelledSentence { masked, label, source, group, set, fold, line })
    }
}

fn number(text: &str) -> Result<u32, String> {
    text.trim().parse().map_err(|_| format!("the fold {text:?} is not a whole number"))
}

fn label_of(text: &str) -> Result<Label, String> {
    match text.trim().to_lowercase().as_str() {
        "1" | "true" | "related" => Ok(Label::Related(true)),
        "0" | "false" | "not_related" => Ok(Label::Related(false)),
        "associated" => Ok(Label::Class(Class::Associated)),
        "denied" | "not_associated" => Ok(Label::Class(Class::Denied)),
        "unrelated" => Ok(Label::Class(Class::Unrelated)),
        other => Err(format!("{other:?} is no label; expected 1, 0, true, false, associated, denied or unrelated")),
    }
}

/// The class that letters of GAD or EU-ADR stand for, and whose letters they are.
fn class_of(kind: &str) -> Result<(Class, &'static str), String> {
    match kind.trim() {
        "Y" | "P" => Ok((Class::Associated, GAD)),
        "PA" | "SA" => Ok((Class::Associated, EU_ADR)),
        "N" => Ok((Class::Denied, GAD)),
        "NA" => Ok((Class::Denied, EU_ADR)),
        "F" => Ok((Class::Unrelated, GAD)),
        "FA" => Ok((Class::Unrelated, EU_ADR)),
        other => Err(format!("{other:?} is no associationType of GAD or EU-ADR")),
    }
}
