//! The map of options of a procedure: each key is known, each value of the right kind.

use std::collections::BTreeMap;
use std::sync::Arc;

use hopgraph_engine::Direction;

use super::find;
use crate::QueryError;
use crate::executor::compute::{Context, EvidenceFilter};
use crate::fault::{Result, value};
use crate::planner::plan::{EvidencePattern, ProcedureDescription};
use crate::syntax::ast::Span;
use crate::syntax::suggest::nearest;
use crate::value::Cell;

/// Options by key, with what an error about them needs.
pub(super) struct Options<'o> {
    map: Option<&'o Arc<BTreeMap<String, Cell>>>,
    procedure: &'static ProcedureDescription,
    span: Span,
}

impl<'o> Options<'o> {
    /// The options of the procedure with this name, every key of which it takes.
    pub(super) fn read(name: &str, options: &'o Cell, span: Span) -> Result<Self> {
        let procedure = &find(name).expect("a procedure is called by its name in the table").description;
        let map = match options {
            Cell::Null => None,
            Cell::Map(map) => Some(map),
            other => return Err(value(span, format!("{name} takes a map of options, not {}", other.kind()))),
        };
        let options = Self { map, procedure, span };
        for key in map.iter().flat_map(|map| map.keys()) {
            options.check_key(key)?;
        }
        Ok(options)
    }

    fn check_key(&self, key: &str) -> Result<()> {
        if self.procedure.has_option(key) {
            return Ok(());
        }
        let message = format!("{} has no option `{key}`", self.name());
        Err(QueryError { help: Some(self.procedure.option_help(key)), ..value(self.span, message) })
    }

    fn name(&self) -> &'static str {
        self.procedure.name
    }

    fn get(&self, key: &str) -> Option<&'o Cell> {
        self.map.and_then(|map| map.get(key)).filter(|cell| !cell.is_null())
    }

    /// The error that the value of a key is no such thing.
    pub(super) fn unfit<T>(&self, key: &str, wanted: &str) -> Result<T> {
        let found = match self.get(key) {
            Some(cell @ (Cell::Integer(_) | Cell::Float(_) | Cell::Boolean(_) | Cell::Text(_))) => written(cell),
            Some(other) => other.kind().to_owned(),
            None => "null".to_owned(),
        };
        let message = format!("the option `{key}` of {} must be {wanted}, not {found}", self.name());
        Err(value(self.span, message))
    }

    /// A text, or a list of texts; none if the key is not there.
    pub(super) fn texts(&self, key: &str) -> Result<Option<Vec<Arc<str>>>> {
        let wanted = "a text or a list of texts";
        match self.get(key) {
            None => Ok(None),
            Some(Cell::Text(text)) => Ok(Some(vec![Arc::clone(text)])),
            Some(Cell::List(cells)) => {
                let text = |cell: &Cell| if let Cell::Text(text) = cell { Some(Arc::clone(text)) } else { None };
                match cells.iter().map(text).collect() {
                    Some(texts) => Ok(Some(texts)),
                    None => self.unfit(key, wanted),
                }
            }
            Some(_) => self.unfit(key, wanted),
        }
    }

    /// A number within bounds, both included.
    pub(super) fn number(&self, key: &str, bounds: [f64; 2], default: f64) -> Result<f64> {
        let number = match self.get(key) {
            None => return Ok(default),
            Some(Cell::Integer(integer)) => Some(*integer as f64),
            Some(Cell::Float(float)) => Some(*float),
            Some(_) => None,
        };
        match number.filter(|number| (bounds[0]..=bounds[1]).contains(number)) {
            Some(number) => Ok(number),
            None if bounds[1].is_finite() => self.unfit(key, &format!("a number from {} to {}", bounds[0], bounds[1])),
            None => self.unfit(key, &format!("a number of {} or more", bounds[0])),
        }
    }

    /// What is asked of the evidence for each edge.
    pub(super) fn evidence(&self, context: &Context<'_>) -> Result<EvidenceFilter> {
        let mut filter = EvidenceFilter::default();
        for key in EvidencePattern::KEYS {
            if let Some(cell) = self.get(key) {
                filter.ask(context, key, cell, self.span)?;
            }
        }
        Ok(filter)
    }

    /// A whole number of at least so much.
    pub(super) fn whole(&self, key: &str, least: u64, default: u64) -> Result<u64> {
        let number = match self.get(key) {
            None => return Ok(default),
            Some(Cell::Integer(integer)) => u64::try_from(*integer).ok().filter(|&number| number >= least),
            Some(_) => None,
        };
        number.map_or_else(|| self.unfit(key, &format!("a whole number of {least} or more")), Ok)
    }

    /// Which way steps go: either way unless it is said.
    pub(super) fn direction(&self) -> Result<Direction> {
        let Some(texts) = self.texts("direction")? else { return Ok(Direction::Both) };
        let named = |text: &Arc<str>| match text.to_lowercase().as_str() {
            "out" => Some(Direction::Out),
            "in" => Some(Direction::In),
            "both" => Some(Direction::Both),
            _ => None,
        };
        match &texts[..] {
            [text] => named(text).map_or_else(|| self.unfit("direction", "'out', 'in' or 'both'"), Ok),
            _ => self.unfit("direction", "'out', 'in' or 'both'"),
        }
    }

    /// The error that the graph has no such name, with the nearest one that it has.
    pub(super) fn unknown(&self, kind: &str, name: &str, known: &[String]) -> QueryError {
        let help = nearest(name, known.iter().map(String::as_str)).map(|near| format!("did you mean {near}?"));
        QueryError { help, ..value(self.span, format!("the graph has no {kind} `{name}`")) }
    }
}

fn written(cell: &Cell) -> String {
    match cell {
        Cell::Text(text) => format!("'{text}'"),
        Cell::Integer(integer) => integer.to_string(),
        Cell::Float(float) => format!("{float:?}"),
        Cell::Boolean(truth) => truth.to_string(),
        other => other.kind().to_owned(),
    }
}
