//! Shortest paths between two nodes: breadth-first search that remembers every way in.

use std::collections::HashMap;

use super::path::{Hops, Path};
use crate::walk::topology::Step;
use crate::{Budget, Interruption, NodeId, Topology};

/// For each node reached, its distance and the steps that reached it first, each with where it came from.
type Arrivals = HashMap<NodeId, (u32, Vec<(NodeId, Step)>)>;

/// All shortest paths between two nodes, or only the first of them, if their number of hops lies in the range; none if
/// there is no path. Between a node and itself the only one is the path without hops. A shortest path repeats no node,
/// so the answer is the same under every path mode.
pub fn shortest_paths(
    topology: &Topology,
    source: NodeId,
    target: NodeId,
    hops: Hops,
    all: bool,
    budget: &Budget,
) -> Result<Vec<Path>, Interruption> {
    let arrivals = arrivals(topology, source, target, hops.most, budget)?;
    match arrivals.get(&target) {
        Some((distance, _)) if *distance >= hops.least => trace(&arrivals, target, all, budget),
        _ => Ok(Vec::new()),
    }
}

fn arrivals(
    topology: &Topology,
    source: NodeId,
    target: NodeId,
    most: u32,
    budget: &Budget,
) -> Result<Arrivals, Interruption> {
    let mut arrivals = Arrivals::from([(source, (0, Vec::new()))]);
    let mut frontier = vec![source];
    let mut distance = 0;
    while !frontier.is_empty() && distance < most && !arrivals.contains_key(&target) {
        budget.check()?;
        distance += 1;
        let mut next = Vec::new();
        for node in frontier {
            budget.count_neighbors(topology.degree(node) as u64);
            for step in topology.steps(node) {
                let (first, ways) = arrivals.entry(step.node).or_insert_with(|| {
                    next.push(step.node);
                    (distance, Vec::new())
                });
                if *first == distance {
                    ways.push((node, step));
                }
            }
        }
        frontier = next;
    }
    Ok(arrivals)
}

/// Follows the ways in back to the source.
fn trace(arrivals: &Arrivals, target: NodeId, all: bool, budget: &Budget) -> Result<Vec<Path>, Interruption> {
    let mut found = Vec::new();
    let mut open = vec![Path { nodes: vec![target], edges: Vec::new() }];
    while let Some(mut path) = open.pop() {
        budget.check()?;
        let node = *path.nodes.last().expect("a path has a first node");
        let (distance, ways) = &arrivals[&node];
        if *distance == 0 {
            path.nodes.reverse();
            path.edges.reverse();
            found.push(path);
            if !all {
                break;
            }
            continue;
        }
        for (from, step) in ways.iter().rev() {
            let mut longer = path.clone();
            longer.nodes.push(*from);
            longer.edges.push(step.edge(*from));
            open.push(longer);
        }
    }
    found.sort_unstable();
    Ok(found)
}
