//! What is written: text becomes a syntax tree, and a syntax tree becomes text. Nothing here knows a graph.

pub mod ast;
pub mod completion;
pub(crate) mod excerpt;
pub mod highlight;
pub(crate) mod keyword;
pub mod parse;
mod print;
mod print_expression;
pub mod suggest;
