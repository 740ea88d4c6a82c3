//! What is written is read back the same by the readers.

use super::*;
use crate::reader::{Format, read_text};
use crate::{Annotation, Entity, PassageKind};

fn document() -> (Document, Vec<TaggedMention>) {
    let passage = |start, text: &str| Passage { start, text: text.to_owned(), kind: PassageKind::Prose };
    let document = Document {
        identifier: "PMID:7".to_owned(),
        title: "HFE in β-thalassemia.".to_owned(),
        year: Some(2001),
        version: Some(20_010_203),
        passages: vec![
            passage(0, "HFE in β-thalassemia."),
            passage(40, "AIM: One\ttwo."),
            passage(60, "RESULTS: iron overload."),
        ],
        ..Document::default()
    };
    let mention = |start, text: &str, label: &str, identifiers: &[&str]| TaggedMention {
        annotation: Annotation {
            start,
            end: start + text.chars().count(),
            label: label.to_owned(),
            text: text.to_owned(),
            entities: identifiers.iter().map(|id| Entity { identifier: (*id).to_owned(), name: None }).collect(),
        },
        candidates: vec![ScoredEntity { identifier: identifiers[0].to_owned(), label: label.to_owned(), score: 0.75 }],
    };
    let mentions = vec![
        mention(0, "HFE", "gene", &["NCBIGene:3077"]),
        mention(7, "β-thalassemia", "disease", &["MESH:D017086", "OMIM:613985"]),
        mention(69, "iron overload", "disease", &["name:disease:iron overload"]),
    ];
    (document, mentions)
}

fn written(format: OutputFormat) -> String {
    let (document, mentions) = document();
    let mut bytes = Vec::new();
    format.write(&document, &mentions, &mut bytes).unwrap();
    String::from_utf8(bytes).unwrap()
}

#[test]
fn both_formats_are_read_back() {
    let (_, mentions) = document();
    for (format, reader) in [(OutputFormat::PubTator, Format::PubTator), (OutputFormat::JsonLines, Format::JsonLines)] {
        let text = written(format);
        let items = read_text(reader, &text);
        let [Ok(read)] = items.as_slice() else { panic!("{text}: {items:?}") };
        assert_eq!((read.identifier.as_str(), read.title.as_str()), ("PMID:7", "HFE in β-thalassemia."));
        let expected: Vec<_> = mentions
            .iter()
            .map(|m| (m.annotation.text.as_str(), m.annotation.label.as_str(), &m.annotation.entities))
            .collect();
        let found: Vec<_> = read.annotations.iter().map(|a| (a.text.as_str(), a.label.as_str(), &a.entities)).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn the_shapes_are_as_documented() {
    let text = written(OutputFormat::PubTator);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[..2], ["7|t|HFE in β-thalassemia.", "7|a|AIM: One two. RESULTS: iron overload."]);
    assert_eq!(
        lines[2..5],
        [
            "7\t0\t3\tHFE\tGene\t3077",
            "7\t7\t20\tβ-thalassemia\tDisease\tMESH:D017086|OMIM:613985",
            "7\t45\t58\tiron overload\tDisease\t-"
        ]
    );
    assert!(text.ends_with("\t-\n\n"));
    let json: serde_json::Value = serde_json::from_str(&written(OutputFormat::JsonLines)).unwrap();
    assert_eq!(json["abstract"], "AIM: One\ttwo.\n\nRESULTS: iron overload.");
    assert_eq!(json["annotations"][0]["candidates"][0]["score"], 0.75);
    assert_eq!((&json["year"], &json["version"]), (&2001.into(), &20_010_203.into()));
}

#[test]
fn a_document_that_is_gone_keeps_its_status_in_json() {
    let gone = Document { identifier: "PMID:8".to_owned(), status: DocumentStatus::Deleted, ..Document::default() };
    let mut bytes = Vec::new();
    OutputFormat::JsonLines.write(&gone, &[], &mut bytes).unwrap();
    let items = read_text(Format::JsonLines, std::str::from_utf8(&bytes).unwrap());
    assert_eq!(items[0].as_ref().unwrap().status, DocumentStatus::Deleted);
    let mut none = Vec::new();
    OutputFormat::PubTator.write(&gone, &[], &mut none).unwrap();
    assert!(none.is_empty());
}
