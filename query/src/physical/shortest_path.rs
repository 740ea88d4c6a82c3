//! For each row, the shortest paths between two nodes that it holds.

use hopgraph_engine::traverse::{Path, PathMode, shortest_paths};

use super::{HopTopology, Input, Operator};
use crate::compute::{Cell, Context, Row, Slot};
use crate::fault::Result;
use crate::logical::Range;

/// One breadth-first search for each row.
pub(crate) struct ShortestPath {
    input: Input,
    ends: [Slot; 2],
    topology: HopTopology,
    range: Range,
    all: bool,
    slot: Slot,
    paths: std::vec::IntoIter<Path>,
}

impl ShortestPath {
    pub(crate) fn new(
        input: Input,
        ends: [Slot; 2],
        topology: HopTopology,
        range: Range,
        all: bool,
        slot: Slot,
    ) -> Self {
        Self { input, ends, topology, range, all, slot, paths: Vec::new().into_iter() }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let [&Cell::Node(source), &Cell::Node(target)] = self.ends.map(|slot| row.get(slot)) else { return Ok(()) };
        let topology = self.topology.get(context, row)?;
        // A shortest path repeats nothing, so it needs no limit even where the pattern has none.
        let hops = self.range.hops(PathMode::Acyclic);
        self.paths = shortest_paths(&topology, source, target, hops, self.all, context.budget())?.into_iter();
        Ok(())
    }
}

impl Operator for ShortestPath {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.paths = Vec::new().into_iter();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if let Some(path) = self.paths.next() {
                context.tick()?;
                row.set(self.slot, Cell::list(path.edges.into_iter().map(Cell::Relationship)));
                return Ok(true);
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
