//! Rule: of sorted rows with a limit, only those within the limit are kept while sorting.

use super::{Setting, rebuild};
use crate::planner::plan::{Plan, RowLimit};

pub(super) fn apply(plan: Plan, _: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    rebuild(plan, &mut |plan| match plan {
        Plan::Limit { input, count } => limited(*input, count),
        other => other,
    })
}

fn limited(input: Plan, count: crate::planner::plan::Expression) -> Plan {
    match input {
        Plan::Sort { input, keys, keep, limit: None } => {
            Plan::Sort { input, keys, keep, limit: Some(RowLimit { skip: None, limit: count }) }
        }
        Plan::Skip { input, count: skip } if matches!(*input, Plan::Sort { limit: None, .. }) => {
            let Plan::Sort { input, keys, keep, .. } = *input else { unreachable!("matched just above") };
            let limit = Some(RowLimit { skip: Some(skip.clone()), limit: count });
            Plan::Skip { input: Box::new(Plan::Sort { input, keys, keep, limit }), count: skip }
        }
        other => Plan::Limit { input: Box::new(other), count },
    }
}
