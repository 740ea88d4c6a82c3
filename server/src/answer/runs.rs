//! Models and loads that made the graph: what each is, what it stated, and how two of them differ.

use hopgraph::engine::{Evidence, RunComparison, RunId, RunKind, View};
use serde::Deserialize;
use serde_json::{Value as Json, json};

use super::{Answer, Failure, Request, describe};

/// How fine the probabilities of a run are counted.
const BINS: usize = 20;
/// Edges looked at between two looks at the budget.
const EDGES_PER_CHECK: usize = 256;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RunsQuestion {}

/// Every run with what identifies it, how many documents it has read, how many edges and pieces of evidence it stands
/// for, and how its probabilities are distributed. Takes time in the number of edges, once for each state of the graph.
pub(crate) fn runs(request: &Request<'_>, _: RunsQuestion) -> Answer {
    request.remember("runs", || {
        let snapshot = request.snapshot()?;
        let budget = request.budget();
        let runs = snapshot.runs()?;
        let mut tallies: std::collections::BTreeMap<RunId, Tally> = Default::default();
        let types: Vec<_> = snapshot.catalog().relation_types().map(|(id, _)| id).collect();
        for relation in types {
            for (index, edge) in snapshot.edges(relation).enumerate() {
                if index % EDGES_PER_CHECK == 0 {
                    budget.check()?;
                }
                let mut counted = Vec::new();
                for piece in snapshot.evidence(edge?)? {
                    let tally = tallies.entry(piece.run()).or_default();
                    tally.pieces += 1;
                    if !counted.contains(&piece.run()) {
                        counted.push(piece.run());
                        tally.edges += 1;
                    }
                    if let Evidence::Text { probability, .. } = piece {
                        tally.note(probability);
                    }
                }
            }
        }
        let mut list = Vec::new();
        for (id, run) in &runs {
            let mut entry = describe::run(*id, run);
            if let RunKind::Model { weights_hash, quantization, prompt, answers, threshold_thousandths, .. } = &run.kind
            {
                entry["model"] = json!({
                    "weights_hash": weights_hash,
                    "quantization": quantization,
                    "prompt": prompt,
                    "threshold": f64::from(*threshold_thousandths) / 1000.0,
                    "answers": answers
                        .iter()
                        .map(|(answer, relation)| json!({ "answer": answer, "relation": relation }))
                        .collect::<Vec<_>>(),
                });
            }
            let tally = tallies.remove(id).unwrap_or_default();
            entry["documents"] = json!(snapshot.documents_of_run(*id)?.len());
            entry["edges"] = json!(tally.edges);
            entry["evidence"] = json!(tally.pieces);
            entry["probabilities"] = json!(tally.bins);
            list.push(entry);
        }
        Ok(json!({ "runs": list }))
    })
}

#[derive(Default)]
struct Tally {
    edges: u64,
    pieces: u64,
    /// How many pieces have a probability in each twentieth of 0..=1.
    bins: [u64; BINS],
}

impl Tally {
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a probability times twenty is small")]
    fn note(&mut self, probability: f32) {
        let bin = (probability.clamp(0.0, 1.0) * BINS as f32) as usize;
        self.bins[bin.min(BINS - 1)] += 1;
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct DiffQuestion {
    before: String,
    after: String,
    /// Least difference of confidence that counts as a change.
    #[serde(default)]
    min_change: f64,
    #[serde(default = "two_hundred")]
    limit: usize,
}

fn two_hundred() -> usize {
    200
}

/// Two runs held against each other: counts over all edges, and the first of those that differ.
pub(crate) fn diff(request: &Request<'_>, question: DiffQuestion) -> Answer {
    let snapshot = request.snapshot()?;
    let budget = request.budget();
    let runs = [snapshot.run_named(&question.before)?, snapshot.run_named(&question.after)?];
    let (mut gained, mut lost, mut changed, mut same) = (0_u64, 0_u64, 0_u64, 0_u64);
    let mut list = Vec::new();
    for found in snapshot.compare_runs(runs) {
        budget.check()?;
        let found = found?;
        let change = match (found.before, found.after) {
            (None, _) => {
                gained += 1;
                "gained"
            }
            (_, None) => {
                lost += 1;
                "lost"
            }
            (Some(before), Some(after)) if (after - before).abs() >= question.min_change.max(f64::MIN_POSITIVE) => {
                changed += 1;
                "changed"
            }
            _ => {
                same += 1;
                continue;
            }
        };
        if list.len() < question.limit {
            list.push(difference(&snapshot, change, &found)?);
        }
    }
    Ok(json!({ "gained": gained, "lost": lost, "changed": changed, "same": same, "differences": list }))
}

fn difference(view: &dyn View, change: &str, found: &RunComparison) -> Result<Json, Failure> {
    let kind = view.catalog().relation_type(found.edge.relation);
    Ok(json!({
        "change": change,
        "source": describe::node(view, found.edge.source)?,
        "type": kind.map_or("", |kind| &kind.name),
        "target": describe::node(view, found.edge.target)?,
        "before": found.before,
        "after": found.after,
    }))
}
