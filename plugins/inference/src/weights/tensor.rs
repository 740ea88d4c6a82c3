//! A tensor as its file keeps it, and as 32-bit numbers.

use std::borrow::Cow;

use candle_core::Device;
use candle_core::quantized::{QStorage, QTensor};

use super::Format;
use crate::InferenceError;

/// A tensor in the number format of its file.
///
/// Blocks of a quantized format run along a row, so rows may be cut apart, moved and joined as bytes.
#[derive(Clone, Debug)]
pub(crate) struct RawTensor {
    pub(crate) format: Format,
    /// Rows first; one entry for a vector.
    pub(crate) shape: Vec<usize>,
    /// Little-endian, as in GGUF.
    pub(crate) bytes: Vec<u8>,
}

impl RawTensor {
    /// All numbers, row by row.
    pub(crate) fn to_f32(&self) -> Result<Vec<f32>, InferenceError> {
        let numbers = || self.quantized()?.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1();
        numbers().map_err(compute)
    }

    /// As candle keeps it.
    pub(crate) fn quantized(&self) -> candle_core::Result<QTensor> {
        let storage = QStorage::from_data(Cow::Borrowed(&self.bytes), &Device::Cpu, self.format)?;
        QTensor::new(storage, self.shape.as_slice())
    }

    /// Puts matrices of one format and width below each other.
    pub(crate) fn stack(parts: &[Self]) -> Self {
        let bytes = parts.iter().flat_map(|part| part.bytes.iter().copied()).collect();
        let rows = parts.iter().map(|part| part.shape[0]).sum();
        Self { format: parts[0].format, shape: vec![rows, parts[0].shape[1]], bytes }
    }
}

/// The bytes that so many numbers take.
pub(super) fn size_in_bytes(format: Format, shape: &[usize]) -> u64 {
    let elements = shape.iter().fold(1u64, |product, &size| product.saturating_mul(size as u64));
    elements.div_ceil(format.block_size() as u64).saturating_mul(format.type_size() as u64)
}

/// `Q4K` in candle is `Q4_K` everywhere else.
pub(crate) fn format_name(format: Format) -> String {
    let name = format!("{format:?}");
    match name.strip_suffix('K') {
        Some(short) if name.starts_with('Q') => format!("{short}_K"),
        _ => name,
    }
}

/// candle's error, without the backtrace that it carries in the lines below the first.
pub(crate) fn compute(error: candle_core::Error) -> InferenceError {
    InferenceError::Compute(error.to_string().lines().next().unwrap_or_default().to_owned())
}
