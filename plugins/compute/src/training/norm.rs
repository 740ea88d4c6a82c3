//! The two norms, forward and backward.
//!
//! Rows are worked on in pieces of a fixed number, and the sums over rows are taken piece by piece in order, so that no
//! sum depends on how many cores there are.

use rayon::prelude::*;

/// Rows of a piece.
const PIECE_ROWS: usize = 32;

/// How a row is normed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Divided by the root of its mean square (Zhang and Sennrich 2019, arXiv 1910.07467).
    Root,
    /// Its mean subtracted, then divided by the root of its variance (Ba and others 2016, arXiv 1607.06450).
    Standard,
}

/// The sums that the gradient of a norm's weights and bias grow by.
pub(super) struct NormGradient {
    pub(super) input: Vec<f32>,
    pub(super) weight: Vec<f32>,
    /// Of use for the standard norm alone, which has a bias.
    pub(super) bias: Vec<f32>,
}

impl Kind {
    /// What is subtracted from a row, and what it is then multiplied by.
    #[inline(always)]
    fn scale(self, row: &[f32], epsilon: f32) -> (f32, f32) {
        let width = row.len() as f32;
        let mean = if self == Self::Standard { row.iter().sum::<f32>() / width } else { 0.0 };
        let variance = row.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / width;
        (mean, 1.0 / (variance + epsilon).sqrt())
    }

    /// Each row normed, multiplied by the weights, and the bias added if there is one.
    pub(super) fn forward(self, x: &[f32], weight: &[f32], bias: Option<&[f32]>, epsilon: f32) -> Vec<f32> {
        let width = weight.len();
        let mut normed = vec![0.0; x.len()];
        normed.par_chunks_mut(width * PIECE_ROWS).zip(x.par_chunks(width * PIECE_ROWS)).for_each(|(normed, x)| {
            for (normed, row) in normed.chunks_exact_mut(width).zip(x.chunks_exact(width)) {
                let (mean, scale) = self.scale(row, epsilon);
                for ((normed, x), weight) in normed.iter_mut().zip(row).zip(weight) {
                    *normed = (x - mean) * scale * weight;
                }
                if let Some(bias) = bias {
                    normed.iter_mut().zip(bias).for_each(|(normed, bias)| *normed += bias);
                }
            }
        });
        normed
    }

    /// From the gradient of what [`Kind::forward`] gave, those of what it was given.
    ///
    /// With z = (x - mean) r and g = dy w: dx = r (g - mean(g) - z mean(g z)), without mean(g) for the root.
    pub(super) fn backward(self, x: &[f32], weight: &[f32], gradient: &[f32], epsilon: f32) -> NormGradient {
        let width = weight.len();
        let mut input = vec![0.0; x.len()];
        let piece = width * PIECE_ROWS;
        let pieces = input.par_chunks_mut(piece).zip(x.par_chunks(piece)).zip(gradient.par_chunks(piece));
        let sums: Vec<[Vec<f32>; 2]> = pieces
            .map(|((input, x), gradient)| {
                let mut sums = [vec![0.0; width], vec![0.0; width]];
                let rows = input.chunks_exact_mut(width).zip(x.chunks_exact(width)).zip(gradient.chunks_exact(width));
                rows.for_each(|((input, x), gradient)| self.row(x, weight, gradient, epsilon, input, &mut sums));
                sums
            })
            .collect();
        let [mut weight_sum, mut bias_sum] = [vec![0.0; width], vec![0.0; width]];
        for [weight, bias] in sums {
            weight_sum.iter_mut().zip(weight).for_each(|(sum, addend)| *sum += addend);
            bias_sum.iter_mut().zip(bias).for_each(|(sum, addend)| *sum += addend);
        }
        NormGradient { input, weight: weight_sum, bias: bias_sum }
    }

    #[inline(always)]
    fn row(
        self,
        x: &[f32],
        weight: &[f32],
        gradient: &[f32],
        epsilon: f32,
        input: &mut [f32],
        [weight_sum, bias_sum]: &mut [Vec<f32>; 2],
    ) {
        let (mean, scale) = self.scale(x, epsilon);
        let (mut sum, mut product) = (0.0_f32, 0.0_f32);
        for index in 0..x.len() {
            let (z, weighted) = ((x[index] - mean) * scale, gradient[index] * weight[index]);
            sum += weighted;
            product += weighted * z;
            weight_sum[index] += gradient[index] * z;
            bias_sum[index] += gradient[index];
        }
        let width = x.len() as f32;
        let (sum, product) = (if self == Self::Standard { sum / width } else { 0.0 }, product / width);
        for index in 0..x.len() {
            let (z, weighted) = ((x[index] - mean) * scale, gradient[index] * weight[index]);
            input[index] = scale * (weighted - sum - z * product);
        }
    }
}
