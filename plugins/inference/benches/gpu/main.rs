//! The whole check of a graphics card in one table: how fast models of full size run, and how the starter model answers.
//!
//! Models of full size have random weights of the right shape and are written to a folder first: speed does not depend on
//! what the weights are. A rate is given beside the rate of a dense bfloat16 product measured in the same run, as if each
//! sentence took two operations for each parameter of the layers and each token of its own.
//!
//!     cargo bench -p hopgraph-inference --features cuda --bench gpu --profile release [-- PART_OF_A_NAME...]
//!
//! `HOPGRAPH_GPU_MODELS` names the folder for the models, some 20 GB (else the system's for temporary files);
//! `HOPGRAPH_GPU_TOKENS` lists sizes of batches to be tried, such as 4096,8192,16384; `HOPGRAPH_GPU_CARD` the card, else 0.

#![allow(clippy::print_stdout, reason = "what a bench finds is printed")]
#![allow(clippy::unwrap_used, reason = "a bench stops at the first problem")]

mod forge;
mod starter;
mod text;

use std::path::Path;
use std::time::{Duration, Instant};

use hopgraph_inference::{Device, LanguageModel, LoadOptions, ModelFolder, WeightPrecision, product_rate};

use forge::{SHAPES, Shape};

/// How long each model is kept at work before and while it is timed.
const WARM: Duration = Duration::from_millis(500);
const TIMED: Duration = Duration::from_millis(2500);

fn main() {
    // cargo adds `--bench`.
    let wanted: Vec<String> = std::env::args().skip(1).filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |name: &str| wanted.is_empty() || wanted.iter().any(|part| name.contains(part.as_str()));
    let card: usize = std::env::var("HOPGRAPH_GPU_CARD").map_or(0, |card| card.parse().unwrap());
    let temporary = tempfile::tempdir().unwrap();
    let folder = std::env::var_os("HOPGRAPH_GPU_MODELS").map_or_else(|| temporary.path().to_owned(), Into::into);
    let rate = product_rate(card).unwrap();
    println!("dense bfloat16 product, 8192 x 11008 x 4096: {:.0} TFLOP/s", rate / 1e12);
    if wanted("starter") {
        starter::check(card);
    }
    println!(
        "{:<22} {:<8} {:>7} {:>12} {:>9} {:>7} {:>12} {:>10} {:>9}",
        "model", "weights", "tokens", "sentences/s", "TFLOP/s", "share", "weights GiB", "load s", "busy"
    );
    for shape in SHAPES.iter().filter(|shape| wanted(shape.name)) {
        let start = Instant::now();
        let model = forge::write(shape, &folder);
        println!("# {} written in {:.1} s", shape.name, start.elapsed().as_secs_f64());
        if shape.by_blocks {
            text::scale(&model);
        }
        for precision in [WeightPrecision::Automatic, WeightPrecision::Quantized] {
            if precision == WeightPrecision::Quantized && !shape.by_blocks {
                continue;
            }
            for tokens in batch_sizes() {
                time(shape, &model, card, precision, tokens, rate);
            }
        }
        std::fs::remove_dir_all(&model).unwrap();
    }
}

/// The sizes of batches to be tried; the library's own choice if nobody asks.
fn batch_sizes() -> Vec<Option<usize>> {
    match std::env::var("HOPGRAPH_GPU_TOKENS") {
        Ok(sizes) => sizes.split(',').map(|size| Some(size.parse().unwrap())).collect(),
        Err(_) => vec![None],
    }
}

/// Loads a model, times it, and prints its line of the table.
fn time(shape: &Shape, folder: &Path, card: usize, precision: WeightPrecision, tokens: Option<usize>, rate: f64) {
    let options = LoadOptions { device: Device::Cuda(card), precision, batch_tokens: tokens };
    let start = Instant::now();
    let model = LanguageModel::load(&ModelFolder::read(folder).unwrap(), &options).unwrap();
    let loading = start.elapsed();
    assert_eq!(model.shared_tokens().len(), shape.shared, "{}: tokens that all share", shape.name);
    let sequences = forge::sequences(shape);
    run(&model, &sequences, WARM);
    let before = model.device_use().unwrap();
    let (count, seconds) = run(&model, &sequences, TIMED);
    let after = model.device_use().unwrap();
    let (busy, idle) = ((after.busy - before.busy).as_secs_f64(), (after.idle - before.idle).as_secs_f64());
    let each = count as f64 / seconds;
    let operations = each * 2.0 * shape.parameters() as f64 * shape.own as f64;
    let name = if precision == WeightPrecision::Quantized { "blocks" } else { "bf16" };
    let tokens = tokens.map_or("own".to_owned(), |tokens| tokens.to_string());
    // A narrow model is through with a few sentences before it is seen how they flow.
    text::compare(&model, shape.shared, if shape.width < 1024 { 96 } else { 6 });
    println!(
        "{:<22} {:<8} {:>7} {:>12.0} {:>9.0} {:>6.1}% {:>12.2} {:>10.1} {:>8.1}%",
        shape.name,
        name,
        tokens,
        each,
        operations / 1e12,
        100.0 * operations / rate,
        after.weight_bytes as f64 / f64::from(1 << 30),
        loading.as_secs_f64(),
        100.0 * busy / (busy + idle),
    );
}

/// Classifies until the time is over; gives sentences and seconds.
fn run(model: &LanguageModel, sequences: &[Vec<u32>], least: Duration) -> (usize, f64) {
    let (start, mut count) = (Instant::now(), 0);
    while start.elapsed() < least {
        let logits = model.logits(sequences).unwrap();
        assert!(logits.iter().flatten().all(|logit| logit.is_finite()));
        count += logits.len();
    }
    (count, start.elapsed().as_secs_f64())
}
