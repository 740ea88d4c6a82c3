//! The rules that improve a plan, in order.

mod choose_names;
mod count_reach;
mod drop_distinct;
mod keep_top;
mod order;
mod push_conditions;
mod reach;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use order::indexed_access;

use super::{Estimator, ExpressionKind, Plan, Query};
use crate::compute::Slot;

/// What rules may ask.
struct Setting<'s> {
    estimator: &'s Estimator,
    /// The slots that are read when the plan has run.
    columns: BTreeSet<Slot>,
    /// Whether a row may come twice without anybody noticing.
    duplicates_ignored: bool,
}

type Rule = fn(Plan, &Setting<'_>, &mut Vec<String>) -> Plan;

/// The order matters: each rule needs what those before it have done.
const RULES: [Rule; 7] = [
    // Brings conditions to the node or hop that they speak of, so that what follows sees how selective it is.
    push_conditions::apply,
    // Says which names of a pattern are still read; the others need not be made, and a path that nobody reads can be
    // left to reachability.
    choose_names::apply,
    // Takes the patterns that reachability answers, before an order of enumeration is chosen for them.
    reach::apply,
    // Turns every other pattern into scans and expansions, from its cheaper end.
    order::apply,
    // Needs the final shape: a bare count on top of a bare Reach.
    count_reach::apply,
    // Needs the final shape: which operators give distinct rows already.
    drop_distinct::apply,
    // Sorting and cutting off become one.
    keep_top::apply,
];

/// Applies all rules to a query, patterns in its conditions included.
pub(crate) fn improve(mut query: Query, estimator: &Estimator) -> Query {
    let columns = query.columns.iter().map(|(_, slot)| *slot).collect();
    let setting = Setting { estimator, columns, duplicates_ignored: false };
    query.plan = improve_plan(query.plan, &setting, &mut query.slot_names);
    query
}

fn improve_plan(plan: Plan, setting: &Setting<'_>, names: &mut Vec<String>) -> Plan {
    let mut plan = RULES.iter().fold(plan, |plan, rule| rule(plan, setting, names));
    improve_existences(&mut plan, setting.estimator, names);
    plan
}

/// A pattern in a condition has a plan of its own. Only whether it gives a row matters.
fn improve_existences(plan: &mut Plan, estimator: &Estimator, names: &mut Vec<String>) {
    plan.change_expressions(&mut |expression| improve_expression(expression, estimator, names));
    for input in plan.inputs_mut() {
        improve_existences(input, estimator, names);
    }
}

fn improve_expression(expression: &mut super::Expression, estimator: &Estimator, names: &mut Vec<String>) {
    if let ExpressionKind::Exists(existence) = &mut expression.kind {
        let existence = Arc::make_mut(existence);
        let plan = std::mem::replace(&mut existence.plan, Plan::Row);
        let setting = Setting { estimator, columns: BTreeSet::new(), duplicates_ignored: true };
        existence.plan = improve_plan(plan, &setting, names);
    }
    for child in expression.children_mut() {
        improve_expression(child, estimator, names);
    }
}

impl Setting<'_> {
    /// The slots that something in the plan reads, columns included.
    fn used(&self, plan: &Plan) -> BTreeSet<Slot> {
        let mut used = plan.uses();
        used.extend(&self.columns);
        used
    }
}

/// Rebuilds a plan from the bottom up.
fn rebuild(mut plan: Plan, change: &mut impl FnMut(Plan) -> Plan) -> Plan {
    for input in plan.inputs_mut() {
        let taken = std::mem::replace(input, Plan::Row);
        *input = rebuild(taken, change);
    }
    change(plan)
}
