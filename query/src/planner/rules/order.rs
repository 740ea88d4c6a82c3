//! Rule: a pattern becomes scans and expansions. It begins at the node that fewest fit, goes on along the relationship
//! that promises fewest rows, and asks each condition as soon as what it reads is there.

use std::collections::BTreeSet;
use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;

use super::join_order::{Step, join_order};
use super::split::differ;
use super::{Setting, rebuild};
use crate::planner::Estimator;
use crate::planner::plan::AggregateKind;
use crate::planner::plan::Slot;
use crate::planner::plan::{
    Access, Aggregate, Choice, Expression, ExpressionKind, Keep, NodePattern, PathPattern, Pattern, Plan, Range, Walk,
};
use crate::syntax::ast::{BinaryOperator, Span};
use crate::value::Cell;

/// A look into an index costs about as much as so many rows of a hash join.
const ROWS_FOR_ONE_LOOKUP: f64 = 20.0;

pub(super) fn apply(plan: Plan, setting: &Setting<'_>, names: &mut Vec<String>) -> Plan {
    let used = setting.used(&plan);
    rebuild(plan, &mut |plan| match plan {
        Plan::Match { input, pattern } if !pattern.distinct => Work::new(pattern, setting.estimator, false).run(*input),
        Plan::Match { input, pattern } => distinct(*input, pattern, &used, setting.estimator, names),
        other => other,
    })
}

/// A pattern whose named combinations come once. Parallel edges of a single hop are passed over while expanding; any
/// other pattern is enumerated and then grouped.
fn distinct(
    input: Plan,
    mut pattern: Pattern,
    used: &BTreeSet<Slot>,
    estimator: &Estimator,
    names: &mut Vec<String>,
) -> Plan {
    let reads_hops = |condition: &Expression| pattern.hops.is_some_and(|hops| condition.reads().contains(&hops));
    let (after, before): (Vec<_>, Vec<_>) = std::mem::take(&mut pattern.conditions).into_iter().partition(reads_hops);
    pattern.conditions = before;
    let lone_hop = pattern.lone_relationship().is_some_and(|(relationship, _)| {
        relationship.range.is_none()
            && pattern.nodes.iter().all(|node| node.named)
            && !used.contains(&relationship.slot)
    });
    if pattern.relationships.is_empty() || lone_hop {
        return Work::new(pattern, estimator, true).run(input).filtered(after);
    }
    let fills: Vec<Slot> = pattern.fills().into_iter().collect();
    let nodes = pattern.nodes.iter().filter(|node| node.named).map(|node| node.slot);
    let single = pattern.relationships.iter().filter(|relationship| relationship.range.is_none());
    let edges = single.map(|relationship| relationship.slot).filter(|slot| used.contains(slot));
    let keys: Vec<Slot> = nodes.chain(edges).collect();
    let hops = pattern.hops.take();
    let counted = hops.map(|hops| {
        names.push("number of hops".into());
        (hops, Slot(names.len() - 1))
    });
    pattern.hops = counted.map(|(_, each)| each);
    let matched = Work::new(pattern, estimator, false).run(Plan::Row);
    let grouped = group(matched, &keys, counted).filtered(after);
    match input {
        Plan::Row => grouped,
        input => Plan::Apply { input: Box::new(input), plan: Box::new(grouped), fills, optional: false },
    }
}

/// One row for each combination, with the least number of hops if it is asked for.
fn group(plan: Plan, keys: &[Slot], counted: Option<(Slot, Slot)>) -> Plan {
    let Some((least, each)) = counted else {
        return Plan::Distinct { input: Box::new(plan), slots: keys.to_vec() };
    };
    let span = Span::default();
    let argument = Some(Expression::slot(each, span));
    let aggregate = Aggregate { kind: AggregateKind::Min, argument, distinct: false, slot: least };
    let keys = keys.iter().map(|&slot| (slot, Expression::slot(slot, span))).collect();
    Plan::Aggregate { input: Box::new(plan), keys, aggregates: vec![aggregate], weight: None }
}

/// A pattern on its way into a plan.
struct Work<'e> {
    pattern: Pattern,
    estimator: &'e Estimator,
    /// Whether a single hop passes over parallel edges.
    distinct_ends: bool,
    /// The slots that the pattern fills, and those of them that are filled.
    own: BTreeSet<Slot>,
    filled: BTreeSet<Slot>,
    nodes_done: Vec<bool>,
    relationships_done: Vec<bool>,
    paths_done: Vec<bool>,
}

impl<'e> Work<'e> {
    fn new(pattern: Pattern, estimator: &'e Estimator, distinct_ends: bool) -> Self {
        Self {
            own: pattern.fills(),
            filled: BTreeSet::new(),
            nodes_done: pattern.nodes.iter().map(|node| node.bound).collect(),
            relationships_done: vec![false; pattern.relationships.len()],
            paths_done: vec![false; pattern.paths.len()],
            pattern,
            estimator,
            distinct_ends,
        }
    }

    fn run(mut self, input: Plan) -> Plan {
        let mut plan = self.ask_what_is_ready(input);
        let mut order = join_order(&self.pattern, self.estimator).unwrap_or_default().into_iter();
        while let Some(step) = order.next().or_else(|| self.next_step()) {
            plan = match step {
                Step::Expand(relationship) => self.expand(plan, relationship),
                Step::Scan(node) => self.scan(plan, node),
            };
            plan = self.finish_paths(plan);
            plan = self.ask_what_is_ready(plan);
        }
        plan = self.finish_paths(plan);
        if let Some(hops) = self.pattern.hops {
            let slots = self.pattern.relationships.iter().map(|relationship| relationship.slot).collect();
            let count = if self.distinct_ends {
                ExpressionKind::Constant(Cell::Integer(1))
            } else {
                ExpressionKind::HopCount(slots)
            };
            plan =
                Plan::Project { input: Box::new(plan), items: vec![(hops, Expression::new(count, Span::default()))] };
            self.filled.insert(hops);
        }
        self.ask_what_is_ready(plan)
    }

    /// Adds the conditions whose slots are filled.
    fn ask_what_is_ready(&mut self, plan: Plan) -> Plan {
        let waits = |condition: &Expression| {
            condition.reads().iter().any(|slot| self.own.contains(slot) && !self.filled.contains(slot))
        };
        let (waiting, ready) = std::mem::take(&mut self.pattern.conditions).into_iter().partition(waits);
        self.pattern.conditions = waiting;
        plan.filtered(ready)
    }

    /// The relationship to go on along: one that leaves a node that is there, best one between two such nodes, best
    /// one with few ends.
    fn next_relationship(&self) -> Option<usize> {
        let candidates = self.pattern.relationships.iter().enumerate().filter(|(place, relationship)| {
            let [from, to] = [relationship.from, relationship.to].map(|node| self.nodes_done[node]);
            !self.relationships_done[*place] && if self.is_shortest(*place) { from && to } else { from || to }
        });
        candidates
            .map(|(place, _)| (self.cost(place), place))
            .min_by(|a, b| a.0.total_cmp(&b.0))
            .map(|(_, place)| place)
    }

    /// What promises fewest rows next; `None`: all is done.
    fn next_step(&self) -> Option<Step> {
        self.next_relationship().map(Step::Expand).or_else(|| self.next_node().map(Step::Scan))
    }

    fn cost(&self, place: usize) -> f64 {
        let relationship = &self.pattern.relationships[place];
        let along = self.nodes_done[relationship.from];
        let (from, to) =
            if along { (relationship.from, relationship.to) } else { (relationship.to, relationship.from) };
        let (from, to) = (self.end(from), self.end(to));
        match relationship.range {
            None if along => self.estimator.expand(&from, &to, &relationship.hop),
            None => self.estimator.expand(&from, &to, &relationship.hop.reversed()),
            Some(range) => self.estimator.expand_paths(&to, &relationship.hop, range),
        }
    }

    /// The node that fewest fit.
    fn next_node(&self) -> Option<usize> {
        let open = (0..self.pattern.nodes.len()).filter(|&place| !self.nodes_done[place]);
        let cost = |place: usize| {
            let node = &self.pattern.nodes[place];
            self.estimator.scan(node, &access(node, self.estimator))
        };
        open.map(|place| (cost(place), place)).min_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, place)| place)
    }

    /// A node as the end of an expansion: bound if it is there already.
    fn end(&self, place: usize) -> NodePattern {
        NodePattern { bound: self.nodes_done[place], ..self.pattern.nodes[place].clone() }
    }

    fn scan(&mut self, plan: Plan, place: usize) -> Plan {
        let node = self.pattern.nodes[place].clone();
        self.nodes_done[place] = true;
        let keys = self.join_keys(&node);
        self.filled.insert(node.slot);
        let access = access(&node, self.estimator);
        if keys.is_empty() {
            return Plan::Scan { input: Box::new(plan), node, access };
        }
        if let Some(joined) = self.looked_up(&plan, &node, &keys) {
            return joined;
        }
        let scan = Plan::Scan { input: Box::new(Plan::Row), node, access };
        Plan::Join { input: Box::new(plan), plan: Box::new(scan), keys }
    }

    /// Takes out the conditions that a node must be equal in some value to what is there already: what is there on the
    /// left, what the node has on the right.
    fn join_keys(&mut self, node: &NodePattern) -> Vec<(Expression, Expression)> {
        if !node.stands_alone() {
            return Vec::new();
        }
        let is_there = |side: &Expression| {
            let reads = side.reads();
            let open = |slot: &Slot| *slot == node.slot || self.own.contains(slot) && !self.filled.contains(slot);
            !reads.is_empty() && !reads.iter().any(open) && side.subqueries().is_empty()
        };
        let is_of_node = |side: &Expression| {
            let reads = side.reads();
            !reads.is_empty() && reads.iter().all(|slot| *slot == node.slot) && side.subqueries().is_empty()
        };
        let (mut keys, mut rest) = (Vec::new(), Vec::new());
        for condition in std::mem::take(&mut self.pattern.conditions) {
            match condition.kind {
                ExpressionKind::Binary(BinaryOperator::Equal, a, b) if is_there(&a) && is_of_node(&b) => {
                    keys.push((*a, *b));
                }
                ExpressionKind::Binary(BinaryOperator::Equal, a, b) if is_there(&b) && is_of_node(&a) => {
                    keys.push((*b, *a));
                }
                kind => rest.push(Expression { kind, span: condition.span }),
            }
        }
        self.pattern.conditions = rest;
        keys
    }

    /// A scan by an index for each row, if the rows are few and an index knows one of the keys.
    fn looked_up(&self, plan: &Plan, node: &NodePattern, keys: &[(Expression, Expression)]) -> Option<Plan> {
        let mut asked = node.clone();
        asked.conditions.extend(keys.iter().map(|(left, right)| Expression::equal(right.clone(), left.clone())));
        let access = indexed_access(&asked)?;
        let few = self.estimator.rows(plan) * ROWS_FOR_ONE_LOOKUP < self.estimator.fitting(node);
        few.then(|| Plan::Scan { input: Box::new(plan.clone()), node: asked, access })
    }

    fn expand(&mut self, plan: Plan, place: usize) -> Plan {
        let relationship = self.pattern.relationships[place].clone();
        let against = !self.nodes_done[relationship.from];
        let (from, to) =
            if against { (relationship.to, relationship.from) } else { (relationship.from, relationship.to) };
        let hop = Arc::new(if against { relationship.hop.reversed() } else { relationship.hop });
        let (from, end) = (self.pattern.nodes[from].slot, self.end(to));
        let (unlike, mode) = (self.edges_to_avoid(place), self.path_of(place).mode);
        let (shortest, cost) = (self.path_of(place).shortest, self.path_of(place).cost.clone());
        self.nodes_done[to] = true;
        self.relationships_done[place] = true;
        self.filled.extend([end.slot, relationship.slot]);
        let (input, slot) = (Box::new(plan), relationship.slot);
        let single = Range { least: 1, most: Some(1) };
        match (shortest, relationship.range) {
            (Some(which), range) => {
                self.filled.extend(cost.as_ref().map(|cost| cost.total));
                let choice = Choice { which, range: range.unwrap_or(single), mode, cost, slot };
                Plan::ShortestPath { input, from, to: end.slot, hop, choice }
            }
            (None, Some(range)) => {
                Plan::ExpandPaths { input, from, to: end, hop, walk: Walk { range, mode, slot, against, unlike } }
            }
            (None, None) => {
                Plan::Expand { input, from, to: end, hop, keep: Keep { distinct_ends: self.distinct_ends, unlike } }
            }
        }
    }

    /// The relationships walked so far whose edges this one must not walk again: under TRAIL, all of the clause.
    fn edges_to_avoid(&self, place: usize) -> Vec<Slot> {
        let is_trail = |place: usize| self.path_of(place).mode == PathMode::Trail && !self.is_shortest(place);
        if !is_trail(place) {
            return Vec::new();
        }
        let hop = |place: usize| &self.pattern.relationships[place].hop;
        let walked = (0..self.pattern.relationships.len()).filter(|&other| self.relationships_done[other]);
        let walked = walked.filter(|&other| is_trail(other) && !differ(hop(place), hop(other)));
        walked.map(|other| self.pattern.relationships[other].slot).collect()
    }

    fn path_of(&self, relationship: usize) -> &PathPattern {
        let found = self.pattern.paths.iter().find(|path| path.relationships.contains(&relationship));
        found.expect("each relationship stands in a path")
    }

    fn is_shortest(&self, relationship: usize) -> bool {
        self.path_of(relationship).shortest.is_some()
    }

    /// Checks and makes the paths all of whose parts are there.
    fn finish_paths(&mut self, mut plan: Plan) -> Plan {
        for place in 0..self.pattern.paths.len() {
            let path = self.pattern.paths[place].clone();
            let whole =
                self.nodes_done[path.start] && path.relationships.iter().all(|&one| self.relationships_done[one]);
            if !whole || std::mem::replace(&mut self.paths_done[place], true) {
                continue;
            }
            let start = self.pattern.nodes[path.start].slot;
            let relationships: Vec<Slot> =
                path.relationships.iter().map(|&one| self.pattern.relationships[one].slot).collect();
            if self.needs_check(&path) {
                let relationships = relationships.clone();
                plan = Plan::Unrepeated { input: Box::new(plan), start, relationships, mode: path.mode };
            }
            if let Some(slot) = path.slot {
                let made = Expression::new(ExpressionKind::Path { start, relationships }, Span::default());
                plan = Plan::Project { input: Box::new(plan), items: vec![(slot, made)] };
                self.filled.insert(slot);
            }
        }
        plan
    }

    /// Walks of variable length obey their mode by themselves; a path of several relationships must as a whole.
    fn needs_check(&self, path: &PathPattern) -> bool {
        let by_itself = match path.relationships[..] {
            [] => true,
            [only] => self.pattern.relationships[only].range.is_some(),
            _ => false,
        };
        matches!(path.mode, PathMode::Acyclic | PathMode::Simple) && path.shortest.is_none() && !by_itself
    }
}

/// The cheapest way to the nodes that fit.
fn access(node: &NodePattern, estimator: &Estimator) -> Access {
    if let Some(access) = indexed_access(node) {
        return access;
    }
    let size = |alternatives: &&Vec<_>| estimator.with_labels(alternatives);
    let rarest = node.labels.iter().min_by(|a, b| size(a).total_cmp(&size(b)));
    rarest.map_or(Access::All, |alternatives| Access::Label(alternatives.clone()))
}

/// The way through an index, if a condition allows one.
pub(crate) fn indexed_access(node: &NodePattern) -> Option<Access> {
    let ways = node.conditions.iter().filter_map(|condition| indexed(condition, node.slot));
    ways.min_by_key(|found| match found {
        Access::Id(_) => 0,
        Access::Identifier(_) => 1,
        _ => 2,
    })
}

/// The access that a condition allows. The condition is still asked of each node found, since the index of names
/// ignores case and a comparison does not.
fn indexed(condition: &Expression, node: Slot) -> Option<Access> {
    let stands_alone = |value: &Expression| !value.reads().contains(&node) && value.subqueries().is_empty();
    match &condition.kind {
        ExpressionKind::Call(function, arguments) if arguments.first().and_then(Expression::as_slot) == Some(node) => {
            let value = arguments.get(1).filter(|value| stands_alone(value))?.clone();
            match function.name() {
                "named" => Some(Access::Name(value)),
                "identified" => Some(Access::Identifier(value)),
                _ => None,
            }
        }
        ExpressionKind::Binary(BinaryOperator::Equal, a, b) => [(a, b), (b, a)]
            .into_iter()
            .filter(|(_, value)| stands_alone(value))
            .find_map(|(key, value)| match &key.kind {
                ExpressionKind::Call(function, arguments)
                    if function.name() == "id" && arguments[0].as_slot() == Some(node) =>
                {
                    Some(Access::Id(value.as_ref().clone()))
                }
                ExpressionKind::Property(inner, name) if inner.as_slot() == Some(node) => match name.as_ref() {
                    "name" => Some(Access::Name(value.as_ref().clone())),
                    "identifier" => Some(Access::Identifier(value.as_ref().clone())),
                    _ => None,
                },
                _ => None,
            }),
        ExpressionKind::Binary(BinaryOperator::In, value, list) if stands_alone(value) => match &list.kind {
            ExpressionKind::Property(inner, name)
                if inner.as_slot() == Some(node) && name.as_ref() == "identifiers" =>
            {
                Some(Access::Identifier(value.as_ref().clone()))
            }
            _ => None,
        },
        _ => None,
    }
}
