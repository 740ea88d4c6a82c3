//! Identifier to node, for millions of identifiers: one arena of text and one table of numbers, without a box for each.

use std::hash::BuildHasher;

use crate::NodeId;

/// A slot that holds nothing. Slots hold the number of an entry plus one, so this is none of them.
const FREE: u64 = 0;

/// A map from identifiers to nodes that only grows: open addressing, at most half full, 16 to 32 bytes for each
/// identifier beside its text.
#[derive(Debug)]
pub(super) struct Identifiers<S = std::hash::BuildHasherDefault<std::hash::DefaultHasher>> {
    hasher: S,
    /// The upper half of the hash and the number of the entry plus one.
    slots: Vec<u64>,
    entries: Vec<Entry>,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Where its text ends; it begins where that of the entry before it ends.
    end: u64,
    node: NodeId,
}

impl<S: Default> Default for Identifiers<S> {
    fn default() -> Self {
        Self { hasher: S::default(), slots: vec![FREE; 16], entries: Vec::new(), text: Vec::new() }
    }
}

impl<S: BuildHasher> Identifiers<S> {
    /// The node of an identifier.
    pub(super) fn get(&self, identifier: &str) -> Option<NodeId> {
        let hash = self.hasher.hash_one(identifier);
        let slot = self.find(identifier.as_bytes(), hash);
        (self.slots[slot] != FREE).then(|| self.entries[number(self.slots[slot])].node)
    }

    /// Notes the node of an identifier, unless it has one already.
    pub(super) fn insert(&mut self, identifier: &str, node: NodeId) {
        if 2 * self.entries.len() >= self.slots.len() {
            self.grow();
        }
        let hash = self.hasher.hash_one(identifier);
        let slot = self.find(identifier.as_bytes(), hash);
        if self.slots[slot] == FREE {
            self.text.extend_from_slice(identifier.as_bytes());
            self.entries.push(Entry { end: self.text.len() as u64, node });
            self.slots[slot] = tagged(hash, self.entries.len());
        }
    }

    /// The slot of an identifier, or the free one where it would go.
    fn find(&self, identifier: &[u8], hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let held = self.slots[slot];
            if held == FREE || (held >> 32 == hash >> 32 && self.text_of(number(held)) == identifier) {
                return slot;
            }
            slot = (slot + 1) & mask;
        }
    }

    fn text_of(&self, entry: usize) -> &[u8] {
        let start = if entry == 0 { 0 } else { self.entries[entry - 1].end };
        &self.text[start as usize..self.entries[entry].end as usize]
    }

    fn grow(&mut self) {
        let mask = 2 * self.slots.len() - 1;
        let mut slots = vec![FREE; mask + 1];
        for entry in 0..self.entries.len() {
            let hash = self.hasher.hash_one(std::str::from_utf8(self.text_of(entry)).expect("it went in as text"));
            let mut slot = hash as usize & mask;
            while slots[slot] != FREE {
                slot = (slot + 1) & mask;
            }
            slots[slot] = tagged(hash, entry + 1);
        }
        self.slots = slots;
    }
}

fn tagged(hash: u64, entry_plus_one: usize) -> u64 {
    hash >> 32 << 32 | entry_plus_one as u64
}

/// The entry that a slot names.
fn number(slot: u64) -> usize {
    (slot & u64::from(u32::MAX)) as usize - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::{BuildHasherDefault, Hasher};

    /// Gives everything one of two hashes, so that every look-up meets strangers.
    #[derive(Default)]
    struct Colliding(u64);

    impl Hasher for Colliding {
        fn finish(&self) -> u64 {
            self.0 & 1
        }

        fn write(&mut self, bytes: &[u8]) {
            self.0 += bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
    }

    fn holds_what_it_was_given<S: BuildHasher + Default>(count: u32) {
        let mut identifiers = Identifiers::<S>::default();
        for number in 0..count {
            identifiers.insert(&format!("NCBIGene:{number}"), NodeId::new(number));
        }
        identifiers.insert("", NodeId::new(count));
        identifiers.insert("NCBIGene:0", NodeId::new(count));
        for number in 0..count {
            assert_eq!(identifiers.get(&format!("NCBIGene:{number}")), Some(NodeId::new(number)));
        }
        assert_eq!(identifiers.get(""), Some(NodeId::new(count)));
        for unknown in ["NCBIGene:", "NCBIGene:00", "ncbigene:0"] {
            assert_eq!(identifiers.get(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn identifiers_are_found_again_and_no_others() {
        holds_what_it_was_given::<BuildHasherDefault<std::hash::DefaultHasher>>(10_000);
    }

    #[test]
    fn equal_hashes_do_not_mix_up_identifiers() {
        holds_what_it_was_given::<BuildHasherDefault<Colliding>>(500);
    }
}
