//! The built program from outside, as people and scripts see it.

#![allow(clippy::unwrap_used, reason = "in a test, a panic is the report")]

mod harness;

mod evaluation;
mod literature;
mod models;
mod statements;
mod streams;
mod survival;
mod tag;
mod trust;
