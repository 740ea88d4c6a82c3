//! Sorts edges from both ends, in memory as long as they fit, in sorted runs on the disk beyond that.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::{Mutex, PoisonError};

use rayon::prelude::*;

use crate::storage::key;
use crate::storage::staging::{Staging, scratch_error};
use crate::{NodeId, RelationTypeId, StorageError};

/// A node and a member of its set as one number, so that number order is the order of the keys of the sets: by node, by
/// page, by member.
pub(super) type Member = u64;

/// The node and the member.
pub(super) fn split(member: Member) -> (u32, u32) {
    ((member >> 32) as u32, member as u32)
}

fn join(node: u32, member: u32) -> Member {
    u64::from(node) << 32 | u64::from(member)
}

/// What is equal for members of one page of one set.
pub(super) fn page(member: Member) -> u64 {
    member >> key::PAGE_BITS
}

/// One of the two lists of members that the edges of a type make.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum List {
    /// Source, then target: the facts, and the *out* sets of a type that is not symmetric.
    Forward,
    /// Target, then source: its *in* sets. For a symmetric type both ways round: all its sets.
    Back,
}

type Lists = BTreeMap<(RelationTypeId, List), Vec<Member>>;

/// Takes edges as they come.
#[derive(Debug)]
pub(super) struct EdgeSorter {
    /// By number of relation type, source and target of each edge.
    pending: Vec<Vec<Member>>,
    count: usize,
    limit: usize,
    runs: Vec<Run>,
}

/// Lists that were written outside of memory, one after the other.
#[derive(Debug)]
struct Run {
    /// Facts and adjacency are written at the same time, and read the same runs.
    file: Mutex<File>,
    /// Of each list, where it begins and how many members it has.
    lists: BTreeMap<(RelationTypeId, List), (u64, u64)>,
}

/// Bytes that an edge takes while it is sorted: as it came, and twice more for a symmetric type.
const EDGE_BYTES: usize = 3 * size_of::<Member>();

impl EdgeSorter {
    /// A sorter that takes about this much memory.
    pub(super) fn new(limit: usize) -> Self {
        Self { pending: Vec::new(), count: 0, limit: (limit / EDGE_BYTES).max(1), runs: Vec::new() }
    }

    /// Whether it holds nothing.
    pub(super) fn is_empty(&self) -> bool {
        self.count == 0 && self.runs.is_empty()
    }

    /// Adds edges of one type, in canonical form; `symmetric` says of every type seen whether it is that.
    pub(super) fn extend(
        &mut self,
        staging: &Staging,
        relation: RelationTypeId,
        edges: impl Iterator<Item = (NodeId, NodeId)>,
        symmetric: &dyn Fn(RelationTypeId) -> bool,
    ) -> Result<(), StorageError> {
        for (source, target) in edges {
            if self.pending.len() <= relation.index() {
                self.pending.resize_with(relation.index() + 1, Vec::new);
            }
            self.pending[relation.index()].push(join(source.get(), target.get()));
            self.count += 1;
            if self.count >= self.limit {
                self.spill(staging, symmetric)?;
            }
        }
        Ok(())
    }

    fn spill(&mut self, staging: &Staging, symmetric: &dyn Fn(RelationTypeId) -> bool) -> Result<(), StorageError> {
        let lists = self.sort(symmetric);
        let mut file = BufWriter::with_capacity(1 << 20, staging.scratch()?);
        let mut places = BTreeMap::new();
        let mut start = 0;
        for (&list, members) in &lists {
            let bytes = members.iter().flat_map(|member| member.to_le_bytes()).collect::<Vec<u8>>();
            file.write_all(&bytes).map_err(scratch_error)?;
            places.insert(list, (start, members.len() as u64));
            start += bytes.len() as u64;
        }
        let file = file.into_inner().map_err(|error| scratch_error(error.into_error()))?;
        self.runs.push(Run { file: Mutex::new(file), lists: places });
        Ok(())
    }

    /// Makes both lists of each type out of what is pending.
    fn sort(&mut self, symmetric: &dyn Fn(RelationTypeId) -> bool) -> Lists {
        self.count = 0;
        let pending = std::mem::take(&mut self.pending);
        let by_type = (0..).map(RelationTypeId::new).zip(pending).filter(|(_, members)| !members.is_empty());
        let by_type: Vec<_> = by_type.map(|(relation, members)| (relation, symmetric(relation), members)).collect();
        by_type
            .into_par_iter()
            .flat_map_iter(|(relation, symmetric, members)| {
                let [forward, back] = both_lists(members, symmetric);
                [((relation, List::Forward), forward), ((relation, List::Back), back)]
            })
            .collect()
    }

    /// Everything, sorted.
    pub(super) fn finish(mut self, symmetric: &dyn Fn(RelationTypeId) -> bool) -> SortedEdges {
        SortedEdges { lists: self.sort(symmetric), runs: self.runs }
    }
}

fn both_lists(mut forward: Vec<Member>, symmetric: bool) -> [Vec<Member>; 2] {
    forward.par_sort_unstable();
    forward.dedup();
    let turned = forward.iter().map(|&edge| edge.rotate_left(32));
    let mut back: Vec<Member> =
        if symmetric { turned.chain(forward.iter().copied()).collect() } else { turned.collect() };
    back.par_sort_unstable();
    // Only a loop of a symmetric type is the same both ways round.
    back.dedup();
    [forward, back]
}

/// Edges in order, from both ends.
#[derive(Debug)]
pub(super) struct SortedEdges {
    lists: Lists,
    runs: Vec<Run>,
}

impl SortedEdges {
    /// The types that some edge has, in order.
    pub(super) fn relations(&self) -> Vec<RelationTypeId> {
        let in_runs = self.runs.iter().flat_map(|run| run.lists.keys());
        let mut relations: Vec<_> = self.lists.keys().chain(in_runs).map(|(relation, _)| *relation).collect();
        relations.sort_unstable();
        relations.dedup();
        relations
    }

    /// How many members such lists have, some of them counted more than once.
    pub(super) fn members(&self, of: &[List]) -> u64 {
        let memory = self.lists.iter().map(|(&(_, list), members)| (list, members.len() as u64));
        let runs = self.runs.iter().flat_map(|run| run.lists.iter().map(|(&(_, list), &(_, count))| (list, count)));
        memory.chain(runs).filter(|(list, _)| of.contains(list)).map(|(_, count)| count).sum()
    }

    /// Hands on the members of a list in order, each once.
    pub(super) fn for_each(
        &self,
        relation: RelationTypeId,
        list: List,
        mut visit: impl FnMut(Member) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let memory = self.lists.get(&(relation, list)).map_or(&[][..], Vec::as_slice);
        if self.runs.is_empty() {
            return memory.iter().try_for_each(|&member| visit(member));
        }
        let mut sources = vec![MemberRun::Memory(memory.iter())];
        for run in &self.runs {
            if let Some(&(start, count)) = run.lists.get(&(relation, list)) {
                sources.push(MemberRun::run(Part { file: &run.file, start, end: start + 8 * count }));
            }
        }
        merge(sources, visit)
    }
}

/// Members in order, from memory or from a run.
enum MemberRun<'s> {
    Memory(std::slice::Iter<'s, Member>),
    Run { reader: BufReader<Part<'s>> },
}

/// A part of a file in which others read elsewhere.
struct Part<'s> {
    file: &'s Mutex<File>,
    start: u64,
    end: u64,
}

impl Read for Part<'_> {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.start))?;
        let count = (&*file).take(self.end - self.start).read(bytes)?;
        self.start += count as u64;
        Ok(count)
    }
}

impl<'s> MemberRun<'s> {
    fn run(part: Part<'s>) -> Self {
        Self::Run { reader: BufReader::with_capacity(1 << 18, part) }
    }

    fn next(&mut self) -> io::Result<Option<Member>> {
        let reader = match self {
            Self::Memory(members) => return Ok(members.next().copied()),
            Self::Run { reader } => reader,
        };
        let mut bytes = [0; 8];
        match reader.read_exact(&mut bytes) {
            Ok(()) => Ok(Some(Member::from_le_bytes(bytes))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

fn merge(
    mut sources: Vec<MemberRun<'_>>,
    mut visit: impl FnMut(Member) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut heads = BinaryHeap::new();
    for (index, source) in sources.iter_mut().enumerate() {
        heads.extend(source.next().map_err(scratch_error)?.map(|member| Reverse((member, index))));
    }
    let mut last = None;
    while let Some(mut head) = heads.peek_mut() {
        let Reverse((member, index)) = *head;
        if last != Some(member) {
            visit(member)?;
            last = Some(member);
        }
        match sources[index].next().map_err(scratch_error)? {
            Some(next) => *head = Reverse((next, index)),
            None => drop(std::collections::binary_heap::PeekMut::pop(head)),
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    const SYMMETRIC: RelationTypeId = RelationTypeId::new(2);

    fn list(edges: &SortedEdges, relation: RelationTypeId, list: List) -> Vec<Member> {
        let mut found = Vec::new();
        edges
            .for_each(relation, list, |member| {
                found.push(member);
                Ok(())
            })
            .unwrap();
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn both_lists_hold_each_edge_once_in_memory_and_outside(
            edges in proptest::collection::vec((0_u16..4, 0_u32..12, 0_u32..12), 0..200),
            limit in prop_oneof![Just(1 << 20), Just(EDGE_BYTES * 30)],
        ) {
            let folder = tempfile::tempdir().unwrap();
            let staging = Staging::create(folder.path()).unwrap();
            let symmetric = |relation| relation == SYMMETRIC;
            let mut sorter = EdgeSorter::new(limit);
            let mut expected: BTreeMap<(RelationTypeId, List), BTreeSet<Member>> = BTreeMap::new();
            for &(relation, source, target) in &edges {
                let relation = RelationTypeId::new(relation);
                let (source, target) = if symmetric(relation) && source > target { (target, source) } else { (source, target) };
                let edge = std::iter::once((NodeId::new(source), NodeId::new(target)));
                sorter.extend(&staging, relation, edge, &symmetric).unwrap();
                expected.entry((relation, List::Forward)).or_default().insert(join(source, target));
                let back = expected.entry((relation, List::Back)).or_default();
                back.insert(join(target, source));
                if symmetric(relation) {
                    back.insert(join(source, target));
                }
            }
            let sorted = sorter.finish(&symmetric);
            for of in [List::Forward, List::Back] {
                let once: usize = expected.iter().filter(|((_, list), _)| *list == of).map(|(_, all)| all.len()).sum();
                let found = sorted.members(&[of]);
                // What stands in several runs is counted in each.
                prop_assert!(found == once as u64 || (found > once as u64 && !sorted.runs.is_empty()), "{found}, {once}");
            }
            for relation in sorted.relations() {
                let [one, other] = [List::Forward, List::Back];
                let together = rayon::join(|| list(&sorted, relation, one), || list(&sorted, relation, other));
                prop_assert_eq!(together, (list(&sorted, relation, one), list(&sorted, relation, other)));
            }
            let types: BTreeSet<_> = edges.iter().map(|edge| RelationTypeId::new(edge.0)).collect();
            prop_assert_eq!(sorted.relations(), types.into_iter().collect::<Vec<_>>());
            for ((relation, of), members) in expected {
                prop_assert_eq!(list(&sorted, relation, of), members.into_iter().collect::<Vec<_>>());
            }
        }
    }
}
