//! RETRACT: documents and runs are taken back, in one change of the graph.

use std::collections::VecDeque;

use hopgraph_engine::Graph;

use crate::executor::compute::{Context, Row as Cells, evaluate};
use crate::fault::{Result, transaction, value};
use crate::planner::plan::{Expression, Retraction};
use crate::syntax::ast::{Retractable, Span};
use crate::value::Cell;
use crate::{Summary, Value};

/// Takes back a run, in one commit of its own or several; gives the one row of the answer. `context` knows the parameters.
pub(crate) fn run(name: &Expression, graph: &Graph, context: &Context<'_>) -> Result<Answer> {
    let cell = evaluate(name, context, &mut Cells::new(0))?;
    let run = context.snapshot().run_named(&run_name(&cell, name.span)?)?;
    Ok(answer(graph.retract_run_within(run, context.budget())?))
}

/// Takes back documents in the change of the context; gives the one row of the answer.
pub(crate) fn run_in(retraction: &Retraction, context: &Context<'_>) -> Result<Answer> {
    let Retraction { what, name } = retraction;
    if *what == Retractable::Run {
        return Err(transaction("RETRACT RUN is a transaction by itself, and cannot be part of another one"));
    }
    let identifiers = identifiers(&evaluate(name, context, &mut Cells::new(0))?, name.span)?;
    context.edit(|change| change.retract_documents(&identifiers)).map(answer)
}

/// The rows, and what was written.
type Answer = (VecDeque<Vec<Value>>, Summary);

fn answer(done: hopgraph_engine::Retraction) -> Answer {
    let counts = [done.documents, done.sentences, done.evidence, done.facts, done.edges, done.nodes];
    let row = counts.map(|count| Value::Integer(count as i64)).to_vec();
    let summary = Summary { nodes_deleted: done.nodes, relationships_deleted: done.edges, ..Summary::default() };
    (VecDeque::from([row]), summary)
}

/// The identifiers of a document, or of a list of documents.
fn identifiers(name: &Cell, span: Span) -> Result<Vec<String>> {
    let names = match name {
        Cell::List(names) => names.to_vec(),
        one => vec![one.clone()],
    };
    let identifier = |name: Cell| match name {
        Cell::Text(name) => Ok(name.to_string()),
        _ => Err(value(span, "RETRACT DOCUMENT needs the identifier of a document, such as 'PMID:12345', or a list")),
    };
    names.into_iter().map(identifier).collect()
}

fn run_name(name: &Cell, span: Span) -> Result<String> {
    match name {
        Cell::Integer(number) => Ok(number.to_string()),
        Cell::Text(name) => Ok(name.to_string()),
        _ => Err(value(span, "RETRACT RUN needs the number of a run, the name of its model or its source")),
    }
}
