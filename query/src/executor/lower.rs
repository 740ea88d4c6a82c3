//! Door from what to compute to how: logical plans become physical operators.

use std::sync::Arc;

use super::procedure;

use crate::executor::operator::{
    Aggregate, Answering, Apply, Call, CountReach, Create, Delete, Distinct, Expand, ExpandPaths, Filter, HopTopology,
    Input, Limit, Merge, NodeFilter, Profiled, Project, Reach, ReachEnds, Scan, Set, ShortestPath, Skip, Sort, Start,
    Union, Unrepeated, Unwind, Work,
};
use crate::planner::plan::{Access, NodePattern, Plan};

/// The operators of a plan. With `profile`, each one's work is counted: in the order of [`crate::explain`].
pub(crate) fn lower(plan: &Plan, profile: Option<&mut Vec<Arc<Work>>>) -> Input {
    Lowering { profile }.plan(plan)
}

struct Lowering<'p> {
    profile: Option<&'p mut Vec<Arc<Work>>>,
}

impl Lowering<'_> {
    fn plan(&mut self, plan: &Plan) -> Input {
        let work = self.profile.as_mut().map(|profile| {
            let work = Arc::new(Work::default());
            profile.push(Arc::clone(&work));
            work
        });
        let operator = self.operator(plan);
        match work {
            Some(work) => Box::new(Profiled::new(operator, work)),
            None => operator,
        }
    }

    /// The input of a plan. What the plan's expressions ask of other plans is found out on the way.
    fn input(&mut self, plan: &Plan, input: &Plan) -> Input {
        let subqueries: Vec<_> = plan.expressions().into_iter().flat_map(|one| one.subqueries()).collect();
        let plans: Vec<_> = subqueries.iter().map(|subquery| self.plan(&subquery.plan)).collect();
        let input = self.plan(input);
        subqueries.iter().zip(plans).fold(input, |input, (subquery, plan)| {
            Box::new(Answering::new(input, plan, subquery.answer, subquery.slot))
        })
    }

    fn operator(&mut self, plan: &Plan) -> Input {
        match plan {
            Plan::Row => Box::new(Start::default()),
            Plan::Match { .. } => unreachable!("the rules leave no pattern without an order of work"),
            Plan::Scan { input, node, access } => {
                Box::new(Scan::new(self.input(plan, input), NodeFilter::new(node.clone(), access.clone())))
            }
            Plan::Expand { input, from, to, hop, keep } => {
                let input = self.input(plan, input);
                Box::new(Expand::new(input, *from, to, filter(to), Arc::clone(hop), keep.clone()))
            }
            Plan::ExpandPaths { input, from, to, hop, walk } => {
                let (input, topology) = (self.input(plan, input), HopTopology::new(Arc::clone(hop)));
                Box::new(ExpandPaths::new(input, *from, to, filter(to), topology, walk.clone()))
            }
            Plan::Reach { input, reach } => {
                Box::new(Reach::new(self.input(plan, input), ReachEnds::new(reach, filter)))
            }
            Plan::CountReach { input, reach, by, pairs } => {
                let ends = ReachEnds::new(reach, filter);
                Box::new(CountReach::new(self.input(plan, input), ends, by.clone(), *pairs))
            }
            Plan::ShortestPath { input, from, to, hop, choice } => {
                Box::new(ShortestPath::new(self.input(plan, input), [*from, *to], Arc::clone(hop), choice.clone()))
            }
            Plan::Unrepeated { input, start, relationships, mode } => {
                Box::new(Unrepeated::new(self.input(plan, input), *start, relationships.clone(), *mode))
            }
            Plan::Filter { input, conditions } => Box::new(Filter::new(self.input(plan, input), conditions.clone())),
            Plan::Project { input, items } => {
                let computed = items.iter().filter(|(slot, item)| item.as_slot() != Some(*slot)).cloned().collect();
                Box::new(Project::new(self.input(plan, input), computed))
            }
            Plan::Aggregate { input, keys, aggregates, weight } => {
                Box::new(Aggregate::new(self.input(plan, input), keys.clone(), aggregates.clone(), *weight))
            }
            Plan::Distinct { input, slots } => Box::new(Distinct::new(self.input(plan, input), slots.clone())),
            Plan::Sort { input, keys, keep, limit } => {
                Box::new(Sort::new(self.input(plan, input), keys.clone(), keep.clone(), limit.clone()))
            }
            Plan::Skip { input, count } => Box::new(Skip::new(self.input(plan, input), count.clone())),
            Plan::Limit { input, count } => {
                Box::new(Limit::new(self.input(plan, input), count.clone(), input.writes()))
            }
            Plan::Call { input, procedure, options, outputs, span } => {
                let procedure = procedure::find(procedure.name).expect("a plan calls what the library gave out");
                Box::new(Call::new(self.input(plan, input), procedure, options.clone(), outputs.clone(), *span))
            }
            Plan::Unwind { input, list, slot } => Box::new(Unwind::new(self.input(plan, input), list.clone(), *slot)),
            Plan::Apply { input, plan: inner, fills, optional } => {
                let input = self.plan(input);
                Box::new(Apply::new(input, self.plan(inner), fills.clone(), *optional))
            }
            Plan::Union { branches, slots } => {
                let branches = branches.iter().map(|(branch, columns)| (self.plan(branch), columns.clone())).collect();
                Box::new(Union::new(branches, slots.clone()))
            }
            Plan::Create { .. } | Plan::Merge { .. } | Plan::Set { .. } | Plan::Delete { .. } => self.writer(plan),
        }
    }

    fn writer(&mut self, plan: &Plan) -> Input {
        match plan {
            Plan::Create { input, creation, keep } => {
                Box::new(Create::new(self.input(plan, input), creation.clone(), keep.clone()))
            }
            Plan::Merge { input, plan: inner, creation, on_create, on_match, keep } => {
                let input = self.input(plan, input);
                let edits = [on_create.clone(), on_match.clone()];
                Box::new(Merge::new([input, self.plan(inner)], creation.clone(), edits, keep.clone()))
            }
            Plan::Set { input, edits, keep } => {
                Box::new(Set::new(self.input(plan, input), edits.clone(), keep.clone()))
            }
            Plan::Delete { input, targets, detach, keep } => {
                Box::new(Delete::new(self.input(plan, input), targets.clone(), *detach, keep.clone()))
            }
            _ => unreachable!("only plans that write come here"),
        }
    }
}

/// The filter of a node that is reached, not scanned: an index is of use if it gives the whole set at once.
fn filter(node: &NodePattern) -> NodeFilter {
    let access = crate::planner::indexed_access(node).unwrap_or_else(|| match node.labels.first() {
        Some(alternatives) => Access::Label(alternatives.clone()),
        None => Access::All,
    });
    NodeFilter::new(node.clone(), access)
}
