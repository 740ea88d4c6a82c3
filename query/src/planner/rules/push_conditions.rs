//! Rule: a condition on one node or one single hop of a pattern goes to that node or hop; a condition on every hop of
//! a relationship of variable length (`all(x IN r WHERE ...)`) goes to its hop, and then nobody needs the list.

use std::collections::BTreeSet;

use super::{Setting, rebuild};
use crate::planner::plan::Slot;
use crate::planner::plan::{Expression, ExpressionKind, Hop, Pattern, Plan};
use crate::syntax::ast::{BinaryOperator, QuantifierKind};
use crate::value::Cell;

pub(super) fn apply(plan: Plan, _: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Match { input, mut pattern } => {
            push(&mut pattern);
            Plan::Match { input, pattern }
        }
        other => other,
    })
}

fn push(pattern: &mut Pattern) {
    let own = pattern.fills();
    for condition in std::mem::take(&mut pattern.conditions) {
        if let Some(condition) = push_one(pattern, &own, condition) {
            pattern.conditions.push(condition);
        }
    }
}

/// Gives the condition back if it has to stay where it is.
fn push_one(pattern: &mut Pattern, own: &BTreeSet<Slot>, condition: Expression) -> Option<Expression> {
    // What an operator must find out first, or what speaks of other things of the pattern, stays.
    let of_pattern: Vec<Slot> = condition.reads().intersection(own).copied().collect();
    let [slot] = of_pattern[..] else { return Some(condition) };
    if !condition.subqueries().is_empty() {
        return Some(condition);
    }
    if let Some(node) = pattern.nodes.iter_mut().find(|node| node.slot == slot && !node.bound) {
        match condition.kind {
            ExpressionKind::HasLabels(inner, labels) if inner.as_slot() == Some(slot) => node.labels.extend(labels),
            _ => node.conditions.push(condition),
        }
        return None;
    }
    let Some(relationship) = pattern.relationships.iter_mut().find(|relationship| relationship.slot == slot) else {
        return Some(condition);
    };
    let condition = match relationship.range {
        None => condition,
        Some(_) => match asked_of_each(condition, slot, relationship.hop.edge) {
            Ok(condition) => condition,
            Err(condition) => return Some(condition),
        },
    };
    match least_confidence(condition, &relationship.hop) {
        Ok(least) => relationship.hop.evidence.add("min_confidence", least),
        Err(condition) => relationship.hop.conditions.push(condition),
    }
    None
}

/// What is at least wanted of the confidence of a hop, if that is what the condition asks; else what was given.
fn least_confidence(condition: Expression, hop: &Hop) -> Result<Expression, Expression> {
    let is_confidence = |side: &Expression| match &side.kind {
        ExpressionKind::Property(of, key) => of.as_slot() == Some(hop.edge) && &**key == "confidence",
        ExpressionKind::Call(function, of) => function.name() == "confidence" && of[0].as_slot() == Some(hop.edge),
        _ => false,
    };
    // Beside other things asked of the evidence it would be the confidence of that evidence only.
    match condition.kind {
        ExpressionKind::Binary(BinaryOperator::GreaterOrEqual, a, b)
            if hop.evidence.is_empty() && is_confidence(&a) && is_number(&b) =>
        {
            Ok(*b)
        }
        ExpressionKind::Binary(BinaryOperator::LessOrEqual, a, b)
            if hop.evidence.is_empty() && is_confidence(&b) && is_number(&a) =>
        {
            Ok(*a)
        }
        kind => Err(Expression { kind, span: condition.span }),
    }
}

/// A comparison with what is no number is not an error, as it would be in a property map; so nothing else goes there.
fn is_number(expression: &Expression) -> bool {
    matches!(expression.kind, ExpressionKind::Constant(Cell::Integer(_) | Cell::Float(_)))
}

/// The condition on one edge, if what is asked is that it holds for all of the list; else what was given.
fn asked_of_each(condition: Expression, list: Slot, edge: Slot) -> Result<Expression, Expression> {
    match condition.kind {
        ExpressionKind::Quantifier { kind: QuantifierKind::All, variable, list: of, condition: inner }
            if of.as_slot() == Some(list) && !inner.reads().contains(&list) =>
        {
            let mut inner = *inner;
            inner.replace_slot(variable, edge);
            Ok(inner)
        }
        kind => Err(Expression { kind, span: condition.span }),
    }
}
