//! Corrections: what is wrong is taken out, what is missing is put in. Each can be tried first, which changes nothing and
//! says what would follow.

use hopgraph::engine::{Edge, Evidence, NodeId, Polarity, RelationType, Retraction, RunId, SentenceId, View};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::filter::EdgeName;
use super::{Answer, Failure, Request, describe};

/// Edges looked at between two looks at the budget.
const EDGES_PER_CHECK: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RetractQuestion {
    /// Identifiers of documents.
    #[serde(default)]
    documents: Vec<String>,
    /// A run by its number, model or source.
    run: Option<String>,
    /// One reading: what a run read of an edge in a sentence.
    reading: Option<ReadingName>,
    /// Says what would follow, and changes nothing.
    #[serde(default)]
    r#try: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ReadingName {
    edge: EdgeName,
    sentence: u32,
    run: u32,
}

/// Takes out documents, a run, or one reading.
pub(crate) fn retract(request: &Request<'_>, question: RetractQuestion) -> Answer {
    let graph = request.service.graph();
    let chosen = usize::from(!question.documents.is_empty())
        + usize::from(question.run.is_some())
        + usize::from(question.reading.is_some());
    if chosen != 1 {
        return Err(Failure::question("name `documents`, a `run` or a `reading`, one of the three"));
    }
    let done = if let Some(name) = &question.run {
        let run = request.snapshot()?.run_named(name)?;
        if question.r#try {
            what_a_run_holds(request, run)?
        } else {
            graph.engine().retract_run_within(run, &request.budget())?
        }
    } else {
        let mut change = request.change()?;
        let done = if let Some(ReadingName { edge, sentence, run }) = &question.reading {
            let edge = edge.find(&request.snapshot()?)?;
            change.retract_reading(edge, SentenceId::new(*sentence), RunId::new(*run))?
        } else {
            change.retract_documents(&question.documents)?
        };
        if !question.r#try {
            change.commit()?;
        }
        done
    };
    Ok(finished(request, question.r#try, retraction(&done)))
}

/// What would go with a run, but for nodes that nothing else would hold. Takes time in the number of edges.
fn what_a_run_holds(request: &Request<'_>, run: RunId) -> Result<Retraction, Failure> {
    let snapshot = request.snapshot()?;
    let budget = request.budget();
    let mut done = Retraction::default();
    let types: Vec<_> = snapshot.catalog().relation_types().map(|(id, _)| id).collect();
    for relation in types {
        for (index, edge) in snapshot.edges(relation).enumerate() {
            if index % EDGES_PER_CHECK == 0 {
                budget.check()?;
            }
            let evidence = snapshot.evidence(edge?)?;
            let own = evidence.iter().filter(|piece| piece.run() == run).count();
            done.edges += u64::from(own > 0 && own == evidence.len());
            let facts = evidence.iter().filter(|piece| piece.run() == run && !matches!(piece, Evidence::Text { .. }));
            let facts = facts.count() as u64;
            done.facts += facts;
            done.evidence += own as u64 - facts;
        }
    }
    let others: Vec<_> = snapshot.runs()?.into_iter().filter(|(other, _)| *other != run).collect();
    let others = others.iter().map(|(other, _)| snapshot.documents_of_run(*other)).collect::<Result<Vec<_>, _>>()?;
    for document in snapshot.documents_of_run(run)?.iter() {
        if !others.iter().any(|read| read.contains(document)) {
            done.documents += 1;
            done.sentences += snapshot.document(document)?.map_or(0, |found| u64::from(found.sentence_count));
        }
    }
    Ok(done)
}

fn retraction(done: &Retraction) -> Json {
    json!({
        "documents": done.documents,
        "sentences": done.sentences,
        "evidence": done.evidence,
        "facts": done.facts,
        "edges": done.edges,
        "nodes": done.nodes,
    })
}

/// Notes that the graph has changed, unless this was only tried.
fn finished(request: &Request<'_>, tried: bool, done: Json) -> Json {
    if !tried {
        request.service.note_change();
    }
    json!({ "tried": tried, "done": done })
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AddFactQuestion {
    source: u32,
    r#type: String,
    target: u32,
    /// For a type that is new.
    #[serde(default)]
    denied: bool,
    #[serde(default)]
    symmetric: bool,
    #[serde(default)]
    r#try: bool,
}

/// States a relation under the run "by hand".
pub(crate) fn add_fact(request: &Request<'_>, question: AddFactQuestion) -> Answer {
    let mut change = request.change()?;
    let known = change.catalog().relation_type_id(&question.r#type);
    let relation = match known {
        Some(relation) => relation,
        None => change.relation_type(&RelationType {
            name: question.r#type.clone(),
            polarity: if question.denied { Polarity::Denied } else { Polarity::Asserted },
            symmetric: question.symmetric,
        })?,
    };
    let edge = Edge { relation, source: NodeId::new(question.source), target: NodeId::new(question.target) };
    let is_new = !change.has_edge(edge)?;
    let hand = change.hand()?;
    let added = change.add_fact(edge, hand)?;
    let done = json!({ "edges": u32::from(is_new), "facts": u32::from(added), "types": u32::from(known.is_none()) });
    if !question.r#try {
        change.commit()?;
    }
    Ok(finished(request, question.r#try, done))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DeleteRelationQuestion {
    edge: EdgeName,
    #[serde(default)]
    r#try: bool,
}

/// Takes out an edge with all its evidence; the sentences stay.
pub(crate) fn delete_relation(request: &Request<'_>, question: DeleteRelationQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let edge = question.edge.find(&snapshot)?;
    let evidence = snapshot.evidence(edge)?;
    let mut change = request.change()?;
    let gone = change.delete_edge(edge)?;
    if !question.r#try {
        change.commit()?;
    }
    Ok(finished(request, question.r#try, json!({ "edges": u32::from(gone), "evidence": evidence.len() })))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct MergeNodesQuestion {
    /// The node that stays.
    kept: u32,
    /// The node that goes.
    other: u32,
    #[serde(default)]
    r#try: bool,
}

/// Makes one node of two.
pub(crate) fn merge_nodes(request: &Request<'_>, question: MergeNodesQuestion) -> Answer {
    if question.kept == question.other {
        return Err(Failure::question("these are one node already"));
    }
    let snapshot = request.snapshot()?;
    let kept = describe::existing(&snapshot, question.kept)?;
    let other = describe::existing(&snapshot, question.other)?;
    let mut change = request.change()?;
    let done = change.merge_nodes(kept, other)?;
    if !question.r#try {
        change.commit()?;
    }
    let done = json!({
        "nodes": 1,
        "edges_moved": done.edges_moved,
        "edges": done.edges_dropped,
        "sentences_moved": done.sentences,
    });
    Ok(finished(request, question.r#try, done))
}
