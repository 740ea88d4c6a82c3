//! Groups of nodes, as numbers.

/// Numbers groups 0, 1, 2... in the order of their first nodes.
pub(super) fn renumbered(groups: &[u32]) -> Vec<u32> {
    let mut numbers = std::collections::HashMap::new();
    groups
        .iter()
        .map(|group| {
            let next = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
            *numbers.entry(*group).or_insert(next)
        })
        .collect()
}
