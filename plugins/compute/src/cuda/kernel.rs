//! The kernels: their text, compiled for one model on one card, and what each reads and writes.

use std::sync::Arc;

use cudarc::driver::{CudaStream, DriverError};

use super::launch::{Functions, Grid, Packed, Part, PartMut, Value, compile};
use hopgraph_model::weights::Format;

/// Numbers that one thread handles.
const EIGHT: usize = 8;
const THREADS: u32 = 256;
/// Queries that a block of `attention` works on, as in `kernel/tensor_attention.cu`.
const ATTENTION_ROWS: usize = 64;

/// How activations and expanded weights are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// Half the room, and the tensor cores: for work.
    Bfloat16,
    /// For checking.
    Float32,
}

impl Number {
    pub(super) fn bytes(self) -> usize {
        match self {
            Self::Bfloat16 => 2,
            Self::Float32 => 4,
        }
    }
}

/// What the kernels of a model are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Build {
    pub(super) number: Number,
    /// The width of an attention head.
    pub(super) head: usize,
    /// How many pairs of it turn with the position.
    pub(super) pairs: usize,
    /// Whether the two of a pair stand half a head apart.
    pub(super) halves: bool,
    /// Whether a token sees only what comes before it.
    pub(super) causal: bool,
}

impl Build {
    /// The text of the kernels.
    pub(super) fn source(&self) -> String {
        let mut files = vec![
            include_str!("kernel/number.cu"),
            include_str!("kernel/blocks.cu"),
            include_str!("kernel/expand.cu"),
            include_str!("kernel/steps.cu"),
            include_str!("kernel/attention.cu"),
        ];
        if self.number == Number::Bfloat16 {
            files.push(include_str!("kernel/tensor_attention.cu"));
        }
        files.join("\n")
    }

    /// What the compiler is told, for a card of this compute capability.
    pub(super) fn options(&self, (major, minor): (i32, i32)) -> Vec<String> {
        let number = if self.number == Number::Bfloat16 { "bfloat16" } else { "float" };
        vec![
            format!("--gpu-architecture=sm_{major}{minor}"),
            "--std=c++17".to_owned(),
            format!("-DNUMBER={number}"),
            format!("-DHEAD={}u", self.head),
            format!("-DPAIRS={}u", self.pairs),
            format!("-DHALVES={}", u8::from(self.halves)),
            format!("-DCAUSAL={}", u8::from(self.causal)),
        ]
    }

    fn names(&self) -> Vec<String> {
        let steps = [
            "rms_norm",
            "pick_rows",
            "pick_float_rows",
            "gate",
            "gelu",
            "layer_norm",
            "embed",
            "answer_logits",
            "class_logits",
            "attention_plain",
        ];
        let mut names: Vec<String> = steps.map(str::to_owned).into();
        if self.number == Number::Bfloat16 {
            names.push("attention".to_owned());
        }
        names.extend(FORMATS.iter().flat_map(|(_, name)| [format!("expand_{name}"), format!("gather_{name}")]));
        names
    }

    /// The memory that a block of `attention` shares: its queries, and some keys and their values.
    fn attention_bytes(&self) -> u32 {
        let keys = if self.head > 128 { 32 } else { 64 };
        let stride = self.head.next_multiple_of(16) + 8;
        count((ATTENTION_ROWS + 2 * keys) * stride * 2)
    }
}

/// The formats that `kernel/blocks.cu` reads, with the names that they have there.
pub(super) const FORMATS: [(Format, &str); 13] = [
    (Format::F32, "F32"),
    (Format::F16, "F16"),
    (Format::BF16, "BF16"),
    (Format::Q4_0, "Q4_0"),
    (Format::Q4_1, "Q4_1"),
    (Format::Q5_0, "Q5_0"),
    (Format::Q5_1, "Q5_1"),
    (Format::Q8_0, "Q8_0"),
    (Format::Q2K, "Q2_K"),
    (Format::Q3K, "Q3_K"),
    (Format::Q4K, "Q4_K"),
    (Format::Q5K, "Q5_K"),
    (Format::Q6K, "Q6_K"),
];

/// The name of a format in the kernels; None for those that no weights are kept in.
pub(super) fn format_name(format: Format) -> Option<&'static str> {
    FORMATS.iter().find(|(known, _)| *known == format).map(|&(_, name)| name)
}

/// The function of a feed-forward part, by its number in the kernels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Curve(pub(super) u32);

/// The compiled kernels.
pub(super) struct Kernels {
    functions: Functions,
    pub(super) build: Build,
}

/// Rows of numbers, given by their memory, how many there are, and how wide they are.
#[derive(Clone, Copy)]
pub(super) struct Rows<'a> {
    pub(super) numbers: Part<'a>,
    pub(super) count: usize,
    pub(super) width: usize,
}

/// The weights and shifts of a norm, each 32-bit.
#[derive(Clone, Copy)]
pub(super) struct Norm<'a> {
    pub(super) weights: Part<'a>,
    pub(super) shifts: Part<'a>,
    pub(super) epsilon: f32,
}

/// The tokens of a batch, as words.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    pub(super) tokens: Part<'a>,
    pub(super) positions: Part<'a>,
    pub(super) sides: Part<'a>,
    pub(super) count: usize,
}

/// What attention reads beside queries and keys.
#[derive(Clone, Copy)]
pub(super) struct Attention<'a> {
    pub(super) queries: Part<'a>,
    pub(super) query_stride: usize,
    pub(super) keys: Part<'a>,
    pub(super) key_stride: usize,
    /// The columns that all key heads take together.
    pub(super) key_width: usize,
    pub(super) prefix: Part<'a>,
    pub(super) prefix_length: usize,
    pub(super) starts: Part<'a>,
    pub(super) turns: Part<'a>,
    pub(super) scale: f32,
    pub(super) heads: usize,
    pub(super) key_heads: usize,
    /// Only the last token of each sequence asks, and there is a row of queries for each sequence.
    pub(super) only_last: bool,
    pub(super) sequences: usize,
    /// All tokens together, and those of the longest sequence.
    pub(super) tokens: usize,
    pub(super) longest: usize,
}

impl Kernels {
    /// Compiles the kernels; the error is what the compiler says.
    pub(super) fn compile(stream: &Arc<CudaStream>, build: Build) -> Result<Self, String> {
        let text = |error: DriverError| error.to_string();
        let capability = stream.context().compute_capability().map_err(text)?;
        let program = compile(&build.source(), &build.options(capability))?;
        let functions = Functions::load(stream, program, build.names()).map_err(text)?;
        if build.number == Number::Bfloat16 {
            functions.allow_shared("attention", build.attention_bytes()).map_err(text)?;
        }
        Ok(Self { functions, build })
    }

    fn number(&self) -> usize {
        self.build.number.bytes()
    }

    /// Expands blocks of a format to plain numbers.
    pub(super) fn expand(
        &self,
        format: Format,
        blocks: Part<'_>,
        to: &PartMut<'_>,
        numbers: usize,
    ) -> Result<(), DriverError> {
        let name = format_name(format).expect("the format was checked when the matrix was loaded");
        check(blocks.length(), numbers / format.block_size() * format.type_size());
        check(to.length(), numbers * self.number());
        let values =
            [Value::Address(blocks.address()), Value::Address(to.address()), Value::Long((numbers / EIGHT) as u64)];
        self.functions.start(&format!("expand_{name}"), over(numbers / EIGHT), &values)
    }

    /// Expands the rows that `rows` lists to 32-bit numbers, times `factor`.
    pub(super) fn gather(
        &self,
        format: Format,
        table: Rows<'_>,
        rows: Part<'_>,
        to: &PartMut<'_>,
        factor: f32,
        chosen: usize,
    ) -> Result<(), DriverError> {
        let name = format_name(format).expect("the format was checked when the matrix was loaded");
        check(table.numbers.length(), table.count * table.width / format.block_size() * format.type_size());
        check(rows.length(), chosen * 4);
        check(to.length(), chosen * table.width * 4);
        let addresses = [table.numbers.address(), rows.address(), to.address()].map(Value::Address);
        let [blocks, rows, to] = addresses;
        let values = [blocks, rows, to, Value::Count(count(table.width)), Value::Number(factor)];
        self.functions.start(&format!("gather_{name}"), each(chosen, THREADS), &values)
    }

    /// Norms rows of 32-bit numbers by the root of their mean square.
    pub(super) fn rms_norm(
        &self,
        x: Rows<'_>,
        weights: Part<'_>,
        to: &PartMut<'_>,
        epsilon: f32,
    ) -> Result<(), DriverError> {
        check(x.numbers.length(), x.count * x.width * 4);
        check(weights.length(), x.width * 4);
        check(to.length(), x.count * x.width * self.number());
        let [x_at, weights, to] = [x.numbers.address(), weights.address(), to.address()].map(Value::Address);
        let values = [x_at, weights, to, Value::Count(count(x.width)), Value::Number(epsilon)];
        self.functions.start("rms_norm", each(x.count, THREADS), &values)
    }

    /// Copies the rows that `rows` lists; `float` says that they are 32-bit whatever the build.
    pub(super) fn pick(
        &self,
        from: Rows<'_>,
        rows: Part<'_>,
        to: &PartMut<'_>,
        chosen: usize,
        float: bool,
    ) -> Result<(), DriverError> {
        let (name, bytes) = if float { ("pick_float_rows", 4) } else { ("pick_rows", self.number()) };
        check(from.numbers.length(), from.count * from.width * bytes);
        check(rows.length(), chosen * 4);
        check(to.length(), chosen * from.width * bytes);
        let [from_at, rows, to] = [from.numbers.address(), rows.address(), to.address()].map(Value::Address);
        self.functions.start(name, each(chosen, 128), &[from_at, rows, to, Value::Count(count(from.width))])
    }

    /// Multiplies the two halves of each row, the first through the curve; `width` is that of a half.
    pub(super) fn gate(&self, rows: Rows<'_>, to: &PartMut<'_>, curve: Curve) -> Result<(), DriverError> {
        let eights = rows.count * rows.width / EIGHT;
        check(rows.numbers.length(), rows.count * rows.width * 2 * self.number());
        check(to.length(), rows.count * rows.width * self.number());
        let [from, to] = [rows.numbers.address(), to.address()].map(Value::Address);
        let values = [from, to, Value::Count(count(rows.width)), Value::Long(eights as u64), Value::Count(curve.0)];
        self.functions.start("gate", over(eights), &values)
    }

    /// Puts numbers through a curve where they lie.
    pub(super) fn gelu(&self, x: &PartMut<'_>, numbers: usize, curve: Curve) -> Result<(), DriverError> {
        check(x.length(), numbers * self.number());
        let eights = numbers / EIGHT;
        let values = [Value::Address(x.address()), Value::Long(eights as u64), Value::Count(curve.0)];
        self.functions.start("gelu", over(eights), &values)
    }

    /// Norms rows to mean 0 and variance 1 where they lie.
    pub(super) fn layer_norm(
        &self,
        x: &PartMut<'_>,
        rows: usize,
        width: usize,
        norm: Norm<'_>,
    ) -> Result<(), DriverError> {
        check(x.length(), rows * width * self.number());
        check(norm.weights.length().min(norm.shifts.length()), width * 4);
        let [weights, shifts] = [norm.weights.address(), norm.shifts.address()].map(Value::Address);
        let (from, to) = (Value::Address(x.address()), Value::Address(x.address()));
        let values = [
            from,
            weights,
            shifts,
            to,
            Value::Count(count(width)),
            Value::Count(count(rows)),
            Value::Number(norm.epsilon),
        ];
        self.functions.start("layer_norm", each(rows.div_ceil(4), 128), &values)
    }

    /// Sums word, position and segment of each token and norms the sum. `tables` are those three, in this order.
    pub(super) fn embed(
        &self,
        tables: [Rows<'_>; 3],
        tokens: Tokens<'_>,
        norm: Norm<'_>,
        to: &PartMut<'_>,
    ) -> Result<(), DriverError> {
        let width = tables[0].width;
        tables.iter().for_each(|table| check(table.numbers.length(), table.count * width * self.number()));
        [tokens.tokens, tokens.positions, tokens.sides]
            .iter()
            .for_each(|words| check(words.length(), tokens.count * 4));
        check(norm.weights.length().min(norm.shifts.length()), width * 4);
        check(to.length(), tokens.count * width * self.number());
        let mut values: Vec<Value> = tables.iter().map(|table| Value::Address(table.numbers.address())).collect();
        let parts = [tokens.tokens, tokens.positions, tokens.sides, norm.weights, norm.shifts];
        values.extend(parts.iter().map(|part| Value::Address(part.address())));
        values.extend([Value::Address(to.address()), Value::Count(count(width)), Value::Number(norm.epsilon)]);
        let grid = Grid { shared_bytes: count(width * 4), ..each(tokens.count, 32) };
        self.functions.start("embed", grid, &values)
    }

    /// Norms rows of 32-bit numbers and multiplies them with the rows of the head.
    pub(super) fn answer_logits(
        &self,
        x: Rows<'_>,
        weights: Part<'_>,
        head: Rows<'_>,
        to: &PartMut<'_>,
        epsilon: f32,
    ) -> Result<(), DriverError> {
        check(x.numbers.length(), x.count * x.width * 4);
        check(weights.length(), x.width * 4);
        check(head.numbers.length(), head.count * x.width * 4);
        check(to.length(), x.count * head.count * 4);
        let [x_at, weights, head_at, to] =
            [x.numbers.address(), weights.address(), head.numbers.address(), to.address()].map(Value::Address);
        let (width, answers) = (Value::Count(count(x.width)), Value::Count(count(head.count)));
        let values = [x_at, weights, head_at, to, width, answers, Value::Number(epsilon)];
        self.functions.start("answer_logits", each(x.count, THREADS), &values)
    }

    /// Puts pooled rows through tanh and multiplies them with the rows of the classifier, whose shifts are added.
    pub(super) fn class_logits(
        &self,
        x: Rows<'_>,
        classifier: Rows<'_>,
        shifts: Part<'_>,
        to: &PartMut<'_>,
    ) -> Result<(), DriverError> {
        check(x.numbers.length(), x.count * x.width * self.number());
        check(classifier.numbers.length(), classifier.count * x.width * 4);
        check(shifts.length(), classifier.count * 4);
        check(to.length(), x.count * classifier.count * 4);
        let [x_at, weights, shifts, to] =
            [x.numbers.address(), classifier.numbers.address(), shifts.address(), to.address()].map(Value::Address);
        let values = [x_at, weights, shifts, to, Value::Count(count(x.width)), Value::Count(count(classifier.count))];
        self.functions.start("class_logits", each(x.count, THREADS), &values)
    }

    /// Attention of packed sequences.
    pub(super) fn attention(&self, it: Attention<'_>, to: &PartMut<'_>) -> Result<(), DriverError> {
        let width = it.heads * self.build.head;
        let (rows, asking) = if it.only_last { (it.sequences, 1) } else { (it.tokens, it.longest) };
        check(it.queries.length(), (rows * it.query_stride - (it.query_stride - width)) * self.number());
        check(it.keys.length(), (it.tokens * it.key_stride - (it.key_stride - 2 * it.key_width)) * self.number());
        check(it.prefix.length(), it.prefix_length * 2 * it.key_width * self.number());
        check(it.starts.length(), (it.sequences + 1) * 4);
        check(it.turns.length(), (it.prefix_length + it.longest) * self.build.pairs * 8);
        check(to.length(), rows * width * self.number());
        let packed = Packed {
            queries: it.queries.address(),
            query_stride: count(it.query_stride),
            keys: it.keys.address(),
            key_stride: count(it.key_stride),
            values_from: count(it.key_width),
            prefix: it.prefix.address(),
            prefix_length: count(it.prefix_length),
            starts: it.starts.address(),
            turns: it.turns.address(),
            scale: it.scale,
            group: count(it.heads / it.key_heads),
            only_last: u32::from(it.only_last),
            attended: to.address(),
            out_stride: count(width),
        };
        let (heads, sequences) = (count(it.heads), count(it.sequences));
        if self.build.number == Number::Bfloat16 {
            let blocks = (count(asking.div_ceil(ATTENTION_ROWS)), heads, sequences);
            let grid = Grid { blocks, threads: 128, shared_bytes: self.build.attention_bytes() };
            return self.functions.start_with("attention", grid, packed);
        }
        let shared_bytes = count((self.build.head + it.prefix_length + it.longest) * 4);
        let grid = Grid { blocks: (count(asking), heads, sequences), threads: 128, shared_bytes };
        self.functions.start_with("attention_plain", grid, packed)
    }
}

/// The memory that a kernel is given must hold what it reaches; that it does not is a mistake of this program.
fn check(length: usize, needed: usize) {
    assert!(length >= needed, "a kernel would reach {needed} bytes of {length}");
}

fn count(number: usize) -> u32 {
    u32::try_from(number).expect("a batch has far fewer than four billion of anything")
}

/// A thread for each of so many.
fn over(threads: usize) -> Grid {
    Grid { blocks: (count(threads.div_ceil(THREADS as usize)), 1, 1), threads: THREADS, shared_bytes: 0 }
}

/// A block for each of so many.
fn each(blocks: usize, threads: u32) -> Grid {
    Grid { blocks: (count(blocks), 1, 1), threads, shared_bytes: 0 }
}
