//! The same documents in both shapes of BioC, offsets in every unit, and broken files.

use crate::reader::Format;
use crate::reader::corpus::tests::read_text;
use crate::{Document, PassageKind, RejectKind};

const XML: &str = "<?xml version='1.0'?><!DOCTYPE collection SYSTEM 'BioC.dtd'><collection><source>x</source>\n\
<document><id>12</id><passage><infon key=\"type\">title</infon><infon key=\"year\">2001</infon><offset>0</offset>\
<text>HFE &amp; iron.</text><annotation id='0'><infon key=\"type\">GeneOrGeneProduct</infon>\
<infon key=\"identifier\">3077</infon><location offset='0' length='3'/><text>HFE</text></annotation></passage>\n\
<passage><infon key=\"type\">abstract</infon><offset>12</offset><text>The β-chain in iron overload.</text>\
<annotation id='1'><infon key=\"type\">Disease</infon><infon key=\"MESH\">D019190</infon>\
<location offset='27' length='13'/><text>iron overload</text></annotation>\
<annotation id='2'><infon key=\"type\">Disease</infon><location offset='13' length='2'/><text>xx</text></annotation>\
</passage></document><document><passage/></document></collection>";

const JSON: &str = "{\"source\": \"a [\\\"{\", \"documents\": [\n{\"id\": \"12\", \"passages\": [{\"offset\": 0, \
\"infons\": {\"type\": \"title\", \"year\": 2001}, \"text\": \"HFE & iron.\", \"annotations\": [{\"id\": \"0\", \"infons\": \
{\"type\": \"Gene\", \"identifier\": \"3077\"}, \"text\": \"HFE\", \"locations\": [{\"offset\": 0, \"length\": 3}]}]},\
{\"offset\": 12, \"infons\": {\"type\": \"abstract\"}, \"text\": \"The β-chain in iron overload.\", \"annotations\": [\
{\"infons\": {\"type\": \"Disease\", \"identifier\": \"MESH:D019190\"}, \"text\": \"iron overload\", \"locations\": \
[{\"offset\": 28, \"length\": 13}]}, {\"infons\": {\"type\": \"Disease\"}, \"text\": \"xx\", \"locations\": \
[{\"offset\": 13, \"length\": 2}]}], \"relations\": []}]},\n{\"passages\": 3}]}";

fn check(document: &Document) {
    assert_eq!((document.identifier.as_str(), document.title.as_str()), ("PMID:12", "HFE & iron."));
    assert_eq!(document.year, Some(2001));
    let found: Vec<(usize, usize, &str, &str, &str)> = document
        .annotations
        .iter()
        .map(|a| (a.start, a.end, a.label.as_str(), a.text.as_str(), a.entities[0].identifier.as_str()))
        .collect();
    let expected = [(0, 3, "gene", "HFE", "NCBIGene:3077"), (27, 40, "disease", "iron overload", "MESH:D019190")];
    assert_eq!(found, expected);
}

#[test]
fn both_shapes_give_the_same_documents_and_tell_what_does_not_fit() {
    // The XML counts characters, the JSON bytes: both fit the text in one way only.
    for (format, text) in [(Format::BiocXml, XML), (Format::BiocJson, JSON)] {
        let items = read_text(format, text);
        let documents: Vec<&Document> = items.iter().flatten().collect();
        assert_eq!(documents.len(), 1, "{items:?}");
        check(documents[0]);
        let rejects: Vec<(RejectKind, u64)> =
            items.iter().filter_map(|item| item.as_ref().err()).map(|r| (r.kind, r.location.line)).collect();
        assert_eq!(rejects, [(RejectKind::Annotation, 2), (RejectKind::Record, 3)], "{items:?}");
    }
}

#[test]
fn json_comes_as_a_collection_a_list_or_lines() {
    let one = "{\"id\": 1, \"passages\": [{\"offset\": 0, \"text\": \"T\"}]}";
    for text in [
        one.to_owned(),
        format!("{one}\n{one}\n"),
        format!("[{one},{one}]"),
        format!("{{\"PubTator3\": [{one}, {one}]}}"),
        format!("{{\"infons\": {{}}, \"documents\": [{one}]}}\n{{\"documents\": [{one}]}}"),
    ] {
        let items = read_text(Format::BiocJson, &text);
        assert_eq!(items.len(), text.matches("passages").count(), "{text}");
        assert!(items.iter().all(|item| item.as_ref().unwrap().identifier == "PMID:1"), "{text}");
    }
    let cut = read_text(Format::BiocJson, &format!("[{one},{}", &one[..20]));
    assert!(cut[0].is_ok() && cut[1].as_ref().unwrap_err().kind == RejectKind::File, "{cut:?}");
}

#[test]
fn sentences_stay_as_they_are_cut() {
    let text = "<collection><document><id>X:1</id><passage><offset>0</offset><sentence><offset>0</offset><text>One. a</text>\
        </sentence><sentence><offset>7</offset><text>flu two.</text><annotation><infon key=\"type\">Disease</infon>\
        <location offset=\"7\" length=\"3\"/><text>flu</text></annotation></sentence></passage></document></collection>";
    let items = read_text(Format::BiocXml, text);
    let document = items[0].as_ref().unwrap();
    let passages: Vec<_> = document.passages.iter().map(|p| (p.start, p.text.as_str(), p.kind)).collect();
    assert_eq!(passages, [(0, "One. a", PassageKind::Sentence), (7, "flu two.", PassageKind::Sentence)]);
    assert_eq!((document.annotations[0].start, document.annotations[0].end), (7, 10));
}

#[test]
fn parts_that_lie_apart_span_what_is_between_and_references_are_no_text() {
    let text = "<collection><document><id>X:1</id><passage><offset>0</offset><text>breast and ovarian cancer</text>\
        <annotation><infon key=\"type\">Disease</infon><infon key=\"MESH\">D001943</infon><location offset=\"0\" length=\"6\"/>\
        <location offset=\"19\" length=\"6\"/><text>breast cancer</text></annotation></passage><passage>\
        <infon key=\"section_type\">REF</infon><offset>30</offset><text>A title.</text></passage></document></collection>";
    let items = read_text(Format::BiocXml, text);
    let document = items[0].as_ref().unwrap();
    assert_eq!(document.passages.len(), 1);
    assert_eq!((document.annotations[0].start, document.annotations[0].end), (0, 25));
}

#[test]
fn a_document_goes_by_its_number_in_pubmed_else_by_that_in_pmc() {
    let infons = |infons: &str| {
        format!("{{\"id\": \"5999901\", \"passages\": [{{\"infons\": {{{infons}}}, \"offset\": 0, \"text\": \"T\"}}]}}")
    };
    for (text, identifier) in [
        (infons(""), "PMID:5999901"),
        (infons("\"article-id_pmc\": \"5999901\", \"article-id_pmid\": \"28999901\""), "PMID:28999901"),
        (infons("\"article-id_pmc\": \"PMC5999901\""), "PMC5999901"),
        (infons("\"article-id_pmc\": 5999901, \"article-id_pmid\": \"\""), "PMC5999901"),
        (format!("{{\"source\": \"PMC\", \"documents\": [{}]}}", infons("")), "PMC5999901"),
        (format!("[{{\"source\": \"PubTator\", \"documents\": [{}]}}]", infons("")), "PMID:5999901"),
        ("{\"id\": \"PMC1\", \"pmid\": 7, \"passages\": []}".to_owned(), "PMID:7"),
    ] {
        let items = read_text(Format::BiocJson, &text);
        assert_eq!(items[0].as_ref().unwrap().identifier, identifier, "{text}");
    }
    let xml = |source: &str, infon: &str| {
        format!(
            "<collection><source>{source}</source><document><id>5999901</id><passage>{infon}<offset>0</offset>\
             <text>T</text></passage></document></collection>"
        )
    };
    for (text, identifier) in [
        (xml("PubMed", ""), "PMID:5999901"),
        (xml("PMC", ""), "PMC5999901"),
        (xml("x", "<infon key=\"article-id_pmid\">28999901</infon>"), "PMID:28999901"),
    ] {
        assert_eq!(read_text(Format::BiocXml, &text)[0].as_ref().unwrap().identifier, identifier, "{text}");
    }
}

#[test]
fn collections_may_stand_in_a_list() {
    let one = |id: u32| format!("{{\"id\": \"{id}\", \"passages\": [{{\"offset\": 0, \"text\": \"T\"}}]}}");
    let collection = |ids: [u32; 2]| {
        format!(
            "{{\n\"infons\": {{\"a\": [1]}},\n\"documents\": [{},\n{}],\n\"x\": {{\"y\": 1}}}}",
            one(ids[0]),
            one(ids[1])
        )
    };
    let text = format!("[\n{},\n{}\n]", collection([1, 2]), collection([3, 4]));
    let found: Vec<String> =
        read_text(Format::BiocJson, &text).into_iter().map(|item| item.unwrap().identifier).collect();
    assert_eq!(found, ["PMID:1", "PMID:2", "PMID:3", "PMID:4"]);
    let cut = read_text(Format::BiocJson, &text[..text.len() - 1]);
    assert_eq!(cut.last().unwrap().as_ref().unwrap_err().kind, RejectKind::File, "the list is not closed");
}

#[test]
fn numbers_are_read_however_they_are_written() {
    for year in ["2019", "2019.0", "\"2019\"", "\"2019.0\"", "\"2019-05-01\""] {
        let text = format!(
            "{{\"id\": 1, \"passages\": [{{\"infons\": {{\"year\": {year}}}, \"offset\": 0.0, \"text\": \"T\"}}]}}"
        );
        assert_eq!(read_text(Format::BiocJson, &text)[0].as_ref().unwrap().year, Some(2019), "{year}");
    }
}

/// A passage of two sentences, the first with Greek letters, and a mention in each.
fn with_greek(offsets: [usize; 3], of_passage: bool) -> String {
    let [second, flu, gout] = offsets;
    let annotation = |offset: usize, length: usize, text: &str| {
        format!(
            "<annotation><infon key=\"type\">Disease</infon><location offset=\"{offset}\" length=\"{length}\"/>\
             <text>{text}</text></annotation>"
        )
    };
    let (flu, gout) = (annotation(flu, 3, "flu"), annotation(gout, 4, "gout"));
    let (outer, inner) = if of_passage {
        (format!("{flu}{gout}"), [String::new(), String::new()])
    } else {
        (String::new(), [flu, gout])
    };
    format!(
        "<collection><document><id>X:1</id><passage><offset>0</offset>{outer}<sentence><offset>0</offset>\
         <text>ααα αα flu.</text>{}</sentence><sentence><offset>{second}</offset><text>A gout.</text>{}</sentence>\
         </passage></document></collection>",
        inner[0], inner[1]
    )
}

#[test]
fn annotations_of_a_passage_find_their_sentence_whatever_offsets_count() {
    // Characters, then bytes: five Greek letters of two bytes each stand before.
    for offsets in [[12, 7, 14], [17, 12, 19]] {
        for of_passage in [true, false] {
            let items = read_text(Format::BiocXml, &with_greek(offsets, of_passage));
            assert!(items.iter().all(Result::is_ok), "{items:?}");
            let document = items[0].as_ref().unwrap();
            let found: Vec<_> = document.annotations.iter().map(|a| (a.start, a.end, a.text.as_str())).collect();
            assert_eq!(found, [(7, 10, "flu"), (14, 18, "gout")], "{offsets:?} {of_passage}");
        }
    }
}

#[test]
fn a_mention_in_another_spelling_keeps_its_place() {
    let text = "<collection><document><id>X:1</id><passage><offset>0</offset><text>TNF-α and β-catenin.</text>\
        <annotation><infon key=\"type\">Gene</infon><location offset=\"0\" length=\"5\"/><text>TNF-a</text></annotation>\
        <annotation><infon key=\"type\">Gene</infon><location offset=\"10\" length=\"9\"/><text>beta-catenin</text></annotation>\
        <annotation><infon key=\"type\">Gene</infon><location offset=\"6\" length=\"3\"/><text>BRCA1</text></annotation>\
        </passage></document></collection>";
    let items = read_text(Format::BiocXml, text);
    assert_eq!(items.iter().filter(|item| item.is_err()).count(), 1, "{items:?}");
    let found: Vec<&str> = items[1].as_ref().unwrap().annotations.iter().map(|a| a.text.as_str()).collect();
    assert_eq!(found, ["TNF-α", "β-catenin"], "as the text has them");
}
