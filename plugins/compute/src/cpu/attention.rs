//! Attention over packed sequences: causal after a shared prefix, with rotary positions and shared key heads, or both ways.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::elementwise::contiguous;
use super::exponential::exponential;
use super::product::{LANES, maximum, product, sum};
use super::rotary::Rotary;
use hopgraph_model::architecture;

/// Which tokens of each sequence ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queries {
    /// Every token; the rows of the queries are those of the keys.
    All,
    /// The first token alone; one row for each sequence.
    First,
    /// The last token alone; one row for each sequence.
    Last,
}

/// How the rows of queries, keys and values divide into heads, and what these look at.
pub(super) struct Heads {
    /// Heads of queries.
    pub(super) count: usize,
    /// Heads of keys and of values; several query heads share one.
    pub(super) key_value_heads: usize,
    pub(super) width: usize,
    /// None: positions do not turn.
    pub(super) rotary: Option<Rotary>,
    /// Whether a token looks only at itself and what is before it, or at the whole sequence.
    pub(super) causal: bool,
}

impl Heads {
    /// Those of a model that reads from left to right.
    pub(super) fn of_decoder(config: &architecture::Decoder) -> Self {
        Self {
            count: config.heads,
            key_value_heads: config.key_value_heads,
            width: config.head_width,
            rotary: Some(Rotary::new(config)),
            causal: true,
        }
    }

    /// The columns that all query heads take together.
    pub(super) fn query_width(&self) -> usize {
        self.count * self.width
    }

    /// The columns that all key heads take together; the value heads take as many.
    pub(super) fn key_width(&self) -> usize {
        self.key_value_heads * self.width
    }

    /// How many numbers a prefix takes for one head: transposed keys, rounded up to whole lanes, then values.
    pub(super) fn prefix_size(&self, length: usize) -> usize {
        self.width * (length.next_multiple_of(LANES) + length)
    }

    /// Turns one head by its position, and multiplies it by `scale`.
    #[inline(always)]
    fn turn(&self, head: &[f32], position: usize, scale: f32, turned: &mut [f32]) {
        match &self.rotary {
            Some(rotary) => rotary.turn(head, position, scale, turned),
            None => turned.iter_mut().zip(head).for_each(|(turned, x)| *turned = scale * x),
        }
    }
}

/// Lets each query look at the prefix and at its own sequence, up to itself or whole.
///
/// Vaswani et al., "Attention Is All You Need" (arXiv 1706.03762); key heads shared between query heads as in Ainslie et
/// al., "GQA" (arXiv 2305.13245). Operands: queries, keys beside values, and a prefix made by [`KeepPrefix`].
pub(super) struct Attention<'a> {
    pub(super) heads: &'a Heads,
    /// How many tokens each sequence has, in the order of the rows.
    pub(super) lengths: &'a [usize],
    pub(super) prefix_length: usize,
    pub(super) queries: Queries,
}

impl CustomOp3 for Attention<'_> {
    fn name(&self) -> &'static str {
        "prefix-attention"
    }

    fn cpu_fwd(
        &self,
        s1: &CpuStorage,
        l1: &Layout,
        s2: &CpuStorage,
        l2: &Layout,
        s3: &CpuStorage,
        l3: &Layout,
    ) -> Result<(CpuStorage, Shape)> {
        let queries = Rows::of(s1, l1)?;
        let keys_values = Rows::of(s2, l2)?;
        let prefix = contiguous(s3, l3)?;
        let width = self.heads.query_width();
        let mut attended = vec![0.0; l1.shape().dims2()?.0 * width];
        let mut work = Vec::with_capacity(self.lengths.len());
        let (mut rest, mut query, mut key) = (attended.as_mut_slice(), 0, 0);
        for &length in self.lengths {
            let asking = if self.queries == Queries::All { length } else { 1 };
            let (out, after) = rest.split_at_mut(asking * width);
            work.push((Sequence { queries: queries.from(query), keys_values: keys_values.from(key), length }, out));
            (rest, query, key) = (after, query + asking, key + length);
        }
        work.into_par_iter()
            .for_each(|(sequence, out)| Arch::new().dispatch(Attend { attention: self, sequence, prefix, out }));
        Ok((CpuStorage::F32(attended), Shape::from((l1.shape().dims2()?.0, width))))
    }
}

/// The rows of one sequence.
struct Sequence<'a> {
    queries: Rows<'a>,
    keys_values: Rows<'a>,
    length: usize,
}

/// All heads of one sequence.
struct Attend<'a> {
    attention: &'a Attention<'a>,
    sequence: Sequence<'a>,
    prefix: &'a [f32],
    out: &'a mut [f32],
}

impl WithSimd for Attend<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        self.attention.attend(simd, &self.sequence, self.prefix, self.out);
    }
}

/// Queries are worked on this many at a time, so that each key that is read serves them all.
const BLOCK: usize = 4;

impl Attention<'_> {
    #[inline(always)]
    fn attend<S: Simd>(&self, simd: S, sequence: &Sequence<'_>, prefix: &[f32], out: &mut [f32]) {
        let group = self.heads.count / self.heads.key_value_heads;
        let padded = sequence.length.next_multiple_of(LANES);
        let mut keys = vec![0.0; self.heads.width * padded];
        let mut scratch = Scratch::new(self.heads.width, self.prefix_length, padded);
        let prefix_size = self.heads.prefix_size(self.prefix_length);
        let prefix_keys_size = self.heads.width * self.prefix_length.next_multiple_of(LANES);
        for shared in 0..self.heads.key_value_heads {
            transpose_keys(self.heads, sequence, self.prefix_length, shared, &mut keys);
            let (prefix_keys, prefix_values) = prefix[shared * prefix_size..][..prefix_size].split_at(prefix_keys_size);
            let values_from = self.heads.key_width() + shared * self.heads.width;
            let past = Past { prefix_keys, keys: &keys, prefix_values, values_from };
            for head in shared * group..(shared + 1) * group {
                self.attend_head(simd, sequence, &past, head, &mut scratch, out);
            }
        }
    }

    /// One head of one sequence, a block of queries at a time.
    #[inline(always)]
    fn attend_head<S: Simd>(
        &self,
        simd: S,
        sequence: &Sequence<'_>,
        past: &Past<'_>,
        head: usize,
        scratch: &mut Scratch,
        out: &mut [f32],
    ) {
        let (head_width, out_width) = (self.heads.width, self.heads.query_width());
        let (first, end) = match self.queries {
            Queries::All => (0, sequence.length),
            Queries::First => (0, 1),
            Queries::Last => (sequence.length - 1, sequence.length),
        };
        for block in (first..end).step_by(BLOCK) {
            let count = BLOCK.min(end - block);
            self.load_queries(sequence, (block, first, count), head, scratch);
            let visible = if self.heads.causal { block + count } else { sequence.length };
            scratch.score(simd, past, visible);
            scratch.softmax(visible, count, self.heads.causal);
            scratch.mix(simd, past, &sequence.keys_values, visible);
            for row in 0..count {
                let out = &mut out[(block - first + row) * out_width + head * head_width..][..head_width];
                out.copy_from_slice(&scratch.mixed[row * head_width..][..head_width]);
            }
        }
    }

    #[inline(always)]
    fn load_queries(
        &self,
        sequence: &Sequence<'_>,
        (block, first, count): (usize, usize, usize),
        head: usize,
        scratch: &mut Scratch,
    ) {
        let head_width = self.heads.width;
        let scale = 1.0 / (head_width as f32).sqrt();
        for row in 0..count {
            let query = &sequence.queries.row(block - first + row)[head * head_width..][..head_width];
            let turned = &mut scratch.queries[row * head_width..][..head_width];
            self.heads.turn(query, self.prefix_length + block + row, scale, turned);
        }
    }
}

/// What the queries of one head look back at.
struct Past<'a> {
    /// Transposed, so that neighbouring keys are neighbours.
    prefix_keys: &'a [f32],
    keys: &'a [f32],
    prefix_values: &'a [f32],
    /// The column at which the values of this head begin in the rows of the sequence.
    values_from: usize,
}

/// Room for one block of queries.
struct Scratch {
    queries: Vec<f32>,
    /// For each query its scores: the prefix, rounded up to whole lanes, then the sequence.
    scores: Vec<f32>,
    mixed: Vec<f32>,
    head_width: usize,
    prefix_length: usize,
    prefix_padded: usize,
    own_padded: usize,
}

impl Scratch {
    fn new(head_width: usize, prefix_length: usize, own_padded: usize) -> Self {
        let prefix_padded = prefix_length.next_multiple_of(LANES);
        Self {
            queries: vec![0.0; BLOCK * head_width],
            scores: vec![0.0; BLOCK * (prefix_padded + own_padded)],
            mixed: vec![0.0; BLOCK * head_width],
            head_width,
            prefix_length,
            prefix_padded,
            own_padded,
        }
    }

    /// Multiplies the queries with the keys of the prefix and with the first `visible` of the sequence.
    #[inline(always)]
    fn score<S: Simd>(&mut self, simd: S, past: &Past<'_>, visible: usize) {
        let (stride, width) = (self.prefix_padded + self.own_padded, self.head_width);
        self.scores.fill(0.0);
        let queries = (self.queries.as_slice(), width);
        let prefix = (past.prefix_keys, self.prefix_padded);
        product::<S, BLOCK>(simd, queries, width, prefix, self.prefix_padded, (&mut self.scores, stride));
        let (own, columns) = ((past.keys, self.own_padded), visible.next_multiple_of(LANES));
        let scores = &mut self.scores[self.prefix_padded..];
        product::<S, BLOCK>(simd, queries, width, own, columns, (scores, stride));
    }

    /// Turns the scores of each query into weights that sum to 1. If `causal`, the last query sees `visible` tokens, and
    /// each one before it one less.
    #[inline(always)]
    fn softmax(&mut self, visible: usize, count: usize, causal: bool) {
        let scored = self.prefix_padded + visible.next_multiple_of(LANES);
        let rows = self.scores.chunks_exact_mut(self.prefix_padded + self.own_padded);
        for (row, scores) in rows.enumerate().take(count) {
            // Whole lanes are worked on; what is no key of this query is emptied before and after.
            let scores = &mut scores[..scored];
            let hidden = if causal { count - 1 - row } else { 0 };
            let own_end = self.prefix_padded + visible - hidden;
            let nothing = [self.prefix_length..self.prefix_padded, own_end..scored];
            nothing.iter().for_each(|range| scores[range.clone()].fill(f32::NEG_INFINITY));
            let greatest = maximum(scores);
            scores.iter_mut().for_each(|score| *score = exponential(*score - greatest));
            nothing.into_iter().for_each(|range| scores[range].fill(0.0));
            let scale = 1.0 / sum(scores);
            scores.iter_mut().for_each(|weight| *weight *= scale);
        }
    }

    /// Adds up the values of the prefix and of the first `visible` tokens, as weighted.
    #[inline(always)]
    fn mix<S: Simd>(&mut self, simd: S, past: &Past<'_>, keys_values: &Rows<'_>, visible: usize) {
        let (stride, width) = (self.prefix_padded + self.own_padded, self.head_width);
        self.mixed.fill(0.0);
        let (prefix, own) = ((self.scores.as_slice(), stride), (&self.scores[self.prefix_padded..], stride));
        let values = (past.prefix_values, width);
        product::<S, BLOCK>(simd, prefix, self.prefix_length, values, width, (&mut self.mixed, width));
        let values = (&keys_values.numbers[past.values_from..], keys_values.stride);
        product::<S, BLOCK>(simd, own, visible, values, width, (&mut self.mixed, width));
    }
}

/// Writes the turned keys of one head, one row for each number of a head, so that neighbouring keys are neighbours.
#[inline(always)]
fn transpose_keys(heads: &Heads, sequence: &Sequence<'_>, first_position: usize, head: usize, keys: &mut [f32]) {
    let padded = sequence.length.next_multiple_of(LANES);
    let mut turned = vec![0.0; heads.width];
    for token in 0..sequence.length {
        let key = &sequence.keys_values.row(token)[head * heads.width..][..heads.width];
        heads.turn(key, first_position + token, 1.0, &mut turned);
        for (number, &turned) in turned.iter().enumerate() {
            keys[number * padded + token] = turned;
        }
    }
}

/// Makes, from the keys beside values of one sequence that starts at the first position, the prefix of [`Attention`].
pub(super) struct KeepPrefix<'a> {
    pub(super) heads: &'a Heads,
}

impl CustomOp1 for KeepPrefix<'_> {
    fn name(&self) -> &'static str {
        "keep-prefix"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rows = Rows::of(storage, layout)?;
        let length = layout.shape().dims2()?.0;
        let sequence = Sequence { queries: rows.from(0), keys_values: rows.from(0), length };
        let (head_width, size) = (self.heads.width, self.heads.prefix_size(length));
        let mut prefix = vec![0.0; self.heads.key_value_heads * size];
        for (head, prefix) in prefix.chunks_exact_mut(size).enumerate() {
            let (keys, values) = prefix.split_at_mut(head_width * length.next_multiple_of(LANES));
            transpose_keys(self.heads, &sequence, 0, head, keys);
            let from = self.heads.key_width() + head * head_width;
            for (token, value) in values.chunks_exact_mut(head_width).enumerate() {
                value.copy_from_slice(&sequence.keys_values.row(token)[from..][..head_width]);
            }
        }
        Ok((CpuStorage::F32(prefix), Shape::from((self.heads.key_value_heads, size))))
    }
}

/// Rows of a matrix that may be part of a wider one.
#[derive(Clone, Copy)]
struct Rows<'a> {
    numbers: &'a [f32],
    stride: usize,
}

impl<'a> Rows<'a> {
    fn of(storage: &'a CpuStorage, layout: &Layout) -> Result<Self> {
        let &[stride, 1] = layout.stride() else {
            candle_core::bail!("expected rows of neighbouring numbers, found strides {:?}", layout.stride())
        };
        Ok(Self { numbers: &storage.as_slice::<f32>()?[layout.start_offset()..], stride })
    }

    /// The rows from this one on.
    fn from(self, row: usize) -> Self {
        Self { numbers: &self.numbers[row * self.stride..], stride: self.stride }
    }

    /// A row; it may run on into the columns that were cut off.
    #[inline(always)]
    fn row(&self, row: usize) -> &'a [f32] {
        &self.numbers[row * self.stride..]
    }
}
