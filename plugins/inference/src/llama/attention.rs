//! Causal attention over packed sequences that share a prefix, with rotary positions and shared key heads.

use candle_core::{CpuStorage, CustomOp1, CustomOp3, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use super::config::Config;
use super::elementwise::contiguous;
use super::exponential::exponential;
use super::product::{LANES, maximum, product, sum};
use super::rotary::Rotary;

/// Which tokens of each sequence ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Queries {
    /// Every token; the rows of the queries are those of the keys.
    All,
    /// The last token alone; one row for each sequence.
    Last,
}

/// Lets each query look at the prefix and at its own sequence up to itself.
///
/// Vaswani et al., "Attention Is All You Need" (arXiv 1706.03762); key heads shared between query heads as in Ainslie et
/// al., "GQA" (arXiv 2305.13245). Operands: queries, keys beside values, and a prefix made by [`KeepPrefix`].
pub(super) struct Attention<'a> {
    pub(super) config: &'a Config,
    pub(super) rotary: &'a Rotary,
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
        let width = self.config.query_width();
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
        let group = self.config.heads / self.config.key_value_heads;
        let padded = sequence.length.next_multiple_of(LANES);
        let mut keys = vec![0.0; self.config.head_width * padded];
        let mut scratch = Scratch::new(self.config.head_width, self.prefix_length, padded);
        let prefix_size = prefix_size(self.config, self.prefix_length);
        let prefix_keys_size = self.config.head_width * self.prefix_length.next_multiple_of(LANES);
        for shared in 0..self.config.key_value_heads {
            transpose_keys(self.config, self.rotary, sequence, self.prefix_length, shared, &mut keys);
            let (prefix_keys, prefix_values) = prefix[shared * prefix_size..][..prefix_size].split_at(prefix_keys_size);
            let values_from = self.config.key_width() + shared * self.config.head_width;
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
        let (head_width, out_width) = (self.config.head_width, self.config.query_width());
        let first = if self.queries == Queries::All { 0 } else { sequence.length - 1 };
        for block in (first..sequence.length).step_by(BLOCK) {
            let count = BLOCK.min(sequence.length - block);
            self.load_queries(sequence, (block, first, count), head, scratch);
            scratch.score(simd, past, block + count);
            scratch.softmax(block, count);
            scratch.mix(simd, past, &sequence.keys_values, block + count);
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
        let head_width = self.config.head_width;
        let scale = 1.0 / (head_width as f32).sqrt();
        for row in 0..count {
            let query = &sequence.queries.row(block - first + row)[head * head_width..][..head_width];
            let turned = &mut scratch.queries[row * head_width..][..head_width];
            self.rotary.turn(query, self.prefix_length + block + row, scale, turned);
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

    /// Turns the scores of each query into weights that sum to 1, with none on later tokens.
    #[inline(always)]
    fn softmax(&mut self, block: usize, count: usize) {
        let scored = self.prefix_padded + (block + count).next_multiple_of(LANES);
        let rows = self.scores.chunks_exact_mut(self.prefix_padded + self.own_padded);
        for (row, scores) in rows.enumerate().take(count) {
            // Whole lanes are worked on; what is no key of this query is emptied before and after.
            let scores = &mut scores[..scored];
            let own_end = self.prefix_padded + block + row + 1;
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
fn transpose_keys(
    config: &Config,
    rotary: &Rotary,
    sequence: &Sequence<'_>,
    first_position: usize,
    head: usize,
    keys: &mut [f32],
) {
    let padded = sequence.length.next_multiple_of(LANES);
    let mut turned = vec![0.0; config.head_width];
    for token in 0..sequence.length {
        let key = &sequence.keys_values.row(token)[head * config.head_width..][..config.head_width];
        rotary.turn(key, first_position + token, 1.0, &mut turned);
        for (number, &turned) in turned.iter().enumerate() {
            keys[number * padded + token] = turned;
        }
    }
}

/// How many numbers a prefix takes for one head: transposed keys, rounded up to whole lanes, then values.
pub(super) fn prefix_size(config: &Config, length: usize) -> usize {
    config.head_width * (length.next_multiple_of(LANES) + length)
}

/// Makes, from the keys beside values of one sequence that starts at the first position, the prefix of [`Attention`].
pub(super) struct KeepPrefix<'a> {
    pub(super) config: &'a Config,
    pub(super) rotary: &'a Rotary,
}

impl CustomOp1 for KeepPrefix<'_> {
    fn name(&self) -> &'static str {
        "keep-prefix"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rows = Rows::of(storage, layout)?;
        let length = layout.shape().dims2()?.0;
        let sequence = Sequence { queries: rows.from(0), keys_values: rows.from(0), length };
        let (head_width, size) = (self.config.head_width, prefix_size(self.config, length));
        let mut prefix = vec![0.0; self.config.key_value_heads * size];
        for (head, prefix) in prefix.chunks_exact_mut(size).enumerate() {
            let (keys, values) = prefix.split_at_mut(head_width * length.next_multiple_of(LANES));
            transpose_keys(self.config, self.rotary, &sequence, 0, head, keys);
            let from = self.config.key_width() + head * head_width;
            for (token, value) in values.chunks_exact_mut(head_width).enumerate() {
                value.copy_from_slice(&sequence.keys_values.row(token)[from..][..head_width]);
            }
        }
        Ok((CpuStorage::F32(prefix), Shape::from((self.config.key_value_heads, size))))
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
