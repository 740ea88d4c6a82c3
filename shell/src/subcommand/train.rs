//! `hopgraph train`: teaches a model from labelled sentences.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::training::{Evaluated, Options, Progress, Recipe, Summary, train};

use crate::interrupt::{self, Second};
use crate::model_tasks::TrainArguments;
use crate::progress::{Meter, Position};
use crate::render::EvaluationReport;
use crate::terminal;

pub(crate) fn run(arguments: &TrainArguments) -> Result<ExitCode> {
    let recipe = Recipe::read(&arguments.recipe, &arguments.set)?;
    let out = arguments.out.clone().unwrap_or_else(|| default_out(&arguments.recipe));
    let stop = interrupt::flag(Second::Exits);
    let mut meter = Meter::new("sentences");
    let mut progress = |now: &Progress| meter.show(&position(now));
    let options = Options { out: &out, resume: arguments.resume, stop: &stop, progress: &mut progress };
    let summary = train(&recipe, options)?;
    meter.finish();
    let mut text = std::io::stdout().lock();
    if summary.interrupted {
        writeln!(std::io::stderr(), "stopped; the same command with --resume goes on in {}", out.display())?;
        return Ok(ExitCode::from(interrupt::EXIT_CODE));
    }
    write_summary(&summary, &mut text)?;
    Ok(ExitCode::SUCCESS)
}

/// Beside the recipe, under its name: `gad.toml` trains into `gad.trained`.
fn default_out(recipe: &std::path::Path) -> PathBuf {
    recipe.with_extension("trained")
}

fn position(now: &Progress) -> Position {
    let scores = |what: &str, evaluated: Option<Evaluated>| {
        evaluated
            .map_or_else(String::new, |evaluated| format!(", {what} F1 {:.3} MCC {:.3}", evaluated.f1, evaluated.mcc))
    };
    let seed = if now.seeds > 1 { format!("seed {}, ", now.seed) } else { String::new() };
    let note =
        format!("{seed}step {}, cost {:.4}{}{}", now.step, now.cost, scores("dev", now.dev), scores("best", now.best));
    Position {
        done: now.finished_seeds as u64 * now.steps + now.step,
        total: Some(now.seeds as u64 * now.steps),
        units: now.sentences,
        note,
    }
}

fn write_summary(summary: &Summary, out: &mut dyn Write) -> Result<()> {
    for seed in &summary.seeds {
        let (best, last) = (&seed.best, &seed.last);
        writeln!(
            out,
            "seed {}: best after {} steps, dev F1 {:.3}, MCC {:.3}; last after {}, F1 {:.3}, MCC {:.3}",
            seed.seed, best.step, best.f1, best.mcc, last.step, last.f1, last.mcc
        )?;
    }
    if summary.seeds.len() > 1 {
        let (f1, mcc) = (summary.dev_f1(), summary.dev_mcc());
        writeln!(
            out,
            "dev, {} seeds: F1 {:.3} ± {:.3}, MCC {:.3} ± {:.3}",
            summary.seeds.len(),
            f1.0,
            f1.1,
            mcc.0,
            mcc.1
        )?;
    }
    if let Some([f1, mcc]) = summary.test() {
        writeln!(out, "test: F1 {:.3} ± {:.3}, MCC {:.3} ± {:.3}", f1.0, f1.1, mcc.0, mcc.1)?;
    }
    for warning in &summary.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    if let (Some(model), Some(dev)) = (&summary.model, &summary.dev) {
        let temperature = summary.temperature.unwrap_or(1.0);
        writeln!(out, "\n{} (temperature {temperature}), loaded again, on the development rows:", model.display())?;
        EvaluationReport { evaluation: dev, fit: None }.write(&terminal::layout(), out)?;
    }
    Ok(())
}
