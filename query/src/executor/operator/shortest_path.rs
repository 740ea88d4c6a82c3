//! For each row, the shortest or cheapest paths between two nodes that it holds.

use std::sync::Arc;

use hopgraph_engine::traverse::{Cost, Path, PathMode, ShortestPaths, ranked_paths};

use super::hop_costs::HopCosts;
use super::{HopTopology, Input, Operator};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::planner::plan::{Choice, Hop};
use crate::syntax::ast::Shortest;
use crate::value::Cell;

/// One search for each row.
pub(crate) struct ShortestPath {
    input: Input,
    ends: [Slot; 2],
    topology: HopTopology,
    costs: Option<HopCosts>,
    choice: Choice,
    /// Kept from row to row: pairs that share an end share a search.
    search: Option<ShortestPaths>,
    paths: Box<dyn Iterator<Item = Result<(Path, f64)>> + Send>,
}

impl ShortestPath {
    pub(crate) fn new(input: Input, ends: [Slot; 2], hop: Arc<Hop>, choice: Choice) -> Self {
        let costs = choice.cost.as_ref().map(|cost| HopCosts::new(cost.of_hop.clone(), hop.edge));
        let paths = Box::new(std::iter::empty());
        Self { input, ends, topology: HopTopology::new(hop), costs, choice, search: None, paths }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let [&Cell::Node(source), &Cell::Node(target)] = self.ends.map(|slot| row.get(slot)) else { return Ok(()) };
        let topology = self.topology.get(context, row)?;
        let all = match self.choice.which {
            Shortest::Any | Shortest::All => self.choice.which == Shortest::All,
            Shortest::First(count) | Shortest::FirstCheapest(count) => {
                return self.rank(context, row, &topology, [source, target], count);
            }
            Shortest::AnyCheapest => return self.rank(context, row, &topology, [source, target], 1),
        };
        // A shortest path repeats nothing, so it needs no limit even where the pattern has none.
        let hops = self.choice.range.hops(PathMode::Acyclic);
        let kept = self.search.take().filter(|search| Arc::ptr_eq(search.topology(), &topology));
        let search = self.search.insert(kept.unwrap_or_else(|| ShortestPaths::new(&topology, context.budget())));
        let paths = search.between(source, target, hops, all)?;
        self.paths = Box::new(paths.map(|path| Ok((path?, 0.0))));
        Ok(())
    }

    /// The first so many in order of their cost; a hop costs 1 unless it is said.
    fn rank(
        &mut self,
        context: &Context<'_>,
        row: &mut Row,
        topology: &Arc<hopgraph_engine::Topology>,
        [source, target]: [hopgraph_engine::NodeId; 2],
        count: u32,
    ) -> Result<()> {
        let (hops, mode) = (self.choice.range.hops(self.choice.mode), self.choice.mode);
        let (topology, cost) = match &mut self.costs {
            Some(costs) => costs.get(topology, context, row)?,
            None => (Arc::clone(topology), Cost::Hops),
        };
        let paths = ranked_paths(&topology, source, target, hops, mode, cost, context.budget());
        self.paths = Box::new(paths.take(count as usize).map(|path| Ok(path?)));
        Ok(())
    }
}

impl Operator for ShortestPath {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.paths = Box::new(std::iter::empty());
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if let Some(found) = self.paths.next() {
                context.tick()?;
                let (path, cost) = found?;
                row.set(self.choice.slot, Cell::list(path.edges.into_iter().map(Cell::Relationship)));
                if let Some(wanted) = &self.choice.cost {
                    row.set(wanted.total, Cell::Float(cost));
                }
                return Ok(true);
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
