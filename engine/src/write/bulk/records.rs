//! Sorts keys with their values, in memory as long as they fit, in sorted runs on the disk beyond that.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, Write};

use rayon::slice::ParallelSliceMut;

use crate::StorageError;
use crate::storage::staging::{Staging, scratch_error};

/// Bytes that an entry takes beside its key and value.
const ENTRY_BYTES: usize = size_of::<Entry>();

/// Sorts entries by key; entries with equal keys keep the order in which they came.
#[derive(Debug)]
pub(super) struct RecordSorter {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Bytes of memory after which a run is written.
    limit: usize,
    runs: Vec<File>,
}

#[derive(Clone, Copy, Debug)]
struct Entry {
    /// The first bytes of the key as a number: most comparisons end here.
    prefix: u64,
    start: u32,
    key: u16,
    value: u32,
}

impl Entry {
    fn key(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize..][..usize::from(self.key)]
    }

    fn value(self, bytes: &[u8]) -> &[u8] {
        &bytes[self.start as usize + usize::from(self.key)..][..self.value as usize]
    }
}

fn prefix(key: &[u8]) -> u64 {
    let mut first = [0; 8];
    let length = key.len().min(8);
    first[..length].copy_from_slice(&key[..length]);
    u64::from_be_bytes(first)
}

impl RecordSorter {
    /// A sorter that takes about this much memory.
    pub(super) fn new(limit: usize) -> Self {
        // Offsets are of 32 bits.
        Self { bytes: Vec::new(), entries: Vec::new(), limit: limit.min(1 << 31), runs: Vec::new() }
    }

    /// Adds an entry.
    pub(super) fn push(&mut self, staging: &Staging, key: &[u8], value: &[u8]) -> Result<(), StorageError> {
        let used = self.bytes.len() + self.entries.len() * ENTRY_BYTES;
        if used > 0 && used + key.len() + value.len() > self.limit {
            self.spill(staging)?;
        }
        self.entries.push(Entry {
            prefix: prefix(key),
            start: self.bytes.len() as u32,
            key: u16::try_from(key.len()).expect("names are limited to 4,096 bytes"),
            value: u32::try_from(value.len()).expect("a record is far below four GiB"),
        });
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value);
        Ok(())
    }

    fn sort(&mut self) {
        let bytes = &self.bytes;
        self.entries.par_sort_unstable_by(|one, other| {
            let by_key = one.prefix.cmp(&other.prefix).then_with(|| one.key(bytes).cmp(other.key(bytes)));
            // An entry without a key and a value takes no room, so the next one starts where it does.
            by_key.then(one.start.cmp(&other.start)).then(one.value.cmp(&other.value))
        });
    }

    fn spill(&mut self, staging: &Staging) -> Result<(), StorageError> {
        self.sort();
        let mut run = BufWriter::with_capacity(1 << 20, staging.scratch()?);
        self.write_run(&mut run).map_err(scratch_error)?;
        self.runs.push(run.into_inner().map_err(|error| scratch_error(error.into_error()))?);
        self.bytes.clear();
        self.entries.clear();
        Ok(())
    }

    fn write_run(&self, run: &mut impl Write) -> io::Result<()> {
        for entry in &self.entries {
            run.write_all(&entry.key.to_le_bytes())?;
            run.write_all(&entry.value.to_le_bytes())?;
            run.write_all(entry.key(&self.bytes))?;
            run.write_all(entry.value(&self.bytes))?;
        }
        Ok(())
    }

    /// Calls `visit` with every key and value in order.
    pub(super) fn for_each(
        mut self,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        self.sort();
        if self.runs.is_empty() {
            return self.entries.iter().try_for_each(|entry| visit(entry.key(&self.bytes), entry.value(&self.bytes)));
        }
        let mut sources: Vec<EntryRun<'_>> =
            self.runs.iter_mut().map(EntryRun::run).collect::<io::Result<_>>().map_err(scratch_error)?;
        sources.push(EntryRun::Memory { bytes: &self.bytes, entries: self.entries.iter() });
        merge(sources, visit)
    }
}

/// Sorted entries, from memory or from a run.
enum EntryRun<'s> {
    Memory { bytes: &'s [u8], entries: std::slice::Iter<'s, Entry> },
    Run(BufReader<&'s mut File>),
}

impl<'s> EntryRun<'s> {
    fn run(file: &'s mut File) -> io::Result<Self> {
        file.rewind()?;
        Ok(Self::Run(BufReader::with_capacity(1 << 18, file)))
    }

    /// The next entry; `None` at the end.
    fn next(&mut self) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
        match self {
            Self::Memory { bytes, entries } => {
                Ok(entries.next().map(|entry| (entry.key(bytes).to_vec(), entry.value(bytes).to_vec())))
            }
            Self::Run(reader) => read_entry(reader),
        }
    }
}

fn read_entry(reader: &mut impl Read) -> io::Result<Option<(Vec<u8>, Vec<u8>)>> {
    let mut lengths = [0; 6];
    match reader.read_exact(&mut lengths) {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        other => other?,
    }
    let [a, b, c, d, e, f] = lengths;
    let mut key = vec![0; usize::from(u16::from_le_bytes([a, b]))];
    let mut value = vec![0; u32::from_le_bytes([c, d, e, f]) as usize];
    reader.read_exact(&mut key)?;
    reader.read_exact(&mut value)?;
    Ok(Some((key, value)))
}

/// The sources are in order of age, so that of equal keys the older one comes first.
fn merge(
    mut sources: Vec<EntryRun<'_>>,
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StorageError>,
) -> Result<(), StorageError> {
    let mut heads = BinaryHeap::new();
    for (age, source) in sources.iter_mut().enumerate() {
        heads.extend(source.next().map_err(scratch_error)?.map(|(key, value)| Reverse((key, age, value))));
    }
    while let Some(Reverse((key, age, value))) = heads.pop() {
        visit(&key, &value)?;
        heads.extend(sources[age].next().map_err(scratch_error)?.map(|(key, value)| Reverse((key, age, value))));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sorted(entries: &[(Vec<u8>, Vec<u8>)], limit: usize) -> Vec<(Vec<u8>, Vec<u8>)> {
        let folder = tempfile::tempdir().unwrap();
        let staging = Staging::create(folder.path()).unwrap();
        let mut sorter = RecordSorter::new(limit);
        for (key, value) in entries {
            sorter.push(&staging, key, value).unwrap();
        }
        let mut found = Vec::new();
        sorter
            .for_each(|key, value| {
                found.push((key.to_vec(), value.to_vec()));
                Ok(())
            })
            .unwrap();
        found
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn entries_come_back_in_order_of_key_then_of_arrival_in_memory_and_outside(
            entries in proptest::collection::vec(
                (proptest::collection::vec(0_u8..4, 0..12), proptest::collection::vec(any::<u8>(), 0..20)),
                0..100,
            ),
        ) {
            let mut expected = entries.clone();
            expected.sort_by(|one, other| one.0.cmp(&other.0));
            prop_assert_eq!(&sorted(&entries, 1 << 20), &expected);
            prop_assert_eq!(&sorted(&entries, 200), &expected);
        }
    }
}
