//! Products of activations with weight matrices, through cuBLASLt.
//!
//! `y = x W^T`, all row by row: cuBLASLt thinks in columns, so it is told of the transposed matrices, which are the same
//! memory. What is fastest for a shape is found by trying what the library proposes, once, when a model is loaded.
#![expect(unsafe_code, reason = "the library is called through its C interface")]

use std::collections::HashMap;
use std::ffi::c_void;
use std::mem::MaybeUninit;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cudarc::cublaslt::result::{self, CublasError};
use cudarc::cublaslt::sys;
use cudarc::driver::{CudaStream, DriverError};

use super::launch::{Memory, Part, PartMut};

/// What NVIDIA advises for its larger cards.
const WORKSPACE_BYTES: usize = 64 << 20;
/// How many ways of computing a product are tried.
const CANDIDATES: usize = 12;
/// How often each is tried.
const TRIALS: u32 = 3;

/// How the numbers of a matrix are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// Of 16 bits.
    Bfloat16,
    /// Of 32 bits, and multiplied as such.
    Float32,
}

impl Kind {
    fn bytes(self) -> usize {
        match self {
            Self::Bfloat16 => 2,
            Self::Float32 => 4,
        }
    }

    fn code(self) -> sys::cudaDataType {
        match self {
            Self::Bfloat16 => sys::cudaDataType_t::CUDA_R_16BF,
            Self::Float32 => sys::cudaDataType_t::CUDA_R_32F,
        }
    }
}

/// A product's measures and kinds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Shape {
    /// Rows of `x` and of `y`.
    pub(super) rows: usize,
    /// Columns of `x` and of `W`.
    pub(super) inputs: usize,
    /// Rows of `W` and columns of `y`.
    pub(super) outputs: usize,
    /// The numbers of `x` and `W`.
    pub(super) from: Kind,
    /// The numbers of `y`.
    pub(super) to: Kind,
    /// Whether the product is added to what `y` holds.
    pub(super) added: bool,
    /// What is done to it before it is written.
    pub(super) finish: Finish,
}

/// What is done to a product before it is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Finish {
    /// Nothing.
    Plain,
    /// A bias, of the kind of `y`, is added to each row.
    Bias,
    /// The same, and then GELU by tanh.
    BiasGelu,
}

/// What a product reads and writes.
pub(super) struct Operands<'a> {
    pub(super) x: Part<'a>,
    pub(super) weights: Part<'a>,
    /// None if the product has no such finish.
    pub(super) bias: Option<Part<'a>>,
    pub(super) y: PartMut<'a>,
}

/// Why a product was not computed.
#[derive(Debug)]
pub(super) enum ProductError {
    /// The library's word.
    Library(CublasError),
    /// The driver's.
    Driver(DriverError),
}

impl From<CublasError> for ProductError {
    fn from(error: CublasError) -> Self {
        Self::Library(error)
    }
}

impl From<DriverError> for ProductError {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

/// Computes products on one stream.
pub(super) struct Products {
    handle: sys::cublasLtHandle_t,
    stream: Arc<CudaStream>,
    workspace: Memory,
    plans: HashMap<Shape, Plan>,
}

// SAFETY: the handle and the descriptions in the plans are plain memory of the library, which may be used from any thread,
// one at a time; `&mut self` sees to that.
unsafe impl Send for Products {}

impl Products {
    pub(super) fn new(stream: &Arc<CudaStream>) -> Result<Self, ProductError> {
        let workspace = Memory::zeros(stream, WORKSPACE_BYTES)?;
        Ok(Self { handle: result::create_handle()?, stream: stream.clone(), workspace, plans: HashMap::new() })
    }

    /// Computes a product; the card may not have done so yet when this returns.
    pub(super) fn run(&mut self, shape: Shape, operands: &mut Operands<'_>) -> Result<(), ProductError> {
        check(shape, operands);
        if !self.plans.contains_key(&shape) {
            let plan = Plan::new(self.handle, shape)?;
            self.plans.insert(shape, plan);
        }
        self.start(&self.plans[&shape], 0, shape, operands).map_err(ProductError::from)
    }

    /// Finds the fastest way for a shape that has not been computed yet. What `y` held and holds is lost.
    pub(super) fn measure(&mut self, shape: Shape, operands: &mut Operands<'_>) -> Result<(), ProductError> {
        check(shape, operands);
        if self.plans.contains_key(&shape) {
            return Ok(());
        }
        let mut plan = Plan::new(self.handle, shape)?;
        let mut times = Vec::with_capacity(plan.ways.len());
        for way in 0..plan.ways.len() {
            times.push(self.time(&plan, way, shape, operands)?);
        }
        let best = (0..times.len()).min_by_key(|&way| times[way]).unwrap_or(0);
        plan.ways.swap(0, best);
        self.plans.insert(shape, plan);
        Ok(())
    }

    /// The least time that one way took; for ever, if it does not work after all.
    fn time(
        &self,
        plan: &Plan,
        way: usize,
        shape: Shape,
        operands: &mut Operands<'_>,
    ) -> Result<Duration, ProductError> {
        let mut least = Duration::MAX;
        for _ in 0..TRIALS {
            self.stream.synchronize()?;
            let start = Instant::now();
            if self.start(plan, way, shape, operands).is_err() {
                return Ok(Duration::MAX);
            }
            self.stream.synchronize()?;
            least = least.min(start.elapsed());
        }
        Ok(least)
    }

    fn start(&self, plan: &Plan, way: usize, shape: Shape, operands: &mut Operands<'_>) -> Result<(), CublasError> {
        if let Some(bias) = operands.bias {
            plan.set(sys::cublasLtMatmulDescAttributes_t::CUBLASLT_MATMUL_DESC_BIAS_POINTER, &bias.address())?;
        }
        let (one, before) = (1.0f32, if shape.added { 1.0f32 } else { 0.0 });
        let y = operands.y.address();
        // SAFETY: the plan describes matrices of `shape`, and `check` has seen that the memory holds them; the memory lives
        // until the stream has used it, and the workspace is used by this stream alone, one product after another.
        unsafe {
            result::matmul(
                self.handle,
                plan.product,
                (&raw const one).cast(),
                (&raw const before).cast(),
                operands.weights.address() as *const c_void,
                plan.weights,
                operands.x.address() as *const c_void,
                plan.x,
                y as *const c_void,
                plan.y,
                y as *mut c_void,
                plan.y,
                &raw const plan.ways[way],
                self.workspace.all().address() as *mut c_void,
                WORKSPACE_BYTES,
                self.stream.cu_stream().cast(),
            )
        }
    }
}

impl Drop for Products {
    fn drop(&mut self) {
        self.plans.clear();
        // SAFETY: it was created with `self` and nothing uses it any more. An error would have nobody to hear it.
        let _ = unsafe { result::destroy_handle(self.handle) };
    }
}

/// A product as the library knows it.
struct Plan {
    product: sys::cublasLtMatmulDesc_t,
    weights: sys::cublasLtMatrixLayout_t,
    x: sys::cublasLtMatrixLayout_t,
    y: sys::cublasLtMatrixLayout_t,
    /// Ways of computing it; the first is taken.
    ways: Vec<sys::cublasLtMatmulAlgo_t>,
}

impl Plan {
    fn new(handle: sys::cublasLtHandle_t, shape: Shape) -> Result<Self, CublasError> {
        let layout = |kind: Kind, length: usize, count: usize| {
            result::create_matrix_layout(kind.code(), length as u64, count as u64, length as i64)
        };
        let (numbers, factors) = (sys::cublasComputeType_t::CUBLAS_COMPUTE_32F, sys::cudaDataType_t::CUDA_R_32F);
        let mut plan = Self {
            product: result::create_matmul_desc(numbers, factors)?,
            weights: layout(shape.from, shape.inputs, shape.outputs)?,
            x: layout(shape.from, shape.inputs, shape.rows)?,
            y: layout(shape.to, shape.outputs, shape.rows)?,
            ways: Vec::new(),
        };
        type Attribute = sys::cublasLtMatmulDescAttributes_t;
        plan.set(Attribute::CUBLASLT_MATMUL_DESC_TRANSA, &1i32)?;
        let finish = match shape.finish {
            Finish::Plain => sys::cublasLtEpilogue_t::CUBLASLT_EPILOGUE_DEFAULT,
            Finish::Bias => sys::cublasLtEpilogue_t::CUBLASLT_EPILOGUE_BIAS,
            Finish::BiasGelu => sys::cublasLtEpilogue_t::CUBLASLT_EPILOGUE_GELU_BIAS,
        };
        plan.set(Attribute::CUBLASLT_MATMUL_DESC_EPILOGUE, &finish)?;
        if shape.finish != Finish::Plain {
            // Which ways there are may depend on where the bias lies, so one is named; this one is never read.
            plan.set(Attribute::CUBLASLT_MATMUL_DESC_BIAS_POINTER, &256u64)?;
        }
        plan.ways = plan.find_ways(handle)?;
        Ok(plan)
    }

    /// Sets a property of the product.
    fn set<T: Copy>(&self, attribute: sys::cublasLtMatmulDescAttributes_t, value: &T) -> Result<(), CublasError> {
        // SAFETY: the description lives as long as `self`, and the library copies the value.
        unsafe {
            result::set_matmul_desc_attribute(self.product, attribute, (&raw const *value).cast(), size_of::<T>())
        }
    }

    /// Asks the library how it would compute this, the best first by its own estimate.
    fn find_ways(&self, handle: sys::cublasLtHandle_t) -> Result<Vec<sys::cublasLtMatmulAlgo_t>, CublasError> {
        let preference = Preference(result::create_matmul_pref()?);
        let attribute = sys::cublasLtMatmulPreferenceAttributes_t::CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES;
        let bytes = WORKSPACE_BYTES;
        // SAFETY: the preference lives, and the library copies the value.
        unsafe {
            result::set_matmul_pref_attribute(preference.0, attribute, (&raw const bytes).cast(), size_of::<usize>())?
        };
        let mut found: [MaybeUninit<sys::cublasLtMatmulHeuristicResult_t>; CANDIDATES] =
            [MaybeUninit::uninit(); CANDIDATES];
        let mut count = 0;
        // SAFETY: all descriptions live; there is room for as many answers as are asked for.
        unsafe {
            sys::cublasLtMatmulAlgoGetHeuristic(
                handle,
                self.product,
                self.weights,
                self.x,
                self.y,
                self.y,
                preference.0,
                CANDIDATES as i32,
                found.as_mut_ptr().cast(),
                &raw mut count,
            )
            .result()?;
        }
        // SAFETY: the library has filled the first `count`.
        let found = found[..usize::try_from(count).unwrap_or(0)].iter().map(|way| unsafe { way.assume_init_ref() });
        let ways: Vec<_> = found.filter(|way| way.state.result().is_ok()).map(|way| way.algo).collect();
        if ways.is_empty() { Err(CublasError(sys::cublasStatus_t::CUBLAS_STATUS_NOT_SUPPORTED)) } else { Ok(ways) }
    }
}

impl Drop for Plan {
    fn drop(&mut self) {
        // SAFETY: all four were created with `self`, and nothing uses them any more. Errors would have nobody to hear them.
        unsafe {
            let _ = result::destroy_matmul_desc(self.product);
            for layout in [self.weights, self.x, self.y] {
                let _ = result::destroy_matrix_layout(layout);
            }
        }
    }
}

/// What the library is to look for.
struct Preference(sys::cublasLtMatmulPreference_t);

impl Drop for Preference {
    fn drop(&mut self) {
        // SAFETY: as above.
        let _ = unsafe { result::destroy_matmul_pref(self.0) };
    }
}

/// The memory must hold the matrices of the shape; that it does not is a mistake of this program.
fn check(shape: Shape, operands: &Operands<'_>) {
    let Shape { rows, inputs, outputs, from, to, finish, .. } = shape;
    assert!(operands.x.length() >= rows * inputs * from.bytes(), "x is too small for {shape:?}");
    assert!(operands.weights.length() >= outputs * inputs * from.bytes(), "the weights are too small for {shape:?}");
    assert!(operands.y.length() >= rows * outputs * to.bytes(), "y is too small for {shape:?}");
    let bias = operands.bias.map_or(0, Part::length);
    assert!(finish == Finish::Plain || bias >= outputs * to.bytes(), "the bias is too small for {shape:?}");
}
