//! Functions on texts. They count characters as Unicode scalar values.

use super::{Function, unfit};
use crate::executor::compute::Context;
use crate::fault::{Failure, Result};
use crate::value::Cell;

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new("toLower", "text", 1..=1, "The text in lower case.", |_, arguments| {
        map("toLower", arguments, |text| text.to_lowercase())
    }),
    Function::new("toUpper", "text", 1..=1, "The text in upper case.", |_, arguments| {
        map("toUpper", arguments, |text| text.to_uppercase())
    }),
    Function::new("trim", "text", 1..=1, "The text without white space at both ends.", |_, arguments| {
        map("trim", arguments, |text| text.trim().to_owned())
    }),
    Function::new("ltrim", "text", 1..=1, "The text without white space at its start.", |_, arguments| {
        map("ltrim", arguments, |text| text.trim_start().to_owned())
    }),
    Function::new("rtrim", "text", 1..=1, "The text without white space at its end.", |_, arguments| {
        map("rtrim", arguments, |text| text.trim_end().to_owned())
    }),
    Function::new("replace", "text, old, new", 3..=3, "The text with every old part replaced by the new one.", replace),
    Function::new(
        "substring",
        "text, start, [length]",
        2..=3,
        "The characters from a place on, the first being 0.",
        substring,
    ),
    Function::new("left", "text, length", 2..=2, "The first characters.", left),
    Function::new("right", "text, length", 2..=2, "The last characters.", right),
    Function::new("split", "text, separator", 2..=2, "The parts of the text between the separators.", split),
];

fn text<'c>(function: &str, cell: &'c Cell) -> Result<&'c str, Failure> {
    match cell {
        Cell::Text(text) => Ok(text),
        other => unfit(function, "a text", other),
    }
}

/// A count of characters.
fn count(function: &str, cell: &Cell) -> Result<usize, Failure> {
    match cell {
        Cell::Integer(integer) => usize::try_from(*integer)
            .map_err(|_| format!("{function}() takes a length or place of 0 or more, not {integer}").into()),
        other => unfit(function, "an integer", other),
    }
}

fn map(function: &str, arguments: &[Cell], change: fn(&str) -> String) -> Result<Cell, Failure> {
    Ok(Cell::Text(change(text(function, &arguments[0])?).into()))
}

fn replace(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let [whole, old, new] = [0, 1, 2].map(|place| text("replace", &arguments[place]));
    let (whole, old, new) = (whole?, old?, new?);
    if old.is_empty() {
        return Ok(Cell::text(whole));
    }
    let more = whole.matches(old).count() as u64 * new.len() as u64;
    context.charge_bytes(whole.len() as u64 + more)?;
    Ok(Cell::Text(whole.replace(old, new).into()))
}

fn substring(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let whole = text("substring", &arguments[0])?;
    let start = count("substring", &arguments[1])?;
    let length = arguments.get(2).map_or(Ok(usize::MAX), |length| count("substring", length))?;
    Ok(Cell::Text(whole.chars().skip(start).take(length).collect::<String>().into()))
}

fn left(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let length = count("left", &arguments[1])?;
    Ok(Cell::Text(text("left", &arguments[0])?.chars().take(length).collect::<String>().into()))
}

fn right(_: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let whole = text("right", &arguments[0])?;
    let skipped = whole.chars().count().saturating_sub(count("right", &arguments[1])?);
    Ok(Cell::Text(whole.chars().skip(skipped).collect::<String>().into()))
}

fn split(context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let (whole, separator) = (text("split", &arguments[0])?, text("split", &arguments[1])?);
    let parts = if separator.is_empty() { whole.len() } else { whole.matches(separator).count() + 1 };
    context.charge_bytes((parts * (size_of::<Cell>() + 16) + whole.len()) as u64)?;
    if separator.is_empty() {
        return Ok(Cell::list(whole.chars().map(|character| Cell::text(&character.to_string()))));
    }
    Ok(Cell::list(whole.split(separator).map(Cell::text)))
}
