//! Rows in every format: tables of values and the text that they become.

use std::collections::BTreeMap;

use hopgraph::engine::{Edge, Interruption, NodeId, RelationTypeId};
use hopgraph::{NodeValue, PathValue, QueryError, RelationshipValue, Value};

use super::{Format, Layout, Notation, Row, WriteError, Written, write_rows};

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn node(id: u32, name: &str, label: &str) -> NodeValue {
    let properties = if name.is_empty() { BTreeMap::new() } else { BTreeMap::from([("name".to_owned(), text(name))]) };
    NodeValue { id: NodeId::new(id), labels: vec![label.to_owned()], properties }
}

fn relationship(source: u32, target: u32, relation_type: &str) -> RelationshipValue {
    let edge = Edge { relation: RelationTypeId::new(0), source: NodeId::new(source), target: NodeId::new(target) };
    RelationshipValue { edge, relation_type: relation_type.to_owned(), properties: BTreeMap::new() }
}

fn render(columns: &[&str], rows: Vec<Row>, format: Format, width: Option<u16>) -> String {
    let (text, outcome) = render_all(columns, rows.into_iter().map(Ok).collect(), format, width, None);
    outcome.unwrap();
    text
}

fn render_all(
    columns: &[&str],
    rows: Vec<Result<Row, QueryError>>,
    format: Format,
    width: Option<u16>,
    limit: Option<u64>,
) -> (String, Result<Written, WriteError>) {
    let columns: Vec<String> = columns.iter().map(|&column| column.to_owned()).collect();
    let layout = Layout { width, styled: false };
    let mut out = Vec::new();
    let mut rows = rows.into_iter();
    let written = write_rows(&columns, &mut rows, format, &layout, &Notation::default(), limit, &mut out);
    (String::from_utf8(out).unwrap(), written)
}

#[test]
fn values_read_as_they_are_written_in_the_language() {
    let path = PathValue {
        nodes: vec![node(1, "BRCA1", "gene"), node(2, "breast cancer", "disease"), node(3, "", "gene")],
        relationships: vec![relationship(1, 2, "causes"), relationship(3, 2, "causes")],
    };
    let cases = [
        (Value::Null, "null"),
        (Value::Boolean(true), "true"),
        (Value::Integer(-3), "-3"),
        (Value::Float(2.0), "2.0"),
        (Value::Float(f64::from(0.931_234_5_f32)), "0.931234"),
        (Value::Float(1.0 / 3.0), "0.333333"),
        (Value::Float(1.5e-9), "1.5e-9"),
        (Value::Float(f64::NAN), "NaN"),
        (text("it's"), "it's"),
        (text("a\nb\u{1b}[31m"), "a\\nb\\u{1b}[31m"),
        (Value::List(vec![text("it's"), Value::Integer(1)]), "['it\\'s', 1]"),
        (Value::Map(BTreeMap::from([("k".to_owned(), text("v"))])), "{k: 'v'}"),
        (Value::Node(Box::new(node(7, "BRCA1", "gene"))), "(BRCA1:gene)"),
        (Value::Node(Box::new(node(7, "", "gene"))), "(#7:gene)"),
        (Value::Relationship(Box::new(relationship(1, 2, "treats"))), "-[treats]->"),
        (Value::Path(Box::new(path)), "(BRCA1:gene)-[causes]->(breast cancer:disease)<-[causes]-(#3:gene)"),
    ];
    for (value, expected) in cases {
        assert_eq!(Notation::default().cell(&value), expected);
    }
}

#[test]
fn tables_align_numbers_to_the_right() {
    let rows = vec![
        vec![text("BRCA1"), Value::Integer(2), Value::Float(0.5)],
        vec![text("TP53"), Value::Integer(120), Value::Null],
    ];
    let expected = [" gene   hops     p", "──────────────────", " BRCA1     2   0.5", " TP53    120  null"];
    assert_eq!(render(&["gene", "hops", "p"], rows, Format::Table, None).lines().collect::<Vec<_>>(), expected);
}

#[test]
fn tables_fit_the_terminal_and_cut_what_is_too_long() {
    let long = "word ".repeat(200);
    let rows = vec![vec![text("BRCA1"), text(&long)]];
    let narrow = render(&["gene", "sentence"], rows.clone(), Format::Table, Some(40));
    assert!(narrow.lines().all(|line| line.chars().count() <= 40), "{narrow}");
    assert!(narrow.contains('…'), "{narrow}");
    let wide = render(&["gene", "sentence"], rows, Format::Table, None);
    assert!(wide.contains(long.trim_end()), "a pipe gets the whole text");
}

#[test]
fn an_answer_without_rows_shows_its_columns() {
    let cases = [(Format::Table, " n\n──\n"), (Format::Csv, "n\n"), (Format::Json, "[]\n"), (Format::Jsonl, "")];
    for (format, expected) in cases {
        assert_eq!(render(&["n"], Vec::new(), format, None), expected, "{format:?}");
    }
    assert_eq!(render(&[], Vec::new(), Format::Table, None), "");
    assert_eq!(render(&[], Vec::new(), Format::Csv, None), "");
}

#[test]
fn csv_quotes_what_needs_it() {
    let rows = vec![
        vec![text("a, \"b\""), Value::Null, Value::Float(0.1)],
        vec![text("two\nlines"), Value::List(vec![Value::Integer(1), text("x")]), Value::Boolean(false)],
    ];
    let expected = "x,y,z\n\"a, \"\"b\"\"\",,0.1\n\"two\nlines\",\"[1,\"\"x\"\"]\",false\n";
    assert_eq!(render(&["x", "y", "z"], rows, Format::Csv, None), expected);
}

#[test]
fn json_keeps_the_columns_in_order_and_has_no_nan() {
    let rows = vec![
        vec![Value::Node(Box::new(node(7, "BRCA1", "gene"))), Value::Float(f64::NAN)],
        vec![Value::Relationship(Box::new(relationship(1, 2, "treats"))), Value::Float(f64::INFINITY)],
    ];
    let first = r#"{"z":{"id":7,"labels":["gene"],"properties":{"name":"BRCA1"}},"a":null}"#;
    let second = r#"{"z":{"type":"treats","source":1,"target":2,"properties":{}},"a":null}"#;
    assert_eq!(render(&["z", "a"], rows.clone(), Format::Json, None), format!("[\n{first},\n{second}\n]\n"));
    assert_eq!(render(&["z", "a"], rows, Format::Jsonl, None), format!("{first}\n{second}\n"));
}

#[test]
fn rows_past_the_limit_are_not_shown_but_told() {
    let rows = || (0..5).map(|number| Ok(vec![Value::Integer(number)])).collect();
    for (limit, rows_shown, more) in [(Some(3), 3, true), (Some(5), 5, false), (None, 5, false)] {
        let (text, written) = render_all(&["n"], rows(), Format::Csv, None, limit);
        assert_eq!(written.unwrap(), Written { rows: rows_shown, more });
        assert_eq!(text.lines().count() as u64, rows_shown + 1);
    }
}

#[test]
fn a_failure_half_way_shows_the_rows_before_it_in_a_closed_form() {
    let rows = vec![Ok(vec![Value::Integer(1)]), Err(QueryError::from(Interruption::Cancelled))];
    let (text, outcome) = render_all(&["n"], rows, Format::Json, None, None);
    assert!(matches!(outcome, Err(WriteError::Query(_))));
    assert_eq!(text, "[\n{\"n\":1}\n]\n");
}

#[test]
fn long_answers_come_as_several_tables() {
    let rows = (0..2500).map(|number| vec![Value::Integer(number)]).collect();
    let text = render(&["n"], rows, Format::Table, None);
    assert_eq!(text.lines().filter(|line| line.trim() == "n").count(), 3);
    assert_eq!(text.lines().filter(|line| line.trim().parse::<u64>().is_ok()).count(), 2500);
}
