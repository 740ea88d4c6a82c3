//! A model as the reader of VERIFY: the language asks, the literature reads, neither knows the other.

use std::sync::Arc;

use hopgraph_engine::{Interruption, NodeId, Run, Snapshot};
use hopgraph_inference::Classifier;
use hopgraph_literature::{IngestError, PairReading, PairVerdict, verification_run, verify_pairs};
use hopgraph_query::{SentenceReading, Verdict, Verifier, VerifierError};

/// Reads the sentences of a pair with a model; to be given to [`crate::QueryOptions::verifier`].
#[derive(Clone)]
pub struct ModelVerifier {
    classifier: Arc<dyn Classifier>,
    threshold: Option<f32>,
}

impl ModelVerifier {
    /// Reads with this model. An answer states its relation if it is at least as probable as the threshold, or the
    /// model's own.
    pub fn new(classifier: Arc<dyn Classifier>, threshold: Option<f32>) -> Self {
        Self { classifier, threshold }
    }
}

impl std::fmt::Debug for ModelVerifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("ModelVerifier").field("model", &self.classifier.description().name).finish()
    }
}

impl Verifier for ModelVerifier {
    fn verify(
        &self,
        snapshot: &Snapshot,
        pairs: &[[NodeId; 2]],
        may_go_on: &mut dyn FnMut() -> Result<(), Interruption>,
    ) -> Result<Vec<Verdict>, VerifierError> {
        let verdicts = verify_pairs(snapshot, pairs, &*self.classifier, self.threshold, may_go_on);
        let verdicts = verdicts.map_err(|error| match error {
            IngestError::Storage(error) => VerifierError::Storage(error),
            other => VerifierError::Model(Box::new(other)),
        })?;
        Ok(verdicts.into_iter().map(|verdict| self.verdict(verdict)).collect())
    }

    fn run(&self) -> Run {
        verification_run(&*self.classifier, self.threshold)
    }
}

impl ModelVerifier {
    fn verdict(&self, verdict: PairVerdict) -> Verdict {
        let readings = verdict.readings.into_iter().map(|reading| self.reading(reading)).collect();
        Verdict { relation: verdict.relation, readings }
    }

    fn reading(&self, reading: PairReading) -> SentenceReading {
        let PairReading { sentence, pair, classification, relation } = reading;
        SentenceReading {
            sentence,
            answer: self.classifier.description().answers[classification.answer].text.clone(),
            relation: relation.map(|relation| (relation, pair)),
            probability: classification.probabilities[classification.answer],
            probabilities: classification.probabilities,
        }
    }
}
