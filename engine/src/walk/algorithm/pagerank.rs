//! Who is important: PageRank.

use rayon::prelude::*;

use super::subgraph::Subgraph;
use crate::Interruption;

/// How PageRank is computed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageRank {
    /// The probability that the surfer follows a step, and does not jump to any node: in 0..=1.
    pub damping: f64,
    /// At most so many rounds.
    pub iterations: u32,
    /// Ends when the ranks of all nodes together change by less than this for each node.
    pub tolerance: f64,
}

impl Default for PageRank {
    /// What networkx takes: 0.85, 100 rounds, 1e-6.
    fn default() -> Self {
        Self { damping: 0.85, iterations: 100, tolerance: 1e-6 }
    }
}

/// The rank of each node; together they are 1. A node without steps hands its rank to all nodes alike; parallel edges
/// weigh as many as they are.
///
/// Power iteration (Page, Brin, Motwani, Winograd, "The PageRank Citation Ranking", 1999): each round takes time in the
/// number of steps, and the distance from the answer shrinks by the damping in each.
pub fn pagerank(graph: &Subgraph, options: PageRank) -> Result<Vec<f64>, Interruption> {
    let budget = graph.budget();
    let reversed = if graph.is_undirected() { None } else { Some(graph.reversed()?) };
    let incoming = reversed.as_ref().unwrap_or(graph);
    let count = graph.len();
    let _held = budget.charge(24 * count as u64)?;
    let degrees = graph.degrees();
    let mut ranks = vec![1.0 / count as f64; count];
    for _ in 0..options.iterations {
        budget.check()?;
        // What each node hands on along each of its steps.
        let shares: Vec<f64> = ranks.iter().zip(&degrees).map(|(rank, &degree)| rank / degree.max(1) as f64).collect();
        let lost: f64 = ranks.iter().zip(&degrees).filter(|(_, degree)| **degree == 0).map(|(rank, _)| rank).sum();
        let everywhere = (1.0 - options.damping + options.damping * lost) / count as f64;
        let rank = |node: usize| {
            let sum: f64 = incoming.ends(node).iter().map(|&from| shares[from as usize]).sum();
            options.damping * sum + everywhere
        };
        let next: Vec<f64> = (0..count).into_par_iter().map(rank).collect();
        budget.count_neighbors(graph.step_count() as u64);
        let change: f64 = ranks.iter().zip(&next).map(|(old, new)| (old - new).abs()).sum();
        ranks = next;
        if change < options.tolerance * count as f64 {
            break;
        }
    }
    Ok(ranks)
}
