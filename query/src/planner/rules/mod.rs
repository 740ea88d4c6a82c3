//! The rules that improve a plan, in order.

mod choose_names;
mod condense;
mod count_paths;
mod drop_distinct;
mod duplicates;
mod eager;
mod join_order;
mod keep_top;
mod lengths;
mod merge_hops;
mod order;
mod pair_tests;
mod push_conditions;
mod reach;
mod semi_joins;
mod split;

use std::collections::BTreeSet;
use std::sync::Arc;

pub(crate) use order::indexed_access;

use super::Estimator;
use super::plan::{Answer, Expression, ExpressionKind, Pattern, Plan, Query};
use crate::fault::{Result, meaning_with_help};
use crate::planner::plan::Slot;
use crate::syntax::ast::Span;

/// What rules may ask.
struct Setting<'s> {
    estimator: &'s Estimator,
    /// The slots that are read when the plan has run.
    columns: BTreeSet<Slot>,
    /// Whether a row may come twice without anybody noticing.
    duplicates_ignored: bool,
    rules: Rules,
}

/// Rules for patterns, and for the operators that they become.
type Rules = (&'static [Rule], &'static [Rule]);

type Rule = fn(Plan, &Setting<'_>, &mut Vec<String>) -> Plan;

/// From patterns to better ones. The order matters: each rule needs what those before it have done.
const PATTERN_RULES: [Rule; 6] = [
    // Brings conditions to the node or hop that they speak of, so that what follows sees how selective it is.
    push_conditions::apply,
    // Turns lengths of paths into numbers of hops, so that the paths are not read any more.
    lengths::apply,
    // Says which names of a pattern are still read; the others need not be made, and a path that nobody reads can be
    // left to reachability.
    choose_names::apply,
    // Makes patterns of their own of relationships that reachability can answer.
    split::apply,
    // Takes the patterns that reachability answers, before an order of enumeration is chosen for them.
    reach::apply,
    // Of the patterns that are left, those whose paths are only counted.
    count_paths::apply,
];

/// From operators to better ones, once the patterns in conditions have operators of their own.
const OPERATOR_RULES: [Rule; 7] = [
    // Needs the final shape: which operators give distinct rows already.
    drop_distinct::apply,
    // Asks what a scanned node reaches of all scanned nodes at once.
    semi_joins::apply,
    // Lets a Reach answer the conditions on its pairs itself, so that nothing lies between it and what is above.
    pair_tests::apply,
    // Needs a Reach with nothing between it and what counts its pairs.
    condense::apply,
    // Once more, since condensed rows have another key.
    drop_distinct::apply,
    // Sorting and cutting off become one.
    keep_top::apply,
    // Counts hops and puts equal rows together. The operators that it makes are known to no other rule.
    eager::apply,
];

/// Applies all rules to a query, patterns in its conditions included.
pub(crate) fn improve(query: Query, estimator: &Estimator) -> Result<Query> {
    with_rules(query, estimator, (&PATTERN_RULES, &OPERATOR_RULES))
}

/// Makes operators of the patterns of a query and nothing else: what tests hold improved plans against.
pub(crate) fn only_ordered(query: Query, estimator: &Estimator) -> Result<Query> {
    // Which names are read decides how often a row comes.
    with_rules(query, estimator, (&[choose_names::apply], &[]))
}

fn with_rules(mut query: Query, estimator: &Estimator, rules: Rules) -> Result<Query> {
    let columns = query.columns.iter().map(|(_, slot)| *slot).collect();
    let setting = Setting { estimator, columns, duplicates_ignored: false, rules };
    query.plan = improve_plan(query.plan, &setting, &mut query.slot_names)?;
    Ok(query)
}

fn improve_plan(plan: Plan, setting: &Setting<'_>, names: &mut Vec<String>) -> Result<Plan> {
    let (of_patterns, of_operators) = setting.rules;
    let plan = of_patterns.iter().fold(plan, |plan, rule| rule(plan, setting, names));
    check_counted(&plan, &plan)?;
    // Turns every other pattern into scans and expansions, from its cheaper end.
    let mut plan = order::apply(plan, setting, names);
    improve_subqueries(&mut plan, setting, names)?;
    Ok(of_operators.iter().fold(plan, |plan, rule| rule(plan, setting, names)))
}

/// Fails if shortest paths are to be counted where they are not reached but listed.
fn check_counted(plan: &Plan, whole: &Plan) -> Result<()> {
    if let Plan::Match { pattern: Pattern { shortest_paths: Some(slot), .. }, .. } = plan {
        let message = "shortest_paths counts paths between two ends, and cannot stand beside the paths themselves";
        let help = Some("leave out the variables of paths and relationships".to_owned());
        return Err(meaning_with_help(place_of(*slot, whole).unwrap_or_default(), message, help));
    }
    plan.inputs().into_iter().try_for_each(|input| check_counted(input, whole))
}

/// Where a slot is read.
fn place_of(slot: Slot, plan: &Plan) -> Option<Span> {
    fn within(slot: Slot, expression: &Expression) -> Option<Span> {
        let own = (expression.as_slot() == Some(slot)).then_some(expression.span);
        own.or_else(|| expression.children().into_iter().find_map(|child| within(slot, child)))
    }
    let own = plan.expressions().into_iter().find_map(|expression| within(slot, expression));
    own.or_else(|| plan.inputs().into_iter().find_map(|input| place_of(slot, input)))
}

/// A subquery has a plan of its own; of a pattern in a condition it only matters whether it gives a row.
fn improve_subqueries(plan: &mut Plan, outer: &Setting<'_>, names: &mut Vec<String>) -> Result<()> {
    let mut result = Ok(());
    plan.change_expressions(&mut |expression| {
        if result.is_ok() {
            result = improve_expression(expression, outer, names);
        }
    });
    result?;
    plan.inputs_mut().into_iter().try_for_each(|input| improve_subqueries(input, outer, names))
}

fn improve_expression(expression: &mut Expression, outer: &Setting<'_>, names: &mut Vec<String>) -> Result<()> {
    if let ExpressionKind::Subquery(subquery) = &mut expression.kind {
        let subquery = Arc::make_mut(subquery);
        let plan = std::mem::replace(&mut subquery.plan, Plan::Row);
        let columns = if let Answer::Collect(slot) = subquery.answer { [slot].into() } else { BTreeSet::new() };
        let duplicates_ignored = subquery.answer == Answer::Exists;
        let setting = Setting { estimator: outer.estimator, columns, duplicates_ignored, rules: outer.rules };
        subquery.plan = improve_plan(plan, &setting, names)?;
    }
    expression.children_mut().into_iter().try_for_each(|child| improve_expression(child, outer, names))
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
