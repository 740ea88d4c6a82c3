//! The limits of a graph, each with its reason. What is past one of them is refused with an error that says so.
//!
//! Limits of a piece of work (time, memory) are given with each [`crate::Budget`].

/// How many nodes, documents, sentences and runs a graph can ever have had, of each kind. Ids are `u32`, since that is what
/// Roaring bitmaps hold, and are never used again. The last number is kept free, so that "one past the last id" fits.
pub const IDS_MAX: u64 = u32::MAX as u64;

/// How many labels there can be: their ids are `u16`.
pub const LABELS_MAX: u64 = 1 << 16;

/// How many relation types there can be: a step of a [`crate::Topology`] keeps one bit of the `u16` for itself.
pub const RELATION_TYPES_MAX: u64 = 1 << 15;

/// Longest name, label or identifier, in bytes: keys hold them, and a key should be far smaller than a block of the store.
pub const NAME_BYTES_MAX: usize = 4096;

/// Largest record, in bytes: RocksDB holds no larger value. A damaged length in a record must not ask for more memory.
pub const RECORD_BYTES_MAX: usize = u32::MAX as usize;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Graph, Node, Polarity, RelationType, StorageError};

    #[test]
    fn labels_and_relation_types_past_their_limit_are_refused() {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.change().unwrap();
        for number in 0..LABELS_MAX {
            change.label(&format!("l{number}")).unwrap();
        }
        let error = change.label("one more").unwrap_err();
        assert!(matches!(error, StorageError::IdSpaceFull { kind: "label", limit: LABELS_MAX }), "{error}");
        assert_eq!(u64::from(change.label("L65535").unwrap().get()), LABELS_MAX - 1, "a known one is still found");
        let relation_type =
            |number: u64| RelationType { name: format!("t{number}"), polarity: Polarity::Asserted, symmetric: false };
        for number in 0..RELATION_TYPES_MAX {
            change.relation_type(&relation_type(number)).unwrap();
        }
        let error = change.relation_type(&relation_type(RELATION_TYPES_MAX)).unwrap_err();
        assert!(matches!(error, StorageError::IdSpaceFull { limit: RELATION_TYPES_MAX, .. }), "{error}");
        change.commit().unwrap();
        assert_eq!(graph.catalog().label_count() as u64, LABELS_MAX);
    }

    #[test]
    fn the_longest_name_is_found_and_a_longer_one_is_refused() {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.change().unwrap();
        let named = |length: usize| Node { name: "x".repeat(length), ..Node::default() };
        let longest = change.add_node(named(NAME_BYTES_MAX)).unwrap();
        let error = change.add_node(named(NAME_BYTES_MAX + 1)).unwrap_err();
        assert!(matches!(error, StorageError::InvalidName { .. }) && error.to_string().contains("4,096"), "{error}");
        change.commit().unwrap();
        let found = crate::View::nodes_by_name(&graph.snapshot().unwrap(), &"X".repeat(NAME_BYTES_MAX)).unwrap();
        assert_eq!(found, [longest]);
    }
}
