//! The GAD and EU-ADR tables: rows brought together, and rows that do not fit.

use super::*;
use crate::reader::corpus::tests::read_text;
use crate::{Corpus, Format};

const GAD_HEADER: &str = "row\tgroup\tgeneId\tgeneSymbol\tgene_mention\tGENE_ENTITY_OFFSET\tdiseaseId\tdiseaseName\t\
                          disease_mention\tDISEASE_ENTITY_OFFSET\traw_sentence\n";

fn gad(rows: &[&str]) -> Vec<Result<Document, Reject>> {
    read_text(Format::Gad, &(GAD_HEADER.to_owned() + &rows.concat()))
}

fn open(path: &str) -> Vec<Document> {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(path);
    Corpus::open(&[path], None).unwrap().map(Result::unwrap).collect()
}

#[test]
fn rows_of_one_sentence_make_one_document() {
    let items = gad(&[
        "0\t5\t3077\tHFE\tHfe\t0#3\tMESH:D1\tiron overload\tsiderosis\t8#17\tHfe and siderosis \"and\" gout\n",
        "1\t6\t1\tA\tA\t0#1\t\tgout\tgout\t2#6\tA gout\n",
        "2\t5\t3077\tHFE\tHfe\t0#3\t\tgout, idiopathic\tgout\t24#28\tHfe and siderosis \"and\" gout\n",
        "3\t5\t3077\tHFE\tHfe\t0#3\t\tgout, idiopathic\tgout\t24#28\tHfe and siderosis \"and\" gout\n",
    ]);
    let documents: Vec<Document> = items.into_iter().map(Result::unwrap).collect();
    let identifiers: Vec<&str> = documents.iter().map(|document| document.identifier.as_str()).collect();
    assert_eq!(identifiers, ["GAD:5", "GAD:6"]);
    let entities: Vec<(&str, &str, &str)> = documents[0]
        .annotations
        .iter()
        .map(|annotation| (annotation.text.as_str(), &annotation.entities[0]))
        .map(|(text, entity)| (text, entity.identifier.as_str(), entity.name.as_deref().unwrap()))
        .collect();
    let expected = [
        ("Hfe", "NCBIGene:3077", "HFE"),
        ("siderosis", "MESH:D1", "iron overload"),
        ("gout", "name:disease:gout, idiopathic", "gout, idiopathic"),
    ];
    assert_eq!(entities, expected);
    assert_eq!(documents[0].location.line, 2);
}

#[test]
fn a_bad_row_costs_itself_only() {
    for (row, reason) in [
        ("0\t5\t1\tA\tA\t0#1\t\tgout\tgout\t2#7\tA gout\n", "2..7 is not a span of the sentence, which ends at 6"),
        ("0\t5\t1\tA\tA\t1#0\t\tgout\tgout\t2#6\tA gout\n", "1..0 is not a span of the sentence, which ends at 6"),
        ("0\t5\t1\tA\tB\t0#1\t\tgout\tgout\t2#6\tA gout\n", "the sentence has \"A\" at 0..1 where the row has \"B\""),
        (
            "0\t5\t1\tA\tA\t0-1\t\tgout\tgout\t2#6\tA gout\n",
            "column GENE_ENTITY_OFFSET: \"0-1\" is not of the form 12#34",
        ),
        ("0\tx\t1\tA\tA\t0#1\t\tgout\tgout\t2#6\tA gout\n", "column group: \"x\" is not a whole number"),
        ("0\t5\t1\tA\n", "the row has no field in column raw_sentence"),
        ("0\t6\t1\tB\tB\t0#1\t\tgout\tgout\t2#6\tB gout\n", "an earlier row has another text for sentence 0"),
    ] {
        let items = gad(&["9\t6\t1\tA\tA\t0#1\t\tgout\tgout\t2#6\tA gout\n", row]);
        let reject = items[0].as_ref().unwrap_err();
        assert_eq!((reject.kind, reject.location.line), (RejectKind::Record, 3), "{row}");
        assert_eq!(reject.reason, reason, "{row}");
        assert_eq!(items[1].as_ref().unwrap().annotations.len(), 2, "{row}");
        assert_eq!(items.len(), 2, "{row}");
    }
}

#[test]
fn a_table_without_its_columns_is_rejected_once() {
    let items = read_text(Format::Gad, "a\tb\n1\t2\n3\t4\n");
    assert_eq!(items.len(), 1);
    let reject = items[0].as_ref().unwrap_err();
    assert_eq!(reject.kind, RejectKind::File);
    assert!(reject.reason.starts_with("the header row lacks the columns group, geneId,"), "{}", reject.reason);
    assert_eq!(read_text(Format::EuAdr, "").len(), 1);
}

#[test]
fn a_row_that_is_not_text_costs_itself_only() {
    let good = "0\t5\t1\tA\tA\t0#1\t\tgout\tgout\t2#6\tA gout\n";
    let mut bytes = GAD_HEADER.as_bytes().to_vec();
    bytes.extend(b"0\t4\t1\tA\tA\t0#1\t\tgout\tgout\t2#6\tA \xff\n");
    bytes.extend(good.as_bytes());
    let input = Input::new(std::io::Cursor::new(bytes), "test".into()).unwrap();
    let items: Vec<_> = Table::new(input, &crate::reader::gad::GAD).collect();
    let reject = items[0].as_ref().unwrap_err();
    assert_eq!((reject.reason.as_str(), reject.location.line), ("is not UTF-8 text", 2));
    assert_eq!(items[1].as_ref().unwrap().identifier, "GAD:5");
}

#[test]
fn sentences_of_an_abstract_follow_one_another() {
    let header =
        "pmid\tnum_sentence\tgene_mention\tgene_type\tgene_offset\tdisease_mention\tdisease_offset\traw_sentence\n";
    let rows = "7\t9\tβ\tGenes & Molecular Sequences\t0#1\tflu\t2#5\tβ flu\n\
                7\t2\trs1\tSNP & Sequence variations\t4#7\tflu\t0#3\tflu rs1\n";
    let documents: Vec<Document> =
        read_text(Format::EuAdr, &(header.to_owned() + rows)).into_iter().map(Result::unwrap).collect();
    let [document] = documents.as_slice() else { panic!("{documents:?}") };
    assert_eq!(document.identifier, "PMID:7");
    let passages: Vec<(usize, &str)> = document.passages.iter().map(|p| (p.start, p.text.as_str())).collect();
    assert_eq!(passages, [(0, "flu rs1"), (8, "β flu")]);
    let annotations: Vec<(usize, &str, &str)> =
        document.annotations.iter().map(|a| (a.start, a.label.as_str(), a.text.as_str())).collect();
    let expected = [(4, "variant", "rs1"), (0, "disease", "flu"), (8, "gene", "β"), (10, "disease", "flu")];
    assert_eq!(annotations, expected);
}

#[test]
fn the_real_tables_are_read_whole() {
    for (path, documents, sentences) in [
        ("gad/gad.tsv", 3_646, 3_646),
        ("eu-adr/gene_disease.tsv", 65, 190),
        ("eu-adr/drug_disease.tsv", 62, 137),
        ("eu-adr/drug_target.tsv", 41, 128),
    ] {
        let read = open(path);
        let passages: usize = read.iter().map(|document| document.passages.len()).sum();
        assert_eq!((read.len(), passages), (documents, sentences), "{path}");
    }
}
