//! `hopgraph model`: what a model folder holds, and quantizing.

use std::io::Write;
use std::process::ExitCode;

use anyhow::Result;
use hopgraph::evaluation::read;
use hopgraph::inference::{Inspection, ModelReport, WeightsReport, coverage, inspect, quantize};

use crate::model_tasks::{InspectArguments, ModelTask, QuantizeArguments};
use crate::quantity::{bytes, grouped};
use crate::render::plain_table;
use crate::terminal;

pub(crate) fn run(task: &ModelTask) -> Result<ExitCode> {
    match task {
        ModelTask::Inspect(arguments) => run_inspect(arguments),
        ModelTask::Quantize(arguments) => run_quantize(arguments),
    }
}

fn run_quantize(arguments: &QuantizeArguments) -> Result<ExitCode> {
    let summary = quantize(&arguments.input, &arguments.output, arguments.quantization)?;
    let formats: Vec<String> = summary.formats.iter().map(|(format, tensors)| format!("{tensors} {format}")).collect();
    let (before, after) = (bytes(summary.bytes_before), bytes(summary.bytes_after));
    let mut out = std::io::stdout().lock();
    writeln!(out, "wrote {}: {}; {before} of tensors became {after}", arguments.output.display(), formats.join(", "))?;
    for warning in &summary.warnings {
        writeln!(std::io::stderr(), "warning: {warning}")?;
    }
    Ok(ExitCode::SUCCESS)
}

fn run_inspect(arguments: &InspectArguments) -> Result<ExitCode> {
    let inspection = inspect(&arguments.model);
    let mut rows = rows(&inspection);
    if !arguments.data.is_empty() && inspection.problems.is_empty() {
        rows.push(vec!["words known".to_owned(), words_known(arguments)?]);
    }
    let mut out = std::io::stdout().lock();
    if !rows.is_empty() {
        plain_table(&["what", "found"], &rows, &[], &terminal::layout(), &mut out)?;
    }
    for problem in &inspection.problems {
        writeln!(out, "\nproblem: {problem}")?;
    }
    Ok(if inspection.problems.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `58.3 % of 4,210 different words, 81.0 % of 12,345, 1.42 tokens a word`
fn words_known(arguments: &InspectArguments) -> Result<String> {
    let mut rows = Vec::new();
    for file in &arguments.data {
        rows.append(&mut read(file)?.rows);
    }
    // Masks are no words of the data.
    let sentences = rows.iter().map(|row| row.source.as_deref().unwrap_or(&row.masked));
    let found = coverage(&arguments.model, sentences)?;
    let share = |part: u64, whole: u64| 100.0 * part as f64 / whole.max(1) as f64;
    Ok(format!(
        "{:.1} % of {} different words, {:.1} % of {} as often as they occur; {:.2} tokens a word",
        share(found.known, found.words),
        grouped(found.words),
        share(found.known_occurrences, found.occurrences),
        grouped(found.occurrences),
        found.tokens as f64 / found.occurrences.max(1) as f64
    ))
}

fn rows(inspection: &Inspection) -> Vec<Vec<String>> {
    let mut rows: Vec<(&str, String)> = Vec::new();
    rows.extend(inspection.name.iter().map(|name| ("name", name.clone())));
    if let Some(weights) = &inspection.weights {
        rows.extend(weights_rows(weights));
    }
    if let Some(model) = &inspection.model {
        rows.extend(model_rows(model));
    }
    if let Some(tokenizer) = &inspection.tokenizer {
        let beginning = tokenizer.beginning.map_or("none".to_owned(), |token| token.to_string());
        let size = grouped(tokenizer.size as u64);
        rows.push(("tokenizer", format!("{}, {size} tokens, begins each text with {beginning}", tokenizer.kind)));
    }
    if let Some(prompt) = &inspection.prompt {
        let (shared, around) = (prompt.shared, prompt.around);
        rows.push(("prompt", format!("{shared} tokens computed once, {around} beside each sentence")));
    }
    rows.into_iter().map(|(what, found)| vec![what.to_owned(), found]).collect()
}

fn weights_rows(weights: &WeightsReport) -> Vec<(&'static str, String)> {
    let formats =
        weights.formats.iter().map(|(format, tensors, size)| format!("{tensors} {format} ({})", bytes(*size)));
    let formats = formats.collect::<Vec<_>>().join(", ");
    let mut rows =
        vec![("weights", format!("{}, {}", weights.path.display(), weights.container)), ("tensors", formats)];
    rows.extend(weights.adapter.iter().map(|adapter| ("adapter", adapter.display().to_string())));
    rows
}

fn model_rows(model: &ModelReport) -> Vec<(&'static str, String)> {
    let memory = &model.memory;
    let mut rows = vec![
        ("architecture", model.architecture.to_owned()),
        ("parameters", grouped(model.parameters)),
        ("layers", format!("{} of width {}, inner width {}", model.layers, model.width, model.inner_width)),
        ("heads", format!("{} of {}, {} of keys and values", model.heads, model.head_width, model.key_value_heads)),
        ("vocabulary", grouped(model.vocabulary as u64)),
        ("reads at most", format!("{} tokens", grouped(model.context as u64))),
    ];
    if !model.classes.is_empty() {
        rows.push(("classes", model.classes.join(", ")));
    }
    rows.push((
        "memory, processor",
        format!("{} as f32, {} quantized", bytes(memory.processor_float32), bytes(memory.processor_quantized)),
    ));
    rows.push((
        "memory, graphics card",
        format!("{} whole as bf16, {} layer by layer", bytes(memory.card_whole), bytes(memory.card_by_layer)),
    ));
    rows
}
