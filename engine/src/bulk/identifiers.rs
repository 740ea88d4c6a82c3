//! Identifier to node, for millions of identifiers: one arena of text and one table of numbers, without a box for each.

use std::hash::BuildHasher;

use crate::NodeId;

/// A map from identifiers to nodes that only grows: open addressing, 24 to 48 bytes for each identifier beside its text.
/// What a look-up needs stands in one slot, so that it waits for memory twice: for the slot and for the text.
#[derive(Debug)]
pub(super) struct Identifiers<S = std::hash::BuildHasherDefault<std::hash::DefaultHasher>> {
    hasher: S,
    slots: Vec<Slot>,
    count: usize,
    text: Vec<u8>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The upper half of the hash.
    tag: u32,
    /// `NONE` if the slot is free.
    node: u32,
    /// Where the text begins, above the sixteen bits of its length.
    place: u64,
}

/// No node has this id: the last one is never handed out.
const NONE: u32 = u32::MAX;

const FREE: Slot = Slot { tag: 0, node: NONE, place: 0 };

/// Identifiers whose memory is asked for at once.
const EXPECTED_AT_ONCE: usize = 64;

impl Slot {
    fn text(self, text: &[u8]) -> &[u8] {
        let start = (self.place >> 16) as usize;
        &text[start..start + (self.place & 0xFFFF) as usize]
    }
}

impl<S: Default> Default for Identifiers<S> {
    fn default() -> Self {
        Self { hasher: S::default(), slots: vec![FREE; 16], count: 0, text: Vec::new() }
    }
}

impl<S: BuildHasher> Identifiers<S> {
    /// The node of an identifier.
    pub(super) fn get(&self, identifier: &str) -> Option<NodeId> {
        let hash = self.hasher.hash_one(identifier);
        let slot = self.slots[self.find(identifier.as_bytes(), hash)];
        (slot.node != NONE).then(|| NodeId::new(slot.node))
    }

    /// Brings what the look-ups of these identifiers will read into the cache: for all of them at the same time, where
    /// each would wait for the one before. No step decides anything by what the same step reads, so that the processor
    /// can go on to the next identifier without it.
    pub(super) fn expect(&self, identifiers: &[&str]) {
        let mask = self.slots.len() - 1;
        let mut hashes = [0; EXPECTED_AT_ONCE];
        for identifiers in identifiers.chunks(EXPECTED_AT_ONCE) {
            for (hash, identifier) in hashes.iter_mut().zip(identifiers) {
                *hash = self.hasher.hash_one(identifier);
            }
            std::hint::black_box(hashes.map(|hash| self.slots[hash as usize & mask].tag));
            let starts = hashes.map(|hash| self.likely(hash).place >> 16);
            std::hint::black_box(starts.map(|start| self.text.get(start as usize).copied()));
        }
    }

    /// The first slot that an identifier with this hash may be in, without a look at its text.
    fn likely(&self, hash: u64) -> Slot {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        while self.slots[place].node != NONE && self.slots[place].tag != tag(hash) {
            place = (place + 1) & mask;
        }
        self.slots[place]
    }

    /// Notes the node of an identifier, unless it has one already.
    pub(super) fn insert(&mut self, identifier: &str, node: NodeId) {
        if 3 * self.count >= 2 * self.slots.len() {
            self.grow();
        }
        let hash = self.hasher.hash_one(identifier);
        let slot = self.find(identifier.as_bytes(), hash);
        if self.slots[slot].node == NONE {
            let length = u16::try_from(identifier.len()).expect("identifiers are limited to 4,096 bytes");
            let place = (self.text.len() as u64) << 16 | u64::from(length);
            self.text.extend_from_slice(identifier.as_bytes());
            self.slots[slot] = Slot { tag: tag(hash), node: node.get(), place };
            self.count += 1;
        }
    }

    /// The slot of an identifier, or the free one where it would go.
    fn find(&self, identifier: &[u8], hash: u64) -> usize {
        let mask = self.slots.len() - 1;
        let mut place = hash as usize & mask;
        loop {
            let slot = self.slots[place];
            if slot.node == NONE || (slot.tag == tag(hash) && slot.text(&self.text) == identifier) {
                return place;
            }
            place = (place + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let mask = 2 * self.slots.len() - 1;
        let mut slots = vec![FREE; mask + 1];
        for &slot in self.slots.iter().filter(|slot| slot.node != NONE) {
            let text = std::str::from_utf8(slot.text(&self.text)).expect("it went in as text");
            let mut place = self.hasher.hash_one(text) as usize & mask;
            while slots[place].node != NONE {
                place = (place + 1) & mask;
            }
            slots[place] = slot;
        }
        self.slots = slots;
    }
}

fn tag(hash: u64) -> u32 {
    (hash >> 32) as u32
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
        identifiers.expect(&["NCBIGene:0", "", "unknown"].repeat(50));
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
