//! Rule: `count(*)` of nothing but a Reach is counted without listing the pairs.

use super::{Setting, rebuild};
use crate::function::AggregateKind;
use crate::logical::{Aggregate, Plan};

pub(super) fn apply(plan: Plan, _: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Aggregate { input, keys, aggregates } if keys.is_empty() && counts_rows(&aggregates) => match *input {
            Plan::Reach { input, reach } if *input == Plan::Row && !reach.from.bound && !reach.to.bound => {
                Plan::CountReach { reach, slot: aggregates[0].slot }
            }
            other => Plan::Aggregate { input: Box::new(other), keys, aggregates },
        },
        other => other,
    })
}

fn counts_rows(aggregates: &[Aggregate]) -> bool {
    matches!(aggregates, [Aggregate { kind: AggregateKind::Count, argument: None, .. }])
}
