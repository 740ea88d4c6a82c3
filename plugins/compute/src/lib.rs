//! Language models computed: tokens in, logits of the answers out, on the processor or on a graphics card.
//!
//! [`load`] makes a [`Network`] of a checkpoint for one [`Question`]: the tokens that all sequences begin with, which are
//! computed once, and the answers whose logits are wanted. What a token means, and what an answer, is not known here.

mod backend;
mod batch;
mod cpu;
#[cfg(feature = "cuda")]
mod cuda;
mod network;
mod options;
pub mod training;

pub use backend::load;
pub use cpu::rounds;
#[cfg(feature = "cuda")]
pub use cuda::{count as card_count, product_rate};
pub use network::{Network, Question};
pub use options::{Device, DeviceUse, LoadOptions, WeightPrecision};
