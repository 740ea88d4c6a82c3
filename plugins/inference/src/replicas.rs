//! Several copies of one model behind one queue, one for each graphics card.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use hopgraph_model::ModelError;

use crate::{Classification, Classifier, InferenceError, Input, InputError, ModelDescription};

/// Several classifiers that say the same, as one that is as fast as all of them together.
///
/// Inputs are cut into pieces, and each replica takes the next piece as soon as it is free. A replica that fails is left
/// out from then on, with a warning; its piece is read by another. Only when none is left does the whole fail, and then
/// with the failure of the last.
pub struct Replicas {
    replicas: Vec<Replica>,
    /// How many inputs one takes at a time.
    piece_inputs: usize,
}

struct Replica {
    name: String,
    classifier: Box<dyn Classifier>,
    lost: AtomicBool,
    failure: Mutex<Option<String>>,
}

/// Results of a piece, or why there are none.
type Answered = Vec<Result<Classification, InputError>>;

impl Replicas {
    /// Puts classifiers behind one queue, each with a name for reports, such as `cuda:1`. `piece_inputs` should be some
    /// batches' worth, so that each card is kept busy, and at least 1.
    ///
    /// # Panics
    /// If there is no classifier.
    pub fn new(classifiers: Vec<(String, Box<dyn Classifier>)>, piece_inputs: usize) -> Self {
        assert!(!classifiers.is_empty(), "there is at least one replica");
        let replica =
            |(name, classifier)| Replica { name, classifier, lost: AtomicBool::new(false), failure: Mutex::new(None) };
        Self { replicas: classifiers.into_iter().map(replica).collect(), piece_inputs: piece_inputs.max(1) }
    }

    fn live(&self) -> impl Iterator<Item = &Replica> {
        self.replicas.iter().filter(|replica| !replica.lost.load(Ordering::Relaxed))
    }
}

impl Replica {
    fn lose(&self, error: &InferenceError) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error.to_string());
        self.lost.store(true, Ordering::Relaxed);
    }
}

impl Classifier for Replicas {
    fn description(&self) -> &ModelDescription {
        self.replicas[0].classifier.description()
    }

    fn settings(&self) -> Vec<(String, String)> {
        self.replicas[0].classifier.settings()
    }

    fn classify(&self, inputs: &[Input]) -> Result<Vec<Result<Classification, InputError>>, InferenceError> {
        let queue = Queue::new(inputs.len().div_ceil(self.piece_inputs));
        let piece =
            |index: usize| &inputs[index * self.piece_inputs..inputs.len().min((index + 1) * self.piece_inputs)];
        let last_failure = Mutex::new(None);
        std::thread::scope(|scope| {
            for replica in self.live() {
                let (queue, last_failure, piece) = (&queue, &last_failure, &piece);
                scope.spawn(move || {
                    while let Some(index) = queue.take() {
                        match replica.classifier.classify(piece(index)) {
                            Ok(answered) => queue.finish(index, answered),
                            Err(error) => {
                                replica.lose(&error);
                                *last_failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                                return queue.give_back(index);
                            }
                        }
                    }
                });
            }
        });
        match queue.into_answers() {
            Some(answers) => Ok(answers),
            None => Err(last_failure.into_inner().unwrap_or_else(PoisonError::into_inner).unwrap_or_else(|| {
                ModelError::Compute(format!("no device is left: {}", self.warnings().join("; "))).into()
            })),
        }
    }

    fn warnings(&self) -> Vec<String> {
        let lost = self.replicas.iter().filter_map(|replica| {
            let failure = replica.failure.lock().unwrap_or_else(PoisonError::into_inner).clone()?;
            Some(format!("{} was lost and is not used any more: {failure}", replica.name))
        });
        self.replicas[0].classifier.warnings().into_iter().chain(lost).collect()
    }
}

/// Pieces that wait, and what has come of the others.
struct Queue {
    state: Mutex<State>,
    /// Told when a piece comes back or the last is finished.
    changed: std::sync::Condvar,
}

struct State {
    /// The next piece at the end.
    waiting: Vec<usize>,
    under_way: usize,
    answers: Vec<Option<Answered>>,
}

impl Queue {
    fn new(pieces: usize) -> Self {
        let state = State {
            waiting: (0..pieces).rev().collect(),
            under_way: 0,
            answers: std::iter::repeat_with(|| None).take(pieces).collect(),
        };
        Self { state: Mutex::new(state), changed: std::sync::Condvar::new() }
    }

    /// The next piece; waits while a piece that is under way may still come back; none when all are finished.
    fn take(&self) -> Option<usize> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let idle = |state: &mut State| state.waiting.is_empty() && state.under_way > 0;
        let mut state = self.changed.wait_while(state, idle).unwrap_or_else(PoisonError::into_inner);
        let piece = state.waiting.pop()?;
        state.under_way += 1;
        Some(piece)
    }

    fn finish(&self, piece: usize, answered: Answered) {
        self.change(|state| state.answers[piece] = Some(answered));
    }

    fn give_back(&self, piece: usize) {
        self.change(|state| state.waiting.push(piece));
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut state);
        state.under_way -= 1;
        self.changed.notify_all();
    }

    /// All answers in order, if every piece has some.
    fn into_answers(self) -> Option<Answered> {
        let state = self.state.into_inner().unwrap_or_else(PoisonError::into_inner);
        state.answers.into_iter().collect::<Option<Vec<_>>>().map(|pieces| pieces.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::AtomicUsize;
    use std::time::Duration;

    use super::*;
    use crate::Answer;

    /// Says how long the sentence is; takes its time, and fails after so many calls.
    struct Slow {
        description: ModelDescription,
        calls: Arc<AtomicUsize>,
        calls_max: usize,
        takes: Duration,
    }

    impl Classifier for Slow {
        fn description(&self) -> &ModelDescription {
            &self.description
        }

        fn classify(&self, inputs: &[Input]) -> Result<Answered, InferenceError> {
            std::thread::sleep(self.takes);
            if self.calls.fetch_add(1, Ordering::SeqCst) >= self.calls_max {
                return Err(ModelError::Compute("the device fell off the bus".into()).into());
            }
            let answer = |input: &Input| {
                let Input::Masked(text) = input else { unreachable!("the test gives masked sentences") };
                #[expect(clippy::cast_precision_loss, reason = "sentences are short")]
                let logits = vec![text.len() as f32, 0.0];
                Ok(Classification::from_logits(logits, 1.0, Vec::new()))
            };
            Ok(inputs.iter().map(answer).collect())
        }
    }

    /// Replicas that each fail after so many calls, and the calls that they got.
    fn replicas(calls_max: &[usize]) -> (Replicas, Vec<Arc<AtomicUsize>>) {
        let answers = ["yes", "no"].map(|text| Answer { text: text.into(), relation: None }).to_vec();
        let description = ModelDescription {
            name: "slow".into(),
            weights_hash: String::new(),
            quantization: String::new(),
            prompt: String::new(),
            labels: ["gene".into(), "disease".into()],
            answers,
            threshold: 0.0,
        };
        let counters: Vec<Arc<AtomicUsize>> = calls_max.iter().map(|_| Arc::default()).collect();
        let one = |(index, (&calls_max, calls)): (usize, (&usize, &Arc<AtomicUsize>))| {
            let (description, calls) = (description.clone(), Arc::clone(calls));
            let slow = Slow { description, calls, calls_max, takes: Duration::from_millis(5) };
            (format!("cuda:{index}"), Box::new(slow) as Box<dyn Classifier>)
        };
        (Replicas::new(calls_max.iter().zip(&counters).enumerate().map(one).collect(), 3), counters)
    }

    fn inputs(count: usize) -> Vec<Input> {
        (0..count).map(|length| Input::Masked("x".repeat(length))).collect()
    }

    fn lengths(answered: Answered) -> Vec<f32> {
        answered.into_iter().map(|one| one.unwrap().logits[0]).collect()
    }

    #[test]
    fn the_work_is_spread_and_comes_back_in_order() {
        let (replicas, calls) = replicas(&[usize::MAX; 3]);
        let found = lengths(replicas.classify(&inputs(61)).unwrap());
        assert!(found.iter().enumerate().all(|(index, &length)| length == index as f32), "{found:?}");
        let calls: Vec<usize> = calls.iter().map(|calls| calls.load(Ordering::SeqCst)).collect();
        assert_eq!(calls.iter().sum::<usize>(), 21, "one call for each piece");
        assert!(calls.iter().all(|&calls| calls >= 4), "each had its share: {calls:?}");
        assert_eq!((replicas.warnings(), replicas.classify(&[]).unwrap().len()), (vec![], 0));
    }

    #[test]
    fn a_lost_device_loses_no_work() {
        let (replicas, calls) = replicas(&[2, usize::MAX]);
        assert_eq!(lengths(replicas.classify(&inputs(30)).unwrap()).len(), 30);
        assert_eq!(
            replicas.warnings(),
            ["cuda:0 was lost and is not used any more: the model failed: the device fell off the bus"]
        );
        let before = calls[0].load(Ordering::SeqCst);
        assert_eq!(lengths(replicas.classify(&inputs(30)).unwrap()).len(), 30);
        assert_eq!(calls[0].load(Ordering::SeqCst), before, "it is not asked again");
    }

    #[test]
    fn when_every_device_is_lost_that_is_told() {
        let (replicas, _) = replicas(&[1, 2]);
        let error = replicas.classify(&inputs(30)).unwrap_err();
        assert!(error.to_string().contains("fell off the bus"), "{error}");
        let error = replicas.classify(&inputs(1)).unwrap_err().to_string();
        assert!(error.contains("no device is left: cuda:0 was lost") && error.contains("cuda:1"), "{error}");
    }
}
