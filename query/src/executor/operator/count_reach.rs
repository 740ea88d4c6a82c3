//! For each row, how many pairs of ends some path joins, without listing them.

use std::collections::HashMap;

use hopgraph_engine::{NodeId, NodeSet, traverse};

use super::reach_ends::Question;
use super::{Input, Operator, ReachEnds};
use crate::executor::compute::{Context, Held, Row, evaluate};
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::planner::plan::{CountBy, End, Expression};
use crate::value::{Cell, Key};

/// Gives a row for each count that is not zero.
pub(crate) struct CountReach {
    input: Input,
    ends: ReachEnds,
    by: CountBy,
    pairs: Slot,
    counts: std::vec::IntoIter<Count>,
    held: Held,
}

/// So many pairs of one number of hops, and of one node if they are counted by node.
#[derive(Clone, Copy)]
struct Count {
    node: Option<NodeId>,
    hops: u32,
    pairs: u64,
}

impl CountReach {
    pub(crate) fn new(input: Input, ends: ReachEnds, by: CountBy, pairs: Slot) -> Self {
        let ends = if let CountBy::Group(end, _) = by { ends.looking_at(end) } else { ends };
        Self { input, ends, by, pairs, counts: Vec::new().into_iter(), held: Held::nothing() }
    }

    fn begin(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        let question = self.ends.question(context, row)?;
        let counts = match (&self.by, self.ends.reach.hops) {
            (CountBy::Nothing, Some(_)) => counts(None, &question.pairs().count(context.budget())?).collect(),
            (CountBy::Nothing, None) => {
                let pairs = question.pairs().count_all(context.budget())?;
                if pairs > 0 { vec![Count { node: None, hops: 0, pairs }] } else { Vec::new() }
            }
            (CountBy::Paths, _) => {
                let pairs = question.count_paths(context)?;
                if pairs > 0 { vec![Count { node: None, hops: 0, pairs }] } else { Vec::new() }
            }
            (CountBy::Each(end), Some(_)) => each_by_hops(&question, *end, context)?,
            (CountBy::Each(end), None) => each(&question, *end, context)?,
            (CountBy::Group(end, keys), _) => self.group(&question, *end, keys, context, row)?,
        };
        self.held = Held::nothing();
        self.held.grow(context.budget(), (counts.len() * size_of::<Count>()) as u64)?;
        self.counts = counts.into_iter();
        Ok(())
    }

    /// Nodes that agree with no other are counted all at once, the others group by group.
    fn group(
        &self,
        question: &Question,
        end: End,
        keys: &[Expression],
        context: &Context<'_>,
        row: &mut Row,
    ) -> Result<Vec<Count>> {
        let nodes = if end == End::From { &question.sources } else { &question.targets };
        let slot = self.ends.reach.end(end).slot;
        let (mut groups, mut places): (Vec<NodeSet>, HashMap<Key, usize>) = Default::default();
        let mut held = Held::nothing();
        for node in nodes.iter() {
            context.tick()?;
            row.set(slot, Cell::Node(node));
            let key = Key(keys.iter().map(|key| evaluate(key, context, row)).collect::<Result<_>>()?);
            held.grow_by_cells(context.budget(), &key.0)?;
            let place = *places.entry(key).or_insert(groups.len());
            if place == groups.len() {
                groups.push(NodeSet::new());
            }
            groups[place].insert(node);
        }
        let (alone, together): (Vec<_>, Vec<_>) = groups.into_iter().partition(|group| group.len() == 1);
        let alone: NodeSet = alone.iter().flat_map(NodeSet::iter).collect();
        let mut counts = each(&question.with_end(end, alone), end, context)?;
        for group in together {
            let first = group.iter().next();
            let pairs = each(&question.with_end(end, group), end.other(), context)?.len() as u64;
            counts.extend((pairs > 0).then_some(Count { node: first, hops: 0, pairs }));
        }
        Ok(counts)
    }
}

/// The pairs of each node of one end, by number of hops.
fn each_by_hops(question: &Question, end: End, context: &Context<'_>) -> Result<Vec<Count>> {
    let found = question.pairs().count_by(walked_end(end), context.budget())?;
    Ok(found.iter().flat_map(|(node, pairs)| counts(Some(*node), pairs)).collect())
}

/// The pairs of each node of one end.
fn each(question: &Question, end: End, context: &Context<'_>) -> Result<Vec<Count>> {
    let found = question.pairs().count_all_by(walked_end(end), context.budget())?;
    Ok(found.into_iter().map(|(node, pairs)| Count { node: Some(node), hops: 0, pairs }).collect())
}

fn walked_end(end: End) -> traverse::End {
    if end == End::From { traverse::End::Source } else { traverse::End::Target }
}

/// The counts that are not zero; `pairs[h]` pairs have `h` hops.
fn counts(node: Option<NodeId>, pairs: &[u64]) -> impl Iterator<Item = Count> + '_ {
    (0..).zip(pairs).filter(|(_, pairs)| **pairs > 0).map(move |(hops, &pairs)| Count { node, hops, pairs })
}

impl Operator for CountReach {
    fn open(&mut self, context: &Context<'_>, row: &mut Row) -> Result<()> {
        self.counts = Vec::new().into_iter();
        self.input.open(context, row)
    }

    fn next(&mut self, context: &Context<'_>, row: &mut Row) -> Result<bool> {
        loop {
            if let Some(count) = self.counts.next() {
                let reach = &self.ends.reach;
                if let (Some(end), Some(node)) = (self.by.end(), count.node) {
                    row.set(reach.end(end).slot, Cell::Node(node));
                }
                if let Some(hops) = reach.hops {
                    row.set(hops, Cell::Integer(count.hops.into()));
                }
                row.set(self.pairs, Cell::count(count.pairs));
                return Ok(true);
            }
            if !self.input.next(context, row)? {
                return Ok(false);
            }
            self.begin(context, row)?;
        }
    }
}
