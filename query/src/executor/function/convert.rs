//! Functions that make one type of value of another. What cannot be converted becomes null.

use super::{Function, unfit};
use crate::executor::compute::Context;
use crate::fault::{Failure, Result};
use crate::value::Cell;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "toInteger",
        "number, text or boolean",
        1..=1,
        "The value as an integer, cut off at the point; null if the text is no number.",
        to_integer,
    ),
    Function::new("toFloat", "number or text", 1..=1, "The value as a float; null if the text is no number.", to_float),
    Function::new("toString", "value", 1..=1, "The number, boolean or text as a text.", to_text),
    Function::new(
        "toBoolean",
        "text, integer or boolean",
        1..=1,
        "The value as a boolean; null if the text is neither true nor false.",
        to_boolean,
    ),
];

/// Cut off at the point; null if it does not fit.
#[allow(clippy::cast_possible_truncation, reason = "the float was found to lie within the range of integers")]
fn truncated(float: f64) -> Cell {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&float) { Cell::Integer(float as i64) } else { Cell::Null }
}

fn to_integer(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Integer(integer) => Ok(Cell::Integer(*integer)),
        Cell::Float(float) => Ok(truncated(*float)),
        Cell::Boolean(truth) => Ok(Cell::Integer((*truth).into())),
        Cell::Text(text) => {
            let whole = text.trim().parse().map(Cell::Integer);
            Ok(whole.unwrap_or_else(|_| text.trim().parse().map_or(Cell::Null, truncated)))
        }
        other => unfit("toInteger", "a number, a text or a boolean", other),
    }
}

fn to_float(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Integer(integer) => Ok(Cell::Float(*integer as f64)),
        Cell::Float(float) => Ok(Cell::Float(*float)),
        Cell::Text(text) => Ok(text.trim().parse().map_or(Cell::Null, Cell::Float)),
        other => unfit("toFloat", "a number or a text", other),
    }
}

fn to_text(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Text(text) => Ok(Cell::Text(text.clone())),
        Cell::Boolean(truth) => Ok(Cell::text(if *truth { "true" } else { "false" })),
        Cell::Integer(integer) => Ok(Cell::text(&integer.to_string())),
        Cell::Float(float) => Ok(Cell::text(&format!("{float:?}"))),
        Cell::Temporal(temporal) => Ok(Cell::text(&temporal.to_string())),
        other => unfit("toString", "a number, a boolean or a text", other),
    }
}

fn to_boolean(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Boolean(truth) => Ok(Cell::Boolean(*truth)),
        Cell::Integer(integer) => Ok(Cell::Boolean(*integer != 0)),
        Cell::Text(text) => Ok(match text.trim().to_lowercase().as_str() {
            "true" => Cell::Boolean(true),
            "false" => Cell::Boolean(false),
            _ => Cell::Null,
        }),
        other => unfit("toBoolean", "a boolean, an integer or a text", other),
    }
}
