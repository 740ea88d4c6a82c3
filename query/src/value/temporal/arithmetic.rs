//! Lengths of time added to values of time and to each other, and multiplied by numbers.

use hopgraph_engine::Temporal;
use hopgraph_engine::temporal::{
    DurationSum, DurationUnit, NANOSECONDS_OF_DAY, NANOSECONDS_OF_SECOND, SECONDS_OF_DAY, civil_date, day_number,
    days_in_month,
};

use super::zone::{Zone, instant};
use super::{checked, parts};

/// `a + b`, where one of them is a length of time.
pub(crate) fn plus(a: &Temporal, b: &Temporal) -> Result<Temporal, String> {
    match (a, b) {
        (_, Temporal::Duration { months, days, seconds, nanoseconds }) => {
            add(a, [*months, *days, *seconds, i64::from(*nanoseconds)])
        }
        (Temporal::Duration { .. }, _) => plus(b, a),
        _ => Err(format!("+ joins a {} with a duration, not with a {}", a.kind(), b.kind())),
    }
}

/// `a - b`, where `b` is a length of time.
pub(crate) fn minus(a: &Temporal, b: &Temporal) -> Result<Temporal, String> {
    let Temporal::Duration { months, days, seconds, nanoseconds } = b else {
        let help = "duration.between(a, b) gives what lies between two";
        return Err(format!("- takes a duration from a {}, not a {}; {help}", a.kind(), b.kind()));
    };
    let negated = [*months, *days, *seconds, i64::from(*nanoseconds)].map(i64::checked_neg);
    match negated {
        [Some(months), Some(days), Some(seconds), Some(nanoseconds)] => add(a, [months, days, seconds, nanoseconds]),
        _ => Err(too_long()),
    }
}

fn too_long() -> String {
    "the result is too long for a duration".to_owned()
}

fn add(a: &Temporal, [months, days, seconds, nanoseconds]: [i64; 4]) -> Result<Temporal, String> {
    let clock = i128::from(seconds) * i128::from(NANOSECONDS_OF_SECOND) + i128::from(nanoseconds);
    let whole_days = seconds / SECONDS_OF_DAY;
    match a {
        Temporal::Duration { months: own, days: own_days, seconds: own_seconds, nanoseconds: own_nanoseconds } => {
            let mut sum = DurationSum::default();
            sum.add(DurationUnit::Month, i128::from(*own) + i128::from(months));
            sum.add(DurationUnit::Day, i128::from(*own_days) + i128::from(days));
            sum.add(DurationUnit::Second, i128::from(*own_seconds));
            sum.add(DurationUnit::Nanosecond, i128::from(*own_nanoseconds) + clock);
            sum.finish().ok_or_else(too_long)
        }
        Temporal::Date(day) => {
            let day = later_day(*day, months, days.checked_add(whole_days).ok_or_else(too_long)?)?;
            checked(Temporal::Date(day))
        }
        Temporal::LocalTime(time) => Ok(Temporal::LocalTime(around_the_clock(*time, clock))),
        Temporal::Time { time, offset } => Ok(Temporal::Time { time: around_the_clock(*time, clock), offset: *offset }),
        Temporal::LocalDateTime { day, time } => {
            let moved = instant(later_day(*day, months, days)?, *time, 0) + clock;
            match Zone::Offset(0).at(moved)? {
                Temporal::DateTime { day, time, .. } => Ok(Temporal::LocalDateTime { day, time }),
                other => Ok(other),
            }
        }
        Temporal::DateTime { day, time, .. } => {
            let zone = parts(a).zone.unwrap_or(Zone::Offset(0));
            let moved =
                if months == 0 && days == 0 { a.clone() } else { zone.local(later_day(*day, months, days)?, *time)? };
            let Temporal::DateTime { day, time, offset, .. } = moved else { return Ok(moved) };
            zone.at(instant(day, time, offset) + clock)
        }
    }
}

fn around_the_clock(time: i64, nanoseconds: i128) -> i64 {
    let day = i128::from(NANOSECONDS_OF_DAY);
    i64::try_from((i128::from(time) + nanoseconds).rem_euclid(day)).unwrap_or(time)
}

/// The day after so many months, the last of its month if the month has fewer days, and then so many days.
pub(super) fn later_day(day: i64, months: i64, days: i64) -> Result<i64, String> {
    let beyond = || "the result lies beyond the years that there are".to_owned();
    let moved = if months == 0 {
        day
    } else {
        let (year, month, day_of_month) = civil_date(day);
        let months = (year * 12 + month - 1).checked_add(months).ok_or_else(beyond)?;
        let (year, month) = (months.div_euclid(12), months.rem_euclid(12) + 1);
        day_number(year, month, day_of_month.min(days_in_month(year, month))).ok_or_else(beyond)?
    };
    let moved = moved.checked_add(days).ok_or_else(beyond)?;
    checked(Temporal::Date(moved)).map(|_| moved)
}

/// `length * factor`: what is no whole month or day goes down to the next unit.
pub(crate) fn multiply(duration: &Temporal, factor: f64) -> Result<Temporal, String> {
    scaled(duration, "*", |part| part * factor)
}

/// `length / divisor`.
pub(crate) fn divide(duration: &Temporal, divisor: f64) -> Result<Temporal, String> {
    if divisor == 0.0 {
        return Err("division by zero".to_owned());
    }
    scaled(duration, "/", |part| part / divisor)
}

fn scaled(duration: &Temporal, sign: &str, scale: impl Fn(f64) -> f64) -> Result<Temporal, String> {
    let Temporal::Duration { months, days, seconds, nanoseconds } = duration else {
        return Err(format!("{sign} works on numbers and durations, not on a {}", duration.kind()));
    };
    let mut sum = DurationSum::default();
    let units = [DurationUnit::Month, DurationUnit::Day, DurationUnit::Second, DurationUnit::Nanosecond];
    for (unit, part) in units.into_iter().zip([*months, *days, *seconds, i64::from(*nanoseconds)]) {
        sum.add_decimal(unit, &scale(part as f64).to_string()).ok_or_else(too_long)?;
    }
    sum.finish().ok_or_else(too_long)
}
