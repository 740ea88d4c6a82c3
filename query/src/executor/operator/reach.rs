//! For each row, each pair of ends that some path joins, once.

use hopgraph_engine::Interruption;
use hopgraph_engine::traverse::{CountedPairs, Pair, Pairs};

use super::{Input, Operator, ReachEnds};
use crate::executor::compute::{Context, Row};
use crate::fault::Result;
use crate::value::Cell;

/// Pairs, each with the number of its shortest paths if that is asked for.
enum Found {
    Pairs(Pairs),
    Counted(Box<CountedPairs>),
}

impl Found {
    fn next(&mut self) -> Option<Result<(Pair, u64), Interruption>> {
        match self {
            Self::Pairs(pairs) => Some(pairs.next()?.map(|pair| (pair, 0))),
            Self::Counted(pairs) => pairs.next(),
        }
    }
}

/// Streams pairs, never the paths between them.
pub(crate) struct Reach {
    input: Input,
    ends: ReachEnds,
    pairs: Option<Found>,
}

impl Reach {
    pub(crate) fn new(input: Input, ends: ReachEnds) -> Self {
        Self { input, ends, pairs: None }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let question = self.ends.question(context, row)?;
        self.pairs = Some(match self.ends.reach.shortest_paths {
            None => Found::Pairs(question.pairs().pairs(context.budget())),
            Some(_) => Found::Counted(Box::new(question.pairs().pairs_with_path_counts(context.budget()))),
        });
        Ok(())
    }
}

impl Operator for Reach {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.pairs = None;
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        let reach = &self.ends.reach;
        let (from, to, hops, counted) = (reach.from.slot, reach.to.slot, reach.hops, reach.shortest_paths);
        loop {
            if let Some(found) = self.pairs.as_mut().and_then(Found::next) {
                context.tick()?;
                let (pair, paths) = found?;
                row.set(from, Cell::Node(pair.source));
                row.set(to, Cell::Node(pair.target));
                if let Some(hops) = hops {
                    row.set(hops, Cell::Integer(pair.hops.into()));
                }
                if let Some(counted) = counted {
                    row.set(counted, Cell::count(paths));
                }
                return Ok(true);
            }
            self.pairs = None;
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
