//! Documents made ready: golden counts of a real corpus, and annotations that do not fit.

use super::*;
use crate::Corpus;

fn labels() -> [String; 2] {
    ["gene".to_owned(), "disease".to_owned()]
}

fn annotation(start: usize, text: &str, identifier: &str) -> Annotation {
    let entities = vec![Entity { identifier: identifier.to_owned(), name: None }];
    let end = start + text.chars().count();
    Annotation { start, end, label: "gene".to_owned(), text: text.to_owned(), entities }
}

fn document(passages: &[(usize, &str)], annotations: Vec<Annotation>) -> Document {
    let passage = |&(start, text): &(usize, &str)| Passage { start, text: text.to_owned(), kind: PassageKind::Prose };
    let passages = passages.iter().map(passage).collect();
    Document { identifier: "X:1".to_owned(), passages, annotations, ..Document::default() }
}

/// Counted by a separate program in Python from the same sentence borders.
#[test]
fn a_real_corpus_has_so_many_sentences_mentions_and_pairs() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data/biored/Dev.PubTator");
    let mut rejects = Vec::new();
    let documents: Vec<PreparedDocument> = Corpus::open(&[path], None)
        .unwrap()
        .filter_map(|document| prepare(document.unwrap(), &labels(), &mut rejects))
        .collect();
    let sentences = documents.iter().flat_map(|document| &document.sentences);
    let mentions: usize = sentences.clone().map(|sentence| sentence.mentions.len()).sum();
    let pairs: usize = documents.iter().map(|document| document.questions.len()).sum();
    assert_eq!((documents.len(), sentences.count(), mentions, pairs, rejects.len()), (100, 1_111, 3_649, 682, 0));
    let identifiers: std::collections::HashSet<&str> =
        documents.iter().flat_map(|document| &document.entities).map(|entity| entity.identifier.as_str()).collect();
    assert_eq!(identifiers.len(), 966);
}

#[test]
fn mentions_stand_where_their_sentence_has_them() {
    let text = "Über αβ. The γδε is rare.";
    let prepared = prepare(
        document(&[(0, "Title"), (6, text)], vec![annotation(19, "γδε", "G:2"), annotation(11, "αβ", "G:1")]),
        &labels(),
        &mut Vec::new(),
    )
    .unwrap();
    for (sentence, expected) in prepared.sentences.iter().zip([vec![], vec!["αβ"], vec!["γδε"]]) {
        let found: Vec<String> = sentence
            .mentions
            .iter()
            .map(|mention| sentence.text.chars().skip(mention.span.start).take(mention.span.len()).collect())
            .collect();
        assert_eq!(found, expected, "{}", sentence.text);
    }
    let starts: Vec<usize> = prepared.sentences.iter().map(|sentence| sentence.start).collect();
    assert_eq!(starts, [0, 6, 15]);
    let entities: Vec<&str> = prepared.entities.iter().map(|entity| entity.identifier.as_str()).collect();
    assert_eq!(entities, ["G:1", "G:2"], "in the order of their mentions");
}

#[test]
fn annotations_that_do_not_fit_are_rejected() {
    let long = "x".repeat(hopgraph_engine::limits::NAME_BYTES_MAX + 1);
    for (bad, reason) in [
        (annotation(3, "e bo", "G:1"), "it goes beyond the passage that it starts in"),
        (annotation(5, "b", "G:1"), "it starts between two passages"),
        (annotation(90, "b", "G:1"), "its span lies behind the end of the text"),
        (Annotation { end: 0, ..annotation(1, "b", "G:1") }, "its span is empty"),
        (annotation(0, "Title", ""), "its identifier is empty"),
        (annotation(0, "Title", "a\0b"), "its identifier contains a zero byte"),
        (annotation(0, "Title", &long), "its identifier is longer than 4096 bytes"),
        (Annotation { label: String::new(), ..annotation(0, "Title", "G:1") }, "its label is empty"),
        (Annotation { entities: Vec::new(), ..annotation(0, "Title", "G:1") }, "it names no entity"),
    ] {
        let mut rejects = Vec::new();
        let prepared = prepare(document(&[(0, "Title"), (6, "body")], vec![bad]), &labels(), &mut rejects).unwrap();
        let reasons: Vec<(RejectKind, &str)> =
            rejects.iter().map(|reject| (reject.kind, reject.reason.as_str())).collect();
        assert_eq!(reasons, [(RejectKind::Annotation, reason)]);
        assert!(prepared.sentences.iter().all(|sentence| sentence.mentions.is_empty()), "{reason}");
    }
}

#[test]
fn a_document_without_text_or_identifier_is_rejected() {
    let nameless = Document { identifier: " ".to_owned(), ..document(&[(0, "x")], Vec::new()) };
    for (document, reason) in
        [(document(&[(0, " \n")], Vec::new()), "it has no text"), (nameless, "its identifier is empty")]
    {
        let mut rejects = Vec::new();
        assert!(prepare(document, &labels(), &mut rejects).is_none());
        assert_eq!((rejects[0].kind, rejects[0].reason.as_str()), (RejectKind::Record, reason));
    }
}

#[test]
fn a_sentence_with_too_many_pairs_is_listed_and_kept() {
    let text = "x ".repeat(300);
    let mentions = |label: &str, from| {
        let one =
            |at: usize| Annotation { label: label.to_owned(), ..annotation(2 * at, "x", &format!("{label}:{at}")) };
        (from..from + 150).map(one).collect::<Vec<_>>()
    };
    let annotations = [mentions("gene", 0), mentions("disease", 150)].concat();
    let mut rejects = Vec::new();
    let prepared = prepare(document(&[(0, &text)], annotations), &labels(), &mut rejects).unwrap();
    assert_eq!((prepared.questions.len(), prepared.sentences[0].mentions.len()), (0, 300));
    assert_eq!(rejects[0].kind, RejectKind::Pair);
    let (reason, most) = (&rejects[0].reason, PAIRS_PER_SENTENCE_MAX);
    assert!(reason.contains(&format!("22500 pairs of mentions, more than {most}")), "{reason}");
}

#[test]
fn a_composite_mention_names_an_entity_only_for_want_of_better() {
    let both = |name: Option<&str>| Annotation {
        entities: ["D:1", "D:2"]
            .map(|identifier| Entity { identifier: identifier.to_owned(), name: name.map(str::to_owned) })
            .to_vec(),
        ..annotation(0, "a and b", "")
    };
    let names = |annotations: Vec<Annotation>| {
        let prepared = prepare(document(&[(0, "a and b or  A")], annotations), &labels(), &mut Vec::new()).unwrap();
        let names = |description: Description| {
            [description.given, description.mentions, description.phrase.into_iter().collect()].concat()
        };
        prepared.entities.into_iter().map(|entity| names(entity.description)).collect::<Vec<_>>()
    };
    assert_eq!(names(vec![both(None), annotation(12, "A", "D:1")]), [vec!["A"], vec!["a and b"]]);
    let given = names(vec![both(Some("part")), annotation(12, "A", "D:1")]);
    assert_eq!(given, [vec!["part", "A"], vec!["part"]]);
}

#[test]
fn the_hash_tells_every_difference_that_reaches_the_graph() {
    let base = || document(&[(0, "One gene. Two.")], vec![annotation(4, "gene", "G:1")]);
    let hash = |document: Document| prepare(document, &labels(), &mut Vec::new()).unwrap().content_hash;
    assert_eq!(hash(base()), hash(Document { location: Location { line: 9, ..Location::default() }, ..base() }));
    let others = [
        Document { title: "T".to_owned(), ..base() },
        Document { year: Some(1), ..base() },
        Document { annotations: Vec::new(), ..base() },
        Document { annotations: vec![annotation(4, "gene", "G:2")], ..base() },
        Document { annotations: vec![annotation(5, "ene", "G:1")], ..base() },
        document(&[(0, "One gene, Two.")], vec![annotation(4, "gene", "G:1")]),
        document(&[(1, "One gene. Two.")], vec![annotation(5, "gene", "G:1")]),
    ];
    let hashes: std::collections::HashSet<u64> = others.map(hash).into_iter().chain([hash(base())]).collect();
    assert_eq!(hashes.len(), 8);
    // Stored in graphs, so it must never change.
    assert_eq!(hash(base()), 0x9d46_b258_c2b8_3d5b);
}
