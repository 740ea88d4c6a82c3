//! Walks over a [`Topology`]: which ends are reachable in so many hops, and along which paths.

mod bits;
mod block;
mod closure;
mod components;
mod count_paths;
mod counted;
mod depth_first;
mod each_start;
mod exact_length;
mod pair_set;
mod pairs;
mod path;
mod path_count;
mod paths;
mod plan;
mod ranked;
mod reach;
mod reachable;
mod returns;
mod rows;
mod search;
mod shortest;
mod single_source;
mod sorted;
mod start_scratch;
mod third_hop;

#[cfg(test)]
mod count_paths_tests;
#[cfg(test)]
pub(crate) mod oracle;
#[cfg(test)]
mod unbounded_tests;

pub use count_paths::{count_paths, count_paths_by_hops};
pub use pair_set::PairSet;
pub use pairs::Pairs;
pub use path::{Hops, Pair, Path, PathMode};
pub use path_count::CountedPairs;
pub use paths::{Ends, Paths, paths};
pub use ranked::{Cost, RankedPaths, ranked_paths};
pub use reach::{End, Reach};
pub use reachable::{count_reachable_pairs, reachable_pairs};
pub use shortest::{FoundPaths, ShortestPaths};

#[cfg(doc)]
use crate::Topology;
