//! One reach from a single start: a list for each hop and a bit for each node, nothing else that grows with the graph.
//!
//! A thin frontier pushes: its nodes hand on to their neighbours. Where it has many steps, each node that has not been
//! reached looks instead for one neighbour in it, and stops at the first (Beamer et al., "Direction-Optimizing
//! Breadth-First Search", SC 2012).

use std::borrow::Cow;
use std::sync::Arc;

use super::bits::BitSet;
use super::counted::{Counted, add};
use super::exact_length::ExactLength;
use super::path::{Hops, PathMode};
use super::reach::Reach;
use super::search::is_acyclic_and_long;
use crate::{Budget, Charge, Interruption, NodeId, NodeSet, Topology};

/// Steps that could be pushed in the time that it takes to begin pulling into one node.
const STEPS_A_PULL: u64 = if cfg!(test) { 0 } else { 8 };

/// Goals that are made bits of in the time of asking the packed set about one node.
const GOALS_A_LOOK: u64 = 4;

/// What is asked of a single start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Question<'q> {
    pub(super) start: NodeId,
    pub(super) goals: &'q NodeSet,
    /// Whether the paths lead from the goals to the start.
    pub(super) against: bool,
    /// Whether the start itself is no goal.
    pub(super) different: bool,
}

/// The goals that some path of the mode joins to the start, each with its least number of hops. In order of hops. The list
/// is taken from `held`.
pub(super) fn ends(
    reach: &Reach,
    question: Question<'_>,
    budget: &Budget,
    held: &mut Charge,
) -> Result<Vec<(NodeId, u32)>, Interruption> {
    let mut found = Vec::new();
    walk(reach, question, budget, &mut |hops, goals| {
        held.make_room(&mut found, goals.len())?;
        found.extend(goals.iter().map(|&goal| (NodeId::new(goal), hops)));
        Ok(())
    })?;
    // Those that only a longer path joins were found last.
    found.sort_by_key(|&(_, hops)| hops);
    Ok(found)
}

/// How many goals some path of the mode joins to the start, by least number of hops.
pub(super) fn count(reach: &Reach, question: Question<'_>, budget: &Budget) -> Result<Vec<u64>, Interruption> {
    let mut counts = Vec::new();
    walk(reach, question, budget, &mut |hops, goals| {
        if !goals.is_empty() {
            add(&mut counts, hops, goals.len() as u64);
        }
        Ok(())
    })?;
    Ok(counts)
}

/// Takes goals, with their least number of hops.
trait Give: FnMut(u32, &[u32]) -> Result<(), Interruption> {}
impl<F: FnMut(u32, &[u32]) -> Result<(), Interruption>> Give for F {}

/// Gives each goal once, with its least number of hops.
fn walk(reach: &Reach, question: Question<'_>, budget: &Budget, give: &mut impl Give) -> Result<(), Interruption> {
    let (forward, backward) = reach.both_ways(question.against, budget)?;
    let node_count = forward.node_count().max(question.start.index() + 1);
    let mut walk = SingleSource {
        forward: &forward,
        backward: &backward,
        node_count,
        start: question.start,
        different: question.different,
        goals: Goals::new(question.goals, node_count),
        goals_left: question.goals.len(),
        hops: reach.hops,
        frontier: vec![question.start.get()],
        // Bits for what is seen, a frontier and the goals, and a byte for each node.
        held: budget.charge((3 * (node_count / 8) + node_count) as u64)?,
        budget,
    };
    if question.different && question.goals.contains(question.start) {
        walk.goals_left -= 1;
    }
    let by_length = reach.mode == PathMode::Walk || is_acyclic_and_long(&forward, reach.hops, budget)?;
    let longer = ExactLength::new(Arc::clone(&forward), Arc::clone(&backward), reach.mode);
    walk.search(by_length, &longer, give)
}

struct SingleSource<'s> {
    forward: &'s Topology,
    backward: &'s Topology,
    /// One more than the largest node that matters.
    node_count: usize,
    start: NodeId,
    different: bool,
    goals: Goals<'s>,
    /// Goals that have not been met yet.
    goals_left: u64,
    hops: Hops,
    /// The nodes of the last hop.
    frontier: Vec<u32>,
    held: Charge,
    budget: &'s Budget,
}

impl SingleSource<'_> {
    /// Breadth-first search. What is nearer than the range is decided one by one; or, where paths are walks, the search
    /// begins at the ends of walks of the least number of hops.
    fn search(&mut self, by_length: bool, longer: &ExactLength, give: &mut impl Give) -> Result<(), Interruption> {
        let mut seen = BitSet::new(self.node_count);
        seen.insert(self.start.get());
        let mut seen_count = 1;
        let mut near = Vec::new();
        for hops in 0..=self.hops.most {
            if hops > 0 {
                if by_length && hops <= self.hops.least {
                    (seen, seen_count) = (BitSet::new(self.node_count), 0);
                }
                self.hop(&mut seen, seen_count, hops == self.hops.most)?;
                seen_count += self.frontier.len();
            }
            if hops >= self.hops.least || !by_length {
                let mut goals = self.goals.among(&self.frontier);
                if self.different && (hops == 0 || by_length) {
                    goals.to_mut().retain(|&goal| goal != self.start.get());
                }
                self.goals_left -= goals.len() as u64;
                if hops < self.hops.least {
                    self.held.make_room(&mut near, goals.len())?;
                    near.extend_from_slice(&goals);
                } else {
                    give(hops, &goals)?;
                }
            }
            if self.frontier.is_empty() || self.goals_left == 0 {
                break;
            }
        }
        for goal in near {
            self.budget.check()?;
            if let Some(hops) = longer.least_hops(self.start, NodeId::new(goal), self.hops, 0, self.budget)? {
                give(hops, &[goal])?;
            }
        }
        Ok(())
    }

    /// Moves the frontier one hop on, to those ends that have not been seen; there they are from then on. After the last
    /// hop only goals matter.
    fn hop(&mut self, seen: &mut BitSet, seen_count: usize, is_last: bool) -> Result<(), Interruption> {
        self.budget.check()?;
        let steps: u64 = self.frontier.iter().map(|&node| self.forward.degree(NodeId::new(node)) as u64).sum();
        let unseen = (self.node_count - seen_count) as u64;
        // The last frontier, and the next one, which is made with room for all ends.
        let frontiers = 4 * self.frontier.len() as u64 + 8 * steps.min(2 * self.node_count as u64);
        let _held = self.budget.charge(frontiers)?;
        // A node finds a neighbour in the frontier as often as steps lead there.
        let looks_a_node = self.forward.step_count() / steps.max(1);
        let pulls = steps > unseen.saturating_mul(STEPS_A_PULL + looks_a_node);
        self.frontier = match steps {
            _ if pulls => self.pull(seen, is_last)?,
            steps if steps < self.node_count as u64 => self.push(|end| seen.insert(end))?,
            _ => self.push_many(seen)?,
        };
        Ok(())
    }

    /// Pushes more steps than there are nodes. A byte for each node then pays: the ends of a hub stand in a row, so that
    /// one bit after the other would wait for the same word.
    fn push_many(&self, seen: &mut BitSet) -> Result<Vec<u32>, Interruption> {
        let mut is_seen = vec![true; self.node_count];
        for node in seen.missing(self.node_count) {
            is_seen[node as usize] = false;
        }
        let next = self.push(|end| !std::mem::replace(&mut is_seen[end as usize], true))?;
        for &node in &next {
            seen.insert(node);
        }
        Ok(next)
    }

    /// The ends of the frontier's steps that are new.
    fn push(&self, mut is_new: impl FnMut(u32) -> bool) -> Result<Vec<u32>, Interruption> {
        let (mut next, mut length) = (Vec::new(), 0);
        let mut count = Counted::new(self.budget);
        for &node in &self.frontier {
            let ends = self.forward.ends(NodeId::new(node));
            if next.len() < length + ends.len() {
                next.resize((length + ends.len()).next_power_of_two(), 0);
            }
            // Written always and kept if it is new: nothing here that a processor could guess wrong.
            let room = &mut next[length..length + ends.len()];
            let mut fresh = 0;
            for &end in ends {
                room[fresh] = end;
                fresh += usize::from(is_new(end));
            }
            length += fresh;
            count.neighbors(ends.len())?;
        }
        next.truncate(length);
        Ok(next)
    }

    /// The nodes that have not been seen and have a neighbour in the frontier.
    fn pull(&mut self, seen: &mut BitSet, only_goals: bool) -> Result<Vec<u32>, Interruption> {
        let is_active = BitSet::from_numbers(self.frontier.iter().copied(), self.node_count);
        let goals = if only_goals { self.goals.bits() } else { None };
        let mut next = Vec::new();
        let mut count = Counted::new(self.budget);
        for node in seen.missing(self.node_count) {
            if goals.is_some_and(|goals| !goals.contains(node)) {
                continue;
            }
            let ends = self.backward.ends(NodeId::new(node));
            let found = ends.iter().position(|&end| is_active.contains(end));
            count.neighbors(found.map_or(ends.len(), |place| place + 1))?;
            next.extend(found.map(|_| node));
        }
        for &node in &next {
            seen.insert(node);
        }
        Ok(next)
    }
}

/// The nodes that are asked for.
struct Goals<'s> {
    set: &'s NodeSet,
    /// Whether every node is one: spares asking.
    all: bool,
    /// The set as bits, once many nodes have been asked about.
    bits: Option<BitSet>,
    node_count: usize,
}

impl<'s> Goals<'s> {
    fn new(set: &'s NodeSet, node_count: usize) -> Self {
        let all = set.len() == node_count as u64 && set.max().is_some_and(|last| last.index() < node_count);
        Self { set, all, bits: None, node_count }
    }

    /// Those of the nodes that are goals.
    fn among<'n>(&mut self, nodes: &'n [u32]) -> Cow<'n, [u32]> {
        if self.all {
            return Cow::Borrowed(nodes);
        }
        if nodes.len() as u64 * GOALS_A_LOOK > self.set.len() {
            self.bits();
        }
        let is_goal = |node: &u32| match &self.bits {
            Some(bits) => bits.contains(*node),
            None => self.set.contains(NodeId::new(*node)),
        };
        Cow::Owned(nodes.iter().copied().filter(is_goal).collect())
    }

    /// All of them; `None`: every node.
    fn bits(&mut self) -> Option<&BitSet> {
        if self.all {
            return None;
        }
        Some(self.bits.get_or_insert_with(|| {
            let numbers = self.set.iter().map(NodeId::get).take_while(|&node| (node as usize) < self.node_count);
            BitSet::from_numbers(numbers, self.node_count)
        }))
    }
}
