//! Weight matrices on a card: as blocks, expanded when they are used, or expanded once.

use std::sync::Arc;

use cudarc::driver::CudaStream;

use super::card::Failure;
use super::kernel::{Kernels, Rows, format_name};
use super::launch::{Memory, Part};
use hopgraph_model::ModelError;
use hopgraph_model::weights::{Format, RawTensor};

/// How the weights of a model lie on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Residence {
    /// Expanded when the model is loaded.
    Expanded,
    /// As in the file; a matrix is expanded into room that all share each time before it is used.
    Blocks,
}

/// A matrix, made of parts that lie below each other.
pub(super) struct Matrix {
    /// Rows: numbers that come out of a product with it.
    pub(super) outputs: usize,
    /// Columns: numbers that go in.
    pub(super) inputs: usize,
    /// None once it has been expanded for good.
    parts: Vec<Blocks>,
    expanded: Option<Memory>,
}

/// Rows in the format of the file.
struct Blocks {
    format: Format,
    rows: usize,
    memory: Memory,
}

impl Matrix {
    /// Copies a matrix to the card.
    pub(super) fn load(
        stream: &Arc<CudaStream>,
        kernels: &Kernels,
        parts: &[RawTensor],
        residence: Residence,
    ) -> Result<Self, Failure> {
        let parts = parts.iter().map(|part| Blocks::load(stream, part)).collect::<Result<Vec<_>, _>>()?;
        let (outputs, inputs) = (parts.iter().map(|(part, _)| part.rows).sum(), parts[0].1);
        let parts = parts.into_iter().map(|(part, _)| part).collect();
        let mut matrix = Self { outputs, inputs, parts, expanded: None };
        if residence == Residence::Expanded {
            let mut room = Memory::zeros(stream, matrix.expanded_bytes(kernels))?;
            matrix.expand(kernels, &mut room)?;
            matrix.expanded = Some(room);
            matrix.parts.clear();
        }
        Ok(matrix)
    }

    fn expanded_bytes(&self, kernels: &Kernels) -> usize {
        self.outputs * self.inputs * kernels.build.number.bytes()
    }

    /// The room that it needs each time before it is used.
    pub(super) fn scratch_bytes(&self, kernels: &Kernels) -> usize {
        if self.expanded.is_some() { 0 } else { self.expanded_bytes(kernels) }
    }

    /// The memory that it takes.
    pub(super) fn bytes(&self) -> usize {
        let blocks: usize = self.parts.iter().map(|part| part.memory.length()).sum();
        blocks + self.expanded.as_ref().map_or(0, Memory::length)
    }

    /// Its numbers, row by row, if it has been expanded for good.
    pub(super) fn expanded(&self) -> Option<Part<'_>> {
        self.expanded.as_ref().map(Memory::all)
    }

    /// Its numbers, row by row; `scratch` is used if they must be expanded first.
    pub(super) fn numbers<'a>(&'a self, kernels: &Kernels, scratch: &'a mut Memory) -> Result<Part<'a>, Failure> {
        if let Some(expanded) = &self.expanded {
            return Ok(expanded.all());
        }
        self.expand(kernels, scratch)?;
        Ok(scratch.part(0, self.expanded_bytes(kernels)))
    }

    fn expand(&self, kernels: &Kernels, to: &mut Memory) -> Result<(), Failure> {
        let mut from = 0;
        for part in &self.parts {
            let numbers = part.rows * self.inputs;
            kernels.expand(part.format, part.memory.all(), &to.rest_mut(from), numbers)?;
            from += numbers * kernels.build.number.bytes();
        }
        Ok(())
    }
}

impl Blocks {
    /// Copies a tensor to the card; gives its columns as well.
    fn load(stream: &Arc<CudaStream>, tensor: &RawTensor) -> Result<(Self, usize), Failure> {
        let columns = tensor.shape.last().copied().unwrap_or(0);
        if format_name(tensor.format).is_none() || !columns.is_multiple_of(8) {
            let problem = format!(
                "no graphics card code reads {:?} in rows of {columns} numbers; use the processor, or quantize the model anew",
                tensor.format
            );
            return Err(ModelError::NoDevice { problem }.into());
        }
        let rows = tensor.shape.iter().product::<usize>() / columns;
        Ok((Self { format: tensor.format, rows, memory: Memory::copy_of(stream, &tensor.bytes)? }, columns))
    }
}

/// A matrix of which single rows are looked up, in the format of the file.
pub(super) struct Table {
    blocks: Blocks,
    width: usize,
}

impl Table {
    pub(super) fn load(stream: &Arc<CudaStream>, tensor: &RawTensor) -> Result<Self, Failure> {
        let (blocks, width) = Blocks::load(stream, tensor)?;
        Ok(Self { blocks, width })
    }

    pub(super) fn bytes(&self) -> usize {
        self.blocks.memory.length()
    }

    pub(super) fn format(&self) -> Format {
        self.blocks.format
    }

    pub(super) fn rows(&self) -> Rows<'_> {
        Rows { numbers: self.blocks.memory.all(), count: self.blocks.rows, width: self.width }
    }
}

/// Copies 32-bit numbers to the card.
pub(super) fn floats(stream: &Arc<CudaStream>, numbers: &[f32]) -> Result<Memory, Failure> {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    Ok(Memory::copy_of(stream, &bytes)?)
}
