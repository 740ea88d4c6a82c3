//! Walks over a [`Topology`]: which ends are reachable in so many hops, and along which paths.

mod bits;
mod block;
mod counted;
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
mod rows;
mod search;
mod shortest;
mod single_source;
mod third_hop;

#[cfg(test)]
pub(crate) mod oracle;

pub use pair_set::{End, PairSet};
pub use pairs::Pairs;
pub use path::{Hops, Pair, Path, PathMode};
pub use path_count::CountedPairs;
pub use paths::{Ends, Paths, paths};
pub use ranked::{Cost, RankedPaths, ranked_paths};
pub use reach::Reach;
pub use reachable::{count_reachable_pairs, reachable_pairs};
pub use shortest::shortest_paths;

#[cfg(doc)]
use crate::Topology;
