//! How parameters follow their gradients.

use rayon::prelude::*;

use super::parameters::{Gradients, Parameters};

/// Numbers of a piece.
const PIECE: usize = 1 << 15;

/// The settings of AdamW that stay the same through a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdamWSettings {
    /// How slowly the mean of the gradients moves.
    pub beta1: f32,
    /// How slowly the mean of their squares moves.
    pub beta2: f32,
    /// Keeps steps finite where gradients are none.
    pub epsilon: f32,
    /// The share of a matrix that is taken off at a rate of 1; vectors (biases, norms) keep all.
    pub weight_decay: f32,
}

impl Default for AdamWSettings {
    fn default() -> Self {
        Self { beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weight_decay: 0.01 }
    }
}

/// AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101), with 32-bit state.
#[derive(Clone, Debug, PartialEq)]
pub struct AdamW {
    settings: AdamWSettings,
    /// Steps that were taken.
    pub steps: u64,
    /// The running means of the gradients.
    pub means: Gradients,
    /// The running means of their squares.
    pub squares: Gradients,
}

impl AdamW {
    /// Before the first step.
    pub fn new(parameters: &Parameters, settings: AdamWSettings) -> Self {
        Self { settings, steps: 0, means: parameters.zeros(), squares: parameters.zeros() }
    }

    /// Moves the parameters against their gradients at a rate. A gradient whose norm over all parameters passes `clip`
    /// is shortened to it. Gives that norm, as it was.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &Gradients, rate: f32, clip: Option<f32>) -> f64 {
        let norm = norm(gradients);
        #[expect(clippy::cast_possible_truncation, reason = "a factor between 0 and 1")]
        let factor = clip.map_or(1.0, |clip| (f64::from(clip) / (norm + 1e-6)).min(1.0)) as f32;
        self.steps += 1;
        let AdamWSettings { beta1, beta2, epsilon, weight_decay } = self.settings;
        let power = |beta: f32| {
            let steps = i32::try_from(self.steps).unwrap_or(i32::MAX);
            1.0 - f64::from(beta).powi(steps)
        };
        #[expect(clippy::cast_possible_truncation, reason = "steps are taken in 32 bits")]
        let (step, root) = ((f64::from(rate) / power(beta1)) as f32, power(beta2).sqrt() as f32);
        let states = self.means.iter_mut().zip(self.squares.iter_mut());
        for ((parameter, gradient), (means, squares)) in parameters.iter_mut().zip(gradients.iter()).zip(states) {
            let kept = if parameter.shape.len() > 1 { 1.0 - rate * weight_decay } else { 1.0 };
            let numbers = parameter.numbers.par_chunks_mut(PIECE).zip(gradient.par_chunks(PIECE));
            let states = means.par_chunks_mut(PIECE).zip(squares.par_chunks_mut(PIECE));
            numbers.zip(states).for_each(|((numbers, gradient), (means, squares))| {
                for index in 0..numbers.len() {
                    let slope = gradient[index] * factor;
                    means[index] = beta1 * means[index] + (1.0 - beta1) * slope;
                    squares[index] = beta2 * squares[index] + (1.0 - beta2) * slope * slope;
                    let scale = squares[index].sqrt() / root + epsilon;
                    numbers[index] = kept * numbers[index] - step * means[index] / scale;
                }
            });
        }
        norm
    }
}

/// The root of the sum of all squares, summed piece by piece in order.
fn norm(gradients: &Gradients) -> f64 {
    let squares = |numbers: &[f32]| -> f64 {
        let pieces: Vec<f64> = numbers
            .par_chunks(PIECE)
            .map(|piece| piece.iter().map(|&number| f64::from(number) * f64::from(number)).sum())
            .collect();
        pieces.iter().sum()
    };
    gradients.iter().map(squares).sum::<f64>().sqrt()
}
