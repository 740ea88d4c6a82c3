//! Values of time made from maps, texts and other values of time.

use std::collections::BTreeMap;

use hopgraph_engine::Temporal;
use hopgraph_engine::temporal::{
    DateTimeText, DurationSum, DurationUnit, NANOSECONDS_OF_DAY, NANOSECONDS_OF_SECOND, civil_date, day_number,
    day_of_week, day_of_year, is_leap_year, quarter_date, read_date, read_date_time, read_duration, week_date, week_of,
};

use super::zone::{Zone, instant};
use super::{checked, parts};
use crate::syntax::suggest::nearest;
use crate::value::Cell;

/// What is to be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Date,
    LocalTime,
    Time,
    LocalDateTime,
    DateTime,
}

impl Kind {
    /// The function that makes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Date => "date",
            Self::LocalTime => "localtime",
            Self::Time => "time",
            Self::LocalDateTime => "localdatetime",
            Self::DateTime => "datetime",
        }
    }

    pub(super) fn has_date(self) -> bool {
        matches!(self, Self::Date | Self::LocalDateTime | Self::DateTime)
    }

    pub(super) fn has_time(self) -> bool {
        self != Self::Date
    }

    fn has_zone(self) -> bool {
        matches!(self, Self::Time | Self::DateTime)
    }
}

/// What fields are set on.
#[derive(Clone, Debug, Default)]
pub(super) struct Base {
    pub(super) day: Option<i64>,
    pub(super) time: Option<i64>,
    pub(super) zone: Option<Zone>,
}

/// `date(argument)` and its like. `now` is this moment in nanoseconds since 1970.
pub(crate) fn make(kind: Kind, argument: Option<&Cell>, now: i128) -> Result<Temporal, String> {
    match argument {
        None => current(kind, &Zone::Offset(0), now),
        Some(Cell::Text(text)) => from_text(kind, text),
        Some(Cell::Temporal(temporal)) => selected(kind, temporal),
        Some(Cell::Map(map)) => match (map.get("timezone"), map.len()) {
            (Some(Cell::Text(zone)), 1) => current(kind, &Zone::read(zone)?, now),
            _ => from_map(kind, map, now),
        },
        Some(other) => Err(format!("{}() takes a map, a text or a value of time, not {}", kind.name(), other.kind())),
    }
}

/// This moment, as it is in a zone.
fn current(kind: Kind, zone: &Zone, now: i128) -> Result<Temporal, String> {
    selected(kind, &zone.at(now)?)
}

/// The part of a value that a kind has; midnight and UTC where it has more than the value.
fn selected(kind: Kind, temporal: &Temporal) -> Result<Temporal, String> {
    let found = parts(temporal);
    if kind.has_date() && found.day.is_none() || !kind.has_date() && found.time.is_none() {
        return Err(format!("a {} cannot be made of a {}", kind.name(), temporal.kind()));
    }
    if let (Kind::DateTime, Temporal::DateTime { .. }) = (kind, temporal) {
        return Ok(temporal.clone());
    }
    put_together(kind, found.day, found.time.unwrap_or(0), found.zone)
}

fn put_together(kind: Kind, day: Option<i64>, time: i64, zone: Option<Zone>) -> Result<Temporal, String> {
    let zone = zone.unwrap_or(Zone::Offset(0));
    let needed = || day.ok_or_else(|| format!("a {} needs a date", kind.name()));
    let made = match kind {
        Kind::Date => Temporal::Date(needed()?),
        Kind::LocalTime => Temporal::LocalTime(time),
        Kind::Time => Temporal::Time { time, offset: offset_of(&zone, day, time)? },
        Kind::LocalDateTime => Temporal::LocalDateTime { day: needed()?, time },
        Kind::DateTime => zone.local(needed()?, time)?,
    };
    checked(made)
}

/// The offset of a zone on a day; on this day if none is known.
fn offset_of(zone: &Zone, day: Option<i64>, time: i64) -> Result<i32, String> {
    match (zone, day) {
        (Zone::Offset(offset), _) => Ok(*offset),
        (_, Some(day)) => zone.offset(day, time),
        (_, None) => match zone.at(super::now())? {
            Temporal::DateTime { offset, .. } => Ok(offset),
            _ => Ok(0),
        },
    }
}

fn from_text(kind: Kind, text: &str) -> Result<Temporal, String> {
    let unfit = || format!("'{text}' is no {}", kind.name());
    // A time alone may be as short as `21`, which is the beginning of a year as well.
    let in_full = format!("1970-01-01T{text}");
    let found = if kind == Kind::Date {
        DateTimeText { day: read_date(text), ..DateTimeText::default() }
    } else if kind.has_date() {
        read_date_time(text).ok_or_else(unfit)?
    } else {
        DateTimeText { day: None, ..read_date_time(&in_full).ok_or_else(unfit)? }
    };
    if kind.has_date() != found.day.is_some() || found.offset.is_some() && !kind.has_zone() {
        return Err(unfit());
    }
    let time = found.time.unwrap_or(0);
    match (found.zone, found.offset) {
        (Some(name), _) if kind != Kind::DateTime => Err(format!("a {} has no time zone such as {name}", kind.name())),
        (Some(name), Some(offset)) => {
            checked(Zone::named(name)?.local_with_offset(found.day.ok_or_else(unfit)?, time, offset)?)
        }
        (Some(name), None) => put_together(kind, found.day, time, Some(Zone::named(name)?)),
        (None, offset) => put_together(kind, found.day, time, offset.map(Zone::Offset)),
    }
}

const DATE_FIELDS: [&str; 9] =
    ["year", "month", "day", "week", "dayOfWeek", "ordinalDay", "quarter", "dayOfQuarter", "date"];
const TIME_FIELDS: [&str; 7] = ["hour", "minute", "second", "millisecond", "microsecond", "nanosecond", "time"];
const MOMENT_FIELDS: [&str; 2] = ["epochSeconds", "epochMillis"];

/// From fields, and the values of time among them that they are set on.
fn from_map(kind: Kind, map: &BTreeMap<String, Cell>, now: i128) -> Result<Temporal, String> {
    let (mut base, mut day_only) = (Base::default(), None);
    for (key, cell) in map {
        let Cell::Temporal(temporal) = cell else { continue };
        let found = parts(temporal);
        match key.as_str() {
            "datetime" => base = Base { day: found.day, time: found.time.or(Some(0)), zone: found.zone },
            "time" => (base.time, base.zone) = (found.time, found.zone),
            "date" => day_only = found.day,
            _ => {}
        }
    }
    base.day = day_only.or(base.day);
    let zone = match map.get("timezone") {
        None => None,
        Some(Cell::Text(text)) => Some(Zone::read(text)?),
        Some(other) => return Err(format!("`timezone` is a text, not {}", other.kind())),
    };
    let fields: BTreeMap<String, Cell> =
        map.iter().filter(|(key, _)| *key != "timezone").map(|(key, cell)| (key.clone(), cell.clone())).collect();
    if let Some(moment) = from_epoch_fields(kind, &fields)? {
        return zone.unwrap_or(Zone::Offset(0)).at(moment);
    }
    let Some(zone) = zone else { return from_fields(kind, &fields, base) };
    if !kind.has_zone() {
        return Err(format!("a {} has no zone: `timezone` is for time() and datetime()", kind.name()));
    }
    if base.zone.is_none() {
        return from_fields(kind, &fields, Base { zone: Some(zone), ..base });
    }
    // The value that the fields are set on has a zone: what time it is then in the other one.
    let made = from_fields(kind, &fields, base)?;
    match made {
        Temporal::DateTime { day, time, offset, .. } => zone.at(instant(day, time, offset)),
        Temporal::Time { time, offset } => {
            let there = offset_of(&zone, parts(&Zone::Offset(0).at(now)?).day, time)?;
            let moved = time + i64::from(there - offset) * NANOSECONDS_OF_SECOND;
            Ok(Temporal::Time { time: moved.rem_euclid(NANOSECONDS_OF_DAY), offset: there })
        }
        other => Ok(other),
    }
}

/// `epochSeconds` or `epochMillis` with `nanosecond`, if they are there: nanoseconds since 1970.
fn from_epoch_fields(kind: Kind, fields: &BTreeMap<String, Cell>) -> Result<Option<i128>, String> {
    let found = MOMENT_FIELDS.iter().zip([i128::from(NANOSECONDS_OF_SECOND), 1_000_000]);
    for (&key, unit) in found {
        if let (Kind::DateTime, Some(count)) = (kind, integer(fields, key)?) {
            let nanoseconds = integer(fields, "nanosecond")?.unwrap_or(0);
            return Ok(Some(i128::from(count) * unit + i128::from(nanoseconds)));
        }
    }
    Ok(None)
}

/// Sets fields on a value.
pub(super) fn from_fields(kind: Kind, fields: &BTreeMap<String, Cell>, base: Base) -> Result<Temporal, String> {
    check_keys(kind, fields)?;
    let day = if kind.has_date() { Some(day_from(fields, base.day)?) } else { base.day };
    let time = if kind.has_time() { time_from(fields, base.time)? } else { 0 };
    put_together(kind, day, time, base.zone)
}

fn check_keys(kind: Kind, fields: &BTreeMap<String, Cell>) -> Result<(), String> {
    let mut known: Vec<&str> = Vec::new();
    known.extend(if kind.has_date() { &DATE_FIELDS[..] } else { &[] });
    known.extend(if kind.has_time() { &TIME_FIELDS[..] } else { &[] });
    known.extend(if kind.has_date() && kind.has_time() { &["datetime"][..] } else { &[] });
    known.extend(if kind.has_zone() { &["timezone"][..] } else { &[] });
    match fields.keys().find(|key| !known.contains(&key.as_str())) {
        None => Ok(()),
        Some(key) => {
            let help = nearest(key, known.iter().copied()).map_or_else(|| known.join(", "), str::to_owned);
            Err(format!("{}() knows no `{key}`; there is {help}", kind.name()))
        }
    }
}

fn integer(fields: &BTreeMap<String, Cell>, key: &str) -> Result<Option<i64>, String> {
    match fields.get(key) {
        None => Ok(None),
        Some(Cell::Integer(integer)) => Ok(Some(*integer)),
        Some(other) => Err(format!("`{key}` is an integer, not {}", other.kind())),
    }
}

/// The day: by week, by day of the year, by quarter, or by month. What is not given is that of the base, or the first;
/// without a base what is given must begin with the year.
fn day_from(fields: &BTreeMap<String, Cell>, base: Option<i64>) -> Result<i64, String> {
    let field = |key: &str| integer(fields, key);
    let within = |key: &str, above: &str, of_base: Option<i64>| match (field(key)?, of_base) {
        (Some(given), None) if !above.is_empty() && field(above)?.is_none() => {
            Err(format!("`{key}` = {given} needs `{above}` beside it"))
        }
        (given, of_base) => Ok(given.or(of_base).unwrap_or(1)),
    };
    let year = |of_base: Option<i64>| field("year")?.or(of_base).ok_or_else(|| "a date needs a `year`".to_owned());
    let has = |keys: [&str; 2]| keys.iter().any(|key| fields.contains_key(*key));
    let civil = base.map(civil_date);
    let (day, written) = if has(["week", "dayOfWeek"]) {
        let year = year(base.map(|day| week_of(day).0))?;
        let week = within("week", "", base.map(|day| week_of(day).1))?;
        let day = within("dayOfWeek", "week", base.map(day_of_week))?;
        (week_date(year, week, day), format!("{year}-W{week:02}-{day}"))
    } else if has(["ordinalDay", "ordinalDay"]) {
        let year = year(civil.map(|(year, ..)| year))?;
        let day = within("ordinalDay", "", base.map(day_of_year))?;
        let exists = (1..=365 + i64::from(is_leap_year(year))).contains(&day);
        (day_number(year, 1, 1).filter(|_| exists).map(|first| first + day - 1), format!("{year}-{day:03}"))
    } else if has(["quarter", "dayOfQuarter"]) {
        let year = year(civil.map(|(year, ..)| year))?;
        let quarter = within("quarter", "", civil.map(|(_, month, _)| (month - 1) / 3 + 1))?;
        let of_base = civil.and_then(|(year, month, _)| day_number(year, (month - 1) / 3 * 3 + 1, 1));
        let day = within("dayOfQuarter", "quarter", base.zip(of_base).map(|(day, first)| day - first + 1))?;
        (quarter_date(year, quarter, day), format!("{year}-Q{quarter}-{day:02}"))
    } else {
        let year = year(civil.map(|(year, ..)| year))?;
        let month = within("month", "", civil.map(|(_, month, _)| month))?;
        let day = within("day", "month", civil.map(|(.., day)| day))?;
        (day_number(year, month, day), format!("{year}-{month:02}-{day:02}"))
    };
    day.ok_or_else(|| format!("there is no day {written}"))
}

/// The time of day. What is not given is that of the base, or 0; without a base what is given must begin with the hour.
fn time_from(fields: &BTreeMap<String, Cell>, base: Option<i64>) -> Result<i64, String> {
    let of_base = |unit: i64, most: i64| base.map(|time| time / unit % most);
    let part = |key: &str, above: &str, unit: i64, most: i64| {
        let given = integer(fields, key)?;
        if given.is_some() && base.is_none() && !above.is_empty() && !fields.contains_key(above) {
            return Err(format!("`{key}` needs `{above}` beside it"));
        }
        match given.or(of_base(unit, most)).unwrap_or(0) {
            part if (0..most).contains(&part) => Ok(part),
            part => Err(format!("`{key}` is a number from 0 to {}, not {part}", most - 1)),
        }
    };
    let hour = part("hour", "", 3600 * NANOSECONDS_OF_SECOND, 24)?;
    let minute = part("minute", "hour", 60 * NANOSECONDS_OF_SECOND, 60)?;
    let second = part("second", "minute", NANOSECONDS_OF_SECOND, 60)?;
    let fraction = fraction_from(fields, base.map(|time| time % NANOSECONDS_OF_SECOND))?;
    Ok((hour * 3600 + minute * 60 + second) * NANOSECONDS_OF_SECOND + fraction)
}

/// The nanoseconds of the second. Smaller units are counted within the larger ones that are given with them.
fn fraction_from(fields: &BTreeMap<String, Cell>, base: Option<i64>) -> Result<i64, String> {
    let given = |key: &str| integer(fields, key);
    let (milli, micro, nano) = (given("millisecond")?, given("microsecond")?, given("nanosecond")?);
    if base.is_none() && (milli.is_some() || micro.is_some() || nano.is_some()) && !fields.contains_key("second") {
        return Err("parts of a second need `second` beside them".to_owned());
    }
    let micro_most = if milli.is_some() { 1000 } else { 1_000_000 };
    let nano_most = match (milli, micro) {
        (_, Some(_)) => 1000,
        (Some(_), None) => 1_000_000,
        (None, None) => NANOSECONDS_OF_SECOND,
    };
    for (key, part, most) in
        [("millisecond", milli, 1000), ("microsecond", micro, micro_most), ("nanosecond", nano, nano_most)]
    {
        if let Some(part) = part.filter(|part| !(0..most).contains(part)) {
            return Err(format!("`{key}` is a number from 0 to {} here, not {part}", most - 1));
        }
    }
    let base = base.unwrap_or(0);
    let whole_nanoseconds = nano.is_some_and(|nano| nano >= 1000);
    let whole_microseconds = micro.is_some_and(|micro| micro >= 1000);
    let of_base = |unit: i64| base / unit % 1000;
    let milli = milli.unwrap_or(if whole_microseconds || whole_nanoseconds { 0 } else { of_base(1_000_000) });
    let micro = micro.unwrap_or(if whole_nanoseconds { 0 } else { of_base(1000) });
    let nano = nano.unwrap_or_else(|| of_base(1));
    Ok(milli * 1_000_000 + micro * 1000 + nano)
}

/// `datetime.fromepoch(seconds, nanoseconds)`: the moment in UTC.
pub(crate) fn from_epoch(seconds: i64, nanoseconds: i64) -> Result<Temporal, String> {
    Zone::Offset(0).at(i128::from(seconds) * i128::from(NANOSECONDS_OF_SECOND) + i128::from(nanoseconds))
}

const DURATION_FIELDS: [(&str, DurationUnit); 11] = [
    ("years", DurationUnit::Year),
    ("quarters", DurationUnit::Quarter),
    ("months", DurationUnit::Month),
    ("weeks", DurationUnit::Week),
    ("days", DurationUnit::Day),
    ("hours", DurationUnit::Hour),
    ("minutes", DurationUnit::Minute),
    ("seconds", DurationUnit::Second),
    ("milliseconds", DurationUnit::Millisecond),
    ("microseconds", DurationUnit::Microsecond),
    ("nanoseconds", DurationUnit::Nanosecond),
];

/// `duration(argument)`.
pub(crate) fn duration(argument: &Cell) -> Result<Temporal, String> {
    let too_long = || "this is too long for a duration".to_owned();
    match argument {
        Cell::Text(text) => read_duration(text).ok_or_else(|| format!("'{text}' is no duration")),
        Cell::Temporal(temporal) if matches!(**temporal, Temporal::Duration { .. }) => Ok(Temporal::clone(temporal)),
        Cell::Map(map) => {
            let mut sum = DurationSum::default();
            for (key, cell) in map.iter() {
                let Some((_, unit)) = DURATION_FIELDS.iter().find(|(known, _)| known == key) else {
                    let known = || DURATION_FIELDS.iter().map(|(known, _)| *known);
                    let help =
                        nearest(key, known()).map_or_else(|| known().collect::<Vec<_>>().join(", "), str::to_owned);
                    return Err(format!("duration() knows no `{key}`; there is {help}"));
                };
                match cell {
                    Cell::Integer(count) => sum.add(*unit, (*count).into()),
                    Cell::Float(count) => sum.add_decimal(*unit, &count.to_string()).ok_or_else(too_long)?,
                    other => return Err(format!("`{key}` is a number, not {}", other.kind())),
                }
            }
            sum.finish().ok_or_else(too_long)
        }
        other => Err(format!("duration() takes a map or a text, not {}", other.kind())),
    }
}
