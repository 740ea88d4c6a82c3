//! Functions that make values of time and measure between them.

use std::collections::BTreeMap;

use hopgraph_engine::Temporal;

use super::{Function, unfit};
use crate::executor::compute::Context;
use crate::fault::{Failure, Result};
use crate::value::Cell;
use crate::value::temporal::{self, Kind, Measure};

pub(super) const FUNCTIONS: &[Function] = &[
    Function::new(
        "date",
        "[text, map or value of time]",
        0..=1,
        "A date: of its text, of its parts, the date of a value of time, or today in UTC.",
        |context, arguments| made(Kind::Date, context, arguments),
    ),
    Function::new(
        "localtime",
        "[text, map or value of time]",
        0..=1,
        "A time of day without a zone; now in UTC without an argument.",
        |context, arguments| made(Kind::LocalTime, context, arguments),
    ),
    Function::new(
        "time",
        "[text, map or value of time]",
        0..=1,
        "A time of day with its offset from UTC; now without an argument.",
        |context, arguments| made(Kind::Time, context, arguments),
    ),
    Function::new(
        "localdatetime",
        "[text, map or value of time]",
        0..=1,
        "A date and a time of day without a zone; now in UTC without an argument.",
        |context, arguments| made(Kind::LocalDateTime, context, arguments),
    ),
    Function::new(
        "datetime",
        "[text, map or value of time]",
        0..=1,
        "A moment with its zone; now without an argument.",
        |context, arguments| made(Kind::DateTime, context, arguments),
    ),
    Function::new(
        "duration",
        "text or map",
        1..=1,
        "A length of time: `duration('P1M2DT3H')`, `duration({days: 1.5})`.",
        |_, arguments| Ok(temporal::duration(&arguments[0])?.into()),
    ),
    Function::new(
        "date.truncate",
        "unit, value of time, [map]",
        1..=3,
        "The date at the beginning of the unit: 'millennium', 'century', 'decade', 'year', 'weekYear', 'quarter', 'month', 'week' or 'day'; the parts of the map are set on it.",
        |context, arguments| truncated(Kind::Date, context, arguments),
    ),
    Function::new(
        "localtime.truncate",
        "unit, value of time, [map]",
        1..=3,
        "The same as a time of day: 'day', 'hour', 'minute', 'second', 'millisecond' or 'microsecond'.",
        |context, arguments| truncated(Kind::LocalTime, context, arguments),
    ),
    Function::new(
        "time.truncate",
        "unit, value of time, [map]",
        1..=3,
        "The same as a time of day with an offset.",
        |context, arguments| truncated(Kind::Time, context, arguments),
    ),
    Function::new(
        "localdatetime.truncate",
        "unit, value of time, [map]",
        1..=3,
        "The same as a date and time of day, by any of the units.",
        |context, arguments| truncated(Kind::LocalDateTime, context, arguments),
    ),
    Function::new(
        "datetime.truncate",
        "unit, value of time, [map]",
        1..=3,
        "The same as a moment, by any of the units.",
        |context, arguments| truncated(Kind::DateTime, context, arguments),
    ),
    Function::new(
        "datetime.fromEpoch",
        "seconds, nanoseconds",
        2..=2,
        "The moment so long after the start of 1970, in UTC.",
        |_, arguments| {
            Ok(temporal::from_epoch(
                whole("datetime.fromEpoch", &arguments[0])?,
                whole("datetime.fromEpoch", &arguments[1])?,
            )?
            .into())
        },
    ),
    Function::new(
        "datetime.fromEpochMillis",
        "milliseconds",
        1..=1,
        "The moment so long after the start of 1970, in UTC.",
        |_, arguments| {
            let millis = whole("datetime.fromEpochMillis", &arguments[0])?;
            Ok(temporal::from_epoch(millis.div_euclid(1000), millis.rem_euclid(1000) * 1_000_000)?.into())
        },
    ),
    Function::new(
        "duration.between",
        "from, to",
        2..=2,
        "What lies between two values of time, in months, days and seconds.",
        |_, arguments| between("duration.between", Measure::All, arguments),
    ),
    Function::new("duration.inMonths", "from, to", 2..=2, "The same in whole months.", |_, arguments| {
        between("duration.inMonths", Measure::Months, arguments)
    }),
    Function::new("duration.inDays", "from, to", 2..=2, "The same in whole days.", |_, arguments| {
        between("duration.inDays", Measure::Days, arguments)
    }),
    Function::new("duration.inSeconds", "from, to", 2..=2, "The same in seconds.", |_, arguments| {
        between("duration.inSeconds", Measure::Seconds, arguments)
    }),
    clock("date.transaction", Kind::Date),
    clock("date.statement", Kind::Date),
    clock("date.realtime", Kind::Date),
    clock("localtime.transaction", Kind::LocalTime),
    clock("localtime.statement", Kind::LocalTime),
    clock("localtime.realtime", Kind::LocalTime),
    clock("time.transaction", Kind::Time),
    clock("time.statement", Kind::Time),
    clock("time.realtime", Kind::Time),
    clock("localdatetime.transaction", Kind::LocalDateTime),
    clock("localdatetime.statement", Kind::LocalDateTime),
    clock("localdatetime.realtime", Kind::LocalDateTime),
    clock("datetime.transaction", Kind::DateTime),
    clock("datetime.statement", Kind::DateTime),
    clock("datetime.realtime", Kind::DateTime),
    Function::new("timestamp", "", 0..=0, "Milliseconds since the start of 1970.", |context, _| {
        Ok(Cell::Integer(i64::try_from(context.now() / 1_000_000).unwrap_or(i64::MAX)))
    }),
];

/// The clock of a query stands still: every function of it tells the same moment.
const fn clock(name: &'static str, kind: Kind) -> Function {
    let implementation: super::Implementation = match kind {
        Kind::Date => |context, arguments| current(Kind::Date, context, arguments),
        Kind::LocalTime => |context, arguments| current(Kind::LocalTime, context, arguments),
        Kind::Time => |context, arguments| current(Kind::Time, context, arguments),
        Kind::LocalDateTime => |context, arguments| current(Kind::LocalDateTime, context, arguments),
        Kind::DateTime => |context, arguments| current(Kind::DateTime, context, arguments),
    };
    Function::new(name, "[zone]", 0..=1, "Now, in UTC or in a zone. The clock of a query stands still.", implementation)
}

fn made(kind: Kind, context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    Ok(temporal::make(kind, arguments.first(), context.now())?.into())
}

fn current(kind: Kind, context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let zone = arguments.first().map(|zone| Cell::map([("timezone", zone.clone())]));
    Ok(temporal::make(kind, zone.as_ref(), context.now())?.into())
}

fn truncated(kind: Kind, context: &Context<'_>, arguments: &[Cell]) -> Result<Cell, Failure> {
    let Cell::Text(unit) = &arguments[0] else { return unfit(kind.name(), "the name of a unit first", &arguments[0]) };
    let none = BTreeMap::new();
    let fields = match arguments.get(2) {
        None => &none,
        Some(Cell::Map(fields)) => fields,
        Some(other) => return unfit(kind.name(), "a map of parts last", other),
    };
    let given = match arguments.get(1) {
        None => temporal::make(Kind::DateTime, None, context.now())?,
        Some(Cell::Temporal(given)) => Temporal::clone(given),
        Some(other) => return unfit(kind.name(), "a value of time", other),
    };
    Ok(temporal::truncate(kind, unit, &given, fields)?.into())
}

fn between(name: &str, measure: Measure, arguments: &[Cell]) -> Result<Cell, Failure> {
    let value = |cell: &Cell| match cell {
        Cell::Temporal(value) => Ok(Temporal::clone(value)),
        other => unfit(name, "values of time", other),
    };
    Ok(temporal::between(&value(&arguments[0])?, &value(&arguments[1])?, measure)?.into())
}

fn whole(name: &str, cell: &Cell) -> Result<i64, Failure> {
    match cell {
        Cell::Integer(integer) => Ok(*integer),
        other => unfit(name, "integers", other),
    }
}
