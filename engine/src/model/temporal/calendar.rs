//! Days and the proleptic Gregorian calendar.

/// The largest year, and with a minus sign the least.
pub const LAST_YEAR: i64 = 999_999_999;

/// Days from 0000-03-01 to 1970-01-01.
const EPOCH: i64 = 719_468;

/// Days of four centuries, after which the calendar repeats.
const DAYS_OF_ERA: i64 = 146_097;

/// Whether February has 29 days.
pub fn is_leap_year(year: i64) -> bool {
    year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0)
}

/// How many days a month has, from 1 for January to 12.
pub fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap_year(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The number of a day, 1970-01-01 being 0; `None` if there is no such day.
///
/// The year is taken to begin in March, so that a leap day is its last (Howard Hinnant, "chrono-Compatible Low-Level
/// Date Algorithms").
pub fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let exists = (-LAST_YEAR..=LAST_YEAR).contains(&year)
        && (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day);
    exists.then(|| {
        let year = if month <= 2 { year - 1 } else { year };
        let era = year.div_euclid(400);
        let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
        let year_of_era = year.rem_euclid(400);
        era * DAYS_OF_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - EPOCH
    })
}

/// Year, month and day of the month of a day by its number, which must lie within the years that there are.
pub fn civil_date(day: i64) -> (i64, i64, i64) {
    let shifted = day + EPOCH;
    let (era, day_of_era) = (shifted.div_euclid(DAYS_OF_ERA), shifted.rem_euclid(DAYS_OF_ERA));
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

/// The day of a week of a year as ISO 8601 counts them: weeks begin on Monday, and the first has the 4th of January. `None`
/// if there is no such day.
pub fn week_date(year: i64, week: i64, day: i64) -> Option<i64> {
    if !(1..=53).contains(&week) || !(1..=7).contains(&day) {
        return None;
    }
    let fourth = day_number(year, 1, 4)?;
    let found = fourth - day_of_week(fourth) + (week - 1) * 7 + day;
    let next = day_number(year + 1, 1, 4).map_or(i64::MAX, |fourth| fourth - day_of_week(fourth) + 1);
    (found < next).then_some(found)
}

/// The day of a quarter of a year, both counted from 1; `None` if there is no such day.
pub fn quarter_date(year: i64, quarter: i64, day: i64) -> Option<i64> {
    if !(1..=4).contains(&quarter) || !(1..=92).contains(&day) {
        return None;
    }
    let found = day_number(year, quarter * 3 - 2, 1)? + day - 1;
    let last = day_number(year, quarter * 3, days_in_month(year, quarter * 3))?;
    (found <= last).then_some(found)
}

/// The year and the number of the week, as ISO 8601 counts them, in which a day lies.
pub fn week_of(day: i64) -> (i64, i64) {
    let thursday = day - day_of_week(day) + 4;
    let (year, ..) = civil_date(thursday);
    (year, (thursday - (thursday - day_of_year(thursday) + 1)) / 7 + 1)
}

/// The day of the week, from 1 for Monday to 7.
pub fn day_of_week(day: i64) -> i64 {
    (day + 3).rem_euclid(7) + 1
}

/// The day of the year, from 1 on.
pub fn day_of_year(day: i64) -> i64 {
    let (year, ..) = civil_date(day);
    day - day_number(year, 1, 1).unwrap_or(day) + 1
}

/// Whether the day lies within the years that there are.
pub(super) fn is_day(day: i64) -> bool {
    const FIRST: i64 = -365_243_219_162;
    const LAST: i64 = 365_241_780_471;
    (FIRST..=LAST).contains(&day)
}
