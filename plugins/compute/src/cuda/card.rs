//! A graphics card: opened when the program runs, or a clear word why not.

use std::sync::Arc;

use cudarc::cublaslt::sys::cublasStatus_t;
use cudarc::driver::sys::cudaError_enum as Code;
use cudarc::driver::{CudaContext, CudaStream, DriverError};

use super::launch::missing_library;
use super::product::ProductError;
use hopgraph_model::ModelError;

/// The least compute capability: the kernels convert to bfloat16 with instructions that came with it.
const LEAST_CAPABILITY: (i32, i32) = (8, 0);

/// An open card.
pub(super) struct Card {
    number: usize,
    name: String,
    context: Arc<CudaContext>,
    stream: Arc<CudaStream>,
}

/// What went wrong on a card.
#[derive(Debug)]
pub(super) enum Failure {
    /// The driver refused or failed.
    Driver(DriverError),
    /// A product failed.
    Product(ProductError),
    /// It is none of the card's doing.
    Model(ModelError),
}

impl From<DriverError> for Failure {
    fn from(error: DriverError) -> Self {
        Self::Driver(error)
    }
}

impl From<ProductError> for Failure {
    fn from(error: ProductError) -> Self {
        Self::Product(error)
    }
}

impl From<ModelError> for Failure {
    fn from(error: ModelError) -> Self {
        Self::Model(error)
    }
}

impl Failure {
    /// Whether less work at once might succeed.
    pub(super) fn is_out_of_memory(&self) -> bool {
        match self {
            Self::Driver(error) | Self::Product(ProductError::Driver(error)) => {
                error.0 == Code::CUDA_ERROR_OUT_OF_MEMORY
            }
            Self::Product(ProductError::Library(error)) => error.0 == cublasStatus_t::CUBLAS_STATUS_ALLOC_FAILED,
            Self::Model(_) => false,
        }
    }
}

/// How many graphics cards there are; 0 where there is no driver, or where CUDA's libraries are missing.
pub fn count() -> usize {
    if missing_library().is_some() {
        return 0;
    }
    CudaContext::device_count().ok().and_then(|count| usize::try_from(count).ok()).unwrap_or(0)
}

impl Card {
    /// Opens a card by its number.
    pub(super) fn open(number: usize) -> Result<Self, ModelError> {
        let refuse = |problem: String| Err(ModelError::NoDevice { problem });
        match missing_library() {
            Some("libcuda") => {
                return refuse("this machine has no driver of NVIDIA's (libcuda is missing); use the processor".into());
            }
            Some(library) => {
                return refuse(format!(
                    "{library} is missing; install NVIDIA's CUDA 12 or 13 libraries, and name their folder in LD_LIBRARY_PATH"
                ));
            }
            None => {}
        }
        let found = match CudaContext::device_count() {
            Ok(found) => usize::try_from(found).unwrap_or(0),
            Err(error) => return refuse(format!("the driver says: {}", words(error))),
        };
        if number >= found {
            let known = match found {
                0 => "the driver finds none".to_owned(),
                1 => format!("there is no number {number}; the only one is number 0"),
                _ => format!("there is no number {number}; there are {found}, numbered from 0"),
            };
            return refuse(known);
        }
        let opened = || {
            let context = CudaContext::new(number)?;
            let (name, capability) = (context.name()?, context.compute_capability()?);
            let stream = context.default_stream();
            Ok::<_, DriverError>((Self { number, name, context, stream }, capability))
        };
        match opened() {
            Ok((card, capability)) if capability >= LEAST_CAPABILITY => Ok(card),
            Ok((card, (major, minor))) => refuse(format!(
                "{} has compute capability {major}.{minor}, and 8.0 (Ampere) is the least that is supported",
                card.name
            )),
            Err(error) => refuse(format!("number {number} cannot be opened: {}", words(error))),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn context(&self) -> &Arc<CudaContext> {
        &self.context
    }

    pub(super) fn stream(&self) -> &Arc<CudaStream> {
        &self.stream
    }

    /// Bytes that nobody has taken.
    pub(super) fn free_memory(&self) -> Result<usize, Failure> {
        // What was freed comes back once the card has come that far.
        self.stream.synchronize()?;
        Ok(self.context.mem_get_info()?.0)
    }

    /// Says a failure for the world outside.
    pub(super) fn explain(&self, failure: Failure) -> ModelError {
        let device = format!("graphics card {} ({})", self.number, self.name);
        if failure.is_out_of_memory() {
            return ModelError::DeviceMemory { device };
        }
        let problem = match failure {
            Failure::Model(error) => return error,
            Failure::Driver(error) | Failure::Product(ProductError::Driver(error)) => words(error),
            Failure::Product(ProductError::Library(error)) => format!("cuBLASLt says {error}"),
        };
        ModelError::DeviceLost { device, problem }
    }
}

fn words(error: DriverError) -> String {
    match error.error_string() {
        Ok(text) => text.to_string_lossy().into_owned(),
        Err(_) => format!("{:?}", error.0),
    }
}
