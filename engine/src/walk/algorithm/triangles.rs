//! How tightly neighbours are joined: triangles and the clustering coefficient.

use std::sync::atomic::{AtomicU64, Ordering};

use rayon::prelude::*;

use super::subgraph::Subgraph;
use crate::Interruption;

/// What [`triangles`] finds for one node.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Triangles {
    /// Pairs of neighbours that are joined to each other.
    pub count: u64,
    /// Their share of all pairs of neighbours: in 0..=1, and 0 for a node with fewer than two neighbours.
    pub clustering: f64,
}

/// The triangles through each node. Directions, parallel edges and loops make no difference.
///
/// The forward algorithm (Schank, Wagner, "Finding, Counting and Listing all Triangles in Large Graphs", WEA 2005): each
/// edge points to the end with more neighbours, and the lists of both ends are intersected; time in the number of edges
/// to the power of 1.5.
pub fn triangles(graph: &Subgraph) -> Result<Vec<Triangles>, Interruption> {
    let budget = graph.budget();
    let _held = budget.charge(4 * graph.step_count() as u64 + 48 * graph.len() as u64)?;
    let lists = neighbor_lists(graph)?;
    let rank = |node: u32| (lists[node as usize].len(), node);
    let larger: Vec<Vec<u32>> = (0..graph.len() as u32)
        .map(|node| lists[node as usize].iter().copied().filter(|&other| rank(other) > rank(node)).collect())
        .collect();
    let counts: Vec<AtomicU64> = (0..graph.len()).map(|_| AtomicU64::new(0)).collect();
    let add = |node: usize| counts[node].fetch_add(1, Ordering::Relaxed);
    (0..graph.len()).into_par_iter().try_for_each(|node| {
        if node % 256 == 0 {
            budget.check()?;
        }
        for &other in &larger[node] {
            budget.count_neighbors((larger[node].len() + larger[other as usize].len()) as u64);
            for_each_common(&larger[node], &larger[other as usize], |third| {
                add(node);
                add(other as usize);
                add(third as usize);
            });
        }
        Ok(())
    })?;
    let found = counts.into_iter().map(AtomicU64::into_inner).zip(&lists);
    Ok(found.map(|(count, list)| Triangles { count, clustering: share(count, list.len() as u64) }).collect())
}

fn share(count: u64, neighbors: u64) -> f64 {
    let pairs = neighbors * neighbors.saturating_sub(1) / 2;
    if pairs == 0 { 0.0 } else { count as f64 / pairs as f64 }
}

/// The neighbours of each node, whichever way the edges point, without the node itself.
fn neighbor_lists(graph: &Subgraph) -> Result<Vec<Vec<u32>>, Interruption> {
    let reversed = if graph.is_undirected() { None } else { Some(graph.reversed()?) };
    let list = |node: usize| {
        let back = reversed.iter().flat_map(|reversed| reversed.ends(node));
        let mut list: Vec<u32> =
            graph.ends(node).iter().chain(back).copied().filter(|&other| other as usize != node).collect();
        list.sort_unstable();
        list.dedup();
        list
    };
    Ok((0..graph.len()).map(list).collect())
}

/// Goes through two ordered lists at once.
fn for_each_common(a: &[u32], b: &[u32], mut found: impl FnMut(u32)) {
    let (mut i, mut j) = (0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                found(a[i]);
                (i, j) = (i + 1, j + 1);
            }
        }
    }
}
