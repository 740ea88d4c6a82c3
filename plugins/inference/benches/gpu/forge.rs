//! Model folders of full size with random weights.

use std::borrow::Cow;
use std::collections::HashMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use candle_core::Device;
use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QStorage, QTensor};
use rayon::prelude::*;
use safetensors::Dtype;
use safetensors::tensor::TensorView;

/// A model's measures, and what it is asked.
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) architecture: &'static str,
    pub(crate) format: GgmlDType,
    pub(crate) width: usize,
    pub(crate) layers: usize,
    pub(crate) inner_width: usize,
    pub(crate) heads: usize,
    pub(crate) key_value_heads: usize,
    pub(crate) head_width: usize,
    pub(crate) vocabulary: usize,
    /// Tokens that all sentences share, and those of each.
    pub(crate) shared: usize,
    pub(crate) own: usize,
    /// Whether it is timed with its weights left as blocks, too.
    pub(crate) by_blocks: bool,
}

impl Shape {
    /// The parameters of all layers.
    pub(crate) fn parameters(&self) -> usize {
        let (queries, keys) = (self.heads * self.head_width, self.key_value_heads * self.head_width);
        let feed_forward = if self.architecture == "bert" { 2 } else { 3 };
        self.layers * self.width * (2 * queries + 2 * keys + feed_forward * self.inner_width)
    }
}

const LLAMA_2_7B: Shape = Shape {
    name: "Llama-2-7b Q4_0",
    architecture: "llama",
    format: GgmlDType::Q4_0,
    width: 4096,
    layers: 32,
    inner_width: 11008,
    heads: 32,
    key_value_heads: 32,
    head_width: 128,
    vocabulary: 32_000,
    shared: 47,
    own: 54,
    by_blocks: true,
};

const GEMMA_2B: Shape = Shape {
    name: "Gemma-2b Q4_K_M",
    architecture: "gemma",
    format: GgmlDType::Q4K,
    width: 2048,
    layers: 18,
    inner_width: 16_384,
    heads: 8,
    key_value_heads: 1,
    head_width: 256,
    vocabulary: 256_000,
    by_blocks: false,
    ..LLAMA_2_7B
};

pub(crate) const SHAPES: [Shape; 5] = [
    LLAMA_2_7B,
    Shape { name: "Llama-2-7b Q4_K_M", format: GgmlDType::Q4K, ..LLAMA_2_7B },
    GEMMA_2B,
    Shape {
        name: "Gemma-7b Q4_K_M",
        width: 3072,
        layers: 28,
        inner_width: 24_576,
        heads: 16,
        key_value_heads: 16,
        ..GEMMA_2B
    },
    Shape {
        name: "BERT-base F32",
        architecture: "bert",
        format: GgmlDType::F32,
        width: 768,
        layers: 12,
        inner_width: 3072,
        heads: 12,
        key_value_heads: 12,
        head_width: 64,
        vocabulary: 30_522,
        shared: 0,
        own: 44,
        by_blocks: false,
    },
];

/// Token sequences of the shape's own length: enough for several batches.
pub(crate) fn sequences(shape: &Shape) -> Vec<Vec<u32>> {
    let mut state = 1;
    let count = 6 * 16_384 / shape.own;
    let tokens = u64::try_from(shape.vocabulary.min(8000)).unwrap() - 10;
    let token = |state: &mut u64| u32::try_from(10 + random(state) % tokens).unwrap();
    (0..count).map(|_| (0..shape.own).map(|_| token(&mut state)).collect()).collect()
}

/// Writes a model folder and gives its place.
pub(crate) fn write(shape: &Shape, folder: &Path) -> PathBuf {
    let folder = folder.join(shape.name.replace(' ', "-"));
    std::fs::create_dir_all(&folder).unwrap();
    if shape.architecture == "bert" {
        write_bert(shape, &folder)
    } else {
        write_gguf(shape, &folder)
    }
    folder
}

fn write_gguf(shape: &Shape, folder: &Path) {
    // The starter model's tokenizer: its words are known, and it has fewer tokens than any of these models.
    let starter = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../data/models/starter-llama-15m"));
    std::fs::copy(starter.join("tokenizer.json"), folder.join("tokenizer.json")).unwrap();
    let tensors = tensors(shape);
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let metadata = metadata(shape);
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let mut file = BufWriter::with_capacity(1 << 24, File::create(folder.join("model.gguf")).unwrap());
    gguf_file::write(&mut file, &metadata, &tensors).unwrap();
    file.flush().unwrap();
    let prompt = format!("### Instruction:\n{}\n### Sentence:\n{{sentence}}\n### Response:\n", QUESTION);
    write_settings(folder, "model.gguf", "tokenizer = \"tokenizer.json\"", &prompt, ["True", "Denied", "False"]);
}

/// Makes the tokens before the sentence 47 in the starter model's tokenizer.
const QUESTION: &str = "Is @GENE$ related to @DISEASE$ in this sentence? Answer True, Denied or False. Read it with great care before you answer.";

fn write_settings<const N: usize>(folder: &Path, weights: &str, more: &str, prompt: &str, answers: [&str; N]) {
    let answers: String = answers.map(|answer| format!("\n[[answers]]\ntext = \"{answer}\"\n")).concat();
    let text = format!(
        "name = \"random weights\"\nweights = \"{weights}\"\n{more}\nprompt = \"\"\"\n{prompt}\"\"\"\n\n[masks]\ngene = \
         \"@GENE$\"\ndisease = \"@DISEASE$\"\n{answers}"
    );
    std::fs::write(folder.join("model.toml"), text).unwrap();
}

fn metadata(shape: &Shape) -> Vec<(String, Value)> {
    let count = |number: usize| Value::U32(u32::try_from(number).unwrap());
    let own = [
        ("embedding_length", count(shape.width)),
        ("block_count", count(shape.layers)),
        ("feed_forward_length", count(shape.inner_width)),
        ("attention.head_count", count(shape.heads)),
        ("attention.head_count_kv", count(shape.key_value_heads)),
        ("attention.key_length", count(shape.head_width)),
        ("attention.value_length", count(shape.head_width)),
        ("context_length", count(4096)),
        ("rope.dimension_count", count(shape.head_width)),
        ("attention.layer_norm_rms_epsilon", Value::F32(1e-5)),
    ];
    let own = own.into_iter().map(|(key, value)| (format!("{}.{key}", shape.architecture), value));
    let architecture = Value::String(shape.architecture.to_owned());
    let beginning = ("tokenizer.ggml.bos_token_id".to_owned(), Value::U32(1));
    own.chain([("general.architecture".to_owned(), architecture), beginning]).collect()
}

/// As llama.cpp's mixes: Q4_K_M keeps some matrices, and what is looked up, as Q6_K.
fn tensors(shape: &Shape) -> Vec<(String, QTensor)> {
    let Shape { width, inner_width, vocabulary, .. } = *shape;
    let (queries, keys) = (shape.heads * shape.head_width, shape.key_value_heads * shape.head_width);
    let mixed = shape.format == GgmlDType::Q4K;
    let finer = if mixed { GgmlDType::Q6K } else { shape.format };
    let mut wanted = vec![
        ("token_embd.weight".to_owned(), vec![vocabulary, width], if mixed { GgmlDType::Q4K } else { shape.format }),
        ("output_norm.weight".to_owned(), vec![width], GgmlDType::F32),
    ];
    if shape.architecture == "llama" {
        wanted.push(("output.weight".to_owned(), vec![vocabulary, width], GgmlDType::Q6K));
    }
    for layer in 0..shape.layers {
        let other = if layer % 2 == 0 { finer } else { shape.format };
        for (part, dimensions, format) in [
            ("attn_norm", vec![width], GgmlDType::F32),
            ("attn_q", vec![queries, width], shape.format),
            ("attn_k", vec![keys, width], shape.format),
            ("attn_v", vec![keys, width], other),
            ("attn_output", vec![width, queries], shape.format),
            ("ffn_norm", vec![width], GgmlDType::F32),
            ("ffn_gate", vec![inner_width, width], shape.format),
            ("ffn_up", vec![inner_width, width], shape.format),
            ("ffn_down", vec![width, inner_width], other),
        ] {
            wanted.push((format!("blk.{layer}.{part}.weight"), dimensions, format));
        }
    }
    wanted
        .into_par_iter()
        .enumerate()
        .map(|(seed, (name, shape, format))| (name, tensor(seed, &shape, format)))
        .collect()
}

fn tensor(seed: usize, shape: &[usize], format: GgmlDType) -> QTensor {
    let count: usize = shape.iter().product();
    let mut bytes = vec![0; count / format.block_size() * format.type_size()];
    let mut state = seed as u64 + 1;
    if format == GgmlDType::F32 {
        bytes.as_chunks_mut::<4>().0.iter_mut().for_each(|number| *number = 1.0f32.to_le_bytes());
    } else {
        bytes.as_chunks_mut::<8>().0.iter_mut().for_each(|eight| *eight = random(&mut state).to_le_bytes());
        // The scales of a block are 16-bit numbers, and random bytes would make some of them infinite.
        let scales: &[(usize, f32)] = match format {
            GgmlDType::Q4_0 => &[(0, 0.004)],
            GgmlDType::Q4K => &[(0, 6e-5), (2, 4e-4)],
            GgmlDType::Q6K => &[(208, 1.2e-5)],
            other => panic!("no scales are known for {other:?}"),
        };
        for block in bytes.chunks_exact_mut(format.type_size()) {
            for &(place, scale) in scales {
                block[place..place + 2].copy_from_slice(&half::f16::from_f32(scale).to_le_bytes());
            }
        }
    }
    QTensor::new(QStorage::from_data(Cow::Owned(bytes), &Device::Cpu, format).unwrap(), shape).unwrap()
}

/// Xorshift (Marsaglia, 2003).
fn random(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

fn write_bert(shape: &Shape, folder: &Path) {
    let Shape { width, inner_width, vocabulary, .. } = *shape;
    let words =
        ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "@GENE$", "@DISEASE$", "gene", "disease"].map(str::to_owned);
    let words: Vec<String> =
        words.into_iter().chain((0..vocabulary - 9).map(|number| format!("word{number}"))).collect();
    std::fs::write(folder.join("vocab.txt"), words.join("\n")).unwrap();
    let config = serde_json::json!({
        "model_type": "bert", "vocab_size": vocabulary, "hidden_size": width, "num_hidden_layers": shape.layers,
        "num_attention_heads": shape.heads, "intermediate_size": inner_width, "max_position_embeddings": 512,
        "type_vocab_size": 2, "hidden_act": "gelu", "layer_norm_eps": 1e-12, "id2label": {"0": "no", "1": "yes"},
        "label2id": {"no": 0, "yes": 1},
    });
    std::fs::write(folder.join("config.json"), config.to_string()).unwrap();
    let mut wanted = vec![
        ("bert.embeddings.word_embeddings.weight".to_owned(), vec![vocabulary, width]),
        ("bert.embeddings.position_embeddings.weight".to_owned(), vec![512, width]),
        ("bert.embeddings.token_type_embeddings.weight".to_owned(), vec![2, width]),
    ];
    let mut affine = |name: String, outputs: usize, inputs: Option<usize>| {
        wanted.push((format!("{name}.weight"), [Some(outputs), inputs].into_iter().flatten().collect()));
        wanted.push((format!("{name}.bias"), vec![outputs]));
    };
    affine("bert.embeddings.LayerNorm".to_owned(), width, None);
    affine("bert.pooler.dense".to_owned(), width, Some(width));
    affine("classifier".to_owned(), 2, Some(width));
    for layer in 0..shape.layers {
        let mut part =
            |name: &str, outputs, inputs| affine(format!("bert.encoder.layer.{layer}.{name}"), outputs, inputs);
        for name in ["attention.self.query", "attention.self.key", "attention.self.value", "attention.output.dense"] {
            part(name, width, Some(width));
        }
        part("attention.output.LayerNorm", width, None);
        part("intermediate.dense", inner_width, Some(width));
        part("output.dense", width, Some(inner_width));
        part("output.LayerNorm", width, None);
    }
    let tensors: HashMap<String, (Vec<usize>, Vec<u8>)> = wanted
        .into_par_iter()
        .enumerate()
        .map(|(seed, (name, shape))| {
            let bytes = floats(seed, shape.iter().product(), if name.contains("LayerNorm.weight") { 1.0 } else { 0.0 });
            (name, (shape, bytes))
        })
        .collect();
    let views = tensors
        .iter()
        .map(|(name, (shape, bytes))| (name.as_str(), TensorView::new(Dtype::F32, shape.clone(), bytes).unwrap()));
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors")).unwrap();
    write_settings(folder, "model.safetensors", "", "{sentence}", ["no", "yes"]);
}

/// Numbers evenly spread around a mean.
fn floats(seed: usize, count: usize, mean: f32) -> Vec<u8> {
    let mut state = seed as u64 + 1;
    let number = |state: &mut u64| mean + ((random(state) >> 40) as f32 / (1u64 << 24) as f32 - 0.5) * 0.07;
    (0..count).flat_map(|_| number(&mut state).to_le_bytes()).collect()
}
