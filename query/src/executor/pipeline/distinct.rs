//! The first of each group of rows that agree in some slots.

use std::collections::{HashMap, HashSet};

use super::interner::Interner;
use super::{Feed, Stage};
use crate::executor::column::{Chunk, Column, Run};
use crate::executor::compute::Held;
use crate::fault::Result;
use crate::planner::plan::Slot;
use crate::value::Cell;

/// Remembers every row that it gave, as the numbers of its values.
pub(super) struct Distinct {
    input: Feed,
    slots: Vec<Slot>,
    many: bool,
    interners: Vec<Interner>,
    seen: HashSet<u64, foldhash::fast::FixedState>,
    /// The numbers of pairs: of the first two slots, of such a pair and the third, and so on.
    pairs: Vec<HashMap<u64, u32, foldhash::fast::FixedState>>,
    held: Held,
    held_bytes: u64,
}

impl Distinct {
    /// `many`: whether there are so many rows that a look at all nodes is worth it.
    pub(super) fn new(input: Feed, slots: Vec<Slot>, many: bool) -> Self {
        Self {
            interners: slots.iter().map(|_| Interner::default()).collect(),
            seen: HashSet::default(),
            pairs: vec![HashMap::default(); slots.len().saturating_sub(2)],
            input,
            slots,
            many,
            held: Held::nothing(),
            held_bytes: 0,
        }
    }

    /// The rows of a chunk that are new.
    fn new_rows(&mut self, chunk: &Chunk) -> Vec<u32> {
        let null = Column::Constant(Cell::Null);
        let mut numbers = vec![Vec::new(); self.slots.len()];
        for ((&slot, interner), numbers) in self.slots.iter().zip(&mut self.interners).zip(&mut numbers) {
            interner.codes(chunk.get(slot).unwrap_or(&null), chunk.rows, self.many, numbers);
        }
        let mut new = Vec::new();
        for row in 0..chunk.rows {
            let mut number = numbers.first().map_or(0, |numbers| u64::from(numbers[row]));
            for (place, numbers) in numbers.iter().enumerate().skip(1) {
                let pair = number << 32 | u64::from(numbers[row]);
                number = match self.pairs.get_mut(place - 1) {
                    Some(pairs) => {
                        let next = pairs.len() as u32;
                        u64::from(*pairs.entry(pair).or_insert(next))
                    }
                    None => pair,
                };
            }
            if self.seen.insert(number) {
                new.push(row as u32);
            }
        }
        new
    }
}

impl Stage for Distinct {
    fn next(&mut self, run: &Run<'_, '_>) -> Result<Option<Chunk>> {
        while let Some(chunk) = self.input.next(run)? {
            let new = self.new_rows(&chunk);
            let values: u64 = self.interners.iter().map(Interner::bytes).sum();
            let bytes = (self.seen.len() * 16 * self.slots.len().max(1)) as u64 + values;
            self.held.grow(run.budget, bytes.saturating_sub(self.held_bytes))?;
            self.held_bytes = bytes;
            if new.len() == chunk.rows {
                return Ok(Some(chunk));
            }
            if !new.is_empty() {
                return Ok(Some(chunk.gather(&new)));
            }
        }
        Ok(None)
    }
}
