//! Models on a graphics card of NVIDIA's: tokens in, logits out.
//!
//! Nothing of CUDA is needed to build this or to start the program: the driver, cuBLASLt and the compiler NVRTC are opened
//! when a card is asked for, and the kernels in `kernel/` are compiled then, for one model, in a second or two.
//!
//! Weights reach the card as the blocks of their file. They are expanded to bfloat16 once, or, where that takes too much
//! memory, matrix by matrix before each product; products are bfloat16 with sums in 32 bits. Sequences are packed without
//! padding, what they all begin with is computed once, and in the last layer only the tokens that are asked go on.

mod card;
mod decoder;
mod encoder;
mod kernel;
mod launch;
mod matrix;
mod product;
mod rate;
mod stage;

use kernel::{Build, Kernels, Number};
use matrix::Residence;
use stage::{Forward, Stage};

use crate::network::{Network, Question};
use crate::{LoadOptions, WeightPrecision};
use hopgraph_model::ModelError;
use hopgraph_model::architecture::{Architecture, Checkpoint};

use card::{Card, Failure};

pub use card::count;
pub use rate::product_rate;

/// Tokens in a batch: enough to keep the tensor cores at work for long after each start.
const BATCH_TOKENS: usize = 8192;
/// The same for narrow models, whose steps are shorter.
const NARROW_BATCH_TOKENS: usize = 16_384;
/// A model is narrow up to here.
const NARROW: usize = 1024;
/// Memory left alone when weights are expanded.
const SPARE_BYTES: usize = 2 << 30;

/// Loads a model, whose tensors have been checked, onto a card.
pub(crate) fn load(
    checkpoint: &mut Checkpoint,
    architecture: &Architecture,
    question: Question<'_>,
    number: usize,
    options: &LoadOptions,
) -> Result<Box<dyn Network>, ModelError> {
    let precision = if options.precision == WeightPrecision::Float32 { Number::Float32 } else { Number::Bfloat16 };
    let card = Card::open(number)?;
    let plan = Plan::new(&card, architecture, options, precision).map_err(|failure| card.explain(failure))?;
    match architecture {
        Architecture::Decoder(config) => {
            let kernels = compile(&card, decoder::build(config, precision)?)?;
            let model = decoder::Decoder::load(&card, checkpoint, config, question, kernels, plan.residence);
            let longest = config.context - question.shared.len();
            staged(card, model, plan.tokens, longest)
        }
        Architecture::Encoder(config) => {
            let kernels = compile(&card, encoder::build(config, precision)?)?;
            let model = encoder::Encoder::load(&card, checkpoint, config, question.answers, kernels, plan.residence);
            staged(card, model, plan.tokens, config.context)
        }
    }
}

fn compile(card: &Card, build: Build) -> Result<Kernels, ModelError> {
    let problem = |problem| ModelError::NoDevice { problem: format!("its kernels cannot be compiled: {problem}") };
    Kernels::compile(card.stream(), build).map_err(problem)
}

fn staged<M: Forward + 'static>(
    card: Card,
    model: Result<M, Failure>,
    tokens: usize,
    longest: usize,
) -> Result<Box<dyn Network>, ModelError> {
    let model = model.map_err(|failure| card.explain(failure))?;
    Ok(Box::new(Stage::new(card, model, tokens, longest)?))
}

/// How a model is to lie on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Plan {
    residence: Residence,
    tokens: usize,
}

impl Plan {
    fn new(card: &Card, architecture: &Architecture, options: &LoadOptions, number: Number) -> Result<Self, Failure> {
        let (parameters, width) = size(architecture);
        let free = card.free_memory()?;
        Ok(Self::of(parameters * number.bytes(), width, free, options))
    }

    /// Weights are expanded where they leave room, unless they are to stay as in the file.
    fn of(expanded: usize, width: usize, free: usize, options: &LoadOptions) -> Self {
        let fits = expanded.saturating_mul(5) / 4 + SPARE_BYTES <= free;
        let expand = options.precision != WeightPrecision::Quantized && fits;
        let tokens = options.batch_tokens.unwrap_or(if width <= NARROW { NARROW_BATCH_TOKENS } else { BATCH_TOKENS });
        Self { residence: if expand { Residence::Expanded } else { Residence::Blocks }, tokens: tokens.max(1) }
    }
}

/// The parameters of a model's matrices, and its width.
fn size(architecture: &Architecture) -> (usize, usize) {
    let parameters = architecture.tensors().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let width = match architecture {
        Architecture::Decoder(config) => config.width,
        Architecture::Encoder(config) => config.width,
    };
    (parameters, width)
}

#[cfg(test)]
mod tests;
