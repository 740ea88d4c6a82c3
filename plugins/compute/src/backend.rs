//! Which device computes a model.

use hopgraph_model::ModelError;
use hopgraph_model::architecture::{Architecture, Checkpoint};

use crate::cpu;
use crate::network::{Network, Question};
use crate::options::{Device, LoadOptions};

/// Loads a model, whose tensors have been checked, onto a device.
pub fn load(
    checkpoint: &mut Checkpoint,
    architecture: &Architecture,
    question: Question<'_>,
    options: &LoadOptions,
) -> Result<Box<dyn Network>, ModelError> {
    match options.device {
        Device::Cpu => cpu::load(checkpoint, architecture, question, options.precision),
        #[cfg(feature = "cuda")]
        Device::Cuda(number) => crate::cuda::load(checkpoint, architecture, question, number, options),
        #[cfg(not(feature = "cuda"))]
        Device::Cuda(_) => Err(ModelError::NoDevice {
            problem: "this program was built without it; build it with `--features cuda`".to_owned(),
        }),
    }
}
