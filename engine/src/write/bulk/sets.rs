//! Makes sorted files of sets out of members in order.

use super::edges::{Member, page, split};
use super::pieces::{FILE_ENTRIES, Piece, PieceWriter, width};
use crate::StorageError;
use crate::storage::family::Family;
use crate::storage::key::{self, Key};
use crate::storage::set;
use crate::storage::snapshot::StoreSnapshot;
use crate::storage::sorted_file::SortedFile;
use crate::storage::staging::Staging;

/// Whether sets are new to the store, or may be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Writing {
    /// No set with this beginning of a key is there: values.
    New,
    /// Some may be there: operands to be folded in.
    Added,
}

impl Writing {
    /// How to write sets whose keys begin like this.
    pub(super) fn to(store: &StoreSnapshot, family: Family, prefix: Key) -> Result<Self, StorageError> {
        Ok(if store.prefix(family, prefix).entry()?.is_none() { Self::New } else { Self::Added })
    }
}

/// Sets whose keys begin in the same way.
struct Group {
    prefix: Key,
    /// Whether the key goes on with the node; else the group is one set.
    by_node: bool,
    writing: Writing,
    members: Vec<Member>,
}

/// Sets for one file.
#[derive(Default)]
struct Groups(Vec<Group>);

impl Piece for Groups {
    fn write(&self, file: &mut SortedFile<'_>) -> Result<(), StorageError> {
        let mut offsets: Vec<u32> = Vec::new();
        let mut bytes = Vec::new();
        for group in &self.0 {
            for set in group.members.chunk_by(|&one, &other| page(one) == page(other)) {
                let (node, first) = split(set[0]);
                let page = key::page_of(first);
                offsets.clear();
                offsets.extend(set.iter().map(|&member| split(member).1 - key::page_start(page)));
                set::encode_members_into(&offsets, &mut bytes);
                let key = if group.by_node { group.prefix.node(node) } else { group.prefix }.page(page);
                match group.writing {
                    Writing::New => file.put(key, &bytes)?,
                    Writing::Added => file.merge(key, &bytes)?,
                }
            }
        }
        Ok(())
    }
}

/// Takes groups of sets in the order of their keys, and cuts them into files.
pub(super) struct SetWriter<'s> {
    pieces: PieceWriter<'s, Groups>,
    open: Groups,
    open_members: usize,
    file_members: usize,
}

/// How many members a file should hold if there are so many in all: each file is brought to the disk by itself, twice,
/// so they should be few, but several for each core; and a wave of them should take no more than a sixteenth of this
/// memory.
pub(super) fn file_members(members: u64, memory: usize) -> usize {
    let fitting = memory / 16 / (width() * size_of::<Member>());
    (members as usize / (4 * width())).min(fitting).max(FILE_ENTRIES)
}

impl<'s> SetWriter<'s> {
    /// A writer that cuts files when they hold this many members.
    pub(super) fn new(staging: &'s Staging, family: Family, file_members: usize) -> Self {
        Self { pieces: PieceWriter::new(staging, family), open: Groups::default(), open_members: 0, file_members }
    }

    /// Begins the sets whose keys are this and a node.
    pub(super) fn begin(&mut self, prefix: Key, writing: Writing) {
        self.open.0.push(Group { prefix, by_node: true, writing, members: Vec::new() });
    }

    /// Begins the set of this key; its members are given without a node.
    pub(super) fn begin_one(&mut self, key: Key, writing: Writing) {
        self.open.0.push(Group { prefix: key, by_node: false, writing, members: Vec::new() });
    }

    /// Takes the next member.
    pub(super) fn push(&mut self, member: Member) -> Result<(), StorageError> {
        let full = self.open_members >= self.file_members;
        let group = self.open.0.last_mut().expect("a group was begun");
        if full && group.members.last().is_none_or(|&last| page(last) != page(member)) {
            let next = Group { members: Vec::with_capacity(self.file_members), ..*group };
            self.cut()?;
            self.open.0.push(next);
        }
        self.open.0.last_mut().expect("a group was begun").members.push(member);
        self.open_members += 1;
        Ok(())
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> Result<(), StorageError> {
        self.cut()?;
        self.pieces.finish()
    }

    fn cut(&mut self) -> Result<(), StorageError> {
        let mut groups = std::mem::take(&mut self.open);
        groups.0.retain(|group| !group.members.is_empty());
        self.open_members = 0;
        if groups.0.is_empty() { Ok(()) } else { self.pieces.push(groups) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_grow_with_what_they_hold_as_far_as_the_memory_allows() {
        let file_members_of = |each: usize, memory| file_members((each * 4 * width()) as u64, memory);
        let memory_for = |members: usize| 16 * width() * size_of::<Member>() * members;
        assert_eq!(file_members(0, 0), FILE_ENTRIES);
        assert_eq!(file_members_of(FILE_ENTRIES / 2, usize::MAX), FILE_ENTRIES);
        assert_eq!(file_members_of(3 * FILE_ENTRIES, usize::MAX), 3 * FILE_ENTRIES);
        assert_eq!(file_members_of(3 * FILE_ENTRIES, memory_for(2 * FILE_ENTRIES)), 2 * FILE_ENTRIES);
        assert_eq!(file_members_of(3 * FILE_ENTRIES, 1_000), FILE_ENTRIES);
    }
}
