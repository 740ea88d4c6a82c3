//! Functions on lists and paths.

use super::{Function, unfit};
use crate::executor::compute::Context;
use crate::fault::{Failure, Result};
use crate::limits::RANGE_LENGTH_MAX;
use crate::value::Cell;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("nodes", "path", 1..=1, "The nodes of a path, in order.", nodes),
    Function::new("relationships", "path", 1..=1, "The relationships of a path, in order.", relationships),
    Function::new("length", "path", 1..=1, "How many relationships a path has; of a list or text, its size.", length),
    Function::new("size", "list or text", 1..=1, "How many elements a list has, or characters a text.", size),
    Function::new("head", "list", 1..=1, "The first element; null if there is none.", head),
    Function::new("last", "list", 1..=1, "The last element; null if there is none.", last),
    Function::new("tail", "list", 1..=1, "All elements but the first.", tail),
    Function::new("range", "from, to, [step]", 2..=3, "The integers from one to another, both included.", range),
    Function::new("reverse", "list or text", 1..=1, "The elements or characters in opposite order.", reverse),
    Function::new("isEmpty", "list, map or text", 1..=1, "Whether there is nothing in it.", is_empty),
    Function::new("coalesce", "value, ...", 1..=usize::MAX, "The first argument that is not null.", coalesce)
        .taking_null(),
];

fn nodes(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Path(path) => Ok(Cell::list(path.nodes.iter().copied().map(Cell::Node))),
        other => unfit("nodes", "a path", other),
    }
}

fn relationships(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Path(path) => Ok(Cell::list(path.edges.iter().copied().map(Cell::Relationship))),
        other => unfit("relationships", "a path", other),
    }
}

fn length(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::Path(path) => Ok(Cell::count(path.edges.len() as u64)),
        other => size_of(other).map_or_else(|| unfit("length", "a path, a list or a text", other), Ok),
    }
}

fn size(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    size_of(&arguments[0]).map_or_else(|| unfit("size", "a list or a text", &arguments[0]), Ok)
}

fn size_of(cell: &Cell) -> Option<Cell> {
    match cell {
        Cell::List(cells) => Some(Cell::count(cells.len() as u64)),
        Cell::Text(text) => Some(Cell::count(text.chars().count() as u64)),
        Cell::Map(map) => Some(Cell::count(map.len() as u64)),
        _ => None,
    }
}

fn is_empty(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match size_of(&arguments[0]) {
        Some(size) => Ok((size == Cell::Integer(0)).into()),
        None => unfit("isEmpty", "a list, a map or a text", &arguments[0]),
    }
}

fn list<'c>(function: &str, cell: &'c Cell) -> Result<&'c [Cell], Failure> {
    match cell {
        Cell::List(cells) => Ok(cells),
        other => unfit(function, "a list", other),
    }
}

fn head(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(list("head", &arguments[0])?.first().cloned().unwrap_or_default())
}

fn last(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(list("last", &arguments[0])?.last().cloned().unwrap_or_default())
}

fn tail(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(Cell::list(list("tail", &arguments[0])?.iter().skip(1).cloned()))
}

fn range(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let mut bounds = [0, 0, 1];
    for (bound, argument) in bounds.iter_mut().zip(arguments) {
        let Cell::Integer(integer) = argument else { return unfit("range", "integers", argument) };
        *bound = *integer;
    }
    let [from, to, step] = bounds;
    if step == 0 {
        return Err("the step of range() must not be 0".to_owned().into());
    }
    if (step > 0) != (from <= to) && from != to {
        return Ok(Cell::list([]));
    }
    let count = from.abs_diff(to) / step.unsigned_abs() + 1;
    if count > RANGE_LENGTH_MAX {
        return Err(format!("range() would give {count} numbers; the most is {RANGE_LENGTH_MAX}").into());
    }
    // Not held by an operator, but it must fit in what is left.
    context.budget().reserve(count * size_of_val(&Cell::Null) as u64).map_err(crate::QueryError::from)?;
    context.budget().release(count * size_of_val(&Cell::Null) as u64);
    Ok(Cell::list((0..count).map(|place| Cell::Integer(from.wrapping_add(step.wrapping_mul(place.cast_signed()))))))
}

fn reverse(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    match &arguments[0] {
        Cell::List(cells) => Ok(Cell::list(cells.iter().rev().cloned())),
        Cell::Text(text) => Ok(Cell::Text(text.chars().rev().collect::<String>().into())),
        other => unfit("reverse", "a list or a text", other),
    }
}

fn coalesce(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(arguments.iter().find(|cell| !cell.is_null()).cloned().unwrap_or_default())
}
