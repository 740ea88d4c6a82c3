//! Cuts work into batches of about equal cost.

use std::ops::Range;

/// Cuts sequences of these lengths into batches of at most `budget` tokens; a sequence that is longer alone than the
/// budget has a batch to itself. Each batch lists positions in `lengths`.
///
/// The longest come first: a batch then holds sequences of like length, and the short ones at the end even out the work
/// of the threads that take the batches.
pub(crate) fn batches(lengths: &[usize], budget: usize) -> Vec<Vec<usize>> {
    let mut order: Vec<usize> = (0..lengths.len()).collect();
    order.sort_by_key(|&position| std::cmp::Reverse(lengths[position]));
    cuts(&order, lengths, budget).into_iter().map(|range| order[range].to_vec()).collect()
}

fn cuts(order: &[usize], lengths: &[usize], budget: usize) -> Vec<Range<usize>> {
    let (mut ranges, mut start, mut tokens) = (Vec::new(), 0, 0);
    for (end, &position) in order.iter().enumerate() {
        if end > start && tokens + lengths[position] > budget {
            ranges.push(start..end);
            (start, tokens) = (end, 0);
        }
        tokens += lengths[position];
    }
    if start < order.len() {
        ranges.push(start..order.len());
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_sequence_is_in_one_batch_within_the_budget() {
        let check = |lengths: &[usize], budget, expected: &[&[usize]]| {
            assert_eq!(batches(lengths, budget), expected, "{lengths:?}");
        };
        check(&[], 10, &[]);
        check(&[3], 10, &[&[0]]);
        check(&[3, 9, 4, 2], 10, &[&[1], &[2, 0, 3]]);
        check(&[50, 5, 5], 10, &[&[0], &[1, 2]]);
        check(&[5, 5, 5], 10, &[&[0, 1], &[2]]);
    }
}
