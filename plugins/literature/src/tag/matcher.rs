//! All names of a lexicon looked for at once: a trie over tokens.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use super::token::Token;
use crate::limits::LEXICON_NAME_TOKENS_MAX;

/// A hasher for keys that are hashes already, or numbers that a multiplication spreads well enough.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct NumberHasher(u64);

impl Hasher for NumberHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, _: &[u8]) {
        unreachable!("only numbers are hashed")
    }

    fn write_u64(&mut self, number: u64) {
        let spread = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = spread ^ (spread >> 29);
    }
}

pub(crate) type NumberMap<V> = HashMap<u64, V, BuildHasherDefault<NumberHasher>>;

/// Number of a sequence of tokens that is a name.
pub(crate) type Key = u32;

const ROOT: u32 = 0;

/// The trie. A key is the number of its node.
#[derive(Debug, Default)]
pub(crate) struct Matcher {
    /// Words that stand in names, numbered; most words of a text do not, and cost one look here.
    words: NumberMap<u32>,
    /// From a node by a word to the next.
    edges: NumberMap<u32>,
    /// Node of each word as the first of a name, or the root.
    firsts: Vec<u32>,
    /// Whether a name ends at a node.
    is_name: Vec<bool>,
    /// For each value of some bits of a hash, whether a first word of a name has it. Small enough to stay in the cache, it
    /// spares most words of a text the look into the table.
    first_bits: Vec<u64>,
}

/// A name in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Match {
    /// First token.
    pub(crate) first: u32,
    /// One past the last token.
    pub(crate) end: u32,
    pub(crate) key: Key,
}

impl Matcher {
    /// Makes room for about this many names, so that the tables need not grow step by step.
    pub(crate) fn reserve(&mut self, names: usize) {
        self.words.reserve(names / 3);
        self.edges.reserve(2 * names);
        self.is_name.reserve(2 * names);
    }

    /// Adds a name; gives its key, or nothing if it has no tokens or too many.
    pub(crate) fn add(&mut self, tokens: &[Token]) -> Option<Key> {
        if tokens.is_empty() || tokens.len() > LEXICON_NAME_TOKENS_MAX {
            return None;
        }
        if self.is_name.is_empty() {
            self.is_name.push(false);
        }
        let mut node = ROOT;
        for token in tokens {
            let fresh = self.words.len() as u32;
            let word = *self.words.entry(token.hash).or_insert(fresh);
            if word == fresh {
                self.firsts.push(ROOT);
            }
            let next_fresh = self.is_name.len() as u32;
            let next = *self.edges.entry(edge(node, word)).or_insert(next_fresh);
            if next == next_fresh {
                self.is_name.push(false);
            }
            if node == ROOT {
                self.firsts[word as usize] = next;
                let (cell, bit) = place_of_bit(token.hash);
                self.first_bits.resize(FIRST_CELLS, 0);
                self.first_bits[cell] |= bit;
            }
            node = next;
        }
        self.is_name[node as usize] = true;
        Some(node)
    }

    /// The key of a name, if it is known.
    pub(crate) fn key(&self, tokens: &[Token]) -> Option<Key> {
        let mut node = ROOT;
        for token in tokens {
            node = *self.edges.get(&edge(node, *self.words.get(&token.hash)?))?;
        }
        self.is_name.get(node as usize).is_some_and(|is_name| *is_name).then_some(node)
    }

    /// Every name that stands in a text between two word boundaries, also those within others.
    pub(crate) fn matches(&self, tokens: &[Token], found: &mut Vec<Match>) {
        found.clear();
        let may_begin = |token: &Token| {
            let (cell, bit) = place_of_bit(token.hash);
            token.starts_word && self.first_bits.get(cell).is_some_and(|bits| bits & bit != 0)
        };
        for (first, token) in tokens.iter().enumerate().filter(|(_, token)| may_begin(token)) {
            let Some(word) = self.words.get(&token.hash) else { continue };
            let mut node = self.firsts[*word as usize];
            let mut at = first;
            while node != ROOT {
                if tokens[at].ends_word && self.is_name[node as usize] {
                    found.push(Match { first: first as u32, end: at as u32 + 1, key: node });
                }
                at += 1;
                node = match tokens.get(at).filter(|token| token.is_joined) {
                    Some(token) => self.next(node, token.hash),
                    None => ROOT,
                };
            }
        }
    }

    fn next(&self, node: u32, hash: u64) -> u32 {
        let word = self.words.get(&hash);
        word.and_then(|word| self.edges.get(&edge(node, *word))).copied().unwrap_or(ROOT)
    }
}

/// How many numbers of 64 bits tell first words: 128 KiB in all.
const FIRST_CELLS: usize = 1 << 14;

/// The bit that stands for a hash.
fn place_of_bit(hash: u64) -> (usize, u64) {
    ((hash >> 50) as usize, 1 << ((hash >> 44) & 63))
}

fn edge(node: u32, word: u32) -> u64 {
    (u64::from(node) << 32) | u64::from(word)
}

#[cfg(test)]
mod tests {
    use super::super::token::Tokenizer;
    use super::*;

    #[test]
    fn names_are_found_at_word_boundaries_also_within_others() {
        let (mut matcher, mut tokenizer) = (Matcher::default(), Tokenizer::default());
        let names = ["cancer", "breast cancer", "IL-2", "HIF 1"];
        let keys: Vec<Key> = names.iter().map(|name| matcher.add(tokenizer.tokenize(name)).unwrap()).collect();
        let text = "Breast cancers, breast; cancer, IL2 and IL22, HIF-1alpha, precancer";
        let mut found = Vec::new();
        matcher.matches(tokenizer.tokenize(text), &mut found);
        let tokens = tokenizer.tokenize(text).to_vec();
        let words: Vec<(&str, usize)> = found
            .iter()
            .map(|m| {
                let (start, end) = (tokens[m.first as usize].start, tokens[m.end as usize - 1].end);
                (&text[start as usize..end as usize], keys.iter().position(|key| *key == m.key).unwrap())
            })
            .collect();
        assert_eq!(words, [("Breast cancers", 1), ("cancers", 0), ("cancer", 0), ("IL2", 2)]);
        assert_eq!(matcher.key(tokenizer.tokenize("BREAST-CANCER")), Some(keys[1]));
        assert_eq!(matcher.key(tokenizer.tokenize("breast")), None);
        assert_eq!(matcher.add(&[]), None);
    }
}
