//! The steps between the matrix products that look at one token at a time.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, InplaceOp2, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};

use super::exponential::exponential;
use super::product::sum_of_squares;

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
        Arch::new().dispatch(Normalize { rows, weights, epsilon: self.epsilon, normed: &mut normed });
        Ok((CpuStorage::F32(normed), l1.shape().clone()))
    }
}

struct Normalize<'a> {
    rows: &'a [f32],
    weights: &'a [f32],
    epsilon: f32,
    normed: &'a mut [f32],
}

impl WithSimd for Normalize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.weights.len();
        for (row, normed) in self.rows.chunks_exact(width).zip(self.normed.chunks_exact_mut(width)) {
            let scale = 1.0 / (sum_of_squares(row) / width as f32 + self.epsilon).sqrt();
            for ((normed, x), weight) in normed.iter_mut().zip(row).zip(self.weights) {
                *normed = x * scale * weight;
            }
        }
    }
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
        Arch::new().dispatch(Multiply { rows, width, gated: &mut gated });
        Ok((CpuStorage::F32(gated), Shape::from((count, width))))
    }
}

struct Multiply<'a> {
    rows: &'a [f32],
    width: usize,
    gated: &'a mut [f32],
}

impl WithSimd for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        for (row, gated) in self.rows.chunks_exact(2 * self.width).zip(self.gated.chunks_exact_mut(self.width)) {
            let (gate, up) = row.split_at(self.width);
            for ((gated, gate), up) in gated.iter_mut().zip(gate).zip(up) {
                *gated = gate / (1.0 + exponential(-gate)) * up;
            }
        }
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
        sums[start..end].iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend);
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
