//! Rotary positions: each pair of numbers of a head turns by an angle that grows with the position.
//!
//! Su et al., "RoFormer" (arXiv 2104.09864). GGUF keeps the rows of Llama's query and key weights permuted so that the
//! pairs are neighbours (2i, 2i+1), as in the paper; Hugging Face's weights and Gemma's have them half a head apart.

use hopgraph_model::architecture::{Decoder, RotaryOrder};

/// Cosines and sines for every position that a model reads.
pub(crate) struct Rotary {
    /// For each position one (cosine, sine) for each pair.
    turns: Vec<(f32, f32)>,
    pairs: usize,
    order: RotaryOrder,
}

impl Rotary {
    /// The turns that a model makes.
    pub(crate) fn new(model: &Decoder) -> Self {
        let factors = model.rotary_factors.as_deref().unwrap_or(&[]);
        Self::of(model.rotary_width, f64::from(model.rotary_base), model.context, factors, model.rotary_order)
    }

    /// `width` numbers of each head turn; `factors`, as far as there are any, divide the frequency of each pair.
    #[expect(clippy::cast_possible_truncation, reason = "the table is f32, as in every other implementation")]
    fn of(width: usize, base: f64, positions: usize, factors: &[f32], order: RotaryOrder) -> Self {
        let frequency = |pair: usize| {
            let factor = factors.get(pair).map_or(1.0, |&factor| f64::from(factor));
            base.powf(-2.0 * pair as f64 / width as f64) / factor
        };
        let pairs = width / 2;
        let frequencies: Vec<f64> = (0..pairs).map(frequency).collect();
        let turns = (0..positions).flat_map(|position| {
            let angle = move |&frequency: &f64| position as f64 * frequency;
            frequencies.iter().map(angle).map(|angle| (angle.cos() as f32, angle.sin() as f32))
        });
        Self { turns: turns.collect(), pairs, order }
    }

    /// Turns one head at a position and multiplies it by `scale`.
    #[inline(always)]
    pub(crate) fn turn(&self, head: &[f32], position: usize, scale: f32, turned: &mut [f32]) {
        self.turn_by(head, position, scale, 1.0, turned);
    }

    /// Turns one head back: what the gradient of a turned head is for the head.
    pub(crate) fn turn_back(&self, head: &[f32], position: usize, turned: &mut [f32]) {
        self.turn_by(head, position, 1.0, -1.0, turned);
    }

    #[inline(always)]
    fn turn_by(&self, head: &[f32], position: usize, scale: f32, sign: f32, turned: &mut [f32]) {
        let turns = &self.turns[position * self.pairs..][..self.pairs];
        let (moving, still) = head.split_at(2 * self.pairs);
        let (turned_moving, turned_still) = turned.split_at_mut(2 * self.pairs);
        match self.order {
            RotaryOrder::Neighbours => {
                let pairs = moving.as_chunks::<2>().0.iter().zip(turned_moving.as_chunks_mut::<2>().0);
                for ((&[x, y], turned), &(cosine, sine)) in pairs.zip(turns) {
                    let sine = sign * sine;
                    *turned = [scale * (x * cosine - y * sine), scale * (x * sine + y * cosine)];
                }
            }
            RotaryOrder::Halves => {
                let (xs, ys) = moving.split_at(self.pairs);
                let (turned_xs, turned_ys) = turned_moving.split_at_mut(self.pairs);
                let pairs = xs.iter().zip(ys).zip(turned_xs.iter_mut().zip(turned_ys));
                for (((&x, &y), (turned_x, turned_y)), &(cosine, sine)) in pairs.zip(turns) {
                    let sine = sign * sine;
                    *turned_x = scale * (x * cosine - y * sine);
                    *turned_y = scale * (x * sine + y * cosine);
                }
            }
        }
        for (turned, &x) in turned_still.iter_mut().zip(still) {
            *turned = scale * x;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turned(order: RotaryOrder, head: &[f32], position: usize, scale: f32) -> Vec<f32> {
        // The second pair turns at 100^(-2/4) = 0.1 for each position.
        let rotary = Rotary { order, ..table(4, 100.0, None) };
        let mut turned = vec![0.0; head.len()];
        rotary.turn(head, position, scale, &mut turned);
        turned
    }

    fn table(width: usize, base: f64, factors: Option<&[f32]>) -> Rotary {
        Rotary::of(width, base, 9, factors.unwrap_or(&[]), RotaryOrder::Neighbours)
    }

    fn assert_near(found: &[f32], expected: &[f32]) {
        assert_eq!(found.len(), expected.len());
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-6), "{found:?} {expected:?}");
    }

    #[test]
    fn pairs_turn_by_position_times_frequency() {
        let (first, second) = (3.0f32, 0.3f32);
        let found = turned(RotaryOrder::Neighbours, &[1.0, 0.0, 0.0, 1.0, 5.0, 6.0], 3, 2.0);
        assert_near(
            &found,
            &[2.0 * first.cos(), 2.0 * first.sin(), -2.0 * second.sin(), 2.0 * second.cos(), 10.0, 12.0],
        );
        let found = turned(RotaryOrder::Halves, &[1.0, 0.0, 0.0, 1.0, 5.0, 6.0], 3, 2.0);
        assert_near(
            &found,
            &[2.0 * first.cos(), -2.0 * second.sin(), 2.0 * first.sin(), 2.0 * second.cos(), 10.0, 12.0],
        );
    }

    #[test]
    fn factors_divide_the_frequencies() {
        let mut turned = [0.0; 2];
        table(2, 100.0, Some(&[4.0])).turn(&[1.0, 0.0], 8, 1.0, &mut turned);
        assert_near(&turned, &[2.0f32.cos(), 2.0f32.sin()]);
    }
}
