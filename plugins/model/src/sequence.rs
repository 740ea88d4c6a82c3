//! Tokens that a model reads, and what is the same among them.

use std::collections::HashMap;

/// The tokens of one input, without those that all inputs share.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Sequence {
    /// The numbers of the tokens.
    pub tokens: Vec<u32>,
    /// Where a second text begins, which an encoder tells from the first; the length if there is none.
    pub second: usize,
}

impl Sequence {
    /// A single text.
    pub fn single(tokens: Vec<u32>) -> Self {
        Self { second: tokens.len(), tokens }
    }
}

/// The sequences without those that were there before, and the place of each among them: what is the same is computed
/// once.
pub fn distinct<'s>(sequences: impl Iterator<Item = &'s Sequence>) -> (Vec<Sequence>, Vec<usize>) {
    let (mut kept, mut known) = (Vec::new(), HashMap::new());
    let places = sequences
        .map(|sequence| {
            *known.entry(sequence).or_insert_with(|| {
                kept.push(sequence.clone());
                kept.len() - 1
            })
        })
        .collect();
    (kept, places)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_the_same_is_kept_once_and_found_by_its_place() {
        let [one, two] = [vec![1, 2], vec![2, 1]].map(Sequence::single);
        let pair = Sequence { second: 1, ..one.clone() };
        let (kept, places) = distinct([&one, &two, &one, &pair, &two].into_iter());
        assert_eq!((kept, places), (vec![one, two, pair], vec![0, 1, 0, 2, 1]));
        assert_eq!(distinct(std::iter::empty()), (vec![], vec![]));
    }
}
