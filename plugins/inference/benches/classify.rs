//! Sentences classified a second: ours with each way to keep the weights, and candle's own Llama, one at a time.
//!
//! Reads the development sentences of the starter model. Prints CSV: what ran, threads, sentences, and of the best of
//! several rounds the seconds, the sentences a second, and (on Linux) the seconds that processors spent, which other work
//! on the machine changes least. The rounds take turns, so that all see the same neighbours.
//!
//!     cargo bench -p hopgraph-inference --profile release [-- PART_OF_A_NAME]

#![allow(clippy::print_stdout, reason = "what a bench finds is printed")]
#![allow(clippy::unwrap_used, reason = "a bench stops at the first problem")]

use std::fs::File;
use std::path::PathBuf;
use std::time::Instant;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;
use hopgraph_inference::{Classifier, Input, LanguageModel, LoadOptions, ModelFolder, WeightPrecision};
use serde_json::Value;

/// How often each contender runs.
const ROUNDS: usize = 5;

/// candle's Llama is slow enough to see with fewer sentences.
const ONE_AT_A_TIME: usize = 60;

/// Something to be timed: its name, how many sentences it classifies, and the work.
type Contender<'a> = (&'a str, usize, Box<dyn FnMut() + 'a>);

fn main() {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m"));
    let inputs = sentences(&folder);
    let load = |precision| {
        LanguageModel::load(&ModelFolder::read(&folder).unwrap(), &LoadOptions { precision, ..LoadOptions::default() })
            .unwrap()
    };
    let (float32, quantized) = (load(WeightPrecision::Float32), load(WeightPrecision::Quantized));
    let token_ids: Vec<Vec<u32>> =
        float32.classify(&inputs).unwrap().into_iter().map(|result| result.unwrap().token_ids).collect();
    let mut candle = candle_model(&folder);
    let mut contenders: Vec<Contender<'_>> = vec![
        ("loading, weights as f32", 1, Box::new(|| drop(load(WeightPrecision::Float32)))),
        ("weights as f32, one call", inputs.len(), Box::new(|| drop(float32.classify(&inputs).unwrap()))),
        ("weights as f32, 64 a call", inputs.len(), Box::new(|| in_calls(&float32, &inputs, 64))),
        ("weights as f32, 1 a call", inputs.len(), Box::new(|| in_calls(&float32, &inputs, 1))),
        ("weights as Q8_0, one call", inputs.len(), Box::new(|| drop(quantized.classify(&inputs).unwrap()))),
        ("weights as Q8_0, 1 a call", inputs.len(), Box::new(|| in_calls(&quantized, &inputs, 1))),
        ("candle-transformers, 1 a call", ONE_AT_A_TIME, Box::new(|| one_at_a_time(&mut candle, &token_ids))),
    ];
    // cargo adds `--bench`.
    let wanted = std::env::args().skip(1).find(|argument| !argument.starts_with("--")).unwrap_or_default();
    contenders.retain(|(name, _, _)| name.contains(&wanted));
    let best = take_turns(&mut contenders);
    println!("what,threads,sentences,seconds,sentences_a_second,processor_seconds");
    for ((name, count, _), (seconds, processor)) in contenders.iter().zip(best) {
        let threads = rayon::current_num_threads();
        println!("\"{name}\",{threads},{count},{seconds:.3},{:.1},{processor:.3}", *count as f64 / seconds);
    }
}

/// The least seconds, and the least processor seconds, that each contender took.
fn take_turns(contenders: &mut [Contender<'_>]) -> Vec<(f64, f64)> {
    let mut best = vec![(f64::INFINITY, f64::INFINITY); contenders.len()];
    for _ in 0..ROUNDS {
        for ((_, _, work), best) in contenders.iter_mut().zip(&mut best) {
            let (start, processor_start) = (Instant::now(), processor_seconds());
            work();
            let (seconds, processor) = (start.elapsed().as_secs_f64(), processor_seconds() - processor_start);
            *best = (best.0.min(seconds), best.1.min(processor));
        }
    }
    best
}

/// What the threads of this process have run so far; not a number where the system does not tell.
fn processor_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let nanoseconds = |thread: std::fs::DirEntry| -> Option<f64> {
        let text = std::fs::read_to_string(thread.path().join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    threads.flatten().filter_map(nanoseconds).sum::<f64>() / 1e9
}

fn sentences(folder: &std::path::Path) -> Vec<Input> {
    let golden: Value = serde_json::from_reader(File::open(folder.join("golden-dev.json")).unwrap()).unwrap();
    let rows = golden["rows"].as_array().unwrap();
    rows.iter().map(|row| Input::Masked(row["sentence"].as_str().unwrap().to_owned())).collect()
}

fn in_calls(model: &LanguageModel, inputs: &[Input], size: usize) {
    for call in inputs.chunks(size) {
        drop(model.classify(call).unwrap());
    }
}

fn candle_model(folder: &std::path::Path) -> ModelWeights {
    let mut file = File::open(folder.join("starter-llama-15m-q8_0.gguf")).unwrap();
    let content = Content::read(&mut file).unwrap();
    ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap()
}

fn one_at_a_time(model: &mut ModelWeights, token_ids: &[Vec<u32>]) {
    for tokens in token_ids.iter().take(ONE_AT_A_TIME) {
        let tokens = Tensor::new(tokens.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        drop(model.forward(&tokens, 0).unwrap());
    }
}
