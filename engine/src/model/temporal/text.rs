//! The text form of values of time, ISO 8601 with a zone in square brackets behind it: written in one way, read in all
//! of its spellings.

use std::fmt;
use std::sync::Arc;

use super::{
    DurationSum, DurationUnit, LARGEST_OFFSET, LAST_YEAR, NANOSECONDS_OF_SECOND, Temporal, civil_date, day_number,
    is_leap_year, quarter_date, week_date,
};

impl fmt::Display for Temporal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Date(day) => write_date(formatter, *day),
            Self::LocalTime(time) => write_time(formatter, *time),
            Self::Time { time, offset } => {
                write_time(formatter, *time)?;
                write_offset(formatter, *offset)
            }
            Self::LocalDateTime { day, time } => {
                write_date(formatter, *day)?;
                formatter.write_str("T")?;
                write_time(formatter, *time)
            }
            Self::DateTime { day, time, offset, zone } => {
                write_date(formatter, *day)?;
                formatter.write_str("T")?;
                write_time(formatter, *time)?;
                write_offset(formatter, *offset)?;
                zone.as_ref().map_or(Ok(()), |zone| write!(formatter, "[{zone}]"))
            }
            Self::Duration { months, days, seconds, nanoseconds } => {
                write_duration(formatter, *months, *days, *seconds, i64::from(*nanoseconds))
            }
        }
    }
}

fn write_date(formatter: &mut fmt::Formatter<'_>, day: i64) -> fmt::Result {
    let (year, month, day) = civil_date(day);
    match year {
        0..=9999 => write!(formatter, "{year:04}")?,
        _ => write!(formatter, "{year:+05}")?,
    }
    write!(formatter, "-{month:02}-{day:02}")
}

/// Seconds are left out with all that follows if there are none.
fn write_time(formatter: &mut fmt::Formatter<'_>, time: i64) -> fmt::Result {
    let (seconds, nanoseconds) = (time / NANOSECONDS_OF_SECOND, time % NANOSECONDS_OF_SECOND);
    write!(formatter, "{:02}:{:02}", seconds / 3600, seconds / 60 % 60)?;
    if time % (60 * NANOSECONDS_OF_SECOND) != 0 {
        write!(formatter, ":{:02}", seconds % 60)?;
        write_fraction(formatter, nanoseconds)?;
    }
    Ok(())
}

fn write_fraction(formatter: &mut fmt::Formatter<'_>, nanoseconds: i64) -> fmt::Result {
    if nanoseconds == 0 {
        return Ok(());
    }
    write!(formatter, ".{}", format!("{nanoseconds:09}").trim_end_matches('0'))
}

fn write_offset(formatter: &mut fmt::Formatter<'_>, offset: i32) -> fmt::Result {
    if offset == 0 {
        return formatter.write_str("Z");
    }
    let distance = offset.abs();
    write!(formatter, "{}{:02}:{:02}", if offset < 0 { '-' } else { '+' }, distance / 3600, distance / 60 % 60)?;
    if distance % 60 != 0 { write!(formatter, ":{:02}", distance % 60) } else { Ok(()) }
}

/// Every part has a sign of its own.
fn write_duration(
    formatter: &mut fmt::Formatter<'_>,
    months: i64,
    days: i64,
    mut seconds: i64,
    mut nanoseconds: i64,
) -> fmt::Result {
    if months == 0 && days == 0 && seconds == 0 && nanoseconds == 0 {
        return formatter.write_str("PT0S");
    }
    if seconds < 0 && nanoseconds > 0 {
        (seconds, nanoseconds) = (seconds + 1, nanoseconds - NANOSECONDS_OF_SECOND);
    }
    formatter.write_str("P")?;
    let part = |formatter: &mut fmt::Formatter<'_>, number: i64, letter: char| match number {
        0 => Ok(()),
        _ => write!(formatter, "{number}{letter}"),
    };
    part(formatter, months / 12, 'Y')?;
    part(formatter, months % 12, 'M')?;
    part(formatter, days, 'D')?;
    if seconds == 0 && nanoseconds == 0 {
        return Ok(());
    }
    formatter.write_str("T")?;
    part(formatter, seconds / 3600, 'H')?;
    part(formatter, seconds / 60 % 60, 'M')?;
    if seconds % 60 == 0 && nanoseconds == 0 {
        return Ok(());
    }
    let sign = if seconds % 60 < 0 || nanoseconds < 0 { "-" } else { "" };
    write!(formatter, "{sign}{}", (seconds % 60).abs())?;
    write_fraction(formatter, nanoseconds.abs())?;
    formatter.write_str("S")
}

/// Reads letters from the left.
#[derive(Clone, Copy)]
struct Reader<'t>(&'t str);

impl<'t> Reader<'t> {
    fn take(&mut self, letter: char) -> bool {
        let rest = self.0.strip_prefix(letter);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn digits_ahead(self) -> usize {
        self.0.bytes().take_while(u8::is_ascii_digit).count()
    }

    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<i64> {
        let (number, rest) = self.0.split_at_checked(digits)?;
        let found = number.bytes().all(|letter| letter.is_ascii_digit()).then(|| number.parse().ok())??;
        self.0 = rest;
        Some(found)
    }

    /// The fraction of a second behind a point or comma, in nanoseconds; further digits are cut off.
    fn fraction(&mut self) -> Option<i64> {
        if !self.take('.') && !self.take(',') {
            return Some(0);
        }
        let digits = self.digits_ahead();
        let (number, rest) = self.0.split_at(digits);
        self.0 = rest;
        let padded = format!("{number:0<9}");
        if digits == 0 { None } else { padded[..9].parse().ok() }
    }

    fn sign(&mut self) -> Option<i64> {
        if self.take('-') { Some(-1) } else { self.take('+').then_some(1) }
    }
}

/// A date: `2015-07-21`, `20150721`, `2015-07`, `201507`, `2015-W30-2`, `2015W302`, `2015-W30`, `2015-Q3-21`, `2015-202`,
/// `2015202`, `2015`; a year of more than four digits has a sign. `None` if it is none.
pub fn read_date(text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let year = match reader.sign() {
        Some(sign) => {
            let digits = reader.digits_ahead();
            let basic = digits == reader.0.len() && digits > 4;
            sign * reader.number(if basic { 4 } else { digits })?
        }
        None => reader.number(4)?,
    };
    if !(-LAST_YEAR..=LAST_YEAR).contains(&year) {
        return None;
    }
    let extended = reader.take('-');
    if reader.0.is_empty() && !extended {
        return day_number(year, 1, 1);
    }
    if reader.take('W') {
        let week = reader.number(2)?;
        let day = if reader.0.is_empty() { 1 } else { behind_dash(&mut reader, extended, 1)? };
        return week_date(year, week, day).filter(|_| reader.0.is_empty());
    }
    if reader.take('Q') {
        let quarter = reader.number(1)?;
        let day = if reader.0.is_empty() { 1 } else { behind_dash(&mut reader, extended, 2)? };
        return quarter_date(year, quarter, day).filter(|_| reader.0.is_empty());
    }
    if reader.digits_ahead() == 3 && reader.0.len() == 3 {
        return ordinal_date(year, reader.number(3)?);
    }
    let month = reader.number(2)?;
    let day = if reader.0.is_empty() { 1 } else { behind_dash(&mut reader, extended, 2)? };
    day_number(year, month, day).filter(|_| reader.0.is_empty())
}

/// A number behind a dash, which the extended form has and the basic one has not.
fn behind_dash(reader: &mut Reader<'_>, extended: bool, digits: usize) -> Option<i64> {
    (reader.take('-') == extended).then(|| reader.number(digits))?
}

fn ordinal_date(year: i64, day: i64) -> Option<i64> {
    let most = if is_leap_year(year) { 366 } else { 365 };
    (1..=most).contains(&day).then(|| day_number(year, 1, 1).map(|first| first + day - 1))?
}

/// A time of day: `21:40:32.142`, `214032.142`, `21:40`, `2140`, `21`; `None` if it is none.
pub fn read_time(text: &str) -> Option<i64> {
    let mut reader = Reader(text);
    let hour = reader.number(2)?;
    let (mut minute, mut second, mut nanosecond) = (0, 0, 0);
    let extended = reader.0.starts_with(':');
    if !reader.0.is_empty() {
        minute = behind_colon(&mut reader, extended)?;
    }
    if !reader.0.is_empty() {
        second = behind_colon(&mut reader, extended)?;
        nanosecond = reader.fraction()?;
    }
    let exists = reader.0.is_empty() && hour < 24 && minute < 60 && second < 60;
    exists.then_some((hour * 3600 + minute * 60 + second) * NANOSECONDS_OF_SECOND + nanosecond)
}

fn behind_colon(reader: &mut Reader<'_>, extended: bool) -> Option<i64> {
    (reader.take(':') == extended).then(|| reader.number(2))?
}

/// An offset from UTC: `Z`, `+01:00`, `-0130`, `+02`, `+00:53:28`; `None` if it is none.
pub fn read_offset(text: &str) -> Option<i32> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let mut reader = Reader(text);
    let sign = reader.sign()?;
    let hours = reader.number(2)?;
    let extended = reader.0.starts_with(':');
    let minutes = if reader.0.is_empty() { 0 } else { behind_colon(&mut reader, extended)? };
    let seconds = if reader.0.is_empty() { 0 } else { behind_colon(&mut reader, extended)? };
    let offset = i32::try_from(sign * (hours * 3600 + minutes * 60 + seconds)).ok()?;
    let exists =
        reader.0.is_empty() && minutes < 60 && seconds < 60 && (-LARGEST_OFFSET..=LARGEST_OFFSET).contains(&offset);
    exists.then_some(offset)
}

/// The parts of the text of a moment or a time of day, each if it is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DateTimeText<'t> {
    /// The day.
    pub day: Option<i64>,
    /// The time of day.
    pub time: Option<i64>,
    /// The offset.
    pub offset: Option<i32>,
    /// The name of the zone.
    pub zone: Option<&'t str>,
}

/// A moment: a date, `T` and a time, a time alone, or a date alone; behind a time an offset and a zone in square
/// brackets, each if it is there. `None` if it is none.
pub fn read_date_time(text: &str) -> Option<DateTimeText<'_>> {
    let (rest, zone) = match text.strip_suffix(']') {
        Some(inside) => inside.split_once('[').map(|(rest, zone)| (rest, Some(zone)))?,
        None => (text, None),
    };
    let (date, clock) = match rest.split_once(['T', 't']) {
        Some((date, clock)) => (Some(date), Some(clock)),
        None if rest.contains(':') || zone.is_some() => (None, Some(rest)),
        None => (Some(rest), None),
    };
    let day = date.map(|date| read_date(date).ok_or(())).transpose().ok()?;
    let Some(clock) = clock else { return Some(DateTimeText { day, ..DateTimeText::default() }) };
    let end = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, offset) = clock.split_at(end);
    let offset = if offset.is_empty() { None } else { Some(read_offset(offset)?) };
    Some(DateTimeText { day, time: Some(read_time(clock)?), offset, zone })
}

/// A length of time: `P1Y2M3DT4H5M6.7S`, `P2W`, parts with a fraction and a sign of their own, or `P2012-02-02T14:37:21`.
/// `None` if it is none.
pub fn read_duration(text: &str) -> Option<Temporal> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let rest = rest.strip_prefix(['P', 'p'])?;
    let looks_like_date =
        rest.split_once('-').is_some_and(|(year, _)| year.len() == 4 && Reader(year).digits_ahead() == 4);
    let sum = if looks_like_date { duration_as_date(rest)? } else { duration_in_units(rest)? };
    if negative { sum.negated().finish() } else { sum.finish() }
}

fn duration_in_units(text: &str) -> Option<DurationSum> {
    use DurationUnit::{Day, Hour, Minute, Month, Second, Week, Year};
    let (date, clock) = text.split_once(['T', 't']).map_or((text, ""), |(date, clock)| (date, clock));
    let mut sum = DurationSum::default();
    let of_date = add_units(date, &[('Y', Year), ('M', Month), ('W', Week), ('D', Day)], &mut sum)?;
    let of_time = add_units(clock, &[('H', Hour), ('M', Minute), ('S', Second)], &mut sum)?;
    (of_date + of_time > 0).then_some(sum)
}

/// Adds numbers with their units, the larger units first. Gives how many there were.
fn add_units(text: &str, mut units: &[(char, DurationUnit)], sum: &mut DurationSum) -> Option<usize> {
    let (mut reader, mut parts) = (Reader(text), 0);
    while !reader.0.is_empty() {
        let end = reader.0.find(|letter: char| letter.is_ascii_alphabetic())?;
        let (number, rest) = reader.0.split_at(end);
        let letter = rest.chars().next()?.to_ascii_uppercase();
        let place = units.iter().position(|(known, _)| *known == letter)?;
        sum.add_decimal(units[place].1, number)?;
        units = &units[place + 1..];
        reader.0 = &rest[1..];
        parts += 1;
    }
    Some(parts)
}

/// `2012-02-02T14:37:21.545`: the parts of the date and of the time are numbers of units.
fn duration_as_date(text: &str) -> Option<DurationSum> {
    let (date, clock) = text.split_once(['T', 't']).map_or((text, None), |(date, clock)| (date, Some(clock)));
    let mut reader = Reader(date);
    let year = reader.number(4)?;
    let month = behind_dash(&mut reader, true, 2)?;
    let day = behind_dash(&mut reader, true, 2)?;
    let time = clock.map_or(Some(0), read_time)?;
    let mut sum = DurationSum::default();
    sum.add(DurationUnit::Year, year.into());
    sum.add(DurationUnit::Month, month.into());
    sum.add(DurationUnit::Day, day.into());
    sum.add(DurationUnit::Nanosecond, time.into());
    (reader.0.is_empty() && month <= 12 && day <= 31).then_some(sum)
}

impl std::str::FromStr for Temporal {
    type Err = NotTemporal;

    /// Reads any text that [`Temporal`] is written as. A zone without an offset is no moment yet: what its offset was
    /// stands in a database that is not known here.
    fn from_str(text: &str) -> Result<Self, NotTemporal> {
        if let Some(duration) = read_duration(text) {
            return Ok(duration);
        }
        let parts = read_date_time(text).ok_or(NotTemporal)?;
        match parts {
            DateTimeText { day: Some(day), time: None, .. } => Ok(Self::Date(day)),
            DateTimeText { day: None, time: Some(time), offset: None, zone: None } => Ok(Self::LocalTime(time)),
            DateTimeText { day: None, time: Some(time), offset: Some(offset), zone: None } => {
                Ok(Self::Time { time, offset })
            }
            DateTimeText { day: Some(day), time: Some(time), offset: None, zone: None } => {
                Ok(Self::LocalDateTime { day, time })
            }
            DateTimeText { day: Some(day), time: Some(time), offset: Some(offset), zone } => {
                Ok(Self::DateTime { day, time, offset, zone: zone.map(Arc::from) })
            }
            _ => Err(NotTemporal),
        }
    }
}

/// A text that is no value of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is no date, time, moment or length of time")]
pub struct NotTemporal;
