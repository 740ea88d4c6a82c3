//! From the numbers of an axis to places along it, and back to labels.

use std::ops::Range;

use crate::Axis;

/// One axis, with the range that it spans. Places on a logarithmic axis are logarithms.
pub(crate) struct Scale {
    logarithmic: bool,
    range: Range<f64>,
}

impl Scale {
    /// The scale on which these numbers show; none if none of them can.
    pub(crate) fn new(axis: &Axis, numbers: impl Iterator<Item = f64>) -> Option<Self> {
        let logarithmic = axis.logarithmic;
        let given = axis.range.iter().flat_map(|range| [*range.start(), *range.end()]);
        let places: Vec<f64> = if axis.range.is_some() {
            given.filter_map(|number| place(logarithmic, number)).collect()
        } else {
            numbers.filter_map(|number| place(logarithmic, number)).collect()
        };
        let least = places.iter().copied().min_by(f64::total_cmp)?;
        let greatest = places.iter().copied().max_by(f64::total_cmp)?;
        let range = match axis.range {
            Some(_) => least..greatest,
            None if logarithmic => least.floor()..greatest.ceil(),
            None => least.min(0.0)..greatest + (greatest - least.min(0.0)) * 0.05,
        };
        let range = if range.start < range.end { range } else { range.start - 0.5..range.start + 0.5 };
        Some(Self { logarithmic, range })
    }

    /// The places that it spans.
    pub(crate) fn range(&self) -> Range<f64> {
        self.range.clone()
    }

    /// Where a number lies; none if it cannot be shown.
    pub(crate) fn place(&self, number: f64) -> Option<f64> {
        place(self.logarithmic, number)
    }

    /// The number at a place, for people.
    pub(crate) fn label(&self, place: f64) -> String {
        label(if self.logarithmic { 10_f64.powf(place) } else { place })
    }
}

fn place(logarithmic: bool, number: f64) -> Option<f64> {
    let shown = number.is_finite() && (!logarithmic || number > 0.0);
    shown.then(|| if logarithmic { number.log10() } else { number })
}

/// At most three digits that count, with thousands and so on as letters.
fn label(number: f64) -> String {
    const UNITS: [(f64, &str); 4] = [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, "")];
    if number == 0.0 {
        return "0".to_owned();
    }
    let (unit, letter) = UNITS.into_iter().find(|(unit, _)| number.abs() >= 0.9995 * unit).unwrap_or((1.0, ""));
    let value = number / unit;
    // Leading zeros of a small number do not count as digits.
    #[expect(clippy::cast_possible_truncation, reason = "the exponent of a double has three digits")]
    let decimals = (2 - value.abs().log10().floor() as i64).clamp(0, 12);
    let text = format!("{value:.*}", usize::try_from(decimals).unwrap_or_default());
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { &text };
    format!("{text}{letter}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_have_three_digits_and_a_letter() {
        let cases = [
            (0.0, "0"),
            (1.0, "1"),
            (0.25, "0.25"),
            (0.001_234, "0.00123"),
            (-12.5, "-12.5"),
            (999.96, "1k"),
            (1500.0, "1.5k"),
            (100_000.0, "100k"),
            (2_569_123.0, "2.57M"),
            (7e9, "7G"),
        ];
        for (number, expected) in cases {
            assert_eq!(label(number), expected, "{number}");
        }
    }

    #[test]
    fn an_axis_spans_its_points_and_zero_or_whole_powers_of_ten() {
        let numbers = || [3.0, 40.0, f64::NAN].into_iter();
        assert_eq!(Scale::new(&Axis::linear("x"), numbers()).unwrap().range(), 0.0..42.0);
        let logarithmic = Scale::new(&Axis::logarithmic("x"), numbers()).unwrap();
        assert_eq!(logarithmic.range(), 0.0..2.0);
        assert_eq!((logarithmic.place(100.0), logarithmic.place(0.0)), (Some(2.0), None));
        assert_eq!(logarithmic.label(2.0), "100");
        assert_eq!(Scale::new(&Axis::linear("x").over(0.0..=1.0), numbers()).unwrap().range(), 0.0..1.0);
        assert!(Scale::new(&Axis::logarithmic("x"), [0.0, -1.0].into_iter()).is_none());
    }
}
