//! Rule: where an aggregate only needs to know how many rows there are, hops that nobody asks anything else of are
//! counted, not listed, and rows that have become equal are put together before they multiply. The aggregate takes the
//! numbers as the weight of its rows.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;

use super::condense::takes_weight;
use super::{Setting, rebuild};
use crate::planner::Estimator;
use crate::planner::plan::{Branch, Expression, Hop, Keep, NodePattern, Plan, Slot, Walk, Weights};

/// Paths of more hops than this are listed.
const HOPS_COUNTED: u32 = 6;

/// Rows from which on it is worth to put equal ones together.
const ROWS_WORTH_COMBINING: f64 = 2000.0;

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, names: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Aggregate { input, keys, aggregates, weight: None } if aggregates.iter().all(takes_weight) => {
            let arguments = aggregates.iter().filter_map(|one| one.argument.as_ref());
            let live = keys.iter().map(|(_, key)| key).chain(arguments).flat_map(Expression::reads).collect();
            let mut eager = Eager { estimator: setting.estimator, names, pending: BTreeMap::new() };
            let (input, weight) = eager.weigh(*input, &live);
            Plan::Aggregate { input: Box::new(input), keys, aggregates, weight }
        }
        other => other,
    })
}

struct Eager<'e> {
    estimator: &'e Estimator,
    names: &'e mut Vec<String>,
    /// The ways to go on from a node that are to be counted as soon as it is there.
    pending: BTreeMap<Slot, Vec<Branch>>,
}

impl Eager<'_> {
    /// A plan whose rows have weights, and where these stand, if they have any. `live`: the slots that are read of them.
    fn weigh(&mut self, plan: Plan, live: &BTreeSet<Slot>) -> (Plan, Option<Slot>) {
        match plan {
            Plan::Filter { input, conditions } => {
                let (input, weight) = self.weigh(*input, &with_reads(live, &conditions));
                (Plan::Filter { input: Box::new(input), conditions }, weight)
            }
            Plan::Project { input, items } => {
                let mut below = live.clone();
                let computed = items.iter().filter(|(slot, item)| item.as_slot() != Some(*slot));
                below.retain(|slot| !computed.clone().any(|(filled, _)| filled == slot));
                below.extend(computed.flat_map(|(_, item)| item.reads()));
                let (input, weight) = self.weigh(*input, &below);
                (Plan::Project { input: Box::new(input), items }, weight)
            }
            Plan::Expand { input, from, to, hop, keep } => self.expand(*input, (from, to, hop, keep), live),
            Plan::ExpandPaths { input, from, to, hop, walk } if counts_paths(&to, &hop, &walk, live) => {
                let mut below = live.clone();
                below.insert(from);
                below.extend(&walk.unlike);
                let (input, before) = self.weigh(*input, &below);
                let weights = Weights { before, after: self.weight_slot() };
                (Plan::CountPaths { input: Box::new(input), from, to, hop, walk, weights }, Some(weights.after))
            }
            Plan::Scan { input, node, access } => {
                let mut below = with_reads(live, &node.conditions);
                below.remove(&node.slot);
                let slot = node.slot;
                let (input, weight) = self.weigh(*input, &below);
                let plan = Plan::Scan { input: Box::new(input), node, access };
                self.count_pending(plan, slot, weight)
            }
            other => (other, None),
        }
    }

    fn expand(
        &mut self,
        input: Plan,
        (from, to, hop, keep): (Slot, NodePattern, Arc<Hop>, Keep),
        live: &BTreeSet<Slot>,
    ) -> (Plan, Option<Slot>) {
        let is_leaf = !to.bound
            && !live.contains(&to.slot)
            && !live.contains(&hop.edge)
            && hop.is_plain()
            && to.conditions.is_empty()
            && !keep.distinct_ends;
        let mut below = live.clone();
        below.extend(&keep.unlike);
        let finds_from = || line(&input).is_some_and(|line| line.nodes.contains(&from));
        if is_leaf && keep.unlike.is_empty() && finds_from() {
            let inner = self.pending.remove(&to.slot).unwrap_or_default();
            self.pending.entry(from).or_default().push(Branch { hop, to, inner });
            return self.weigh(input, &below);
        }
        below.insert(from);
        if is_leaf && !self.pending.contains_key(&to.slot) {
            let (input, before) = self.weigh(input, &below);
            let branch = Branch { hop, to, inner: Vec::new() };
            return self.counted(input, from, branch, keep.unlike, before);
        }
        let mut below = with_reads(&below, &to.conditions);
        below.extend(hop.expressions().flat_map(Expression::reads));
        below.remove(&hop.edge);
        if to.bound {
            below.insert(to.slot);
        } else {
            below.remove(&to.slot);
        }
        let (input, before) = self.weigh(input, &below);
        let (input, weight) = self.combined(input, from, &below, before);
        let slot = to.slot;
        let plan = Plan::Expand { input: Box::new(input), from, to, hop, keep };
        self.count_pending(plan, slot, weight)
    }

    /// The plan with the ways on from a node that has just been found.
    fn count_pending(&mut self, plan: Plan, node: Slot, weight: Option<Slot>) -> (Plan, Option<Slot>) {
        let branches = self.pending.remove(&node).unwrap_or_default();
        branches
            .into_iter()
            .fold((plan, weight), |(plan, weight), branch| self.counted(plan, node, branch, Vec::new(), weight))
    }

    fn counted(
        &mut self,
        input: Plan,
        from: Slot,
        branch: Branch,
        unlike: Vec<Slot>,
        before: Option<Slot>,
    ) -> (Plan, Option<Slot>) {
        let weight = self.weight_slot();
        (Plan::CountHops { input: Box::new(input), from, branch, unlike, before, weight }, Some(weight))
    }

    fn weight_slot(&mut self) -> Slot {
        self.names.push("number of rows".into());
        Slot(self.names.len() - 1)
    }

    /// The plan with equal rows put together, if something that it found is not read any more, and what is read is the
    /// node to go on from, or that and the node that all begins with.
    fn combined(
        &mut self,
        plan: Plan,
        node: Slot,
        live: &BTreeSet<Slot>,
        before: Option<Slot>,
    ) -> (Plan, Option<Slot>) {
        let Some(line) = line(&plan) else { return (plan, before) };
        let read: Vec<Slot> = live.iter().copied().filter(|slot| Some(*slot) != before).collect();
        let run = match read[..] {
            [one] if one == node => None,
            [one, other] if one == node && other == line.first => Some(other),
            [one, other] if other == node && one == line.first => Some(one),
            _ => return (plan, before),
        };
        let lost = line.nodes.iter().any(|slot| *slot != node && Some(*slot) != run);
        if !lost || self.estimator.rows(&plan) < ROWS_WORTH_COMBINING {
            return (plan, before);
        }
        let weight = self.weight_slot();
        (Plan::Combine { input: Box::new(plan), run, node, before, weight }, Some(weight))
    }
}

/// Whether nobody asks more of paths than their number, and they are few enough hops long to be counted.
fn counts_paths(to: &NodePattern, hop: &Hop, walk: &Walk, live: &BTreeSet<Slot>) -> bool {
    !to.bound
        && !live.contains(&to.slot)
        && !live.contains(&walk.slot)
        && hop.is_plain()
        && to.conditions.is_empty()
        && matches!(walk.mode, PathMode::Trail | PathMode::Walk)
        && walk.range.least > 0
        && walk.range.most.is_some_and(|most| most <= HOPS_COUNTED)
}

/// The nodes that a line of operators finds, and the one that it begins with.
struct Line {
    first: Slot,
    nodes: Vec<Slot>,
}

/// The line of operators down to a single scan; `None` if there is more to the plan.
fn line(plan: &Plan) -> Option<Line> {
    match plan {
        Plan::Scan { input, node, .. } if **input == Plan::Row => {
            Some(Line { first: node.slot, nodes: vec![node.slot] })
        }
        Plan::Expand { input, to, .. } => {
            let mut line = line(input)?;
            line.nodes.extend((!to.bound).then_some(to.slot));
            Some(line)
        }
        Plan::Filter { input, .. } | Plan::Project { input, .. } | Plan::CountHops { input, .. } => line(input),
        Plan::Combine { input, run, node, .. } => {
            Some(Line { nodes: run.iter().chain([node]).copied().collect(), ..line(input)? })
        }
        _ => None,
    }
}

fn with_reads(live: &BTreeSet<Slot>, expressions: &[Expression]) -> BTreeSet<Slot> {
    let mut all = live.clone();
    all.extend(expressions.iter().flat_map(Expression::reads));
    all
}
