//! How many further pairs are found as relations come in.
//!
//! The definition: a **relation** is a row of the table, whatever its label, and its two ends are nodes by the words that
//! the sentence uses. A **found pair** is two nodes, of either kind, whose shortest path has 2 up to k hops; it is counted
//! once, and as a percentage of the relations sampled. Of the definitions tried this one comes nearest to the paper's
//! figures; `plugins/discovery/benches/record/growth.md` lists them all.

use std::sync::Arc;

use hopgraph_engine::traverse::{Hops, PathMode, count_reachable_pairs};
use hopgraph_engine::{Budget, Direction, Edge, Interruption, NodeId, NodeSet, RelationTypeId, Topology};

use crate::{Random, Relation, Relations};

/// The most hops that are counted.
const HOPS_MAX: u32 = 4;

/// Pairs found by up to so many hops, in one sample or as a mean.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Found {
    /// By 2 hops.
    pub by_2_hops: f64,
    /// By 2 or 3 hops.
    pub by_3_hops: f64,
    /// By 2, 3 or 4 hops.
    pub by_4_hops: f64,
}

impl Found {
    fn map(self, mut change: impl FnMut(f64) -> f64) -> Self {
        let [by_2_hops, by_3_hops, by_4_hops] = [self.by_2_hops, self.by_3_hops, self.by_4_hops].map(&mut change);
        Self { by_2_hops, by_3_hops, by_4_hops }
    }

    fn plus(self, other: Self) -> Self {
        Self {
            by_2_hops: self.by_2_hops + other.by_2_hops,
            by_3_hops: self.by_3_hops + other.by_3_hops,
            by_4_hops: self.by_4_hops + other.by_4_hops,
        }
    }
}

/// What samples of one size found.
#[derive(Clone, Debug, PartialEq)]
pub struct GrowthRow {
    /// Relations of a sample.
    pub relations: usize,
    /// Samples drawn.
    pub samples: usize,
    /// Pairs found, as a mean over the samples.
    pub pairs: Found,
    /// The same in percent of the relations sampled.
    pub percent: Found,
    /// Least and greatest percentage found by 2 hops in a single sample.
    pub spread_by_2_hops: [f64; 2],
}

/// A figure that the paper gives.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PaperFigure {
    /// Relations sampled.
    pub relations: usize,
    /// Percent found by 2 hops.
    pub by_2_hops: f64,
    /// Percent found by up to 4 hops.
    pub by_4_hops: f64,
}

/// The figures that the paper gives for EU-ADR.
pub const PAPER: [PaperFigure; 2] = [
    PaperFigure { relations: 35, by_2_hops: 28.57, by_4_hops: 29.52 },
    PaperFigure { relations: 355, by_2_hops: 232.21, by_4_hops: 420.0 },
];

/// Draws samples of each size, without putting back, and counts the pairs that they find. A sample of all relations is
/// drawn once.
///
/// # Errors
/// If the budget is used up.
pub fn growth(
    relations: &Relations,
    sizes: &[usize],
    samples: usize,
    seed: u64,
    budget: &Arc<Budget>,
) -> Result<Vec<GrowthRow>, Interruption> {
    let mut random = Random::new(seed);
    let mut rows = Vec::new();
    for &size in sizes {
        let size = size.min(relations.relations.len());
        let samples = if size == relations.relations.len() { 1 } else { samples.max(1) };
        let (mut sum, mut spread) = (Found::default(), [f64::INFINITY, f64::NEG_INFINITY]);
        for _ in 0..samples {
            let mut order = relations.relations.clone();
            random.shuffle(&mut order);
            let found = found(&order[..size], budget)?;
            spread = [spread[0].min(found.by_2_hops), spread[1].max(found.by_2_hops)];
            sum = sum.plus(found);
        }
        let pairs = sum.map(|pairs| pairs / samples as f64);
        let percent = |pairs: f64| 100.0 * pairs / size.max(1) as f64;
        rows.push(GrowthRow {
            relations: size,
            samples,
            pairs,
            percent: pairs.map(percent),
            spread_by_2_hops: spread.map(percent),
        });
    }
    Ok(rows)
}

/// The graph of some relations: every step can be taken back.
pub(crate) fn topology(relations: &[Relation]) -> Topology {
    let relation = RelationTypeId::new(0);
    let edges = relations
        .iter()
        .map(|pair| (Edge { relation, source: NodeId::new(pair.source), target: NodeId::new(pair.target) }, true));
    let mut edges: Vec<(Edge, bool)> = edges.collect();
    edges.sort_unstable();
    edges.dedup();
    Topology::from_edges(edges, Direction::Both)
}

/// Pairs whose shortest path has 2 up to 4 hops.
fn found(sample: &[Relation], budget: &Arc<Budget>) -> Result<Found, Interruption> {
    let nodes: NodeSet = sample.iter().flat_map(|pair| [pair.source, pair.target]).map(NodeId::new).collect();
    let hops = Hops { least: 1, most: HOPS_MAX };
    let topology = Arc::new(topology(sample));
    let mut counts = count_reachable_pairs(&topology, &nodes, &nodes, hops, PathMode::Walk, budget)?;
    counts.resize(HOPS_MAX as usize + 1, 0);
    // Each node comes back to itself in 2 hops; every other pair comes in either order.
    counts[2] -= nodes.len();
    let pairs = |hops: std::ops::RangeInclusive<usize>| counts[hops].iter().sum::<u64>() as f64 / 2.0;
    Ok(Found { by_2_hops: pairs(2..=2), by_3_hops: pairs(2..=3), by_4_hops: pairs(2..=4) })
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn data(path: &str) -> Relations {
        Relations::from_table(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../data").join(path), None, None).unwrap()
    }

    /// The number of unordered pairs at each distance, by a search from every node.
    fn judge(sample: &[Relation]) -> [usize; 5] {
        let topology = topology(sample);
        let mut counts = [0_usize; 5];
        for start in 0..topology.node_count() as u32 {
            let mut distance = vec![usize::MAX; topology.node_count()];
            distance[start as usize] = 0;
            let mut frontier = vec![start];
            for (hops, count) in counts.iter_mut().enumerate().skip(1) {
                let mut next = Vec::new();
                for node in frontier {
                    for &end in topology.ends(NodeId::new(node)) {
                        if distance[end as usize] == usize::MAX {
                            distance[end as usize] = hops;
                            next.push(end);
                        }
                    }
                }
                *count += next.iter().filter(|&&end| end > start).count();
                frontier = next;
            }
        }
        counts
    }

    #[test]
    fn counts_agree_with_a_search_from_every_node() {
        let relations = data("eu-adr/gene_disease.tsv");
        let budget = Arc::new(Budget::unlimited());
        for seed in 0..5 {
            let mut sample = relations.relations.clone();
            Random::new(seed).shuffle(&mut sample);
            let sample = &sample[..50 * (seed as usize + 1)];
            let counts = judge(sample);
            let expected = [2..=2, 2..=3, 2..=4].map(|hops| counts[hops].iter().sum::<usize>() as f64);
            let found = found(sample, &budget).unwrap();
            assert_eq!([found.by_2_hops, found.by_3_hops, found.by_4_hops], expected, "seed {seed}");
        }
    }

    #[test]
    fn the_whole_of_eu_adr_finds_what_the_record_says_and_a_seed_gives_the_same_samples() {
        let relations = data("eu-adr/gene_disease.tsv");
        let budget = Arc::new(Budget::unlimited());
        let rows = growth(&relations, &[35, 355], 30, 1, &budget).unwrap();
        assert_eq!(rows[1].pairs, Found { by_2_hops: 870.0, by_3_hops: 1186.0, by_4_hops: 1565.0 });
        assert_eq!((rows[1].relations, rows[1].samples), (355, 1));
        assert!((rows[1].percent.by_2_hops - 245.07).abs() < 0.01 && (rows[1].percent.by_4_hops - 440.85).abs() < 0.01);
        // The paper's 28.57 % of 35 relations lies within what single samples give.
        let [least, greatest] = rows[0].spread_by_2_hops;
        assert!((least..=greatest).contains(&PAPER[0].by_2_hops), "{least} to {greatest}");
        assert_eq!(growth(&relations, &[35, 355], 30, 1, &budget).unwrap(), rows);
        assert_ne!(growth(&relations, &[35], 30, 2, &budget).unwrap()[0], rows[0]);
    }
}
