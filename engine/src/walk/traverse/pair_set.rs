//! Sets of pairs of ends as values: described first, then counted or listed block by block.

use std::collections::HashMap;
use std::sync::Arc;

use super::bits::{BitSet, bits, count_ones};
use super::counted::add;
use super::pairs::Pairs;
use super::path::Pair;
use super::path_count::CountedPairs;
use super::plan::{Operation, Plan};
use super::reach::Reach;
use super::search::{Search, Sides};
use super::single_source::{self, Question};
use crate::{Budget, Interruption, NodeId, NodeSet};

/// Pairs of a source and a target that a reach joins, less or plus those that others join.
///
/// Nothing is computed until it is counted or listed, and then a block of starts at a time: however many pairs there
/// are, no more than one block of them is held, and fewer starts go into a block where the budget's memory is short.
///
/// ```
/// use std::sync::Arc;
/// use hopgraph_engine::traverse::{Hops, PairSet, PathMode, Reach};
/// use hopgraph_engine::{Budget, Direction, Edge, NodeId, NodeSet, RelationTypeId, Topology};
///
/// // A ring of five nodes: linked in 2 or 3 hops, and not directly.
/// let edge = |n: u32| Edge {
///     relation: RelationTypeId::new(0), source: NodeId::new(n), target: NodeId::new((n + 1) % 5),
/// };
/// let ring = Arc::new(Topology::from_edges((0..5).map(|n| (edge(n), false)), Direction::Both));
/// let all: NodeSet = (0..5).map(NodeId::new).collect();
/// let reach = Reach { topology: Arc::clone(&ring), hops: Hops { least: 2, most: 3 }, mode: PathMode::Trail };
/// let linked = PairSet::new(reach, &all, &all).and_not(Reach::joined(ring));
/// assert_eq!(linked.count(&Arc::new(Budget::unlimited()))?, [0, 0, 10]);
/// # Ok::<(), hopgraph_engine::Interruption>(())
/// ```
#[derive(Clone, Debug)]
pub struct PairSet<'s> {
    sources: &'s NodeSet,
    targets: &'s NodeSet,
    reach: Reach,
    others: Vec<(Operation, Reach)>,
    different: bool,
}

/// One of the two ends of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Where paths start.
    Source,
    /// Where they end.
    Target,
}

impl<'s> PairSet<'s> {
    /// The pairs of these ends that a reach joins.
    pub fn new(reach: Reach, sources: &'s NodeSet, targets: &'s NodeSet) -> Self {
        Self { sources, targets, reach, others: Vec::new(), different: false }
    }

    /// Keeps the pairs that this reach joins too; their hops stay.
    #[must_use]
    pub fn and(self, reach: Reach) -> Self {
        self.with(Operation::And, reach)
    }

    /// Keeps the pairs that this reach does not join; their hops stay.
    #[must_use]
    pub fn and_not(self, reach: Reach) -> Self {
        self.with(Operation::AndNot, reach)
    }

    /// Adds the pairs that this reach joins; a pair that was there already has the fewer hops of the two.
    #[must_use]
    pub fn or(self, reach: Reach) -> Self {
        self.with(Operation::Or, reach)
    }

    /// Keeps the pairs of two different nodes.
    #[must_use]
    pub fn different(self) -> Self {
        Self { different: true, ..self }
    }

    fn with(mut self, operation: Operation, reach: Reach) -> Self {
        self.others.push((operation, reach));
        self
    }

    /// How many pairs there are for each number of hops: `counts[h]` pairs have least hops `h`.
    pub fn count(&self, budget: &Arc<Budget>) -> Result<Vec<u64>, Interruption> {
        let mut counts = Vec::new();
        match self.single_source() {
            Some(question) if self.others.is_empty() => return single_source::count(&self.reach, question, budget),
            Some(question) => self.ends(question, budget)?.iter().for_each(|&(_, hops)| add(&mut counts, hops, 1)),
            None => self.plan(budget).for_each_row(|hops, _, _, row| add(&mut counts, hops, count_ones(row)))?,
        }
        Ok(counts)
    }

    /// How many pairs each node of one end has, for each number of hops; in order of node, without those that have none.
    pub fn count_by(&self, end: End, budget: &Arc<Budget>) -> Result<Vec<(NodeId, Vec<u64>)>, Interruption> {
        if let Some(question) = self.single_source() {
            if (end == End::Target) == question.against {
                let counts = self.count(budget)?;
                return Ok(if counts.is_empty() { Vec::new() } else { vec![(question.start, counts)] });
            }
            let mut found = self.ends(question, budget)?;
            found.sort_unstable();
            let once = |hops: u32| [vec![0; hops as usize], vec![1]].concat();
            return Ok(found.into_iter().map(|(node, hops)| (node, once(hops))).collect());
        }
        let plan = self.plan(budget);
        let sides = Arc::clone(&plan.sides);
        let by_start = (end == End::Target) == sides.swapped;
        let nodes = if by_start { &sides.starts } else { &sides.goals };
        let bytes = (nodes.len() * size_of::<Vec<u64>>()) as u64;
        budget.reserve(bytes)?;
        let mut counts = vec![Vec::new(); nodes.len()];
        let result = plan.for_each_row(|hops, goal, first, row| {
            if by_start {
                bits(row).for_each(|bit| add(&mut counts[first + bit], hops, 1));
            } else {
                add(&mut counts[goal], hops, count_ones(row));
            }
        });
        budget.release(bytes);
        result?;
        let counted = nodes.iter().map(|&node| NodeId::new(node)).zip(counts);
        Ok(counted.filter(|(_, counts)| !counts.is_empty()).collect())
    }

    /// The pairs, each once. With a single node at one end they come in order of hops; else by block of starts, then
    /// goal, then start. The same on every run.
    pub fn pairs(&self, budget: &Arc<Budget>) -> Pairs {
        let Some(question) = self.single_source() else { return Pairs::of_plan(self.plan(budget)) };
        let pair = |(goal, hops)| {
            let (source, target) = if question.against { (goal, question.start) } else { (question.start, goal) };
            Pair { source, target, hops }
        };
        match self.ends(question, budget) {
            Ok(found) => Pairs::listed(found.into_iter().map(pair).collect()),
            Err(interruption) => Pairs::failed(interruption),
        }
    }

    /// The pairs, each with how many paths of the mode have its least number of hops, at most [`u64::MAX`]: for a pair
    /// whose distance is in the range, the number of shortest paths. Parallel edges make different paths. Paths are those
    /// of the reach that the set was made with, so this is not for sets that [`PairSet::or`] has added to: there, a
    /// pair that only another reach joins has 0.
    pub fn pairs_with_path_counts(&self, budget: &Arc<Budget>) -> CountedPairs {
        CountedPairs::new(self.plan(budget), self.reach.clone())
    }

    fn plan(&self, budget: &Arc<Budget>) -> Plan {
        let reaches = || std::iter::once(&self.reach).chain(self.others.iter().map(|(_, reach)| reach));
        let node_count = reaches().map(|reach| reach.topology.node_count()).max().unwrap_or(0);
        let sides = Arc::new(Sides::new(self.sources, self.targets, self.different, node_count));
        Plan {
            search: Search::new(&self.reach, &sides),
            others: self.others.iter().map(|(operation, reach)| (*operation, Search::new(reach, &sides))).collect(),
            sides,
            budget: Arc::clone(budget),
        }
    }

    /// What is asked of a single start, where one end is a single node.
    fn single_source(&self) -> Option<Question<'s>> {
        let single = |nodes: &NodeSet| if nodes.len() == 1 { nodes.iter().next() } else { None };
        let different = self.different;
        match (single(self.sources), single(self.targets)) {
            (Some(start), _) => Some(Question { start, goals: self.targets, against: false, different }),
            (None, Some(start)) => Some(Question { start, goals: self.sources, against: true, different }),
            (None, None) => None,
        }
    }

    /// The other ends of all pairs, in order of hops.
    fn ends(&self, question: Question<'_>, budget: &Budget) -> Result<Vec<(NodeId, u32)>, Interruption> {
        let mut found = single_source::ends(&self.reach, question, budget)?;
        for (operation, reach) in &self.others {
            combine(&mut found, *operation, single_source::ends(reach, question, budget)?);
        }
        Ok(found)
    }
}

/// Changes what one start reaches by what it reaches otherwise.
fn combine(found: &mut Vec<(NodeId, u32)>, operation: Operation, other: Vec<(NodeId, u32)>) {
    if operation == Operation::Or {
        let mut other: HashMap<NodeId, u32> = other.into_iter().collect();
        for (goal, hops) in &mut *found {
            *hops = (*hops).min(other.remove(goal).unwrap_or(u32::MAX));
        }
        found.extend(other);
        found.sort_unstable_by_key(|&(goal, hops)| (hops, goal));
        return;
    }
    let limit = other.iter().map(|(goal, _)| goal.index() + 1).max().unwrap_or(0);
    let other = BitSet::from_numbers(other.into_iter().map(|(goal, _)| goal.get()), limit);
    found.retain(|(goal, _)| other.contains(goal.get()) == (operation == Operation::And));
}
