//! Bulk loads with commits between them, so that a test sees which of them a graph holds.

use hopgraph::engine::{
    BulkNode, BulkOptions, Edge, Graph, Polarity, Properties, PropertyValue, RelationType, Run, RunKind, StorageError,
};

use crate::commits::commit;
use crate::dump::dump;

/// How many loads and commits there are together.
pub(super) const STEPS: usize = 10;

/// So little memory that a load sorts on the disk too.
const MEMORY_BYTES: usize = 4096;

/// Nodes and edges of one load.
const NODES: usize = 40;
const EDGES: usize = 200;

/// A load or, every second time, a commit. No two leave the same graph.
pub(super) fn step(graph: &Graph, number: usize) -> Result<(), StorageError> {
    if number % 2 == 1 {
        return commit(graph, number / 2);
    }
    let kind = RunKind::Load { source: format!("load {number}") };
    let run = Run { kind, started: String::new(), program: String::new() };
    let mut load = graph.bulk_load_with(&run, BulkOptions { memory_bytes: MEMORY_BYTES })?;
    let relation =
        |name: &str, symmetric| RelationType { name: name.to_owned(), polarity: Polarity::Asserted, symmetric };
    let types = [load.relation_type(&relation("associated", true))?, load.relation_type(&relation("causes", false))?];
    let mut nodes = Vec::new();
    for part in 0..NODES {
        // Half of them are there from the load before, so that values are replaced and sets are added to.
        let (identifier, name) = (format!("L:{}", number * NODES / 4 + part), format!("name {number}.{part}"));
        let labels = &[["gene", "disease", "new"][(part + number) % 3]];
        let node = BulkNode { identifier: &identifier, labels, name: &name, ..BulkNode::default() };
        nodes.push(load.add_node(&node)?);
    }
    for part in 0..EDGES {
        let (source, target) = (nodes[part % NODES], nodes[(part * part + number + 1) % NODES]);
        let weight = Properties::from([("weight".to_owned(), PropertyValue::Integer(number as i64))]);
        let properties = if part % 5 == 0 { weight } else { Properties::new() };
        load.add_edge(Edge { relation: types[part % 2], source, target }, &properties)?;
    }
    load.finish().map(drop)
}

/// What the graph holds after each number of steps.
pub(super) fn expected_dumps() -> Vec<String> {
    let graph = Graph::temporary().unwrap();
    let mut dumps = vec![dump(&graph)];
    for number in 0..STEPS {
        step(&graph, number).unwrap();
        dumps.push(dump(&graph));
    }
    dumps
}
