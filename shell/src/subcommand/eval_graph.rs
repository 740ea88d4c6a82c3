//! `hopgraph eval --graph`: how much of what curators found in documents is read into a graph.

use std::io::{Write, stderr, stdout};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Result, bail, ensure};
use hopgraph::IngestOptions;
use hopgraph::literature::{
    Corpus, Document, LabelPair, RejectKind, RelationScores, Score, Tagger, evaluate_relations,
};
use serde_json::{Value, json};

use crate::model_tasks::EvalArguments;
use crate::quantity::counted;

pub(crate) fn run(arguments: &EvalArguments) -> Result<ExitCode> {
    let documents = documents(arguments)?;
    let relations: usize = documents.iter().map(|document| document.relations.len()).sum();
    ensure!(relations > 0, "none of the documents states a relation to compare with");
    let model = arguments.model.load()?;
    super::write_model_warnings(&model)?;
    let tagger: Arc<dyn Tagger> = Arc::new(super::tag::tagger(&arguments.tagging)?);
    let least = IngestOptions::default().batch_pairs;
    let options =
        IngestOptions { batch_pairs: least.max(arguments.model.device.inputs_at_once()), ..IngestOptions::default() };
    let evaluation = evaluate_relations(&documents, &tagger, &model, &options)?;
    let mut out = stdout().lock();
    let ways = [("mentions given", &evaluation.given), ("from the text alone", &evaluation.from_text)];
    if arguments.json {
        let ways: serde_json::Map<String, Value> =
            ways.iter().map(|(way, scores)| (way.replace(' ', "_"), to_json(scores))).collect();
        writeln!(out, "{}", Value::Object(ways))?;
        return Ok(ExitCode::SUCCESS);
    }
    writeln!(out, "{}, {}", counted(documents.len() as u64, "document"), counted(relations as u64, "relation"))?;
    for (way, scores) in ways {
        write_scores(way, scores, &mut out)?;
    }
    Ok(ExitCode::SUCCESS)
}

fn documents(arguments: &EvalArguments) -> Result<Vec<Document>> {
    let (mut documents, mut rejects) = (Vec::new(), 0);
    for item in Corpus::open(&arguments.files, None)? {
        match item {
            Ok(document) => documents.push(document),
            Err(reject) if reject.kind == RejectKind::File => bail!("{}: {}", reject.location, reject.reason),
            Err(_) => rejects += 1,
        }
    }
    if rejects > 0 {
        writeln!(stderr(), "warning: {} could not be read", counted(rejects, "item"))?;
    }
    Ok(documents)
}

/// All label pairs of a table together.
fn total<'a>(scores: impl IntoIterator<Item = &'a Score>) -> Score {
    scores.into_iter().fold(Score::default(), |all, score| Score {
        right: all.right + score.right,
        found: all.found + score.found,
        annotated: all.annotated + score.annotated,
    })
}

fn named(labels: &LabelPair) -> String {
    labels.join("-")
}

fn write_scores(way: &str, scores: &RelationScores, out: &mut dyn Write) -> Result<()> {
    writeln!(out, "\n{way}")?;
    writeln!(out, "  {:<30} {:>6} {:>6} {:>9} {:>6} {:>6}", "", "gold", "found", "precision", "recall", "F1")?;
    for (labels, score) in &scores.pairs {
        write_score(&named(labels), *score, out)?;
    }
    write_score("all", total(scores.pairs.values()), out)?;
    write_score("all, with the kind of relation", total(scores.typed.values()), out)?;
    write_score("all pairs in a sentence", total(scores.in_a_sentence.values()), out)?;
    write_score("all pairs in a document", total(scores.in_a_document.values()), out)?;
    writeln!(out, "  {:<30} {:>9} {:>9} {:>9} {:>9}", "lost", "no name", "wrong id", "not asked", "denied")?;
    for (labels, lost) in &scores.lost {
        let (name, id, asked, denied) = (lost.not_found, lost.linked_wrongly, lost.not_offered, lost.denied);
        writeln!(out, "  {:<30} {name:>9} {id:>9} {asked:>9} {denied:>9}", named(labels))?;
    }
    Ok(())
}

fn write_score(name: &str, score: Score, out: &mut dyn Write) -> Result<()> {
    let Score { found, annotated, .. } = score;
    let (precision, recall, f1) = (score.precision(), score.recall(), score.f1());
    writeln!(out, "  {name:<30} {annotated:>6} {found:>6} {precision:>9.3} {recall:>6.3} {f1:>6.3}")?;
    Ok(())
}

fn to_json(scores: &RelationScores) -> Value {
    let score = |score: &Score| {
        json!({
            "gold": score.annotated, "found": score.found, "right": score.right,
            "precision": score.precision(), "recall": score.recall(), "f1": score.f1()
        })
    };
    let table = |table: &std::collections::BTreeMap<LabelPair, Score>| {
        let mut rows: serde_json::Map<String, Value> =
            table.iter().map(|(labels, found)| (named(labels), score(found))).collect();
        rows.insert("all".to_owned(), score(&total(table.values())));
        Value::Object(rows)
    };
    let lost: serde_json::Map<String, Value> = scores
        .lost
        .iter()
        .map(|(labels, lost)| {
            let lost = json!({
                "not_found": lost.not_found, "linked_wrongly": lost.linked_wrongly,
                "not_offered": lost.not_offered, "denied": lost.denied
            });
            (named(labels), lost)
        })
        .collect();
    json!({
        "documents": scores.documents, "pairs": table(&scores.pairs), "typed": table(&scores.typed),
        "in_a_sentence": table(&scores.in_a_sentence), "in_a_document": table(&scores.in_a_document), "lost": lost
    })
}
