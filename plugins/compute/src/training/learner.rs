//! A model that is being trained: costs and gradients of batches, and what it says so far.

use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::{ModelError, Sequence};

use super::body::Body;
use super::build::build;
use super::head::Head;
use super::loss::Truth;
use super::method::Method;
use super::parameters::{Gradients, Parameters};
use super::random::{Dropout, Random};
use crate::batch::batches;
use crate::network::Question;

/// Tokens that are worked on at once where nothing has to be kept.
const BATCH_TOKENS: usize = 2048;

/// A model on the processor, its trained numbers, and what it is asked.
///
/// The same batches, masks and parameters give the same gradients bit for bit, however many cores there are.
pub struct Learner {
    body: Body,
    head: Head,
    parameters: Parameters,
    dropout: f32,
}

/// What is to be learned of one input.
#[derive(Clone, Copy, Debug)]
pub struct Lesson<'a> {
    /// Its tokens, after those that all share.
    pub sequence: &'a Sequence,
    /// What is true of it.
    pub truth: &'a Truth,
}

impl Learner {
    /// Makes a model of a checkpoint, whose tensors have been checked. `random` draws what begins anew.
    ///
    /// # Errors
    /// If a tensor cannot be read.
    pub fn load(
        checkpoint: &mut Checkpoint,
        architecture: &Architecture,
        question: Question<'_>,
        method: &Method,
        random: Random,
    ) -> Result<Self, ModelError> {
        let built = build(checkpoint, architecture, question, method, random)?;
        Ok(Self { body: built.body, head: built.head, parameters: built.parameters, dropout: method.dropout() })
    }

    /// What is trained.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// What is trained, to be changed.
    pub fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// The sum of the costs of lessons. To `gradients` is added the gradient of that sum times `weight`. `masks` decides
    /// what is dropped; without it nothing is.
    ///
    /// # Errors
    /// If a sequence is empty.
    pub fn learn(
        &self,
        lessons: &[Lesson<'_>],
        weight: f32,
        masks: Option<Random>,
        gradients: &mut Gradients,
    ) -> Result<f64, ModelError> {
        let sequences: Vec<&Sequence> = lessons.iter().map(|lesson| lesson.sequence).collect();
        let masks = masks.map(|random| Dropout::new(self.dropout, random));
        let (rows, saved) = self.body.forward(&self.parameters, &sequences, masks)?;
        let (logits, head_saved) = self.head.forward(&self.parameters, &rows, masks)?;
        let (mut cost, mut gradient) = (0.0, Vec::with_capacity(logits.len()));
        for (lesson, logits) in lessons.iter().zip(logits.chunks_exact(self.head.answers())) {
            let (own, slopes) = lesson.truth.cost(logits);
            cost += own;
            gradient.extend(slopes.iter().map(|slope| slope * weight));
        }
        let gradient = self.head.backward(&self.parameters, gradients, (&rows, &head_saved), &gradient, masks)?;
        self.body.backward(&self.parameters, gradients, (&sequences, &saved), gradient, masks)?;
        Ok(cost)
    }

    /// The logits of the answers for each sequence, in order, with nothing dropped.
    ///
    /// # Errors
    /// If a sequence is empty.
    pub fn logits(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, ModelError> {
        let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.tokens.len()).collect();
        let mut all = vec![Vec::new(); sequences.len()];
        for batch in batches(&lengths, BATCH_TOKENS) {
            let chosen: Vec<&Sequence> = batch.iter().map(|&place| &sequences[place]).collect();
            let (rows, _) = self.body.forward(&self.parameters, &chosen, None)?;
            let (logits, _) = self.head.forward(&self.parameters, &rows, None)?;
            for (place, logits) in batch.into_iter().zip(logits.chunks_exact(self.head.answers())) {
                all[place] = logits.to_vec();
            }
        }
        Ok(all)
    }
}
