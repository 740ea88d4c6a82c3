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

/// Largest record that is written, in bytes: a node with its properties, a sentence. It is held in memory several times on
/// its way; larger data belong in a file, and its name in a property.
pub const RECORD_BYTES_MAX: usize = 64 << 20;

/// Largest record that is read, in bytes: RocksDB holds no larger value. A damaged length in a record must not ask for more
/// memory.
pub const READ_BYTES_MAX: usize = u32::MAX as usize;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::record::decode;
    use crate::{BulkNode, Graph, Node, Polarity, Properties, PropertyValue, RelationType, Run, RunKind, StorageError};

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
        assert_eq!(graph.core().shared.catalog().label_count() as u64, LABELS_MAX);
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

    #[test]
    fn a_record_that_is_too_large_is_refused_and_the_graph_goes_on() {
        let graph = Graph::temporary().unwrap();
        let mut change = graph.change().unwrap();
        let text = "x".repeat(RECORD_BYTES_MAX + 1);
        let properties = Properties::from([("text".to_owned(), PropertyValue::Text(text))]);
        change.add_node(Node { properties: properties.clone(), ..Node::default() }).unwrap();
        let error = change.commit().unwrap_err();
        assert!(matches!(error, StorageError::RecordTooLarge { limit: RECORD_BYTES_MAX, .. }), "{error}");
        let kind = RunKind::Load { source: "x".to_owned() };
        let run = Run { kind, started: String::new(), program: String::new() };
        let mut load = graph.bulk_load(&run).unwrap();
        let error = match load.add_node(&BulkNode { identifier: "X:1", properties, ..BulkNode::default() }) {
            Ok(_) => load.finish().unwrap_err(),
            Err(error) => error,
        };
        assert!(matches!(error, StorageError::RecordTooLarge { limit: RECORD_BYTES_MAX, .. }), "{error}");
        let mut change = graph.change().unwrap();
        change.add_node(Node::default()).unwrap();
        change.commit().unwrap();
        assert_eq!(crate::View::nodes(&graph.snapshot().unwrap()).unwrap().len(), 1, "nothing is left of the others");
    }

    #[test]
    fn a_record_that_claims_more_than_can_be_read_is_refused() {
        // No labels, and a name of one byte more.
        let claimed = (READ_BYTES_MAX as u64 + 1).to_le_bytes();
        let error = decode::<Node>(&[&[0, 253][..], &claimed].concat()).unwrap_err();
        assert!(error.contains("LimitExceeded"), "{error}");
    }
}
