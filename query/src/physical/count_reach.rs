//! How many pairs of ends some path joins, without listing them.

use hopgraph_engine::traverse::count_reachable_pairs;

use super::{HopTopology, NodeFilter, Operator};
use crate::compute::{Cell, Context, Row, Slot};
use crate::fault::Result;
use crate::logical::Reach;

/// Gives one row.
pub(crate) struct CountReach {
    from: NodeFilter,
    to: NodeFilter,
    topology: HopTopology,
    reach: Reach,
    slot: Slot,
    given: bool,
}

impl CountReach {
    pub(crate) fn new(from: NodeFilter, to: NodeFilter, topology: HopTopology, reach: Reach, slot: Slot) -> Self {
        Self { from, to, topology, reach, slot, given: false }
    }
}

impl Operator for CountReach {
    fn open(&mut self, _: &Context<'_>, _: &mut Row) -> Result<()> {
        self.given = false;
        Ok(())
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        if std::mem::replace(&mut self.given, true) {
            return Ok(false);
        }
        let sources = self.from.set(context, row)?;
        let targets = self.to.set(context, row)?;
        let topology = self.topology.get(context, row)?;
        let hops = self.reach.range.hops(self.reach.mode);
        let counts = count_reachable_pairs(&topology, &sources, &targets, hops, self.reach.mode, context.budget())?;
        row.set(self.slot, Cell::count(counts.iter().sum()));
        Ok(true)
    }
}
