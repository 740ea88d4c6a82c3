//! One layer of a model, forward and backward: what it keeps on the way there and what it adds on the way back.
//!
//! Where its norms stand, which norm it is, and whether its feed-forward part has a gate, is data; so encoders and
//! decoders are the same layer.

use hopgraph_model::ModelError;
use hopgraph_model::architecture::Activation;

use super::activation;
use super::attention::{Heads, Packing, Projected};
use super::linear::{Linear, LinearSaved, Numbers};
use super::norm::Kind;
use super::parameters::{Gradients, Parameters};
use super::random::Dropout;

/// Where the norms of a layer stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NormPlace {
    /// Before each half, as in Llama.
    Before,
    /// After each half and what goes around it, as in BERT.
    After,
}

/// A norm with its weights.
pub(super) struct Norm {
    pub(super) kind: Kind,
    pub(super) weight: Numbers,
    pub(super) bias: Option<Numbers>,
    pub(super) epsilon: f32,
}

/// A layer.
pub(super) struct Layer {
    pub(super) norm_place: NormPlace,
    pub(super) attention_norm: Norm,
    pub(super) query: Linear,
    pub(super) key: Linear,
    pub(super) value: Linear,
    pub(super) output: Linear,
    pub(super) feed_forward_norm: Norm,
    /// None: the activation stands between `up` and `down`.
    pub(super) gate: Option<Linear>,
    pub(super) up: Linear,
    pub(super) down: Linear,
    pub(super) activation: Activation,
}

/// What all layers of a pass share.
#[derive(Clone, Copy)]
pub(super) struct Pass<'a> {
    pub(super) parameters: &'a Parameters,
    pub(super) heads: &'a Heads,
    pub(super) packing: &'a Packing,
    /// The masks of this step; without them nothing is dropped.
    pub(super) masks: Option<Dropout>,
    /// Rows that go on after the attention of this layer; none: all.
    pub(super) rows: Option<&'a [usize]>,
}

/// What a layer keeps for the way back.
pub(super) struct Saved {
    input: Vec<f32>,
    /// What attention reads, if a norm stands before it.
    attention_input: Option<Vec<f32>>,
    query: LinearSaved,
    key: LinearSaved,
    value: LinearSaved,
    projected: Projected,
    attended: Vec<f32>,
    output: LinearSaved,
    /// The input with what attention adds.
    sum: Vec<f32>,
    /// The same after its norm, if one follows.
    middle: Option<Vec<f32>>,
    feed_forward_input: Option<Vec<f32>>,
    gate: Option<(Vec<f32>, LinearSaved)>,
    up: (Vec<f32>, LinearSaved),
    inner: Vec<f32>,
    down: LinearSaved,
    /// What the norm at the end reads, if there is one.
    end: Option<Vec<f32>>,
}

impl Norm {
    pub(super) fn forward(&self, parameters: &Parameters, x: &[f32]) -> Result<Vec<f32>, ModelError> {
        self.weight.with(parameters, |weight| match &self.bias {
            None => Ok(self.kind.forward(x, weight, None, self.epsilon)),
            Some(bias) => bias.with(parameters, |bias| self.kind.forward(x, weight, Some(bias), self.epsilon)),
        })?
    }

    /// The gradient of its input; those of its weights are added to the others.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        gradients: &mut Gradients,
        x: &[f32],
        gradient: &[f32],
    ) -> Result<Vec<f32>, ModelError> {
        let found = self.weight.with(parameters, |weight| self.kind.backward(x, weight, gradient, self.epsilon))?;
        if let Numbers::Trained(place) = self.weight {
            gradients.add(place, &found.weight);
        }
        if let Some(Numbers::Trained(place)) = self.bias {
            gradients.add(place, &found.bias);
        }
        Ok(found.input)
    }
}

impl Layer {
    fn norm_before(&self, norm: &Norm, pass: &Pass<'_>, x: &[f32]) -> Result<Option<Vec<f32>>, ModelError> {
        (self.norm_place == NormPlace::Before).then(|| norm.forward(pass.parameters, x)).transpose()
    }

    fn norm_after(&self, norm: &Norm, pass: &Pass<'_>, x: &[f32]) -> Result<Option<Vec<f32>>, ModelError> {
        (self.norm_place == NormPlace::After).then(|| norm.forward(pass.parameters, x)).transpose()
    }

    fn width(&self) -> usize {
        self.output.outputs
    }

    /// The rows after this layer, and what is needed on the way back. `site` is the number of the layer's masks.
    pub(super) fn forward(&self, pass: &Pass<'_>, input: Vec<f32>, site: u64) -> Result<(Vec<f32>, Saved), ModelError> {
        let Pass { parameters, heads, packing, masks, .. } = *pass;
        let attention_input = self.norm_before(&self.attention_norm, pass, &input)?;
        let read = attention_input.as_deref().unwrap_or(&input);
        let (queries, query) = self.query.forward(parameters, read, masks)?;
        let (keys, key) = self.key.forward(parameters, read, masks)?;
        let (values, value) = self.value.forward(parameters, read, masks)?;
        let projected = heads.project(&queries, &keys, &values, packing);
        let attended = heads.forward(&projected, packing, masks.map(|masks| masks.at(8 * site)));
        let attended = select(attended, self.query.outputs, pass.rows);
        let (mut sum, output) = self.output.forward(parameters, &attended, masks)?;
        drop_some(&mut sum, masks, 8 * site + 1);
        add(&mut sum, &select_ref(&input, self.width(), pass.rows));
        let middle = self.norm_after(&self.attention_norm, pass, &sum)?;
        let around = middle.as_deref().unwrap_or(&sum);
        let feed_forward_input = self.norm_before(&self.feed_forward_norm, pass, around)?;
        let read = feed_forward_input.as_deref().unwrap_or(around);
        let up = self.up.forward(parameters, read, masks)?;
        let gate = self.gate.as_ref().map(|gate| gate.forward(parameters, read, masks)).transpose()?;
        let inner = match &gate {
            None => activation::forward(self.activation, &up.0),
            Some((gate, _)) => {
                let mut inner = activation::forward(self.activation, gate);
                inner.iter_mut().zip(&up.0).for_each(|(inner, up)| *inner *= up);
                inner
            }
        };
        let (mut end, down) = self.down.forward(parameters, &inner, masks)?;
        drop_some(&mut end, masks, 8 * site + 2);
        add(&mut end, around);
        let normed = self.norm_after(&self.feed_forward_norm, pass, &end)?;
        let (out, end) = match normed {
            Some(normed) => (normed, Some(end)),
            None => (end, None),
        };
        let saved = Saved {
            input,
            attention_input,
            query,
            key,
            value,
            projected,
            attended,
            output,
            sum,
            middle,
            feed_forward_input,
            gate,
            up,
            inner,
            down,
            end,
        };
        Ok((out, saved))
    }

    /// From the gradient of what [`Layer::forward`] gave, that of its input; those of the parameters are added to the
    /// others.
    pub(super) fn backward(
        &self,
        pass: &Pass<'_>,
        gradients: &mut Gradients,
        saved: &Saved,
        gradient: Vec<f32>,
        site: u64,
    ) -> Result<Vec<f32>, ModelError> {
        let gradient = match &saved.end {
            Some(end) => self.feed_forward_norm.backward(pass.parameters, gradients, end, &gradient)?,
            None => gradient,
        };
        let gradient = self.backward_feed_forward(pass, gradients, saved, gradient, site)?;
        let gradient = match &saved.middle {
            Some(_) => self.attention_norm.backward(pass.parameters, gradients, &saved.sum, &gradient)?,
            None => gradient,
        };
        self.backward_attention(pass, gradients, saved, gradient, site)
    }

    /// Through the second half: the gradient of what goes around it and into it.
    fn backward_feed_forward(
        &self,
        pass: &Pass<'_>,
        gradients: &mut Gradients,
        saved: &Saved,
        mut gradient: Vec<f32>,
        site: u64,
    ) -> Result<Vec<f32>, ModelError> {
        let Pass { parameters, masks, .. } = *pass;
        let around = saved.middle.as_deref().unwrap_or(&saved.sum);
        let read = saved.feed_forward_input.as_deref().unwrap_or(around);
        let mut dropped = gradient.clone();
        drop_some(&mut dropped, masks, 8 * site + 2);
        let mut inner = vec![0.0; saved.inner.len()];
        self.down.backward(parameters, gradients, (&saved.inner, &saved.down), &dropped, masks, &mut inner)?;
        let mut input = vec![0.0; read.len()];
        match (&self.gate, &saved.gate) {
            (Some(linear), Some((gate, gate_saved))) => {
                let mut up = activation::forward(self.activation, gate);
                up.iter_mut().zip(&inner).for_each(|(up, gradient)| *up *= gradient);
                inner.iter_mut().zip(&saved.up.0).for_each(|(gradient, up)| *gradient *= up);
                activation::backward(self.activation, gate, &mut inner);
                linear.backward(parameters, gradients, (read, gate_saved), &inner, masks, &mut input)?;
                self.up.backward(parameters, gradients, (read, &saved.up.1), &up, masks, &mut input)?;
            }
            _ => {
                activation::backward(self.activation, &saved.up.0, &mut inner);
                self.up.backward(parameters, gradients, (read, &saved.up.1), &inner, masks, &mut input)?;
            }
        }
        if saved.feed_forward_input.is_some() {
            input = self.feed_forward_norm.backward(parameters, gradients, around, &input)?;
        }
        add(&mut gradient, &input);
        Ok(gradient)
    }

    /// Through the first half.
    fn backward_attention(
        &self,
        pass: &Pass<'_>,
        gradients: &mut Gradients,
        saved: &Saved,
        gradient: Vec<f32>,
        site: u64,
    ) -> Result<Vec<f32>, ModelError> {
        let Pass { parameters, heads, packing, masks, .. } = *pass;
        let read = saved.attention_input.as_deref().unwrap_or(&saved.input);
        let mut dropped = gradient.clone();
        drop_some(&mut dropped, masks, 8 * site + 1);
        let mut attended = vec![0.0; saved.attended.len()];
        self.output.backward(
            parameters,
            gradients,
            (&saved.attended, &saved.output),
            &dropped,
            masks,
            &mut attended,
        )?;
        let rows = packing.rows();
        let attended = scatter(attended, self.query.outputs, pass.rows, rows);
        let own = masks.map(|masks| masks.at(8 * site));
        let [queries, keys, values] = heads.backward(&saved.projected, packing, &attended, own);
        let mut input = vec![0.0; read.len()];
        self.query.backward(parameters, gradients, (read, &saved.query), &queries, masks, &mut input)?;
        self.key.backward(parameters, gradients, (read, &saved.key), &keys, masks, &mut input)?;
        self.value.backward(parameters, gradients, (read, &saved.value), &values, masks, &mut input)?;
        if saved.attention_input.is_some() {
            input = self.attention_norm.backward(parameters, gradients, &saved.input, &input)?;
        }
        add(&mut input, &scatter(gradient, self.width(), pass.rows, rows));
        Ok(input)
    }
}

pub(super) fn add(sums: &mut [f32], addends: &[f32]) {
    sums.iter_mut().zip(addends).for_each(|(sum, addend)| *sum += addend);
}

pub(super) fn drop_some(numbers: &mut [f32], masks: Option<Dropout>, site: u64) {
    if let Some(masks) = masks {
        masks.at(site).apply(numbers);
    }
}

/// The chosen rows.
fn select(numbers: Vec<f32>, width: usize, rows: Option<&[usize]>) -> Vec<f32> {
    match rows {
        None => numbers,
        Some(_) => select_ref(&numbers, width, rows).into_owned(),
    }
}

fn select_ref<'a>(numbers: &'a [f32], width: usize, rows: Option<&[usize]>) -> std::borrow::Cow<'a, [f32]> {
    match rows {
        None => numbers.into(),
        Some(rows) => rows.iter().flat_map(|row| &numbers[row * width..][..width]).copied().collect::<Vec<_>>().into(),
    }
}

/// Puts chosen rows back to their places, zeros between them.
fn scatter(numbers: Vec<f32>, width: usize, rows: Option<&[usize]>, count: usize) -> Vec<f32> {
    let Some(rows) = rows else { return numbers };
    let mut all = vec![0.0; count * width];
    for (row, numbers) in rows.iter().zip(numbers.chunks_exact(width)) {
        all[row * width..][..width].copy_from_slice(numbers);
    }
    all
}
