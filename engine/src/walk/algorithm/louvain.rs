//! What belongs together: communities by the Louvain method.

use std::collections::BTreeMap;

use super::groups::renumbered;
use super::subgraph::Subgraph;
use crate::{Budget, Interruption};

/// A level ends when a round over all nodes gains less than this of modularity.
const LEAST_GAIN: f64 = 1e-7;

/// The community of each node, numbered from 0 in the order of their first nodes. Directions make no difference, and
/// parallel edges weigh as many as they are. A larger resolution makes smaller communities; 1 is the usual one.
///
/// Blondel, Guillaume, Lambiotte, Lefebvre, "Fast unfolding of communities in large networks", Journal of Statistical
/// Mechanics, 2008: nodes move to the neighbouring community that gains most modularity, in the order of their numbers;
/// then communities become nodes, until nothing is gained. Each round takes time in the number of steps.
pub fn louvain(graph: &Subgraph, resolution: f64) -> Result<Vec<u32>, Interruption> {
    let budget = graph.budget();
    let _held = budget.charge(32 * graph.step_count() as u64 + 64 * graph.len() as u64)?;
    let mut level = Level::of(graph);
    let mut communities: Vec<u32> = (0..graph.len() as u32).collect();
    loop {
        let moved = level.move_nodes(resolution, budget)?;
        let groups = renumbered(&moved);
        communities.iter_mut().for_each(|community| *community = groups[*community as usize]);
        let count = groups.iter().max().map_or(0, |&last| last as usize + 1);
        if count == level.links.len() {
            return Ok(renumbered(&communities));
        }
        level = level.folded(&groups, count);
    }
}

/// How much more weight lies within the communities than if the ends of edges were drawn at random: below 1, and the
/// higher the better. Directions make no difference.
pub fn modularity(graph: &Subgraph, communities: &[u32], resolution: f64) -> f64 {
    let level = Level::of(graph);
    let count = communities.iter().max().map_or(0, |&last| last as usize + 1);
    let folded = level.folded(communities, count);
    let whole = level.whole.max(f64::MIN_POSITIVE);
    let share = |(own, weight): (&f64, &f64)| own / whole - resolution * (weight / whole).powi(2);
    folded.own.iter().zip(&folded.weights).map(share).sum()
}

/// A graph with weights; every edge stands at both of its ends.
struct Level {
    /// For each node, the other nodes with the weight of the edges to them.
    links: Vec<Vec<(u32, f64)>>,
    /// The weight of the loops of each node, twice as in an adjacency matrix.
    own: Vec<f64>,
    /// All of the weight of each node.
    weights: Vec<f64>,
    /// All of the weight: twice that of the edges.
    whole: f64,
}

impl Level {
    fn of(graph: &Subgraph) -> Self {
        let mut links: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); graph.len()];
        let mut own = vec![0.0; graph.len()];
        for node in 0..graph.len() {
            for &end in graph.ends(node) {
                if end as usize == node {
                    own[node] += 2.0;
                } else {
                    *links[node].entry(end).or_default() += 1.0;
                    if !graph.is_undirected() {
                        *links[end as usize].entry(node as u32).or_default() += 1.0;
                    }
                }
            }
        }
        Self::new(links, own)
    }

    fn new(links: Vec<BTreeMap<u32, f64>>, own: Vec<f64>) -> Self {
        let links: Vec<Vec<(u32, f64)>> = links.into_iter().map(|links| links.into_iter().collect()).collect();
        let sum = |links: &[(u32, f64)]| links.iter().map(|(_, weight)| weight).sum::<f64>();
        let weights: Vec<f64> = links.iter().zip(&own).map(|(links, own)| sum(links) + own).collect();
        let whole = weights.iter().sum();
        Self { links, own, weights, whole }
    }

    /// The community of each node once no move gains anything worth while.
    fn move_nodes(&self, resolution: f64, budget: &Budget) -> Result<Vec<u32>, Interruption> {
        let mut communities: Vec<u32> = (0..self.links.len() as u32).collect();
        let mut totals = self.weights.clone();
        loop {
            let mut gained = 0.0;
            for node in 0..self.links.len() {
                if node % 1024 == 0 {
                    budget.check()?;
                }
                budget.count_neighbors(self.links[node].len() as u64);
                gained += self.move_node(node, &mut communities, &mut totals, resolution);
            }
            if gained < LEAST_GAIN {
                return Ok(communities);
            }
        }
    }

    /// Moves a node to the community where it gains most. Gives the gain.
    fn move_node(&self, node: usize, communities: &mut [u32], totals: &mut [f64], resolution: f64) -> f64 {
        if self.whole == 0.0 {
            return 0.0;
        }
        let (from, weight) = (communities[node], self.weights[node]);
        let mut toward: BTreeMap<u32, f64> = BTreeMap::from([(from, 0.0)]);
        for &(other, weight) in &self.links[node] {
            *toward.entry(communities[other as usize]).or_default() += weight;
        }
        totals[from as usize] -= weight;
        let value = |community: u32, toward: f64| {
            2.0 * (toward - resolution * weight * totals[community as usize] / self.whole) / self.whole
        };
        let stay = value(from, toward[&from]);
        let mut best = (from, stay);
        for (&community, &links) in &toward {
            let found = value(community, links);
            // A hair's breadth is rounding, not a gain: moving for it might never end.
            if found > best.1 + 1e-15 {
                best = (community, found);
            }
        }
        totals[best.0 as usize] += weight;
        communities[node] = best.0;
        best.1 - stay
    }

    /// The graph whose nodes are these groups.
    fn folded(&self, groups: &[u32], count: usize) -> Self {
        let mut links: Vec<BTreeMap<u32, f64>> = vec![BTreeMap::new(); count];
        let mut own = vec![0.0; count];
        for (node, &group) in groups.iter().enumerate() {
            own[group as usize] += self.own[node];
            for &(other, weight) in &self.links[node] {
                let other = groups[other as usize];
                if other == group {
                    own[group as usize] += weight;
                } else {
                    *links[group as usize].entry(other).or_default() += weight;
                }
            }
        }
        Self::new(links, own)
    }
}
