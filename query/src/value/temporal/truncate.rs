//! Values of time cut off at a unit: `date.truncate('month', d)`.

use std::collections::BTreeMap;

use hopgraph_engine::Temporal;
use hopgraph_engine::temporal::{
    NANOSECONDS_OF_DAY, NANOSECONDS_OF_SECOND, civil_date, day_number, day_of_week, week_date, week_of,
};

use super::make::{Base, Kind, from_fields};
use super::parts;
use super::zone::Zone;
use crate::syntax::suggest::nearest;
use crate::value::Cell;

const UNITS_OF_DATE: [&str; 9] =
    ["millennium", "century", "decade", "year", "weekYear", "quarter", "month", "week", "day"];
const UNITS_OF_TIME: [(&str, i64); 5] = [
    ("hour", 3600 * NANOSECONDS_OF_SECOND),
    ("minute", 60 * NANOSECONDS_OF_SECOND),
    ("second", NANOSECONDS_OF_SECOND),
    ("millisecond", 1_000_000),
    ("microsecond", 1000),
];

/// The value with all that is smaller than the unit at its beginning, made into a value of a kind. `fields` are then set
/// on it.
pub(crate) fn truncate(
    kind: Kind,
    unit: &str,
    temporal: &Temporal,
    fields: &BTreeMap<String, Cell>,
) -> Result<Temporal, String> {
    let parts = parts(temporal);
    let name = kind.name();
    let missing =
        |what: &str| format!("{name}.truncate('{unit}', ...) needs a {what}, and a {} has none", temporal.kind());
    let known_date = UNITS_OF_DATE.iter().find(|known| known.eq_ignore_ascii_case(unit));
    let known_time = UNITS_OF_TIME.iter().find(|(known, _)| known.eq_ignore_ascii_case(unit));
    let (day, time) = match (known_date, known_time) {
        // A time of day has no days to cut off but its own.
        (Some(&"day"), _) if parts.day.is_none() && parts.time.is_some() => (None, 0),
        (Some(date_unit), _) => {
            let day = parts.day.ok_or_else(|| missing("date"))?;
            (Some(first_day(date_unit, day).ok_or_else(|| "the result lies beyond the years".to_owned())?), 0)
        }
        (None, Some((_, length))) => {
            let time = parts.time.ok_or_else(|| missing("time of day"))?;
            (parts.day, time - time % length)
        }
        (None, None) => return Err(unknown(unit)),
    };
    if kind.has_date() && day.is_none() {
        return Err(missing("date"));
    }
    if known_time.is_some() && !kind.has_time() {
        return Err(format!("{name}.truncate() cuts off at days or larger units, not at `{unit}`"));
    }
    debug_assert!((0..NANOSECONDS_OF_DAY).contains(&time));
    let zone = match fields.get("timezone") {
        Some(Cell::Text(text)) => Some(Zone::read(text)?),
        _ => parts.zone,
    };
    let rest = fields.iter().filter(|(key, _)| *key != "timezone").map(|(key, cell)| (key.clone(), cell.clone()));
    from_fields(kind, &rest.collect(), Base { day, time: Some(time), zone })
}

fn unknown(unit: &str) -> String {
    let known = || UNITS_OF_DATE.into_iter().chain(UNITS_OF_TIME.map(|(name, _)| name));
    let help = nearest(unit, known()).map_or_else(|| known().collect::<Vec<_>>().join(", "), str::to_owned);
    format!("there is no unit '{unit}'; there is {help}")
}

/// The first day of the unit in which a day lies.
fn first_day(unit: &str, day: i64) -> Option<i64> {
    let (year, month, _) = civil_date(day);
    let since = |years: i64| day_number(year.div_euclid(years) * years, 1, 1);
    match unit {
        "millennium" => since(1000),
        "century" => since(100),
        "decade" => since(10),
        "year" => since(1),
        "weekYear" => week_date(week_of(day).0, 1, 1),
        "quarter" => day_number(year, (month - 1) / 3 * 3 + 1, 1),
        "month" => day_number(year, month, 1),
        "week" => Some(day - day_of_week(day) + 1),
        _ => Some(day),
    }
}
