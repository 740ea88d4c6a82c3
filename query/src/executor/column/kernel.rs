//! Expressions on chunks. What is common runs on whole columns; what is rare is evaluated row by row by the same code
//! that the operators on rows use, so that values mean the same in both.

use std::borrow::Cow;
use std::cell::{Cell as Counter, RefCell};
use std::cmp::Ordering;
use std::sync::Arc;

use hopgraph_engine::{Budget, EvidenceTable, NodeId, Snapshot, Topology};

use super::{Bits, Chunk, Column, Dictionary, LabelColumn, NULL, PropertyReader};
use crate::executor::compute::{Context, Row, evaluate, operate, shortest_confidence};
use crate::fault::{Result, value};
use crate::planner::plan::{Expression, Slot};
use crate::syntax::ast::{BinaryOperator, Span};
use crate::value::{Cell, compare};

/// What the operators of a pipeline may ask while they run; each thread has one of its own.
pub(in crate::executor) struct Run<'r, 'g> {
    pub(in crate::executor) snapshot: &'r Snapshot,
    pub(in crate::executor) budget: &'r Arc<Budget>,
    /// For what is evaluated row by row; not there on other threads than the first.
    pub(in crate::executor) context: Option<&'r Context<'g>>,
    row: RefCell<Row>,
    touched: Counter<u64>,
}

impl<'r, 'g> Run<'r, 'g> {
    /// On the thread of the query.
    pub(in crate::executor) fn new(context: &'r Context<'g>, width: usize) -> Self {
        let row = RefCell::new(Row::new(width));
        Self {
            snapshot: context.snapshot(),
            budget: context.budget(),
            context: Some(context),
            row,
            touched: Counter::new(0),
        }
    }

    /// On another thread: without what is evaluated row by row.
    pub(in crate::executor) fn beside(snapshot: &'r Snapshot, budget: &'r Arc<Budget>) -> Self {
        Self { snapshot, budget, context: None, row: RefCell::new(Row::new(0)), touched: Counter::new(0) }
    }

    /// Counts neighbours looked at.
    pub(in crate::executor) fn touch(&self, neighbors: u64) {
        self.touched.set(self.touched.get() + neighbors);
        self.budget.count_neighbors(neighbors);
    }

    /// Neighbours looked at on this thread.
    pub(in crate::executor) fn touched(&self) -> u64 {
        self.touched.get()
    }
}

/// An expression made ready for columns.
pub(in crate::executor) struct Kernel {
    pub(super) kind: Kind,
    pub(super) span: Span,
}

pub(super) enum Kind {
    Slot(Slot),
    Constant(Cell),
    /// A property of nodes.
    Property(Box<Kernel>, Arc<PropertyReader>),
    Labels(Box<Kernel>, Arc<LabelColumn>),
    FirstLabel(Box<Kernel>, Arc<LabelColumn>),
    /// The type of a relationship, with the names of all types.
    Type(Box<Kernel>, Arc<[Cell]>),
    Id(Box<Kernel>),
    Confidence(Box<Kernel>, Arc<EvidenceTable>),
    Degree(Box<Kernel>, Arc<Topology>),
    Lower(Box<Kernel>),
    Upper(Box<Kernel>),
    HasLabels(Box<Kernel>, Vec<Bits>),
    Connects(Box<Kernel>, Box<Kernel>, Arc<Topology>),
    Binary(BinaryOperator, Box<Kernel>, Box<Kernel>),
    Not(Box<Kernel>),
    IsNull(Box<Kernel>),
    /// By the code for rows, with the slots that it reads.
    Row(Expression, Vec<Slot>),
}

impl Kernel {
    /// Whether it, or something in it, is evaluated row by row on the thread of the query.
    pub(in crate::executor) fn needs_context(&self) -> bool {
        match &self.kind {
            Kind::Row(..) => true,
            _ => self.children().into_iter().any(Self::needs_context),
        }
    }

    /// The slot, if it is nothing but one.
    pub(in crate::executor) fn as_slot(&self) -> Option<Slot> {
        match self.kind {
            Kind::Slot(slot) => Some(slot),
            _ => None,
        }
    }

    /// The slot of the node and the reader, if it is a property of one.
    pub(in crate::executor) fn as_property(&self) -> Option<(Slot, &Arc<PropertyReader>)> {
        match &self.kind {
            Kind::Property(inner, reader) => Some((inner.as_slot()?, reader)),
            _ => None,
        }
    }

    fn children(&self) -> Vec<&Self> {
        match &self.kind {
            Kind::Slot(_) | Kind::Constant(_) | Kind::Row(..) => Vec::new(),
            Kind::Property(inner, _)
            | Kind::Labels(inner, _)
            | Kind::FirstLabel(inner, _)
            | Kind::Type(inner, _)
            | Kind::Id(inner)
            | Kind::Confidence(inner, _)
            | Kind::Degree(inner, _)
            | Kind::Lower(inner)
            | Kind::Upper(inner)
            | Kind::HasLabels(inner, _)
            | Kind::Not(inner)
            | Kind::IsNull(inner) => vec![inner],
            Kind::Connects(a, b, _) | Kind::Binary(_, a, b) => vec![a, b],
        }
    }

    /// The values in the rows of a chunk.
    pub(in crate::executor) fn evaluate<'c>(&self, run: &Run<'_, '_>, chunk: &'c Chunk) -> Result<Cow<'c, Column>> {
        let rows = chunk.rows;
        let column = match &self.kind {
            Kind::Slot(slot) => {
                return Ok(chunk.get(*slot).map_or(Cow::Owned(Column::Constant(Cell::Null)), Cow::Borrowed));
            }
            Kind::Constant(cell) => Column::Constant(cell.clone()),
            Kind::Property(inner, reader) => reader.read(run.snapshot, &nodes(&*inner.evaluate(run, chunk)?, rows))?,
            Kind::Labels(inner, labels) => labels.lists(&nodes(&*inner.evaluate(run, chunk)?, rows)),
            Kind::FirstLabel(inner, labels) => labels.firsts(&nodes(&*inner.evaluate(run, chunk)?, rows)),
            Kind::Type(inner, names) => {
                let edges = inner.evaluate(run, chunk)?;
                let code = |row| edges.edge(row).map_or(NULL, |edge| edge.relation.get().into());
                Column::Coded((0..rows).map(code).collect(), Dictionary::Cells(Arc::clone(names)))
            }
            Kind::Id(inner) => {
                let subject = inner.evaluate(run, chunk)?;
                let id = |row| subject.node(row).map_or(Cell::Null, |node| Cell::Integer(node.into()));
                Column::Cells((0..rows).map(id).collect())
            }
            Kind::Confidence(inner, evidence) => {
                let edges = inner.evaluate(run, chunk)?;
                let confidence = |row| match edges.edge(row) {
                    Some(edge) => Cell::Float(shortest_confidence(evidence.confidence(edge))),
                    None => Cell::Null,
                };
                Column::Cells((0..rows).map(confidence).collect())
            }
            Kind::Degree(inner, topology) => {
                let subject = inner.evaluate(run, chunk)?;
                let degree = |row| match subject.node(row) {
                    Some(node) => Cell::count(topology.degree(NodeId::new(node)) as u64),
                    None => Cell::Null,
                };
                Column::Cells((0..rows).map(degree).collect())
            }
            Kind::Lower(inner) => self.of_text(&*inner.evaluate(run, chunk)?, rows, str::to_lowercase)?,
            Kind::Upper(inner) => self.of_text(&*inner.evaluate(run, chunk)?, rows, str::to_uppercase)?,
            Kind::HasLabels(inner, groups) => {
                let subject = inner.evaluate(run, chunk)?;
                let fits = |row| subject.node(row).map(|node| groups.iter().all(|group| group.contains(node)));
                Column::Truths((0..rows).map(fits).collect())
            }
            Kind::Connects(from, to, topology) => {
                let (from, to) = (from.evaluate(run, chunk)?, to.evaluate(run, chunk)?);
                let connects = |row| match (from.node(row), to.node(row)) {
                    (Some(from), Some(to)) => Some(topology.connects(NodeId::new(from), NodeId::new(to))),
                    _ => Some(false),
                };
                run.budget.count_neighbors(rows as u64);
                Column::Truths((0..rows).map(connects).collect())
            }
            Kind::Binary(operator, a, b) => self.binary(*operator, a, b, run, chunk)?,
            Kind::Not(inner) => {
                let truths = inner.truths(run, chunk)?;
                Column::Truths(truths.into_iter().map(|truth| truth.map(|truth| !truth)).collect())
            }
            Kind::IsNull(inner) => {
                let column = inner.evaluate(run, chunk)?;
                Column::Truths((0..rows).map(|row| Some(column.is_null(row))).collect())
            }
            Kind::Row(expression, reads) => row_by_row(expression, reads, run, chunk)?,
        };
        Ok(Cow::Owned(column))
    }

    fn of_text(&self, column: &Column, rows: usize, change: fn(&str) -> String) -> Result<Column> {
        let changed = |row| match (column.text(row), column.is_null(row)) {
            (Some(text), _) => Ok(Cell::Text(change(text).into())),
            (None, true) => Ok(Cell::Null),
            (None, false) => {
                let name = if matches!(self.kind, Kind::Lower(_)) { "toLower" } else { "toUpper" };
                Err(value(self.span, format!("{name}() takes a text, not {}", column.cell(row).kind())))
            }
        };
        (0..rows).map(changed).collect::<Result<_>>().map(Column::Cells)
    }

    /// Whether it holds, row by row; `None` is unknown.
    pub(in crate::executor) fn truths(&self, run: &Run<'_, '_>, chunk: &Chunk) -> Result<Vec<Option<bool>>> {
        let column = self.evaluate(run, chunk)?;
        if let Cow::Owned(Column::Truths(truths)) = column {
            return Ok(truths);
        }
        let truth = |row| match column.cell(row) {
            Cell::Boolean(truth) => Ok(Some(truth)),
            Cell::Null => Ok(None),
            other => Err(value(self.span, format!("a condition must be true or false; this is {}", other.kind()))),
        };
        (0..chunk.rows).map(truth).collect()
    }

    /// The rows in which it holds: true, not false, not unknown.
    pub(in crate::executor) fn rows_that_hold(&self, run: &Run<'_, '_>, chunk: &Chunk) -> Result<Vec<u32>> {
        let truths = self.truths(run, chunk)?;
        Ok((0..).zip(truths).filter(|(_, truth)| *truth == Some(true)).map(|(row, _)| row).collect())
    }

    fn binary(&self, operator: BinaryOperator, a: &Self, b: &Self, run: &Run<'_, '_>, chunk: &Chunk) -> Result<Column> {
        use BinaryOperator as Operator;
        if let Operator::And | Operator::Or = operator {
            return self.logic(operator == Operator::Or, a, b, run, chunk);
        }
        let (left, right) = (a.evaluate(run, chunk)?, b.evaluate(run, chunk)?);
        let rows = chunk.rows;
        if let Some(truths) = compared(operator, &left, &right, rows) {
            return Ok(Column::Truths(truths));
        }
        let operated = |row| operate(operator, &left.cell(row), &right.cell(row)).map_err(|why| value(self.span, why));
        (0..rows).map(operated).collect::<Result<_>>().map(Column::Cells)
    }

    /// AND and OR: the right side is asked of those rows only that the left side leaves open.
    fn logic(&self, decided: bool, a: &Self, b: &Self, run: &Run<'_, '_>, chunk: &Chunk) -> Result<Column> {
        let mut answer = a.truths(run, chunk)?;
        let open: Vec<u32> =
            (0..).zip(&answer).filter(|(_, truth)| **truth != Some(decided)).map(|(row, _)| row).collect();
        let right = if open.len() == chunk.rows { b.truths(run, chunk)? } else { b.truths(run, &chunk.gather(&open))? };
        for (row, right) in open.into_iter().zip(right) {
            let left = &mut answer[row as usize];
            if right == Some(decided) || *left == Some(!decided) {
                *left = right;
            }
        }
        Ok(Column::Truths(answer))
    }
}

/// A comparison of nodes, whole numbers or texts without making values of them; `None` if the columns are of other
/// kinds.
fn compared(operator: BinaryOperator, left: &Column, right: &Column, rows: usize) -> Option<Vec<Option<bool>>> {
    use BinaryOperator as Operator;
    let accept: fn(Ordering) -> bool = match operator {
        Operator::Equal => Ordering::is_eq,
        Operator::NotEqual => Ordering::is_ne,
        Operator::Less => Ordering::is_lt,
        Operator::LessOrEqual => Ordering::is_le,
        Operator::Greater => Ordering::is_gt,
        Operator::GreaterOrEqual => Ordering::is_ge,
        Operator::StartsWith => return text_test(left, right, rows, |text, part| text.starts_with(part)),
        Operator::EndsWith => return text_test(left, right, rows, |text, part| text.ends_with(part)),
        Operator::Contains => return text_test(left, right, rows, |text, part| text.contains(part)),
        _ => return None,
    };
    match (left, right) {
        (Column::Nodes(a), Column::Nodes(b)) if matches!(operator, Operator::Equal | Operator::NotEqual) => {
            let test = |(&a, &b): (&u32, &u32)| (a != NULL && b != NULL).then(|| accept(a.cmp(&b)));
            Some(a.iter().zip(b).map(test).collect())
        }
        (Column::Integers(a), Column::Integers(b)) => {
            Some(a.iter().zip(b).map(|(a, b)| Some(accept(a.cmp(b)))).collect())
        }
        (Column::Integers(a), Column::Constant(Cell::Integer(b))) => {
            Some(a.iter().map(|a| Some(accept(a.cmp(b)))).collect())
        }
        _ if is_text(left) && is_text(right) => {
            let test = |row| Some(accept(left.text(row)?.cmp(right.text(row)?)));
            Some((0..rows).map(test).collect())
        }
        (Column::Cells(a), Column::Constant(b)) if !matches!(operator, Operator::Equal | Operator::NotEqual) => {
            Some(a.iter().map(|a| compare(a, b).map(|found| found.is_some_and(accept))).collect())
        }
        _ => None,
    }
}

fn text_test(
    left: &Column,
    right: &Column,
    rows: usize,
    test: impl Fn(&str, &str) -> bool,
) -> Option<Vec<Option<bool>>> {
    let tested = |row| Some(test(left.text(row)?, right.text(row)?));
    Some((0..rows).map(tested).collect())
}

/// Whether each value is a text or null, as far as the kind of column tells.
fn is_text(column: &Column) -> bool {
    match column {
        Column::Coded(_, Dictionary::Texts(_)) | Column::Constant(Cell::Text(_)) => true,
        Column::Coded(_, Dictionary::Cells(cells)) => cells.iter().all(|cell| matches!(cell, Cell::Text(_))),
        _ => false,
    }
}

fn nodes(column: &Column, rows: usize) -> Cow<'_, [u32]> {
    match column {
        Column::Nodes(nodes) => Cow::Borrowed(nodes),
        other => Cow::Owned((0..rows).map(|row| other.node(row).unwrap_or(NULL)).collect()),
    }
}

fn row_by_row(expression: &Expression, reads: &[Slot], run: &Run<'_, '_>, chunk: &Chunk) -> Result<Column> {
    let Some(context) = run.context else { unreachable!("the compiler keeps such an expression on the first thread") };
    let mut row = run.row.borrow_mut();
    let mut cells = Vec::with_capacity(chunk.rows);
    for place in 0..chunk.rows {
        context.tick()?;
        reads.iter().for_each(|&slot| row.set(slot, chunk.cell(slot, place)));
        cells.push(evaluate(expression, context, &mut row)?);
    }
    Ok(Column::Cells(cells))
}
