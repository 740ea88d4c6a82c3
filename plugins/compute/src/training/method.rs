//! What of a model is trained.

/// What of a model is trained.
#[derive(Clone, Debug, PartialEq)]
pub enum Method {
    /// All of its numbers.
    All {
        /// The share of the activations that is dropped in each step.
        dropout: f32,
    },
    /// Small matrices beside those of the layers, and the head of an encoder.
    LowRank(LowRank),
}

/// Adapters: Hu and others 2021, "LoRA" (arXiv 2106.09685).
#[derive(Clone, Debug, PartialEq)]
pub struct LowRank {
    /// The inner size of the small matrices.
    pub rank: usize,
    /// What their product is multiplied by, times the rank.
    pub alpha: f32,
    /// Whether it is divided by the root of the rank instead (Kalajdzievski 2023, arXiv 2312.03732).
    pub root_scale: bool,
    /// The share of their inputs that is dropped in each step.
    pub dropout: f32,
    /// The matrices that have them, by the end of their names, such as `attn_q`.
    pub targets: Vec<String>,
}

impl Method {
    pub(super) fn low_rank(&self) -> Option<&LowRank> {
        match self {
            Self::All { .. } => None,
            Self::LowRank(low_rank) => Some(low_rank),
        }
    }

    /// The share of the activations that is dropped between the layers.
    pub(super) fn dropout(&self) -> f32 {
        match self {
            Self::All { dropout } => *dropout,
            Self::LowRank(_) => 0.0,
        }
    }
}

impl LowRank {
    /// What the product of both matrices is multiplied by.
    pub fn scale(&self) -> f32 {
        let rank = self.rank as f32;
        self.alpha / if self.root_scale { rank.sqrt() } else { rank }
    }

    pub(super) fn adapts(&self, matrix: &str) -> bool {
        self.targets.iter().any(|target| matrix.rsplit('.').next() == Some(target.as_str()))
    }
}
