//! Queries in the language: rows, the plan as a tree, and what is wrong with a text while it is being typed.

use std::time::Instant;

use hopgraph::QueryOptions;
use hopgraph::query::{Parameters, Prepared, QueryError, Value, highlight, json as values, parse::parse};
use serde::Deserialize;
use serde_json::{Map, Value as Json, json};

use super::text::utf16_range;
use super::{Answer, Failure, Request};
use crate::limits::ROWS_MAX;

/// Most bytes of rows, as JSON, that one answer holds. Behind it the answer says that there are more.
const ANSWER_BYTES: usize = 32 << 20;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct QueryQuestion {
    text: String,
    #[serde(default)]
    parameters: Map<String, Json>,
    #[serde(default = "a_thousand")]
    limit: u64,
}

fn a_thousand() -> u64 {
    1_000
}

/// The parameters of a query from JSON.
pub(super) fn parameters(json: Map<String, Json>) -> Result<Parameters, Failure> {
    let value = |(name, json): (String, Json)| match values::to_value(json) {
        Ok(value) => Ok((name, value)),
        Err(reason) => Err(Failure::question(format!("the parameter {name}: {reason}"))),
    };
    json.into_iter().map(value).collect()
}

/// The rows of a query: at most so many as asked for, each value as [`values::exact`] writes it. `more` says that there
/// were further rows.
pub(crate) fn query(request: &Request<'_>, question: QueryQuestion) -> Answer {
    let started = Instant::now();
    let parameters = parameters(question.parameters)?;
    let failed = |error: QueryError| Failure::of_query(&error, &question.text);
    let graph = request.service.graph();
    let mut rows = graph.query_with(&question.text, &parameters, &request.options()).map_err(failed)?;
    let columns = rows.columns().to_vec();
    let limit = question.limit.min(ROWS_MAX);
    let (mut list, mut bytes, mut more) = (Vec::new(), 0, false);
    for row in rows.by_ref() {
        let row = row.map_err(failed)?;
        if list.len() as u64 == limit || bytes > ANSWER_BYTES {
            more = true;
            break;
        }
        let row = Json::Array(row.iter().map(values::exact).collect());
        bytes += size(&row);
        list.push(row);
    }
    let summary = rows.summary();
    let written = json!({
        "nodes_created": summary.nodes_created,
        "nodes_deleted": summary.nodes_deleted,
        "relationships_created": summary.relationships_created,
        "relationships_deleted": summary.relationships_deleted,
        "properties_set": summary.properties_set,
        "labels_set": summary.labels_set,
    });
    if graph.is_writable() && written.as_object().is_some_and(|counts| counts.values().any(|count| count != 0)) {
        request.service.note_change();
    }
    Ok(json!({
        "columns": columns,
        "rows": list,
        "more": more,
        "written": written,
        "milliseconds": started.elapsed().as_secs_f64() * 1000.0,
    }))
}

/// About how many bytes a value takes in an answer.
fn size(json: &Json) -> usize {
    match json {
        Json::String(text) => text.len() + 2,
        Json::Array(values) => 2 + values.iter().map(|value| size(value) + 1).sum::<usize>(),
        Json::Object(map) => 2 + map.iter().map(|(key, value)| key.len() + 4 + size(value)).sum::<usize>(),
        _ => 8,
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ExplainQuestion {
    text: String,
    #[serde(default)]
    parameters: Map<String, Json>,
    /// Runs the query and counts the work of each step.
    #[serde(default)]
    profile: bool,
}

/// The plan of a query as a tree; each step with what it does and how many rows are expected.
pub(crate) fn explain(request: &Request<'_>, question: ExplainQuestion) -> Answer {
    let text = question.text.trim_start();
    let bare = ["EXPLAIN", "PROFILE"].iter().find_map(|word| {
        let begins = text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
        begins.then(|| &text[word.len()..])
    });
    let bare = bare.unwrap_or(text);
    // Its places are those of the text as it was typed.
    parse(bare).map_err(|error| Failure::of_query(&error, bare))?;
    let mode = if question.profile { "PROFILE" } else { "EXPLAIN" };
    let parameters = parameters(question.parameters)?;
    let rows = request.rows(&format!("{mode} {bare}"), &parameters)?;
    let lines = rows.into_iter().filter_map(|row| match row.into_iter().next() {
        Some(Value::Text(line)) => Some(line),
        _ => None,
    });
    Ok(json!({ "plan": tree(&lines.collect::<Vec<_>>()) }))
}

/// Lines that are indented by two spaces a step, as a tree.
fn tree(lines: &[String]) -> Json {
    let depth = |line: &str| (line.len() - line.trim_start_matches(' ').len()) / 2;
    let mut steps = Vec::new();
    let mut rest = lines;
    while let [first, further @ ..] = rest {
        let inside = further.iter().take_while(|line| depth(line) > depth(first)).count();
        steps.push(json!({ "step": first.trim_start(), "inputs": tree(&further[..inside]) }));
        rest = &further[inside..];
    }
    Json::Array(steps)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CheckQuestion {
    text: String,
}

/// What is wrong with a text, and what each piece of it is, for colours: the parser and the binder of the language say
/// so. Nothing is run.
pub(crate) fn check(request: &Request<'_>, question: CheckQuestion) -> Answer {
    let text = &question.text;
    let tokens: Vec<Json> = highlight::tokens(text)
        .into_iter()
        .map(|token| {
            let [from, to] = utf16_range(text, token.span.start, token.span.end);
            json!([from, to, token_name(token.kind)])
        })
        .collect();
    let error = match parse(text) {
        _ if text.trim().is_empty() => None,
        Err(error) => Some(error),
        Ok(_) => Prepared::new(request.service.graph().engine(), text).err(),
    };
    let error = error.map(|error| Failure::of_query(&error, text).json());
    Ok(json!({ "tokens": tokens, "error": error }))
}

fn token_name(kind: highlight::TokenKind) -> &'static str {
    use highlight::TokenKind as Kind;
    match kind {
        Kind::Keyword => "keyword",
        Kind::Label => "label",
        Kind::RelationType => "type",
        Kind::Variable => "variable",
        Kind::Function => "function",
        Kind::PropertyKey => "property",
        Kind::Text => "text",
        Kind::Number => "number",
        Kind::Parameter => "parameter",
        Kind::Comment => "comment",
        Kind::Error => "error",
        _ => "punctuation",
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct VerifyQuestion {
    source: u32,
    target: u32,
}

/// What the model of this server says of a pair, in every sentence that mentions both. Writes nothing.
pub(crate) fn verify(request: &Request<'_>, question: VerifyQuestion) -> Answer {
    if !request.service.has_model() {
        return Err(Failure::question("no model was given to this server: start it with --model DIR"));
    }
    let text = "MATCH (a), (b) WHERE id(a) = $source AND id(b) = $target RETURN a, b VERIFY (a)-(b)";
    let parameters = Parameters::from([
        ("source".to_owned(), Value::Integer(question.source.into())),
        ("target".to_owned(), Value::Integer(question.target.into())),
    ]);
    let options: QueryOptions = request.options();
    let mut rows = request.service.graph().query_with(text, &parameters, &options)?;
    let Some(row) = rows.next() else {
        return Err(Failure::missing("one of the two nodes is not there"));
    };
    let row = row?;
    let [_, _, verdict, probability, sentences] = &row[..] else {
        return Err(Failure::question("the verification gave no verdict"));
    };
    Ok(json!({
        "verdict": values::plain(verdict),
        "probability": values::plain(probability),
        "sentences": values::plain(sentences),
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indented_lines_become_a_tree() {
        let lines = ["Project", "  Apply", "    Scan a", "    Scan b", "  Row"].map(str::to_owned);
        let step = |step: &str, inputs: Json| json!({ "step": step, "inputs": inputs });
        let apply = step("Apply", json!([step("Scan a", json!([])), step("Scan b", json!([]))]));
        assert_eq!(tree(&lines), json!([step("Project", json!([apply, step("Row", json!([]))]))]));
    }

    #[test]
    fn the_size_of_a_value_is_about_that_of_its_text() {
        let value = json!({ "a": ["some text", 1, null], "b": { "c": "more" } });
        let length = value.to_string().len();
        assert!(size(&value) >= length && size(&value) < length + 40);
    }
}
