//! The starter model on the card against the same model in 32 bits, sentence by sentence.

use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use hopgraph_inference::{
    Classification, Classifier, Device, Input, LanguageModel, LoadOptions, ModelFolder, WeightPrecision,
};
use serde_json::Value;

/// Prints how far the answers of the card are from those of `transformers` in 32 bits, and how fast they come end to end.
pub(crate) fn check(card: usize) {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m"));
    let golden: Value = serde_json::from_reader(File::open(folder.join("golden-dev.json")).unwrap()).unwrap();
    let rows = golden["rows"].as_array().unwrap();
    let inputs: Vec<Input> =
        rows.iter().map(|row| Input::Masked(row["sentence"].as_str().unwrap().to_owned())).collect();
    let load = |precision| {
        let options = LoadOptions { device: Device::Cuda(card), precision, ..LoadOptions::default() };
        LanguageModel::load(&ModelFolder::read(&folder).unwrap(), &options).unwrap()
    };
    let classify = |model: &LanguageModel| -> Vec<Classification> {
        model.classify(&inputs).unwrap().into_iter().map(Result::unwrap).collect()
    };
    let exact = classify(&load(WeightPrecision::Float32));
    println!("{:<34} {:>10} {:>16} {:>16}", "starter model, dev rows", "same", "farthest logit", "farthest prob.");
    for (name, precision) in [("bf16", WeightPrecision::Automatic), ("by blocks", WeightPrecision::Quantized)] {
        let model = load(precision);
        let found = classify(&model);
        let same = exact.iter().zip(&found).filter(|(exact, found)| exact.answer == found.answer).count();
        let farthest = |of: fn(&Classification) -> &Vec<f32>| {
            let pairs = exact.iter().zip(&found).flat_map(|(exact, found)| of(exact).iter().zip(of(found)));
            pairs.map(|(exact, found)| (exact - found).abs()).fold(0.0, f32::max)
        };
        println!(
            "{:<34} {:>4} / {} {:>16.4} {:>16.4}",
            format!("{name} against float32 on the card"),
            same,
            inputs.len(),
            farthest(|it| &it.logits),
            farthest(|it| &it.probabilities)
        );
        let (start, rounds) = (Instant::now(), 20);
        (0..rounds).for_each(|_| drop(classify(&model)));
        println!(
            "# {:.0} sentences/s end to end from text",
            (rounds * inputs.len()) as f64 / start.elapsed().as_secs_f64()
        );
    }
}
