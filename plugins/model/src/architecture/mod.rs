//! What kinds of model there are: their measures, and the tensors that each must have.
//!
//! A model is a [`Decoder`], which reads from left to right and is asked for its next token, or an [`Encoder`], which
//! looks at a whole sentence and is asked for its class. This room reads measures and tensors and computes nothing; what
//! computes takes them from here, on whichever device. A [`Checkpoint`] is the weights with the adapter that changes
//! them.

mod adapter;
mod checkpoint;
mod decoder;
mod encoder;
mod kind;
mod layer_name;
mod rotary;

pub use adapter::{Adapter, LowRankPair};
pub use checkpoint::Checkpoint;
pub use decoder::{Activation, Decoder, DecoderLayer, Family};
pub use encoder::{Affine, Encoder, EncoderLayer, Normalization};
pub use kind::Architecture;
pub use rotary::{RotaryHeads, RotaryOrder, reorder};

#[cfg(test)]
mod tests;
