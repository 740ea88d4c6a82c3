//! candle's own Llama, run on one sentence at a time, as a second opinion on ours.

use std::fs::File;

use candle_core::quantized::gguf_file::Content;
use candle_core::{Device, Tensor};
use candle_transformers::models::quantized_llama::ModelWeights;

use super::*;

/// The tokens of the answers, from golden-dev.json.
const ANSWERS: [usize; 3] = [1374, 1371, 1372];

#[test]
fn agrees_with_candles_llama_on_the_same_weights() {
    let mut file = File::open(folder().join("starter-llama-15m-q8_0.gguf")).unwrap();
    let content = Content::read(&mut file).unwrap();
    let mut judge = ModelWeights::from_gguf(content, &mut file, &Device::Cpu).unwrap();
    let rows = golden();
    let rows = &rows[..8];
    // Both round activations to 8 bits in their products, so this is the closer comparison.
    let results = classify(&starter(WeightPrecision::Quantized), &masked(rows));
    for result in results {
        let tokens = Tensor::new(result.token_ids.as_slice(), &Device::Cpu).unwrap().unsqueeze(0).unwrap();
        let all: Vec<f32> = judge.forward(&tokens, 0).unwrap().flatten_all().unwrap().to_vec1().unwrap();
        let distance = distance(&result.logits, &ANSWERS.map(|answer| all[answer]));
        assert!(distance < 0.1, "{distance}");
    }
}
