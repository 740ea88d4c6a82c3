//! A tensor as its file keeps it, and as 32-bit numbers.

use std::borrow::Cow;

use candle_core::Device;
pub use candle_core::quantized::GgmlDType as Format;
use candle_core::quantized::{QStorage, QTensor};

use crate::ModelError;

/// A tensor in the number format of its file.
///
/// Blocks of a quantized format run along a row, so rows may be cut apart, moved and joined as bytes.
#[derive(Clone, Debug)]
pub struct RawTensor {
    /// How its numbers are kept.
    pub format: Format,
    /// Rows first; one entry for a vector.
    pub shape: Vec<usize>,
    /// Little-endian, as in GGUF.
    pub bytes: Vec<u8>,
}

impl RawTensor {
    /// All numbers, row by row.
    pub fn to_f32(&self) -> Result<Vec<f32>, ModelError> {
        let numbers = || self.quantized()?.dequantize(&Device::Cpu)?.flatten_all()?.to_vec1();
        numbers().map_err(compute)
    }

    /// Numbers of 32 bits as a tensor of this shape.
    pub fn from_f32(numbers: &[f32], shape: &[usize]) -> Self {
        let bytes = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
        Self { format: Format::F32, shape: shape.to_vec(), bytes }
    }

    /// The same numbers in another format, rounded as it rounds.
    ///
    /// # Errors
    /// If the rows do not divide into the blocks of the format.
    pub fn converted(&self, format: Format) -> Result<Self, ModelError> {
        if format == self.format {
            return Ok(self.clone());
        }
        let convert = || {
            let quantized = QTensor::quantize(&self.quantized()?.dequantize(&Device::Cpu)?, format)?;
            Ok(quantized.data()?.into_owned())
        };
        Ok(Self { format, shape: self.shape.clone(), bytes: convert().map_err(compute)? })
    }

    /// As candle keeps it.
    pub fn quantized(&self) -> candle_core::Result<QTensor> {
        let storage = QStorage::from_data(Cow::Borrowed(&self.bytes), &Device::Cpu, self.format)?;
        QTensor::new(storage, self.shape.as_slice())
    }

    /// Puts matrices of one format and width below each other.
    pub fn stack(parts: &[Self]) -> Self {
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

/// Whether numbers are kept one by one, and not in blocks of a common scale.
pub fn is_plain(format: Format) -> bool {
    matches!(format, Format::F32 | Format::F16 | Format::BF16)
}

/// `Q4K` in candle is `Q4_K` everywhere else.
pub fn format_name(format: Format) -> String {
    let name = format!("{format:?}");
    match name.strip_suffix('K') {
        Some(short) if name.starts_with('Q') => format!("{short}_K"),
        _ => name,
    }
}

/// candle's error, without the backtrace that it carries in the lines below the first.
pub fn compute(error: candle_core::Error) -> ModelError {
    ModelError::Compute(error.to_string().lines().next().unwrap_or_default().to_owned())
}
