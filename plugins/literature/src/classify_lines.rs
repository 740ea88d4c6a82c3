//! Sentences as JSON Lines in, the same objects with the model's answers out: a classifier without a graph.
//!
//! A line is an object with masks in its sentence, or with the places of its two entities:
//!
//! ```json
//! {"id": 1, "sentence": "@GENE$ is not linked to @DISEASE$."}
//! {"id": 2, "text": "BRCA1 causes cancer.", "spans": [{"start": 0, "end": 5, "label": "gene"},
//!                                                     {"start": 13, "end": 19, "label": "disease"}]}
//! ```
//!
//! Every key is written back in its place, and `answer` and `probabilities` (an object from answer to probability) come
//! behind them, with `logits` and `token_ids` if they are asked for. A line that cannot be read comes out with `error` in
//! their place; one that is no object at all as `{"line": 3, "error": ...}`. There is one line out for each line in,
//! blank ones left aside, in the same order.

use std::io::{self, Read, Write};

use hopgraph_inference::{Classification, Classifier, InferenceError, Input, LabelledSpan, ModelDescription};
use serde_json::{Map, Value, json};

use crate::reader::{BadLine, LineSource, explain};

/// How to classify lines.
#[derive(Clone, Debug)]
pub struct ClassifyOptions {
    /// Also write `logits` and `token_ids`.
    pub logits: bool,
    /// How many lines the model is given at once; they are written when the last of them has been read.
    pub batch_lines: usize,
}

impl Default for ClassifyOptions {
    fn default() -> Self {
        Self { logits: false, batch_lines: 256 }
    }
}

/// How many lines were classified.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassifySummary {
    /// Lines with an answer.
    pub answered: u64,
    /// Lines with an error.
    pub errors: u64,
}

/// What can stop the classification of lines as a whole. What was written before stays.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClassifyError {
    /// The input broke off.
    #[error("cannot read on behind line {line}: {source}")]
    Read {
        /// The last line that was read.
        line: u64,
        /// What the system says.
        source: io::Error,
    },
    /// The output is not taken.
    #[error("cannot write the answers: {0}")]
    Write(io::Error),
    /// The model failed.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// A classifier broke its contract: it gave another number of results than it was asked for.
    #[error("the model {model} gave {found} results where {expected} were due; this is a fault in its classifier")]
    WrongCount {
        /// Name of the model.
        model: String,
        /// How many came.
        found: usize,
        /// How many were due.
        expected: usize,
    },
}

/// Classifies JSON Lines, plain or gzipped.
///
/// # Errors
/// If the input, the output or the model fails. A bad line is no error: it is written with its reason and counted.
pub fn classify_lines(
    source: impl Read + Send + 'static,
    output: &mut dyn Write,
    classifier: &dyn Classifier,
    options: &ClassifyOptions,
) -> Result<ClassifySummary, ClassifyError> {
    let mut lines = LineSource::new(source, "".into()).map_err(|source| ClassifyError::Read { line: 0, source })?;
    let mut summary = ClassifySummary::default();
    let mut failure = None;
    while failure.is_none() {
        let (rows, broken) = read_rows(&mut lines, options.batch_lines.max(1));
        if rows.is_empty() && broken.is_none() {
            return Ok(summary);
        }
        write_answers(rows, output, classifier, options, &mut summary)?;
        failure = broken;
    }
    failure.map_or(Ok(summary), Err)
}

/// A line, with what to ask of it or what is wrong with it.
struct Row {
    object: Map<String, Value>,
    input: Result<Input, String>,
}

/// Up to `count` rows, and the failure that ended them early.
fn read_rows(lines: &mut LineSource, count: usize) -> (Vec<Row>, Option<ClassifyError>) {
    let mut rows = Vec::new();
    while rows.len() < count {
        let row = match lines.next_line() {
            None => break,
            Some(Ok(line)) if line.trim().is_empty() => continue,
            Some(Ok(line)) => parse(&line, lines.location().line),
            Some(Err(BadLine::Line(reason))) => unreadable(lines.location().line, format!("the line {reason}")),
            Some(Err(BadLine::End(source))) => {
                return (rows, Some(ClassifyError::Read { line: lines.location().line, source }));
            }
        };
        rows.push(row);
    }
    (rows, None)
}

fn parse(line: &str, number: u64) -> Row {
    match serde_json::from_str(line) {
        Ok(Value::Object(object)) => Row { input: input_of(&object), object },
        Ok(_) => unreadable(number, "the line is not an object".to_owned()),
        Err(error) => unreadable(number, explain(&error)),
    }
}

fn unreadable(number: u64, reason: String) -> Row {
    let object = Map::from_iter([("line".to_owned(), json!(number))]);
    Row { object, input: Err(reason) }
}

/// What the model is asked.
fn input_of(object: &Map<String, Value>) -> Result<Input, String> {
    let string = |key: &str| match object.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text.clone())),
        Some(_) => Err(format!("`{key}` must be a string")),
    };
    if let Some(sentence) = string("sentence")? {
        return Ok(Input::Masked(sentence));
    }
    let text = string("text")?.ok_or("give `sentence` with the masks in it, or `text` with two `spans`")?;
    let spans = object.get("spans").and_then(Value::as_array).map(Vec::as_slice);
    let Some([first, second]) = spans else {
        return Err("`spans` must be a list of two objects with `start`, `end` and `label`".to_owned());
    };
    Ok(Input::Pair { text, spans: [span(first)?, span(second)?] })
}

fn span(value: &Value) -> Result<LabelledSpan, String> {
    let number = |key: &str| {
        let number = value.get(key).and_then(Value::as_u64).and_then(|number| usize::try_from(number).ok());
        number.ok_or_else(|| format!("`{key}` of a span must be a number of characters"))
    };
    let label = value.get("label").and_then(Value::as_str).ok_or("`label` of a span must be a string")?;
    Ok(LabelledSpan { start: number("start")?, end: number("end")?, label: label.to_owned() })
}

/// Classifies the rows that can be and writes all of them.
fn write_answers(
    rows: Vec<Row>,
    output: &mut dyn Write,
    classifier: &dyn Classifier,
    options: &ClassifyOptions,
    summary: &mut ClassifySummary,
) -> Result<(), ClassifyError> {
    let description = classifier.description();
    let inputs: Vec<Input> = rows.iter().filter_map(|row| row.input.clone().ok()).collect();
    let results = if inputs.is_empty() { Vec::new() } else { classifier.classify(&inputs)? };
    let (found, expected) = (results.len(), inputs.len());
    if found != expected {
        return Err(ClassifyError::WrongCount { model: description.name.clone(), found, expected });
    }
    let mut results = results.into_iter();
    for Row { mut object, input } in rows {
        let outcome = input.and_then(|_| {
            let result = results.next().expect("there is a result for each input");
            result.map_err(|error| error.to_string())
        });
        match outcome {
            Ok(classification) => {
                summary.answered += 1;
                add_answer(&mut object, &classification, description, options);
            }
            Err(reason) => {
                summary.errors += 1;
                object.insert("error".to_owned(), Value::String(reason));
            }
        }
        writeln!(output, "{}", Value::Object(object)).map_err(ClassifyError::Write)?;
    }
    output.flush().map_err(ClassifyError::Write)
}

fn add_answer(
    object: &mut Map<String, Value>,
    classification: &Classification,
    description: &ModelDescription,
    options: &ClassifyOptions,
) {
    let by_answer = |numbers: &[f32]| -> Value {
        let named = description.answers.iter().zip(numbers);
        named.map(|(answer, &number)| (answer.text.clone(), shortest(number))).collect::<Map<_, _>>().into()
    };
    let answer = description.answers.get(classification.answer).map(|answer| answer.text.clone());
    object.insert("answer".to_owned(), answer.into());
    object.insert("probabilities".to_owned(), by_answer(&classification.probabilities));
    if options.logits {
        object.insert("logits".to_owned(), by_answer(&classification.logits));
        object.insert("token_ids".to_owned(), classification.token_ids.clone().into());
    }
}

/// The number with as few digits as tell it from every other `f32`: 0.1, not 0.10000000149011612.
fn shortest(number: f32) -> Value {
    number.to_string().parse::<f64>().map_or(Value::Null, Value::from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hopgraph_inference::{Answer, InputError};
    use std::sync::Mutex;

    /// Says yes to sentences of even length and keeps the sizes of its batches.
    struct Parity {
        description: ModelDescription,
        batches: Mutex<Vec<usize>>,
    }

    impl Parity {
        fn new() -> Self {
            let answers = ["yes", "no"].map(|text| Answer { text: text.to_owned(), relation: None }).to_vec();
            let description = ModelDescription {
                name: "parity".to_owned(),
                weights_hash: String::new(),
                quantization: String::new(),
                prompt: String::new(),
                labels: ["gene".to_owned(), "disease".to_owned()],
                answers,
                threshold: 0.0,
            };
            Self { description, batches: Mutex::default() }
        }
    }

    impl Classifier for Parity {
        fn description(&self) -> &ModelDescription {
            &self.description
        }

        fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
            self.batches.lock().unwrap().push(inputs.len());
            Ok(inputs.iter().map(answer).collect())
        }
    }

    fn answer(input: &Input) -> Result<Classification, InputError> {
        let text = match input {
            Input::Masked(text) => text,
            Input::Pair { text, spans } if spans[1].end <= text.chars().count() => text,
            Input::Pair { .. } => return Err(InputError::TooLong { length: 9, limit: 8 }),
        };
        let answer = text.len() % 2;
        let probabilities = if answer == 0 { vec![0.9, 0.1] } else { vec![0.1, 0.9] };
        Ok(Classification { answer, probabilities, logits: vec![1.5, -2.25], token_ids: vec![1, 7] })
    }

    fn classify(text: &str, options: &ClassifyOptions) -> (String, ClassifySummary, Vec<usize>) {
        let (parity, mut output) = (Parity::new(), Vec::new());
        let source = io::Cursor::new(text.as_bytes().to_vec());
        let summary = classify_lines(source, &mut output, &parity, options).unwrap();
        (String::from_utf8(output).unwrap(), summary, parity.batches.into_inner().unwrap())
    }

    #[test]
    fn objects_come_back_with_their_keys_in_order() {
        let text = "{\"z\": [1, 2.50], \"sentence\": \"ab\", \"a\": null}\n\
                    {\"text\": \"aβc\", \"spans\": [{\"start\": 0, \"end\": 1, \"label\": \"gene\"},\
                     {\"start\": 2, \"end\": 3, \"label\": \"disease\"}], \"id\": \"x\"}\n";
        let (output, summary, _) = classify(text, &ClassifyOptions { logits: true, ..ClassifyOptions::default() });
        let expected = concat!(
            r#"{"z":[1,2.5],"sentence":"ab","a":null,"answer":"yes","probabilities":{"yes":0.9,"no":0.1},"#,
            r#""logits":{"yes":1.5,"no":-2.25},"token_ids":[1,7]}"#,
            "\n",
            r#"{"text":"aβc","spans":[{"start":0,"end":1,"label":"gene"},{"start":2,"end":3,"label":"disease"}],"#,
            r#""id":"x","answer":"yes","probabilities":{"yes":0.9,"no":0.1},"logits":{"yes":1.5,"no":-2.25},"#,
            r#""token_ids":[1,7]}"#,
            "\n",
        );
        assert_eq!(output, expected);
        assert_eq!(summary, ClassifySummary { answered: 2, errors: 0 });
    }

    #[test]
    fn a_bad_line_keeps_its_place_and_says_what_is_wrong() {
        let cases = [
            ("[1]", "\"line\":1", "not an object"),
            ("{\"id\": 3", "\"line\":1", "column 8: EOF"),
            ("{\"id\": 3}", "\"id\":3", "give `sentence`"),
            ("{\"sentence\": 3}", "\"sentence\":3", "`sentence` must be a string"),
            ("{\"text\": \"a\"}", "\"text\":\"a\"", "`spans` must be a list of two"),
            ("{\"text\": \"a\", \"spans\": [{}, {}]}", "\"text\"", "`label` of a span"),
            (
                "{\"text\": \"a\", \"spans\": [{\"label\": \"gene\", \"start\": -1, \"end\": 1}, {}]}",
                "\"text\"",
                "`start` of a span",
            ),
            (
                "{\"text\": \"a\", \"spans\": [{\"label\": \"g\", \"start\": 0, \"end\": 1}, \
                 {\"label\": \"d\", \"start\": 5, \"end\": 6}]}",
                "\"text\"",
                "9 tokens",
            ),
        ];
        for (line, kept, reason) in cases {
            let text = format!("{line}\n\n{{\"sentence\": \"a\"}}\n");
            let (output, summary, _) = classify(&text, &ClassifyOptions::default());
            let lines: Vec<&str> = output.lines().collect();
            assert_eq!(lines.len(), 2, "{line}");
            assert!(
                lines[0].contains(kept) && lines[0].contains("\"error\":") && lines[0].contains(reason),
                "{output}"
            );
            assert!(lines[1].contains("\"answer\":\"no\""), "{output}");
            assert_eq!(summary, ClassifySummary { answered: 1, errors: 1 }, "{line}");
        }
    }

    #[test]
    fn lines_are_classified_in_batches() {
        let text = "{\"sentence\": \"a\"}\n".repeat(7);
        let options = ClassifyOptions { batch_lines: 3, ..ClassifyOptions::default() };
        let (output, summary, batches) = classify(&text, &options);
        assert_eq!((output.lines().count(), summary.answered, batches), (7, 7, vec![3, 3, 1]));
    }

    #[test]
    fn what_was_read_before_a_break_is_still_answered() {
        use flate2::{Compression, write::GzEncoder};
        let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
        encoder.write_all("{\"sentence\": \"a\"}\n".repeat(10_000).as_bytes()).unwrap();
        let mut bytes = encoder.finish().unwrap();
        bytes.truncate(bytes.len() - 1_000);
        let mut output = Vec::new();
        let options = ClassifyOptions::default();
        let error = classify_lines(io::Cursor::new(bytes), &mut output, &Parity::new(), &options).unwrap_err();
        let lines = String::from_utf8(output).unwrap().lines().count();
        assert!(matches!(error, ClassifyError::Read { line, .. } if line == lines as u64), "{error} {lines}");
        assert!(lines > 5_000, "{lines}");
    }
}
