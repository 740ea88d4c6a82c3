//! The rate of each step, and when is looked.

use crate::recipe::{Decay, Schedule};

/// A schedule over a number of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Plan {
    /// Steps of an epoch.
    pub(crate) epoch_steps: u64,
    /// All steps.
    pub(crate) steps: u64,
    warm_up: u64,
    evaluate_every: u64,
    decay: Decay,
    rate: f32,
}

impl Plan {
    pub(crate) fn new(schedule: &Schedule, rows: usize) -> Self {
        let epoch_steps = rows.div_ceil(schedule.batch) as u64;
        let steps = whole(schedule.epochs * epoch_steps as f64).max(1);
        Self {
            epoch_steps,
            steps,
            warm_up: whole(schedule.warm_up * steps as f64),
            evaluate_every: whole(epoch_steps as f64 / schedule.evaluations).max(1),
            decay: schedule.decay,
            rate: schedule.rate,
        }
    }

    /// The rate of a step, counted from 0: it rises in a straight line and then falls.
    pub(crate) fn rate(&self, step: u64) -> f32 {
        if step < self.warm_up {
            return self.rate * (step + 1) as f32 / self.warm_up as f32;
        }
        let left = (self.steps - step) as f32 / (self.steps - self.warm_up).max(1) as f32;
        self.rate
            * match self.decay {
                Decay::None => 1.0,
                Decay::Linear => left,
                Decay::Cosine => 0.5 * (1.0 + (std::f32::consts::PI * (1.0 - left)).cos()),
            }
    }

    /// Whether the model is scored after so many steps.
    pub(crate) fn is_scored_after(&self, steps: u64) -> bool {
        steps.is_multiple_of(self.evaluate_every) || steps == self.steps
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the recipe's numbers are not negative")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_rises_and_falls_and_the_end_is_scored() {
        let schedule = Schedule { epochs: 2.0, batch: 10, rate: 1.0, warm_up: 0.2, ..Schedule::default() };
        let plan = Plan::new(&schedule, 95);
        assert_eq!((plan.epoch_steps, plan.steps), (10, 20));
        let rates: Vec<f32> = (0..20).map(|step| plan.rate(step)).collect();
        assert_eq!(rates[..5], [0.25, 0.5, 0.75, 1.0, 1.0]);
        assert!((rates[12] - 0.5).abs() < 1e-6 && (rates[19] - 1.0 / 16.0).abs() < 1e-6, "{rates:?}");
        let cosine = Plan::new(&Schedule { decay: Decay::Cosine, ..schedule.clone() }, 95);
        assert!((cosine.rate(12) - 0.5).abs() < 1e-6 && cosine.rate(19) < 0.01);
        let scored: Vec<u64> = (1..=20).filter(|&steps| plan.is_scored_after(steps)).collect();
        assert_eq!(scored, [10, 20]);
        let often = Plan::new(&Schedule { evaluations: 4.0, epochs: 0.7, ..schedule }, 95);
        assert_eq!((1..=often.steps).filter(|&steps| often.is_scored_after(steps)).count(), 3, "{often:?}");
    }
}
