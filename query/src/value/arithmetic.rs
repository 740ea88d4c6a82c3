//! `+ - * / % ^` on values.

use std::sync::Arc;

use super::{Cell, temporal};
use crate::syntax::ast::BinaryOperator;

/// The result of an arithmetic operator; null if either side is. The error says what does not work, without a place.
pub(crate) fn arithmetic(operator: BinaryOperator, a: &Cell, b: &Cell) -> Result<Cell, String> {
    use BinaryOperator::{Add, Divide, Modulo, Multiply, Power, Subtract};
    if operator == Add
        && let Some(joined) = join_lists(a, b)
    {
        return Ok(joined);
    }
    if a.is_null() || b.is_null() {
        return Ok(Cell::Null);
    }
    match (operator, a, b) {
        (Add, Cell::Text(_), _) | (Add, _, Cell::Text(_)) => join_texts(a, b),
        (_, Cell::Temporal(_), _) | (_, _, Cell::Temporal(_)) => of_time(operator, a, b),
        (Power, _, _) => numbers(a, b, "^").map(|(a, b)| Cell::Float(a.powf(b))),
        (_, Cell::Integer(a), Cell::Integer(b)) => integers(operator, *a, *b),
        (Add, _, _) => numbers(a, b, "+").map(|(a, b)| Cell::Float(a + b)),
        (Subtract, _, _) => numbers(a, b, "-").map(|(a, b)| Cell::Float(a - b)),
        (Multiply, _, _) => numbers(a, b, "*").map(|(a, b)| Cell::Float(a * b)),
        (Divide, _, _) => numbers(a, b, "/").map(|(a, b)| Cell::Float(a / b)),
        (Modulo, _, _) => numbers(a, b, "%").map(|(a, b)| Cell::Float(a % b)),
        _ => Err(format!("{operator:?} is not arithmetic")),
    }
}

/// Values of time joined with lengths of time, and lengths of time multiplied by numbers.
fn of_time(operator: BinaryOperator, a: &Cell, b: &Cell) -> Result<Cell, String> {
    use BinaryOperator::{Add, Divide, Multiply, Subtract};
    let number = |cell: &Cell| match cell {
        Cell::Integer(integer) => Some(*integer as f64),
        Cell::Float(float) => Some(*float),
        _ => None,
    };
    let result = match (operator, a, b, number(a), number(b)) {
        (Add, Cell::Temporal(a), Cell::Temporal(b), ..) => temporal::plus(a, b),
        (Subtract, Cell::Temporal(a), Cell::Temporal(b), ..) => temporal::minus(a, b),
        (Multiply, Cell::Temporal(duration), _, _, Some(factor))
        | (Multiply, _, Cell::Temporal(duration), Some(factor), _) => temporal::multiply(duration, factor),
        (Divide, Cell::Temporal(duration), _, _, Some(divisor)) => temporal::divide(duration, divisor),
        _ => Err(format!("{} and {} cannot be joined by {}", a.kind(), b.kind(), operator)),
    };
    result.map(Cell::from)
}

/// `list + list`, `list + element`, `element + list`; `None` if neither is a list.
fn join_lists(a: &Cell, b: &Cell) -> Option<Cell> {
    let joined: Arc<[Cell]> = match (a, b) {
        (Cell::List(_), Cell::Null) | (Cell::Null, Cell::List(_)) => return Some(Cell::Null),
        (Cell::List(a), Cell::List(b)) => a.iter().chain(b.iter()).cloned().collect(),
        (Cell::List(a), b) => a.iter().chain([b]).cloned().collect(),
        (a, Cell::List(b)) => [a].into_iter().chain(b.iter()).cloned().collect(),
        _ => return None,
    };
    Some(Cell::List(joined))
}

fn join_texts(a: &Cell, b: &Cell) -> Result<Cell, String> {
    let part = |cell: &Cell| match cell {
        Cell::Text(text) => Ok(text.to_string()),
        Cell::Integer(integer) => Ok(integer.to_string()),
        Cell::Float(float) => Ok(format!("{float:?}")),
        Cell::Temporal(temporal) => Ok(temporal.to_string()),
        other => Err(format!("cannot add {} to a text; use toString(...)", other.kind())),
    };
    Ok(Cell::Text((part(a)? + &part(b)?).into()))
}

fn integers(operator: BinaryOperator, a: i64, b: i64) -> Result<Cell, String> {
    let result = match operator {
        BinaryOperator::Add => a.checked_add(b),
        BinaryOperator::Subtract => a.checked_sub(b),
        BinaryOperator::Multiply => a.checked_mul(b),
        BinaryOperator::Divide | BinaryOperator::Modulo if b == 0 => return Err("division by zero".into()),
        BinaryOperator::Divide => a.checked_div(b),
        BinaryOperator::Modulo => a.checked_rem(b),
        _ => None,
    };
    result.map(Cell::Integer).ok_or_else(|| "the result is too large for an integer".into())
}

fn numbers(a: &Cell, b: &Cell, sign: &str) -> Result<(f64, f64), String> {
    let number = |cell: &Cell| match cell {
        Cell::Integer(integer) => Some(*integer as f64),
        Cell::Float(float) => Some(*float),
        _ => None,
    };
    number(a).zip(number(b)).ok_or_else(|| format!("{sign} works on numbers, not on {} and {}", a.kind(), b.kind()))
}
