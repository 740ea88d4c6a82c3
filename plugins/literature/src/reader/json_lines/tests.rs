//! JSON Lines: the shapes that are read, and each way to be wrong.

use super::*;
use crate::Format;
use crate::reader::corpus::tests::read_text;

fn read_one(line: &str) -> Document {
    let items = read_text(Format::JsonLines, line);
    assert_eq!(items.len(), 1, "{items:?}");
    items.into_iter().next().unwrap().unwrap()
}

#[test]
fn a_line_becomes_a_document() {
    let document = read_one(
        r#"{"id": "PMID:1", "title": "BRCA1é", "abstract": "In gout.", "year": 2020, "journal": {"x": [1]},
            "annotations": [{"start": 0, "end": 5, "label": "Gene", "id": "672", "name": "BRCA1 DNA repair associated"},
                            {"start": 10, "end": 14, "label": "disease", "ids": ["D006073", "OMIM:1"], "text": "gout"}]}"#
            .replace('\n', " ")
            .as_str(),
    );
    assert_eq!(
        (document.identifier.as_str(), document.title.as_str(), document.year),
        ("PMID:1", "BRCA1é", Some(2020))
    );
    let passages: Vec<(usize, &str)> = document.passages.iter().map(|p| (p.start, p.text.as_str())).collect();
    assert_eq!(passages, [(0, "BRCA1é"), (7, "In gout.")]);
    let [gene, gout] = document.annotations.as_slice() else { panic!("{document:?}") };
    assert_eq!((gene.text.as_str(), gene.label.as_str()), ("BRCA1", "gene"));
    assert_eq!(gene.entities[0].identifier, "NCBIGene:672");
    assert_eq!(gene.entities[0].name.as_deref(), Some("BRCA1 DNA repair associated"));
    let ids: Vec<&str> = gout.entities.iter().map(|entity| entity.identifier.as_str()).collect();
    assert_eq!(ids, ["MESH:D006073", "OMIM:1"]);
}

#[test]
fn a_text_may_stand_alone() {
    let document = read_one(
        r#"{"id": 7, "title": "Kept for display", "text": "α and BRCA1.", "annotations": [{"start": 6, "end": 11, "label": "gene"}]}"#,
    );
    assert_eq!((document.identifier.as_str(), document.title.as_str()), ("7", "Kept for display"));
    assert_eq!(document.passages.len(), 1);
    assert_eq!(document.annotations[0].text, "BRCA1");
    assert_eq!(document.annotations[0].entities[0].identifier, "name:gene:brca1");
    assert_eq!(read_one(r#"{"id": "a", "abstract": "x", "annotations": null}"#).passages[0].start, 1);
}

#[test]
fn a_bad_line_is_rejected_with_its_column() {
    for (line, reason) in [
        ("{\"id\": \"a\", \"text\": \"b\"", "column 23: EOF while parsing an object"),
        ("[\"a\", \"b\", null, null, null, null]", "the line is not an object"),
        ("7", "column 1: invalid type: integer `7`, expected struct Record"),
        ("{\"text\": \"b\"}", "column 13: missing field `id`"),
        ("{\"id\": 1.5, \"text\": \"b\"}", "column 10: an id must be a string or a whole number"),
        ("{\"id\": \" \", \"text\": \"b\"}", "its `id` is empty"),
        ("{\"id\": \"a\"}", "has no text: give `text`, or `title` and `abstract`"),
        ("{\"id\": \"a\", \"text\": 5}", "column 21: invalid type: integer `5`, expected a string"),
        ("{\"id\": \"a\", \"text\": \"b\", \"year\": -3}", ": -3 is not a year"),
        ("{\"id\": \"a\", \"text\": \"b\", \"annotations\": [{\"start\": \"x\"}]}", ": \"x\" is not a whole number"),
    ] {
        let items = read_text(Format::JsonLines, &format!("\n{line}\n{{\"id\": \"ok\", \"text\": \"b\"}}\n"));
        let reject = items[0].as_ref().unwrap_err();
        assert_eq!((reject.kind, reject.location.line), (RejectKind::Record, 2), "{line}");
        assert!(reject.reason.ends_with(reason), "{line}: {}", reject.reason);
        assert_eq!(items[1].as_ref().unwrap().identifier, "ok", "{line}");
        assert_eq!(items.len(), 2, "{line}");
    }
}

#[test]
fn a_bad_annotation_costs_itself_only() {
    for (annotation, reason) in [
        (r#"{"start": 2, "end": 2, "label": "gene"}"#, "the end does not come after the start"),
        (r#"{"start": 0, "end": 9, "label": "gene"}"#, "0..9 lies outside the text, which has 4 characters"),
        (r#"{"start": 1, "end": 2, "label": "gene"}"#, "the span holds nothing but white space"),
        (r#"{"start": 0, "end": 1, "label": " "}"#, "the label is empty"),
        (
            r#"{"start": 0, "end": 1, "label": "gene", "text": "b"}"#,
            "the text has \"a\" where the annotation has \"b\"",
        ),
    ] {
        let line = format!(
            r#"{{"id": "x", "text": "a bc", "annotations": [{{"start": 2, "end": 4, "label": "gene"}}, {annotation}]}}"#
        );
        let items = read_text(Format::JsonLines, &line);
        let reject = items[0].as_ref().unwrap_err();
        assert_eq!((reject.kind, reject.record.as_str()), (RejectKind::Annotation, "x"), "{annotation}");
        assert_eq!(reject.reason, format!("annotation 2: {reason}"));
        assert_eq!(items[1].as_ref().unwrap().annotations.len(), 1, "{annotation}");
    }
}

#[test]
fn lists_long_documents_and_numbers_in_quotation_marks_are_read() {
    let one = |id: &str| format!("{{\"id\": {id}, \"text\": \"b\", \"year\": 2019.0, \"version\": \"2\"}}");
    let spread = |id: &str| one(id).replace(", ", ",\n  ").replace('}', "\n}");
    for text in [
        format!("[{}, {}]", one("1"), one("\"2\"")),
        format!("[\n{},\n{}\n]\n", spread("1.0"), one("2")),
        format!("{}\n{}\n", spread("1"), one("2")),
        format!("{}\n\n{}", one("1"), spread("2")),
    ] {
        let found: Vec<_> = read_text(Format::JsonLines, &text)
            .into_iter()
            .map(|item| item.map(|document| (document.identifier, document.year, document.version)).unwrap())
            .collect();
        assert_eq!(found, ["1", "2"].map(|id| (id.to_owned(), Some(2019), Some(2))), "{text}");
    }
    let cut = read_text(Format::JsonLines, &format!("[{}, {{\"id\"", one("1")));
    assert!(cut[0].is_ok() && cut[1].as_ref().unwrap_err().kind == RejectKind::File, "{cut:?}");
}
