//! Identifier to node, for millions of identifiers: one table that holds short ones itself, without a box for each.

use std::hash::{BuildHasher, DefaultHasher, Hasher};

use foldhash::fast::RandomState;

use crate::NodeId;

/// A map from identifiers to nodes that only grows: open addressing, 43 to 86 bytes for each identifier. Nearly all are
/// short and stand in their slot, so that a look-up waits for memory once; the text of a longer one stands elsewhere.
#[derive(Debug)]
pub(super) struct Identifiers<S = RandomState> {
    hasher: S,
    slots: Vec<Slot>,
    count: usize,
    long: Vec<u8>,
}

/// Half a line of the processor's cache, never across two of them.
#[derive(Clone, Copy, Debug)]
#[repr(align(32))]
struct Slot {
    /// `NONE` if the slot is free.
    node: u32,
    key: Key,
}

/// An identifier in a fixed number of bytes: its length and its text, or for a long one `LONG`, a hash of the text, and
/// where the text begins and ends.
type Key = [u8; KEY_BYTES];

const KEY_BYTES: usize = 28;

/// The first byte of the key of a long identifier; above every length of a short one.
const LONG: u8 = u8::MAX;

/// Where in the key of a long identifier the hash ends, and the two numbers after it.
const HASH_END: usize = 9;
const START_END: usize = 17;
const LENGTH_END: usize = 19;

/// No node has this id: the last one is never handed out.
const NONE: u32 = u32::MAX;

const FREE: Slot = Slot { node: NONE, key: [0; KEY_BYTES] };

/// Identifiers whose memory is asked for at once.
const EXPECTED_AT_ONCE: usize = 64;

/// The key of an identifier; that of a long one says nothing yet of where its text stands.
fn key(identifier: &[u8]) -> Key {
    let mut key = [0; KEY_BYTES];
    if identifier.len() < KEY_BYTES {
        key[0] = identifier.len() as u8;
        key[1..=identifier.len()].copy_from_slice(identifier);
    } else {
        let mut hasher = DefaultHasher::new();
        hasher.write(identifier);
        key[0] = LONG;
        key[1..HASH_END].copy_from_slice(&hasher.finish().to_le_bytes());
    }
    key
}

/// A number in little-endian bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes.iter().rev().fold(0, |number, &byte| number << 8 | u64::from(byte))
}

/// What of a key is hashed: all of a short identifier, and the hash of a long one.
fn hashed(key: &Key) -> &[u8] {
    if key[0] == LONG { &key[..HASH_END] } else { key }
}

impl<S: Default> Default for Identifiers<S> {
    fn default() -> Self {
        Self { hasher: S::default(), slots: vec![FREE; 16], count: 0, long: Vec::new() }
    }
}

impl<S: BuildHasher> Identifiers<S> {
    /// The node of an identifier.
    pub(super) fn get(&self, identifier: &str) -> Option<NodeId> {
        let slot = self.slots[self.find(identifier.as_bytes(), &key(identifier.as_bytes()))];
        (slot.node != NONE).then(|| NodeId::new(slot.node))
    }

    /// Brings the slots of these identifiers into the cache: all of them at the same time, where each look-up would wait
    /// for the one before. Nothing here depends on what is read, so that the processor can go on without it.
    pub(super) fn expect(&self, identifiers: &[&str]) {
        let mut places = [0; EXPECTED_AT_ONCE];
        for identifiers in identifiers.chunks(EXPECTED_AT_ONCE) {
            for (place, identifier) in places.iter_mut().zip(identifiers) {
                *place = self.place(&key(identifier.as_bytes()));
            }
            std::hint::black_box(places.map(|place| self.slots[place].node));
        }
    }

    /// Notes the node of an identifier, unless it has one already.
    pub(super) fn insert(&mut self, identifier: &str, node: NodeId) {
        if 4 * self.count >= 3 * self.slots.len() {
            self.grow();
        }
        let mut key = key(identifier.as_bytes());
        let place = self.find(identifier.as_bytes(), &key);
        if self.slots[place].node == NONE {
            if key[0] == LONG {
                let length = u16::try_from(identifier.len()).expect("identifiers are limited to 4,096 bytes");
                key[HASH_END..START_END].copy_from_slice(&(self.long.len() as u64).to_le_bytes());
                key[START_END..LENGTH_END].copy_from_slice(&length.to_le_bytes());
                self.long.extend_from_slice(identifier.as_bytes());
            }
            self.slots[place] = Slot { node: node.get(), key };
            self.count += 1;
        }
    }

    /// The slot where an identifier may be first.
    fn place(&self, key: &Key) -> usize {
        self.hasher.hash_one(hashed(key)) as usize & (self.slots.len() - 1)
    }

    /// The slot of an identifier, or the free one where it would go.
    fn find(&self, identifier: &[u8], key: &Key) -> usize {
        let mut place = self.place(key);
        loop {
            let slot = &self.slots[place];
            let equal = match key[0] {
                LONG => slot.key[..HASH_END] == key[..HASH_END] && self.long_text(&slot.key) == identifier,
                _ => slot.key == *key,
            };
            if slot.node == NONE || equal {
                return place;
            }
            place = (place + 1) & (self.slots.len() - 1);
        }
    }

    fn long_text(&self, key: &Key) -> &[u8] {
        let start = number(&key[HASH_END..START_END]) as usize;
        &self.long[start..start + number(&key[START_END..LENGTH_END]) as usize]
    }

    fn grow(&mut self) {
        let slots = vec![FREE; 2 * self.slots.len()];
        for slot in std::mem::replace(&mut self.slots, slots).into_iter().filter(|slot| slot.node != NONE) {
            let mut place = self.place(&slot.key);
            while self.slots[place].node != NONE {
                place = (place + 1) & (self.slots.len() - 1);
            }
            self.slots[place] = slot;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::hash::BuildHasherDefault;

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
        // As long as a slot holds, a letter longer, and much longer.
        let long = [27, 28, 4096].map(|length| "x".repeat(length));
        for (number, long) in (count..).zip(&long) {
            identifiers.insert(long, NodeId::new(number));
        }
        identifiers.insert("", NodeId::new(count));
        identifiers.insert("NCBIGene:0", NodeId::new(count));
        for number in 0..count {
            assert_eq!(identifiers.get(&format!("NCBIGene:{number}")), Some(NodeId::new(number)));
        }
        for (number, long) in (count..).zip(&long) {
            assert_eq!(identifiers.get(long), Some(NodeId::new(number)));
        }
        assert_eq!(identifiers.get(""), Some(NodeId::new(count)));
        identifiers.expect(&["NCBIGene:0", "", "unknown", &long[1]].repeat(50));
        for unknown in ["NCBIGene:", "NCBIGene:00", "ncbigene:0", &long[1].replace('x', "y"), &long[1][1..26]] {
            assert_eq!(identifiers.get(unknown), None, "{unknown}");
        }
    }

    #[test]
    fn identifiers_are_found_again_and_no_others() {
        holds_what_it_was_given::<RandomState>(10_000);
    }

    #[test]
    fn equal_hashes_do_not_mix_up_identifiers() {
        holds_what_it_was_given::<BuildHasherDefault<Colliding>>(500);
    }
}
