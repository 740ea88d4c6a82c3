//! What lies between two values of time.

use hopgraph_engine::Temporal;
use hopgraph_engine::temporal::{DurationSum, DurationUnit, civil_date};

use super::arithmetic::later_day;
use super::parts;
use super::zone::{Zone, instant};

/// What a length of time is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// Months, then days, then seconds.
    All,
    /// Whole months.
    Months,
    /// Whole days.
    Days,
    /// Seconds and their parts.
    Seconds,
}

/// A day and a time of day, and when that is.
#[derive(Clone, Copy)]
struct Point {
    day: i64,
    time: i64,
    instant: i128,
}

/// How long it is from `from` to `to`. Where only one of them knows its day or its zone, the other is taken to have the
/// same; a day without a time begins at midnight.
pub(crate) fn between(from: &Temporal, to: &Temporal, measure: Measure) -> Result<Temporal, String> {
    let (a, b) = (parts(from), parts(to));
    if let Some(length) = [from, to].into_iter().find(|value| matches!(value, Temporal::Duration { .. })) {
        return Err(format!("a {} has no place in time to measure from", length.kind()));
    }
    let dated = a.day.is_some() && b.day.is_some();
    let day = a.day.or(b.day).unwrap_or(0);
    let zone = a.zone.clone().or_else(|| b.zone.clone()).unwrap_or(Zone::Offset(0));
    let start = point(&zone, a.day.unwrap_or(day), a.time.unwrap_or(0))?;
    let end = match b.zone {
        // Both know their zone: what it is there when it is that here.
        Some(own) if a.zone.is_some() => {
            let there = point(&own, b.day.unwrap_or(day), b.time.unwrap_or(0))?;
            at(&zone, there.instant)?
        }
        _ => point(&zone, b.day.unwrap_or(day), b.time.unwrap_or(0))?,
    };
    let months = if dated && matches!(measure, Measure::All | Measure::Months) { months(start, end) } else { 0 };
    let after_months = point(&zone, later_day(start.day, months, 0)?, start.time)?;
    let days = if dated && matches!(measure, Measure::All | Measure::Days) { days(after_months, end) } else { 0 };
    let mut sum = DurationSum::default();
    sum.add(DurationUnit::Month, months.into());
    sum.add(DurationUnit::Day, days.into());
    if matches!(measure, Measure::All | Measure::Seconds) {
        let unchanged = months == 0 && days == 0;
        let rest = if unchanged { start } else { point(&zone, after_months.day + days, start.time)? };
        sum.add(DurationUnit::Nanosecond, end.instant - rest.instant);
    }
    sum.finish().ok_or_else(|| "the result is too long for a duration".to_owned())
}

fn point(zone: &Zone, day: i64, time: i64) -> Result<Point, String> {
    let offset = zone.offset(day, time)?;
    Ok(Point { day, time, instant: instant(day, time, offset) })
}

fn at(zone: &Zone, moment: i128) -> Result<Point, String> {
    match zone.at(moment)? {
        Temporal::DateTime { day, time, .. } => Ok(Point { day, time, instant: moment }),
        _ => Err("a moment is needed here".to_owned()),
    }
}

/// Whole months: a month is over on the same day of the next, at the same time.
fn months(start: Point, end: Point) -> i64 {
    let [(from, from_rest), (to, to_rest)] = [start, end].map(|point| {
        let (year, month, day) = civil_date(point.day);
        (year * 12 + month, (day, point.time))
    });
    match to - from {
        months if months > 0 && to_rest < from_rest => months - 1,
        months if months < 0 && to_rest > from_rest => months + 1,
        months => months,
    }
}

fn days(start: Point, end: Point) -> i64 {
    match end.day - start.day {
        days if days > 0 && end.time < start.time => days - 1,
        days if days < 0 && end.time > start.time => days + 1,
        days => days,
    }
}
