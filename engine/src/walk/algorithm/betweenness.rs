//! Who stands between the others: betweenness centrality.

use rayon::prelude::*;

use super::subgraph::Subgraph;
use crate::{Budget, Interruption};

/// How many searches run side by side at most; what they find is added up in a fixed order.
const GROUPS: usize = 16;

/// From how many nodes, drawn at random, shortest paths are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// So many; as many as there are nodes, or more, makes the answer exact.
    pub size: usize,
    /// Says which: the same seed draws the same nodes.
    pub seed: u64,
}

/// The share of the shortest paths between two others that lead through each node: in 0..=1, as networkx has it. Parallel
/// edges and loops make no difference.
///
/// Brandes, "A faster algorithm for betweenness centrality", Journal of Mathematical Sociology 25(2), 2001: a search from
/// each node of the sample, each in the number of steps. From a sample the answer is an estimate (Brandes, Pich,
/// "Centrality estimation in large networks", International Journal of Bifurcation and Chaos 17(7), 2007).
pub fn betweenness(graph: &Subgraph, sample: Sample) -> Result<Vec<f64>, Interruption> {
    let (count, budget) = (graph.len(), graph.budget());
    let sources = drawn(count, sample);
    if count < 3 || sources.is_empty() {
        return Ok(vec![0.0; count]);
    }
    let per_group = sources.len().div_ceil(GROUPS);
    let _held = budget.charge((GROUPS * count * (8 + size_of::<Visit>() + 8)) as u64)?;
    let partial: Vec<Vec<f64>> = sources
        .par_chunks(per_group)
        .map(|sources| {
            let mut search = BrandesSearch::new(count);
            sources.iter().try_for_each(|&source| search.run(graph, source, budget))?;
            Ok(search.sums)
        })
        .collect::<Result<_, Interruption>>()?;
    let scale = count as f64 / sources.len() as f64 / ((count - 1) as f64 * (count - 2) as f64);
    Ok((0..count).map(|node| scale * partial.iter().map(|sums| sums[node]).sum::<f64>()).collect())
}

/// The nodes of the sample: the first of a shuffle (Fisher, Yates) by SplitMix64.
fn drawn(count: usize, sample: Sample) -> Vec<u32> {
    let mut nodes: Vec<u32> = (0..count as u32).collect();
    if sample.size >= count {
        return nodes;
    }
    let mut state = sample.seed;
    for place in 0..sample.size {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let rest = (count - place) as u64;
        nodes.swap(place, place + ((mixed ^ (mixed >> 31)) % rest) as usize);
    }
    nodes.truncate(sample.size);
    nodes
}

/// What one search knows of a node.
#[derive(Clone, Copy, Default)]
struct Visit {
    /// One more than the hops from the source; 0: not reached.
    depth: u32,
    /// Shortest paths from the source.
    paths: f64,
    /// The share of the paths to other nodes that lead through this one.
    dependency: f64,
}

/// One search after the other.
struct BrandesSearch {
    visits: Vec<Visit>,
    /// The nodes reached, nearest first.
    order: Vec<u32>,
    sums: Vec<f64>,
}

impl BrandesSearch {
    fn new(count: usize) -> Self {
        Self { visits: vec![Visit::default(); count], order: Vec::new(), sums: vec![0.0; count] }
    }

    fn run(&mut self, graph: &Subgraph, source: u32, budget: &Budget) -> Result<(), Interruption> {
        budget.check()?;
        self.order.clear();
        self.order.push(source);
        self.visits[source as usize] = Visit { depth: 1, paths: 1.0, dependency: 0.0 };
        let mut place = 0;
        while let Some(&node) = self.order.get(place) {
            place += 1;
            budget.count_neighbors(graph.ends(node as usize).len() as u64);
            let Visit { depth, paths, .. } = self.visits[node as usize];
            for end in graph.neighbors(node as usize) {
                let visit = &mut self.visits[end as usize];
                if visit.depth == 0 {
                    visit.depth = depth + 1;
                    self.order.push(end);
                }
                if visit.depth == depth + 1 {
                    visit.paths += paths;
                }
            }
        }
        self.add_up(graph, source);
        Ok(())
    }

    /// From the farthest node back, each one's dependency is what the nodes behind it hand on.
    fn add_up(&mut self, graph: &Subgraph, source: u32) {
        for &node in self.order.iter().rev() {
            let Visit { depth, paths, .. } = self.visits[node as usize];
            let behind = graph.neighbors(node as usize).map(|end| self.visits[end as usize]);
            let handed = behind
                .filter(|visit| visit.depth == depth + 1)
                .map(|visit| paths / visit.paths * (1.0 + visit.dependency));
            let dependency = handed.sum();
            self.visits[node as usize].dependency = dependency;
            if node != source {
                self.sums[node as usize] += dependency;
            }
        }
        for &node in &self.order {
            self.visits[node as usize] = Visit::default();
        }
    }
}
