//! From a plan to a pipeline: which parts of a plan run on chunks, and what their stages need of the graph.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::NodeId;

use super::aggregate::{Aggregate, AggregateRuns, Input as Rows};
use super::combine::Combine;
use super::count_hops::{self, CountHops};
use super::counted::Counted;
use super::distinct::Distinct;
use super::exists::Exists;
use super::expand::Expand;
use super::filter::Filter;
use super::group::{AggregateSpec, GroupSpec};
use super::intersect::{Intersect, Way};
use super::join::Join;
use super::limit::Window;
use super::optional::Optional;
use super::project::Project;
use super::rows::{FromRows, ToRows};
use super::scan::Scan;
use super::segment::{Gather, Segment, Source};
use super::sort::{Sort, SortSpec};
use super::union::Union;
use super::{Feed, Spec};
use crate::executor::column::{Compiler, Kernel};
use crate::executor::compute::{Context, Held, Row};
use crate::executor::operator::{Input, NodeFilter, Work, row_count};
use crate::fault::Result;
use crate::planner::plan::{
    Access, Aggregate as AggregatePlan, Answer, Branch, Expression, Hop, Keep, NodePattern, Plan, RowLimit, Slot,
    SortKey, Subquery,
};

/// So many source nodes make a look at all nodes worth it.
const MANY_NODES: usize = 256;

type Slots = BTreeSet<Slot>;

/// Makes operators on rows of a plan that does not run on chunks.
pub(in crate::executor) type LowerRows<'l> = &'l mut dyn FnMut(&Plan, Option<&mut Vec<Arc<Work>>>) -> Result<Input>;

/// The plan as an operator, if it runs on chunks: a plan that only reads, at the top of a query. `live`: the slots that
/// are read of its rows. `rows` makes operators of the parts that do not.
pub(in crate::executor) fn vectorized(
    plan: &Plan,
    live: &Slots,
    width: usize,
    context: &Context<'_>,
    profile: Option<&mut Vec<Arc<Work>>>,
    rows: LowerRows<'_>,
) -> Result<Option<Input>> {
    if !supports(plan) || !is_worth_it(plan, context)? {
        return Ok(None);
    }
    let mut making = Making { compiler: Compiler::new(context), width, next_slot: width, profile, rows };
    let flow = making.flow(plan, live)?;
    let feed = flow.feed();
    Ok(Some(Box::new(ToRows::new(feed, width, live.iter().copied().collect()))))
}

/// Whether all of a plan runs on chunks, but for what a reader of all rows may take from operators on rows.
fn supports(plan: &Plan) -> bool {
    match plan {
        Plan::Row => true,
        Plan::Scan { input, node, access } => {
            let value = match access {
                Access::Id(value) | Access::Identifier(value) | Access::Name(value) => Some(value),
                Access::Label(_) | Access::All => None,
            };
            node.stands_alone() && value.is_none_or(|value| value.reads().is_empty()) && supports(input)
        }
        Plan::Expand { input, to, hop, keep, .. } => is_plain_expand(to, hop, keep) && supports(input),
        Plan::Filter { input, .. } | Plan::Project { input, .. } => {
            plan.expressions().into_iter().flat_map(Expression::subqueries).all(|one| asked_hop(&one).is_some())
                && supports(input)
        }
        Plan::CountHops { input, .. } | Plan::Combine { input, .. } => supports(input),
        Plan::Join { input, plan, .. } => supports(input) && supports(plan) && is_line(plan),
        Plan::Apply { input, plan, optional: true, .. } => is_line(plan) && supports(plan) && supports(input),
        Plan::Aggregate { .. } | Plan::Sort { .. } => has_no_patterns(plan),
        Plan::Distinct { input, .. } => supports(input),
        Plan::Skip { input, .. } | Plan::Limit { input, .. } => has_no_patterns(plan) && supports(input),
        Plan::Union { branches, .. } => branches.iter().all(|(branch, _)| supports(branch)),
        _ => false,
    }
}

fn has_no_patterns(plan: &Plan) -> bool {
    plan.expressions().into_iter().all(|one| one.subqueries().is_empty())
}

fn is_plain_expand(to: &NodePattern, hop: &Hop, keep: &Keep) -> bool {
    let mut conditions = hop.conditions.iter().chain(&to.conditions);
    let parallel_edges_differ = keep.distinct_ends && !hop.conditions.is_empty();
    hop.evidence.is_empty() && !parallel_edges_differ && conditions.all(|condition| condition.subqueries().is_empty())
}

/// Whether a plan is one line of stages that need not read all of their input.
fn is_line(plan: &Plan) -> bool {
    match plan {
        Plan::Row => true,
        Plan::Scan { input, .. } | Plan::Expand { input, .. } | Plan::Filter { input, .. } => is_line(input),
        Plan::Project { input, .. } => is_line(input),
        _ => false,
    }
}

/// The hop that a pattern in a condition asks for, if it asks for nothing else.
fn asked_hop(existence: &Subquery) -> Option<(Slot, &NodePattern, &Arc<Hop>)> {
    match &existence.plan {
        Plan::Expand { input, from, to, hop, keep }
            if existence.answer == Answer::Exists
                && **input == Plan::Row
                && hop.is_plain()
                && !to.bound
                && to.conditions.is_empty()
                && keep.unlike.is_empty() =>
        {
            Some((*from, to, hop))
        }
        _ => None,
    }
}

/// Whether the topologies that the plan walks are worth to have: they are there already, or many nodes are asked for.
fn is_worth_it(plan: &Plan, context: &Context<'_>) -> Result<bool> {
    let mut hops = Vec::new();
    let mut few = true;
    look(plan, &mut hops, &mut few);
    if !few && !is_cut_short(plan) {
        return Ok(true);
    }
    for hop in hops {
        let key = hopgraph_engine::TopologyKey { relations: context.relations(&hop.types)?, direction: hop.direction };
        if context.known_topology(&key).is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Gathers the hops of a plan, and says whether all of its scans find few nodes.
fn look<'p>(plan: &'p Plan, hops: &mut Vec<&'p Arc<Hop>>, few: &mut bool) {
    match plan {
        Plan::Scan { access: Access::Label(_) | Access::All, .. } => *few = false,
        Plan::Expand { hop, .. } => hops.push(hop),
        Plan::CountHops { branch, .. } => branch.hops(hops),
        _ => {}
    }
    for existence in plan.expressions().into_iter().flat_map(Expression::subqueries) {
        // A pattern in a condition is asked of every row.
        if asked_hop(&existence).is_some() {
            *few = *few && plan.inputs().is_empty();
        }
    }
    plan.inputs().into_iter().for_each(|input| look(input, hops, few));
}

/// Whether a LIMIT ends the plan before all rows are there.
fn is_cut_short(plan: &Plan) -> bool {
    match plan {
        Plan::Limit { .. } => true,
        Plan::Skip { input, .. } | Plan::Project { input, .. } | Plan::Filter { input, .. } => is_cut_short(input),
        _ => false,
    }
}

/// A part of a pipeline: stages that may still be cut into morsels, or something that gives chunks.
enum Flow {
    Segment(Segment),
    Feed(Feed),
}

impl Flow {
    fn feed(self) -> Feed {
        match self {
            Self::Segment(segment) if segment.has_groups => Box::new(Gather::new(segment)),
            Self::Segment(segment) => segment.start(),
            Self::Feed(feed) => feed,
        }
    }

    fn with(self, spec: Arc<dyn Spec>) -> Self {
        match self {
            Self::Segment(mut segment) => {
                segment.specs.push(spec);
                Self::Segment(segment)
            }
            Self::Feed(feed) => Self::Feed(spec.start(feed)),
        }
    }

    fn rows(self) -> Rows {
        match self {
            Self::Segment(segment) => Rows::Segment(segment),
            Self::Feed(feed) => Rows::Feed(feed),
        }
    }

    fn is_many(&self) -> bool {
        match self {
            Self::Segment(segment) => segment.source_len() >= MANY_NODES,
            Self::Feed(_) => true,
        }
    }
}

/// A pipeline while it is made.
struct Making<'m, 'c, 'g> {
    compiler: Compiler<'c, 'g>,
    width: usize,
    /// Slots from here on are free.
    next_slot: usize,
    profile: Option<&'m mut Vec<Arc<Work>>>,
    rows: LowerRows<'m>,
}

impl Making<'_, '_, '_> {
    /// The flow of a plan. `live`: the slots that are read of its rows.
    fn flow(&mut self, plan: &Plan, live: &Slots) -> Result<Flow> {
        let work = self.note_work();
        let flow = match plan {
            Plan::Row => Flow::Segment(Segment::new(Source::Row)),
            Plan::Scan { input, node, access } => self.scan(input, node, access, live)?,
            Plan::Expand { input, from, to, hop, keep } => self.expand(input, (*from, to, hop, keep), live)?,
            Plan::Filter { input, conditions } => {
                let (below, asked) = self.with_reads(live, conditions.iter());
                let flow = self.asked(input, &below, asked)?;
                flow.with(Arc::new(Filter { conditions: self.compiler.kernels(conditions)? }))
            }
            Plan::Project { input, items } => self.project(input, items, live)?,
            Plan::CountHops { input, from, branch, unlike, before, weight } => {
                let mut below = live.clone();
                below.remove(weight);
                below.extend([from].into_iter().chain(unlike).chain(before));
                let flow = self.flow(input, &below)?;
                let branch = self.branch(branch)?;
                let mut held = Held::nothing();
                held.grow(self.compiler.context.budget(), branch.bytes())?;
                let (unlike, from) = (unlike.clone(), *from);
                flow.with(Arc::new(CountHops { from, branch, unlike, before: *before, weight: *weight, _held: held }))
            }
            Plan::Combine { input, run, node, before, weight } => {
                let below = run.iter().chain([node]).chain(before).copied().collect();
                let flow = self.flow(input, &below)?;
                flow.with(Arc::new(Combine { run: *run, node: *node, before: *before, weight: *weight }))
            }
            Plan::Join { input, plan, keys } => self.join(input, plan, keys, live)?,
            Plan::Apply { input, plan, fills, .. } => self.optional(input, plan, fills, live)?,
            Plan::Aggregate { input, keys, aggregates, weight } => self.aggregate(input, keys, aggregates, *weight)?,
            Plan::Distinct { input, slots } => {
                let below = live.iter().chain(slots).copied().collect();
                let flow = self.flow(input, &below)?;
                let many = flow.is_many();
                Flow::Feed(Box::new(Distinct::new(flow.feed(), slots.clone(), many)))
            }
            Plan::Sort { input, keys, keep, limit } => self.sort(input, keys, keep, limit.as_ref(), live)?,
            Plan::Skip { input, count } => self.window(input, Some(count), None, live)?,
            Plan::Limit { input, count } => self.window(input, None, Some(count), live)?,
            Plan::Union { branches, slots } => self.union(branches, slots)?,
            _ => unreachable!("`supports` knows which plans run on chunks"),
        };
        Ok(match work.filter(|_| *plan != Plan::Row) {
            Some(work) => match flow {
                Flow::Segment(segment) => Flow::Segment(segment).with_work(work),
                Flow::Feed(feed) => Flow::Feed(Counted::on(feed, Some(&work))),
            },
            None => flow,
        })
    }

    fn note_work(&mut self) -> Option<Arc<Work>> {
        self.profile.as_mut().map(|profile| {
            let work = Arc::new(Work::default());
            profile.push(Arc::clone(&work));
            work
        })
    }

    /// What is read below expressions, and the patterns that are asked of the rows there.
    fn with_reads<'e>(
        &self,
        live: &Slots,
        expressions: impl Iterator<Item = &'e Expression>,
    ) -> (Slots, Vec<Arc<Subquery>>) {
        let (mut below, mut asked) = (live.clone(), Vec::new());
        for expression in expressions {
            below.extend(expression.reads());
            asked.extend(expression.subqueries());
        }
        (below, asked)
    }

    /// The flow of a plan with the answers to patterns.
    fn asked(&mut self, input: &Plan, live: &Slots, asked: Vec<Arc<Subquery>>) -> Result<Flow> {
        // A profile counts the work of each operator of these patterns, which are one stage here.
        let works: Vec<_> = asked.iter().map(|_| (self.note_work(), self.note_work())).collect();
        let mut below = live.clone();
        below.extend(asked.iter().filter_map(|one| asked_hop(one)).map(|(from, ..)| from));
        let mut flow = self.flow(input, &below)?;
        for (existence, (work, _)) in asked.iter().zip(works) {
            let Some((from, to, hop)) = asked_hop(existence) else { continue };
            let topology = self.compiler.context.topology(&self.compiler.key(hop)?)?;
            let ends = self.compiler.label_sets(&to.labels)?;
            flow = flow.with(Arc::new(Exists { from, topology, ends, slot: existence.slot }));
            if let Some(work) = work {
                flow = flow.with(Arc::new(Counted { work }));
            }
        }
        Ok(flow)
    }

    fn scan(&mut self, input: &Plan, node: &NodePattern, access: &Access, live: &Slots) -> Result<Flow> {
        let context = self.compiler.context;
        let is_indexed = !matches!(access, Access::Label(_) | Access::All);
        let conditions: &[Expression] = if is_indexed { &[] } else { &node.conditions };
        let pattern = NodePattern { conditions: node.conditions.clone(), ..node.clone() };
        let pattern = if is_indexed { pattern } else { NodePattern { conditions: Vec::new(), ..pattern } };
        let set = NodeFilter::new(pattern, access.clone()).set(context, &mut Row::new(self.width))?;
        let nodes: Arc<[u32]> = set.iter().map(NodeId::get).collect();
        let mut below = live.clone();
        below.remove(&node.slot);
        below.extend(conditions.iter().flat_map(Expression::reads).filter(|slot| *slot != node.slot));
        let flow = self.flow(input, &below)?;
        self.compiler.nodes.insert(node.slot);
        self.compiler.expected = self.compiler.expected.max(nodes.len() as u64);
        let flow = match flow {
            Flow::Segment(segment) if segment.is_single_row() => {
                Flow::Segment(Segment::new(Source::Nodes(node.slot, nodes)))
            }
            flow => flow.with(Arc::new(Scan { slot: node.slot, nodes })),
        };
        self.filtered(flow, conditions)
    }

    fn filtered(&mut self, flow: Flow, conditions: &[Expression]) -> Result<Flow> {
        if conditions.is_empty() {
            return Ok(flow);
        }
        Ok(flow.with(Arc::new(Filter { conditions: self.compiler.kernels(conditions)? })))
    }

    fn expand(
        &mut self,
        input: &Plan,
        (from, to, hop, keep): (Slot, &NodePattern, &Arc<Hop>, &Keep),
        live: &Slots,
    ) -> Result<Flow> {
        let conditions: Vec<Expression> = hop.conditions.iter().chain(&to.conditions).cloned().collect();
        let (after, _) = self.with_reads(live, conditions.iter());
        let edge = after.contains(&hop.edge).then_some(hop.edge);
        if to.bound
            && conditions.is_empty()
            && let Some(flow) = self.intersect(input, (from, to, hop, keep), edge, &after)?
        {
            return Ok(flow);
        }
        let mut below = after.clone();
        below.remove(&hop.edge);
        if !to.bound {
            below.remove(&to.slot);
        }
        let kept = below.iter().copied().collect();
        below.insert(from);
        below.extend(&keep.unlike);
        below.extend(to.bound.then_some(to.slot));
        let flow = self.flow(input, &below)?;
        self.compiler.nodes.insert(to.slot);
        self.compiler.edges.insert(hop.edge);
        let expand = Expand {
            from,
            to: to.slot,
            edge,
            into: to.bound,
            topology: self.compiler.context.topology(&self.compiler.key(hop)?)?,
            ends: if to.bound { Vec::new() } else { self.compiler.label_sets(&to.labels)? },
            unlike: keep.unlike.clone(),
            distinct_ends: keep.distinct_ends,
            keep: kept,
        };
        self.filtered(flow.with(Arc::new(expand)), &conditions)
    }

    /// A hop to a new node and one from there to a node of the row: both at once.
    fn intersect(
        &mut self,
        input: &Plan,
        (from, to, hop, keep): (Slot, &NodePattern, &Arc<Hop>, &Keep),
        edge: Option<Slot>,
        after: &Slots,
    ) -> Result<Option<Flow>> {
        let Plan::Expand { input: first_input, from: first_from, to: middle, hop: first, keep: first_keep } = input
        else {
            return Ok(None);
        };
        let fits = middle.slot == from
            && !middle.bound
            && middle.slot != to.slot
            && middle.conditions.is_empty()
            && first.is_plain()
            && !first_keep.distinct_ends
            && !keep.distinct_ends;
        if !fits {
            return Ok(None);
        }
        let work = self.note_work();
        let unlike: Vec<Slot> = keep.unlike.iter().copied().filter(|slot| *slot != first.edge).collect();
        let mut below = after.clone();
        for slot in [hop.edge, first.edge, middle.slot] {
            below.remove(&slot);
        }
        let kept = below.iter().copied().collect();
        below.extend([*first_from, to.slot]);
        below.extend(unlike.iter().chain(&first_keep.unlike));
        let flow = self.flow(first_input, &below)?;
        self.compiler.nodes.insert(middle.slot);
        self.compiler.edges.extend([hop.edge, first.edge]);
        let context = self.compiler.context;
        let ways = [
            Way {
                from: *first_from,
                topology: context.topology(&self.compiler.key(first)?)?,
                edge: after.contains(&first.edge).then_some(first.edge),
                unlike: first_keep.unlike.clone(),
                unlike_other: false,
            },
            Way {
                from: to.slot,
                topology: context.topology(&self.compiler.key(&hop.reversed())?)?,
                edge,
                unlike,
                unlike_other: keep.unlike.contains(&first.edge),
            },
        ];
        let ends = self.compiler.label_sets(&middle.labels)?;
        let intersect = Intersect { to: middle.slot, ends, ways, keep: kept, reads_end: after.contains(&middle.slot) };
        let flow = flow.with(Arc::new(intersect));
        Ok(Some(match work {
            Some(work) => flow.with(Arc::new(Counted { work })),
            None => flow,
        }))
    }

    fn project(&mut self, input: &Plan, items: &[(Slot, Expression)], live: &Slots) -> Result<Flow> {
        let computed: Vec<_> = items.iter().filter(|(slot, item)| item.as_slot() != Some(*slot)).collect();
        let mut below = live.clone();
        below.retain(|slot| !computed.iter().any(|(filled, _)| filled == slot));
        let (below, asked) = self.with_reads(&below, computed.iter().map(|(_, item)| item));
        let flow = self.asked(input, &below, asked)?;
        let mut made = Vec::new();
        for (slot, item) in computed {
            let kernel = self.compiler.kernel(item)?;
            if kernel.as_slot().is_some_and(|of| self.compiler.nodes.contains(&of)) {
                self.compiler.nodes.insert(*slot);
            }
            if kernel.as_slot().is_some_and(|of| self.compiler.edges.contains(&of)) {
                self.compiler.edges.insert(*slot);
            }
            made.push((*slot, kernel));
        }
        Ok(if made.is_empty() { flow } else { flow.with(Arc::new(Project { items: made })) })
    }

    fn branch(&mut self, branch: &Branch) -> Result<count_hops::Branch> {
        let inner = branch.inner.iter().map(|inner| self.branch(inner)).collect::<Result<_>>()?;
        let topology = self.compiler.context.topology(&self.compiler.key(&branch.hop)?)?;
        Ok(count_hops::Branch::new(topology, self.compiler.label_sets(&branch.to.labels)?, inner))
    }

    fn join(&mut self, input: &Plan, plan: &Plan, keys: &[(Expression, Expression)], live: &Slots) -> Result<Flow> {
        let mut below = live.clone();
        below.extend(keys.iter().flat_map(|(left, _)| left.reads()));
        let mut of_plan = live.clone();
        of_plan.extend(keys.iter().flat_map(|(_, right)| right.reads()));
        let fills = plan.line_fills();
        let flow = self.flow(input, &below)?;
        let Flow::Segment(build) = self.flow(plan, &of_plan)? else {
            unreachable!("`supports` wants a line of stages")
        };
        let mut made = Vec::new();
        for (left, right) in keys {
            made.push((self.compiler.kernel(left)?, self.compiler.kernel(right)?));
        }
        let fills: Vec<Slot> = fills.into_iter().filter(|slot| live.contains(slot)).collect();
        let keep = live.iter().copied().filter(|slot| !fills.contains(slot)).collect();
        Ok(flow.with(Arc::new(Join { build, keys: made, fills, keep, table: std::sync::Mutex::new(None) })))
    }

    fn optional(&mut self, input: &Plan, plan: &Plan, fills: &[Slot], live: &Slots) -> Result<Flow> {
        let index = Slot(self.next_slot);
        self.next_slot += 1;
        let found: Vec<Slot> = fills.iter().copied().filter(|slot| live.contains(slot)).collect();
        let keep: Vec<Slot> = live.iter().copied().filter(|slot| !found.contains(slot)).collect();
        let mut below: Slots = keep.iter().copied().collect();
        below.extend(plan.line_reads());
        let flow = self.flow(input, &below)?;
        let mut inner_live = live.clone();
        inner_live.insert(index);
        let Flow::Segment(inner) = self.flow(plan, &inner_live)? else { unreachable!("`supports` wants a line") };
        let specs = match inner.source {
            Source::Row => inner.specs,
            Source::Nodes(slot, nodes) => {
                let first: Arc<dyn Spec> = Arc::new(Scan { slot, nodes });
                std::iter::once(first).chain(inner.specs).collect()
            }
        };
        let fills = found.into_iter().map(|slot| (slot, self.compiler.nodes.contains(&slot))).collect();
        Ok(flow.with(Arc::new(Optional { stages: specs, index, fills, keep })))
    }

    /// What reads all of its input may take it from operators on rows.
    fn all_rows(&mut self, input: &Plan, live: &Slots) -> Result<Flow> {
        if supports(input) {
            return self.flow(input, live);
        }
        let input = (self.rows)(input, self.profile.as_deref_mut())?;
        let slots = live.iter().map(|&slot| (slot, false)).collect();
        Ok(Flow::Feed(Box::new(FromRows { input, width: self.width, slots, row: None })))
    }

    fn aggregate(
        &mut self,
        input: &Plan,
        keys: &[(Slot, Expression)],
        aggregates: &[AggregatePlan],
        weight: Option<Slot>,
    ) -> Result<Flow> {
        let arguments = aggregates.iter().filter_map(|one| one.argument.as_ref());
        let (mut below, _) = self.with_reads(&Slots::new(), keys.iter().map(|(_, key)| key).chain(arguments));
        below.extend(weight);
        let flow = self.all_rows(input, &below)?;
        let many = flow.is_many();
        let mut made = Vec::new();
        for (slot, key) in keys {
            made.push((*slot, self.compiler.kernel(key)?));
        }
        let mut specs = Vec::new();
        for one in aggregates {
            let argument = one.argument.as_ref().map(|argument| self.compiler.kernel(argument)).transpose()?;
            let span = one.argument.as_ref().map(|argument| argument.span).unwrap_or_default();
            specs.push(AggregateSpec { kind: one.kind, argument, distinct: one.distinct, slot: one.slot, span });
        }
        self.note_kinds(&made);
        let spec = GroupSpec { keys: made, aggregates: specs, weight, many };
        match flow {
            Flow::Segment(segment) => self.grouped(segment, spec),
            flow => Ok(Flow::Feed(Box::new(Aggregate::new(flow.rows(), spec)))),
        }
    }

    /// Which of the keys are nodes.
    fn note_kinds(&mut self, keys: &[(Slot, Kernel)]) {
        for (slot, key) in keys {
            if key.as_slot().is_some_and(|of| self.compiler.nodes.contains(&of)) {
                self.compiler.nodes.insert(*slot);
            }
        }
    }

    /// Groups that end with their source node, if a key tells the source nodes apart.
    fn grouped(&mut self, mut segment: Segment, spec: GroupSpec) -> Result<Flow> {
        let Source::Nodes(source, nodes) = &segment.source else {
            return Ok(Flow::Feed(Box::new(Aggregate::new(Rows::Segment(segment), spec))));
        };
        let mut tells_apart = false;
        for (_, key) in &spec.keys {
            tells_apart = tells_apart
                || key.as_slot() == Some(*source)
                || match key.as_property() {
                    Some((of, reader)) if of == *source && spec.many => {
                        reader.load(self.compiler.context.snapshot())?.is_unique(nodes)
                    }
                    _ => false,
                };
        }
        if !tells_apart || segment.needs_context() || spec.needs_context() {
            return Ok(Flow::Feed(Box::new(Aggregate::new(Rows::Segment(segment), spec))));
        }
        let run = *source;
        segment.specs.push(Arc::new(AggregateRuns::new(run, spec)));
        segment.has_groups = true;
        Ok(Flow::Segment(segment))
    }

    fn sort(
        &mut self,
        input: &Plan,
        keys: &[SortKey],
        keep: &[Slot],
        limit: Option<&RowLimit>,
        live: &Slots,
    ) -> Result<Flow> {
        let kept: Slots = keep.iter().chain(live).copied().collect();
        let (below, _) = self.with_reads(&kept, keys.iter().map(|key| &key.expression));
        let flow = self.all_rows(input, &below)?;
        let most = match limit {
            Some(limit) => {
                let skip = limit.skip.as_ref().map_or(Ok(0), |skip| self.number(skip, "SKIP"))?;
                self.number(&limit.limit, "LIMIT")?.saturating_add(skip)
            }
            None => u64::MAX,
        };
        let mut made = Vec::new();
        for key in keys {
            made.push((self.compiler.kernel(&key.expression)?, key.descending));
        }
        let keep = kept.into_iter().map(|slot| (slot, self.compiler.nodes.contains(&slot))).collect();
        let spec = SortSpec { keys: made, keep, most: usize::try_from(most).unwrap_or(usize::MAX) };
        Ok(Flow::Feed(Box::new(Sort::new(flow.rows(), spec))))
    }

    fn number(&self, count: &Expression, clause: &str) -> Result<u64> {
        row_count(count, clause, self.compiler.context, &mut Row::new(self.width))
    }

    fn window(
        &mut self,
        input: &Plan,
        skip: Option<&Expression>,
        limit: Option<&Expression>,
        live: &Slots,
    ) -> Result<Flow> {
        let skip = skip.map_or(Ok(0), |skip| self.number(skip, "SKIP"))?;
        let limit = limit.map_or(Ok(u64::MAX), |limit| self.number(limit, "LIMIT"))?;
        let input = self.flow(input, live)?.feed();
        Ok(Flow::Feed(Box::new(Window { input, skip, limit })))
    }

    fn union(&mut self, branches: &[(Plan, Vec<Slot>)], slots: &[Slot]) -> Result<Flow> {
        let mut made = Vec::new();
        for (branch, columns) in branches {
            let live = columns.iter().copied().collect();
            made.push((self.flow(branch, &live)?.feed(), columns.clone()));
        }
        Ok(Flow::Feed(Box::new(Union { branches: made, slots: slots.to_vec(), current: 0 })))
    }
}

impl Flow {
    fn with_work(self, work: Arc<Work>) -> Self {
        match self {
            Self::Segment(mut segment) => {
                segment.specs.push(Arc::new(Counted { work }));
                Self::Segment(segment)
            }
            feed => feed,
        }
    }
}
