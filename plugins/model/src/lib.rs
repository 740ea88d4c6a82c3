//! The files of language models: weights, adapters, tokenizers, and what kind of model they make.
//!
//! [`architecture::Checkpoint`] opens weights, GGUF or safetensors, with an adapter if there is one;
//! [`architecture::Architecture`] says what model they make and refuses what is not known here, from names and shapes
//! alone; [`tokenizer::Tokenizer`] turns text into tokens. Nothing here computes: `hopgraph-compute` does.

pub mod architecture;
mod error;
mod export;
#[cfg(any(test, feature = "forgery"))]
pub mod forgery;
mod hash;
pub mod limits;
mod quantize;
mod sequence;
pub mod tokenizer;
pub mod weights;

pub use error::ModelError;
pub use export::{AdapterSettings, write_adapter, write_safetensors};
pub use hash::sha256;
pub use quantize::{PureFormat, Quantization, QuantizeSummary, quantize};
pub use sequence::{Sequence, distinct};
