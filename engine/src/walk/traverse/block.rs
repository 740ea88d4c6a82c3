//! The pairs of one block of starts as rows of bits, and their algebra.

use std::ops::Range;

use super::bits::{self, bits};
use crate::{Budget, Charge, Interruption};

/// A row: which starts of the block are paired with a goal at a number of hops.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    /// Position of the goal.
    goal: usize,
    hops: u32,
    /// Where its words begin.
    begin: usize,
}

/// The rows found for one block of starts, in order of goal, then hops. A goal may have several rows with the same
/// number of hops, but no pair stands in two rows.
#[derive(Debug)]
pub(super) struct Block {
    width: usize,
    places: Vec<Place>,
    words: Vec<u64>,
    held: Charge,
}

impl Block {
    pub(super) fn new(width: usize, budget: &Budget) -> Self {
        Self { width, places: Vec::new(), words: Vec::new(), held: Charge::new(budget) }
    }

    /// Takes a row, in any order; call [`Block::sort`] after the last.
    pub(super) fn push(&mut self, hops: u32, goal: usize, row: &[u64]) -> Result<(), Interruption> {
        self.held.push(&mut self.places, Place { goal, hops, begin: self.words.len() })?;
        self.held.make_room(&mut self.words, row.len())?;
        self.words.extend_from_slice(row);
        Ok(())
    }

    pub(super) fn sort(&mut self) {
        self.places.sort_unstable();
    }

    /// How many rows there are.
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    /// A row: number of hops, position of the goal, starts as bits.
    pub(super) fn row(&self, index: usize) -> (u32, usize, &[u64]) {
        let Place { goal, hops, begin } = self.places[index];
        (hops, goal, &self.words[begin..begin + self.width])
    }

    /// All rows in order.
    pub(super) fn rows(&self) -> impl Iterator<Item = (u32, usize, &[u64])> {
        (0..self.len()).map(|index| self.row(index))
    }

    /// The rows of the goal that the row at `first` belongs to.
    pub(super) fn rows_of_goal(&self, first: usize) -> Range<usize> {
        let goal = self.places[first].goal;
        first..first + self.places[first..].partition_point(|place| place.goal == goal)
    }

    /// Keeps the pairs that the other block has too (`wanted`), or has not, whatever their hops there.
    pub(super) fn retain(&mut self, other: &Self, wanted: bool) {
        let mut theirs = 0;
        let mut mask = vec![0_u64; self.width];
        let mut mask_goal = None;
        for place in &self.places {
            if mask_goal != Some(place.goal) {
                mask_goal = Some(place.goal);
                mask.fill(0);
                theirs += other.places[theirs..].partition_point(|other| other.goal < place.goal);
                let rows = other.places[theirs..].iter().take_while(|other| other.goal == place.goal);
                rows.for_each(|row| unite(&mut mask, &other.words[row.begin..row.begin + other.width]));
            }
            let row = &mut self.words[place.begin..place.begin + self.width];
            row.iter_mut().zip(&mask).for_each(|(word, mask)| *word &= if wanted { *mask } else { !mask });
        }
        self.forget_empty_rows();
    }

    /// Adds the pairs of the other block; a pair of both has the fewer hops.
    pub(super) fn merge(&mut self, other: &Self) -> Result<(), Interruption> {
        self.held.make_room(&mut self.words, other.words.len())?;
        self.held.make_room(&mut self.places, other.places.len())?;
        let shift = self.words.len();
        self.words.extend_from_slice(&other.words);
        self.places.extend(other.places.iter().map(|place| Place { begin: place.begin + shift, ..*place }));
        self.sort();
        let mut known = vec![0_u64; self.width];
        let mut known_goal = None;
        for place in &self.places {
            if known_goal != Some(place.goal) {
                known_goal = Some(place.goal);
                known.fill(0);
            }
            let row = &mut self.words[place.begin..place.begin + self.width];
            bits::subtract(row, &known);
            unite(&mut known, row);
        }
        self.forget_empty_rows();
        Ok(())
    }

    fn forget_empty_rows(&mut self) {
        let Self { width, places, words, .. } = self;
        places.retain(|place| !bits::is_empty(&words[place.begin..place.begin + *width]));
    }

    /// The pairs of some rows: number of hops, position of the goal, start as a bit.
    pub(super) fn pairs(&self, rows: Range<usize>) -> impl Iterator<Item = (u32, usize, usize)> {
        rows.flat_map(|index| {
            let (hops, goal, row) = self.row(index);
            bits(row).map(move |bit| (hops, goal, bit))
        })
    }
}

fn unite(row: &mut [u64], other: &[u64]) {
    row.iter_mut().zip(other).for_each(|(word, other)| *word |= other);
}
