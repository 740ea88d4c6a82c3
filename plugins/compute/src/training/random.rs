//! Random numbers that are looked up and not drawn: the same seed and place give the same number, whatever was asked
//! before. So a mask need not be kept for the way back, and a run that goes on needs no state.

/// Random numbers of one stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random {
    key: u64,
}

impl Random {
    /// The numbers of a seed.
    pub fn new(seed: u64) -> Self {
        Self { key: mix(seed ^ 0x9E37_79B9_7F4A_7C15) }
    }

    /// A stream of its own for each number.
    #[must_use]
    pub fn stream(self, number: u64) -> Self {
        Self { key: mix(self.key ^ mix(number.wrapping_add(0x632B_E59B_D9B4_E019))) }
    }

    /// 64 random bits at a place.
    pub fn bits(self, place: u64) -> u64 {
        mix(self.key.wrapping_add(place.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// A number in 0..1 at a place.
    pub fn uniform(self, place: u64) -> f64 {
        (self.bits(place) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// A number of the normal distribution (Box and Muller 1958, Annals of Mathematical Statistics 29(2):610-611).
    pub fn normal(self, place: u64) -> f64 {
        let (radius, angle) = (self.uniform(2 * place), self.uniform(2 * place + 1));
        (-2.0 * (1.0 - radius).ln()).sqrt() * (std::f64::consts::TAU * angle).cos()
    }

    /// Numbers below `count` in random order (Fisher and Yates).
    pub fn order(self, count: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..count).collect();
        for last in (1..count).rev() {
            #[expect(clippy::cast_possible_truncation, reason = "a rest is smaller than what it is of")]
            let other = (self.bits(last as u64) % (last as u64 + 1)) as usize;
            order.swap(last, other);
        }
        order
    }
}

/// The finalizer of SplitMix64 (Steele and others 2014, "Fast Splittable Pseudorandom Number Generators").
fn mix(mut bits: u64) -> u64 {
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    bits ^ (bits >> 31)
}

/// Which numbers of an activation are dropped in a step, and by how much the others grow.
#[derive(Clone, Copy, Debug)]
pub(super) struct Dropout {
    rate: f32,
    random: Random,
}

impl Dropout {
    /// Drops this share, from 0 to below 1.
    pub(super) fn new(rate: f32, random: Random) -> Self {
        Self { rate, random }
    }

    /// The same with masks of its own, for another place of the model.
    pub(super) fn at(self, place: u64) -> Self {
        Self { random: self.random.stream(place), ..self }
    }

    /// The same masks for another share.
    pub(super) fn with_rate(self, rate: f32) -> Self {
        Self { rate, ..self }
    }

    /// What a number is multiplied by.
    #[inline(always)]
    pub(super) fn factor(self, index: usize) -> f32 {
        // 32 bits decide.
        let drawn = (self.random.bits(index as u64) >> 32) as f32 / 4_294_967_296.0;
        if drawn < self.rate { 0.0 } else { 1.0 / (1.0 - self.rate) }
    }

    /// Multiplies each number by its factor; forward and backward are the same.
    pub(super) fn apply(self, numbers: &mut [f32]) {
        if self.rate > 0.0 {
            numbers.iter_mut().enumerate().for_each(|(index, number)| *number *= self.factor(index));
        }
    }

    /// Whether nothing is dropped.
    pub(super) fn is_off(self) -> bool {
        self.rate == 0.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_depend_on_seed_stream_and_place_and_look_random() {
        let random = Random::new(7);
        assert_eq!(random.bits(3), Random::new(7).bits(3));
        assert_ne!(random.bits(3), Random::new(8).bits(3));
        assert_ne!(random.stream(1).bits(3), random.stream(2).bits(3));
        let count = 40_000;
        let mean = |number: &dyn Fn(u64) -> f64| (0..count).map(number).sum::<f64>() / count as f64;
        assert!((mean(&|place| random.uniform(place)) - 0.5).abs() < 0.01);
        assert!(mean(&|place| random.normal(place)).abs() < 0.02);
        assert!((mean(&|place| random.normal(place).powi(2)) - 1.0).abs() < 0.04);
        let mut order = random.order(1000);
        assert_ne!(order[..10], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn dropout_keeps_the_mean_and_drops_its_share() {
        let dropout = Dropout::new(0.25, Random::new(1)).at(3);
        let mut numbers = vec![1.0_f32; 40_000];
        dropout.apply(&mut numbers);
        let dropped = numbers.iter().filter(|&&number| number == 0.0).count();
        assert!((9_600..10_400).contains(&dropped), "{dropped}");
        assert!((numbers.iter().sum::<f32>() / 40_000.0 - 1.0).abs() < 0.02);
    }
}
