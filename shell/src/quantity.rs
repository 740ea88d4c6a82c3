//! Sizes and times as people write them.

use std::time::Duration;

/// A limit that may be `none`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Limit<T>(pub(crate) Option<T>);

/// Reads a size in bytes: `2GiB`, `500MB`, `1048576`, `none`.
pub(crate) fn size(text: &str) -> Result<Limit<u64>, String> {
    limit(text, "a size such as 500MiB or 2GiB", |unit| {
        Some(match unit {
            "" | "b" => 1.0,
            "k" | "kib" => 1024.0,
            "kb" => 1e3,
            "m" | "mib" => 1024.0 * 1024.0,
            "mb" => 1e6,
            "g" | "gib" => 1024.0 * 1024.0 * 1024.0,
            "gb" => 1e9,
            "t" | "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            "tb" => 1e12,
            _ => return None,
        })
    })
    .map(|Limit(bytes)| Limit(bytes.map(|bytes| bytes as u64)))
}

/// Reads a time: `500ms`, `10s`, `2m`, `1h`, `none`; a number alone is seconds.
pub(crate) fn time(text: &str) -> Result<Limit<Duration>, String> {
    let wanted = "a time such as 500ms, 10s or 2m";
    let Limit(seconds) = limit(text, wanted, |unit| {
        Some(match unit {
            "ms" => 1e-3,
            "" | "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            _ => return None,
        })
    })?;
    let time = seconds.map(Duration::try_from_secs_f64).transpose().map_err(|_| format!("expected {wanted}"))?;
    Ok(Limit(time))
}

fn limit(text: &str, wanted: &str, factor: impl Fn(&str) -> Option<f64>) -> Result<Limit<f64>, String> {
    let text = text.trim();
    if text.eq_ignore_ascii_case("none") {
        return Ok(Limit(None));
    }
    let end = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(end);
    let number: Option<f64> = number.parse().ok().filter(|number| *number > 0.0);
    match (number, factor(&unit.trim().to_ascii_lowercase())) {
        (Some(number), Some(factor)) => Ok(Limit(Some(number * factor))),
        _ => Err(format!("expected {wanted}, or none")),
    }
}

/// A duration as a person reads it: `3 ms`, `1.24 s`, `2 min 5 s`, `3 h 20 min`.
pub(crate) fn spoken(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match duration.as_secs_f64() {
        short if short < 0.000_999_5 => format!("{} µs", duration.as_micros()),
        short if short < 0.999_5 => format!("{:.0} ms", short * 1e3),
        some if some < 60.0 => format!("{some:.2} s"),
        some if some < 3600.0 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", seconds / 3600, seconds / 60 % 60),
    }
}

/// A whole number with commas: `2,569,123`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A size in bytes as a person reads it: `512 B`, `15.1 MiB`, `3.56 GiB`.
pub(crate) fn bytes(size: u64) -> String {
    let mebibytes = size as f64 / (1024.0 * 1024.0);
    match size {
        0..1024 => format!("{size} B"),
        1024..1_048_576 => format!("{:.1} KiB", size as f64 / 1024.0),
        1_048_576..1_073_741_824 => format!("{mebibytes:.1} MiB"),
        _ => format!("{:.2} GiB", mebibytes / 1024.0),
    }
}

/// A number and its noun: `1 row`, `12 rows`, `0 rows`.
pub(crate) fn counted(number: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(number), if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units() {
        let cases = [
            ("2GiB", Some(2 << 30)),
            ("500MB", Some(500_000_000)),
            ("1.5k", Some(1536)),
            ("4096", Some(4096)),
            ("1 MiB", Some(1 << 20)),
            ("none", None),
        ];
        for (text, expected) in cases {
            assert_eq!(size(text), Ok(Limit(expected)), "{text}");
        }
        for wrong in ["", "GiB", "-1", "2 parsecs", "0"] {
            assert!(size(wrong).unwrap_err().contains("2GiB"), "{wrong}");
        }
    }

    #[test]
    fn times_have_units() {
        let cases =
            [("500ms", Some(500)), ("10s", Some(10_000)), ("10", Some(10_000)), ("2m", Some(120_000)), ("none", None)];
        for (text, expected) in cases {
            assert_eq!(time(text), Ok(Limit(expected.map(Duration::from_millis))), "{text}");
        }
        for wrong in ["soon", "-1s", "1e400s"] {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn durations_and_numbers_read_well() {
        let cases = [
            (40, "40 µs"),
            (3_000, "3 ms"),
            (999_600, "1.00 s"),
            (1_240_000, "1.24 s"),
            (125_000_000, "2 min 5 s"),
            (12_000_000_000, "3 h 20 min"),
        ];
        for (micros, expected) in cases {
            assert_eq!(spoken(Duration::from_micros(micros)), expected);
        }
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (2_569_123, "2,569,123")] {
            assert_eq!(grouped(number), expected);
        }
        for (size, expected) in [(12, "12 B"), (1536, "1.5 KiB"), (15_807_712, "15.1 MiB"), (6 << 30, "6.00 GiB")] {
            assert_eq!(bytes(size), expected);
        }
        assert_eq!(counted(1, "row"), "1 row");
        assert_eq!(counted(0, "row"), "0 rows");
    }
}
