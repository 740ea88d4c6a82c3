//! What a model is asked at the end of its body, forward and backward.

use hopgraph_model::ModelError;

use super::layer::drop_some;
use super::linear::{Linear, LinearSaved, Numbers};
use super::parameters::{Gradients, Parameters};
use super::product::{Cores, Target, View, product};
use super::random::Dropout;

/// The number of the masks of the head.
const SITE: u64 = u64::MAX;

/// The end of a model: one row for each sequence becomes logits.
pub(super) enum Head {
    /// Classes of the first token, by way of a pooler.
    Classes {
        pooler: Box<Linear>,
        classifier: Box<Linear>,
        /// The class of each answer.
        answers: Vec<u32>,
    },
    /// Tokens that follow the last one.
    Tokens {
        /// A row for each token that is known.
        matrix: Numbers,
        /// Those that are answers.
        answers: Vec<u32>,
        width: usize,
    },
}

/// What the head keeps for the way back.
pub(super) enum HeadSaved {
    Classes { pooled: Vec<f32>, dropped: Vec<f32>, pooler: LinearSaved, classifier: LinearSaved },
    Tokens,
}

impl Head {
    /// How many answers there are.
    pub(super) fn answers(&self) -> usize {
        match self {
            Self::Classes { answers, .. } | Self::Tokens { answers, .. } => answers.len(),
        }
    }

    /// The logits of the answers, a row for each row.
    pub(super) fn forward(
        &self,
        parameters: &Parameters,
        x: &[f32],
        masks: Option<Dropout>,
    ) -> Result<(Vec<f32>, HeadSaved), ModelError> {
        match self {
            Self::Classes { pooler, classifier, answers } => {
                let (mut pooled, pooler_saved) = pooler.forward(parameters, x, masks)?;
                pooled.iter_mut().for_each(|number| *number = number.tanh());
                let mut dropped = pooled.clone();
                drop_some(&mut dropped, masks, SITE);
                let (logits, classifier_saved) = classifier.forward(parameters, &dropped, masks)?;
                let row = |row: &[f32]| answers.iter().map(|&class| row[class as usize]).collect::<Vec<_>>();
                let logits = logits.chunks_exact(classifier.outputs).flat_map(row).collect();
                let saved = HeadSaved::Classes { pooled, dropped, pooler: pooler_saved, classifier: classifier_saved };
                Ok((logits, saved))
            }
            Self::Tokens { matrix, answers, width } => {
                let rows = matrix.with(parameters, |matrix| chosen(matrix, answers, *width))?;
                let mut logits = vec![0.0; x.len() / width * answers.len()];
                let target = Target::set(&mut logits, answers.len());
                product(View::of(x, *width), View::of(&rows, *width).transposed(), 1.0, target, Cores::All);
                Ok((logits, HeadSaved::Tokens))
            }
        }
    }

    /// From the gradient of the logits, that of the rows; those of the parameters are added to the others.
    pub(super) fn backward(
        &self,
        parameters: &Parameters,
        gradients: &mut Gradients,
        (x, saved): (&[f32], &HeadSaved),
        gradient: &[f32],
        masks: Option<Dropout>,
    ) -> Result<Vec<f32>, ModelError> {
        let mut input = vec![0.0; x.len()];
        match (self, saved) {
            (
                Self::Classes { pooler, classifier, answers },
                HeadSaved::Classes { pooled, dropped, pooler: pooler_saved, classifier: classifier_saved },
            ) => {
                let mut logits = vec![0.0; gradient.len() / answers.len() * classifier.outputs];
                let rows = logits.chunks_exact_mut(classifier.outputs).zip(gradient.chunks_exact(answers.len()));
                for (row, gradient) in rows {
                    answers.iter().zip(gradient).for_each(|(&class, &gradient)| row[class as usize] += gradient);
                }
                let mut inner = vec![0.0; pooled.len()];
                let read = (dropped.as_slice(), classifier_saved);
                classifier.backward(parameters, gradients, read, &logits, masks, &mut inner)?;
                drop_some(&mut inner, masks, SITE);
                inner.iter_mut().zip(pooled).for_each(|(gradient, tanh)| *gradient *= 1.0 - tanh * tanh);
                pooler.backward(parameters, gradients, (x, pooler_saved), &inner, masks, &mut input)?;
            }
            (Self::Tokens { matrix, answers, width }, _) => {
                let rows = matrix.with(parameters, |matrix| chosen(matrix, answers, *width))?;
                let gradient = View::of(gradient, answers.len());
                product(gradient, View::of(&rows, *width), 1.0, Target::set(&mut input, *width), Cores::All);
                if let Numbers::Trained(place) = matrix {
                    let mut found = vec![0.0; rows.len()];
                    let target = Target::set(&mut found, *width);
                    product(gradient.transposed(), View::of(x, *width), 1.0, target, Cores::All);
                    let all = gradients.of(*place);
                    for (&token, found) in answers.iter().zip(found.chunks_exact(*width)) {
                        let row = &mut all[token as usize * width..][..*width];
                        row.iter_mut().zip(found).for_each(|(sum, addend)| *sum += addend);
                    }
                }
            }
            (Self::Classes { .. }, HeadSaved::Tokens) => unreachable!("a head reads what it has kept itself"),
        }
        Ok(input)
    }
}

/// The rows of these tokens.
fn chosen(matrix: &[f32], tokens: &[u32], width: usize) -> Vec<f32> {
    tokens.iter().flat_map(|&token| &matrix[token as usize * width..][..width]).copied().collect()
}
