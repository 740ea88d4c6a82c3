//! Models on the processor: tokens in, logits out.
//!
//! Sequences are packed: their tokens lie one after another in one matrix, without padding, and only attention knows
//! where one ends and the next begins. A beginning that all sequences of a [`decoder::Decoder`] share is computed once,
//! as a [`decoder::Prefix`].
//!
//! The steps that candle has no fitting operation
//! for are candle custom operations.

mod activation;
mod attention;
mod decoder;
mod elementwise;
mod encoder;
mod exponential;
mod linear;
mod product;
mod rotary;

pub(crate) use activation::apply;
pub(crate) use exponential::exponential;
pub(crate) use rotary::Rotary;

use rayon::prelude::*;

use crate::WeightPrecision;
use crate::batch::batches;
use crate::network::{Network, Question};
use hopgraph_model::architecture::{Architecture, Checkpoint};
use hopgraph_model::weights::compute;
use hopgraph_model::{ModelError, Sequence};

/// Tokens that are worked on at once by one thread: enough to keep the matrix products busy, few enough that the
/// numbers between two of them stay near the processor.
const BATCH_TOKENS: usize = 256;

/// Loads a model, whose tensors have been checked.
pub(crate) fn load(
    checkpoint: &mut Checkpoint,
    architecture: &Architecture,
    question: Question<'_>,
    precision: WeightPrecision,
) -> Result<Box<dyn Network>, ModelError> {
    match architecture {
        Architecture::Decoder(config) => {
            let decoder = decoder::Decoder::load(checkpoint, config, precision)?;
            let (prefix, head) = (decoder.prefix(question.shared)?, decoder.head(question.answers)?);
            Ok(Box::new(AskedDecoder { decoder, prefix, head }))
        }
        Architecture::Encoder(config) => {
            Ok(Box::new(encoder::Encoder::load(checkpoint, config, question.answers, precision)?))
        }
    }
}

/// Whether loading rounds weights that the file has in 16 or 32 bits, since there would be no room for them expanded.
pub fn rounds(checkpoint: &Checkpoint, architecture: &Architecture, precision: WeightPrecision) -> bool {
    !linear::is_dense(precision, architecture.layer_parameters()) && checkpoint.is_plain("blk.0.ffn_down.weight")
}

/// A decoder with the question that it is asked.
struct AskedDecoder {
    decoder: decoder::Decoder,
    prefix: decoder::Prefix,
    head: decoder::Head,
}

impl Network for AskedDecoder {
    fn logits(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, ModelError> {
        in_batches(sequences, self.decoder.is_quantized(), |batch| {
            let tokens: Vec<&[u32]> = batch.iter().map(|sequence| sequence.tokens.as_slice()).collect();
            self.decoder.logits(&self.prefix, &self.head, &tokens)
        })
    }
}

impl Network for encoder::Encoder {
    fn logits(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, ModelError> {
        in_batches(sequences, self.is_quantized(), |batch| self.forward(batch).map_err(compute))
    }
}

/// Runs batches of sequences of like length, and puts their results into the order of the sequences.
fn in_batches(
    sequences: &[Sequence],
    one_by_one: bool,
    forward: impl Fn(&[&Sequence]) -> Result<Vec<Vec<f32>>, ModelError> + Sync,
) -> Result<Vec<Vec<f32>>, ModelError> {
    let lengths: Vec<usize> = sequences.iter().map(|sequence| sequence.tokens.len()).collect();
    let batches = batches(&lengths, BATCH_TOKENS);
    let run = |batch: Vec<usize>| {
        let chosen: Vec<&Sequence> = batch.iter().map(|&position| &sequences[position]).collect();
        Ok(batch.into_iter().zip(forward(&chosen)?).collect::<Vec<_>>())
    };
    // Quantized products spread over all processors by themselves and take turns, so that batches side by side would
    // only wait for each other.
    let finished: Vec<Vec<(usize, Vec<f32>)>> = if one_by_one {
        batches.into_iter().map(run).collect::<Result<_, ModelError>>()?
    } else {
        batches.into_par_iter().with_max_len(1).map(run).collect::<Result<_, ModelError>>()?
    };
    let mut ordered: Vec<(usize, Vec<f32>)> = finished.into_iter().flatten().collect();
    ordered.sort_unstable_by_key(|&(position, _)| position);
    Ok(ordered.into_iter().map(|(_, logits)| logits).collect())
}

#[cfg(test)]
mod adapter_tests;
#[cfg(test)]
mod tests;
