//! Lengths of time added up from numbers of units.

use super::{NANOSECONDS_OF_SECOND, SECONDS_OF_DAY, SECONDS_OF_MEAN_MONTH, Temporal};

/// A unit of a length of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DurationUnit {
    /// Twelve months.
    Year,
    /// Three months.
    Quarter,
    /// A month.
    Month,
    /// Seven days.
    Week,
    /// A day.
    Day,
    /// An hour.
    Hour,
    /// A minute.
    Minute,
    /// A second.
    Second,
    /// 10^-3 seconds.
    Millisecond,
    /// 10^-6 seconds.
    Microsecond,
    /// 10^-9 seconds.
    Nanosecond,
}

/// What a unit is a multiple of.
enum Base {
    Months(i128),
    Days(i128),
    Nanoseconds(i128),
}

/// How many parts a decimal number is cut into: 18 digits after the point.
const PARTS: i128 = 1_000_000_000_000_000_000;

impl DurationUnit {
    fn base(self) -> Base {
        let second = i128::from(NANOSECONDS_OF_SECOND);
        match self {
            Self::Year => Base::Months(12),
            Self::Quarter => Base::Months(3),
            Self::Month => Base::Months(1),
            Self::Week => Base::Days(7),
            Self::Day => Base::Days(1),
            Self::Hour => Base::Nanoseconds(3600 * second),
            Self::Minute => Base::Nanoseconds(60 * second),
            Self::Second => Base::Nanoseconds(second),
            Self::Millisecond => Base::Nanoseconds(1_000_000),
            Self::Microsecond => Base::Nanoseconds(1000),
            Self::Nanosecond => Base::Nanoseconds(1),
        }
    }
}

/// A length of time while its parts are added up. What is no whole month becomes days and seconds, by the mean length of
/// a month; what is no whole day becomes seconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DurationSum {
    months: i128,
    days: i128,
    nanoseconds: i128,
}

impl DurationSum {
    /// Adds a whole number of units.
    pub fn add(&mut self, unit: DurationUnit, count: i128) {
        match unit.base() {
            Base::Months(months) => self.months = self.months.saturating_add(count.saturating_mul(months)),
            Base::Days(days) => self.days = self.days.saturating_add(count.saturating_mul(days)),
            Base::Nanoseconds(nanoseconds) => {
                self.nanoseconds = self.nanoseconds.saturating_add(count.saturating_mul(nanoseconds));
            }
        }
    }

    /// Adds a decimal number of units, such as `1.5` or `-2`; `None` if the text is none.
    pub fn add_decimal(&mut self, unit: DurationUnit, number: &str) -> Option<()> {
        let (sign, digits) = match number.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, number.strip_prefix('+').unwrap_or(number)),
        };
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
        let all_digits = |text: &str| text.bytes().all(|letter| letter.is_ascii_digit());
        if !all_digits(whole) || !all_digits(fraction) || whole.len() + fraction.len() == 0 {
            return None;
        }
        let whole: i128 = if whole.is_empty() { 0 } else { whole.parse().ok()? };
        let padded = format!("{fraction:0<18}");
        self.add(unit, sign * whole);
        self.add_parts(unit, sign * padded[..18].parse::<i128>().ok()?);
        Some(())
    }

    /// Adds so many parts of a unit; they are fewer than a whole one.
    fn add_parts(&mut self, unit: DurationUnit, parts: i128) {
        let (day, second) = (i128::from(SECONDS_OF_DAY), i128::from(NANOSECONDS_OF_SECOND));
        let mut add_seconds = |parts: i128| self.nanoseconds += parts / (PARTS / second);
        match unit.base() {
            Base::Months(months) => {
                let seconds = parts * months % PARTS * i128::from(SECONDS_OF_MEAN_MONTH);
                add_seconds(seconds % (PARTS * day));
                self.months += parts * months / PARTS;
                self.days += seconds / (PARTS * day);
            }
            Base::Days(days) => {
                add_seconds(parts * days % PARTS * day);
                self.days += parts * days / PARTS;
            }
            Base::Nanoseconds(nanoseconds) => self.nanoseconds += parts / 1_000_000 * nanoseconds / (PARTS / 1_000_000),
        }
    }

    /// The same length of time backwards.
    #[must_use]
    pub fn negated(self) -> Self {
        Self { months: -self.months, days: -self.days, nanoseconds: -self.nanoseconds }
    }

    /// The length of time; `None` if it is longer than 64 bits hold.
    pub fn finish(self) -> Option<Temporal> {
        let second = i128::from(NANOSECONDS_OF_SECOND);
        Some(Temporal::Duration {
            months: self.months.try_into().ok()?,
            days: self.days.try_into().ok()?,
            seconds: self.nanoseconds.div_euclid(second).try_into().ok()?,
            nanoseconds: self.nanoseconds.rem_euclid(second).try_into().ok()?,
        })
    }
}
