//! Rule: where only the number of all paths of one relationship of variable length is asked for, they are counted by
//! multiplication and not listed.

use super::reach::{fits, reach};
use super::{Setting, rebuild};
use crate::planner::plan::{Aggregate, AggregateKind, CountBy, Pattern, Plan, Slot};

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, names: &mut Vec<String>) -> Plan {
    let used = setting.used(&plan);
    rebuild(plan, &mut |plan| match plan {
        Plan::Aggregate { input, keys, aggregates, weight: None }
            if keys.is_empty() && !aggregates.is_empty() && aggregates.iter().all(|one| counts_rows(one, &input)) =>
        {
            match *input {
                Plan::Match { input, pattern } if fits(&pattern, &used) && is_whole(&pattern) => {
                    counted(input, pattern, aggregates, names)
                }
                other => Plan::Aggregate { input: Box::new(other), keys, aggregates, weight: None },
            }
        }
        other => other,
    })
}

/// Whether an aggregate counts the rows of a pattern: `count(*)`, or of one of its nodes, which is never null.
fn counts_rows(one: &Aggregate, input: &Plan) -> bool {
    let Plan::Match { pattern, .. } = input else { return false };
    let is_node = |slot: Slot| pattern.nodes.iter().any(|node| node.slot == slot);
    one.kind == AggregateKind::Count
        && !one.distinct
        && one.argument.as_ref().is_none_or(|argument| argument.as_slot().is_some_and(is_node))
}

/// Whether each path makes a row, and no condition speaks of both ends.
fn is_whole(pattern: &Pattern) -> bool {
    !pattern.distinct && pattern.hops.is_none() && pattern.shortest_paths.is_none() && pattern.conditions.is_empty()
}

fn counted(input: Box<Plan>, pattern: Pattern, mut aggregates: Vec<Aggregate>, names: &mut Vec<String>) -> Plan {
    let (reach, _) = reach(pattern);
    names.push("number of paths".into());
    let pairs = Slot(names.len() - 1);
    aggregates.iter_mut().for_each(|one| one.argument = None);
    let input = Box::new(Plan::CountReach { input, reach, by: CountBy::Paths, pairs });
    Plan::Aggregate { input, keys: Vec::new(), aggregates, weight: Some(pairs) }
}
