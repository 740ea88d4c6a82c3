//! Models trained on the processor: an own backward pass beside the own forward pass.
//!
//! Each part knows how to go forward and back: `linear`, `norm`, `activation`, `attention`, `loss`; a `layer`
//! joins them by what its data say, a `body` its layers, a `head` asks. All numbers are 32 bits, sequences are packed
//! without padding, and nothing depends on the number of cores, so that a run can be repeated bit for bit.

mod activation;
mod attention;
mod body;
mod build;
mod head;
mod layer;
mod learner;
mod linear;
mod loss;
mod method;
mod norm;
mod optimizer;
mod parameters;
mod product;
mod random;

#[cfg(test)]
mod tests;

pub use learner::{Learner, Lesson};
pub use loss::Truth;
pub use method::{LowRank, Method};
pub use optimizer::{AdamW, AdamWSettings};
pub use parameters::{Gradients, Parameter, Parameters};
pub use random::Random;
