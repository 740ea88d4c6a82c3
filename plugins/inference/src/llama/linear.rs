//! Multiplication by a weight matrix, kept as the file has it or as 32-bit numbers.

use std::borrow::Cow;

use candle_core::quantized::{GgmlDType, QMatMul, QStorage, QTensor};
use candle_core::{Device, Module, Result, Tensor};

/// How the large matrices of a model are kept in memory.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WeightPrecision {
    /// `Float32` if the model then takes at most 2 GiB, else `Quantized`.
    #[default]
    Automatic,
    /// Expanded to 32-bit numbers when loaded. Exact products; four times the memory of a Q8_0 file.
    Float32,
    /// As in the file. Products round the activations to 8 bits as well.
    Quantized,
}

/// A matrix product `x W^T`.
pub(super) enum Linear {
    /// The transposed weights, one column for each output, since gemm reads that order fastest.
    Dense(Tensor),
    /// Parts whose outputs stand side by side. More than one only where the file mixes formats.
    Quantized(Vec<QMatMul>),
}

impl Linear {
    /// One product in place of several that read the same input; the outputs stand side by side.
    pub(super) fn new(weights: Vec<QTensor>, dense: bool) -> Result<Self> {
        if dense { Self::dense(&weights) } else { Self::quantized(weights) }
    }

    fn dense(weights: &[QTensor]) -> Result<Self> {
        let rows: Vec<Tensor> = weights.iter().map(|part| part.dequantize(&part.device())).collect::<Result<_>>()?;
        Ok(Self::Dense(Tensor::cat(&rows, 0)?.t()?.contiguous()?))
    }

    fn quantized(weights: Vec<QTensor>) -> Result<Self> {
        let format = weights[0].dtype();
        // candle expands these when it makes a QMatMul, so nothing is gained by keeping them.
        if matches!(format, GgmlDType::F32 | GgmlDType::F16 | GgmlDType::BF16) {
            return Self::dense(&weights);
        }
        let parts = if weights.iter().all(|part| part.dtype() == format) { vec![join(&weights)?] } else { weights };
        Ok(Self::Quantized(parts.into_iter().map(QMatMul::from_qtensor).collect::<Result<_>>()?))
    }

    pub(super) fn is_quantized(&self) -> bool {
        matches!(self, Self::Quantized(_))
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        match self {
            Self::Dense(columns) => x.matmul(columns),
            Self::Quantized(parts) if parts.len() == 1 => parts[0].forward(x),
            Self::Quantized(parts) => {
                let outputs: Vec<Tensor> = parts.iter().map(|part| part.forward(x)).collect::<Result<_>>()?;
                Tensor::cat(&outputs, 1)
            }
        }
    }
}

/// Puts matrices of one format below each other. Quantized blocks run along a row, so their bytes just follow.
fn join(parts: &[QTensor]) -> Result<QTensor> {
    let (mut bytes, mut rows) = (Vec::new(), 0);
    let (_, columns) = parts[0].shape().dims2()?;
    for part in parts {
        bytes.extend_from_slice(&part.data()?);
        rows += part.shape().dims2()?.0;
    }
    let device: Device = parts[0].device();
    let storage = QStorage::from_data(Cow::Owned(bytes), &device, parts[0].dtype())?;
    QTensor::new(storage, (rows, columns))
}
