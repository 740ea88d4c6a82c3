//! Weights of models: GGUF or safetensors, under one set of tensor names, each tensor as its file keeps it.
//!
//! The names are those of GGUF (`blk.0.attn_q.weight`), whatever the file calls its tensors; `names.rs` has the table.
//! What a file says of its model beside the tensors is read here too: GGUF's metadata, Hugging Face's `config.json`.

mod file;
mod gguf;
mod hugging_face;
mod metadata;
mod names;
mod safetensors;
mod tensor;

pub use file::{Container, Weights};
pub use gguf::Gguf;
pub use hugging_face::HuggingFaceConfig;
pub use metadata::Metadata;
pub use names::{Name, Naming};
pub use safetensors::{Entry, Safetensors, SafetensorsFile};
pub use tensor::{Format, RawTensor, compute, format_name, is_plain};
