//! Functions on numbers.

use super::{Function, unfit};
use crate::executor::compute::Context;
use crate::fault::{Failure, Result};
use crate::value::Cell;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("abs", "number", 1..=1, "The number without its sign.", abs),
    Function::new("sign", "number", 1..=1, "-1, 0 or 1, as the number is below, at or above zero.", sign),
    Function::new(
        "ceil",
        "number",
        1..=1,
        "The smallest whole number that is not below, as a float.",
        |_, arguments| float("ceil", arguments, f64::ceil),
    ),
    Function::new(
        "floor",
        "number",
        1..=1,
        "The largest whole number that is not above, as a float.",
        |_, arguments| float("floor", arguments, f64::floor),
    ),
    Function::new(
        "round",
        "number, [digits]",
        1..=2,
        "The nearest float with so many digits after the point; halves go away from zero.",
        round,
    ),
    Function::new("sqrt", "number", 1..=1, "The square root.", |_, arguments| float("sqrt", arguments, f64::sqrt)),
    Function::new("exp", "number", 1..=1, "e to the power of the number.", |_, arguments| {
        float("exp", arguments, f64::exp)
    }),
    Function::new("log", "number", 1..=1, "The natural logarithm.", |_, arguments| float("log", arguments, f64::ln)),
    Function::new("sin", "number", 1..=1, "The sine of an angle in radians.", |_, arguments| {
        float("sin", arguments, f64::sin)
    }),
    Function::new("cos", "number", 1..=1, "The cosine of an angle in radians.", |_, arguments| {
        float("cos", arguments, f64::cos)
    }),
    Function::new("tan", "number", 1..=1, "The tangent of an angle in radians.", |_, arguments| {
        float("tan", arguments, f64::tan)
    }),
    Function::new("cot", "number", 1..=1, "The cotangent of an angle in radians.", |_, arguments| {
        float("cot", arguments, |angle| angle.tan().recip())
    }),
    Function::new("asin", "number", 1..=1, "The angle in radians with this sine.", |_, arguments| {
        float("asin", arguments, f64::asin)
    }),
    Function::new("acos", "number", 1..=1, "The angle in radians with this cosine.", |_, arguments| {
        float("acos", arguments, f64::acos)
    }),
    Function::new("atan", "number", 1..=1, "The angle in radians with this tangent.", |_, arguments| {
        float("atan", arguments, f64::atan)
    }),
    Function::new("atan2", "y, x", 2..=2, "The angle in radians of the point x, y.", |_, arguments| {
        Ok(Cell::Float(number("atan2", &arguments[0])?.atan2(number("atan2", &arguments[1])?)))
    }),
    Function::new("degrees", "number", 1..=1, "An angle in radians as degrees.", |_, arguments| {
        float("degrees", arguments, f64::to_degrees)
    }),
    Function::new("radians", "number", 1..=1, "An angle in degrees as radians.", |_, arguments| {
        float("radians", arguments, f64::to_radians)
    }),
    Function::new("haversin", "number", 1..=1, "Half of the versine of an angle in radians.", |_, arguments| {
        float("haversin", arguments, |angle| (angle / 2.0).sin().powi(2))
    }),
    Function::new("pi", "", 0..=0, "3.14159...", |_, _| Ok(Cell::Float(std::f64::consts::PI))),
    Function::new("e", "", 0..=0, "2.71828...", |_, _| Ok(Cell::Float(std::f64::consts::E))),
    Function::new("rand", "", 0..=0, "A random float from 0 up to 1, another one each time.", |context, _| {
        Ok(Cell::Float(context.random()))
    }),
    Function::new("isNaN", "number", 1..=1, "Whether a float is the one that is no number.", |_, arguments| {
        Ok(number("isNaN", &arguments[0])?.is_nan().into())
    }),
    Function::new("log10", "number", 1..=1, "The logarithm to base 10.", |_, arguments| {
        float("log10", arguments, f64::log10)
    }),
];

fn number(function: &str, cell: &Cell) -> Result<f64, Failure> {
    match cell {
        Cell::Integer(integer) => Ok(*integer as f64),
        Cell::Float(float) => Ok(*float),
        other => unfit(function, "a number", other),
    }
}

fn float(function: &str, arguments: &[Cell], compute: fn(f64) -> f64) -> Result<Cell, Failure> {
    Ok(Cell::Float(compute(number(function, &arguments[0])?)))
}

fn abs(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Integer(integer) => integer
            .checked_abs()
            .map(Cell::Integer)
            .ok_or_else(|| Failure::Value("the result is too large for an integer".into())),
        other => Ok(Cell::Float(number("abs", other)?.abs())),
    }
}

fn sign(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let number = number("sign", &arguments[0])?;
    Ok(Cell::Integer(i64::from(number > 0.0) - i64::from(number < 0.0)))
}

fn round(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let number = number("round", &arguments[0])?;
    let digits = match arguments.get(1) {
        None => 0,
        Some(Cell::Integer(digits @ 0..=15)) => *digits,
        Some(_) => return Err("round() takes 0 to 15 digits".to_owned().into()),
    };
    let scale = 10_f64.powi(i32::try_from(digits).unwrap_or(0));
    let scaled = number * scale;
    // A number too large to be scaled has no digits after the point to lose.
    Ok(Cell::Float(if scaled.is_finite() { scaled.round() / scale } else { number }))
}
