//! PubTator: the parts of a record, what is rejected, and how offsets are understood.

use super::*;
use crate::Format;
use crate::reader::corpus::tests::read_text;

fn read(text: &str) -> Vec<Result<Document, Reject>> {
    read_text(Format::PubTator, text)
}

/// Each document as `identifier: annotations`, each reject as `line kind: reason`.
fn outline(text: &str) -> Vec<String> {
    read(text)
        .into_iter()
        .map(|item| match item {
            Ok(document) => {
                let annotations: Vec<String> = document.annotations.iter().map(outline_annotation).collect();
                format!("{}: {}", document.identifier, annotations.join(" "))
            }
            Err(reject) => format!("{} {}: {}", reject.location.line, reject.kind.name(), reject.reason),
        })
        .collect()
}

fn outline_annotation(annotation: &Annotation) -> String {
    let Annotation { start, end, label, text, entities } = annotation;
    let ids: Vec<&str> = entities.iter().map(|entity| entity.identifier.as_str()).collect();
    format!("{start}..{end} {label} {text:?} {}", ids.join("+"))
}

#[test]
fn a_record_becomes_a_document() {
    let text = "12|t|BRCA1 and gout\r\n12|a|We saw gout.\r\n12\t0\t5\tBRCA1\tGeneOrGeneProduct\t672\r\n\
                12\t22\t26\tgout\tDiseaseOrPhenotypicFeature\tD006073\r\n12\tAssociation\t672\tD006073\tNovel\r\n\r\n";
    let documents: Vec<Document> = read(text).into_iter().map(Result::unwrap).collect();
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!((document.identifier.as_str(), document.title.as_str()), ("PMID:12", "BRCA1 and gout"));
    assert_eq!((document.year, &*document.location.file, document.location.line), (None, "test", 1));
    let passages: Vec<(usize, &str)> = document.passages.iter().map(|p| (p.start, p.text.as_str())).collect();
    assert_eq!(passages, [(0, "BRCA1 and gout"), (15, "We saw gout.")]);
    let annotations: Vec<String> = document.annotations.iter().map(outline_annotation).collect();
    assert_eq!(annotations, ["0..5 gene \"BRCA1\" NCBIGene:672", "22..26 disease \"gout\" MESH:D006073"]);
}

#[test]
fn records_end_at_blank_lines_titles_and_the_end_of_the_file() {
    assert_eq!(outline("1|t|a\n2|t|b\n2|a|c\n\n\n3|t|d\n\n4|t|e"), ["PMID:1: ", "PMID:2: ", "PMID:3: ", "PMID:4: "]);
    assert!(outline("").is_empty() && outline("\n \n").is_empty());
    assert_eq!(outline("PMC7|t|a"), ["PMC7: "]);
}

#[test]
fn ids_of_every_kind_are_understood() {
    let record = |line: &str| format!("1|t|abc def\n1|a|\n1\t0\t3\tabc\t{line}\n");
    for (line, expected) in [
        ("Disease\tD001|D002", "MESH:D001+MESH:D002"),
        ("Gene\t596,581", "NCBIGene:596+NCBIGene:581"),
        ("Disease\t-1", "name:disease:abc"),
        ("Chemical\t-", "name:chemical:abc"),
        ("Species", "name:species:abc"),
        ("DNAMutation\tc|SUB|A|5|G", "PMID:1#c|SUB|A|5|G"),
        ("Disease\tMESH:D001\tmore\tcolumns", "MESH:D001"),
    ] {
        let outlined = outline(&record(line));
        assert_eq!(outlined.len(), 1, "{outlined:?}");
        assert!(outlined[0].ends_with(expected), "{line}: {outlined:?}");
    }
}

#[test]
fn the_parts_of_a_composite_mention_name_its_entities() {
    let text = "1|t|cardiac and renal failure\n1\t0\t25\tcardiac and renal failure\tDisease\tD1|D2\tcardiac failure|renal failure\n";
    let documents: Vec<Document> = read(text).into_iter().map(Result::unwrap).collect();
    let entities = &documents[0].annotations[0].entities;
    let names: Vec<Option<&str>> = entities.iter().map(|entity| entity.name.as_deref()).collect();
    assert_eq!(names, [Some("cardiac failure"), Some("renal failure")]);
}

#[test]
fn a_bad_annotation_costs_itself_only() {
    let good = "1\t0\t3\tabc\tGene\t5";
    for (line, reason) in [
        ("1\t0\t3\txyz\tGene\t5", "the text has \"abc\" where the annotation has \"xyz\""),
        ("1\t0\t99\tabc\tGene\t5", "the span lies outside the text, which has 8 characters"),
        ("1\t3\t3\t\tGene\t5", "the end does not come after the start"),
        ("1\t3\t0\tabc\tGene\t5", "the end does not come after the start"),
        ("1\t3\t4\t \tGene\t5", "the span holds nothing but white space"),
        ("1\t0x\t3\tabc\tGene\t5", "the start is not a whole number"),
        ("1\t-1\t3\tabc\tGene\t5", "the start is not a whole number"),
        ("1\t0\tx\tabc\tGene\t5", "the end is not a whole number"),
        ("1\t0\t99999999999999999999\tabc\tGene\t5", "the end is not a whole number"),
        ("1\t0\t3\tabc", "an annotation needs id, start, end, mention and type"),
        ("1\t0\t3\tabc\t \t5", "the type is empty"),
        ("2\t0\t3\tabc\tGene\t5", "names another record than the one it stands in"),
        ("some words", "is neither an annotation (id, start, end, mention, type, entity id) nor a relation"),
        ("1|a|again", "a second abstract in one record"),
        ("2|a|other", "an abstract without a title line before it"),
    ] {
        let outlined = outline(&format!("1|t|abc\n1|a|defg\n{line}\n{good}\n"));
        let expected = [format!("3 annotation: {reason}"), "PMID:1: 0..3 gene \"abc\" NCBIGene:5".to_owned()];
        assert_eq!(outlined, expected, "{line}");
    }
}

#[test]
fn lines_outside_a_record_are_rejected_one_by_one() {
    let outlined = outline("1\t0\t3\tabc\tGene\t5\nx\n1|a|text\n\n2|t|abc\n");
    let outside = "annotation: stands outside a record";
    let expected = [
        format!("1 {outside}"),
        format!("2 {outside}"),
        "3 annotation: an abstract without a title line before it".to_owned(),
        "PMID:2: ".to_owned(),
    ];
    assert_eq!(outlined, expected);
}

#[test]
fn a_line_that_is_not_text_costs_its_record_or_itself() {
    let bytes = |parts: &[&[u8]]| {
        let input = Input::new(std::io::Cursor::new(parts.concat()), "test".into()).unwrap();
        PubTator::new(input).map(|item| item.map(|d| (d.identifier, d.annotations.len()))).collect::<Vec<_>>()
    };
    let found =
        bytes(&[b"1|t|abc\n1|a|\xff\n1\t0\t3\tabc\tGene\t5\n\n2|t|abc\n2|a|d\n2\t0\t3\t\xff\n2\t0\t3\tabc\tGene\t5\n"]);
    let kinds: Vec<_> =
        found.iter().map(|item| item.as_ref().map_err(|reject| (reject.kind, reject.location.line))).collect();
    let expected = [Err((RejectKind::Record, 2)), Err((RejectKind::Annotation, 7)), Ok(&("PMID:2".to_owned(), 1))];
    assert_eq!(kinds, expected);
}

#[test]
fn a_record_that_is_cut_off_is_not_taken() {
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::none());
    for number in 0..1_000 {
        write!(encoder, "{number}|t|Some title\n{number}|a|Some text that goes on.\n\n").unwrap();
    }
    let mut bytes = encoder.finish().unwrap();
    bytes.truncate(30_000);
    let input = Input::new(std::io::Cursor::new(bytes), "test".into()).unwrap();
    let mut items: Vec<Result<Document, Reject>> = PubTator::new(input).collect();
    let last = items.pop().unwrap().unwrap_err();
    assert_eq!(last.kind, RejectKind::File, "{last:?}");
    assert!(last.reason.contains("breaks off"), "{last:?}");
    let whole: Vec<Document> = items.into_iter().map(Result::unwrap).collect();
    assert!(whole.len() > 400 && whole.iter().all(|document| document.passages.len() == 2), "{}", whole.len());
}

#[test]
fn offsets_may_count_characters_bytes_or_utf16_and_skip_white_space_behind_the_title() {
    // "é" is 1 character, 2 bytes, 1 unit; "🧬" is 1 character, 4 bytes, 2 units.
    for (title, start, end) in [
        ("é🧬 x", 5, 9),
        ("é🧬 x", 9, 13),
        ("é🧬 x", 6, 10),
        ("é🧬 x  ", 5, 9),
        ("é🧬 x  ", 7, 11),
        ("é🧬 x  ", 11, 15),
        ("plain", 6, 10),
        ("plain ", 6, 10),
        ("plain ", 7, 11),
    ] {
        let text = format!("1|t|{title}\n1|a|gout.\n1\t{start}\t{end}\tgout\tDisease\tD1\n");
        let documents: Vec<Document> = read(&text).into_iter().map(Result::unwrap).collect();
        let annotation = &documents[0].annotations[0];
        let abstract_passage = &documents[0].passages[1];
        let within = annotation.start - abstract_passage.start..annotation.end - abstract_passage.start;
        assert_eq!((within, abstract_passage.text.as_str()), (0..4, "gout."), "{title:?} {start}");
    }
}

#[test]
fn one_wrong_annotation_does_not_change_how_the_others_are_counted() {
    let text =
        "1|t|ééé\n1|a|gout and flu\n1\t4\t8\tgout\tDisease\tD1\n1\t13\t16\tflu\tDisease\tD2\n1\t0\t2\té\tGene\t1\n";
    let outlined = outline(text);
    assert_eq!(outlined.len(), 2, "{outlined:?}");
    assert!(outlined[1].contains("4..8 disease") && outlined[1].contains("13..16 disease"), "{outlined:?}");
}

#[test]
fn real_corpora_are_read_whole() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/biored/Dev.PubTator");
    let documents: Vec<Document> = crate::Corpus::open(&[path], None).unwrap().map(Result::unwrap).collect();
    let annotations: Vec<&Annotation> = documents.iter().flat_map(|document| &document.annotations).collect();
    let count = |label: &str| annotations.iter().filter(|annotation| annotation.label == label).count();
    assert_eq!((documents.len(), annotations.len()), (100, 3_533));
    let labels = ["gene", "disease", "chemical", "species", "variant", "cell_line"].map(count);
    assert_eq!(labels, [1_087, 982, 822, 370, 250, 22]);
}
