//! The engine's own files of what readers share.

#[path = "../../../engine/src/read/kept.rs"]
pub(crate) mod kept;
#[path = "../../../engine/src/read/node_sets.rs"]
pub(crate) mod node_sets;
#[path = "../../../engine/src/read/shared.rs"]
pub(crate) mod shared;
