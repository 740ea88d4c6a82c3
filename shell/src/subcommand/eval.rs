//! `hopgraph eval`: how good a model is on labelled sentences, beside what scores without reading.

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};
use hopgraph::evaluation::{
    Evaluation, LabelledError, LabelledSentence, Part, TemperatureFit, by_fold, by_group, evaluate, fit_temperature,
    fit_weights, read,
};
use hopgraph::inference::Classifier;

use crate::model_tasks::EvalArguments;
use crate::render::{self, EvaluationReport};
use crate::terminal;

pub(crate) fn run(arguments: &EvalArguments) -> Result<ExitCode> {
    let (train, test) = rows(arguments)?;
    let model = arguments.model.load()?;
    super::write_model_warnings(&model)?;
    let evaluation = evaluate(&model, &test, train.as_deref())?;
    let fit = arguments.fit_temperature.then(|| fit_temperature(&model, &test)).transpose()?;
    let report = EvaluationReport { evaluation: &evaluation, fit: fit.as_ref() };
    let mut out = std::io::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", report.json()?)?;
    } else {
        report.write(&terminal::layout(), &mut out)?;
    }
    if let Some(path) = &arguments.plot {
        render::reliability_chart(&report).write(path)?;
    }
    if let Some(fit) = fit.filter(|_| arguments.store) {
        store(&arguments.model.model, &fit)?;
    }
    if arguments.fit_weights {
        fit_member_weights(arguments, &model, &test)?;
    }
    Ok(exit_code(&evaluation))
}

/// A leaking split is a failure, whatever the score.
fn exit_code(evaluation: &Evaluation) -> ExitCode {
    let clean = evaluation.leak.is_none_or(|leak| leak.is_clean());
    if clean { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// The training rows, if any are known, and the test rows.
fn rows(arguments: &EvalArguments) -> Result<(Option<Vec<LabelledSentence>>, Vec<LabelledSentence>)> {
    let rows = read_files(&arguments.files)?;
    let split = arguments.fold.is_some() || arguments.test_share.is_some() || arguments.split.is_some();
    let (mut train, test) = match (arguments.fold, arguments.test_share, arguments.split) {
        (Some(fold), ..) => by_fold(rows, fold),
        (None, Some(share), _) => by_group(rows, share, arguments.seed),
        (None, None, Some(split)) => (split.rows(&rows, Part::Train)?, split.rows(&rows, arguments.part)?),
        (None, None, None) => (Vec::new(), rows),
    };
    ensure!(!test.is_empty(), "no row is left to evaluate on; see --fold, --test-share and --split");
    train.extend(read_files(&arguments.train)?);
    Ok(((split || !arguments.train.is_empty()).then_some(train), test))
}

fn read_files<P: AsRef<Path>>(files: &[P]) -> Result<Vec<LabelledSentence>, LabelledError> {
    let mut rows = Vec::new();
    for file in files {
        rows.append(&mut read(file.as_ref())?.rows);
    }
    Ok(rows)
}

/// Tells the best weights of the members, and keeps them if that is asked for.
fn fit_member_weights(arguments: &EvalArguments, model: &dyn Classifier, rows: &[LabelledSentence]) -> Result<()> {
    #[expect(clippy::cast_possible_truncation, reason = "four digits are kept")]
    let weights: Vec<f32> =
        fit_weights(model, rows)?.into_iter().map(|weight| ((weight * 1e4).round() / 1e4) as f32).collect();
    for ((member, _), weight) in model.members().iter().zip(&weights) {
        writeln!(std::io::stderr(), "best weight of {}: {weight}", member.description().name)?;
    }
    if arguments.store {
        hopgraph::inference::store_weights(&arguments.model.model, &weights)?;
        writeln!(std::io::stderr(), "stored the weights in {}", arguments.model.model.join("model.toml").display())?;
    }
    Ok(())
}

fn store(model: &Path, fit: &TemperatureFit) -> Result<()> {
    #[expect(clippy::cast_possible_truncation, reason = "four digits are kept")]
    let temperature = ((fit.temperature * 1e4).round() / 1e4) as f32;
    hopgraph::inference::store_temperature(model, temperature)?;
    let place = model.join("model.toml");
    writeln!(std::io::stderr(), "stored temperature = {temperature} in {}", place.display()).context("standard error")
}
