//! What multi-hop paths discover, measured.
//!
//! Two experiments over a set of [`Relations`]:
//!
//! - [`growth`]: of growing samples of relations, how many further pairs of entities are joined by 2, 3 and 4 hops. It is
//!   Experiment 2 of the paper that hopgraph follows, whose own figures are in [`PAPER`].
//! - [`rank_hidden`]: some relations are hidden, and the pairs that paths find are ranked. Do the hidden ones come out
//!   first? Finding many pairs is easy; this can fail.

mod growth;
mod random;
mod ranking;
mod relations;

pub use growth::{Found, GrowthRow, PAPER, PaperFigure, growth};
pub use random::Random;
pub use ranking::{Hiding, METHODS, Method, MethodResult, RankingReport, rank_hidden};
pub use relations::{Relation, Relations, RelationsError};
