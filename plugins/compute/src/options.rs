//! Where and how a model is to be computed.

use std::time::Duration;

/// What a model is loaded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Where it is computed.
    pub device: Device,
    /// How its large matrices are kept.
    pub precision: WeightPrecision,
    /// Tokens that a graphics card works on at once. None: as many as are worth it, and fewer if it lacks the memory.
    pub batch_tokens: Option<usize>,
}

/// What computes a model.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Device {
    /// The processor, with all its cores.
    #[default]
    Cpu,
    /// A graphics card, by its number, counted from 0 as the driver counts.
    Cuda(usize),
}

/// How the large matrices of a model are kept in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightPrecision {
    /// `Float32` if the model then takes at most 2 GiB, else `Quantized`. On a graphics card, expanded to bfloat16 where
    /// that leaves room, else `Quantized`.
    #[default]
    Automatic,
    /// Expanded to 32-bit numbers when loaded. Exact products; four times the memory of a Q8_0 file.
    Float32,
    /// As in the file; 16- and 32-bit numbers become Q8_0. Products round the activations to 8 bits as well.
    /// On a graphics card, expanded to bfloat16 before each product, which takes the least memory and costs about a tenth of
    /// the speed; activations are bfloat16 as ever.
    Quantized,
}

/// What a graphics card has done for a model so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceUse {
    /// Its name.
    pub device: String,
    /// The memory that the weights take.
    pub weight_bytes: usize,
    /// Batches that it was given.
    pub batches: u64,
    /// Sequences in them.
    pub sequences: u64,
    /// Tokens in them, without those that all share.
    pub tokens: u64,
    /// How long it worked on them, if its driver can say so.
    pub busy: Duration,
    /// How long it waited between them for the next one.
    pub idle: Duration,
}
