//! Attention over packed sequences, forward and backward.
//!
//! Vaswani and others 2017, arXiv 1706.03762. Queries, keys and values are kept head by head, turned by their positions
//! already. A beginning that all sequences share stands once, before them; its keys and values are looked at by all, and
//! the gradients of all are added to them, in the order of the sequences. Weights are computed again on the way back:
//! that costs less than to keep them.

use rayon::prelude::*;

use super::product::{Cores, Target, View, product};
use super::random::Dropout;
use crate::cpu::Rotary;

/// How queries, keys and values divide into heads.
pub(super) struct Heads {
    pub(super) queries: usize,
    /// Several query heads may share one.
    pub(super) keys: usize,
    pub(super) width: usize,
    pub(super) rotary: Option<Rotary>,
    /// Whether a token looks only at itself and what is before it.
    pub(super) causal: bool,
}

/// Where the packed sequences lie.
#[derive(Clone, Debug)]
pub(super) struct Packing {
    /// The tokens of the beginning that all share, which come first.
    pub(super) shared: usize,
    /// The lengths of the sequences, in order.
    pub(super) lengths: Vec<usize>,
}

impl Packing {
    /// All tokens.
    pub(super) fn rows(&self) -> usize {
        self.shared + self.lengths.iter().sum::<usize>()
    }

    /// Where each sequence begins and how long it is, the shared beginning first if there is one.
    fn sequences(&self) -> impl Iterator<Item = Span> + '_ {
        let shared = (self.shared > 0).then_some(Span { start: 0, length: self.shared, past: 0 });
        let own = self.lengths.iter().scan(self.shared, |start, &length| {
            let span = Span { start: *start, length, past: self.shared };
            *start += length;
            Some(span)
        });
        shared.into_iter().chain(own)
    }

    /// The row of the first token of each sequence.
    pub(super) fn first_rows(&self) -> Vec<usize> {
        self.sequences().skip(usize::from(self.shared > 0)).map(|span| span.start).collect()
    }

    /// The row of the last token of each sequence.
    pub(super) fn last_rows(&self) -> Vec<usize> {
        self.sequences().skip(usize::from(self.shared > 0)).map(|span| span.start + span.length - 1).collect()
    }

    /// The position of each row.
    pub(super) fn positions(&self) -> Vec<usize> {
        self.sequences().flat_map(|span| (0..span.length).map(move |token| span.past + token)).collect()
    }
}

/// The rows of one sequence, and how many of the shared beginning it looks back at.
#[derive(Clone, Copy, Debug)]
struct Span {
    start: usize,
    length: usize,
    past: usize,
}

/// Queries, keys and values head by head: heads x rows x width.
pub(super) struct Projected {
    queries: Vec<f32>,
    keys: Vec<f32>,
    values: Vec<f32>,
}

/// One head's part of [`Projected`].
#[derive(Clone, Copy)]
struct Head<'a> {
    queries: &'a [f32],
    keys: &'a [f32],
    values: &'a [f32],
}

/// Where the gradients of one head of keys, and of the queries that share it, are written.
struct HeadGradient<'a> {
    queries: &'a mut [f32],
    keys: &'a mut [f32],
    values: &'a mut [f32],
}

impl Heads {
    /// Takes rows of queries, keys and values apart into heads, and turns them.
    pub(super) fn project(&self, queries: &[f32], keys: &[f32], values: &[f32], packing: &Packing) -> Projected {
        let positions = packing.positions();
        Projected {
            queries: self.apart(queries, self.queries, Some(&positions)),
            keys: self.apart(keys, self.keys, Some(&positions)),
            values: self.apart(values, self.keys, None),
        }
    }

    fn apart(&self, rows: &[f32], heads: usize, positions: Option<&[usize]>) -> Vec<f32> {
        let (width, count) = (self.width, rows.len() / (heads * self.width));
        let mut apart = vec![0.0; rows.len()];
        apart.par_chunks_exact_mut(count * width).enumerate().for_each(|(head, apart)| {
            for (row, out) in apart.chunks_exact_mut(width).enumerate() {
                let source = &rows[(row * heads + head) * width..][..width];
                match (&self.rotary, positions) {
                    (Some(rotary), Some(positions)) => rotary.turn(source, positions[row], 1.0, out),
                    _ => out.copy_from_slice(source),
                }
            }
        });
        apart
    }

    /// Puts heads side by side again; gradients are turned back.
    fn together(&self, apart: &[f32], heads: usize, positions: Option<&[usize]>) -> Vec<f32> {
        let (width, count) = (self.width, apart.len() / (heads * self.width));
        let mut rows = vec![0.0; apart.len()];
        rows.par_chunks_exact_mut(heads * width).enumerate().for_each(|(row, out)| {
            for (head, out) in out.chunks_exact_mut(width).enumerate() {
                let source = &apart[(head * count + row) * width..][..width];
                match (&self.rotary, positions) {
                    (Some(rotary), Some(positions)) => rotary.turn_back(source, positions[row], out),
                    _ => out.copy_from_slice(source),
                }
            }
        });
        rows
    }

    fn head<'a>(&self, projected: &'a Projected, head: usize, rows: usize) -> Head<'a> {
        let size = rows * self.width;
        let shared = head / (self.queries / self.keys);
        Head {
            queries: &projected.queries[head * size..][..size],
            keys: &projected.keys[shared * size..][..size],
            values: &projected.values[shared * size..][..size],
        }
    }

    /// What each token gathers from those that it looks at, heads side by side.
    pub(super) fn forward(&self, projected: &Projected, packing: &Packing, dropout: Option<Dropout>) -> Vec<f32> {
        let (rows, width) = (packing.rows(), self.width);
        let mut apart = vec![0.0; projected.queries.len()];
        apart.par_chunks_exact_mut(rows * width).enumerate().for_each(|(number, out)| {
            let head = self.head(projected, number, rows);
            let dropout = dropout.map(|dropout| dropout.at(number as u64));
            for span in packing.sequences() {
                let mut weights = self.weights(head, span);
                drop_weights(&mut weights, span, dropout);
                let columns = span.past + span.length;
                let out = &mut out[span.start * width..][..span.length * width];
                let (past, own) = split_columns(&weights, columns, span.past);
                product(past, part(head.values, 0, span.past, width), 1.0, Target::set(out, width), Cores::One);
                let values = part(head.values, span.start, span.length, width);
                let target = if span.past > 0 { Target::add(out, width) } else { Target::set(out, width) };
                product(own, values, 1.0, target, Cores::One);
            }
        });
        self.together(&apart, self.queries, None)
    }

    /// The softmax of the scaled products of queries and keys, a row for each token of a sequence; what it may not look
    /// at has weight 0.
    fn weights(&self, head: Head<'_>, span: Span) -> Vec<f32> {
        let (width, columns) = (self.width, span.past + span.length);
        let scale = 1.0 / (width as f32).sqrt();
        let mut scores = vec![0.0; span.length * columns];
        let queries = part(head.queries, span.start, span.length, width);
        let past = part(head.keys, 0, span.past, width).transposed();
        product(queries, past, scale, Target::set(&mut scores, columns), Cores::One);
        let own = part(head.keys, span.start, span.length, width).transposed();
        product(queries, own, scale, Target::set(&mut scores[span.past..], columns), Cores::One);
        for (token, row) in scores.chunks_exact_mut(columns).enumerate() {
            let seen = if self.causal { span.past + token + 1 } else { columns };
            softmax(&mut row[..seen]);
            row[seen..].fill(0.0);
        }
        scores
    }

    /// From the gradient of what [`Heads::forward`] gave, those of the rows of queries, keys and values.
    pub(super) fn backward(
        &self,
        projected: &Projected,
        packing: &Packing,
        gradient: &[f32],
        dropout: Option<Dropout>,
    ) -> [Vec<f32>; 3] {
        let (rows, width, group) = (packing.rows(), self.width, self.queries / self.keys);
        let gradient = self.unturned().apart(gradient, self.queries, None);
        let mut queries = vec![0.0; projected.queries.len()];
        let (mut keys, mut values) = (vec![0.0; projected.keys.len()], vec![0.0; projected.values.len()]);
        let size = rows * width;
        let parts = queries.par_chunks_exact_mut(group * size).zip(keys.par_chunks_exact_mut(size));
        parts.zip(values.par_chunks_exact_mut(size)).enumerate().for_each(|(shared, ((queries, keys), values))| {
            for (member, queries) in queries.chunks_exact_mut(size).enumerate() {
                let number = shared * group + member;
                let head = self.head(projected, number, rows);
                let dropout = dropout.map(|dropout| dropout.at(number as u64));
                let gradient = &gradient[number * size..][..size];
                let mut out = HeadGradient { queries, keys, values };
                packing.sequences().for_each(|span| self.backward_span(head, span, gradient, dropout, &mut out));
            }
        });
        let positions = packing.positions();
        [
            self.together(&queries, self.queries, Some(&positions)),
            self.together(&keys, self.keys, Some(&positions)),
            self.together(&values, self.keys, None),
        ]
    }

    /// The same heads without positions.
    fn unturned(&self) -> Self {
        Self { rotary: None, ..*self }
    }

    /// With P the weights and D what dropout leaves of them: dV = D' dO, dD = dO V', dP the same without what was
    /// dropped, dS = P (dP - sum(dP P)), dQ = dS K, dK = dS' Q.
    fn backward_span(
        &self,
        head: Head<'_>,
        span: Span,
        gradient: &[f32],
        dropout: Option<Dropout>,
        out: &mut HeadGradient<'_>,
    ) {
        let (width, columns) = (self.width, span.past + span.length);
        let scale = 1.0 / (width as f32).sqrt();
        let weights = self.weights(head, span);
        let mut dropped = weights.clone();
        drop_weights(&mut dropped, span, dropout);
        let own = (span.start * width)..((span.start + span.length) * width);
        let gradient = View::of(&gradient[own.clone()], width);
        let (past_weights, own_weights) = split_columns(&dropped, columns, span.past);
        let past = ..span.past * width;
        product(past_weights.transposed(), gradient, 1.0, Target::add(&mut out.values[past], width), Cores::One);
        product(own_weights.transposed(), gradient, 1.0, Target::add(&mut out.values[own.clone()], width), Cores::One);
        let mut scores = vec![0.0; span.length * columns];
        let past_values = part(head.values, 0, span.past, width).transposed();
        product(gradient, past_values, 1.0, Target::set(&mut scores, columns), Cores::One);
        let own_values = part(head.values, span.start, span.length, width).transposed();
        product(gradient, own_values, 1.0, Target::set(&mut scores[span.past..], columns), Cores::One);
        drop_weights(&mut scores, span, dropout);
        for (scores, weights) in scores.chunks_exact_mut(columns).zip(weights.chunks_exact(columns)) {
            let sum: f32 = scores.iter().zip(weights).map(|(score, weight)| score * weight).sum();
            scores.iter_mut().zip(weights).for_each(|(score, weight)| *score = weight * (*score - sum));
        }
        let (past_scores, own_scores) = split_columns(&scores, columns, span.past);
        let past_keys = part(head.keys, 0, span.past, width);
        product(past_scores, past_keys, scale, Target::add(&mut out.queries[own.clone()], width), Cores::One);
        let own_keys = part(head.keys, span.start, span.length, width);
        product(own_scores, own_keys, scale, Target::add(&mut out.queries[own.clone()], width), Cores::One);
        let queries = part(head.queries, span.start, span.length, width);
        product(past_scores.transposed(), queries, scale, Target::add(&mut out.keys[past], width), Cores::One);
        product(own_scores.transposed(), queries, scale, Target::add(&mut out.keys[own], width), Cores::One);
    }
}

fn part(numbers: &[f32], start: usize, rows: usize, width: usize) -> View<'_> {
    View::of(&numbers[start * width..][..rows * width], width)
}

/// The columns before and from `at`.
fn split_columns(numbers: &[f32], columns: usize, at: usize) -> (View<'_>, View<'_>) {
    let whole = View::of(numbers, columns);
    (whole.columns(0, at), whole.columns(at, columns - at))
}

/// One mask for each weight, the same forward and backward.
fn drop_weights(weights: &mut [f32], span: Span, dropout: Option<Dropout>) {
    if let Some(dropout) = dropout.filter(|dropout| !dropout.is_off()) {
        dropout.at(span.start as u64).apply(weights);
    }
}

fn softmax(row: &mut [f32]) {
    let greatest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    for score in row.iter_mut() {
        *score = (*score - greatest).exp();
        sum += *score;
    }
    row.iter_mut().for_each(|weight| *weight /= sum);
}
