//! The built program from outside, as people and scripts see it.

mod harness;

#[cfg(unix)]
mod kill;
mod statements;
mod streams;
