//! What a card can do at best: the rate against which that of a model is measured.

use std::time::Instant;

use super::card::{Card, Failure};
use super::launch::Memory;
use super::product::{Finish, Kind, Operands, Products, Shape};
use hopgraph_model::ModelError;

/// A product as the feed-forward part of a model of 7 billion parameters has it, for a batch of the usual size.
const SHAPE: Shape = Shape {
    rows: 8192,
    inputs: 4096,
    outputs: 11_008,
    from: Kind::Bfloat16,
    to: Kind::Bfloat16,
    added: false,
    finish: Finish::Plain,
};
/// How many products are timed together, and how often.
const PRODUCTS: usize = 20;
const ROUNDS: usize = 5;

/// Operations a second in dense products of bfloat16 matrices on a card: 8192 x 4096 by 4096 x 11008, random numbers, the
/// median of several rounds. Each multiplication and each addition counts.
///
/// # Errors
/// [`ModelError::NoDevice`] if there is no such card, and what else the card may say.
pub fn product_rate(card: usize) -> Result<f64, ModelError> {
    let card = Card::open(card)?;
    measure(&card).map_err(|failure| card.explain(failure))
}

fn measure(card: &Card) -> Result<f64, Failure> {
    let stream = card.stream();
    let x = Memory::copy_of(stream, &numbers(SHAPE.rows * SHAPE.inputs, 1))?;
    let weights = Memory::copy_of(stream, &numbers(SHAPE.outputs * SHAPE.inputs, 2))?;
    let mut y = Memory::zeros(stream, SHAPE.rows * SHAPE.outputs * 2)?;
    let mut products = Products::new(stream)?;
    products.measure(SHAPE, &mut Operands { x: x.all(), weights: weights.all(), bias: None, y: y.all_mut() })?;
    let mut seconds = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        stream.synchronize().map_err(Failure::from)?;
        let start = Instant::now();
        for _ in 0..PRODUCTS {
            products.run(SHAPE, &mut Operands { x: x.all(), weights: weights.all(), bias: None, y: y.all_mut() })?;
        }
        stream.synchronize().map_err(Failure::from)?;
        seconds.push(start.elapsed().as_secs_f64() / PRODUCTS as f64);
    }
    seconds.sort_by(f64::total_cmp);
    let operations = 2.0 * (SHAPE.rows * SHAPE.inputs) as f64 * SHAPE.outputs as f64;
    Ok(operations / seconds[ROUNDS / 2])
}

/// Random numbers in bfloat16, of either sign and less than 1: a card spends less power on zeros, and is faster for it.
fn numbers(count: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let mut number = || {
        // Xorshift (Marsaglia, 2003).
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        half::bf16::from_f32((state >> 40) as f32 / (1u64 << 23) as f32 - 1.0).to_le_bytes()
    };
    (0..count).flat_map(|_| number()).collect()
}
