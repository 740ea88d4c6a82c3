//! Sentences as text: what reading them costs beside the bare forward pass, and what several cards gain.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::time::Instant;

use hopgraph_inference::{Classifier, Device, Devices, Input, LanguageModel, load_on};
use serde_json::Value;

/// The development sentences of the starter model, 478, so many times over.
fn inputs(times: usize) -> Vec<Input> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m"));
    let golden: Value = serde_json::from_reader(File::open(folder.join("golden-dev.json")).unwrap()).unwrap();
    let rows = golden["rows"].as_array().unwrap();
    let sentences = rows.iter().map(|row| row["sentence"].as_str().unwrap().to_owned());
    let sentences: Vec<Input> = sentences.map(Input::Masked).collect();
    sentences.iter().cycle().take(times * sentences.len()).cloned().collect()
}

/// Prints how fast real sentences, so many times over, are classified from text, and how fast the same tokens alone.
pub(crate) fn compare(model: &LanguageModel, shared: usize, times: usize) {
    let inputs = inputs(times);
    let start = Instant::now();
    let found = model.classify(&inputs).unwrap();
    let from_text = start.elapsed().as_secs_f64();
    let tokens: Vec<Vec<u32>> = found.into_iter().map(|found| found.unwrap().token_ids[shared..].to_vec()).collect();
    let start = Instant::now();
    drop(model.logits(&tokens).unwrap());
    let bare = start.elapsed().as_secs_f64();
    let (count, length) = (inputs.len() as f64, tokens.iter().map(Vec::len).sum::<usize>() as f64);
    println!(
        "# {:.0} real sentences/s from text, {:.0} from their tokens ({:.1} each): {:.1}% of it",
        count / from_text,
        count / bare,
        length / count,
        100.0 * bare / from_text
    );
}

/// Prints what each number of cards of this machine makes of real sentences, if there are several.
pub(crate) fn scale(folder: &Path) {
    let cards = Devices::AllCards.each().unwrap();
    let numbers = |cards: &[Device]| -> Vec<usize> {
        let number = |card: &Device| if let Device::Cuda(number) = card { Some(*number) } else { None };
        cards.iter().filter_map(number).collect()
    };
    let mut alone = 0.0;
    for count in [1, 2, 4, 8].into_iter().filter(|&count| cards.len() > 1 && count <= cards.len()) {
        let model = load_on(folder, &Devices::Cards(numbers(&cards[..count]))).unwrap();
        let inputs = inputs(48);
        drop(model.classify(&inputs[..4096 * count.min(2)]).unwrap());
        let start = Instant::now();
        drop(model.classify(&inputs).unwrap());
        let rate = inputs.len() as f64 / start.elapsed().as_secs_f64();
        alone = if count == 1 { rate } else { alone };
        println!("# {count} cards: {rate:.0} real sentences/s from text, {:.2} times one", rate / alone);
    }
}
