//! Which edges have the evidence that a hop asks for.

use std::sync::Arc;

use hopgraph_engine::{DocumentId, DocumentSet, Edge, EdgeFilter, Evidence, RunId, View};

use super::property::shortest;
use super::{Context, Row, evaluate};
use crate::fault::{Result, value};
use crate::planner::plan::EvidencePattern;
use crate::syntax::ast::Span;
use crate::value::Cell;

/// What a hop asks of the evidence, with the values of one row. Evidence from other years, documents or runs does not
/// count, and the confidence is that of the evidence that does.
#[derive(Clone, Debug, Default)]
pub(crate) struct EvidenceFilter {
    min_confidence: Option<f64>,
    min_year: Option<i64>,
    max_year: Option<i64>,
    documents: Option<DocumentSet>,
    runs: Option<Vec<RunId>>,
    /// Whether something was asked to be null, which nothing is.
    nothing: bool,
}

impl EvidenceFilter {
    /// What the pattern asks on this row.
    pub(crate) fn new(pattern: &EvidencePattern, context: &Context<'_>, row: &mut Row) -> Result<Self> {
        let mut filter = Self::default();
        for (key, expression) in pattern.entries() {
            let cell = evaluate(expression, context, row)?;
            filter.ask(context, key, &cell, expression.span)?;
        }
        Ok(filter)
    }

    /// Asks for one more thing.
    pub(crate) fn ask(&mut self, context: &Context<'_>, key: &str, cell: &Cell, span: Span) -> Result<()> {
        if cell.is_null() {
            self.nothing = true;
            return Ok(());
        }
        match key {
            "min_confidence" => self.min_confidence = Some(number(key, cell, span)?),
            "min_year" => self.min_year = Some(whole(key, cell, span)?),
            "max_year" => self.max_year = Some(whole(key, cell, span)?),
            "document" => self.documents = Some(documents(context, cell, span)?),
            _ => self.runs = Some(runs(cell, span)?),
        }
        Ok(())
    }

    /// The same for the engine, which answers for whole graphs at once; `None` if it cannot: it does not know of the
    /// edits of this query, and of no null.
    pub(crate) fn edge_filter(&self, context: &Context<'_>) -> Option<EdgeFilter> {
        if self.nothing || context.is_edited() {
            return None;
        }
        let year = |year: i64| u16::try_from(year.max(0)).unwrap_or(u16::MAX);
        let dated = self.min_year.is_some() || self.max_year.is_some();
        let years = dated.then(|| year(self.min_year.unwrap_or(0))..=year(self.max_year.unwrap_or(i64::MAX)));
        let (documents, runs) = (self.documents.clone(), self.runs.clone());
        Some(EdgeFilter { min_confidence: self.min_confidence, years, documents, runs })
    }

    /// Whether the edge has such evidence.
    pub(crate) fn keeps(&self, context: &Context<'_>, edge: Edge) -> Result<bool> {
        if self.nothing {
            return Ok(false);
        }
        let least = self.min_confidence.unwrap_or(0.0);
        if !self.asks_for_sources() {
            return context.view(|view| Ok(sure(view.confidence(edge)?, least)));
        }
        context.view(|view| {
            let mut counted = Vec::new();
            for piece in view.evidence(edge)? {
                if self.counts(view, &piece)? {
                    counted.push(piece);
                }
            }
            let document_of = |id| Ok(view.sentence(id)?.map_or(DocumentId::new(u32::MAX), |found| found.document));
            Ok(!counted.is_empty() && sure(hopgraph_engine::confidence(&counted, document_of)?, least))
        })
    }

    fn asks_for_sources(&self) -> bool {
        self.min_year.is_some() || self.max_year.is_some() || self.documents.is_some() || self.runs.is_some()
    }

    /// A plain fact stands in no document, and so in no year.
    fn counts(&self, view: &dyn View, piece: &Evidence) -> Result<bool, hopgraph_engine::StorageError> {
        let of_run = |run: &RunId| self.runs.as_ref().is_none_or(|runs| runs.contains(run));
        let dated = self.min_year.is_some() || self.max_year.is_some();
        match piece {
            Evidence::Fact { run } => Ok(of_run(run) && !dated && self.documents.is_none()),
            Evidence::Text { sentence, run, .. } => {
                let Some(sentence) = view.sentence(*sentence)?.filter(|_| of_run(run)) else { return Ok(false) };
                let listed = self.documents.as_ref().is_none_or(|set| set.contains(sentence.document));
                let year = if dated { view.document(sentence.document)?.and_then(|found| found.year) } else { None };
                let after = self.min_year.is_none_or(|least| year.is_some_and(|year| i64::from(year) >= least));
                let before = self.max_year.is_none_or(|most| year.is_some_and(|year| i64::from(year) <= most));
                Ok(listed && after && before)
            }
        }
    }
}

/// Compared as it is shown: models give single precision.
#[allow(clippy::cast_possible_truncation, reason = "models give single precision")]
fn sure(confidence: f64, least: f64) -> bool {
    shortest(confidence as f32) >= least
}

fn unfit<T>(key: &str, wanted: &str, cell: &Cell, span: Span) -> Result<T> {
    Err(value(span, format!("`{key}` must be {wanted}, not {}", cell.kind())))
}

fn number(key: &str, cell: &Cell, span: Span) -> Result<f64> {
    match cell {
        Cell::Integer(integer) => Ok(*integer as f64),
        Cell::Float(float) => Ok(*float),
        other => unfit(key, "a number", other, span),
    }
}

fn whole(key: &str, cell: &Cell, span: Span) -> Result<i64> {
    match cell {
        Cell::Integer(integer) => Ok(*integer),
        other => unfit(key, "a year", other, span),
    }
}

/// The elements of a list; anything else as the only one.
fn several(cell: &Cell) -> &[Cell] {
    match cell {
        Cell::List(cells) => cells,
        other => std::slice::from_ref(other),
    }
}

/// A document that the graph does not have is no evidence for anything.
fn documents(context: &Context<'_>, cell: &Cell, span: Span) -> Result<DocumentSet> {
    let mut found = Vec::new();
    for one in several(cell) {
        let Cell::Text(identifier) = one else {
            return unfit("document", "an identifier such as 'PMID:123', or a list of them", one, span);
        };
        found.extend(context.view(|view| view.document_by_identifier(&Arc::clone(identifier)))?);
    }
    Ok(found.into_iter().collect())
}

fn runs(cell: &Cell, span: Span) -> Result<Vec<RunId>> {
    let run = |one: &Cell| match one {
        Cell::Integer(number) => Ok(u32::try_from(*number).ok().map(RunId::new)),
        other => unfit("run", "the number of a run, or a list of them", other, span),
    };
    let runs: Vec<Option<RunId>> = several(cell).iter().map(run).collect::<Result<_>>()?;
    Ok(runs.into_iter().flatten().collect())
}
