//! The starter model against the outputs of `transformers`, and what every classifier promises.

#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]
#![allow(clippy::print_stdout, reason = "how near the logits come is worth seeing when a test fails")]

mod golden;
mod promises;
mod second_judge;

use std::path::PathBuf;

use hopgraph_inference::{Classification, Classifier, Input, LanguageModel, LoadOptions, ModelFolder, WeightPrecision};
use serde::Deserialize;

/// `golden-dev.json`: for each sentence what `transformers` computed in f32 on the f16-rounded weights.
#[derive(Deserialize)]
struct Golden {
    rows: Vec<Row>,
}

#[derive(Deserialize)]
struct Row {
    sentence: String,
    ids: Vec<u32>,
    logits: Logits,
}

#[derive(Deserialize)]
struct Logits {
    #[serde(rename = "True")]
    asserted: f32,
    #[serde(rename = "Denied")]
    denied: f32,
    #[serde(rename = "False")]
    absent: f32,
}

impl Row {
    /// In the order of the answers in model.toml.
    fn logits(&self) -> [f32; 3] {
        [self.logits.asserted, self.logits.denied, self.logits.absent]
    }

    fn answer(&self) -> usize {
        let logits = self.logits();
        (0..3).max_by(|&a, &b| logits[a].total_cmp(&logits[b])).unwrap()
    }
}

fn folder() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m"))
}

fn golden() -> Vec<Row> {
    let text = std::fs::read_to_string(folder().join("golden-dev.json")).unwrap();
    let rows = serde_json::from_str::<Golden>(&text).unwrap().rows;
    assert_eq!(rows.len(), 478);
    rows
}

fn starter(precision: WeightPrecision) -> LanguageModel {
    let model = LanguageModel::load(
        &ModelFolder::read(&folder()).unwrap(),
        &LoadOptions { precision, ..LoadOptions::default() },
    )
    .unwrap();
    assert!(model.warnings().is_empty(), "{:?}", model.warnings());
    model
}

fn masked(rows: &[Row]) -> Vec<Input> {
    rows.iter().map(|row| Input::Masked(row.sentence.clone())).collect()
}

fn classify(model: &dyn Classifier, inputs: &[Input]) -> Vec<Classification> {
    model.classify(inputs).unwrap().into_iter().map(Result::unwrap).collect()
}

/// The greatest difference between two lists of logits.
fn distance(found: &[f32], expected: &[f32]) -> f32 {
    assert_eq!(found.len(), expected.len());
    found.iter().zip(expected).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max)
}
