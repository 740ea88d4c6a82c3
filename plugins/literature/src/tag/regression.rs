//! Logistic regression with a ridge penalty, fitted by Newton's method.

use super::features::Values;

/// An example: its features, and whether it is one.
pub(super) struct Example {
    pub(super) values: Values,
    pub(super) is_positive: bool,
}

/// How far weights are drawn to nothing: as if each had been seen to be zero with this weight.
const RIDGE: f64 = 1.0;

/// Steps of Newton's method; it has settled long before.
const STEPS: usize = 12;

/// The weights that make the examples likeliest.
pub(super) fn fit(examples: &[Example], features: usize) -> Vec<f32> {
    let mut weights = vec![0.0_f64; features];
    for _ in 0..STEPS {
        let mut gradient: Vec<f64> = weights.iter().map(|weight| -RIDGE * weight).collect();
        let mut curvature = vec![vec![0.0_f64; features]; features];
        for (at, row) in curvature.iter_mut().enumerate() {
            row[at] = RIDGE;
        }
        for Example { values, is_positive } in examples {
            let sum: f64 = values.iter().map(|(at, value)| weights[*at as usize] * f64::from(*value)).sum();
            let probability = 1.0 / (1.0 + (-sum).exp());
            let error = f64::from(u8::from(*is_positive)) - probability;
            let spread = (probability * (1.0 - probability)).max(1e-6);
            for &(row, value) in values {
                gradient[row as usize] += error * f64::from(value);
                for &(column, other) in values {
                    curvature[row as usize][column as usize] += spread * f64::from(value) * f64::from(other);
                }
            }
        }
        let step = solve(curvature, gradient);
        weights.iter_mut().zip(&step).for_each(|(weight, step)| *weight += step);
        if step.iter().all(|step| step.abs() < 1e-6) {
            break;
        }
    }
    weights.into_iter().map(|weight| weight as f32).collect()
}

/// Solves a system with a positive definite matrix by elimination.
fn solve(mut matrix: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let size = right.len();
    for pivot in 0..size {
        let (above, below) = matrix.split_at_mut(pivot + 1);
        let row = &above[pivot];
        for (offset, lower) in below.iter_mut().enumerate() {
            let factor = lower[pivot] / row[pivot];
            if factor != 0.0 {
                lower.iter_mut().zip(row).skip(pivot).for_each(|(cell, upper)| *cell -= factor * upper);
                right[pivot + 1 + offset] -= factor * right[pivot];
            }
        }
    }
    for pivot in (0..size).rev() {
        let known: f64 = (pivot + 1..size).map(|column| matrix[pivot][column] * right[column]).sum();
        right[pivot] = (right[pivot] - known) / matrix[pivot][pivot];
    }
    right
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_system_is_solved() {
        let found = solve(vec![vec![4.0, 1.0], vec![1.0, 3.0]], vec![1.0, 2.0]);
        assert!((found[0] - 1.0 / 11.0).abs() < 1e-12 && (found[1] - 7.0 / 11.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn weights_follow_the_odds() {
        // With the feature three of four are positive, without it one of four.
        let example = |has_feature: bool, is_positive| {
            let values = if has_feature { vec![(0, 1.0), (1, 1.0)] } else { vec![(0, 1.0)] };
            Example { values, is_positive }
        };
        let examples: Vec<Example> = (0..4000)
            .map(|number| {
                let (has_feature, quarter) = (number % 2 == 0, number / 2 % 4);
                example(has_feature, if has_feature { quarter != 3 } else { quarter == 1 })
            })
            .collect();
        let weights = fit(&examples, 2);
        let odds = |sum: f32| sum.exp();
        assert!((odds(weights[0]) - 1.0 / 3.0).abs() < 0.02, "{weights:?}");
        assert!((odds(weights[0] + weights[1]) - 3.0).abs() < 0.05, "{weights:?}");
    }
}
