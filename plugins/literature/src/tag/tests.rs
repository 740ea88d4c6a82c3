//! What the tagger finds in small texts, with a small lexicon and with the one that is part of the program.

use std::sync::OnceLock;

use super::*;
use crate::limits::{LEXICON_NAME_BYTES_MAX, LEXICON_NAME_TOKENS_MAX};
use crate::{Passage, PassageKind, lexicon::Lexicon};

fn included() -> &'static LexiconTagger {
    static TAGGER: OnceLock<LexiconTagger> = OnceLock::new();
    TAGGER.get_or_init(|| LexiconTagger::included(&[]).unwrap())
}

fn document(passages: &[&str]) -> Document {
    let mut start = 0;
    let passage = |text: &&str| {
        let passage = Passage { start, text: (*text).to_owned(), kind: PassageKind::Prose };
        start += text.chars().count() + 1;
        passage
    };
    Document { identifier: "X:1".to_owned(), passages: passages.iter().map(passage).collect(), ..Document::default() }
}

fn found(tagger: &dyn Tagger, passages: &[&str]) -> Vec<(usize, String, String)> {
    let mentions = tagger.tag(&document(passages)).into_iter();
    mentions.map(|m| (m.annotation.start, m.annotation.text, m.annotation.entities[0].identifier.clone())).collect()
}

fn expect(found: Vec<(usize, String, String)>, expected: &[(usize, &str, &str)]) {
    let found: Vec<(usize, &str, &str)> =
        found.iter().map(|(at, text, id)| (*at, text.as_str(), id.as_str())).collect();
    assert_eq!(found, expected);
}

fn small() -> LexiconTagger {
    let mut builder = Lexicon::builder();
    builder.add("disease", "D:1", "coronary artery disease", &["coronary disease"], &[]);
    builder.add("disease", "D:2", "artery disease", &[], &[]);
    builder.add("gene", "G:1", "WAS", &["Wiskott-Aldrich protein"], &[]);
    builder.add("gene", "G:2", "TNF-alpha", &[], &[]);
    LexiconTagger::plain(builder.build())
}

#[test]
fn the_longest_name_wins_and_offsets_count_characters() {
    let text = ["Coronary-artery diseases and artery disease;", "β: TNF-α was, not TNFα2. WAS TNFα"];
    expect(
        found(&small(), &text),
        &[
            (0, "Coronary-artery diseases", "D:1"),
            (29, "artery disease", "D:2"),
            (48, "TNF-α", "G:2"),
            (70, "WAS", "G:1"),
            (74, "TNFα", "G:2"),
        ],
    );
}

#[test]
fn abbreviations_are_followed_through_the_document() {
    let tagger = included();
    let text = ["Coronary artery disease (CAD) is common.", "Patients with CAD were older. CADs and CADX."];
    let mentions = found(tagger, &text);
    let cad: Vec<(usize, &str)> =
        mentions.iter().filter(|m| m.2 == "MESH:D003324").map(|m| (m.0, m.1.as_str())).collect();
    assert_eq!(cad, [(0, "Coronary artery disease"), (25, "CAD"), (55, "CAD"), (71, "CADs")]);
}

#[test]
fn common_words_and_short_symbols_are_not_taken_for_genes() {
    let text =
        ["The set was not large and all patients can rest.", "An impact of age was seen in the cat and the mouse."];
    let genes: Vec<_> = included().tag(&document(&text)).into_iter().filter(|m| m.annotation.label == "gene").collect();
    assert!(genes.is_empty(), "{genes:?}");
}

#[test]
fn well_known_names_lead_to_their_ids() {
    let text = [
        "BRCA1 mutations increase the risk of breast cancer.",
        "Metformin is used in patients with type 2 diabetes mellitus.",
    ];
    let mentions = found(included(), &text);
    for (text, identifier) in [
        ("BRCA1", "NCBIGene:672"),
        ("breast cancer", "MESH:D001943"),
        ("Metformin", "MESH:D008687"),
        ("type 2 diabetes mellitus", "MESH:D003924"),
    ] {
        assert!(mentions.iter().any(|m| m.1 == text && m.2 == identifier), "{text}: {mentions:?}");
    }
}

#[test]
fn candidates_come_with_scores_the_likeliest_first() {
    let mentions = included().tag(&document(&["Mutations of the p53 gene in human breast cancer."]));
    assert!(mentions.iter().any(|mention| mention.annotation.text == "p53"), "{mentions:?}");
    for mention in &mentions {
        let candidates = &mention.candidates;
        assert_eq!(candidates[0].identifier, mention.annotation.entities[0].identifier);
        assert!(candidates.is_sorted_by(|one, other| one.score >= other.score), "{mention:?}");
        assert!(candidates.iter().all(|candidate| (0.0..=1.0).contains(&candidate.score)));
    }
}

#[test]
fn what_is_learned_is_written_and_read_back_and_no_name_judges_itself() {
    // `set` is annotated wherever `gene set` stands, `flu` always, `cold` never.
    let mut corpus = Vec::new();
    for number in 0..40 {
        let text = if number % 2 == 0 { "flu came, a cold too" } else { "a cold came" };
        let mut document = document(&[text]);
        document.identifier = format!("X:{number}");
        if number % 2 == 0 {
            let entities = vec![crate::Entity { identifier: "D:flu".to_owned(), name: None }];
            let annotation = Annotation { start: 0, end: 3, label: "disease".into(), text: "flu".into(), entities };
            document.annotations.push(annotation);
        }
        corpus.push(document);
    }
    let lexicon = || {
        let mut builder = Lexicon::builder();
        builder.add("disease", "D:flu", "flu", &["influenza"], &[]);
        builder.add("disease", "D:cold", "cold", &[], &[]);
        Ok(builder)
    };
    let reliability = learn(&[corpus], lexicon).unwrap();
    assert_eq!(reliability.to_table().parse::<Reliability>().unwrap().to_table(), reliability.to_table());
    let mut builder = lexicon().unwrap();
    reliability.add_names_to(&mut builder);
    let tagger = LexiconTagger::new(builder.build(), &reliability);
    expect(found(&tagger, &["the flu and the cold"]), &[(4, "flu", "D:flu")]);
    assert!(matches!(learn(&[vec![document(&["x"])]], lexicon), Err(LearnError::NoAnnotations)));
    assert!("nonsense".parse::<Reliability>().unwrap_err().contains("line 1"));
}

#[test]
fn evaluation_counts_spans_and_the_ids_of_documents() {
    let mut gold = document(&["flu or WAS, flu"]);
    let entity = |identifier: &str| vec![crate::Entity { identifier: identifier.to_owned(), name: None }];
    let annotation = |start, end, text: &str, identifier: &str| Annotation {
        start,
        end,
        label: "gene".to_owned(),
        text: text.to_owned(),
        entities: entity(identifier),
    };
    gold.annotations = vec![annotation(7, 10, "WAS", "G:9"), annotation(0, 3, "flu", "name:gene:flu")];
    let evaluation = evaluate(&[gold], &small());
    assert_eq!(evaluation.spans["gene"], Score { right: 1, found: 1, annotated: 2 });
    assert_eq!(evaluation.identifiers["gene"], Score { right: 0, found: 1, annotated: 1 });
    assert_eq!((evaluation.spans["gene"].precision(), evaluation.spans["gene"].recall()), (1.0, 0.5));
    assert!(!evaluation.spans.contains_key("disease"), "labels that the corpus does not use are left out");
}

#[test]
fn a_name_that_is_too_long_is_left_out_of_the_lexicon() {
    let long = |bytes: usize| "disease ".repeat(30)[..bytes - 4].to_owned() + "abcd";
    let wordy = |words: usize| vec!["abc"; words].join(" ");
    for (name, is_known) in [
        (long(LEXICON_NAME_BYTES_MAX), true),
        (long(LEXICON_NAME_BYTES_MAX + 1), false),
        (wordy(LEXICON_NAME_TOKENS_MAX), true),
        (wordy(LEXICON_NAME_TOKENS_MAX + 1), false),
    ] {
        let mut builder = Lexicon::builder();
        builder.add("disease", "D:1", &name, &[], &[]);
        assert_eq!(!found(&LexiconTagger::plain(builder.build()), &[&name]).is_empty(), is_known, "{name}");
    }
}
