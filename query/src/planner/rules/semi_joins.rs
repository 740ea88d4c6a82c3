//! Rule: `MATCH (g:gene) WHERE (g)-[*1..3]-(:disease)` is not asked of one gene after the other, but of all of them at
//! once: a scan with a condition that a node of it reaches something becomes a Reach from all of its nodes.

use std::sync::Arc;

use super::{Setting, rebuild};
use crate::planner::plan::Slot;
use crate::planner::plan::{Access, Answer, CountBy, End, Expression, ExpressionKind, NodePattern, Plan, Reach};

pub(super) fn apply(plan: Plan, _: &Setting<'_>, names: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Filter { input, conditions } => joined(*input, conditions, names),
        other => other,
    })
}

fn joined(mut input: Plan, conditions: Vec<Expression>, names: &mut Vec<String>) -> Plan {
    let mut rest = Vec::new();
    for condition in conditions {
        let (found, is_joined) = match asked_reach(&condition) {
            Some(reach) => join(input, reach, names),
            None => (input, false),
        };
        input = found;
        if !is_joined {
            rest.push(condition);
        }
    }
    input.filtered(rest)
}

/// What a condition asks to be reached, if it asks nothing else and the same on every row.
fn asked_reach(condition: &Expression) -> Option<&Reach> {
    let ExpressionKind::Subquery(subquery) = &condition.kind else { return None };
    if subquery.answer != Answer::Exists {
        return None;
    }
    match &subquery.plan {
        Plan::Reach { input, reach } if **input == Plan::Row && reach.hop.reads().is_empty() => Some(reach),
        _ => None,
    }
}

/// The nodes of the scan on top that reach, or are reached, and true; the plan as it was if it cannot be asked so.
fn join(plan: Plan, asked: &Reach, names: &mut Vec<String>) -> (Plan, bool) {
    let Plan::Scan { input, node, access: access @ (Access::Label(_) | Access::All) } = plan else {
        return (plan, false);
    };
    let is_end = |end: End| asked.end(end).bound && asked.end(end).slot == node.slot;
    let found = [End::From, End::To].into_iter().find(|&end| is_end(end));
    match found {
        Some(end) if asked.end(end.other()).bound && !is_end(end.other()) => {
            (pairs(*input, with_node(asked, end, node), end.other()), true)
        }
        Some(end) if !asked.end(end.other()).bound && asked.end(end.other()).stands_alone() => {
            names.push("number of pairs".into());
            let (reach, pairs) = (with_node(asked, end, node), Slot(names.len() - 1));
            (Plan::CountReach { input, reach, by: CountBy::Each(end), pairs }, true)
        }
        _ => (Plan::Scan { input, node, access }, false),
    }
}

fn with_node(asked: &Reach, end: End, node: NodePattern) -> Reach {
    let mut reach = Reach { hop: Arc::clone(&asked.hop), ..asked.clone() };
    *reach.end_mut(end) = node;
    reach
}

/// The pairs of the scanned nodes and of what the row holds at the other end; of all such nodes at once if they come
/// from a scan as well.
fn pairs(input: Plan, mut reach: Reach, other: End) -> Plan {
    let slot = reach.end(other).slot;
    match input {
        Plan::Scan { input, node, access: Access::Label(_) | Access::All }
            if node.slot == slot && reach.end(other.other()).stands_alone() =>
        {
            *reach.end_mut(other) = node;
            Plan::Reach { input, reach }
        }
        input => Plan::Reach { input: Box::new(input), reach },
    }
}
