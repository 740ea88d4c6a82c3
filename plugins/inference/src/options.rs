//! Where and how a model is to be computed.

/// What a model is loaded with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LoadOptions {
    /// Where it is computed.
    pub device: Device,
    /// How its large matrices are kept on the processor; a graphics card has its own ways.
    pub precision: WeightPrecision,
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
    /// `Float32` if the model then takes at most 2 GiB, else `Quantized`.
    #[default]
    Automatic,
    /// Expanded to 32-bit numbers when loaded. Exact products; four times the memory of a Q8_0 file.
    Float32,
    /// As in the file; 16- and 32-bit numbers become Q8_0. Products round the activations to 8 bits as well.
    Quantized,
}
