//! Products with a weight matrix, forward and backward; the matrix is trained, or kept with a small one beside it.
//!
//! An adapter (Hu and others 2021, arXiv 2106.09685) is never merged: y = x W' + s drop(x) A' B'.

use hopgraph_model::ModelError;
use hopgraph_model::weights::RawTensor;

use super::parameters::{Gradients, Parameters, Place};
use super::product::{Cores, Target, View, product};
use super::random::Dropout;

/// A matrix, one row for each output, and what is added to its products.
pub(super) struct Linear {
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) weight: Numbers,
    pub(super) bias: Option<Numbers>,
    pub(super) low_rank: Option<LowRankPlaces>,
}

/// Numbers that are trained or not.
pub(super) enum Numbers {
    /// Trained.
    Trained(Place),
    /// Kept, as 32-bit numbers.
    Kept(Vec<f32>),
    /// Kept as in the file, and expanded for each product: a large model in blocks stays small.
    Packed(RawTensor),
}

/// The halves of an adapter.
pub(super) struct LowRankPlaces {
    /// Rank x inputs.
    pub(super) a: Place,
    /// Outputs x rank.
    pub(super) b: Place,
    pub(super) rank: usize,
    pub(super) scale: f32,
    /// The share of its inputs that is dropped while it is trained.
    pub(super) dropout: f32,
    /// Which masks are its own.
    pub(super) site: u64,
}

/// What is kept of a forward pass for the way back, beside the input.
pub(super) struct LinearSaved {
    /// What A made of the input.
    inner: Vec<f32>,
}

impl Numbers {
    /// The numbers, expanded if need be.
    pub(super) fn with<R>(&self, parameters: &Parameters, use_them: impl FnOnce(&[f32]) -> R) -> Result<R, ModelError> {
        Ok(match self {
            Self::Trained(place) => use_them(parameters.numbers(*place)),
            Self::Kept(numbers) => use_them(numbers),
            Self::Packed(tensor) => use_them(&tensor.to_f32()?),
        })
    }
}

impl Linear {
    /// The products of rows with the matrix. `masks` are those of this step; without them nothing is dropped.
    pub(super) fn forward(
        &self,
        parameters: &Parameters,
        x: &[f32],
        masks: Option<Dropout>,
    ) -> Result<(Vec<f32>, LinearSaved), ModelError> {
        let mut y = vec![0.0; x.len() / self.inputs * self.outputs];
        let rows = View::of(x, self.inputs);
        self.weight.with(parameters, |weight| {
            let weight = View::of(weight, self.inputs).transposed();
            product(rows, weight, 1.0, Target::set(&mut y, self.outputs), Cores::All);
        })?;
        if let Some(bias) = &self.bias {
            bias.with(parameters, |bias| {
                for row in y.chunks_exact_mut(self.outputs) {
                    row.iter_mut().zip(bias).for_each(|(sum, addend)| *sum += addend);
                }
            })?;
        }
        let mut inner = Vec::new();
        if let Some(low_rank) = &self.low_rank {
            let dropped = low_rank.dropped(x, masks);
            let rows = View::of(dropped.as_deref().unwrap_or(x), self.inputs);
            inner = vec![0.0; x.len() / self.inputs * low_rank.rank];
            let a = View::of(parameters.numbers(low_rank.a), self.inputs).transposed();
            product(rows, a, 1.0, Target::set(&mut inner, low_rank.rank), Cores::All);
            let b = View::of(parameters.numbers(low_rank.b), low_rank.rank).transposed();
            let inner = View::of(&inner, low_rank.rank);
            product(inner, b, low_rank.scale, Target::add(&mut y, self.outputs), Cores::All);
        }
        Ok((y, LinearSaved { inner }))
    }

    /// From the gradient of what [`Linear::forward`] gave, that of its input, which is added to `input`; those of the
    /// parameters are added to `gradients`.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        gradients: &mut Gradients,
        (x, saved): (&[f32], &LinearSaved),
        gradient: &[f32],
        masks: Option<Dropout>,
        input: &mut [f32],
    ) -> Result<(), ModelError> {
        let rows = View::of(gradient, self.outputs);
        self.weight.with(parameters, |weight| {
            product(rows, View::of(weight, self.inputs), 1.0, Target::add(input, self.inputs), Cores::All);
        })?;
        if let Numbers::Trained(place) = self.weight {
            let target = Target::add(gradients.of(place), self.inputs);
            product(rows.transposed(), View::of(x, self.inputs), 1.0, target, Cores::All);
        }
        if let Some(Numbers::Trained(place)) = self.bias {
            let bias = gradients.of(place);
            for row in gradient.chunks_exact(self.outputs) {
                bias.iter_mut().zip(row).for_each(|(sum, addend)| *sum += addend);
            }
        }
        if let Some(low_rank) = &self.low_rank {
            low_rank.backward(parameters, gradients, (x, saved), rows, masks, input);
        }
        Ok(())
    }
}

impl LowRankPlaces {
    fn masks(&self, masks: Option<Dropout>) -> Option<Dropout> {
        masks.map(|masks| masks.with_rate(self.dropout).at(self.site)).filter(|masks| !masks.is_off())
    }

    /// The input with some of it dropped. None: all of it stays.
    fn dropped(&self, x: &[f32], masks: Option<Dropout>) -> Option<Vec<f32>> {
        let masks = self.masks(masks)?;
        let mut dropped = x.to_vec();
        masks.apply(&mut dropped);
        Some(dropped)
    }

    fn backward(
        &self,
        parameters: &Parameters,
        gradients: &mut Gradients,
        (x, saved): (&[f32], &LinearSaved),
        gradient: View<'_>,
        masks: Option<Dropout>,
        input: &mut [f32],
    ) {
        let (a, b) = (parameters.numbers(self.a), parameters.numbers(self.b));
        let inputs = a.len() / self.rank;
        let inner = View::of(&saved.inner, self.rank);
        let target = Target::add(gradients.of(self.b), self.rank);
        product(gradient.transposed(), inner, self.scale, target, Cores::All);
        let mut inner_gradient = vec![0.0; saved.inner.len()];
        let target = Target::set(&mut inner_gradient, self.rank);
        product(gradient, View::of(b, self.rank), self.scale, target, Cores::All);
        let inner_gradient = View::of(&inner_gradient, self.rank);
        let dropped = self.dropped(x, masks);
        let rows = View::of(dropped.as_deref().unwrap_or(x), inputs);
        product(inner_gradient.transposed(), rows, 1.0, Target::add(gradients.of(self.a), inputs), Cores::All);
        match self.masks(masks) {
            None => product(inner_gradient, View::of(a, inputs), 1.0, Target::add(input, inputs), Cores::All),
            Some(masks) => {
                let mut own = vec![0.0; input.len()];
                product(inner_gradient, View::of(a, inputs), 1.0, Target::set(&mut own, inputs), Cores::All);
                masks.apply(&mut own);
                input.iter_mut().zip(own).for_each(|(sum, addend)| *sum += addend);
            }
        }
    }
}
