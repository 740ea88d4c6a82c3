//! The forward pass of an encoder on a card.

use super::card::{Card, Failure};
use super::decoder::curve;
use super::kernel::{Attention, Build, Kernels, Norm, Number, Rows, Tokens};
use super::launch::{Memory, Part, PartMut};
use super::matrix::{Matrix, Residence, floats};
use super::product::{Finish, Kind, Operands, Products, Shape};
use super::stage::{Batch, Forward, padded};
use hopgraph_model::architecture::{Activation, Affine, Checkpoint, EncoderLayer, Normalization};
use hopgraph_model::weights::{Format, RawTensor};
use hopgraph_model::{ModelError, architecture};

/// An encoder on a card, with the classes that it is asked for.
pub(super) struct Encoder {
    config: architecture::Encoder,
    kernels: Kernels,
    products: Products,
    /// Words, positions and segments, expanded.
    tables: [Matrix; 3],
    embedding_norm: Scaled,
    layers: Vec<Layer>,
    pooler: Linear,
    /// The rows of the classifier for the classes asked for, and their shifts, as 32-bit numbers.
    classifier: Memory,
    shifts: Memory,
    answers: usize,
    /// Memory of no length, where a decoder has a prefix and positions to turn by.
    nothing: Memory,
    room: Room,
}

struct Layer {
    /// Queries, keys and values, in this order.
    projection: Linear,
    output: Linear,
    attention_norm: Scaled,
    up: Linear,
    down: Linear,
    feed_forward_norm: Scaled,
}

/// A matrix and its bias.
struct Linear {
    matrix: Matrix,
    bias: Memory,
}

/// The weights and shifts of a norm.
struct Scaled {
    weights: Memory,
    shifts: Memory,
}

/// Where the numbers between two steps lie.
struct Room {
    /// What stands for each token between the layers.
    x: Memory,
    /// The same for the first tokens, in the last layer.
    first_x: Memory,
    /// The first tokens when they ask, and later their pooled rows.
    picked: Memory,
    projected: Memory,
    attended: Memory,
    inner: Memory,
    scratch: Memory,
}

impl Room {
    fn new(
        card: &Card,
        config: &architecture::Encoder,
        number: usize,
        tokens: usize,
        scratch: usize,
    ) -> Result<Self, Failure> {
        let rows = |width: usize| Memory::zeros(card.stream(), tokens * width * number);
        Ok(Self {
            x: rows(config.width)?,
            first_x: rows(config.width)?,
            picked: rows(config.width)?,
            projected: rows(3 * config.width)?,
            attended: rows(config.width)?,
            inner: rows(config.inner_width)?,
            scratch: Memory::zeros(card.stream(), scratch)?,
        })
    }
}

/// What the kernels are compiled for.
pub(super) fn build(config: &architecture::Encoder, number: Number) -> Result<Build, ModelError> {
    let widths = [config.width, config.inner_width, config.head_width()];
    if widths.iter().any(|width| !width.is_multiple_of(8)) || config.head_width() > 256 {
        let problem = format!(
            "none computes a model whose widths are {}, {} and {} (heads); they must be multiples of 8, and a head no wider \
             than 256; use the processor",
            config.width,
            config.inner_width,
            config.head_width()
        );
        return Err(ModelError::NoDevice { problem });
    }
    Ok(Build { number, head: config.head_width(), pairs: 0, halves: false, causal: false })
}

impl Encoder {
    /// Loads an encoder, without room to compute in.
    pub(super) fn load(
        card: &Card,
        checkpoint: &mut Checkpoint,
        config: &architecture::Encoder,
        answers: &[u32],
        kernels: Kernels,
        residence: Residence,
    ) -> Result<Self, Failure> {
        let stream = card.stream();
        let [words, places, segments] = config.read_embeddings(checkpoint)?;
        let table = |tensor: RawTensor| Matrix::load(stream, &kernels, &[tensor], Residence::Expanded);
        let tables = [table(words)?, table(places)?, table(segments)?];
        let embedding_norm = Scaled::load(card, &config.read_embedding_norm(checkpoint)?)?;
        let load = |layer| Layer::load(card, &kernels, config.read_layer(checkpoint, layer)?, residence);
        let layers = (0..config.layers).map(load).collect::<Result<Vec<_>, Failure>>()?;
        let [pooler, classifier] = config.read_classifier(checkpoint)?;
        let (rows, shifts) = chosen(&classifier, answers, config.width)?;
        let room = Room::new(card, config, kernels.build.number.bytes(), 0, 0)?;
        Ok(Self {
            pooler: Linear::load(card, &kernels, &[pooler], residence)?,
            classifier: floats(stream, &rows)?,
            shifts: floats(stream, &shifts)?,
            products: Products::new(stream)?,
            nothing: Memory::zeros(stream, 0)?,
            config: config.clone(),
            answers: answers.len(),
            kernels,
            tables,
            embedding_norm,
            layers,
            room,
        })
    }

    fn embed(&mut self, batch: &Batch<'_>) -> Result<(), Failure> {
        let tokens =
            Tokens { tokens: batch.tokens, positions: batch.positions, sides: batch.sides, count: batch.count };
        let width = self.config.width;
        let tables = self.tables.each_ref().map(|table| {
            let numbers = table.expanded().expect("tables are expanded when they are loaded");
            Rows { numbers, count: table.outputs, width }
        });
        let norm = self.embedding_norm.norm(self.config.epsilon);
        Ok(self.kernels.embed(tables, tokens, norm, &self.room.x.all_mut())?)
    }

    fn attend(&mut self, batch: &Batch<'_>, last: bool) -> Result<(), Failure> {
        let (width, number) = (self.config.width, self.kernels.build.number.bytes());
        let projected = self.room.projected.all();
        // In the last layer the queries stand apart, and only keys and values were projected for all tokens.
        let (queries, query_stride, keys, key_stride) = if last {
            (self.room.inner.all(), width, projected, 2 * width)
        } else {
            (projected, 3 * width, projected.skip(width * number), 3 * width)
        };
        let attention = Attention {
            queries,
            query_stride,
            keys,
            key_stride,
            key_width: width,
            prefix: self.nothing.all(),
            prefix_length: 0,
            starts: batch.starts,
            turns: self.nothing.all(),
            scale: 1.0 / (self.config.head_width() as f32).sqrt(),
            heads: self.config.heads,
            key_heads: self.config.heads,
            only_last: last,
            sequences: batch.sequences,
            tokens: batch.count,
            longest: batch.longest,
        };
        Ok(self.kernels.attention(attention, &self.room.attended.all_mut())?)
    }

    /// One layer. In the last one only the first token of each sequence asks and goes on.
    fn layer(&mut self, layer: usize, batch: &Batch<'_>, last: bool) -> Result<(), Failure> {
        self.project(layer, batch, last)?;
        self.attend(batch, last)?;
        let rows = if last { batch.sequences } else { batch.count };
        let (config, weights, room) = (&self.config, &self.layers[layer], &mut self.room);
        let x = if last { &mut room.first_x } else { &mut room.x };
        let mut multiply =
            Multiply { products: &mut self.products, kernels: &self.kernels, scratch: &mut room.scratch };
        let work = Work { rows, added: false, finish: Finish::Bias, measured: batch.measured };
        let added = Work { added: true, ..work };
        multiply.all(&weights.output, room.attended.all(), x.all_mut(), added)?;
        self.kernels.layer_norm(&x.all_mut(), rows, config.width, weights.attention_norm.norm(config.epsilon))?;
        let fused = fuses_gelu(config, &self.kernels);
        let up = Work { finish: if fused { Finish::BiasGelu } else { Finish::Bias }, ..work };
        multiply.all(&weights.up, x.all(), room.inner.all_mut(), up)?;
        if !fused {
            self.kernels.gelu(&room.inner.all_mut(), rows * config.inner_width, curve(config.activation))?;
        }
        multiply.all(&weights.down, room.inner.all(), x.all_mut(), added)?;
        Ok(self.kernels.layer_norm(&x.all_mut(), rows, config.width, weights.feed_forward_norm.norm(config.epsilon))?)
    }

    /// Queries, keys and values; in the last layer the queries of the first tokens alone, where the inner numbers will lie.
    fn project(&mut self, layer: usize, batch: &Batch<'_>, last: bool) -> Result<(), Failure> {
        let (width, room) = (self.config.width, &mut self.room);
        let projection = &self.layers[layer].projection;
        let mut multiply =
            Multiply { products: &mut self.products, kernels: &self.kernels, scratch: &mut room.scratch };
        let work = Work { rows: batch.count, added: false, finish: Finish::Bias, measured: batch.measured };
        if !last {
            return multiply.all(projection, room.x.all(), room.projected.all_mut(), work);
        }
        multiply.some(projection, width..3 * width, room.x.all(), room.projected.all_mut(), work)?;
        let x = Rows { numbers: room.x.all(), count: batch.count, width };
        // Where a sequence begins is where its first token lies.
        self.kernels.pick(x, batch.starts, &room.first_x.all_mut(), batch.sequences, false)?;
        let few = Work { rows: batch.sequences, ..work };
        multiply.some(projection, 0..width, room.first_x.all(), room.inner.all_mut(), few)
    }
}

/// Whether cuBLASLt applies the activation: it knows GELU by tanh alone, which in bfloat16 is as near to the exact one as
/// its numbers can tell.
fn fuses_gelu(config: &architecture::Encoder, kernels: &Kernels) -> bool {
    kernels.build.number == Number::Bfloat16 && matches!(config.activation, Activation::Gelu | Activation::GeluTanh)
}

impl Forward for Encoder {
    fn forward(&mut self, batch: &Batch<'_>, logits: &mut Memory) -> Result<(), Failure> {
        self.embed(batch)?;
        let last = self.config.layers - 1;
        for layer in 0..=last {
            self.layer(layer, batch, layer == last)?;
        }
        let (room, width) = (&mut self.room, self.config.width);
        let mut multiply =
            Multiply { products: &mut self.products, kernels: &self.kernels, scratch: &mut room.scratch };
        let work = Work { rows: batch.sequences, added: false, finish: Finish::Bias, measured: batch.measured };
        multiply.all(&self.pooler, room.first_x.all(), room.picked.all_mut(), work)?;
        let pooled = Rows { numbers: room.picked.all(), count: batch.sequences, width };
        let classifier = Rows { numbers: self.classifier.all(), count: self.answers, width };
        Ok(self.kernels.class_logits(pooled, classifier, self.shifts.all(), &logits.all_mut())?)
    }

    fn make_room(&mut self, card: &Card, tokens: usize) -> Result<(), Failure> {
        let number = self.kernels.build.number.bytes();
        let matrices = self.layers.iter().flat_map(Layer::linears).chain([&self.pooler]);
        let scratch = matrices.map(|linear| linear.matrix.scratch_bytes(&self.kernels)).max().unwrap_or(0);
        // The old room goes first, since there may be no place for both.
        self.room = Room::new(card, &self.config, number, 0, 0)?;
        self.room = Room::new(card, &self.config, number, tokens, scratch)?;
        Ok(())
    }

    fn answers(&self) -> usize {
        self.answers
    }

    fn weight_bytes(&self) -> usize {
        let layers: usize = self.layers.iter().flat_map(Layer::linears).map(|linear| linear.matrix.bytes()).sum();
        let tables: usize = self.tables.iter().map(Matrix::bytes).sum();
        layers + tables + self.pooler.matrix.bytes() + self.room.scratch.length()
    }
}

/// How a product is to be done.
#[derive(Clone, Copy)]
struct Work {
    rows: usize,
    added: bool,
    finish: Finish,
    measured: bool,
}

/// What a product needs beside its operands.
struct Multiply<'a> {
    products: &'a mut Products,
    kernels: &'a Kernels,
    scratch: &'a mut Memory,
}

impl Multiply<'_> {
    fn all(&mut self, linear: &Linear, x: Part<'_>, y: PartMut<'_>, work: Work) -> Result<(), Failure> {
        self.some(linear, 0..linear.matrix.outputs, x, y, work)
    }

    /// With some of the matrix's rows.
    fn some(
        &mut self,
        linear: &Linear,
        outputs: std::ops::Range<usize>,
        x: Part<'_>,
        y: PartMut<'_>,
        work: Work,
    ) -> Result<(), Failure> {
        let number = self.kernels.build.number;
        let kind = if number == Number::Bfloat16 { Kind::Bfloat16 } else { Kind::Float32 };
        let weights = linear.matrix.numbers(self.kernels, self.scratch)?;
        let weights = weights.skip(outputs.start * linear.matrix.inputs * number.bytes());
        let bias = Some(linear.bias.all().skip(outputs.start * number.bytes()));
        let shape = Shape {
            rows: padded(work.rows),
            inputs: linear.matrix.inputs,
            outputs: outputs.len(),
            from: kind,
            to: kind,
            added: work.added,
            finish: work.finish,
        };
        let mut operands = Operands { x, weights, bias, y };
        if work.measured {
            self.products.measure(shape, &mut operands)?;
        }
        Ok(self.products.run(shape, &mut operands)?)
    }
}

impl Linear {
    /// Loads matrices that read the same input.
    fn load(card: &Card, kernels: &Kernels, parts: &[Affine], residence: Residence) -> Result<Self, Failure> {
        let weights: Vec<RawTensor> = parts.iter().map(|part| part.weight.clone()).collect();
        let bias: Vec<f32> = parts.iter().flat_map(|part| part.bias.iter().copied()).collect();
        // The bias is of the kind of what comes out, so it goes the way of a matrix that is expanded.
        let (raw, length) = (floats(card.stream(), &bias)?, bias.len());
        let mut bias = Memory::zeros(card.stream(), length * kernels.build.number.bytes())?;
        kernels.expand(Format::F32, raw.all(), &bias.all_mut(), length)?;
        Ok(Self { matrix: Matrix::load(card.stream(), kernels, &weights, residence)?, bias })
    }
}

impl Scaled {
    fn load(card: &Card, norm: &Normalization) -> Result<Self, Failure> {
        Ok(Self { weights: floats(card.stream(), &norm.weight)?, shifts: floats(card.stream(), &norm.bias)? })
    }

    fn norm(&self, epsilon: f32) -> Norm<'_> {
        Norm { weights: self.weights.all(), shifts: self.shifts.all(), epsilon }
    }
}

impl Layer {
    fn load(card: &Card, kernels: &Kernels, layer: EncoderLayer, residence: Residence) -> Result<Self, Failure> {
        let linear = |parts: &[Affine]| Linear::load(card, kernels, parts, residence);
        Ok(Self {
            projection: linear(&[layer.query, layer.key, layer.value])?,
            output: linear(&[layer.output])?,
            attention_norm: Scaled::load(card, &layer.attention_norm)?,
            up: linear(&[layer.up])?,
            down: linear(&[layer.down])?,
            feed_forward_norm: Scaled::load(card, &layer.feed_forward_norm)?,
        })
    }

    fn linears(&self) -> [&Linear; 4] {
        [&self.projection, &self.output, &self.up, &self.down]
    }
}

/// The rows and shifts of the classifier for the classes asked for.
fn chosen(classifier: &Affine, answers: &[u32], width: usize) -> Result<(Vec<f32>, Vec<f32>), ModelError> {
    let numbers = classifier.weight.to_f32()?;
    let rows = answers.iter().flat_map(|&class| numbers[class as usize * width..][..width].iter().copied()).collect();
    Ok((rows, answers.iter().map(|&class| classifier.bias[class as usize]).collect()))
}
