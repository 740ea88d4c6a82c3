//! The body of a model: tokens in, a row for each sequence out; and back.

use hopgraph_model::{ModelError, Sequence};

use super::attention::{Heads, Packing};
use super::layer::{Layer, Norm, Pass, Saved, drop_some};
use super::linear::Numbers;
use super::parameters::{Gradients, Parameters};
use super::random::Dropout;

/// The number of the masks of the embeddings.
const SITE: u64 = u64::MAX - 1;

/// Which token of a sequence speaks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Speaker {
    /// The first, in an encoder.
    First,
    /// The last, in a decoder.
    Last,
}

/// Everything before the head.
pub(super) struct Body {
    pub(super) width: usize,
    /// A row for each token.
    pub(super) tokens: Numbers,
    pub(super) embedding_scale: f32,
    /// Rows for positions, and for the first and the second text.
    pub(super) places: Option<[Numbers; 2]>,
    pub(super) embedding_norm: Option<Norm>,
    pub(super) heads: Heads,
    pub(super) layers: Vec<Layer>,
    pub(super) final_norm: Option<Norm>,
    pub(super) speaker: Speaker,
    /// The tokens that all sequences begin with.
    pub(super) shared: Vec<u32>,
}

/// What is kept for the way back.
pub(super) struct BodySaved {
    packing: Packing,
    rows: Vec<usize>,
    embedded: Option<Vec<f32>>,
    layers: Vec<Saved>,
    last: Vec<f32>,
}

impl Body {
    /// A row for each sequence, and what is needed on the way back.
    pub(super) fn forward(
        &self,
        parameters: &Parameters,
        sequences: &[&Sequence],
        masks: Option<Dropout>,
    ) -> Result<(Vec<f32>, BodySaved), ModelError> {
        if sequences.iter().any(|sequence| sequence.tokens.is_empty()) {
            return Err(ModelError::Compute("an empty sequence has no token that speaks for it".to_owned()));
        }
        let lengths = sequences.iter().map(|sequence| sequence.tokens.len()).collect();
        let packing = Packing { shared: self.shared.len(), lengths };
        let rows = match self.speaker {
            Speaker::First => packing.first_rows(),
            Speaker::Last => packing.last_rows(),
        };
        let embedded = self.embed(parameters, sequences)?;
        let normed = self.embedding_norm.as_ref().map(|norm| norm.forward(parameters, &embedded)).transpose()?;
        let (mut x, embedded) = match normed {
            Some(normed) => (normed, Some(embedded)),
            None => (embedded, None),
        };
        drop_some(&mut x, masks, SITE);
        let mut layers = Vec::with_capacity(self.layers.len());
        for (number, layer) in self.layers.iter().enumerate() {
            let (out, saved) =
                layer.forward(&self.pass(parameters, &packing, &rows, masks, number), x, number as u64)?;
            layers.push(saved);
            x = out;
        }
        let out = match &self.final_norm {
            Some(norm) => norm.forward(parameters, &x)?,
            None => x.clone(),
        };
        Ok((out, BodySaved { packing, rows, embedded, layers, last: x }))
    }

    /// In the last layer only the tokens that speak go on.
    fn pass<'a>(
        &'a self,
        parameters: &'a Parameters,
        packing: &'a Packing,
        rows: &'a [usize],
        masks: Option<Dropout>,
        layer: usize,
    ) -> Pass<'a> {
        let rows = (layer + 1 == self.layers.len()).then_some(rows);
        Pass { parameters, heads: &self.heads, packing, masks, rows }
    }

    /// From the gradient of what [`Body::forward`] gave, those of the parameters, which are added to the others.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        gradients: &mut Gradients,
        (sequences, saved): (&[&Sequence], &BodySaved),
        gradient: Vec<f32>,
        masks: Option<Dropout>,
    ) -> Result<(), ModelError> {
        let mut gradient = match &self.final_norm {
            Some(norm) => norm.backward(parameters, gradients, &saved.last, &gradient)?,
            None => gradient,
        };
        for (number, layer) in self.layers.iter().enumerate().rev() {
            let pass = self.pass(parameters, &saved.packing, &saved.rows, masks, number);
            gradient = layer.backward(&pass, gradients, &saved.layers[number], gradient, number as u64)?;
        }
        drop_some(&mut gradient, masks, SITE);
        if let (Some(norm), Some(embedded)) = (&self.embedding_norm, &saved.embedded) {
            gradient = norm.backward(parameters, gradients, embedded, &gradient)?;
        }
        self.backward_embedding(gradients, sequences, &gradient);
        Ok(())
    }

    /// The token, position and text of each row.
    fn rows<'a>(&'a self, sequences: &'a [&Sequence]) -> impl Iterator<Item = [usize; 3]> + 'a {
        let shared = self.shared.iter().enumerate().map(|(position, &token)| [token as usize, position, 0]);
        shared.chain(sequences.iter().flat_map(move |sequence| {
            sequence.tokens.iter().enumerate().map(move |(position, &token)| {
                [token as usize, self.shared.len() + position, usize::from(position >= sequence.second)]
            })
        }))
    }

    fn embed(&self, parameters: &Parameters, sequences: &[&Sequence]) -> Result<Vec<f32>, ModelError> {
        let mut x: Vec<f32> = self.tokens.with(parameters, |table| {
            let rows = self.rows(sequences).flat_map(|[token, ..]| &table[token * self.width..][..self.width]);
            rows.map(|number| number * self.embedding_scale).collect()
        })?;
        for (which, table) in self.places.iter().flatten().enumerate() {
            table.with(parameters, |table| {
                for (numbers, row) in x.chunks_exact_mut(self.width).zip(self.rows(sequences)) {
                    let place = &table[row[which + 1] * self.width..][..self.width];
                    numbers.iter_mut().zip(place).for_each(|(sum, addend)| *sum += addend);
                }
            })?;
        }
        Ok(x)
    }

    fn backward_embedding(&self, gradients: &mut Gradients, sequences: &[&Sequence], gradient: &[f32]) {
        let places = self.places.iter().flatten().map(|table| (table, 1.0));
        let tables = std::iter::once((&self.tokens, self.embedding_scale)).chain(places);
        for (which, (table, scale)) in tables.enumerate() {
            let Numbers::Trained(place) = table else { continue };
            let sums = gradients.of(*place);
            for (row, gradient) in self.rows(sequences).zip(gradient.chunks_exact(self.width)) {
                let sums = &mut sums[row[which] * self.width..][..self.width];
                sums.iter_mut().zip(gradient).for_each(|(sum, addend)| *sum += scale * addend);
            }
        }
    }
}
