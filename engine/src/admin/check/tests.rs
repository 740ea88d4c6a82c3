//! Each invariant is seen to be verified: a sound graph passes, and one broken record is named.

use super::check;
use crate::storage::batch::Batch;
use crate::storage::family::Family;
use crate::storage::key::{self, Side};
use crate::storage::record::{self, Reading};
use crate::storage::set;
use crate::{
    Edge, Graph, LabelId, Mention, NewDocument, NewSentence, Node, NodeId, Polarity, Properties, PropertyValue,
    RelationType, RelationTypeId, Run, RunId, RunKind, SentenceId,
};

const ASSOCIATED: RelationTypeId = RelationTypeId::new(0);
const CAUSES: RelationTypeId = RelationTypeId::new(1);

fn edge(relation: RelationTypeId, source: u32, target: u32) -> Edge {
    Edge { relation, source: NodeId::new(source), target: NodeId::new(target) }
}

/// Three nodes; an edge read in a sentence, symmetric; an edge stated by hand, directed, with a property.
fn sound_graph() -> Graph {
    let graph = Graph::temporary().unwrap();
    fill(&graph);
    graph
}

fn fill(graph: &Graph) {
    let mut change = graph.change().unwrap();
    let gene = change.label("gene").unwrap();
    for name in ["A", "B", "C"] {
        let (identifiers, synonyms) = (vec![format!("X:{name}")], vec![format!("{name} synonym")]);
        change
            .add_node(Node { labels: vec![gene], name: name.to_owned(), identifiers, synonyms, ..Node::default() })
            .unwrap();
    }
    for (name, symmetric) in [("associated", true), ("causes", false)] {
        let relation_type = RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric };
        change.relation_type(&relation_type).unwrap();
    }
    let mentions = [(0, 0, 1), (1, 2, 3)].map(|(node, start, end)| Mention { node: NodeId::new(node), start, end });
    let sentence = NewSentence { start: 0, text: "A B".to_owned(), mentions: mentions.to_vec() };
    let document = NewDocument { identifier: "PMID:1".to_owned(), sentences: vec![sentence], ..NewDocument::default() };
    let document = change.add_document(&document).unwrap();
    let kind = RunKind::Model {
        model: "m".to_owned(),
        weights_hash: String::new(),
        quantization: String::new(),
        prompt: String::new(),
        answers: vec![],
        threshold_thousandths: 0,
    };
    let run = change.begin_run(&Run { kind, started: String::new(), program: String::new() }).unwrap();
    change.add_evidence(edge(ASSOCIATED, 1, 0), SentenceId::new(0), run, 0.75, &[0.75, 0.25]).unwrap();
    change.mark_document(run, document).unwrap();
    let hand = change.hand().unwrap();
    change.add_fact(edge(CAUSES, 2, 0), hand).unwrap();
    let properties = Properties::from([("year".to_owned(), PropertyValue::Integer(1999))]);
    change.set_edge_properties(edge(CAUSES, 2, 0), &properties).unwrap();
    change.commit().unwrap();
}

#[test]
fn a_sound_graph_has_no_problems() {
    let report = sound_graph().check().unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert!(report.records > 20);
}

type Damage = fn(&mut Batch<'_>);

#[test]
fn each_broken_record_is_named() {
    let cases: &[(&str, Damage)] = &[
        ("label 9, which the catalog does not know", |batch| {
            batch.put(
                Family::Nodes,
                key::node(NodeId::new(0)),
                record::encode(&Node { labels: vec![LabelId::new(9)], ..Node::default() }),
            );
        }),
        ("node 0 exists, but the next free id is 0", |batch| {
            batch.put(Family::Counters, "next.node", 0_u64.to_le_bytes())
        }),
        ("not found by its name \"a synonym\"", |batch| {
            batch.delete(Family::Names, key::name("a synonym", NodeId::new(0)))
        }),
        ("names: 7 entries, but nodes have 6", |batch| batch.put(Family::Names, key::name("z", NodeId::new(0)), [1])),
        ("not found by its identifier \"X:B\"", |batch| batch.put(Family::Identifiers, "X:B", 2_u32.to_le_bytes())),
        ("index of label \"gene\" do not agree", |batch| {
            batch.put(Family::Labels, key::label(LabelId::new(0)).page(0), set::encode_members(&[0, 1]));
        }),
        ("known at its target but not at its source", |batch| {
            batch.delete(Family::Adjacency, key::adjacency(CAUSES, Side::Out, NodeId::new(2)).page(0));
        }),
        ("edge 0 -[associated]-> 1 is known at its source but not at its target", |batch| {
            batch.delete(Family::Adjacency, key::adjacency(ASSOCIATED, Side::Out, NodeId::new(1)).page(0));
        }),
        ("has neither a fact nor evidence", |batch| {
            batch.delete(Family::Facts, key::facts(RunId::new(1), CAUSES, NodeId::new(2)).page(0));
        }),
        ("has a fact or evidence, but is not in adjacency", |batch| {
            batch.put(
                Family::Evidence,
                key::evidence(edge(CAUSES, 1, 2), SentenceId::new(0), RunId::new(0)),
                record::encode(&Reading { probability: 0.5, probabilities: vec![] }),
            );
        }),
        ("a probability is not in 0..=1", |batch| {
            batch.put(
                Family::Evidence,
                key::evidence(edge(ASSOCIATED, 0, 1), SentenceId::new(0), RunId::new(0)),
                record::encode(&Reading { probability: 1.5, probabilities: vec![] }),
            );
        }),
        ("there is no such sentence", |batch| {
            batch.put(
                Family::Evidence,
                key::evidence(edge(ASSOCIATED, 0, 1), SentenceId::new(7), RunId::new(0)),
                record::encode(&Reading { probability: 0.5, probabilities: vec![] }),
            );
        }),
        ("there is no such run", |batch| {
            batch.put(
                Family::Facts,
                key::facts(RunId::new(5), CAUSES, NodeId::new(2)).page(0),
                set::encode_members(&[0]),
            );
        }),
        ("properties of an edge that does not exist", |batch| {
            batch.put(Family::EdgeProperties, key::edge(edge(CAUSES, 0, 2)), record::encode(&Properties::new()));
        }),
        ("the relation type is not in the catalog", |batch| {
            batch.put(
                Family::Adjacency,
                key::adjacency(RelationTypeId::new(9), Side::Out, NodeId::new(0)).page(0),
                set::encode_members(&[0]),
            );
        }),
        ("the kind of the page is unknown", |batch| {
            batch.put(Family::Adjacency, key::adjacency(CAUSES, Side::Out, NodeId::new(2)).page(0), [77]);
        }),
        ("edges hang on node 2, which does not exist", |batch| batch.delete(Family::Nodes, key::node(NodeId::new(2)))),
        ("sentences, but documents have 1", |batch| batch.delete(Family::Sentences, key::sentence(SentenceId::new(0)))),
        ("a mention of sentence 0 lies outside of it", |batch| {
            let mentions = vec![Mention { node: NodeId::new(0), start: 0, end: 99 }];
            batch.put(Family::Mentions, key::sentence(SentenceId::new(0)), record::encode(&mentions));
        }),
        ("node 1 and the sentences that mention it do not agree", |batch| {
            batch.delete(Family::Mentioned, key::mentioned(NodeId::new(1)).page(0));
        }),
        ("document 4, which does not exist", |batch| {
            batch.put(Family::RunDocuments, key::run(RunId::new(0)).page(0), set::encode_members(&[4]));
        }),
        ("not found by its identifier \"PMID:1\"", |batch| batch.delete(Family::DocumentIdentifiers, "PMID:1")),
        ("column family nodes, key 00000001", |batch| batch.put(Family::Nodes, key::node(NodeId::new(1)), [0xFF])),
    ];
    for (expected, damage) in cases {
        let graph = sound_graph();
        let mut batch = graph.core().store.batch();
        damage(&mut batch);
        graph.core().store.write(batch, false).unwrap();
        let report = check(&graph.core().store.snapshot()).unwrap();
        assert!(
            report.problems.iter().any(|problem| problem.contains(expected)),
            "{expected:?} not in {:#?}",
            report.problems
        );
    }
}

/// Everything that derives from other records comes back as it was, and nothing else is touched.
#[test]
fn a_repair_rebuilds_each_derived_record_and_says_so() {
    let cases: &[(&str, Damage)] = &[
        ("labels: 1 entries written and 0 deleted", |batch| {
            batch.delete(Family::Labels, key::label(LabelId::new(0)).page(0));
        }),
        ("labels: 0 entries written and 1 deleted", |batch| {
            batch.put(Family::Labels, key::label(LabelId::new(7)).page(0), set::encode_members(&[1]));
        }),
        ("names: 1 entries written and 1 deleted", |batch| {
            batch.delete(Family::Names, key::name("a synonym", NodeId::new(0)));
            batch.put(Family::Names, key::name("z", NodeId::new(0)), [1]);
        }),
        ("identifiers: 1 entries written", |batch| batch.put(Family::Identifiers, "X:B", 2_u32.to_le_bytes())),
        ("document_identifiers: 1 entries written", |batch| batch.delete(Family::DocumentIdentifiers, "PMID:1")),
        ("mentioned: 1 entries written", |batch| {
            batch.put(Family::Mentioned, key::mentioned(NodeId::new(1)).page(0), [9, 9]);
        }),
        ("adjacency: 1 entries written", |batch| {
            batch.delete(Family::Adjacency, key::adjacency(CAUSES, Side::Out, NodeId::new(2)).page(0));
        }),
        ("counter next.node: set to 3", |batch| batch.put(Family::Counters, "next.node", 0_u64.to_le_bytes())),
        ("counter next.sentence: set to 1", |batch| batch.put(Family::Counters, "next.sentence", [1, 2])),
    ];
    for (expected, damage) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("g");
        let graph = Graph::open(&path).unwrap();
        fill(&graph);
        let mut batch = graph.core().store.batch();
        damage(&mut batch);
        graph.core().store.write(batch, false).unwrap();
        drop(graph);
        let report = Graph::repair(&path).unwrap();
        assert!(report.actions.iter().any(|action| action.contains(expected)), "{expected:?}: {:?}", report.actions);
        assert_eq!(report.actions.len(), 1, "{:?}", report.actions);
        assert_eq!(report.check.problems, Vec::<String>::new(), "{expected}");
        assert_eq!(Graph::repair(&path).unwrap().actions, Vec::<String>::new(), "{expected}");
    }
}

#[test]
fn a_repair_leaves_alone_what_derives_from_damaged_records() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("g");
    let graph = Graph::open(&path).unwrap();
    fill(&graph);
    let mut batch = graph.core().store.batch();
    batch.put(Family::Nodes, key::node(NodeId::new(1)), [0xFF]);
    graph.core().store.write(batch, false).unwrap();
    drop(graph);
    let report = Graph::repair(&path).unwrap();
    let left: Vec<_> = report.actions.iter().filter(|action| action.contains("left as it is")).collect();
    assert_eq!(left.len(), 3, "labels, names and identifiers: {:?}", report.actions);
    assert!(report.check.problems[0].contains("column family nodes, key 00000001"), "{:?}", report.check.problems);
    let names = Graph::open(&path).unwrap().snapshot().unwrap().names_with_prefix("B", 1);
    assert!(matches!(names, Err(crate::StorageError::Damaged { .. })), "its name still leads to it");
}
