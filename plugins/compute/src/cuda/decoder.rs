//! The forward pass of a decoder on a card.

use super::card::{Card, Failure};
use super::kernel::{Attention, Build, Curve, Kernels, Number, Rows};
use super::launch::{Memory, PartMut};
use super::matrix::{Matrix, Residence, Table, floats};
use super::product::{Finish, Kind, Operands, Products, Shape};
use super::stage::{Batch, Forward, Words, padded};
use crate::network::Question;
use hopgraph_model::architecture::{Activation, Checkpoint, DecoderLayer, RotaryOrder};
use hopgraph_model::weights::RawTensor;
use hopgraph_model::{ModelError, Sequence, architecture};

/// A decoder on a card, with the question that it is asked.
pub(super) struct Decoder {
    config: architecture::Decoder,
    kernels: Kernels,
    products: Products,
    embedding: Table,
    layers: Vec<Layer>,
    final_norm: Memory,
    /// The rows of the head for the answers, as 32-bit numbers.
    head: Memory,
    answers: usize,
    /// Cosine and sine for each position and pair.
    turns: Memory,
    prefix: Prefix,
    room: Room,
}

struct Layer {
    attention_norm: Memory,
    /// Queries, keys and values, in this order.
    projection: Matrix,
    output: Matrix,
    feed_forward_norm: Memory,
    gate_up: Matrix,
    down: Matrix,
}

/// What all sequences begin with: for each layer a row of keys beside values for each of its tokens, not turned yet.
struct Prefix {
    length: usize,
    layers: Vec<Memory>,
}

/// Where the numbers between two steps lie.
struct Room {
    /// What stands for each token between the layers, in 32 bits whatever the build, since each layer only adds a little.
    stream: Memory,
    /// The same for the last tokens, in the last layer.
    last_stream: Memory,
    normed: Memory,
    projected: Memory,
    attended: Memory,
    gates_ups: Memory,
    gated: Memory,
    /// Where a matrix is expanded before it is used.
    scratch: Memory,
}

impl Room {
    fn new(
        card: &Card,
        config: &architecture::Decoder,
        number: usize,
        tokens: usize,
        scratch: usize,
    ) -> Result<Self, Failure> {
        let rows = |width: usize, bytes: usize| Memory::zeros(card.stream(), tokens * width * bytes);
        Ok(Self {
            stream: rows(config.width, 4)?,
            last_stream: rows(config.width, 4)?,
            normed: rows(config.width, number)?,
            projected: rows(config.query_width() + 2 * config.key_width(), number)?,
            attended: rows(config.query_width(), number)?,
            gates_ups: rows(2 * config.inner_width, number)?,
            gated: rows(config.inner_width, number)?,
            scratch: Memory::zeros(card.stream(), scratch)?,
        })
    }
}

/// What the kernels are compiled for.
pub(super) fn build(config: &architecture::Decoder, number: Number) -> Result<Build, ModelError> {
    let widths = [config.width, config.inner_width, config.head_width];
    if widths.iter().any(|width| !width.is_multiple_of(8)) || config.head_width > 256 {
        let problem = format!(
            "none computes a model whose widths are {}, {} and {} (heads); they must be multiples of 8, and a head no wider \
             than 256; use the processor",
            config.width, config.inner_width, config.head_width
        );
        return Err(ModelError::NoDevice { problem });
    }
    Ok(Build {
        number,
        head: config.head_width,
        pairs: config.rotary_width / 2,
        halves: config.rotary_order == RotaryOrder::Halves,
        causal: true,
    })
}

impl Decoder {
    /// Loads a decoder, without room to compute in.
    pub(super) fn load(
        card: &Card,
        checkpoint: &mut Checkpoint,
        config: &architecture::Decoder,
        question: Question<'_>,
        kernels: Kernels,
        residence: Residence,
    ) -> Result<Self, Failure> {
        let stream = card.stream();
        let embedding = config.read_embedding(checkpoint)?;
        let embedding = (Table::load(stream, &embedding)?, embedding);
        let head = config.read_head(checkpoint)?;
        let head = answer_rows(card, &kernels, head.as_ref().unwrap_or(&embedding.1), question.answers)?;
        let load = |layer| Layer::load(card, &kernels, config.read_layer(checkpoint, layer)?, residence);
        let layers = (0..config.layers).map(load).collect::<Result<Vec<_>, Failure>>()?;
        let final_norm = floats(stream, &config.read_final_norm(checkpoint)?)?;
        let turns = floats(stream, &turns(config))?;
        let room = Room::new(
            card,
            config,
            kernels.build.number.bytes(),
            padded(question.shared.len()),
            scratch(&layers, &kernels),
        )?;
        let products = Products::new(stream)?;
        let prefix = Prefix { length: 0, layers: empty_prefix(card, config.layers)? };
        let (answers, embedding, config) = (question.answers.len(), embedding.0, config.clone());
        let mut decoder =
            Self { config, kernels, products, embedding, layers, final_norm, head, answers, turns, prefix, room };
        if !question.shared.is_empty() {
            decoder.prefix = decoder.read_prefix(card, question.shared)?;
        }
        Ok(decoder)
    }

    /// Runs the shared beginning as one sequence, and keeps what later ones look back at.
    fn read_prefix(&mut self, card: &Card, tokens: &[u32]) -> Result<Prefix, Failure> {
        let single = Sequence::single(tokens.to_vec());
        let mut words = Words::new(card, tokens.len())?;
        let batch = words.send(card, &[&single])?;
        let bytes = padded(tokens.len()) * 2 * self.config.key_width() * self.number();
        let mut kept =
            (0..self.config.layers).map(|_| Memory::zeros(card.stream(), bytes)).collect::<Result<Vec<_>, _>>()?;
        self.embed(&batch)?;
        for (layer, kept) in kept.iter_mut().enumerate() {
            self.norm_attention(layer, &batch)?;
            self.project_keys(layer, &batch, Some(kept), false)?;
            // Nothing reads what the last layer says of the prefix, only its keys and values.
            if layer + 1 < self.config.layers {
                self.finish_layer(layer, &batch, false)?;
            }
        }
        Ok(Prefix { length: tokens.len(), layers: kept })
    }

    fn number(&self) -> usize {
        self.kernels.build.number.bytes()
    }

    fn embed(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let (table, scale) = (&self.embedding, self.config.embedding_scale);
        let to = self.room.stream.all_mut();
        Ok(self.kernels.gather(table.format(), table.rows(), batch.tokens, &to, scale, batch.count)?)
    }

    fn norm_attention(&mut self, layer: usize, batch: &Batch<'_>) -> Result<(), Failure> {
        let weights = self.layers[layer].attention_norm.all();
        let x = Rows { numbers: self.room.stream.all(), count: batch.count, width: self.config.width };
        Ok(self.kernels.rms_norm(x, weights, &self.room.normed.all_mut(), self.config.epsilon)?)
    }

    /// A product with one of the matrices, or with some of its rows.
    fn multiply(
        products: &mut Products,
        kernels: &Kernels,
        scratch: &mut Memory,
        (matrix, rows): (&Matrix, std::ops::Range<usize>),
        x: &Memory,
        y: PartMut<'_>,
        work: Work,
    ) -> Result<(), Failure> {
        let number = kernels.build.number.bytes();
        let weights = matrix.numbers(kernels, scratch)?.skip(rows.start * matrix.inputs * number);
        let from = if kernels.build.number == Number::Bfloat16 { Kind::Bfloat16 } else { Kind::Float32 };
        let shape = Shape {
            rows: padded(work.rows),
            inputs: matrix.inputs,
            outputs: rows.len(),
            from,
            to: if work.added { Kind::Float32 } else { from },
            added: work.added,
            finish: Finish::Plain,
        };
        let mut operands = Operands { x: x.all(), weights, bias: None, y };
        if work.measured {
            products.measure(shape, &mut operands)?;
        }
        Ok(products.run(shape, &mut operands)?)
    }

    /// Keys beside values, into the room or, given one, into the place of a prefix.
    fn project_keys(
        &mut self,
        layer: usize,
        batch: &Batch<'_>,
        kept: Option<&mut Memory>,
        only: bool,
    ) -> Result<(), Failure> {
        let (query_width, key_width) = (self.config.query_width(), self.config.key_width());
        let matrix = &self.layers[layer].projection;
        let keys = query_width..query_width + 2 * key_width;
        let work = Work { rows: batch.count, added: false, measured: batch.measured };
        if let Some(kept) = kept {
            let x = &self.room.normed;
            let (products, scratch) = (&mut self.products, &mut self.room.scratch);
            Self::multiply(products, &self.kernels, scratch, (matrix, keys.clone()), x, kept.all_mut(), work)?;
        }
        let rows = if only { keys } else { 0..matrix.outputs };
        let (products, scratch) = (&mut self.products, &mut self.room.scratch);
        let y = self.room.projected.all_mut();
        Self::multiply(products, &self.kernels, scratch, (matrix, rows), &self.room.normed, y, work)
    }

    /// Attention over what was projected, and all that follows in the layer.
    fn finish_layer(&mut self, layer: usize, batch: &Batch<'_>, last: bool) -> Result<(), Failure> {
        self.attend(layer, batch, last)?;
        let rows = if last { batch.sequences } else { batch.count };
        let (weights, room) = (&self.layers[layer], &mut self.room);
        let added = Work { rows, added: true, measured: batch.measured };
        let plain = Work { added: false, ..added };
        let x = if last { &mut room.last_stream } else { &mut room.stream };
        let (products, kernels, scratch) = (&mut self.products, &self.kernels, &mut room.scratch);
        let whole = |matrix: &'_ Matrix| 0..matrix.outputs;
        let output = (&weights.output, whole(&weights.output));
        Self::multiply(products, kernels, scratch, output, &room.attended, x.all_mut(), added)?;
        let stream = Rows { numbers: x.all(), count: rows, width: self.config.width };
        kernels.rms_norm(stream, weights.feed_forward_norm.all(), &room.normed.all_mut(), self.config.epsilon)?;
        let gate_up = (&weights.gate_up, whole(&weights.gate_up));
        Self::multiply(products, kernels, scratch, gate_up, &room.normed, room.gates_ups.all_mut(), plain)?;
        let both = Rows { numbers: room.gates_ups.all(), count: rows, width: self.config.inner_width };
        kernels.gate(both, &room.gated.all_mut(), curve(self.config.activation))?;
        let down = (&weights.down, whole(&weights.down));
        Self::multiply(products, kernels, scratch, down, &room.gated, x.all_mut(), added)
    }

    fn attend(&mut self, layer: usize, batch: &Batch<'_>, last: bool) -> Result<(), Failure> {
        let config = &self.config;
        let (query_width, key_width, number) =
            (config.query_width(), config.key_width(), self.kernels.build.number.bytes());
        let projected = self.room.projected.all();
        let together = query_width + 2 * key_width;
        // In the last layer the queries stand apart, and only keys and values were projected for all tokens.
        let (queries, query_stride, keys, key_stride) = if last {
            (self.room.gates_ups.all(), query_width, projected, 2 * key_width)
        } else {
            (projected, together, projected.skip(query_width * number), together)
        };
        let attention = Attention {
            queries,
            query_stride,
            keys,
            key_stride,
            key_width,
            prefix: self.prefix.layers[layer].all(),
            prefix_length: self.prefix.length,
            starts: batch.starts,
            turns: self.turns.all(),
            scale: 1.0 / (config.head_width as f32).sqrt(),
            heads: config.heads,
            key_heads: config.key_value_heads,
            only_last: last,
            sequences: batch.sequences,
            tokens: batch.count,
            longest: batch.longest,
        };
        Ok(self.kernels.attention(attention, &self.room.attended.all_mut())?)
    }

    /// The last layer, in which only the last token of each sequence asks and goes on.
    fn last_layer(&mut self, layer: usize, batch: &Batch<'_>) -> Result<(), Failure> {
        self.norm_attention(layer, batch)?;
        self.project_keys(layer, batch, None, true)?;
        let (config, room, sequences) = (&self.config, &mut self.room, batch.sequences);
        let normed = Rows { numbers: room.normed.all(), count: batch.count, width: config.width };
        // The picked rows lie where the gated ones will, and their queries where the gates will: both are free until then.
        self.kernels.pick(normed, batch.last, &room.gated.all_mut(), sequences, false)?;
        let stream = Rows { numbers: room.stream.all(), count: batch.count, width: config.width };
        self.kernels.pick(stream, batch.last, &room.last_stream.all_mut(), sequences, true)?;
        let queries = (&self.layers[layer].projection, 0..config.query_width());
        let work = Work { rows: sequences, added: false, measured: batch.measured };
        let (products, scratch) = (&mut self.products, &mut room.scratch);
        let to = room.gates_ups.all_mut();
        Self::multiply(products, &self.kernels, scratch, queries, &room.gated, to, work)?;
        self.finish_layer(layer, batch, true)
    }
}

/// How a product is to be done.
#[derive(Clone, Copy)]
struct Work {
    rows: usize,
    added: bool,
    measured: bool,
}

impl Forward for Decoder {
    fn forward(&mut self, batch: &Batch<'_>, logits: &mut Memory) -> Result<(), Failure> {
        self.embed(batch)?;
        let last = self.config.layers - 1;
        for layer in 0..last {
            self.norm_attention(layer, batch)?;
            self.project_keys(layer, batch, None, false)?;
            self.finish_layer(layer, batch, false)?;
        }
        self.last_layer(last, batch)?;
        let x = Rows { numbers: self.room.last_stream.all(), count: batch.sequences, width: self.config.width };
        let head = Rows { numbers: self.head.all(), count: self.answers, width: self.config.width };
        Ok(self.kernels.answer_logits(x, self.final_norm.all(), head, &logits.all_mut(), self.config.epsilon)?)
    }

    fn make_room(&mut self, card: &Card, tokens: usize) -> Result<(), Failure> {
        let number = self.number();
        // The old room goes first, since there may be no place for both.
        self.room = Room::new(card, &self.config, number, 0, 0)?;
        self.room = Room::new(card, &self.config, number, tokens, scratch(&self.layers, &self.kernels))?;
        Ok(())
    }

    fn answers(&self) -> usize {
        self.answers
    }

    fn weight_bytes(&self) -> usize {
        let layers: usize = self.layers.iter().map(Layer::bytes).sum();
        layers + self.embedding.bytes() + self.head.length() + scratch(&self.layers, &self.kernels)
    }
}

impl Layer {
    fn load(card: &Card, kernels: &Kernels, layer: DecoderLayer, residence: Residence) -> Result<Self, Failure> {
        let matrix = |parts: &[RawTensor]| Matrix::load(card.stream(), kernels, parts, residence);
        Ok(Self {
            attention_norm: floats(card.stream(), &layer.attention_norm)?,
            projection: matrix(&[layer.query, layer.key, layer.value])?,
            output: matrix(&[layer.output])?,
            feed_forward_norm: floats(card.stream(), &layer.feed_forward_norm)?,
            gate_up: matrix(&[layer.gate, layer.up])?,
            down: matrix(&[layer.down])?,
        })
    }

    fn matrices(&self) -> [&Matrix; 4] {
        [&self.projection, &self.output, &self.gate_up, &self.down]
    }

    fn bytes(&self) -> usize {
        self.matrices().iter().map(|matrix| matrix.bytes()).sum()
    }
}

/// Room for the largest matrix that must be expanded before it is used.
fn scratch(layers: &[Layer], kernels: &Kernels) -> usize {
    layers.iter().flat_map(Layer::matrices).map(|matrix| matrix.scratch_bytes(kernels)).max().unwrap_or(0)
}

fn empty_prefix(card: &Card, layers: usize) -> Result<Vec<Memory>, Failure> {
    (0..layers).map(|_| Ok(Memory::zeros(card.stream(), 0)?)).collect()
}

/// The rows of the head for the answers. The rest of it never reaches the card for good.
fn answer_rows(card: &Card, kernels: &Kernels, head: &RawTensor, answers: &[u32]) -> Result<Memory, Failure> {
    let words: Vec<u8> = answers.iter().flat_map(|token| token.to_le_bytes()).collect();
    let (table, rows) = (Table::load(card.stream(), head)?, Memory::copy_of(card.stream(), &words)?);
    let mut chosen = Memory::zeros(card.stream(), answers.len() * table.rows().width * 4)?;
    kernels.gather(table.format(), table.rows(), rows.all(), &chosen.all_mut(), 1.0, answers.len())?;
    Ok(chosen)
}

/// The number that the kernels know an activation by.
pub(super) fn curve(activation: Activation) -> Curve {
    Curve(match activation {
        Activation::Silu => 0,
        Activation::GeluTanh => 1,
        Activation::Gelu => 2,
    })
}

/// Cosine and sine of each pair at each position (Su et al., "RoFormer", arXiv 2104.09864).
#[expect(clippy::cast_possible_truncation, reason = "the table is f32, as in every other implementation")]
pub(super) fn turns(config: &architecture::Decoder) -> Vec<f32> {
    let factors = config.rotary_factors.as_deref();
    let frequency = |pair: usize| {
        let factor = factors.and_then(|factors| factors.get(pair)).map_or(1.0, |&factor| f64::from(factor));
        f64::from(config.rotary_base).powf(-2.0 * pair as f64 / config.rotary_width as f64) / factor
    };
    let frequencies: Vec<f64> = (0..config.rotary_width / 2).map(frequency).collect();
    let turn = |position: usize, frequency: f64| {
        let angle = position as f64 * frequency;
        [angle.cos() as f32, angle.sin() as f32]
    };
    (0..config.context).flat_map(|position| frequencies.iter().flat_map(move |&it| turn(position, it))).collect()
}
