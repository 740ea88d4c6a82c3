//! Rotary positions: each pair of neighbouring numbers of a head turns by an angle that grows with the position.
//!
//! Su et al., "RoFormer" (arXiv 2104.09864). GGUF keeps the rows of the query and key weights permuted so that the pairs
//! are neighbours (2i, 2i+1), as in the paper, and not halves apart, as in the original checkpoints.

/// Cosines and sines for every position that a model reads.
pub(super) struct Rotary {
    /// For each position one (cosine, sine) for each pair.
    turns: Vec<(f32, f32)>,
    pairs: usize,
}

impl Rotary {
    /// `width` numbers of each head turn; `factors`, if given, divide the frequency of each pair.
    #[expect(clippy::cast_possible_truncation, reason = "the table is f32, as in every other implementation")]
    pub(super) fn new(width: usize, base: f32, positions: usize, factors: Option<&[f32]>) -> Self {
        let pairs = width / 2;
        let frequency = |pair: usize| {
            let factor = factors.and_then(|factors| factors.get(pair)).map_or(1.0, |&factor| f64::from(factor));
            f64::from(base).powf(-2.0 * pair as f64 / width as f64) / factor
        };
        let frequencies: Vec<f64> = (0..pairs).map(frequency).collect();
        let turns = (0..positions).flat_map(|position| {
            let angle = move |&frequency: &f64| position as f64 * frequency;
            frequencies.iter().map(angle).map(|angle| (angle.cos() as f32, angle.sin() as f32))
        });
        Self { turns: turns.collect(), pairs }
    }

    /// Turns one head at a position and multiplies it by `scale`.
    #[inline(always)]
    pub(super) fn turn(&self, head: &[f32], position: usize, scale: f32, turned: &mut [f32]) {
        let turns = &self.turns[position * self.pairs..][..self.pairs];
        let (moving, still) = head.split_at(2 * self.pairs);
        let (turned_moving, turned_still) = turned.split_at_mut(2 * self.pairs);
        let pairs = moving.as_chunks::<2>().0.iter().zip(turned_moving.as_chunks_mut::<2>().0);
        for ((&[x, y], turned), &(cosine, sine)) in pairs.zip(turns) {
            *turned = [scale * (x * cosine - y * sine), scale * (x * sine + y * cosine)];
        }
        for (turned, &x) in turned_still.iter_mut().zip(still) {
            *turned = scale * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_of_neighbours_turn_by_position_times_frequency() {
        let rotary = Rotary::new(4, 100.0, 8, None);
        let mut turned = [0.0; 6];
        rotary.turn(&[1.0, 0.0, 0.0, 1.0, 5.0, 6.0], 3, 2.0, &mut turned);
        // The second pair turns at 100^(-2/4) = 0.1 for each position.
        let (first, second) = (3.0f32, 0.3f32);
        let expected = [2.0 * first.cos(), 2.0 * first.sin(), -2.0 * second.sin(), 2.0 * second.cos(), 10.0, 12.0];
        for (found, expected) in turned.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{turned:?}");
        }
    }

    #[test]
    fn factors_divide_the_frequencies() {
        let rotary = Rotary::new(2, 100.0, 9, Some(&[4.0]));
        let mut turned = [0.0; 2];
        rotary.turn(&[1.0, 0.0], 8, 1.0, &mut turned);
        assert!((turned[0] - 2.0f32.cos()).abs() < 1e-6 && (turned[1] - 2.0f32.sin()).abs() < 1e-6);
    }
}
