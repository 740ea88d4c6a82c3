//! The limits of what a model may ask for, each with its reason.

/// The longest header of a safetensors file that is believed, in bytes; the format allows no more.
pub const HEADER_BYTES_MAX: u64 = 100_000_000;

/// The most tokens that are read at once, whatever the model was made for: far more than a prompt and a sentence have,
/// and a bound on the tables that are made for each position.
pub const CONTEXT_TOKENS_MAX: usize = 8192;
