//! Multiplication by a weight matrix, kept as the file has it or as 32-bit numbers.

use candle_core::quantized::{QMatMul, QTensor};
use candle_core::{Device, Module, Result, Tensor};

use super::elementwise::AddBias;
use crate::WeightPrecision;
use hopgraph_model::ModelError;
use hopgraph_model::architecture::Affine;
use hopgraph_model::weights::{Format, RawTensor, compute, is_plain};

/// The most memory that the large matrices may take for them to be expanded unasked.
const AUTOMATIC_FLOAT32_BYTES: usize = 2 << 30;

/// Whether a model of so many numbers is to be expanded to 32 bits.
pub(super) fn is_dense(precision: WeightPrecision, numbers: usize) -> bool {
    match precision {
        WeightPrecision::Float32 => true,
        WeightPrecision::Quantized => false,
        WeightPrecision::Automatic => numbers.saturating_mul(4) <= AUTOMATIC_FLOAT32_BYTES,
    }
}

/// A vector as candle keeps it.
pub(super) fn vector(numbers: Vec<f32>) -> std::result::Result<Tensor, ModelError> {
    let length = numbers.len();
    Tensor::from_vec(numbers, length, &Device::Cpu).map_err(compute)
}

/// A matrix product `x W^T`, and what is added to it.
pub(super) struct Linear {
    matrix: Matrix,
    bias: Option<Tensor>,
}

enum Matrix {
    /// The transposed weights, one column for each output, since gemm reads that order fastest.
    Dense(Tensor),
    /// Parts whose outputs stand side by side. More than one only where the file mixes formats.
    Quantized(Vec<QMatMul>),
}

impl Linear {
    /// One product in place of several that read the same input; the outputs stand side by side.
    pub(super) fn new(parts: Vec<RawTensor>, dense: bool) -> std::result::Result<Self, ModelError> {
        let matrix = if dense { Matrix::dense(&parts) } else { Matrix::quantized(parts) };
        Ok(Self { matrix: matrix.map_err(compute)?, bias: None })
    }

    /// The same with a bias for each part.
    pub(super) fn with_bias(parts: Vec<Affine>, dense: bool) -> std::result::Result<Self, ModelError> {
        let bias = vector(parts.iter().flat_map(|part| part.bias.iter().copied()).collect())?;
        let linear = Self::new(parts.into_iter().map(|part| part.weight).collect(), dense)?;
        Ok(Self { bias: Some(bias), ..linear })
    }

    pub(super) fn is_quantized(&self) -> bool {
        matches!(self.matrix, Matrix::Quantized(_))
    }

    pub(super) fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let product = self.matrix.forward(x)?;
        if let Some(bias) = &self.bias {
            product.inplace_op2(bias, &AddBias)?;
        }
        Ok(product)
    }
}

impl Matrix {
    fn dense(parts: &[RawTensor]) -> Result<Self> {
        let rows = parts.iter().map(|part| part.quantized()?.dequantize(&Device::Cpu)).collect::<Result<Vec<_>>>()?;
        Ok(Self::Dense(Tensor::cat(&rows, 0)?.t()?.contiguous()?))
    }

    fn quantized(parts: Vec<RawTensor>) -> Result<Self> {
        let format = parts[0].format;
        if parts.iter().any(|part| is_plain(part.format)) {
            return if has_whole_blocks(&parts, Format::Q8_0) { Self::rounded(&parts) } else { Self::dense(&parts) };
        }
        let parts = if parts.iter().all(|part| part.format == format) { vec![RawTensor::stack(&parts)] } else { parts };
        let products = parts.iter().map(|part| QMatMul::from_qtensor(part.quantized()?));
        Ok(Self::Quantized(products.collect::<Result<_>>()?))
    }

    /// As Q8_0, whatever they were: candle would expand 16-bit numbers to 32, and of these a large model has no room.
    fn rounded(parts: &[RawTensor]) -> Result<Self> {
        let products = parts.iter().map(|part| {
            let numbers = part.quantized()?.dequantize(&Device::Cpu)?;
            QMatMul::from_qtensor(QTensor::quantize(&numbers, Format::Q8_0)?)
        });
        Ok(Self::Quantized(products.collect::<Result<_>>()?))
    }

    fn forward(&self, x: &Tensor) -> Result<Tensor> {
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

fn has_whole_blocks(parts: &[RawTensor], format: Format) -> bool {
    parts.iter().all(|part| part.shape[1].is_multiple_of(format.block_size()))
}
