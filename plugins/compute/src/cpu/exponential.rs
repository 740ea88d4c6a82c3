//! The exponential function in a form that the compiler turns into vector instructions.

/// e^x to within 2 units in the last place, for x from -87 to 88; beyond, its value at the nearer end.
///
/// Cephes' `expf`: x = n ln 2 + r with |r| <= ln 2 / 2, a polynomial of degree 6 for e^r, and n put into the exponent.
/// The library function is a call for each number, and would take longer than the matrix products around it.
#[inline(always)]
pub(crate) fn exponential(x: f32) -> f32 {
    /// Adding 1.5 * 2^23 leaves the nearest integer in the low bits.
    const ROUND: f32 = 12_582_912.0;
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;
    let x = x.clamp(-87.0, 88.0);
    let shifted = x * std::f32::consts::LOG2_E + ROUND;
    let n = shifted - ROUND;
    let r = x - n * LN_2_HIGH - n * LN_2_LOW;
    let mut polynomial = 1.987_569_1e-4;
    for coefficient in [1.398_2e-3, 8.333_452e-3, 4.166_579_6e-2, 1.666_666_5e-1, 0.5] {
        polynomial = polynomial * r + coefficient;
    }
    let power = f32::from_bits(shifted.to_bits().wrapping_add(127) << 23);
    (polynomial * r * r + r + 1.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn agrees_with_the_library() {
        for step in -870_000..880_000 {
            let x = step as f32 * 1e-4;
            let (found, expected) = (f64::from(exponential(x)), f64::from(x).exp());
            assert!(((found - expected) / expected).abs() < 3e-7, "e^{x} is {expected}, not {found}");
        }
    }

    #[test]
    fn stays_finite_far_out() {
        assert!(exponential(-1e30) < 1e-37 && exponential(-1e30) >= 0.0);
        assert!(exponential(1e30).is_finite());
    }
}
