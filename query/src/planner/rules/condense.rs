//! Rule: where nobody asks for both ends of a Reach at once, its pairs are counted and not listed: by number of hops,
//! or for each node of one end. An Aggregate takes the number of pairs as the weight of the row.

use std::collections::BTreeSet;

use super::drop_distinct::{is_single, key};
use super::duplicates::ignored_below;
use super::{Setting, indexed_access};
use crate::planner::plan::AggregateKind;
use crate::planner::plan::Slot;
use crate::planner::plan::{Access, Aggregate, CountBy, End, Expression, Plan, Reach};
use crate::syntax::ast::Span;

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, names: &mut Vec<String>) -> Plan {
    // A pattern in a condition is done with its first row; counting would find all of them.
    let live = (!setting.duplicates_ignored).then(|| setting.columns.clone());
    descend(plan, setting.duplicates_ignored, live.as_ref(), names)
}

/// `ignored`: whether what is above does not notice a row that comes twice. `live`: the slots that it reads; `None`:
/// perhaps all of them.
fn descend(mut plan: Plan, ignored: bool, live: Option<&BTreeSet<Slot>>, names: &mut Vec<String>) -> Plan {
    if matches!(plan, Plan::Aggregate { .. }) && weigh(&mut plan, names) {
        return plan;
    }
    if let (Plan::Reach { .. }, true, Some(live)) = (&plan, ignored, live) {
        return one_end(plan, live, names);
    }
    let (below, live) = (ignored_below(&plan, ignored), live_below(&plan, live));
    for (place, input) in plan.inputs_mut().into_iter().enumerate() {
        let taken = std::mem::replace(input, Plan::Row);
        let live = live.as_ref().filter(|_| place == 0);
        *input = descend(taken, below.get(place).copied().unwrap_or(ignored), live, names);
    }
    plan
}

/// The slots that an operator and what is above it read of its input.
fn live_below(plan: &Plan, above: Option<&BTreeSet<Slot>>) -> Option<BTreeSet<Slot>> {
    let above = || above.cloned();
    match plan {
        Plan::Aggregate { .. } => Some(own_reads(plan)),
        Plan::Filter { .. } | Plan::Project { .. } | Plan::Sort { .. } | Plan::Skip { .. } | Plan::Limit { .. } => {
            Some(&above()? | &own_reads(plan))
        }
        Plan::Distinct { slots, .. } => Some(&above()? | &slots.iter().copied().collect()),
        _ => None,
    }
}

/// The slots that an operator reads itself; what it hands on as it is does not count.
fn own_reads(plan: &Plan) -> BTreeSet<Slot> {
    match plan {
        Plan::Project { items, .. } => {
            let computed = items.iter().filter(|(slot, item)| item.as_slot() != Some(*slot));
            computed.flat_map(|(_, item)| item.reads()).collect()
        }
        other => other.expressions().into_iter().flat_map(Expression::reads).collect(),
    }
}

/// A Reach of which only some ends are read, where duplicates do not matter.
fn one_end(plan: Plan, live: &BTreeSet<Slot>, names: &mut Vec<String>) -> Plan {
    let Plan::Reach { input, reach } = plan else { unreachable!("the caller looked") };
    match by(&reach, live) {
        Some(by) => counted(input, reach, by, live, names).0,
        None => Plan::Reach { input, reach },
    }
}

/// What the pairs may be counted by if these slots are read; `None`: they must be listed.
fn by(reach: &Reach, live: &BTreeSet<Slot>) -> Option<CountBy> {
    if reach.shortest_paths.is_some_and(|paths| live.contains(&paths)) {
        return None;
    }
    let is_read = |end: End| !reach.end(end).bound && live.contains(&reach.end(end).slot);
    let end = match (is_read(End::From), is_read(End::To)) {
        (false, false) => return Some(CountBy::Nothing),
        (true, true) => return None,
        (true, false) => End::From,
        (false, true) => End::To,
    };
    // From one node there are no more pairs than ends, and listing them is the shorter way.
    let other = reach.end(end.other());
    let is_few = other.bound || indexed_access(other).is_some();
    (!is_few).then_some(CountBy::Each(end))
}

/// The counting operator, and where the number of pairs stands.
fn counted(
    input: Box<Plan>,
    mut reach: Reach,
    by: CountBy,
    live: &BTreeSet<Slot>,
    names: &mut Vec<String>,
) -> (Plan, Slot) {
    reach.hops = reach.hops.filter(|hops| live.contains(hops));
    reach.shortest_paths = None;
    names.push("number of pairs".into());
    let pairs = Slot(names.len() - 1);
    (Plan::CountReach { input, reach, by, pairs }, pairs)
}

/// Lets an Aggregate work on counted pairs, if it can.
fn weigh(plan: &mut Plan, names: &mut Vec<String>) -> bool {
    let Plan::Aggregate { input, keys, aggregates, weight } = plan else { return false };
    count_distinct(input, keys, aggregates);
    let mut reads = BTreeSet::new();
    let Some(bottom) = bottom(input, &mut reads) else { return false };
    take_scan(bottom);
    let Plan::Reach { input: first, reach } = &*bottom else { return false };
    let mut counting = aggregates.clone();
    count_rows(&mut counting, keys, reach, key(first).as_ref());
    if !counting.iter().all(takes_weight) {
        return false;
    }
    let of_aggregate = keys.iter().map(|(_, key)| key).chain(counting.iter().filter_map(|one| one.argument.as_ref()));
    let live = &reads | &of_aggregate.flat_map(Expression::reads).collect();
    let by = match by(reach, &live) {
        Some(by) => by,
        None if **first == Plan::Row => match grouped(&mut counting, keys, reach, &reads) {
            Some(by) => by,
            None => return false,
        },
        None => return false,
    };
    let Plan::Reach { input: first, reach } = std::mem::replace(bottom, Plan::Row) else { return false };
    let pairs;
    (*bottom, pairs) = counted(first, reach, by, &live, names);
    *aggregates = counting;
    *weight = Some(pairs);
    true
}

/// What lies below conditions and computed items, and what these read.
fn bottom<'p>(mut plan: &'p mut Plan, reads: &mut BTreeSet<Slot>) -> Option<&'p mut Plan> {
    loop {
        reads.extend(match plan {
            Plan::Filter { .. } | Plan::Project { .. } => own_reads(plan),
            Plan::Reach { .. } => return Some(plan),
            _ => return None,
        });
        let (Plan::Filter { input, .. } | Plan::Project { input, .. }) = plan else { return None };
        plan = input;
    }
}

/// How many rows there are of which each end comes once is how many ends there are.
fn count_distinct(input: &mut Plan, keys: &[(Slot, Expression)], aggregates: &mut [Aggregate]) {
    let Plan::Distinct { input: below, slots } = &mut *input else { return };
    let ([slot], []) = (&slots[..], keys) else { return };
    let counts_rows = |one: &Aggregate| {
        one.kind == AggregateKind::Count
            && one.argument.as_ref().is_none_or(|argument| argument.as_slot() == Some(*slot))
    };
    let is_end = match bottom(below, &mut BTreeSet::new()) {
        Some(Plan::Reach { reach, .. }) => [End::From, End::To].iter().any(|&end| reach.end(end).slot == *slot),
        _ => false,
    };
    if is_end && aggregates.iter().all(counts_rows) {
        for one in aggregates {
            (one.distinct, one.argument) = (true, Some(Expression::slot(*slot, Span::default())));
        }
        *input = std::mem::replace(below, Plan::Row);
    }
}

/// Nodes that an index finds, in a scan just below a Reach from them, are an end of the Reach itself.
fn take_scan(plan: &mut Plan) {
    let Plan::Reach { input, reach } = plan else { return };
    let Plan::Scan { input: below, node, access: Access::Id(_) | Access::Identifier(_) | Access::Name(_) } =
        &mut **input
    else {
        return;
    };
    let found = [End::From, End::To].into_iter().find(|&end| reach.end(end).slot == node.slot);
    let Some(end) = found.filter(|&end| reach.end(end).bound) else { return };
    let mut unbound = reach.clone();
    unbound.end_mut(end).conditions.clear();
    if unbound.expressions().any(|expression| expression.reads().contains(&node.slot)) {
        return;
    }
    *reach.end_mut(end) = node.clone();
    **input = std::mem::replace(below, Plan::Row);
}

/// An end is a node and never null, so that counting it is counting rows; and the pairs are distinct, so that for each
/// node of one end the nodes of the other are, too. `row_key`: slots in which no two rows that the Reach begins with
/// agree.
fn count_rows(
    aggregates: &mut [Aggregate],
    keys: &[(Slot, Expression)],
    reach: &Reach,
    row_key: Option<&BTreeSet<Slot>>,
) {
    let grouped: BTreeSet<Slot> = keys.iter().filter_map(|(_, key)| key.as_slot()).collect();
    let one_row = row_key.is_some_and(|key| key.is_subset(&grouped));
    let is_one = |end: End| is_single(reach.end(end)) || grouped.contains(&reach.end(end).slot);
    for one in aggregates.iter_mut().filter(|one| one.kind == AggregateKind::Count) {
        let Some(slot) = one.argument.as_ref().and_then(Expression::as_slot) else { continue };
        let Some(end) = [End::From, End::To].into_iter().find(|&end| reach.end(end).slot == slot) else { continue };
        if !one.distinct || (one_row && is_one(end.other())) {
            (one.distinct, one.argument) = (false, None);
        }
    }
}

/// Whether an aggregate can take a row that stands for many.
pub(super) fn takes_weight(one: &Aggregate) -> bool {
    one.distinct
        || !matches!(one.kind, AggregateKind::Collect | AggregateKind::Deviation | AggregateKind::DeviationOfAll)
}

/// `count(DISTINCT d)` by something of `g` that several nodes may have alike: counted for each group of such nodes.
fn grouped(
    aggregates: &mut [Aggregate],
    keys: &[(Slot, Expression)],
    reach: &Reach,
    reads: &BTreeSet<Slot>,
) -> Option<CountBy> {
    let counted = aggregates.first()?.argument.as_ref().and_then(Expression::as_slot)?;
    let other = [End::From, End::To].into_iter().find(|&end| reach.end(end).slot == counted)?;
    let end = other.other();
    let is_count = |one: &Aggregate| {
        one.kind == AggregateKind::Count
            && one.distinct
            && one.argument.as_ref().and_then(Expression::as_slot) == Some(counted)
    };
    let of_end =
        |key: &Expression| key.subqueries().is_empty() && key.reads().iter().all(|&slot| slot == reach.end(end).slot);
    let numbers = [reach.hops, reach.shortest_paths];
    let asked = reads.iter().any(|&slot| slot == counted || numbers.contains(&Some(slot)));
    if asked || !aggregates.iter().all(is_count) || !keys.iter().all(|(_, key)| of_end(key)) {
        return None;
    }
    aggregates.iter_mut().for_each(|one| (one.distinct, one.argument) = (false, None));
    Some(CountBy::Group(end, keys.iter().map(|(_, key)| key.clone()).collect()))
}
