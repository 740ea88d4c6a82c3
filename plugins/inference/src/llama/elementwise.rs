//! The steps between the matrix products that look at one token at a time.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, InplaceOp2, Layout, Result, Shape};
use pulp::Arch;

use super::exponential::exponential;

/// Divides each row by the root of its mean square, then multiplies it by the weights.
pub(super) struct RmsNorm {
    pub(super) epsilon: f32,
}

impl CustomOp2 for RmsNorm {
    fn name(&self) -> &'static str {
        "rms-norm"
    }

    fn cpu_fwd(&self, s1: &CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<(CpuStorage, Shape)> {
        let (rows, weights) = (contiguous(s1, l1)?, contiguous(s2, l2)?);
        let mut normed = vec![0.0; rows.len()];
        Arch::new().dispatch(
            #[inline(always)]
            || {
                let pairs = rows.chunks_exact(weights.len()).zip(normed.chunks_exact_mut(weights.len()));
                pairs.for_each(|(row, normed)| normalize(row, weights, self.epsilon, normed));
            },
        );
        Ok((CpuStorage::F32(normed), l1.shape().clone()))
    }
}

#[inline(always)]
fn normalize(row: &[f32], weights: &[f32], epsilon: f32, normed: &mut [f32]) {
    let mean_square = sum_of_squares(row) / row.len() as f32;
    let scale = 1.0 / (mean_square + epsilon).sqrt();
    for ((normed, x), weight) in normed.iter_mut().zip(row).zip(weights) {
        *normed = x * scale * weight;
    }
}

/// Sums in sixteen lanes, since a single sum must be added up one number after another.
#[inline(always)]
fn sum_of_squares(row: &[f32]) -> f32 {
    let (chunks, rest) = row.as_chunks::<16>();
    let mut lanes = [0.0f32; 16];
    for chunk in chunks {
        for (lane, x) in lanes.iter_mut().zip(chunk) {
            *lane += x * x;
        }
    }
    lanes.iter().sum::<f32>() + rest.iter().map(|x| x * x).sum::<f32>()
}

/// The gate of the feed-forward part: of a row (g, u) the product of SiLU(g) and u.
///
/// Shazeer, "GLU Variants Improve Transformer" (arXiv 2002.05202), there called SwiGLU.
pub(super) struct Gate;

impl CustomOp1 for Gate {
    fn name(&self) -> &'static str {
        "silu-gate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rows = contiguous(storage, layout)?;
        let (count, width) = layout.shape().dims2()?;
        let width = width / 2;
        let mut gated = vec![0.0; count * width];
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for (row, gated) in rows.chunks_exact(2 * width).zip(gated.chunks_exact_mut(width)) {
                    let (gate, up) = row.split_at(width);
                    for ((gated, gate), up) in gated.iter_mut().zip(gate).zip(up) {
                        *gated = gate / (1.0 + exponential(-gate)) * up;
                    }
                }
            },
        );
        Ok((CpuStorage::F32(gated), Shape::from((count, width))))
    }
}

/// Adds to a tensor where it lies.
pub(super) struct Add;

impl InplaceOp2 for Add {
    fn name(&self) -> &'static str {
        "add-in-place"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<()> {
        let addends = contiguous(s2, l2)?;
        let CpuStorage::F32(sums) = s1 else { candle_core::bail!("add-in-place wants f32") };
        let Some((start, end)) = l1.contiguous_offsets() else {
            candle_core::bail!("add-in-place wants a contiguous tensor")
        };
        let sums = &mut sums[start..end];
        Arch::new().dispatch(
            #[inline(always)]
            || sums.iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend),
        );
        Ok(())
    }
}

/// The numbers of a contiguous f32 tensor.
pub(super) fn contiguous<'a>(storage: &'a CpuStorage, layout: &Layout) -> Result<&'a [f32]> {
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&storage.as_slice::<f32>()?[start..end]),
        None => candle_core::bail!("expected a contiguous tensor, found strides {:?}", layout.stride()),
    }
}
