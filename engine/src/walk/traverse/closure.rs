//! How many goals each start reaches by any number of hops: over components instead of nodes, and without the pairs being
//! found one by one.
//!
//! Components are numbered so that steps lead to smaller numbers, so one pass over them in this order carries to each what
//! it reaches, a block of goals at once as rows of bits: transitive closure in topological order. Where every step can be
//! taken back, a component reaches itself and nothing else.

use rayon::prelude::*;

use super::bits::{bits, count_ones};
use super::components::{ComponentKind, Components};
use super::path::{Hops, PathMode};
use super::plan::Plan;
use crate::{Interruption, NodeId, Topology};

/// Words of a row, widest first.
const WIDTHS: [usize; 3] = [64, 8, 1];

/// A word of a row is handled in about this share of the time that a search takes to look at a node.
const WORDS_A_NODE: u64 = 8;

impl Plan {
    /// Whether the pairs are those that any number of hops joins, save for a start and itself.
    pub(super) fn is_closure(&self) -> bool {
        let Hops { least, most } = self.search.hops;
        self.others.is_empty() && least <= 1 && most as usize >= self.sides.node_count
    }

    /// How many pairs each start has, where [`Plan::is_closure`].
    pub(super) fn closure_totals(&self, strong: &Components) -> Result<Vec<u64>, Interruption> {
        let (sides, search) = (&self.sides, &self.search);
        let reached = self.goals_reached(strong)?;
        let returns = |node: NodeId| -> Result<bool, Interruption> {
            if search.hops.least == 0 {
                return Ok(true);
            }
            match search.mode {
                PathMode::Acyclic => Ok(false),
                PathMode::Walk | PathMode::Simple => Ok(strong.returns(node)),
                PathMode::Trail => search.longer.returns(node, &self.budget),
            }
        };
        let total = |&start: &u32| {
            let node = NodeId::new(start);
            let is_goal = sides.is_goal.contains(start);
            let others = match strong.of(node) {
                Some(component) => reached[component as usize] - u64::from(is_goal),
                None => 0,
            };
            let itself = is_goal && !sides.different && returns(node)?;
            Ok(others + u64::from(itself))
        };
        sides.starts.iter().map(total).collect()
    }

    /// The strongly connected components, if going over them is cheaper than searching from each start, or may be: a search
    /// from a start looks at about so many nodes, if that is known.
    pub(super) fn components_for_closure(
        &self,
        nodes_a_start: Option<u64>,
    ) -> Result<Option<Components>, Interruption> {
        let strong = Components::find(&self.search.forward, ComponentKind::Strong, &self.budget)?;
        if self.search.forward.is_undirected() {
            return Ok(Some(strong));
        }
        let columns = strong.len().min(self.sides.goals.len()) as u64;
        let steps = self.search.forward.step_count() + strong.len() as u64;
        let words = steps.saturating_mul(columns.div_ceil(64));
        let searched = nodes_a_start.map(|nodes| nodes.saturating_mul(self.sides.starts.len() as u64 * WORDS_A_NODE));
        Ok(searched.is_none_or(|searched| words < searched).then_some(strong))
    }

    /// For each component, how many goals it reaches, its own among them.
    fn goals_reached(&self, strong: &Components) -> Result<Vec<u64>, Interruption> {
        let mut goals = vec![0_u64; strong.len()];
        for component in self.sides.goals.iter().filter_map(|&goal| strong.of(NodeId::new(goal))) {
            goals[component as usize] += 1;
        }
        if self.search.forward.is_undirected() {
            return Ok(goals);
        }
        let columns: Vec<u32> = (0_u32..).zip(&goals).filter(|(_, goals)| **goals > 0).map(|(of, _)| of).collect();
        let members = Members::new(strong, &self.search.forward);
        let held = self.budget.charge(strong.len() as u64 * 16 + self.sides.node_count as u64 * 8)?;
        let bytes_a_word = 8 * strong.len() as u64 * rayon::current_num_threads() as u64;
        let fits =
            |width: &usize| self.budget.memory_left().is_none_or(|left| bytes_a_word * *width as u64 <= left / 2);
        let width = WIDTHS.into_iter().find(fits).unwrap_or(1);
        let closure = Closure { plan: self, strong, members, goals: &goals };
        let parts = columns.par_chunks(64 * width).map(|columns| match width {
            64 => closure.columns::<64>(columns),
            8 => closure.columns::<8>(columns),
            _ => closure.columns::<1>(columns),
        });
        let add = |mut sum: Vec<u64>, part: Vec<u64>| {
            sum.iter_mut().zip(part).for_each(|(sum, part)| *sum += part);
            sum
        };
        let reached = parts.try_reduce(|| vec![0; strong.len()], |sum, part| Ok(add(sum, part)));
        drop(held);
        reached
    }
}

/// The nodes of each component.
struct Members {
    offsets: Vec<u32>,
    nodes: Vec<u32>,
}

impl Members {
    fn new(strong: &Components, topology: &Topology) -> Self {
        let mut offsets = vec![0_u32; strong.len() + 1];
        let of = |node: u32| strong.of(NodeId::new(node)).map(|component| component as usize);
        let nodes = || (0..topology.node_count() as u32).filter_map(|node| Some((node, of(node)?)));
        nodes().for_each(|(_, component)| offsets[component + 1] += 1);
        for index in 1..offsets.len() {
            offsets[index] += offsets[index - 1];
        }
        let (mut places, mut members) = (offsets.clone(), vec![0; topology.node_count()]);
        for (node, component) in nodes() {
            members[places[component] as usize] = node;
            places[component] += 1;
        }
        Self { offsets, nodes: members }
    }

    fn of(&self, component: usize) -> &[u32] {
        &self.nodes[self.offsets[component] as usize..self.offsets[component + 1] as usize]
    }
}

struct Closure<'c> {
    plan: &'c Plan,
    strong: &'c Components,
    members: Members,
    goals: &'c [u64],
}

impl Closure<'_> {
    /// For each component, how many goals it reaches in these components.
    fn columns<const W: usize>(&self, columns: &[u32]) -> Result<Vec<u64>, Interruption> {
        let (strong, budget) = (self.strong, &*self.plan.budget);
        // Nothing before the first column reaches any of them.
        let first = columns.first().map_or(0, |&column| column as usize);
        let _held = budget.charge((strong.len() * (W + 1) * 8) as u64)?;
        let mut rows = vec![[0_u64; W]; strong.len() - first];
        let mut reached = vec![0; strong.len()];
        let mut own = columns.iter().enumerate().peekable();
        let plain = columns.iter().all(|&column| self.goals[column as usize] == 1);
        let mut neighbors = 0;
        for (component, reached) in reached.iter_mut().enumerate().skip(first) {
            let (before, after) = rows.split_at_mut(component - first);
            let row = &mut after[0];
            for &node in self.members.of(component) {
                let ends = self.plan.search.forward.ends(NodeId::new(node));
                neighbors += ends.len();
                let other =
                    |end: &u32| strong.of(NodeId::new(*end)).map(|of| of as usize).filter(|&of| of != component);
                for of in ends.iter().filter_map(other).filter(|&of| of >= first) {
                    row.iter_mut().zip(&before[of - first]).for_each(|(word, other)| *word |= other);
                }
            }
            if let Some((bit, _)) = own.next_if(|(_, column)| **column as usize == component) {
                row[bit / 64] |= 1 << (bit % 64);
            }
            *reached = if plain { count_ones(row) } else { self.weight(row, columns) };
            if component % 1024 == 0 {
                budget.check()?;
                budget.count_neighbors(std::mem::take(&mut neighbors) as u64);
            }
        }
        budget.count_neighbors(neighbors as u64);
        Ok(reached)
    }

    fn weight(&self, row: &[u64], columns: &[u32]) -> u64 {
        bits(row).map(|bit| self.goals[columns[bit] as usize]).sum()
    }
}
