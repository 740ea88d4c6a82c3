//! The steps between the matrix products that look at one token at a time.

use candle_core::{CpuStorage, CustomOp1, CustomOp2, CustomOp3, InplaceOp1, InplaceOp2, Layout, Result, Shape};
use pulp::{Arch, Simd, WithSimd};

use super::activation::apply;
use super::product::{sum, sum_of_squares};
use hopgraph_model::architecture::Activation;

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

/// Subtracts the mean of each row, divides it by the root of its variance, multiplies by the weights and adds the bias.
///
/// Ba et al., "Layer Normalization" (arXiv 1607.06450).
pub(super) struct LayerNorm {
    pub(super) epsilon: f32,
}

impl CustomOp3 for LayerNorm {
    fn name(&self) -> &'static str {
        "layer-norm"
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
        let (rows, weights, bias) = (contiguous(s1, l1)?, contiguous(s2, l2)?, contiguous(s3, l3)?);
        let mut normed = vec![0.0; rows.len()];
        Arch::new().dispatch(Standardize { rows, weights, bias, epsilon: self.epsilon, normed: &mut normed });
        Ok((CpuStorage::F32(normed), l1.shape().clone()))
    }
}

struct Standardize<'a> {
    rows: &'a [f32],
    weights: &'a [f32],
    bias: &'a [f32],
    epsilon: f32,
    normed: &'a mut [f32],
}

impl WithSimd for Standardize<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let width = self.weights.len();
        for (row, normed) in self.rows.chunks_exact(width).zip(self.normed.chunks_exact_mut(width)) {
            let mean = sum(row) / width as f32;
            normed.iter_mut().zip(row).for_each(|(normed, x)| *normed = x - mean);
            let scale = 1.0 / (sum_of_squares(normed) / width as f32 + self.epsilon).sqrt();
            for ((normed, weight), bias) in normed.iter_mut().zip(self.weights).zip(self.bias) {
                *normed = *normed * scale * weight + bias;
            }
        }
    }
}

/// The gate of the feed-forward part: of a row (g, u) the product of the activation of g and u.
///
/// Shazeer, "GLU Variants Improve Transformer" (arXiv 2002.05202), there called SwiGLU and GEGLU.
pub(super) struct Gate {
    pub(super) activation: Activation,
}

impl CustomOp1 for Gate {
    fn name(&self) -> &'static str {
        "gate"
    }

    fn cpu_fwd(&self, storage: &CpuStorage, layout: &Layout) -> Result<(CpuStorage, Shape)> {
        let rows = contiguous(storage, layout)?;
        let (count, width) = layout.shape().dims2()?;
        let width = width / 2;
        let mut gated = vec![0.0; count * width];
        Arch::new().dispatch(Multiply { activation: self.activation, rows, width, gated: &mut gated });
        Ok((CpuStorage::F32(gated), Shape::from((count, width))))
    }
}

struct Multiply<'a> {
    activation: Activation,
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
            gated.copy_from_slice(gate);
            apply(self.activation, gated);
            gated.iter_mut().zip(up).for_each(|(gated, up)| *gated *= up);
        }
    }
}

/// The activation of each number, where it lies.
pub(super) struct Activate {
    pub(super) activation: Activation,
}

impl InplaceOp1 for Activate {
    fn name(&self) -> &'static str {
        "activation"
    }

    fn cpu_fwd(&self, storage: &mut CpuStorage, layout: &Layout) -> Result<()> {
        let numbers = contiguous_mut(storage, layout)?;
        Arch::new().dispatch(InPlace { activation: self.activation, numbers });
        Ok(())
    }
}

struct InPlace<'a> {
    activation: Activation,
    numbers: &'a mut [f32],
}

impl WithSimd for InPlace<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        apply(self.activation, self.numbers);
    }
}

/// Adds the same vector to each row, where it lies.
pub(super) struct AddBias;

impl InplaceOp2 for AddBias {
    fn name(&self) -> &'static str {
        "add-bias"
    }

    fn cpu_fwd(&self, s1: &mut CpuStorage, l1: &Layout, s2: &CpuStorage, l2: &Layout) -> Result<()> {
        let bias = contiguous(s2, l2)?;
        for row in contiguous_mut(s1, l1)?.chunks_exact_mut(bias.len()) {
            row.iter_mut().zip(bias).for_each(|(sum, addend)| *sum += addend);
        }
        Ok(())
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
        let sums = contiguous_mut(s1, l1)?;
        sums.iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend);
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

/// The numbers of a contiguous f32 tensor, to be changed.
fn contiguous_mut<'a>(storage: &'a mut CpuStorage, layout: &Layout) -> Result<&'a mut [f32]> {
    let CpuStorage::F32(numbers) = storage else { candle_core::bail!("expected 32-bit numbers") };
    match layout.contiguous_offsets() {
        Some((start, end)) => Ok(&mut numbers[start..end]),
        None => candle_core::bail!("expected a contiguous tensor, found strides {:?}", layout.stride()),
    }
}
