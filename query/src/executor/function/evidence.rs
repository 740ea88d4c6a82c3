//! Functions that lead from a relationship or a node to the sentences behind it.

use hopgraph_engine::{Edge, Evidence, RunId, RunKind, SentenceId, StorageError, View};

use super::{Function, unfit};
use crate::executor::compute::{Context, confidence, shortest};
use crate::fault::{Failure, Result};
use crate::value::Cell;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "evidence",
        "relationship, path or list",
        1..=1,
        "Why the relationship is in the graph: a list of maps. One read in a sentence has sentence, document, title, year, start (its first character in the document), probability, probabilities, model, run and started; a plain fact has source, run and started.",
        evidence,
    ),
    Function::new(
        "confidence",
        "relationship",
        1..=1,
        "How sure the graph is of a relationship, from 0 to 1, computed from its evidence; the same as relationship.confidence.",
        confidence_of,
    ),
    Function::new(
        "sentences",
        "node, [other node]",
        1..=2,
        "The sentences that mention a node, or two nodes at once: a list of maps with sentence, document, title, year and start.",
        sentences,
    ),
];

fn evidence(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let mut pieces = Vec::new();
    for edge in edges_of(&arguments[0])? {
        context.tick()?;
        let found = context.view(|view| {
            view.evidence(edge)?.iter().map(|piece| describe(view, piece)).collect::<std::result::Result<Vec<_>, _>>()
        })?;
        pieces.extend(found);
    }
    Ok(Cell::List(pieces.into()))
}

fn edges_of(cell: &Cell) -> Result<Vec<Edge>, Failure> {
    match cell {
        Cell::Relationship(edge) => Ok(vec![*edge]),
        Cell::Path(path) => Ok(path.edges.clone()),
        Cell::List(cells) => Ok(cells.iter().map(edges_of).collect::<Result<Vec<_>, _>>()?.concat()),
        other => unfit("evidence", "a relationship, a path or a list of relationships", other),
    }
}

fn describe(view: &dyn View, evidence: &Evidence) -> std::result::Result<Cell, StorageError> {
    match evidence {
        Evidence::Fact { run } => {
            let found = view.run(*run)?;
            let source = match found.as_ref().map(|run| &run.kind) {
                Some(RunKind::Hand) => Cell::text("by hand"),
                Some(RunKind::Load { source }) => Cell::text(source),
                Some(RunKind::Model { model, .. }) => Cell::text(model),
                _ => Cell::Null,
            };
            let started = found.map_or(Cell::Null, |run| Cell::text(&run.started));
            Ok(Cell::map([("source", source), ("run", run_number(*run)), ("started", started)]))
        }
        Evidence::Text { sentence, run, probability, probabilities } => {
            let mut entries = describe_sentence(view, *sentence)?;
            let found = view.run(*run)?;
            let (model, answers) = match found.as_ref().map(|run| &run.kind) {
                Some(RunKind::Model { model, answers, .. }) => (Cell::text(model), answers.as_slice()),
                _ => (Cell::Null, [].as_slice()),
            };
            let by_answer = probabilities.iter().enumerate().map(|(place, &probability)| {
                let answer = answers.get(place).map_or_else(|| place.to_string(), |(answer, _)| answer.clone());
                (answer, Cell::Float(shortest(probability)))
            });
            entries.push(("probability", Cell::Float(shortest(*probability))));
            entries.push(("probabilities", Cell::map(by_answer)));
            entries.push(("model", model));
            entries.push(("run", run_number(*run)));
            entries.push(("started", found.as_ref().map_or(Cell::Null, |run| Cell::text(&run.started))));
            Ok(Cell::map(entries))
        }
    }
}

fn run_number(run: RunId) -> Cell {
    Cell::count(run.get().into())
}

fn describe_sentence(view: &dyn View, id: SentenceId) -> std::result::Result<Vec<(&'static str, Cell)>, StorageError> {
    let Some(sentence) = view.sentence(id)? else { return Ok(Vec::new()) };
    let mut entries = vec![("sentence", Cell::text(&sentence.text)), ("start", Cell::count(sentence.start.into()))];
    if let Some(document) = view.document(sentence.document)? {
        entries.push(("document", Cell::text(&document.identifier)));
        entries.push(("title", Cell::text(&document.title)));
        entries.push(("year", document.year.map_or(Cell::Null, |year| Cell::count(year.into()))));
    }
    Ok(entries)
}

fn confidence_of(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let Cell::Relationship(edge) = &arguments[0] else { return unfit("confidence", "a relationship", &arguments[0]) };
    Ok(confidence(context, *edge)?)
}

fn sentences(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let mut common: Option<Vec<SentenceId>> = None;
    for argument in arguments {
        let Cell::Node(node) = argument else { return unfit("sentences", "nodes", argument) };
        let mut found = context.snapshot().sentences_mentioning(*node).map_err(crate::QueryError::from)?;
        if let Some(others) = &common {
            found.retain(|sentence| others.binary_search(sentence).is_ok());
        }
        common = Some(found);
    }
    let mut described = Vec::new();
    for sentence in common.unwrap_or_default() {
        context.tick()?;
        described.push(Cell::map(context.view(|view| describe_sentence(view, sentence))?));
    }
    Ok(Cell::List(described.into()))
}
