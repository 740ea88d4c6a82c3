//! The functions between the two halves of a feed-forward part, in forms that become vector instructions.

use super::exponential::exponential;
use hopgraph_model::architecture::Activation;

/// Puts the activation of each number in its place.
///
/// One loop for each function, so that the choice is made once and not for each number.
#[inline(always)]
pub(crate) fn apply(activation: Activation, numbers: &mut [f32]) {
    match activation {
        Activation::Silu => {
            for x in numbers {
                *x /= 1.0 + exponential(-*x);
            }
        }
        Activation::GeluTanh => {
            for x in numbers {
                *x = gelu_tanh(*x);
            }
        }
        Activation::Gelu => {
            for x in numbers {
                *x = gelu(*x);
            }
        }
    }
}

/// x / 2 (1 + tanh u) is x / (1 + e^-2u).
#[inline(always)]
fn gelu_tanh(x: f32) -> f32 {
    const TWICE_ROOT_2_OVER_PI: f32 = 1.595_769;
    x / (1.0 + exponential(-TWICE_ROOT_2_OVER_PI * (x + 0.044_715 * x * x * x)))
}

/// The error function by Abramowitz and Stegun, 7.1.26, which is right to 1.5e-7.
#[inline(always)]
fn gelu(x: f32) -> f32 {
    let z = x.abs() * std::f32::consts::FRAC_1_SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * z);
    let mut polynomial = 1.061_405_4;
    for coefficient in [-1.453_152_1, 1.421_413_8, -0.284_496_72, 0.254_829_6] {
        polynomial = polynomial * t + coefficient;
    }
    // Half of 1 - erf z: what is missing on the side of x, and all that there is on the other.
    let tail = 0.5 * polynomial * t * exponential(-z * z);
    if x < 0.0 { x * tail } else { x - x * tail }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(activation: Activation, bound: f64, exact: impl Fn(f64) -> f64) {
        for step in -120_000..=120_000 {
            let x = step as f32 * 1e-4;
            let mut found = [x];
            apply(activation, &mut found);
            let expected = exact(f64::from(x));
            assert!((f64::from(found[0]) - expected).abs() < bound * expected.abs().max(1.0), "{activation:?} of {x}");
        }
        let mut far = [-1e4, 1e4];
        apply(activation, &mut far);
        assert!(far[0].abs() < 1e-6 && far[1] == 1e4, "{activation:?}: {far:?}");
    }

    #[test]
    fn activations_agree_with_their_definitions() {
        check(Activation::Silu, 1e-6, |x| x / (1.0 + (-x).exp()));
        let inner = |x: f64| (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
        check(Activation::GeluTanh, 1e-6, |x| x / 2.0 * (1.0 + inner(x).tanh()));
        check(Activation::Gelu, 1e-6, |x| x / 2.0 * (1.0 + error_function(x / std::f64::consts::SQRT_2)));
    }

    /// By its series near zero and by its continued fraction further out.
    fn error_function(x: f64) -> f64 {
        let z = x.abs();
        let value = if z < 2.5 {
            let mut term = z;
            let mut sum = z;
            for n in 1..80 {
                term *= -z * z / f64::from(n);
                sum += term / f64::from(2 * n + 1);
            }
            sum * 2.0 / std::f64::consts::PI.sqrt()
        } else {
            let mut fraction = z;
            for n in (1..80).rev() {
                fraction = z + f64::from(n) / 2.0 / fraction;
            }
            1.0 - (-z * z).exp() / fraction / std::f64::consts::PI.sqrt()
        };
        value.copysign(x)
    }
}
