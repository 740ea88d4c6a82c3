//! The parts of a value of time: `moment.year`, `length.hours`.

use hopgraph_engine::Temporal;
use hopgraph_engine::temporal::{NANOSECONDS_OF_SECOND, civil_date, day_number, day_of_week, day_of_year, week_of};

use super::zone::instant;
use crate::syntax::suggest::nearest;
use crate::value::Cell;

const OF_DATE: [&str; 9] =
    ["year", "quarter", "month", "week", "weekYear", "day", "ordinalDay", "weekDay", "dayOfQuarter"];
const OF_TIME: [&str; 6] = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond"];
const OF_ZONE: [&str; 4] = ["timezone", "offset", "offsetMinutes", "offsetSeconds"];
const OF_MOMENT: [&str; 2] = ["epochSeconds", "epochMillis"];
const OF_DURATION: [&str; 20] = [
    "years",
    "quarters",
    "months",
    "weeks",
    "days",
    "hours",
    "minutes",
    "seconds",
    "milliseconds",
    "microseconds",
    "nanoseconds",
    "quartersOfYear",
    "monthsOfQuarter",
    "monthsOfYear",
    "daysOfWeek",
    "minutesOfHour",
    "secondsOfMinute",
    "millisecondsOfSecond",
    "microsecondsOfSecond",
    "nanosecondsOfSecond",
];

/// One part. The error says which parts there are.
pub(crate) fn component(temporal: &Temporal, key: &str) -> Result<Cell, String> {
    let found = match temporal {
        Temporal::Date(day) => of_date(*day, key),
        Temporal::LocalTime(time) => of_time(*time, key),
        Temporal::Time { time, offset } => of_time(*time, key).or_else(|| of_zone(*offset, None, key)),
        Temporal::LocalDateTime { day, time } => of_date(*day, key).or_else(|| of_time(*time, key)),
        Temporal::DateTime { day, time, offset, zone } => of_date(*day, key)
            .or_else(|| of_time(*time, key))
            .or_else(|| of_zone(*offset, zone.as_deref(), key))
            .or_else(|| of_moment(*day, *time, *offset, key)),
        Temporal::Duration { months, days, seconds, nanoseconds } => {
            of_duration(*months, *days, *seconds, i64::from(*nanoseconds), key).map(Cell::Integer)
        }
    };
    found.ok_or_else(|| unknown(temporal, key))
}

fn unknown(temporal: &Temporal, key: &str) -> String {
    let lists: &[&[&'static str]] = match temporal {
        Temporal::Date(_) => &[&OF_DATE],
        Temporal::LocalTime(_) => &[&OF_TIME],
        Temporal::Time { .. } => &[&OF_TIME, &OF_ZONE],
        Temporal::LocalDateTime { .. } => &[&OF_DATE, &OF_TIME],
        Temporal::DateTime { .. } => &[&OF_DATE, &OF_TIME, &OF_ZONE, &OF_MOMENT],
        Temporal::Duration { .. } => &[&OF_DURATION],
    };
    let known = || lists.iter().flat_map(|list| list.iter().copied());
    let help = nearest(key, known()).map_or_else(|| known().collect::<Vec<_>>().join(", "), str::to_owned);
    format!("a {} has no `{key}`; there is {help}", temporal.kind())
}

fn of_date(day: i64, key: &str) -> Option<Cell> {
    let (year, month, day_of_month) = civil_date(day);
    let quarter = (month - 1) / 3 + 1;
    Some(Cell::Integer(match key {
        "year" => year,
        "quarter" => quarter,
        "month" => month,
        "week" => week_of(day).1,
        "weekYear" => week_of(day).0,
        "day" => day_of_month,
        "ordinalDay" => day_of_year(day),
        "weekDay" | "dayOfWeek" => day_of_week(day),
        "dayOfQuarter" => day - day_number(year, quarter * 3 - 2, 1)? + 1,
        _ => return None,
    }))
}

fn of_time(time: i64, key: &str) -> Option<Cell> {
    let (seconds, nanoseconds) = (time / NANOSECONDS_OF_SECOND, time % NANOSECONDS_OF_SECOND);
    Some(Cell::Integer(match key {
        "hour" => seconds / 3600,
        "minute" => seconds / 60 % 60,
        "second" => seconds % 60,
        "millisecond" => nanoseconds / 1_000_000,
        "microsecond" => nanoseconds / 1000,
        "nanosecond" => nanoseconds,
        _ => return None,
    }))
}

fn of_zone(offset: i32, zone: Option<&str>, key: &str) -> Option<Cell> {
    // Written as in the text of a time.
    let written = || Temporal::Time { time: 0, offset }.to_string().split_off("00:00".len());
    Some(match key {
        "timezone" => zone.map_or_else(|| Cell::text(&written()), Cell::text),
        "offset" => Cell::text(&written()),
        "offsetMinutes" => Cell::Integer((offset / 60).into()),
        "offsetSeconds" => Cell::Integer(offset.into()),
        _ => return None,
    })
}

fn of_moment(day: i64, time: i64, offset: i32, key: &str) -> Option<Cell> {
    let unit = match key {
        "epochSeconds" => i128::from(NANOSECONDS_OF_SECOND),
        "epochMillis" => 1_000_000,
        _ => return None,
    };
    i64::try_from(instant(day, time, offset).div_euclid(unit)).ok().map(Cell::Integer)
}

fn of_duration(months: i64, days: i64, seconds: i64, nanoseconds: i64, key: &str) -> Option<i64> {
    let smaller = |parts: i64| {
        let parts_of_second = NANOSECONDS_OF_SECOND / parts;
        i64::try_from(i128::from(seconds) * i128::from(parts) + i128::from(nanoseconds / parts_of_second)).ok()
    };
    Some(match key {
        "years" => months / 12,
        "quarters" => months / 3,
        "months" => months,
        "weeks" => days / 7,
        "days" => days,
        "hours" => seconds / 3600,
        "minutes" => seconds / 60,
        "seconds" => seconds,
        "milliseconds" => smaller(1000)?,
        "microseconds" => smaller(1_000_000)?,
        "nanoseconds" => smaller(NANOSECONDS_OF_SECOND)?,
        "quartersOfYear" => months / 3 % 4,
        "monthsOfQuarter" => months % 3,
        "monthsOfYear" => months % 12,
        "daysOfWeek" => days % 7,
        "minutesOfHour" => seconds / 60 % 60,
        "secondsOfMinute" => seconds % 60,
        "millisecondsOfSecond" => nanoseconds / 1_000_000,
        "microsecondsOfSecond" => nanoseconds / 1000,
        "nanosecondsOfSecond" => nanoseconds,
        _ => return None,
    })
}
