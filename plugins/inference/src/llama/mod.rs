//! Llama-family language models: tokens in, logits of the next token out.
//!
//! Sequences are packed: their tokens lie one after another in one matrix, without padding, and only attention knows
//! where one ends and the next begins. A beginning that all sequences share is computed once, as a [`Prefix`].
//!
//! This room and [`crate::gguf`] are the only ones that name candle. The steps that candle has no fitting operation for
//! are candle custom operations with a CPU body; another device joins by giving them another body.

mod attention;
mod config;
mod elementwise;
mod exponential;
mod forward;
mod linear;
mod product;
mod rotary;
mod weights;

pub(crate) use candle_core::Device;
pub(crate) use forward::{Head, Llama, Prefix};
pub use linear::WeightPrecision;

#[cfg(test)]
mod tests;
