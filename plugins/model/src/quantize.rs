//! Writes a decoder as a quantized GGUF file, which this program and llama.cpp read.

use std::collections::BTreeMap;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use candle_core::quantized::gguf_file::{self, Value};
use candle_core::quantized::{GgmlDType, QTensor};
use candle_core::{Device, Tensor};

use crate::ModelError;
use crate::architecture::{Architecture, Checkpoint, Decoder, Family, RotaryOrder, reorder};
use crate::tokenizer::{Piece, Vocabulary};
use crate::weights::{Container, compute, format_name};

/// How weights are to be quantized, by llama.cpp's names.
///
/// Vectors stay 32 bits. Where a row does not divide into blocks of 256, Q2_K and Q3_K fall back to Q4_0, Q4_K to Q5_0,
/// Q5_K to Q5_1 and Q6_K to Q8_0, whose blocks are 32; where it does not divide into these either, the matrix becomes
/// F16. The head, or the embedding that serves as one, is Q6_K at least, since every answer hangs on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantization {
    /// One format for all matrices.
    Pure(PureFormat),
    /// Q4_K, with Q6_K for the values and the second half of the feed-forward part in half of the layers.
    Q4KM,
    /// Q5_K, with Q6_K in the same places.
    Q5KM,
}

/// The formats of whole matrices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are llama.cpp's and say it all: bits, and K where blocks have inner scales")]
pub enum PureFormat {
    F16,
    Q8_0,
    Q5_1,
    Q5_0,
    Q4_1,
    Q4_0,
    Q6K,
    Q5K,
    Q4K,
    Q3K,
    Q2K,
}

/// What [`quantize`] wrote.
#[derive(Clone, Debug)]
pub struct QuantizeSummary {
    /// Each number format with how many tensors have it.
    pub formats: BTreeMap<String, usize>,
    /// Bytes of all tensors before.
    pub bytes_before: u64,
    /// Bytes of all tensors after.
    pub bytes_after: u64,
    /// What the user should know, such as a vocabulary that could not be carried over.
    pub warnings: Vec<String>,
}

const NAMES: [(&str, Quantization); 13] = [
    ("f16", Quantization::Pure(PureFormat::F16)),
    ("q8_0", Quantization::Pure(PureFormat::Q8_0)),
    ("q6_k", Quantization::Pure(PureFormat::Q6K)),
    ("q5_k_m", Quantization::Q5KM),
    ("q5_k", Quantization::Pure(PureFormat::Q5K)),
    ("q5_1", Quantization::Pure(PureFormat::Q5_1)),
    ("q5_0", Quantization::Pure(PureFormat::Q5_0)),
    ("q4_k_m", Quantization::Q4KM),
    ("q4_k", Quantization::Pure(PureFormat::Q4K)),
    ("q4_1", Quantization::Pure(PureFormat::Q4_1)),
    ("q4_0", Quantization::Pure(PureFormat::Q4_0)),
    ("q3_k", Quantization::Pure(PureFormat::Q3K)),
    ("q2_k", Quantization::Pure(PureFormat::Q2K)),
];

impl FromStr for Quantization {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
        known
            .map(|&(_, quantization)| quantization)
            .ok_or_else(|| format!("expected one of {}", NAMES.map(|(name, _)| name).join(", ")))
    }
}

impl PureFormat {
    fn format(self) -> GgmlDType {
        match self {
            Self::F16 => GgmlDType::F16,
            Self::Q8_0 => GgmlDType::Q8_0,
            Self::Q5_1 => GgmlDType::Q5_1,
            Self::Q5_0 => GgmlDType::Q5_0,
            Self::Q4_1 => GgmlDType::Q4_1,
            Self::Q4_0 => GgmlDType::Q4_0,
            Self::Q6K => GgmlDType::Q6K,
            Self::Q5K => GgmlDType::Q5K,
            Self::Q4K => GgmlDType::Q4K,
            Self::Q3K => GgmlDType::Q3K,
            Self::Q2K => GgmlDType::Q2K,
        }
    }
}

impl Quantization {
    /// The format of a tensor.
    fn of(self, name: &str, shape: &[usize], decoder: &Decoder) -> GgmlDType {
        let &[_, columns] = shape else { return GgmlDType::F32 };
        with_whole_blocks(self.wanted(name, decoder), columns)
    }

    fn wanted(self, name: &str, decoder: &Decoder) -> GgmlDType {
        let base = match self {
            Self::Pure(pure) => pure.format(),
            Self::Q4KM => GgmlDType::Q4K,
            Self::Q5KM => GgmlDType::Q5K,
        };
        let is_head = name == "output.weight" || (decoder.tied_head && name == "token_embd.weight");
        if is_head {
            let keeps_more = matches!(base, GgmlDType::F16 | GgmlDType::Q8_0);
            return if keeps_more { base } else { GgmlDType::Q6K };
        }
        let layer = name.strip_prefix("blk.").and_then(|rest| rest.split_once('.'));
        let Some((layer, part)) = layer.and_then(|(layer, part)| Some((layer.parse().ok()?, part))) else {
            return base;
        };
        let is_mix = matches!(self, Self::Q4KM | Self::Q5KM);
        let is_touchy = part == "attn_v.weight" || part == "ffn_down.weight";
        if is_mix && is_touchy && wants_more_bits(layer, decoder.layers) { GgmlDType::Q6K } else { base }
    }
}

/// The first and the last eighth of the layers, and every third between, as llama.cpp has it.
fn wants_more_bits(layer: usize, layers: usize) -> bool {
    let eighth = layers / 8;
    layer < eighth || layer >= 7 * layers / 8 || (layer - eighth) % 3 == 2
}

/// The format, or the next better one whose blocks fit so many columns.
fn with_whole_blocks(format: GgmlDType, columns: usize) -> GgmlDType {
    if columns.is_multiple_of(format.block_size()) {
        return format;
    }
    let smaller_blocks = match format {
        GgmlDType::Q2K | GgmlDType::Q3K => GgmlDType::Q4_0,
        GgmlDType::Q4K => GgmlDType::Q5_0,
        GgmlDType::Q5K => GgmlDType::Q5_1,
        GgmlDType::Q6K => GgmlDType::Q8_0,
        _ => return GgmlDType::F16,
    };
    if columns.is_multiple_of(smaller_blocks.block_size()) { smaller_blocks } else { GgmlDType::F16 }
}

/// Quantizes a decoder. `checkpoint` may be GGUF or safetensors and have an adapter, which the output then contains.
/// `vocabulary`, if given, goes into the output; GGUF hands on its own.
///
/// The output is made in memory, and is there whole or not at all.
pub fn quantize(
    checkpoint: &mut Checkpoint,
    vocabulary: Option<(Vocabulary, Option<u32>)>,
    output: &Path,
    quantization: Quantization,
) -> Result<QuantizeSummary, ModelError> {
    let Architecture::Decoder(decoder) = Architecture::read(checkpoint)? else {
        return Err(ModelError::NotQuantizable { path: checkpoint.path().to_owned() });
    };
    let mut summary =
        QuantizeSummary { formats: BTreeMap::new(), bytes_before: 0, bytes_after: 0, warnings: Vec::new() };
    let mut tensors: Vec<(String, QTensor)> = Vec::new();
    let extra = checkpoint.shape("rope_freqs.weight").map(|shape| ("rope_freqs.weight".to_owned(), shape.to_vec()));
    for (name, shape) in decoder.tensors().chain(extra) {
        summary.bytes_before += checkpoint.size_in_bytes(&name);
        let numbers = as_in_gguf(&decoder, &name, checkpoint.tensor(&name, &shape)?.to_f32()?);
        let format = quantization.of(&name, &shape, &decoder);
        let tensor =
            Tensor::from_vec(numbers, shape, &Device::Cpu).and_then(|tensor| QTensor::quantize(&tensor, format));
        let tensor = tensor.map_err(compute)?;
        summary.bytes_after += tensor.storage_size_in_bytes() as u64;
        *summary.formats.entry(format_name(format)).or_default() += 1;
        tensors.push((name, tensor));
    }
    let metadata = metadata(checkpoint, &decoder, vocabulary, &mut summary);
    write(output, &metadata, &tensors)?;
    Ok(summary)
}

/// The numbers as GGUF has them: Gemma's norms with their 1, Llama's queries and keys with neighbours that turn together.
fn as_in_gguf(decoder: &Decoder, name: &str, mut numbers: Vec<f32>) -> Vec<f32> {
    if name.ends_with("norm.weight") {
        numbers.iter_mut().for_each(|number| *number += decoder.norm_offset);
    }
    if decoder.family == Family::Gemma || decoder.rotary_order == RotaryOrder::Neighbours {
        return numbers;
    }
    let heads = match name.rsplit('.').nth(1) {
        Some("attn_q") => decoder.heads,
        Some("attn_k") => decoder.key_value_heads,
        _ => return numbers,
    };
    reorder(&numbers, heads, decoder.width, RotaryOrder::Neighbours)
}

fn metadata(
    checkpoint: &Checkpoint,
    decoder: &Decoder,
    vocabulary: Option<(Vocabulary, Option<u32>)>,
    summary: &mut QuantizeSummary,
) -> BTreeMap<String, Value> {
    let mut metadata = match checkpoint.container() {
        Container::Gguf(file) => file.metadata().clone().into_iter().collect(),
        Container::Safetensors(_) => measures(decoder),
    };
    // What was laid out otherwise, or is written anew.
    for key in ["general.alignment", "general.file_type", "split.count", "split.no", "split.tensors.count"] {
        metadata.remove(key);
    }
    metadata.insert("general.quantization_version".to_owned(), Value::U32(2));
    match vocabulary {
        Some((vocabulary, beginning)) => metadata.extend(vocabulary_entries(&vocabulary, beginning)),
        None if !metadata.contains_key("tokenizer.ggml.tokens") => summary.warnings.push(
            "the weights have no vocabulary and no tokenizer.model beside them, so the output has none: name the \
             tokenizer.json in model.toml; llama.cpp cannot tokenize with this file"
                .to_owned(),
        ),
        None => {}
    }
    metadata
}

fn measures(decoder: &Decoder) -> BTreeMap<String, Value> {
    let family = decoder.family.name();
    let count = |number: usize| Value::U32(u32::try_from(number).unwrap_or(u32::MAX));
    let entries = [
        ("context_length", count(decoder.context)),
        ("embedding_length", count(decoder.width)),
        ("block_count", count(decoder.layers)),
        ("feed_forward_length", count(decoder.inner_width)),
        ("attention.head_count", count(decoder.heads)),
        ("attention.head_count_kv", count(decoder.key_value_heads)),
        ("attention.key_length", count(decoder.head_width)),
        ("attention.value_length", count(decoder.head_width)),
        ("attention.layer_norm_rms_epsilon", Value::F32(decoder.epsilon)),
        ("rope.dimension_count", count(decoder.rotary_width)),
        ("rope.freq_base", Value::F32(decoder.rotary_base)),
        ("vocab_size", count(decoder.vocabulary)),
    ];
    let own = entries.into_iter().map(|(key, value)| (format!("{family}.{key}"), value));
    own.chain([("general.architecture".to_owned(), Value::String(family.to_owned()))]).collect()
}

fn vocabulary_entries(vocabulary: &Vocabulary, beginning: Option<u32>) -> Vec<(String, Value)> {
    let list = |value: &dyn Fn(&Piece) -> Value| Value::Array(vocabulary.pieces.iter().map(value).collect());
    let mut entries = vec![
        ("model", Value::String("llama".to_owned())),
        ("tokens", list(&|piece| Value::String(piece.text.clone()))),
        ("scores", list(&|piece| Value::F32(piece.score))),
        ("token_type", list(&|piece| Value::I32(piece.kind.number()))),
        ("add_space_prefix", Value::Bool(vocabulary.space_prefix)),
        ("add_bos_token", Value::Bool(beginning.is_some())),
    ];
    entries.extend(beginning.map(|beginning| ("bos_token_id", Value::U32(beginning))));
    entries.into_iter().map(|(key, value)| (format!("tokenizer.ggml.{key}"), value)).collect()
}

/// Writes beside the output first, so that a half-written file never has its name.
fn write(output: &Path, metadata: &BTreeMap<String, Value>, tensors: &[(String, QTensor)]) -> Result<(), ModelError> {
    let fail = |source: std::io::Error| ModelError::Unwritable { path: output.to_owned(), source };
    let mut partial: PathBuf = output.to_owned();
    partial.as_mut_os_string().push(".part");
    let metadata: Vec<(&str, &Value)> = metadata.iter().map(|(key, value)| (key.as_str(), value)).collect();
    let tensors: Vec<(&str, &QTensor)> = tensors.iter().map(|(name, tensor)| (name.as_str(), tensor)).collect();
    let written = std::fs::File::create(&partial).map_err(fail).and_then(|file| {
        let mut file = BufWriter::with_capacity(1 << 20, file);
        gguf_file::write(&mut file, &metadata, &tensors)
            .map_err(|error| fail(std::io::Error::other(error.to_string())))?;
        let file = file.into_inner().map_err(|error| fail(error.into_error()))?;
        file.sync_all().map_err(fail)
    });
    let finished = written.and_then(|()| std::fs::rename(&partial, output).map_err(fail));
    if finished.is_err() {
        // It may not even exist.
        drop(std::fs::remove_file(&partial));
    }
    finished
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::forgery::Gguf;

    #[test]
    fn the_mixes_give_more_bits_where_llama_cpp_does() {
        let decoder = |layers| {
            let (_, architecture) = Gguf::llama().open().unwrap();
            let Architecture::Decoder(decoder) = architecture else { panic!("no decoder") };
            Decoder { layers, ..decoder }
        };
        let decoder = decoder(32);
        let format = |name: &str| Quantization::Q4KM.of(name, &[4096, 4096], &decoder);
        let more: Vec<usize> =
            (0..32).filter(|layer| format(&format!("blk.{layer}.attn_v.weight")) == GgmlDType::Q6K).collect();
        assert_eq!(more, [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]);
        assert_eq!(format("blk.6.ffn_down.weight"), GgmlDType::Q6K);
        assert_eq!(format("blk.7.ffn_down.weight"), GgmlDType::Q4K);
        assert_eq!(format("blk.6.attn_q.weight"), GgmlDType::Q4K);
        assert_eq!(format("output.weight"), GgmlDType::Q6K);
        assert_eq!(format("token_embd.weight"), GgmlDType::Q4K);
        assert_eq!(Quantization::Q5KM.of("blk.7.attn_k.weight", &[4096, 4096], &decoder), GgmlDType::Q5K);
        assert_eq!(Quantization::Q4KM.of("blk.0.attn_norm.weight", &[4096], &decoder), GgmlDType::F32);
        assert_eq!(Quantization::Q4KM.of("blk.7.attn_q.weight", &[4096, 100], &decoder), GgmlDType::F16);
    }
}
