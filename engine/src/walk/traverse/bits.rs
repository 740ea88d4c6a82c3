//! Plain sets of bits: one for each node, or one for each start of a block.

/// A set of small numbers, one bit each.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct BitSet(Vec<u64>);

impl BitSet {
    /// An empty set of numbers below `limit`.
    pub(super) fn new(limit: usize) -> Self {
        Self(vec![0; limit.div_ceil(64)])
    }

    /// The set of these numbers, all below `limit`.
    pub(super) fn from_numbers(numbers: impl IntoIterator<Item = u32>, limit: usize) -> Self {
        let mut set = Self::new(limit);
        for number in numbers {
            set.insert(number);
        }
        set
    }

    /// The numbers below the limit that it does not hold, in order.
    pub(super) fn missing(&self, limit: usize) -> impl Iterator<Item = u32> + '_ {
        (0_u32..).step_by(64).zip(&self.0).flat_map(move |(first, word)| {
            let mut rest = !word;
            std::iter::from_fn(move || {
                let number = first + rest.trailing_zeros();
                let is_missing = rest != 0 && (number as usize) < limit;
                rest &= rest.wrapping_sub(1);
                is_missing.then_some(number)
            })
        })
    }

    /// Whether it holds this number; one beyond the limit is not held.
    pub(super) fn contains(&self, number: u32) -> bool {
        self.0.get(number as usize / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// Adds a number below the limit; false if it was there.
    pub(super) fn insert(&mut self, number: u32) -> bool {
        let (word, bit) = (&mut self.0[number as usize / 64], 1 << (number % 64));
        let fresh = *word & bit == 0;
        *word |= bit;
        fresh
    }

    /// Takes a number below the limit away.
    pub(super) fn remove(&mut self, number: u32) {
        self.0[number as usize / 64] &= !(1 << (number % 64));
    }
}

/// The positions of the bits of a row.
pub(super) fn bits(row: &[u64]) -> impl Iterator<Item = usize> + '_ {
    row.iter().enumerate().flat_map(|(index, &word)| {
        let mut rest = word;
        std::iter::from_fn(move || {
            (rest != 0).then(|| {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                index * 64 + bit
            })
        })
    })
}

/// How many bits of a row are set.
pub(super) fn count_ones(row: &[u64]) -> u64 {
    row.iter().map(|word| u64::from(word.count_ones())).sum()
}

/// Whether no bit of a row is set.
pub(super) fn is_empty(row: &[u64]) -> bool {
    row.iter().all(|&word| word == 0)
}

/// Takes the bits of `other` away from a row.
pub(super) fn subtract(row: &mut [u64], other: &[u64]) {
    row.iter_mut().zip(other).for_each(|(word, other)| *word &= !other);
}
