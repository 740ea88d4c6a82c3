//! The socket for what computes: tokens in, logits of the answers out.

use hopgraph_model::{ModelError, Sequence};

use crate::options::DeviceUse;

/// A loaded model on some device, made for one question: it knows the beginning that all sequences share, and computes
/// the logits of its answers alone.
pub trait Network: Send + Sync {
    /// The logits of the answers for each sequence, in order. Sequences must not be empty; together with the shared
    /// beginning each must fit the model's context.
    fn logits(&self, sequences: &[Sequence]) -> Result<Vec<Vec<f32>>, ModelError>;

    /// What a graphics card has done so far. None on the processor.
    fn device_use(&self) -> Option<DeviceUse> {
        None
    }
}

/// What a network is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The tokens that all sequences begin with; they may be none. An encoder has none.
    pub shared: &'a [u32],
    /// The tokens of a decoder's answers, or the classes of an encoder, each smaller than there are.
    pub answers: &'a [u32],
}
