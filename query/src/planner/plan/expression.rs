//! Bound expressions: variables are slots, labels and types are looked up, functions are found.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{Hop, Label, Plan, Signature};
use crate::planner::plan::Slot;
use crate::syntax::ast::{BinaryOperator, QuantifierKind, Span};
use crate::value::Cell;

/// An expression with its place in the text. Two are equal if they compute the same, wherever they stand.
#[derive(Clone, Debug)]
pub(crate) struct Expression {
    pub(crate) kind: ExpressionKind,
    pub(crate) span: Span,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        self.kind == other.kind
    }
}

/// The kinds of bound expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExpressionKind {
    Constant(Cell),
    Parameter(Arc<str>),
    Slot(Slot),
    Property(Box<Expression>, Arc<str>),
    Index(Box<Expression>, Box<Expression>),
    Slice {
        list: Box<Expression>,
        from: Option<Box<Expression>>,
        to: Option<Box<Expression>>,
    },
    List(Vec<Expression>),
    Map(Vec<(String, Expression)>),
    Not(Box<Expression>),
    Negate(Box<Expression>),
    Binary(BinaryOperator, Box<Expression>, Box<Expression>),
    IsNull(Box<Expression>),
    /// Each inner list needs one label of the node.
    HasLabels(Box<Expression>, Vec<Vec<Label>>),
    Call(&'static Signature, Vec<Expression>),
    Case {
        operand: Option<Box<Expression>>,
        branches: Vec<(Expression, Expression)>,
        otherwise: Option<Box<Expression>>,
    },
    Comprehension {
        variable: Slot,
        list: Box<Expression>,
        condition: Option<Box<Expression>>,
        result: Option<Box<Expression>>,
    },
    Quantifier {
        kind: QuantifierKind,
        variable: Slot,
        list: Box<Expression>,
        condition: Box<Expression>,
    },
    /// Whether one hop leads from one node to the other: a pattern predicate that needs no plan of its own.
    Connects(Box<Expression>, Box<Expression>, Arc<Hop>),
    /// What the rows of another plan answer. An operator below has left the answer in the slot.
    Subquery(Arc<Subquery>),
    /// What becomes of a value that each element of a list changes.
    Reduce {
        accumulator: Slot,
        start: Box<Expression>,
        variable: Slot,
        list: Box<Expression>,
        step: Box<Expression>,
    },
    /// Properties of a node, relationship or map as a map: all of them or none, and further entries.
    MapProjection {
        of: Box<Expression>,
        all: bool,
        entries: Vec<(String, Expression)>,
    },
    /// The rows of a file, as a list.
    CsvRows {
        file: Box<Expression>,
        headers: bool,
        separator: Option<Box<Expression>>,
    },
    /// The path that starts at a node and goes along relationships (single ones or lists).
    Path {
        start: Slot,
        relationships: Vec<Slot>,
    },
    /// How many hops some relationships (single ones or lists) have in all.
    HopCount(Vec<Slot>),
    /// The aggregate with this number; only while a projection is bound.
    Aggregate(usize),
}

/// A plan that is run for each row, and what is asked of its rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Subquery {
    pub(crate) answer: Answer,
    /// Gives a row for each match; begins with the row as it stands.
    pub(crate) plan: Plan,
    /// Where the answer goes.
    pub(crate) slot: Slot,
    /// The slots of the row that the plan reads.
    pub(crate) reads: BTreeSet<Slot>,
}

/// What is asked of the rows of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    /// Whether there is one.
    Exists,
    /// How many there are.
    Count,
    /// What stands in this slot of each, as a list.
    Collect(Slot),
}

impl Expression {
    /// An expression at a place.
    pub(crate) fn new(kind: ExpressionKind, span: Span) -> Self {
        Self { kind, span }
    }

    /// A slot.
    pub(crate) fn slot(slot: Slot, span: Span) -> Self {
        Self::new(ExpressionKind::Slot(slot), span)
    }

    /// `a = b`, standing where `b` stands.
    pub(crate) fn equal(a: Self, b: Self) -> Self {
        let span = b.span;
        Self::new(ExpressionKind::Binary(BinaryOperator::Equal, Box::new(a), Box::new(b)), span)
    }

    /// The slot, if it is nothing but one.
    pub(crate) fn as_slot(&self) -> Option<Slot> {
        match self.kind {
            ExpressionKind::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    /// The expressions directly inside.
    pub(crate) fn children(&self) -> Vec<&Self> {
        use ExpressionKind as Kind;
        match &self.kind {
            Kind::Constant(_) | Kind::Parameter(_) | Kind::Slot(_) | Kind::Subquery(_) => Vec::new(),
            Kind::Path { .. } | Kind::HopCount(_) | Kind::Aggregate(_) => Vec::new(),
            Kind::Property(inner, _) | Kind::HasLabels(inner, _) => vec![inner],
            Kind::Not(inner) | Kind::Negate(inner) | Kind::IsNull(inner) => vec![inner],
            Kind::Index(a, b) | Kind::Binary(_, a, b) | Kind::Connects(a, b, _) => vec![a, b],
            Kind::Slice { list, from, to } => {
                [Some(list), from.as_ref(), to.as_ref()].into_iter().flatten().map(|e| &**e).collect()
            }
            Kind::List(items) | Kind::Call(_, items) => items.iter().collect(),
            Kind::Map(entries) => entries.iter().map(|(_, item)| item).collect(),
            Kind::Case { operand, branches, otherwise } => {
                let branches = branches.iter().flat_map(|(when, then)| [when, then]);
                operand.as_deref().into_iter().chain(branches).chain(otherwise.as_deref()).collect()
            }
            Kind::Comprehension { list, condition, result, .. } => {
                [Some(list), condition.as_ref(), result.as_ref()].into_iter().flatten().map(|e| &**e).collect()
            }
            Kind::Quantifier { list, condition, .. } => vec![list, condition],
            Kind::Reduce { start, list, step, .. } => vec![start, list, step],
            Kind::MapProjection { of, entries, .. } => {
                std::iter::once(&**of).chain(entries.iter().map(|(_, entry)| entry)).collect()
            }
            Kind::CsvRows { file, separator, .. } => std::iter::once(&**file).chain(separator.as_deref()).collect(),
        }
    }

    /// The expressions directly inside, to be changed.
    pub(crate) fn children_mut(&mut self) -> Vec<&mut Self> {
        use ExpressionKind as Kind;
        match &mut self.kind {
            Kind::Constant(_) | Kind::Parameter(_) | Kind::Slot(_) | Kind::Subquery(_) => Vec::new(),
            Kind::Path { .. } | Kind::HopCount(_) | Kind::Aggregate(_) => Vec::new(),
            Kind::Property(inner, _) | Kind::HasLabels(inner, _) => vec![inner],
            Kind::Not(inner) | Kind::Negate(inner) | Kind::IsNull(inner) => vec![inner],
            Kind::Index(a, b) | Kind::Binary(_, a, b) | Kind::Connects(a, b, _) => vec![a, b],
            Kind::Slice { list, from, to } => {
                [Some(list), from.as_mut(), to.as_mut()].into_iter().flatten().map(|e| &mut **e).collect()
            }
            Kind::List(items) | Kind::Call(_, items) => items.iter_mut().collect(),
            Kind::Map(entries) => entries.iter_mut().map(|(_, item)| item).collect(),
            Kind::Case { operand, branches, otherwise } => {
                let branches = branches.iter_mut().flat_map(|(when, then)| [when, then]);
                operand.as_deref_mut().into_iter().chain(branches).chain(otherwise.as_deref_mut()).collect()
            }
            Kind::Comprehension { list, condition, result, .. } => {
                [Some(list), condition.as_mut(), result.as_mut()].into_iter().flatten().map(|e| &mut **e).collect()
            }
            Kind::Quantifier { list, condition, .. } => vec![list, condition],
            Kind::Reduce { start, list, step, .. } => vec![start, list, step],
            Kind::MapProjection { of, entries, .. } => {
                std::iter::once(&mut **of).chain(entries.iter_mut().map(|(_, entry)| entry)).collect()
            }
            Kind::CsvRows { file, separator, .. } => {
                std::iter::once(&mut **file).chain(separator.as_deref_mut()).collect()
            }
        }
    }

    /// The slots that it reads from outside.
    pub(crate) fn reads(&self) -> BTreeSet<Slot> {
        use ExpressionKind as Kind;
        let mut slots: BTreeSet<Slot> = self.children().into_iter().flat_map(Self::reads).collect();
        match &self.kind {
            Kind::Slot(slot) => drop(slots.insert(*slot)),
            Kind::Subquery(subquery) => slots.extend(&subquery.reads),
            Kind::Path { start, relationships } => slots.extend([start].into_iter().chain(relationships)),
            Kind::HopCount(relationships) => slots.extend(relationships),
            Kind::Comprehension { variable, .. } | Kind::Quantifier { variable, .. } => drop(slots.remove(variable)),
            Kind::Reduce { accumulator, variable, .. } => {
                slots.remove(accumulator);
                slots.remove(variable);
            }
            _ => {}
        }
        slots
    }

    /// The plans inside whose answers an operator must find out before.
    pub(crate) fn subqueries(&self) -> Vec<Arc<Subquery>> {
        match &self.kind {
            ExpressionKind::Subquery(subquery) => vec![Arc::clone(subquery)],
            _ => self.children().into_iter().flat_map(Self::subqueries).collect(),
        }
    }

    /// Whether `found` holds for it or for anything inside.
    pub(crate) fn contains(&self, found: &impl Fn(&Self) -> bool) -> bool {
        found(self) || self.children().into_iter().any(|child| child.contains(found))
    }

    /// Reads another slot in place of one.
    pub(crate) fn replace_slot(&mut self, old: Slot, new: Slot) {
        match &mut self.kind {
            ExpressionKind::Slot(slot) if *slot == old => *slot = new,
            _ => self.children_mut().into_iter().for_each(|child| child.replace_slot(old, new)),
        }
    }

    /// The conditions that must all hold for this one to hold.
    pub(crate) fn conjuncts(self) -> Vec<Self> {
        match self.kind {
            ExpressionKind::Binary(BinaryOperator::And, a, b) => {
                let mut parts = a.conjuncts();
                parts.extend(b.conjuncts());
                parts
            }
            _ => vec![self],
        }
    }
}
