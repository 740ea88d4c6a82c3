//! RETRACT: documents and runs are taken back, in one change of the graph.

use std::collections::VecDeque;

use hopgraph_engine::Graph;

use crate::executor::compute::{Context, Row as Cells, evaluate};
use crate::fault::{Result, value};
use crate::planner::plan::Retraction;
use crate::syntax::ast::{Retractable, Span};
use crate::value::Cell;
use crate::{Row, Summary, Value};

impl Retraction {
    /// Takes it back; gives the one row of the answer. `context` knows the parameters.
    pub(crate) fn run(&self, graph: &Graph, context: &Context<'_>) -> Result<(VecDeque<Row>, Summary)> {
        let name = evaluate(&self.name, context, &mut Cells::new(0))?;
        let span = self.name.span;
        let done = match self.what {
            Retractable::Document => documents(graph, &name, span)?,
            Retractable::Run => {
                let name = run_name(&name, span)?;
                graph.retract_run(context.snapshot().run_named(&name)?)?
            }
        };
        let counts = [done.documents, done.sentences, done.evidence, done.facts, done.edges, done.nodes];
        let row = counts.map(|count| Value::Integer(count as i64)).to_vec();
        let summary = Summary { nodes_deleted: done.nodes, relationships_deleted: done.edges, ..Summary::default() };
        Ok((VecDeque::from([row]), summary))
    }
}

/// Takes back a document, or the documents of a list: all of them or, if one of them is unknown, none.
fn documents(graph: &Graph, name: &Cell, span: Span) -> Result<hopgraph_engine::Retraction> {
    let names = match name {
        Cell::List(names) => names.to_vec(),
        one => vec![one.clone()],
    };
    let identifier = |name: Cell| match name {
        Cell::Text(name) => Ok(name.to_string()),
        _ => Err(value(span, "RETRACT DOCUMENT needs the identifier of a document, such as 'PMID:12345', or a list")),
    };
    let identifiers = names.into_iter().map(identifier).collect::<Result<Vec<String>>>()?;
    let mut change = graph.change()?;
    let done = change.retract_documents(&identifiers)?;
    change.commit()?;
    Ok(done)
}

fn run_name(name: &Cell, span: Span) -> Result<String> {
    match name {
        Cell::Integer(number) => Ok(number.to_string()),
        Cell::Text(name) => Ok(name.to_string()),
        _ => Err(value(span, "RETRACT RUN needs the number of a run, the name of its model or its source")),
    }
}
