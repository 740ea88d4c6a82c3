//! The explorer of hopgraph: a page in the browser, an API over HTTP, and the same for assistants over stdio.
//!
//! [`serve`] answers a browser and scripts; [`assistant::run`] answers one assistant that speaks the Model Context
//! Protocol. Both ask `answer/`, which knows the graph and nothing of HTTP. `server/API.md` describes the API.

mod answer;
pub mod assistant;
mod http;
pub mod limits;
mod token;

pub use answer::{Limits, Service};
pub use http::{Address, ServeError, ServeOptions, serve};
pub use token::Token;
