//! Sorted lists of numbers.

/// The members that two sorted lists share: the shorter is walked, the longer asked.
pub(super) fn common<'a>(first: &'a [u32], second: &'a [u32]) -> impl Iterator<Item = u32> + 'a {
    let (shorter, longer) = if first.len() <= second.len() { (first, second) } else { (second, first) };
    shorter.iter().copied().filter(|member| longer.binary_search(member).is_ok())
}
