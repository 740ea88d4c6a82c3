//! Sets of pairs of ends as values: described first, then counted or listed block by block.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use super::bits::{BitSet, bits, count_ones};
use super::counted::add;
use super::pairs::Pairs;
use super::path::Pair;
use super::path_count::CountedPairs;
use super::plan::{Operation, Plan};
use super::reach::{End, Reach};
use super::search::{Search, Sides};
use super::single_source::{self, Question};
use crate::{Budget, Charge, Interruption, NodeId, NodeSet};

/// Pairs of a source and a target that a reach joins, less or plus those that others join.
///
/// Nothing is computed until it is counted or listed, and then a block of starts at a time: however many pairs there
/// are, no more than one block of them is held, and fewer starts go into a block where the budget's memory is short. Where
/// starts share little of their ways, as in a chain or an ontology, each is searched from alone; and where pairs that any
/// number of hops joins are only counted, none is found: see [`PairSet::count_all`].
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
    /// Whether each start is searched from alone; `None`: as is cheaper.
    pub(super) alone: Option<bool>,
}

impl<'s> PairSet<'s> {
    /// The pairs of these ends that a reach joins.
    pub fn new(reach: Reach, sources: &'s NodeSet, targets: &'s NodeSet) -> Self {
        Self { sources, targets, reach, others: Vec::new(), different: false, alone: None }
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
            Some(question) => {
                let mut held = Charge::new(budget);
                self.ends(question, budget, &mut held)?.iter().for_each(|&(_, hops)| add(&mut counts, hops, 1));
            }
            None => {
                let plan = self.plan(None, budget)?;
                if plan.shares_little()?.is_some() {
                    return plan.count_each();
                }
                plan.for_each_row(|hops, _, _, row| {
                    add(&mut counts, hops, count_ones(row));
                    Ok(())
                })?;
            }
        }
        Ok(counts)
    }

    /// How many pairs there are, whatever their hops. Cheaper than [`PairSet::count`] where the range has no upper limit:
    /// then strongly connected components are gone through instead of nodes, a word of 64 goals at a time, in time of their
    /// number and that of steps; and in linear time where every step can be taken back.
    pub fn count_all(&self, budget: &Arc<Budget>) -> Result<u64, Interruption> {
        if self.single_source().is_some() {
            return Ok(self.count(budget)?.iter().sum());
        }
        let plan = self.plan(None, budget)?;
        match plan.totals()? {
            Some(totals) => Ok(totals.iter().sum()),
            None => {
                let mut sum = 0;
                plan.for_each_row(|_, _, _, row| {
                    sum += count_ones(row);
                    Ok(())
                })?;
                Ok(sum)
            }
        }
    }

    /// How many pairs each node of one end has, for each number of hops; in order of node, without those that have none.
    /// The lists of numbers of hops are as long as the largest of them.
    pub fn count_by(&self, end: End, budget: &Arc<Budget>) -> Result<Vec<(NodeId, Vec<u64>)>, Interruption> {
        if let Some(question) = self.single_source() {
            return self.count_by_of_one(question, end, budget);
        }
        let plan = self.plan(Some(end), budget)?;
        let mut held = budget.charge((plan.sides.starts.len() * size_of::<Vec<u64>>()) as u64)?;
        let counts = if plan.shares_little()?.is_some() {
            plan.counts_of_starts(&mut held)?
        } else {
            let mut counts = vec![Vec::new(); plan.sides.starts.len()];
            plan.for_each_row(|hops, _, first, row| {
                bits(row).try_for_each(|bit| {
                    let counts: &mut Vec<u64> = &mut counts[first + bit];
                    let more = (hops as usize + 1).saturating_sub(counts.len());
                    held.make_room(counts, more)?;
                    add(counts, hops, 1);
                    Ok(())
                })
            })?;
            counts
        };
        let counted = plan.sides.starts.iter().map(|&node| NodeId::new(node)).zip(counts);
        Ok(counted.filter(|(_, counts)| !counts.is_empty()).collect())
    }

    /// How many pairs each node of one end has, whatever their hops; in order of node, without those that have none. See
    /// [`PairSet::count_all`].
    pub fn count_all_by(&self, end: End, budget: &Arc<Budget>) -> Result<Vec<(NodeId, u64)>, Interruption> {
        if let Some(question) = self.single_source() {
            if (end == End::Target) == question.against {
                let sum = self.count(budget)?.iter().sum();
                return Ok(if sum > 0 { vec![(question.start, sum)] } else { Vec::new() });
            }
            let mut held = Charge::new(budget);
            let mut found = self.ends(question, budget, &mut held)?;
            found.sort_unstable();
            return Ok(found.into_iter().map(|(node, _)| (node, 1)).collect());
        }
        let plan = self.plan(Some(end), budget)?;
        let totals = match plan.totals()? {
            Some(totals) => totals,
            None => {
                let mut totals = vec![0; plan.sides.starts.len()];
                plan.for_each_row(|_, _, first, row| {
                    bits(row).for_each(|bit| totals[first + bit] += 1);
                    Ok(())
                })?;
                totals
            }
        };
        let counted = plan.sides.starts.iter().map(|&node| NodeId::new(node)).zip(totals);
        Ok(counted.filter(|(_, total)| *total > 0).collect())
    }

    fn count_by_of_one(
        &self,
        question: Question<'_>,
        end: End,
        budget: &Arc<Budget>,
    ) -> Result<Vec<(NodeId, Vec<u64>)>, Interruption> {
        if (end == End::Target) == question.against {
            let counts = self.count(budget)?;
            return Ok(if counts.is_empty() { Vec::new() } else { vec![(question.start, counts)] });
        }
        let mut held = Charge::new(budget);
        let mut found = self.ends(question, budget, &mut held)?;
        found.sort_unstable();
        let once = |hops: u32| [vec![0; hops as usize], vec![1]].concat();
        held.grow(found.iter().map(|(_, hops)| 32 + 8 * (u64::from(*hops) + 1)).sum())?;
        Ok(found.into_iter().map(|(node, hops)| (node, once(hops))).collect())
    }

    /// The pairs, each once. With a single node at one end, and where each start is searched from alone, they come in order
    /// of start, hops and goal; else by block of starts, then goal, then start. The same on every run.
    pub fn pairs(&self, budget: &Arc<Budget>) -> Pairs {
        let Some(question) = self.single_source() else {
            return match self.plan(None, budget) {
                Ok(plan) => Pairs::of_plan(plan),
                Err(interruption) => Pairs::failed(interruption),
            };
        };
        let pair = |(goal, hops)| {
            let (source, target) = if question.against { (goal, question.start) } else { (question.start, goal) };
            Pair { source, target, hops }
        };
        let mut held = Charge::new(budget);
        match self.ends(question, budget, &mut held) {
            // An end and its hops take no less than a pair.
            Ok(found) => Pairs::listed(found.into_iter().map(pair).collect(), held),
            Err(interruption) => Pairs::failed(interruption),
        }
    }

    /// The pairs, each with how many paths of the mode have its least number of hops, at most [`u64::MAX`]: for a pair
    /// whose distance is in the range, the number of shortest paths. Parallel edges make different paths. Paths are those
    /// of the reach that the set was made with, so this is not for sets that [`PairSet::or`] has added to: there, a
    /// pair that only another reach joins has 0.
    pub fn pairs_with_path_counts(&self, budget: &Arc<Budget>) -> CountedPairs {
        CountedPairs::new(self.plan(None, budget), self.reach.clone())
    }

    /// `starts`: the end that the starts are to be; else the smaller one.
    fn plan(&self, starts: Option<End>, budget: &Arc<Budget>) -> Result<Plan, Interruption> {
        let reaches = || std::iter::once(&self.reach).chain(self.others.iter().map(|(_, reach)| reach));
        let node_count = reaches().map(|reach| reach.topology.node_count()).max().unwrap_or(0);
        let sides = Arc::new(Sides::new([self.sources, self.targets], starts, self.different, node_count));
        let other = |(operation, reach): &(Operation, Reach)| Ok((*operation, Search::new(reach, &sides, budget)?));
        Ok(Plan {
            search: Search::new(&self.reach, &sides, budget)?,
            others: self.others.iter().map(other).collect::<Result<_, Interruption>>()?,
            spare: Mutex::default(),
            alone: self.alone,
            budget: Arc::clone(budget),
            sides,
        })
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

    /// The other ends of all pairs, in order of hops; the list is taken from `held`.
    fn ends(
        &self,
        question: Question<'_>,
        budget: &Budget,
        held: &mut Charge,
    ) -> Result<Vec<(NodeId, u32)>, Interruption> {
        let mut found = single_source::ends(&self.reach, question, budget, held)?;
        for (operation, reach) in &self.others {
            let mut other_held = Charge::new(budget);
            let other = single_source::ends(reach, question, budget, &mut other_held)?;
            held.make_room(&mut found, other.len())?;
            // A set of them, or a map.
            other_held.grow(32 * other.len() as u64)?;
            combine(&mut found, *operation, other);
        }
        Ok(found)
    }
}

/// Changes what one start reaches by what it reaches otherwise.
pub(super) fn combine(found: &mut Vec<(NodeId, u32)>, operation: Operation, other: Vec<(NodeId, u32)>) {
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
