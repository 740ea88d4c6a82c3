//! What a prediction costs, and how the cost changes with the logits.

/// What is true of an input: a share for each answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Truth {
    /// One of the answers that are marked; which one of them is not known. The cost is the negative logarithm of the sum
    /// of their probabilities.
    AnyOf(Vec<bool>),
    /// A probability for each answer, summing to 1, as another model or several people say. The cost is the cross
    /// entropy.
    Shares(Vec<f32>),
}

impl Truth {
    /// That one answer of so many is true; a part of it is spread over all (Szegedy and others 2016, arXiv 1512.00567).
    pub fn one_of(answer: usize, count: usize, smoothing: f32) -> Self {
        let spread = smoothing / count as f32;
        let share = |other: usize| if other == answer { 1.0 - smoothing + spread } else { spread };
        Self::Shares((0..count).map(share).collect())
    }

    /// The cost of these logits, and the gradient of the cost.
    pub fn cost(&self, logits: &[f32]) -> (f64, Vec<f32>) {
        let (probabilities, log_sum) = softmax(logits);
        match self {
            Self::AnyOf(marked) => {
                let kept: f64 = probabilities.iter().zip(marked).filter(|(_, marked)| **marked).map(|(p, _)| p).sum();
                let kept = kept.max(f64::MIN_POSITIVE);
                let pull = |(p, &marked): (&f64, &bool)| if marked { p - p / kept } else { *p };
                (-kept.ln(), probabilities.iter().zip(marked).map(pull).map(narrow).collect())
            }
            Self::Shares(shares) => {
                let cost = |(&logit, &share): (&f32, &f32)| f64::from(share) * (log_sum - f64::from(logit));
                let cost = logits.iter().zip(shares).map(cost).sum();
                let pull = |(p, &share): (&f64, &f32)| p - f64::from(share);
                (cost, probabilities.iter().zip(shares).map(pull).map(narrow).collect())
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "gradients are kept in 32 bits")]
fn narrow(number: f64) -> f32 {
    number as f32
}

/// The probabilities, and the logarithm of the sum of the exponentials.
fn softmax(logits: &[f32]) -> (Vec<f64>, f64) {
    let greatest = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f64> = logits.iter().map(|&logit| f64::from(logit - greatest).exp()).collect();
    let sum: f64 = weights.iter().sum();
    (weights.iter().map(|weight| weight / sum).collect(), f64::from(greatest) + sum.ln())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gradients_are_slopes_of_the_cost() {
        let logits = [0.3_f32, -1.2, 2.0];
        let truths = [
            Truth::one_of(1, 3, 0.0),
            Truth::one_of(2, 3, 0.1),
            Truth::AnyOf(vec![true, true, false]),
            Truth::Shares(vec![0.2, 0.5, 0.3]),
        ];
        for truth in truths {
            let (_, gradient) = truth.cost(&logits);
            for index in 0..3 {
                let at = |step: f32| {
                    let mut moved = logits;
                    moved[index] += step;
                    truth.cost(&moved).0
                };
                let slope = (at(1e-2) - at(-1e-2)) / 2e-2;
                assert!((slope - f64::from(gradient[index])).abs() < 1e-4, "{truth:?} {index}: {slope}");
            }
        }
        // -ln(e^-1.2 / (e^0.3 + e^-1.2 + e^2))
        assert!((Truth::one_of(1, 3, 0.0).cost(&logits).0 - 3.401_67).abs() < 1e-4);
    }
}
