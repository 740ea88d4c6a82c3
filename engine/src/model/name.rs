//! Names: how they are looked up, and which can be stored.

use std::collections::BTreeMap;

use crate::limits::NAME_BYTES_MAX;
use crate::{Node, StorageError};

/// Kinds of a name in the `names` family; a name may be both.
const NAME: u8 = 1;
const SYNONYM: u8 = 2;

/// A name as it is looked up: lower case, white space trimmed and runs of it made one space.
pub(crate) fn fold(name: &str) -> String {
    let mut folded = String::with_capacity(name.len());
    for word in name.split_whitespace() {
        if !folded.is_empty() {
            folded.push(' ');
        }
        folded.extend(word.chars().flat_map(char::to_lowercase));
    }
    folded
}

/// The names that a node is found by, folded, each with its kind.
pub(crate) fn folded_names(node: &Node) -> BTreeMap<String, u8> {
    let mut names = BTreeMap::new();
    let kinds = std::iter::once((&node.name, NAME)).chain(node.synonyms.iter().map(|synonym| (synonym, SYNONYM)));
    for (name, kind) in kinds {
        let folded = fold(name);
        if !folded.is_empty() {
            *names.entry(folded).or_default() |= kind;
        }
    }
    names
}

/// Whether a name, label, relation type or identifier can be stored; `what` says in the error what it was to be.
pub fn check_name(what: &'static str, text: &str) -> Result<(), StorageError> {
    let reason = if text.trim().is_empty() {
        "it is empty"
    } else if text.contains('\0') {
        "it contains a zero byte"
    } else if text.len() > NAME_BYTES_MAX {
        "it is longer than 4,096 bytes"
    } else {
        return Ok(());
    };
    Err(StorageError::InvalidName { what, text: text.chars().take(100).collect(), reason })
}

#[cfg(test)]
mod tests {
    use super::fold;

    #[test]
    fn names_fold_case_and_white_space() {
        for (name, folded) in
            [("BRCA1", "brca1"), ("  Breast \t Cancer ", "breast cancer"), ("TGF-Β", "tgf-β"), ("", "")]
        {
            assert_eq!(fold(name), folded);
        }
    }
}
