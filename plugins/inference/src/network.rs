//! The socket for what computes: tokens in, logits of the answers out.

use std::collections::HashMap;

use crate::architecture::Architecture;
use crate::weights::Weights;
use crate::{Device, DeviceUse, InferenceError, LoadOptions, cpu};

/// A loaded model on some device, made for one question: it knows the beginning that all sequences share, and computes
/// the logits of its answers alone.
pub(crate) trait Network: Send + Sync {
    /// The logits of the answers for each sequence, in order. Sequences must not be empty; together with the shared
    /// beginning each must fit the model's context.
    fn logits(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, InferenceError>;

    /// What a graphics card has done so far. None on the processor.
    fn device_use(&self) -> Option<DeviceUse> {
        None
    }
}

/// The tokens of one input, without those that all inputs share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Sequence {
    pub(crate) tokens: Vec<u32>,
    /// Where a second text begins, which an encoder tells from the first; the length if there is none.
    pub(crate) second: usize,
}

impl Sequence {
    /// A single text.
    pub(crate) fn single(tokens: Vec<u32>) -> Self {
        Self { second: tokens.len(), tokens }
    }
}

/// The sequences without those that were there before, and the place of each among them: what is the same is computed
/// once.
pub(crate) fn distinct<'s>(sequences: impl Iterator<Item = &'s Sequence>) -> (Vec<Sequence>, Vec<usize>) {
    let (mut kept, mut known) = (Vec::new(), HashMap::new());
    let places = sequences
        .map(|sequence| {
            *known.entry(sequence).or_insert_with(|| {
                kept.push(sequence.clone());
                kept.len() - 1
            })
        })
        .collect();
    (kept, places)
}

/// What a network is asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Question<'a> {
    /// The tokens that all sequences begin with; they may be none. An encoder has none.
    pub(crate) shared: &'a [u32],
    /// The tokens of a decoder's answers, or the classes of an encoder, each smaller than there are.
    pub(crate) answers: &'a [u32],
}

/// Loads a model, whose tensors have been checked, onto a device.
pub(crate) fn load(
    weights: &mut Weights,
    architecture: &Architecture,
    question: Question<'_>,
    options: &LoadOptions,
) -> Result<Box<dyn Network>, InferenceError> {
    match options.device {
        Device::Cpu => cpu::load(weights, architecture, question, options.precision),
        #[cfg(feature = "cuda")]
        Device::Cuda(number) => crate::cuda::load(weights, architecture, question, number, options),
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => Err(InferenceError::NoDevice {
            problem: "this program was built without it; build it with `--features cuda`".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_kept_once_and_found_by_its_place() {
        let [one, two] = [vec![1, 2], vec![2, 1]].map(Sequence::single);
        let pair = Sequence { second: 1, ..one.clone() };
        let (kept, places) = distinct([&one, &two, &one, &pair, &two].into_iter());
        assert_eq!((kept, places), (vec![one, two, pair], vec![0, 1, 0, 2, 1]));
        assert_eq!(distinct(std::iter::empty()), (vec![], vec![]));
    }
}
