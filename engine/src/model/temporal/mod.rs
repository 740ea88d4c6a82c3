//! Dates, times of day, moments and lengths of time as values: plain numbers, their order and their text form.
//!
//! A time zone is a name here and nothing is looked up: a moment carries the offset that its zone had.

mod calendar;
mod duration;
mod text;

use std::cmp::Ordering;
use std::sync::Arc;

pub use calendar::{
    LAST_YEAR, civil_date, day_number, day_of_week, day_of_year, days_in_month, is_leap_year, quarter_date, week_date,
    week_of,
};
pub use duration::{DurationSum, DurationUnit};
pub use text::{DateTimeText, NotTemporal, read_date, read_date_time, read_duration, read_offset, read_time};

/// Nanoseconds of a second.
pub const NANOSECONDS_OF_SECOND: i64 = 1_000_000_000;

/// Seconds of a day.
pub const SECONDS_OF_DAY: i64 = 86_400;

/// Nanoseconds of a day.
pub const NANOSECONDS_OF_DAY: i64 = SECONDS_OF_DAY * NANOSECONDS_OF_SECOND;

/// Seconds of a mean month of the Gregorian calendar: what a part of a month is worth.
pub const SECONDS_OF_MEAN_MONTH: i64 = 2_629_746;

/// The largest distance of a time zone from UTC, in seconds.
pub const LARGEST_OFFSET: i32 = 18 * 3600;

/// A value of time. Days are counted from 1970-01-01 in the proleptic Gregorian calendar, times of day in nanoseconds
/// since midnight, offsets in seconds to the east of UTC.
///
/// Equal values have equal fields: the same moment in two zones is two values.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Temporal {
    /// A day.
    Date(i64),
    /// A time of day, wherever that is.
    LocalTime(i64),
    /// A time of day at an offset.
    Time {
        /// The time of day.
        time: i64,
        /// Its offset.
        offset: i32,
    },
    /// A day and a time of day, wherever that is.
    LocalDateTime {
        /// The day.
        day: i64,
        /// The time of day.
        time: i64,
    },
    /// A moment.
    DateTime {
        /// The day where the moment is told.
        day: i64,
        /// The time of day there.
        time: i64,
        /// The offset there.
        offset: i32,
        /// The zone that has this offset then, such as `Europe/Stockholm`, if there is more to it than an offset.
        zone: Option<Arc<str>>,
    },
    /// A length of time. Months, days and seconds are kept apart, since months and days differ in length. Nanoseconds
    /// are counted forwards from the seconds, from 0 to 999,999,999, also where the seconds are negative.
    Duration {
        /// Whole months.
        months: i64,
        /// Whole days.
        days: i64,
        /// Whole seconds.
        seconds: i64,
        /// Nanoseconds on top of them.
        nanoseconds: u32,
    },
}

impl Temporal {
    /// Whether every field is in its range: years of up to nine digits, times within a day.
    pub fn is_valid(&self) -> bool {
        let day = |day: i64| calendar::is_day(day);
        let time = |time: i64| (0..NANOSECONDS_OF_DAY).contains(&time);
        let offset = |offset: i32| (-LARGEST_OFFSET..=LARGEST_OFFSET).contains(&offset);
        match self {
            Self::Date(date) => day(*date),
            Self::LocalTime(local) => time(*local),
            Self::Time { time: local, offset: distance } => time(*local) && offset(*distance),
            Self::LocalDateTime { day: date, time: local } => day(*date) && time(*local),
            Self::DateTime { day: date, time: local, offset: distance, .. } => {
                day(*date) && time(*local) && offset(*distance)
            }
            Self::Duration { nanoseconds, .. } => i64::from(*nanoseconds) < NANOSECONDS_OF_SECOND,
        }
    }

    /// What it is, as the language calls the function that makes one: `date`, `localtime`, `time`, `localdatetime`,
    /// `datetime` or `duration`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Date(_) => "date",
            Self::LocalTime(_) => "localtime",
            Self::Time { .. } => "time",
            Self::LocalDateTime { .. } => "localdatetime",
            Self::DateTime { .. } => "datetime",
            Self::Duration { .. } => "duration",
        }
    }

    /// How `<` compares: `None` between values of different kinds, and between lengths of time, which have no order,
    /// since a month may be longer than 30 days or shorter.
    pub fn compare(&self, other: &Self) -> Option<Ordering> {
        let comparable = self.rank() == other.rank() && !matches!(self, Self::Duration { .. });
        comparable.then(|| self.cmp(other))
    }

    /// Nanoseconds since the start of 1970 in UTC, or since midnight in UTC; of a length of time how long it is with
    /// mean months. Values of one kind are ordered by it.
    fn position(&self) -> i128 {
        let (day, time, offset) = match self {
            Self::Date(day) => (*day, 0, 0),
            Self::LocalTime(time) => (0, *time, 0),
            Self::Time { time, offset } => (0, *time, *offset),
            Self::LocalDateTime { day, time } => (*day, *time, 0),
            Self::DateTime { day, time, offset, .. } => (*day, *time, *offset),
            Self::Duration { months, days, seconds, nanoseconds } => {
                let seconds = i128::from(*months) * i128::from(SECONDS_OF_MEAN_MONTH)
                    + i128::from(*days) * i128::from(SECONDS_OF_DAY)
                    + i128::from(*seconds);
                return seconds * i128::from(NANOSECONDS_OF_SECOND) + i128::from(*nanoseconds);
            }
        };
        let seconds = i128::from(day) * i128::from(SECONDS_OF_DAY) - i128::from(offset);
        seconds * i128::from(NANOSECONDS_OF_SECOND) + i128::from(time)
    }

    /// The order of the kinds among each other.
    fn rank(&self) -> u8 {
        match self {
            Self::DateTime { .. } => 0,
            Self::LocalDateTime { .. } => 1,
            Self::Date(_) => 2,
            Self::Time { .. } => 3,
            Self::LocalTime(_) => 4,
            Self::Duration { .. } => 5,
        }
    }

    /// What is left to tell two values apart at the same position.
    fn details(&self) -> (i64, i64, Option<&str>) {
        match self {
            Self::Time { offset, .. } => (i64::from(*offset), 0, None),
            Self::DateTime { offset, zone, .. } => (i64::from(*offset), 0, zone.as_deref()),
            Self::Duration { months, days, .. } => (*months, *days, None),
            _ => (0, 0, None),
        }
    }
}

impl PartialOrd for Temporal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of ORDER BY: by kind, then by moment or length.
impl Ord for Temporal {
    fn cmp(&self, other: &Self) -> Ordering {
        let by_place = self.rank().cmp(&other.rank()).then_with(|| self.position().cmp(&other.position()));
        by_place.then_with(|| self.details().cmp(&other.details()))
    }
}

#[cfg(test)]
mod tests;
