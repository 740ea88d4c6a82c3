//! Door from what to compute to how: logical plans become physical operators.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::compute::Context;
use super::pipeline::vectorized;
use super::procedure;
use crate::executor::operator::{
    Aggregate, Answering, Apply, Call, CountHops, CountPaths, CountReach, Create, Delete, Distinct, Expand,
    ExpandPaths, Filter, HopTopology, Input, Limit, Merge, NodeFilter, Profiled, Project, Reach, ReachEnds, Scan, Set,
    ShortestPath, Skip, Sort, Start, Union, Unrepeated, Unwind, Work,
};
use crate::fault::Result;
use crate::planner::plan::{Access, Expression, ExpressionKind, NodePattern, Plan, Query, Slot};
use crate::syntax::ast::Span;
use crate::value::Cell;

/// The operators of a query, on chunks where its plan allows it and `on_chunks` does not forbid it. With `profile`, each
/// one's work is counted: in the order of [`crate::planner::explain`].
pub(crate) fn lower(
    query: &Query,
    context: &Context<'_>,
    on_chunks: bool,
    profile: Option<&mut Vec<Arc<Work>>>,
) -> Result<Input> {
    let chunks = (on_chunks && !query.writes && context.reads_a_snapshot()).then_some(context);
    let live = query.columns.iter().map(|(_, slot)| *slot).collect();
    Lowering { profile, chunks, width: query.slot_names.len() }.top(&query.plan, &live)
}

struct Lowering<'p, 'g> {
    profile: Option<&'p mut Vec<Arc<Work>>>,
    /// What chunks are read from; `None`: all operators work on rows.
    chunks: Option<&'p Context<'g>>,
    width: usize,
}

impl<'g> Lowering<'_, 'g> {
    /// The operators of a plan that runs once. `live`: the slots that are read of its rows.
    fn top(&mut self, plan: &Plan, live: &BTreeSet<Slot>) -> Result<Input> {
        if let Some(context) = self.chunks {
            let noted = self.profile.as_ref().map(|profile| profile.len());
            let width = self.width;
            let mut rows = |plan: &Plan, profile: Option<&mut Vec<Arc<Work>>>| {
                let all = (0..width).map(Slot).collect();
                Lowering { profile, chunks: Some(context), width }.top(plan, &all)
            };
            let profile = self.profile.as_deref_mut();
            if let Some(operator) = vectorized(plan, live, width, context, profile, &mut rows)? {
                return Ok(operator);
            }
            if let (Some(profile), Some(noted)) = (&mut self.profile, noted) {
                profile.truncate(noted);
            }
        }
        self.plan(plan, true)
    }

    /// `once`: whether the plan runs once, and not for each row of another.
    fn plan(&mut self, plan: &Plan, once: bool) -> Result<Input> {
        let work = self.profile.as_mut().map(|profile| {
            let work = Arc::new(Work::default());
            profile.push(Arc::clone(&work));
            work
        });
        let operator = self.operator(plan, once)?;
        Ok(match work {
            Some(work) => Box::new(Profiled::new(operator, work)),
            None => operator,
        })
    }

    /// The input of a plan. What the plan's expressions ask of other plans is found out on the way.
    fn input(&mut self, plan: &Plan, input: &Plan, once: bool) -> Result<Input> {
        let mut plans = Vec::new();
        for subquery in plan.expressions().into_iter().flat_map(Expression::subqueries) {
            plans.push((self.plan(&subquery.plan, false)?, subquery.answer, subquery.slot));
        }
        let input = self.below(input, once)?;
        Ok(plans
            .into_iter()
            .fold(input, |input, (plan, answer, slot)| Box::new(Answering::new(input, plan, answer, slot))))
    }

    /// What lies below an operator on rows: on chunks, if it reads all of its input anyway.
    fn below(&mut self, plan: &Plan, once: bool) -> Result<Input> {
        if once && matches!(plan, Plan::Aggregate { .. } | Plan::Sort { .. }) {
            let all = (0..self.width).map(Slot).collect();
            return self.top(plan, &all);
        }
        self.plan(plan, once)
    }

    fn operator(&mut self, plan: &Plan, once: bool) -> Result<Input> {
        Ok(match plan {
            Plan::Row => Box::new(Start::default()),
            Plan::Match { .. } => unreachable!("the rules leave no pattern without an order of work"),
            Plan::Scan { input, node, access } => {
                Box::new(Scan::new(self.input(plan, input, once)?, NodeFilter::new(node.clone(), access.clone())))
            }
            Plan::Expand { input, from, to, hop, keep } => {
                let input = self.input(plan, input, once)?;
                Box::new(Expand::new(input, *from, to, filter(to), Arc::clone(hop), keep.clone()))
            }
            Plan::ExpandPaths { input, from, to, hop, walk } => {
                let (input, topology) = (self.input(plan, input, once)?, HopTopology::new(Arc::clone(hop)));
                Box::new(ExpandPaths::new(input, *from, to, filter(to), topology, walk.clone()))
            }
            Plan::Reach { input, reach } => {
                Box::new(Reach::new(self.input(plan, input, once)?, ReachEnds::new(reach, filter)))
            }
            Plan::ShortestPath { input, from, to, hop, choice } => Box::new(ShortestPath::new(
                self.input(plan, input, once)?,
                [*from, *to],
                Arc::clone(hop),
                choice.clone(),
            )),
            Plan::Unrepeated { input, start, relationships, mode } => {
                Box::new(Unrepeated::new(self.input(plan, input, once)?, *start, relationships.clone(), *mode))
            }
            Plan::Filter { input, conditions } => {
                Box::new(Filter::new(self.input(plan, input, once)?, conditions.clone()))
            }
            Plan::Project { input, items } => {
                let computed = items.iter().filter(|(slot, item)| item.as_slot() != Some(*slot)).cloned().collect();
                Box::new(Project::new(self.input(plan, input, once)?, computed))
            }
            Plan::Aggregate { input, keys, aggregates, weight } => {
                Box::new(Aggregate::new(self.input(plan, input, once)?, keys.clone(), aggregates.clone(), *weight))
            }
            Plan::Distinct { input, slots } => Box::new(Distinct::new(self.input(plan, input, once)?, slots.clone())),
            Plan::Sort { input, keys, keep, limit } => {
                Box::new(Sort::new(self.input(plan, input, once)?, keys.clone(), keep.clone(), limit.clone()))
            }
            Plan::Skip { input, count } => Box::new(Skip::new(self.input(plan, input, once)?, count.clone())),
            Plan::Limit { input, count } => {
                Box::new(Limit::new(self.input(plan, input, once)?, count.clone(), input.writes()))
            }
            Plan::Call { input, procedure, options, outputs, span } => {
                let procedure = procedure::find(procedure.name).expect("a plan calls what the library gave out");
                Box::new(Call::new(self.input(plan, input, once)?, procedure, options.clone(), outputs.clone(), *span))
            }
            Plan::Unwind { input, list, slot } => {
                Box::new(Unwind::new(self.input(plan, input, once)?, list.clone(), *slot))
            }
            Plan::Apply { input, plan: inner, fills, optional } => {
                let input = self.plan(input, once)?;
                Box::new(Apply::new(input, self.plan(inner, false)?, fills.clone(), *optional))
            }
            Plan::CountReach { .. }
            | Plan::Join { .. }
            | Plan::CountHops { .. }
            | Plan::CountPaths { .. }
            | Plan::Combine { .. }
            | Plan::Union { .. } => self.of_rows_together(plan, once)?,
            Plan::Create { .. } | Plan::Merge { .. } | Plan::Set { .. } | Plan::Delete { .. } => {
                self.writer(plan, once)?
            }
        })
    }

    /// What puts rows of several plans together, or counts many of them at once.
    fn of_rows_together(&mut self, plan: &Plan, once: bool) -> Result<Input> {
        Ok(match plan {
            Plan::CountReach { input, reach, by, pairs } => {
                let ends = ReachEnds::new(reach, filter);
                Box::new(CountReach::new(self.input(plan, input, once)?, ends, by.clone(), *pairs))
            }
            Plan::Join { input, plan: other, keys } => {
                // Rows of a query that writes, or that reads its own edits: each with each.
                let input = self.input(plan, input, once)?;
                let apply = Box::new(Apply::new(input, self.plan(other, false)?, Vec::new(), false));
                let equal = |(left, right): &(Expression, Expression)| Expression::equal(left.clone(), right.clone());
                Box::new(Filter::new(apply, keys.iter().map(equal).collect()))
            }
            Plan::CountHops { input, from, branch, unlike, before, weight } => {
                let input = self.input(plan, input, once)?;
                Box::new(CountHops::new(input, *from, branch, unlike.clone(), [*before, Some(*weight)]))
            }
            Plan::CountPaths { input, from, to, hop, walk, weights } => {
                let (input, topology) = (self.input(plan, input, once)?, HopTopology::new(Arc::clone(hop)));
                Box::new(CountPaths::new(input, *from, filter(to), topology, walk.clone(), *weights))
            }
            Plan::Combine { input, before, weight, .. } => {
                // Equal rows may come more than once, so that each may stay as it is.
                let input = self.input(plan, input, once)?;
                let one = ExpressionKind::Constant(Cell::Integer(1));
                let same = before.map_or(one, ExpressionKind::Slot);
                Box::new(Project::new(input, vec![(*weight, Expression::new(same, Span::default()))]))
            }
            Plan::Union { branches, slots } => {
                let branches = branches.iter().map(|(branch, columns)| Ok((self.plan(branch, once)?, columns.clone())));
                let branches = branches.collect::<Result<_>>()?;
                Box::new(Union::new(branches, slots.clone()))
            }
            _ => unreachable!("asked only for what joins or counts rows"),
        })
    }

    fn writer(&mut self, plan: &Plan, once: bool) -> Result<Input> {
        Ok(match plan {
            Plan::Create { input, creation, keep } => {
                Box::new(Create::new(self.input(plan, input, once)?, creation.clone(), keep.clone()))
            }
            Plan::Merge { input, plan: inner, creation, on_create, on_match, keep } => {
                let input = self.input(plan, input, once)?;
                let edits = [on_create.clone(), on_match.clone()];
                Box::new(Merge::new([input, self.plan(inner, false)?], creation.clone(), edits, keep.clone()))
            }
            Plan::Set { input, edits, keep } => {
                Box::new(Set::new(self.input(plan, input, once)?, edits.clone(), keep.clone()))
            }
            Plan::Delete { input, targets, detach, keep } => {
                Box::new(Delete::new(self.input(plan, input, once)?, targets.clone(), *detach, keep.clone()))
            }
            _ => unreachable!("only plans that write come here"),
        })
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
