//! Operators on chunks of rows, for plans that only read. A segment of them runs over morsels of a fixed number of source
//! nodes, on all cores where what follows takes rows in any order, and its results are put together in the order of the
//! morsels: the same snapshot gives the same rows on any number of cores.

mod aggregate;
mod combine;
mod compile;
mod count_hops;
mod counted;
mod distinct;
mod exists;
mod expand;
mod filter;
mod group;
mod interner;
mod intersect;
mod join;
mod limit;
mod optional;
mod project;
mod rows;
mod scan;
mod segment;
mod sort;
mod union;

use std::sync::Arc;

pub(super) use compile::vectorized;

use super::column::{Chunk, Run};
use crate::fault::Result;

/// Something that gives chunks, none of them empty.
trait Stage: Send {
    /// The next chunk; `None` if there is none.
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>>;
}

/// A stage as another one's input.
type Feed = Box<dyn Stage>;

/// A stage that has not begun: shared by all threads, each of which begins it anew for each morsel.
trait Spec: Send + Sync {
    /// The stage on an input.
    fn start(self: Arc<Self>, input: Feed) -> Feed;

    /// Whether it must run on the thread of the query.
    fn needs_context(&self) -> bool {
        false
    }
}
