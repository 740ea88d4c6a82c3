//! The functions of the feed-forward part, forward and backward.

use hopgraph_model::architecture::Activation;
use pulp::{Arch, Simd, WithSimd};
use rayon::prelude::*;

use crate::cpu::{apply, exponential};

/// Numbers of a piece.
const PIECE: usize = 1 << 14;

/// The activation of each number.
pub(super) fn forward(activation: Activation, x: &[f32]) -> Vec<f32> {
    let mut y = x.to_vec();
    y.par_chunks_mut(PIECE).for_each(|numbers| Arch::new().dispatch(Forward { activation, numbers }));
    y
}

/// Multiplies each gradient by the slope at the number that the activation was given.
pub(super) fn backward(activation: Activation, x: &[f32], gradient: &mut [f32]) {
    gradient.par_chunks_mut(PIECE).zip(x.par_chunks(PIECE)).for_each(|(gradient, x)| {
        Arch::new().dispatch(Backward { activation, x, gradient });
    });
}

struct Forward<'a> {
    activation: Activation,
    numbers: &'a mut [f32],
}

impl WithSimd for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        apply(self.activation, self.numbers);
    }
}

struct Backward<'a> {
    activation: Activation,
    x: &'a [f32],
    gradient: &'a mut [f32],
}

impl WithSimd for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) {
        let pairs = self.gradient.iter_mut().zip(self.x);
        match self.activation {
            Activation::Silu => pairs.for_each(|(gradient, &x)| *gradient *= silu(x)),
            Activation::GeluTanh => pairs.for_each(|(gradient, &x)| *gradient *= gelu_tanh(x)),
            Activation::Gelu => pairs.for_each(|(gradient, &x)| *gradient *= gelu(x)),
        }
    }
}

/// With s = 1 / (1 + e^-x): s + x s (1 - s).
#[inline(always)]
fn silu(x: f32) -> f32 {
    let s = 1.0 / (1.0 + exponential(-x));
    s + x * s * (1.0 - s)
}

/// With s = 1 / (1 + e^-2u), as x s is the function: s + 2 x s (1 - s) u'.
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    const ROOT_2_OVER_PI: f32 = 0.797_884_6;
    let u = ROOT_2_OVER_PI * (x + 0.044_715 * x * x * x);
    let s = 1.0 / (1.0 + exponential(-2.0 * u));
    s + 2.0 * x * s * (1.0 - s) * ROOT_2_OVER_PI * (1.0 + 3.0 * 0.044_715 * x * x)
}

/// The normal distribution's function plus x times its density.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    const DENSITY: f32 = 0.398_942_3;
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    // Abramowitz and Stegun, 7.1.26, as in the forward pass.
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut polynomial = 1.061_405_4;
    for coefficient in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        polynomial = polynomial * t + coefficient;
    }
    let bell = exponential(-z * z);
    let tail = 0.5 * polynomial * t * bell;
    let below = if x < 0.0 { tail } else { 1.0 - tail };
    below + x * DENSITY * bell
}
