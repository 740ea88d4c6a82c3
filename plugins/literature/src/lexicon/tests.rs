//! Lexicons from tables and OBO, concepts that meet by cross references, and the lexicon that is part of the program.

use super::*;
use crate::tag::token::Tokenizer;

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

fn identifiers(lexicon: &Lexicon, name: &str) -> Vec<String> {
    let key = lexicon.key_of(name, &mut Tokenizer::default());
    let names = key.map(|key| lexicon.names_of(key)).unwrap_or_default();
    names.iter().map(|name| lexicon.concept(name.concept).identifier.clone()).collect()
}

#[test]
fn a_table_gives_concepts_with_their_names() {
    let table =
        file("id\tname\tsynonyms\txrefs\nMSH:D1\tGaucher Disease\tglucosylceramidosis|Gaucher's\tDOID:1926|SNOMED:3\n");
    let mut builder = Lexicon::builder();
    assert_eq!(builder.add_file(table.path(), Some("disease")).unwrap(), 1);
    let lexicon = builder.build();
    assert_eq!((lexicon.concept_count(), lexicon.name_count()), (1, 3));
    let concept = lexicon.concept_of("DOID:1926").unwrap();
    assert_eq!((concept.identifier.as_str(), lexicon.label_of(concept)), ("MESH:D1", "disease"));
    assert_eq!(identifiers(&lexicon, "GAUCHER DISEASES"), ["MESH:D1"]);
    assert!(identifiers(&lexicon, "Gaucher disease type").is_empty());
}

#[test]
fn concepts_with_a_common_cross_reference_are_one() {
    let obo = file(
        "format-version: 1.2\n\n[Term]\nid: DOID:1612\nname: breast cancer\nsynonym: \"mammary tumor\" EXACT []\n\
         synonym: \"organ tumor\" BROAD []\nxref: MESH:D001943 {source=\"x\"}\n\n[Term]\nid: DOID:2\nname: gone\n\
         is_obsolete: true\n\n[Typedef]\nid: part_of\nname: part of\n",
    );
    let mut builder = Lexicon::builder();
    builder.add("disease", "MESH:D001943", "Breast Neoplasms", &[], &[]);
    builder.add("gene", "NCBIGene:1", "mammary tumor", &[], &["MESH:D001943"]);
    assert_eq!(builder.add_file(obo.path(), Some("disease")).unwrap(), 1);
    let lexicon = builder.build();
    assert_eq!(lexicon.concept_of("DOID:1612").unwrap().identifier, "MESH:D001943");
    assert_eq!(identifiers(&lexicon, "Mammary tumours"), ["MESH:D001943", "NCBIGene:1"], "labels stay apart");
    assert!(identifiers(&lexicon, "organ tumor").is_empty() && identifiers(&lexicon, "gone").is_empty());
}

#[test]
fn a_short_name_counts_in_each_writing_that_is_known() {
    let mut builder = Lexicon::builder();
    builder.add("gene", "NCBIGene:7157", "TP53", &["P53"], &[]);
    builder.add_annotated("gene", "NCBIGene:7157", "p53", 3);
    builder.add_annotated("gene", "NCBIGene:7157", "p53", 2);
    let lexicon = builder.build();
    let key = lexicon.key_of("P53", &mut Tokenizer::default()).unwrap();
    let names = lexicon.names_of(key).iter().map(|name| (&*name.text, name.annotated, name.is_listed));
    assert_eq!(names.collect::<Vec<_>>(), [("P53", 0, true), ("p53", 5, true)]);
}

#[test]
fn files_that_are_no_lexicon_are_told_with_line_and_reason() {
    for (text, label, part) in [
        ("", Some("gene"), ":1: the file is empty"),
        ("a\tb\n", Some("gene"), ":1: the header row needs"),
        ("id\tname\nX:1\tx\n", None, ":2: has no label"),
        ("id\tname\nX:1\tx\nX:2\t\n", Some("gene"), ":3: the id or the name"),
        ("[Term]\nid: X\nname: x\n", None, "an OBO file needs a label"),
    ] {
        let error = Lexicon::builder().add_file(file(text).path(), label).unwrap_err();
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
    let error = Lexicon::builder().add_file(std::path::Path::new("missing.tsv"), None).unwrap_err();
    assert!(error.to_string().contains("missing.tsv"), "{error}");
}

#[test]
fn the_built_in_lexicon_is_whole_and_its_schemes_meet() {
    let mut builder = Lexicon::builder();
    builder.add_included().unwrap();
    let lexicon = builder.build();
    assert_eq!(lexicon.concept_count(), 114_663, "README.md and data/README.md say how many there are");
    assert!(lexicon.name_count() > 300_000, "{}", lexicon.name_count());
    for (one, other) in [("MESH:D001943", "DOID:1612"), ("MESH:D000544", "DOID:10652"), ("NCBIGene:672", "HGNC:1100")] {
        assert_eq!(lexicon.concept_of(one), lexicon.concept_of(other), "{one} {other}");
        assert!(lexicon.concept_of(one).is_some(), "{one}");
    }
    // Melanoma has cross references in common with narrower terms, and is none of them.
    assert_eq!(lexicon.concept_of("MESH:D008545").map(|concept| concept.name.as_str()), Some("Melanoma"));
    assert!(identifiers(&lexicon, "hepatocellular carcinoma").contains(&"MESH:D006528".to_owned()));
    assert!(identifiers(&lexicon, "aspirin").contains(&"MESH:D001241".to_owned()));
}
