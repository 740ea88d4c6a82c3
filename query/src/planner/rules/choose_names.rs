//! Rule: a path or a number of hops that nothing reads is not made; if the number of hops is read, each combination of
//! ends comes once, unless the paths themselves are read.

use std::collections::BTreeSet;

use super::{Setting, rebuild};
use crate::planner::plan::Slot;
use crate::planner::plan::{Pattern, Plan};

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, _: &mut Vec<String>) -> Plan {
    let used = setting.used(&plan);
    rebuild(plan, &mut |plan| match plan {
        Plan::Match { input, mut pattern } => {
            choose(&mut pattern, &used);
            Plan::Match { input, pattern }
        }
        other => other,
    })
}

fn choose(pattern: &mut Pattern, used: &BTreeSet<Slot>) {
    for path in &mut pattern.paths {
        path.slot = path.slot.filter(|slot| used.contains(slot));
    }
    pattern.hops = pattern.hops.filter(|slot| used.contains(slot));
    pattern.shortest_paths = pattern.shortest_paths.filter(|slot| used.contains(slot));
    let asks_for_ends = pattern.distinct || pattern.hops.is_some() || pattern.shortest_paths.is_some();
    let several = pattern.relationships.iter().filter(|relationship| relationship.range.is_some());
    let reads_paths = pattern.paths.iter().any(|path| path.slot.is_some() || path.shortest.is_some())
        || several.into_iter().any(|relationship| used.contains(&relationship.slot));
    pattern.distinct = asks_for_ends && !reads_paths;
}
