//! Bulk loads: what they leave behind, whatever their size, the memory they have, and where they are cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use crate::storage::directory;
use crate::storage::staging::Staging;
use crate::{
    BulkLoad, BulkNode, BulkOptions, Direction, Edge, Graph, NodeId, Polarity, Properties, PropertyValue, RelationType,
    RelationTypeId, Run, RunKind, StorageError, View,
};

fn run(source: &str) -> Run {
    Run { kind: RunKind::Load { source: source.to_owned() }, started: String::new(), program: "test".to_owned() }
}

fn relation_type(load: &mut BulkLoad, name: &str, symmetric: bool) -> RelationTypeId {
    load.relation_type(&RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric }).unwrap()
}

/// Numbers that look random, from a seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) % u64::from(limit)) as u32
    }
}

/// What some loads should leave behind, by names alone.
#[derive(Debug, Default, PartialEq)]
struct Model {
    /// By identifier: name, other names, labels, the property `size`.
    nodes: BTreeMap<String, (String, BTreeSet<String>, BTreeSet<String>, i64)>,
    /// Type, source and target, with the property `weight` if there is one.
    edges: BTreeMap<(String, String, String), Option<i64>>,
}

impl Model {
    fn of(graph: &Graph) -> Self {
        let snapshot = graph.snapshot().unwrap();
        let mut model = Self::default();
        let name_of = |id: NodeId| snapshot.node(id).unwrap().unwrap().identifiers[0].clone();
        for id in snapshot.nodes().unwrap().iter() {
            let node = snapshot.node(id).unwrap().unwrap();
            assert_eq!(snapshot.node_by_identifier(&node.identifiers[0]).unwrap(), Some(id));
            for name in node.synonyms.iter().chain([&node.name]).filter(|name| !name.is_empty()) {
                assert!(snapshot.nodes_by_name(name).unwrap().contains(&id), "{name}");
            }
            let labels = node.labels.iter().map(|&label| snapshot.catalog().label_name(label).unwrap().to_owned());
            let Some(PropertyValue::Integer(size)) = node.properties.get("size") else { panic!("no size") };
            let facts = (node.name, node.synonyms.into_iter().collect(), labels.collect(), *size);
            model.nodes.insert(node.identifiers[0].clone(), facts);
            for (relation, kind) in snapshot.catalog().relation_types() {
                for end in snapshot.neighbors(id, relation, Direction::Out).unwrap().iter() {
                    let edge = Edge { relation, source: id, target: end }.canonical(kind.symmetric);
                    let weight = match snapshot.edge_properties(edge).unwrap().get("weight") {
                        Some(PropertyValue::Integer(weight)) => Some(*weight),
                        _ => None,
                    };
                    model.edges.insert((kind.name.clone(), name_of(edge.source), name_of(edge.target)), weight);
                }
            }
        }
        model
    }

    fn add_node(&mut self, node: &BulkNode<'_>, size: i64) {
        let (name, synonyms, labels, kept) = self.nodes.entry(node.identifier.to_owned()).or_default();
        if name.is_empty() {
            node.name.clone_into(name);
        }
        let others = std::iter::once(&node.name).chain(node.synonyms).filter(|other| !other.is_empty());
        synonyms.extend(others.filter(|other| name != *other).map(|&other| other.to_owned()));
        labels.extend(node.labels.iter().map(|&label| label.to_owned()));
        *kept = size;
    }
}

const TYPES: [(&str, bool); 3] = [("causes", false), ("associated", true), ("treats", false)];

/// A load of random nodes and edges, many of them given before; what it should change is noted in the model.
fn random_load(graph: &Graph, model: &mut Model, random: &mut Random, memory_bytes: usize) {
    let source = format!("load {}", random.below(2));
    let mut load = graph.bulk_load_with(&run(&source), BulkOptions { memory_bytes }).unwrap();
    let mut ids: BTreeMap<String, NodeId> = BTreeMap::new();
    for _ in 0..random.below(60) {
        let identifier = format!("X:{}", random.below(60));
        let (name, label) = (["", "one", "Two"][random.below(3) as usize], ["a", "b"][random.below(2) as usize]);
        let (synonym, size) = (format!("also {}", random.below(4)), i64::from(random.below(5)));
        let properties = Properties::from([("size".to_owned(), PropertyValue::Integer(size))]);
        let node = BulkNode { identifier: &identifier, labels: &[label], name, synonyms: &[&synonym], properties };
        ids.insert(identifier.clone(), load.add_node(&node).unwrap());
        model.add_node(&node, size);
    }
    for identifier in model.nodes.keys() {
        ids.insert(identifier.clone(), load.node(identifier).unwrap().unwrap());
    }
    let known: Vec<(&String, &NodeId)> = ids.iter().collect();
    for _ in 0..if known.is_empty() { 0 } else { random.below(300) } {
        let [source, target] = [(); 2].map(|()| known[random.below(known.len() as u32) as usize]);
        let (name, symmetric) = TYPES[random.below(3) as usize];
        let relation = relation_type(&mut load, name, symmetric);
        let weight = (random.below(3) == 0).then(|| i64::from(random.below(9)));
        let properties = weight.map(|weight| ("weight".to_owned(), PropertyValue::Integer(weight)));
        let edge = Edge { relation, source: *source.1, target: *target.1 };
        load.add_edge(edge, &properties.into_iter().collect()).unwrap();
        let swapped = edge != edge.canonical(symmetric);
        let ends = if swapped { (target.0, source.0) } else { (source.0, target.0) };
        let kept = model.edges.entry((name.to_owned(), ends.0.clone(), ends.1.clone())).or_default();
        *kept = weight.or(*kept);
    }
    load.finish().unwrap();
}

#[test]
fn loads_into_empty_and_filled_graphs_with_much_and_little_memory_agree_with_a_plain_map() {
    for seed in 0..6 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("graph");
        let (mut random, mut model) = (Random(seed), Model::default());
        let memory_bytes = if seed % 2 == 0 { 64 << 20 } else { 2_000 };
        for _ in 0..4 {
            let graph = Graph::open(&path).unwrap();
            random_load(&graph, &mut model, &mut random, memory_bytes);
            assert_eq!(Model::of(&graph), model, "seed {seed}");
            assert_eq!(graph.check().unwrap().problems, Vec::<String>::new(), "seed {seed}");
        }
    }
}

/// Nodes with other names, many of them given before; some batches are of one node or of none.
#[test]
fn nodes_given_together_become_what_they_become_one_by_one() {
    let mut random = Random(11);
    let identifiers: Vec<String> = (0..4_000).map(|_| format!("X:{}", random.below(1_500))).collect();
    let synonyms: Vec<[String; 1]> = (0..identifiers.len()).map(|row| [format!("also {row}")]).collect();
    let row = |row: usize| BulkNode {
        identifier: &identifiers[row],
        labels: &["a", "b", "c"][row % 3..=row % 3],
        name: ["", "one", "two", "three"][row % 4],
        synonyms: &[],
        properties: Properties::from([("size".to_owned(), PropertyValue::Integer(row as i64))]),
    };
    let [one_by_one, together] = [(); 2].map(|()| Graph::temporary().unwrap());
    let mut load = one_by_one.bulk_load(&run("a")).unwrap();
    for (number, synonyms) in synonyms.iter().enumerate() {
        load.add_node(&BulkNode { synonyms: &[&synonyms[0]], ..row(number) }).unwrap();
    }
    let expected: Vec<_> = identifiers.iter().map(|identifier| load.node(identifier).unwrap()).collect();
    let summary = load.finish().unwrap();
    let mut load = together.bulk_load(&run("a")).unwrap();
    let mut start = 0;
    while start < identifiers.len() {
        let end = (start + [0, 1, 3_000][random.below(3) as usize]).min(identifiers.len());
        let labels: Vec<Vec<String>> =
            (start..end).map(|number| row(number).labels.iter().map(ToString::to_string).collect()).collect();
        let nodes: Vec<BulkNode<'_, String>> = (start..end)
            .map(|number| {
                let BulkNode { identifier, name, properties, .. } = row(number);
                BulkNode { identifier, labels: &labels[number - start], name, synonyms: &synonyms[number], properties }
            })
            .collect();
        load.add_nodes(&nodes).unwrap();
        start = end;
    }
    let found: Vec<_> = identifiers.iter().map(|identifier| load.node(identifier).unwrap()).collect();
    assert_eq!(found, expected, "ids are given out in the order of the rows");
    assert_eq!(load.finish().unwrap(), summary);
    assert_eq!(Model::of(&together), Model::of(&one_by_one));
    assert_eq!(together.check().unwrap().problems, Vec::<String>::new());
}

#[test]
fn nodes_given_together_are_all_refused_if_one_is() {
    let graph = Graph::temporary().unwrap();
    let mut load = graph.bulk_load(&run("a")).unwrap();
    let nodes = ["a", " "].map(|identifier| BulkNode::<&str> { identifier, ..BulkNode::default() });
    let error = load.add_nodes(&nodes).unwrap_err();
    assert!(matches!(error, StorageError::InvalidName { .. }), "{error}");
    assert_eq!(load.node("a").unwrap(), None);
    assert_eq!(load.finish().unwrap().nodes_added, 0);
}

/// Facts by hand before and after a load meet the same sets.
#[test]
fn loads_and_changes_add_to_each_other() {
    let graph = Graph::temporary().unwrap();
    let mut expected = BTreeSet::new();
    for round in 0..3_u32 {
        let mut load = graph.bulk_load(&run(&round.to_string())).unwrap();
        let relation = relation_type(&mut load, "causes", false);
        let ids: Vec<NodeId> = (0..10)
            .map(|number| {
                let identifier = format!("n{number}");
                load.add_node(&BulkNode { identifier: &identifier, ..BulkNode::default() }).unwrap()
            })
            .collect();
        let targets = (0..10).filter(|target| target % 3 == round).map(|target| ids[target as usize]);
        expected.extend(targets.clone());
        load.add_edges(relation, targets.map(|target| (ids[0], target))).unwrap();
        load.finish().unwrap();
        let mut change = graph.change().unwrap();
        let hand = change.hand().unwrap();
        let removed = ids[3 * round as usize];
        assert!(
            change.delete_edge(Edge { relation, source: ids[0], target: removed }).unwrap()
                == expected.remove(&removed)
        );
        change.add_fact(Edge { relation, source: ids[0], target: ids[9] }, hand).unwrap();
        expected.insert(ids[9]);
        change.commit().unwrap();
        let found = graph.snapshot().unwrap().neighbors(ids[0], relation, Direction::Out).unwrap();
        assert_eq!(found.iter().collect::<BTreeSet<_>>(), expected, "round {round}");
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
    }
}

fn small_load(graph: &Graph) -> BulkLoad {
    let mut load = graph.bulk_load(&run("small")).unwrap();
    let relation = relation_type(&mut load, "causes", false);
    let properties = Properties::from([("size".to_owned(), PropertyValue::Integer(1))]);
    let ids = ["A", "B"].map(|identifier| {
        let labels = &["thing"];
        load.add_node(&BulkNode { identifier, labels, name: identifier, synonyms: &[], properties: properties.clone() })
            .unwrap()
    });
    load.add_edge(Edge { relation, source: ids[0], target: ids[1] }, &Properties::new()).unwrap();
    load
}

#[test]
fn a_dropped_load_leaves_the_graph_as_it_was() {
    let graph = Graph::temporary().unwrap();
    drop(small_load(&graph));
    assert!(!directory::staging(graph.path()).exists());
    let snapshot = graph.snapshot().unwrap();
    assert_eq!((snapshot.statistics().unwrap().nodes, snapshot.runs().unwrap().len()), (0, 0));
    assert_eq!(snapshot.catalog().label_count(), 0);
    assert_eq!(small_load(&graph).finish().unwrap().nodes_added, 2, "another load can begin");
}

#[test]
fn an_open_snapshot_does_not_see_a_load_and_a_new_one_sees_all_of_it() {
    let graph = Graph::temporary().unwrap();
    let before = graph.snapshot().unwrap();
    small_load(&graph).finish().unwrap();
    assert_eq!(before.nodes_by_name("a").unwrap(), []);
    let after = graph.snapshot().unwrap();
    let relation = after.catalog().relation_type_id("causes").unwrap();
    let ids = ["a", "b"].map(|name| after.nodes_by_name(name).unwrap()[0]);
    assert!(after.has_edge(Edge { relation, source: ids[0], target: ids[1] }).unwrap());
    assert!(!before.has_edge(Edge { relation, source: ids[0], target: ids[1] }).unwrap());
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        std::fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

/// The files of a sealed load are copied aside and put back in part, as an interruption leaves them.
#[test]
fn a_load_cut_off_while_the_store_takes_it_in_is_finished_by_the_next_open() {
    let folder = tempfile::tempdir().unwrap();
    let (path, aside) = (folder.path().join("graph"), folder.path().join("aside"));
    let staged = directory::staging(&path);
    let graph = Graph::open(&path).unwrap();
    small_load(&graph).finish_until_sealed();
    drop(graph);
    copy(&staged, &aside);
    let expected = Model::of(&Graph::open(&path).unwrap());
    assert_eq!((expected.nodes.len(), expected.edges.len()), (2, 1));
    assert!(!staged.exists());
    // Everything is in the store already, but the note and some of the files are still there.
    for missing in 0..=std::fs::read_dir(&aside).unwrap().count() {
        copy(&aside, &staged);
        let mut files: Vec<_> = std::fs::read_dir(&staged).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| file.extension().is_some_and(|extension| extension == "sst"));
        files.sort();
        files.iter().take(missing).for_each(|file| std::fs::remove_file(file).unwrap());
        let graph = Graph::open(&path).unwrap();
        assert_eq!(Model::of(&graph), expected, "{missing} files are gone");
        assert_eq!(graph.check().unwrap().problems, Vec::<String>::new());
        assert!(!staged.exists());
    }
}

#[test]
fn files_without_a_note_are_thrown_away_and_a_damaged_note_is_reported() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("graph");
    let graph = Graph::open(&path).unwrap();
    small_load(&graph).finish_until_sealed();
    drop(graph);
    let note = directory::staging(&path).join("READY");
    std::fs::write(&note, "nowhere\tx.sst\n").unwrap();
    let error = Graph::open(&path).unwrap_err();
    assert!(matches!(error, StorageError::Damaged { .. }), "{error}");
    std::fs::remove_file(note).unwrap();
    assert_eq!(Model::of(&Graph::open(&path).unwrap()), Model::default());
    assert!(!directory::staging(&path).exists());
}

#[test]
fn an_edge_to_a_node_that_was_never_given_out_is_refused() {
    let graph = Graph::temporary().unwrap();
    let mut load = small_load(&graph);
    let relation = relation_type(&mut load, "causes", false);
    let error = load.add_edges(relation, [(NodeId::new(0), NodeId::new(2))]).unwrap_err();
    assert!(matches!(error, StorageError::UnknownNode(id) if id == NodeId::new(2)), "{error}");
    assert_eq!(load.finish().unwrap().edges, 1);
}

impl BulkLoad {
    /// As far as the note, as if the process died there.
    fn finish_until_sealed(mut self) {
        let path = self.change.path().to_owned();
        self.change.fail_next_write();
        let _ = self.finish().unwrap_err();
        assert!(directory::staging(&path).join("READY").exists());
    }
}

/// The folder of a load that died is no obstacle to the next one.
#[test]
fn a_left_over_folder_is_cleared_away() {
    let folder = tempfile::tempdir().unwrap();
    let staged = directory::staging(folder.path());
    std::fs::create_dir(&staged).unwrap();
    std::fs::write(staged.join("nodes.0.sst"), "half").unwrap();
    drop(Staging::create(folder.path()).unwrap());
    assert!(!staged.exists());
}

#[test]
fn sets_of_nodes_that_were_asked_for_before_a_load_do_not_stand_for_those_after_it() {
    let graph = Graph::temporary().unwrap();
    for loads in 0..3_u64 {
        assert_eq!(graph.snapshot().unwrap().nodes().unwrap().len(), loads);
        let mut load = graph.bulk_load(&run("a")).unwrap();
        load.add_node(&BulkNode { identifier: &format!("n{loads}"), ..BulkNode::default() }).unwrap();
        load.finish().unwrap();
    }
    assert_eq!(graph.snapshot().unwrap().nodes().unwrap().len(), 3);
}
