//! What to compute: a small tree of operators, made by the binder, improved by the rules, turned into
//! operators by the executor.

mod aggregate_kind;
mod expression;
mod pattern;
mod signature;
mod slot;
mod trust;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hopgraph_engine::traverse::PathMode;

pub(crate) use aggregate_kind::{AGGREGATES, AggregateKind};
pub(crate) use expression::{Answer, Expression, ExpressionKind, Subquery};
pub(crate) use pattern::{
    Cost, EvidencePattern, Hop, Label, NodePattern, PathPattern, Pattern, Range, RelationName, RelationshipPattern,
};
pub use signature::{FunctionDescription, ProcedureDescription};
pub(crate) use signature::{Library, Signature};
pub(crate) use slot::Slot;
pub(crate) use trust::{RETRACTION_COLUMNS, Retraction, VERIFICATION_COLUMNS, Verification};
pub(crate) use write::{Creation, Edit, NewNode, NewRelationship, Removal};

use crate::notice::Notice;
use crate::syntax::ast::{Shortest, Span};

/// A bound query.
#[derive(Clone, Debug)]
pub(crate) struct Query {
    pub(crate) plan: Plan,
    /// The columns of the answer, and where they stand.
    pub(crate) columns: Vec<(String, Slot)>,
    /// The name of each slot, for people.
    pub(crate) slot_names: Vec<String>,
    /// Whether it may change the graph.
    pub(crate) writes: bool,
    /// What it takes back, in place of running the plan.
    pub(crate) retraction: Option<Retraction>,
    /// What is verified of its rows.
    pub(crate) verification: Option<Verification>,
    /// What is told beside the answer.
    pub(crate) notices: Vec<Notice>,
    /// The parameters that it needs, each with the first place where it is used.
    pub(crate) parameters: BTreeMap<String, Span>,
}

/// An operator with its inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// The row as it stands, once. At the bottom of a query: one row without values.
    Row,
    /// A pattern whose order of work has not been chosen yet.
    Match { input: Box<Plan>, pattern: Pattern },
    /// For each row, each node that fits.
    Scan { input: Box<Plan>, node: NodePattern, access: Access },
    /// For each row, each single hop from a node.
    Expand { input: Box<Plan>, from: Slot, to: NodePattern, hop: Arc<Hop>, keep: Keep },
    /// For each row, each path of a number of hops from a node.
    ExpandPaths { input: Box<Plan>, from: Slot, to: NodePattern, hop: Arc<Hop>, walk: Walk },
    /// For each row, each pair of ends that some path joins, once, with the least number of hops.
    Reach { input: Box<Plan>, reach: Reach },
    /// For each row, how many such pairs there are: for each number of hops, if that is asked for.
    CountReach { input: Box<Plan>, reach: Reach, by: CountBy, pairs: Slot },
    /// For each row, the shortest paths between two nodes that it holds.
    ShortestPath { input: Box<Plan>, from: Slot, to: Slot, hop: Arc<Hop>, choice: Choice },
    /// The rows whose path repeats no node.
    Unrepeated { input: Box<Plan>, start: Slot, relationships: Vec<Slot>, mode: PathMode },
    /// The rows for which all conditions hold.
    Filter { input: Box<Plan>, conditions: Vec<Expression> },
    /// Each row with computed values.
    Project { input: Box<Plan>, items: Vec<(Slot, Expression)> },
    /// One row for each group.
    /// With a weight, each row stands for as many as that slot says.
    Aggregate { input: Box<Plan>, keys: Vec<(Slot, Expression)>, aggregates: Vec<Aggregate>, weight: Option<Slot> },
    /// The first of each group of rows that agree in these slots.
    Distinct { input: Box<Plan>, slots: Vec<Slot> },
    /// The rows in order; of each, these slots are kept. With a limit, only the first so many.
    Sort { input: Box<Plan>, keys: Vec<SortKey>, keep: Vec<Slot>, limit: Option<RowLimit> },
    /// All rows but the first so many.
    Skip { input: Box<Plan>, count: Expression },
    /// The first so many rows.
    Limit { input: Box<Plan>, count: Expression },
    /// For each row, the rows of a procedure; of its columns some are wanted.
    Call {
        input: Box<Plan>,
        procedure: &'static ProcedureDescription,
        options: Option<Expression>,
        outputs: Vec<(usize, Slot)>,
        span: Span,
    },
    /// For each row, each element of a list.
    Unwind { input: Box<Plan>, list: Expression, slot: Slot },
    /// For each row, the rows that a plan makes of it; if it makes none and is optional, the row with nulls.
    Apply { input: Box<Plan>, plan: Box<Plan>, fills: Vec<Slot>, optional: bool },
    /// For each row, the rows of a plan for which these expressions, of the row and of the rows of the plan, are equal.
    /// The plan reads nothing of the row.
    Join { input: Box<Plan>, plan: Box<Plan>, keys: Vec<(Expression, Expression)> },
    /// Each row from which there are ways to go on from a node, which none but their number is asked of; `weight` is that
    /// of `before` times their number.
    CountHops { input: Box<Plan>, from: Slot, branch: Branch, unlike: Vec<Slot>, before: Option<Slot>, weight: Slot },
    /// Each row from which paths of a number of hops lead on, weighed by how many; nobody asks more of them.
    CountPaths { input: Box<Plan>, from: Slot, to: NodePattern, hop: Arc<Hop>, walk: Walk, weights: Weights },
    /// Rows that agree in `run` and `node` as one, with the sum of their weights; what else they hold is lost. Equal rows
    /// may come more than once.
    Combine { input: Box<Plan>, run: Option<Slot>, node: Slot, before: Option<Slot>, weight: Slot },
    /// The rows of one branch after the other.
    Union { branches: Vec<(Plan, Vec<Slot>)>, slots: Vec<Slot> },
    /// Each row with new nodes and relationships.
    Create { input: Box<Plan>, creation: Creation, keep: Vec<Slot> },
    /// For each row, the rows that a plan makes of it, or the row with new nodes and relationships.
    Merge {
        input: Box<Plan>,
        plan: Box<Plan>,
        creation: Creation,
        on_create: Vec<Edit>,
        on_match: Vec<Edit>,
        keep: Vec<Slot>,
    },
    /// Each row, after its edits.
    Set { input: Box<Plan>, edits: Vec<Edit>, keep: Vec<Slot> },
    /// Each row, after its deletions.
    Delete { input: Box<Plan>, targets: Vec<Expression>, detach: bool, keep: Vec<Slot> },
}

/// How a scan finds its nodes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Access {
    /// By number.
    Id(Expression),
    /// By external identifier.
    Identifier(Expression),
    /// By name or synonym.
    Name(Expression),
    /// By the rarest of its labels; several are alternatives.
    Label(Vec<Label>),
    /// One after the other.
    All,
}

/// A hop of which only the number is asked, and what goes on from its end.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Branch {
    pub(crate) hop: Arc<Hop>,
    pub(crate) to: NodePattern,
    pub(crate) inner: Vec<Branch>,
}

impl Branch {
    /// All hops of it.
    pub(crate) fn hops<'b>(&'b self, hops: &mut Vec<&'b Arc<Hop>>) {
        hops.push(&self.hop);
        self.inner.iter().for_each(|inner| inner.hops(hops));
    }
}

/// Where the number of rows stands for which a row stands: before an operator, if it is not 1, and after it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Weights {
    pub(crate) before: Option<Slot>,
    pub(crate) after: Slot,
}

/// Which of the hops from a node an expansion keeps.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Keep {
    /// Each end once, however many edges lead to it.
    pub(crate) distinct_ends: bool,
    /// The slots of relationships whose edges must not be walked again.
    pub(crate) unlike: Vec<Slot>,
}

/// How paths of variable length are walked.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Walk {
    pub(crate) range: Range,
    pub(crate) mode: PathMode,
    /// Where the list of relationships goes.
    pub(crate) slot: Slot,
    /// Whether the walk goes against the order of the pattern.
    pub(crate) against: bool,
    /// The slots of relationships whose edges must not be walked again.
    pub(crate) unlike: Vec<Slot>,
}

/// Which of the paths between two nodes are wanted.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Choice {
    pub(crate) which: Shortest,
    pub(crate) range: Range,
    pub(crate) mode: PathMode,
    pub(crate) cost: Option<Cost>,
    /// Where the list of relationships goes.
    pub(crate) slot: Slot,
}

/// Two ends and what lies between them.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Reach {
    pub(crate) from: NodePattern,
    pub(crate) to: NodePattern,
    pub(crate) hop: Arc<Hop>,
    pub(crate) range: Range,
    pub(crate) mode: PathMode,
    /// Where the least number of hops goes.
    pub(crate) hops: Option<Slot>,
    /// Where the number of paths with so many hops goes.
    pub(crate) shortest_paths: Option<Slot>,
    /// What must hold of the two ends besides.
    pub(crate) tests: Vec<PairTest>,
    /// Whether the two ends must be different nodes.
    pub(crate) different: bool,
}

/// Whether the ends of a Reach must be joined in another way as well, or must not be.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PairTest {
    pub(crate) hop: Arc<Hop>,
    /// For more than a single hop.
    pub(crate) path: Option<(Range, PathMode)>,
    pub(crate) wanted: bool,
}

/// One end of a Reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    From,
    To,
}

impl End {
    /// The end at the other side.
    pub(crate) fn other(self) -> Self {
        match self {
            Self::From => Self::To,
            Self::To => Self::From,
        }
    }
}

/// What pairs are counted by.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum CountBy {
    /// All of them together.
    Nothing,
    /// Not pairs but all paths between them.
    Paths,
    /// For each node of this end.
    Each(End),
    /// For each group of nodes of this end that agree in these values: how many nodes of the other end any of them
    /// reaches. The row holds one node of the group.
    Group(End, Vec<Expression>),
}

impl CountBy {
    /// The end whose nodes are in the rows.
    pub(crate) fn end(&self) -> Option<End> {
        match self {
            Self::Nothing | Self::Paths => None,
            Self::Each(end) | Self::Group(end, _) => Some(*end),
        }
    }

    fn keys(&self) -> &[Expression] {
        match self {
            Self::Group(_, keys) => keys,
            _ => &[],
        }
    }
}

impl Reach {
    /// What stands at one end.
    pub(crate) fn end(&self, end: End) -> &NodePattern {
        match end {
            End::From => &self.from,
            End::To => &self.to,
        }
    }

    /// The same, to be changed.
    pub(crate) fn end_mut(&mut self, end: End) -> &mut NodePattern {
        match end {
            End::From => &mut self.from,
            End::To => &mut self.to,
        }
    }

    pub(crate) fn expressions(&self) -> impl Iterator<Item = &Expression> {
        let tests = self.tests.iter().flat_map(|test| test.hop.expressions());
        self.from.conditions.iter().chain(&self.to.conditions).chain(self.hop.expressions()).chain(tests)
    }

    fn expressions_mut(&mut self) -> impl Iterator<Item = &mut Expression> {
        let ends = self.from.conditions.iter_mut().chain(&mut self.to.conditions);
        let tests = self.tests.iter_mut().flat_map(|test| Arc::make_mut(&mut test.hop).expressions_mut());
        ends.chain(Arc::make_mut(&mut self.hop).expressions_mut()).chain(tests)
    }
}

/// One aggregate of a projection.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Aggregate {
    pub(crate) kind: AggregateKind,
    /// What is aggregated; none for `count(*)`.
    pub(crate) argument: Option<Expression>,
    pub(crate) distinct: bool,
    pub(crate) slot: Slot,
}

impl Aggregate {
    /// Whether equal rows may come once or many times without a difference.
    pub(crate) fn ignores_duplicates(&self) -> bool {
        self.distinct || self.kind.ignores_duplicates()
    }
}

/// One key of ORDER BY.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SortKey {
    pub(crate) expression: Expression,
    pub(crate) descending: bool,
}

/// SKIP and LIMIT on sorted rows: how many are worth keeping.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct RowLimit {
    pub(crate) skip: Option<Expression>,
    pub(crate) limit: Expression,
}

impl Plan {
    /// The operators that it draws from, in order; a plan that runs once for each row comes after the input.
    pub(crate) fn inputs(&self) -> Vec<&Self> {
        match self {
            Self::Row => Vec::new(),
            Self::Apply { input, plan, .. } | Self::Merge { input, plan, .. } | Self::Join { input, plan, .. } => {
                vec![input, plan]
            }
            Self::Union { branches, .. } => branches.iter().map(|(plan, _)| plan).collect(),
            Self::Match { input, .. }
            | Self::Scan { input, .. }
            | Self::Expand { input, .. }
            | Self::ExpandPaths { input, .. }
            | Self::Reach { input, .. }
            | Self::CountReach { input, .. }
            | Self::ShortestPath { input, .. }
            | Self::Unrepeated { input, .. }
            | Self::Filter { input, .. }
            | Self::Project { input, .. }
            | Self::Aggregate { input, .. }
            | Self::Distinct { input, .. }
            | Self::Sort { input, .. }
            | Self::Skip { input, .. }
            | Self::Limit { input, .. }
            | Self::Call { input, .. }
            | Self::Unwind { input, .. }
            | Self::CountHops { input, .. }
            | Self::CountPaths { input, .. }
            | Self::Combine { input, .. }
            | Self::Create { input, .. }
            | Self::Set { input, .. }
            | Self::Delete { input, .. } => vec![input],
        }
    }

    /// The operators that it draws from, to be changed.
    pub(crate) fn inputs_mut(&mut self) -> Vec<&mut Self> {
        match self {
            Self::Row => Vec::new(),
            Self::Apply { input, plan, .. } | Self::Merge { input, plan, .. } | Self::Join { input, plan, .. } => {
                vec![input, plan]
            }
            Self::Union { branches, .. } => branches.iter_mut().map(|(plan, _)| plan).collect(),
            Self::Match { input, .. }
            | Self::Scan { input, .. }
            | Self::Expand { input, .. }
            | Self::ExpandPaths { input, .. }
            | Self::Reach { input, .. }
            | Self::CountReach { input, .. }
            | Self::ShortestPath { input, .. }
            | Self::Unrepeated { input, .. }
            | Self::Filter { input, .. }
            | Self::Project { input, .. }
            | Self::Aggregate { input, .. }
            | Self::Distinct { input, .. }
            | Self::Sort { input, .. }
            | Self::Skip { input, .. }
            | Self::Limit { input, .. }
            | Self::Call { input, .. }
            | Self::Unwind { input, .. }
            | Self::CountHops { input, .. }
            | Self::CountPaths { input, .. }
            | Self::Combine { input, .. }
            | Self::Create { input, .. }
            | Self::Set { input, .. }
            | Self::Delete { input, .. } => vec![input],
        }
    }

    /// The expressions that it evaluates itself, inputs left out.
    pub(crate) fn expressions(&self) -> Vec<&Expression> {
        match self {
            Self::Row
            | Self::Unrepeated { .. }
            | Self::Distinct { .. }
            | Self::Apply { .. }
            | Self::CountHops { .. }
            | Self::CountPaths { .. }
            | Self::Combine { .. }
            | Self::Union { .. } => Vec::new(),
            Self::Join { keys, .. } => keys.iter().flat_map(|(left, right)| [left, right]).collect(),
            Self::Match { pattern, .. } => {
                let nodes = pattern.nodes.iter().flat_map(|node| &node.conditions);
                let hops = pattern.relationships.iter().flat_map(|relationship| relationship.hop.expressions());
                let costs = pattern.paths.iter().filter_map(|path| path.cost.as_ref()).map(|cost| &cost.of_hop);
                nodes.chain(hops).chain(costs).chain(&pattern.conditions).collect()
            }
            Self::Scan { node, .. } => node.conditions.iter().collect(),
            Self::Expand { to, hop, .. } | Self::ExpandPaths { to, hop, .. } => {
                to.conditions.iter().chain(hop.expressions()).collect()
            }
            Self::Reach { reach, .. } => reach.expressions().collect(),
            Self::CountReach { reach, by, .. } => reach.expressions().chain(by.keys()).collect(),
            Self::ShortestPath { hop, choice, .. } => {
                hop.expressions().chain(choice.cost.as_ref().map(|cost| &cost.of_hop)).collect()
            }
            Self::Filter { conditions, .. } => conditions.iter().collect(),
            Self::Project { items, .. } => items.iter().map(|(_, item)| item).collect(),
            Self::Aggregate { keys, aggregates, .. } => keys
                .iter()
                .map(|(_, key)| key)
                .chain(aggregates.iter().filter_map(|one| one.argument.as_ref()))
                .collect(),
            Self::Sort { keys, .. } => keys.iter().map(|key| &key.expression).collect(),
            Self::Skip { count, .. } | Self::Limit { count, .. } => vec![count],
            Self::Call { options, .. } => options.iter().collect(),
            Self::Unwind { list, .. } => vec![list],
            Self::Create { creation, .. } => creation.expressions(),
            Self::Merge { creation, on_create, on_match, .. } => {
                let edits = on_create.iter().chain(on_match).flat_map(Edit::expressions);
                creation.expressions().into_iter().chain(edits).collect()
            }
            Self::Set { edits, .. } => edits.iter().flat_map(Edit::expressions).collect(),
            Self::Delete { targets, .. } => targets.iter().collect(),
        }
    }

    /// Shows every expression that it evaluates itself to `change`, inputs left out.
    pub(crate) fn change_expressions(&mut self, change: &mut dyn FnMut(&mut Expression)) {
        match self {
            Self::Row
            | Self::Unrepeated { .. }
            | Self::Distinct { .. }
            | Self::Apply { .. }
            | Self::CountHops { .. }
            | Self::CountPaths { .. }
            | Self::Combine { .. }
            | Self::Union { .. } => {}
            Self::Join { keys, .. } => keys.iter_mut().flat_map(|(left, right)| [left, right]).for_each(change),
            Self::Match { pattern, .. } => {
                pattern.nodes.iter_mut().flat_map(|node| &mut node.conditions).for_each(&mut *change);
                let hops = pattern.relationships.iter_mut().flat_map(|relationship| relationship.hop.expressions_mut());
                let costs = pattern.paths.iter_mut().filter_map(|path| path.cost.as_mut()).map(|cost| &mut cost.of_hop);
                hops.chain(costs).chain(&mut pattern.conditions).for_each(change);
            }
            Self::Scan { node, .. } => node.conditions.iter_mut().for_each(change),
            Self::Expand { to, hop, .. } | Self::ExpandPaths { to, hop, .. } => {
                to.conditions.iter_mut().chain(Arc::make_mut(hop).expressions_mut()).for_each(change);
            }
            Self::Reach { reach, .. } => reach.expressions_mut().for_each(change),
            Self::CountReach { reach, by, .. } => {
                reach.expressions_mut().for_each(&mut *change);
                if let CountBy::Group(_, keys) = by {
                    keys.iter_mut().for_each(change);
                }
            }
            Self::ShortestPath { hop, choice, .. } => {
                let cost = choice.cost.as_mut().map(|cost| &mut cost.of_hop);
                Arc::make_mut(hop).expressions_mut().chain(cost).for_each(change);
            }
            Self::Filter { conditions, .. } => conditions.iter_mut().for_each(change),
            Self::Project { items, .. } => items.iter_mut().map(|(_, item)| item).for_each(change),
            Self::Aggregate { keys, aggregates, .. } => {
                let arguments = aggregates.iter_mut().filter_map(|one| one.argument.as_mut());
                keys.iter_mut().map(|(_, key)| key).chain(arguments).for_each(change);
            }
            Self::Sort { keys, .. } => keys.iter_mut().map(|key| &mut key.expression).for_each(change),
            Self::Skip { count, .. } | Self::Limit { count, .. } => change(count),
            Self::Call { options, .. } => options.iter_mut().for_each(change),
            Self::Unwind { list, .. } => change(list),
            Self::Create { creation, .. } => creation.change_expressions(change),
            Self::Merge { creation, on_create, on_match, .. } => {
                creation.change_expressions(change);
                on_create.iter_mut().chain(on_match).for_each(|edit| edit.change_expressions(change));
            }
            Self::Set { edits, .. } => edits.iter_mut().for_each(|edit| edit.change_expressions(change)),
            Self::Delete { targets, .. } => targets.iter_mut().for_each(change),
        }
    }

    /// The slots that anything in it reads by an expression or hands on by name.
    pub(crate) fn uses(&self) -> BTreeSet<Slot> {
        let mut slots: BTreeSet<_> = self.expressions().into_iter().flat_map(Expression::reads).collect();
        match self {
            Self::Distinct { slots: own, .. } => slots.extend(own),
            Self::Union { branches, .. } => slots.extend(branches.iter().flat_map(|(_, own)| own)),
            Self::Create { creation, .. } | Self::Merge { creation, .. } => slots.extend(creation.reads()),
            _ => {}
        }
        slots.extend(self.inputs().into_iter().flat_map(Self::uses));
        slots
    }

    /// Whether it, or anything in it, writes.
    pub(crate) fn writes(&self) -> bool {
        let own = matches!(self, Self::Create { .. } | Self::Merge { .. } | Self::Set { .. } | Self::Delete { .. });
        own || self.inputs().into_iter().any(Self::writes)
    }

    /// The slots that a line of scans, expansions, conditions and computed items fills.
    pub(crate) fn line_fills(&self) -> BTreeSet<Slot> {
        let mut fills: BTreeSet<Slot> = self.inputs().into_iter().flat_map(Self::line_fills).collect();
        match self {
            Self::Scan { node, .. } => fills.extend([node.slot]),
            Self::Expand { to, hop, .. } => fills.extend([to.slot, hop.edge]),
            Self::Project { items, .. } => fills.extend(items.iter().map(|(slot, _)| *slot)),
            Self::CountHops { weight, .. } | Self::Combine { weight, .. } => fills.extend([*weight]),
            _ => {}
        }
        fills
    }

    /// The slots that such a line reads, its own included.
    pub(crate) fn line_reads(&self) -> BTreeSet<Slot> {
        let mut reads: BTreeSet<Slot> = self.expressions().into_iter().flat_map(Expression::reads).collect();
        reads.extend(self.inputs().into_iter().flat_map(Self::line_reads));
        if let Self::Expand { from, to, keep, .. } = self {
            reads.extend([*from]);
            reads.extend(to.bound.then_some(to.slot));
            reads.extend(&keep.unlike);
        }
        reads
    }

    /// The rows of this plan for which the conditions hold.
    pub(crate) fn filtered(self, conditions: Vec<Expression>) -> Self {
        if conditions.is_empty() { self } else { Self::Filter { input: Box::new(self), conditions } }
    }
}
