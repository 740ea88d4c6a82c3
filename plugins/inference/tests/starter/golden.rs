//! All 478 development sentences: tokens, logits and answers.

use super::*;

struct Agreement {
    farthest: f32,
    same_answer: usize,
}

fn agreement(model: &dyn Classifier) -> Agreement {
    let rows = golden();
    let results = classify(model, &masked(&rows));
    for (row, result) in rows.iter().zip(&results) {
        assert_eq!(result.token_ids, row.ids, "{}", row.sentence);
    }
    let pairs = || rows.iter().zip(&results);
    let agreement = Agreement {
        farthest: pairs().map(|(row, result)| distance(&result.logits, &row.logits())).fold(0.0, f32::max),
        same_answer: pairs().filter(|(row, result)| row.answer() == result.answer).count(),
    };
    println!("farthest logit {:.4}, same answer {} of {}", agreement.farthest, agreement.same_answer, rows.len());
    agreement
}

#[test]
fn q8_0_expanded_to_float32() {
    let agreement = agreement(&starter(WeightPrecision::Float32));
    assert!(agreement.farthest < 0.15, "{}", agreement.farthest);
    assert!(agreement.same_answer >= 476, "{}", agreement.same_answer);
}

#[test]
fn q8_0_multiplied_as_blocks() {
    // Activations are rounded too, which costs an answer or two more than the rounding of the weights alone.
    let agreement = agreement(&starter(WeightPrecision::Quantized));
    assert!(agreement.farthest < 0.15, "{}", agreement.farthest);
    assert!(agreement.same_answer >= 473, "{}", agreement.same_answer);
}

#[test]
#[ignore = "wants starter-llama-15m-f16.gguf (29 MB, not in the repository) in the folder HOPGRAPH_TEST_DATA"]
fn f16() {
    let weights = PathBuf::from(std::env::var("HOPGRAPH_TEST_DATA").unwrap()).join("starter-llama-15m-f16.gguf");
    let settings = std::fs::read_to_string(folder().join("model.toml")).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let settings = settings.replace("starter-llama-15m-q8_0.gguf", weights.to_str().unwrap());
    std::fs::write(copy.path().join("model.toml"), settings).unwrap();
    let model = hopgraph_inference::load(copy.path()).unwrap();
    assert_eq!(model.description().quantization, "F16");
    let agreement = agreement(&model);
    assert!(agreement.farthest < 0.01, "{}", agreement.farthest);
    assert_eq!(agreement.same_answer, 478);
}

#[test]
fn tokenizer_json_gives_the_same_tokens_as_the_weights() {
    let settings = std::fs::read_to_string(folder().join("model.toml")).unwrap();
    let copy = tempfile::tempdir().unwrap();
    let absolute = |name: &str| folder().join(name).to_str().unwrap().to_owned();
    let settings = settings
        .replace("\"starter-llama-15m-q8_0.gguf\"", &format!("'{}'", absolute("starter-llama-15m-q8_0.gguf")))
        .replace("# tokenizer = \"tokenizer.json\"", &format!("tokenizer = '{}'", absolute("tokenizer.json")));
    assert!(settings.contains("\ntokenizer = "));
    std::fs::write(copy.path().join("model.toml"), settings).unwrap();
    agreement(&hopgraph_inference::load(copy.path()).unwrap());
}

#[test]
fn the_description_identifies_the_model() {
    let model = starter(WeightPrecision::Automatic);
    let description = model.description();
    assert_eq!(description.name, "starter-llama-15m");
    assert_eq!(description.quantization, "Q8_0");
    assert_eq!(description.weights_hash, "373c9a176e0a04be32ce3cfb26afc8cd0044e20f462e091c1c0386cb9a688908");
    assert_eq!(description.labels, ["gene", "disease"]);
    assert!(description.prompt.contains("\n{sentence}\n"));
    let answers: Vec<_> = description.answers.iter().map(|answer| answer.text.as_str()).collect();
    assert_eq!(answers, ["True", "Denied", "False"]);
    let relations: Vec<_> = description.answers.iter().map(|answer| answer.relation.as_ref()).collect();
    assert!(relations[0].is_some_and(|relation| relation.name == "associated" && !relation.denied));
    assert!(relations[1].is_some_and(|relation| relation.name == "not_associated" && relation.denied));
    assert!(relations[2].is_none());
}

#[test]
fn quantizations_can_be_written_and_read() {
    // All of them take a minute and a half.
    let all = std::env::var_os("HOPGRAPH_ALL_QUANTIZATIONS").is_some();
    // Of 60 sentences, how many at least must have the same answer as in f32: more bits, more of them.
    let least = [
        ("f16", 59),
        ("q8_0", 59),
        ("q6_k", 58),
        ("q5_k_m", 57),
        ("q5_k", 57),
        ("q5_1", 57),
        ("q5_0", 57),
        ("q4_k_m", 55),
        ("q4_k", 55),
        ("q4_1", 55),
        ("q4_0", 54),
        ("q3_k", 50),
        ("q2_k", 40),
    ];
    let settings = std::fs::read_to_string(folder().join("model.toml")).unwrap();
    let rows = &golden()[..60];
    for (name, least) in least.into_iter().filter(|&(name, _)| all || name == "q4_k_m") {
        let copy = tempfile::tempdir().unwrap();
        let weights = copy.path().join("model.gguf");
        let input = folder().join("starter-llama-15m-q8_0.gguf");
        hopgraph_inference::quantize(&input, &weights, name.parse().unwrap()).unwrap();
        std::fs::write(copy.path().join("model.toml"), settings.replace("starter-llama-15m-q8_0.gguf", "model.gguf"))
            .unwrap();
        let folder = ModelFolder::read(copy.path()).unwrap();
        for precision in [WeightPrecision::Float32, WeightPrecision::Quantized] {
            let options = LoadOptions { precision, ..LoadOptions::default() };
            let results = classify(&LanguageModel::load(&folder, &options).unwrap(), &masked(rows));
            let same = rows.iter().zip(&results).filter(|(row, result)| row.answer() == result.answer).count();
            println!("{name} {precision:?}: same answer {same} of 60");
            assert!(same >= least, "{name} {precision:?}: {same}");
        }
    }
}
