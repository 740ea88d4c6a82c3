//! The logs of RocksDB, which are its write-ahead log and its manifest: tells damage from a torn tail.
//!
//! A crash may leave the end of a log half-written, and RocksDB rightly takes what stands before it. But it takes a flipped
//! bit near the end for such a tear too, and would drop commits that were acknowledged without a word. So every log is
//! looked at before RocksDB replays it. The layout of a log is in RocksDB's `db/log_format.h`: blocks of 32 KiB, in them
//! records of checksum (`u32`), length (`u16`), type (`u8`) and payload; the checksum covers type and payload.

use std::io::{ErrorKind, Read};
use std::path::{Path, PathBuf};

use crate::StorageError;

const BLOCK_BYTES: usize = 32 << 10;

const HEADER_BYTES: usize = 7;

/// The smallest piece that a disk writes. One that never reached the disk reads as zeros.
const SECTOR_BYTES: usize = 512;

/// Fewer zeros than this at the end of a log may as well be the end of a number.
const ZEROS_MIN: usize = 16;

/// Types of records with which a batch begins: all of it in one record, or the first of several.
const BEGINS_A_BATCH: [u8; 2] = [1, 2];

/// Where a log is damaged, and how it shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LogDamage {
    /// The byte at which the damaged record begins.
    pub(crate) offset: u64,
    /// How it shows.
    pub(crate) reason: &'static str,
}

/// Looks at every log of a RocksDB database. The error names the first damage.
pub(crate) fn verify(store: &Path) -> Result<(), StorageError> {
    match damaged_logs(store)?.first() {
        None => Ok(()),
        Some((path, LogDamage { offset, reason })) => Err(StorageError::Damaged {
            place: format!("file {}, byte {offset}", path.display()),
            reason: (*reason).to_owned(),
        }),
    }
}

/// The logs of a RocksDB database that are damaged, with the first damage of each.
pub(crate) fn damaged_logs(store: &Path) -> Result<Vec<(PathBuf, LogDamage)>, StorageError> {
    let mut damaged = Vec::new();
    for path in logs(store)? {
        let found = match std::fs::File::open(&path).and_then(scan) {
            Ok(Found::Damage(damage)) => Some(damage),
            Ok(Found::Whole | Found::Torn { .. }) => None,
            // The process that writes may have finished with it.
            Err(error) if error.kind() == ErrorKind::NotFound => None,
            Err(source) => return Err(StorageError::File { path, source }),
        };
        damaged.extend(found.map(|damage| (path, damage)));
    }
    Ok(damaged)
}

/// The write-ahead logs and the manifest in use, in the order of their numbers.
fn logs(store: &Path) -> Result<Vec<PathBuf>, StorageError> {
    let entries = match std::fs::read_dir(store) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(source) => return Err(StorageError::File { path: store.to_owned(), source }),
    };
    let manifest = manifest(store);
    let mut logs = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|source| StorageError::File { path: store.to_owned(), source })?;
        if entry.file_name().to_string_lossy().ends_with(".log") || manifest.as_ref() == Some(&entry.path()) {
            logs.push(entry.path());
        }
    }
    logs.sort();
    Ok(logs)
}

/// The manifest in use, if there is one.
pub(crate) fn manifest(store: &Path) -> Option<PathBuf> {
    let name = std::fs::read_to_string(store.join("CURRENT")).ok()?;
    Some(store.join(name.trim_end()))
}

/// Cuts the torn end off a manifest that nobody writes; false if it has none. RocksDB takes what stands before the tear
/// in a write-ahead log, but in a manifest only if the tear is a short end and not a page that is missing.
pub(crate) fn cut_torn_end(manifest: &Path) -> Result<bool, StorageError> {
    let cut = || {
        let Found::Torn { at } = scan(std::fs::File::open(manifest)?)? else { return Ok(false) };
        let file = std::fs::File::options().write(true).open(manifest)?;
        file.set_len(at)?;
        file.sync_all().map(|()| true)
    };
    cut().map_err(|source| StorageError::File { path: manifest.to_owned(), source })
}

/// What a look at a log found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// Nothing that is wrong.
    Whole,
    /// A torn end, which begins at this byte.
    Torn { at: u64 },
    /// Damage.
    Damage(LogDamage),
}

/// Looks for damage in a log. A torn tail is none: a record that is cut off, or of which a page is missing, with no whole
/// record behind it.
pub(crate) fn scan(mut log: impl Read) -> std::io::Result<Found> {
    let mut block = Vec::with_capacity(BLOCK_BYTES);
    let mut torn_at = None;
    for start in (0..).step_by(BLOCK_BYTES) {
        block.clear();
        log.by_ref().take(BLOCK_BYTES as u64).read_to_end(&mut block)?;
        if block.is_empty() {
            break;
        }
        let search_from = match torn_at {
            Some(_) => 0,
            None => match walk(&block) {
                End::Whole => continue,
                End::Damaged { at, reason } => {
                    return Ok(Found::Damage(LogDamage { offset: start + at as u64, reason }));
                }
                End::Torn { at } => {
                    torn_at = Some(start + at as u64);
                    at + 1
                }
            },
        };
        if let Some(offset) = torn_at.filter(|_| holds_a_beginning(&block, search_from)) {
            let reason = "a record is unreadable, but whole ones follow it";
            return Ok(Found::Damage(LogDamage { offset, reason }));
        }
    }
    Ok(torn_at.map_or(Found::Whole, |at| Found::Torn { at }))
}

/// How the records of a block end.
enum End {
    Whole,
    Torn { at: usize },
    Damaged { at: usize, reason: &'static str },
}

/// Walks over the records of a block until one is not whole.
fn walk(block: &[u8]) -> End {
    let mut at = 0;
    while at + HEADER_BYTES <= BLOCK_BYTES && at < block.len() {
        match whole_record(block, at) {
            Some(length) => at += HEADER_BYTES + length,
            None => return judge(block, at),
        }
    }
    End::Whole
}

/// The header of a record: checksum, length, and the record from its type on.
fn header(block: &[u8], at: usize) -> Option<(u32, usize, &[u8])> {
    let (checksum, rest) = block.get(at..)?.split_first_chunk::<4>()?;
    let (length, rest) = rest.split_first_chunk::<2>()?;
    Some((u32::from_le_bytes(*checksum), usize::from(u16::from_le_bytes(*length)), rest))
}

/// The length of the payload of a record that is all there and as it was written.
fn whole_record(block: &[u8], at: usize) -> Option<usize> {
    let (checksum, length, rest) = header(block, at)?;
    let content = rest.get(..=length)?;
    (content[0] != 0 && masked(crc(content)) == checksum).then_some(length)
}

/// What is wrong with a record that is not whole.
fn judge(block: &[u8], at: usize) -> End {
    let Some((checksum, length, rest)) = header(block, at) else { return End::Torn { at } };
    if fits_another_length(checksum, rest) {
        return End::Damaged { at, reason: "the length of a record is not the one that was written" };
    }
    if has_empty_sector(block, at) {
        return End::Torn { at };
    }
    let fits_the_block = at + HEADER_BYTES + length <= BLOCK_BYTES;
    match (fits_the_block, rest.len() > length) {
        (true, true) => End::Damaged { at, reason: "a record does not match its checksum" },
        (false, _) if block.len() == BLOCK_BYTES => End::Damaged { at, reason: "a record is longer than its block" },
        _ => End::Torn { at },
    }
}

/// Whether the bytes that are there match the checksum under a length other than the one given. A record that was cut off
/// never does.
fn fits_another_length(checksum: u32, content: &[u8]) -> bool {
    let mut state = !0;
    content.iter().any(|&byte| {
        state = step(state, byte);
        masked(!state) == checksum
    })
}

/// Whether some sector of the disk, or what is left of one from this place on, holds nothing but zeros.
fn has_empty_sector(block: &[u8], from: usize) -> bool {
    let mut start = from;
    while start < block.len() {
        let end = ((start / SECTOR_BYTES + 1) * SECTOR_BYTES).min(block.len());
        if end - start >= ZEROS_MIN && block[start..end].iter().all(|&byte| byte == 0) {
            return true;
        }
        start = end;
    }
    false
}

/// Whether a whole record that begins a batch stands anywhere from this place on.
fn holds_a_beginning(block: &[u8], from: usize) -> bool {
    (from..block.len()).any(|at| {
        block.get(at + HEADER_BYTES - 1).is_some_and(|kind| BEGINS_A_BATCH.contains(kind))
            && whole_record(block, at).is_some_and(|length| length > 0)
    })
}

/// A checksum as it is stored: turned and shifted, so that data that hold checksums have others.
fn masked(checksum: u32) -> u32 {
    checksum.rotate_right(15).wrapping_add(0xA282_EAD8)
}

/// CRC-32C (Castagnoli), reflected.
fn crc(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |state, &byte| step(state, byte))
}

const fn step(state: u32, byte: u8) -> u32 {
    (state >> 8) ^ CRC_TABLE[(state as u8 ^ byte) as usize]
}

const CRC_TABLE: [u32; 256] = {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0x82F6_3B78 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    /// A log of batches, each cut at the ends of blocks as RocksDB cuts them, and where each batch ends.
    fn log(batches: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut ends) = (Vec::new(), Vec::new());
        for batch in batches {
            let (mut rest, mut first) = (batch.as_slice(), true);
            loop {
                let left = BLOCK_BYTES - bytes.len() % BLOCK_BYTES;
                if left < HEADER_BYTES {
                    bytes.extend(vec![0; left]);
                    continue;
                }
                let (part, others) = rest.split_at(rest.len().min(left - HEADER_BYTES));
                let kind = match (first, others.is_empty()) {
                    (true, true) => 1,
                    (true, false) => 2,
                    (false, false) => 3,
                    (false, true) => 4,
                };
                let content = [&[kind], part].concat();
                bytes.extend(masked(crc(&content)).to_le_bytes());
                bytes.extend(u16::try_from(part.len()).unwrap().to_le_bytes());
                bytes.extend(content);
                (rest, first) = (others, false);
                if rest.is_empty() {
                    break;
                }
            }
            ends.push(bytes.len());
        }
        (bytes, ends)
    }

    fn is_damaged(log: &[u8]) -> bool {
        matches!(scan(log).unwrap(), Found::Damage(_))
    }

    fn batches() -> Vec<Vec<u8>> {
        let mut state = 1_u32;
        let mut byte = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 24) as u8
        };
        [100, 20_000, 12_690, 40_000, 1, 300].map(|length| (0..length).map(|_| byte()).collect()).to_vec()
    }

    #[test]
    fn the_checksum_is_the_one_of_the_standard() {
        assert_eq!(crc(b"123456789"), 0xE306_9283);
    }

    #[test]
    fn a_log_cut_off_anywhere_is_torn_and_not_damaged() {
        let (bytes, _) = log(&batches());
        for length in (0..bytes.len()).step_by(97).chain([bytes.len()]) {
            assert!(!is_damaged(&bytes[..length]), "cut at {length}");
            let written = length / SECTOR_BYTES * SECTOR_BYTES;
            let end = (written + 5_000).min(bytes.len());
            let zeroed = [&bytes[..written], &vec![0; end - written]].concat();
            assert!(!is_damaged(&zeroed), "zeros from {written}");
        }
    }

    #[test]
    fn sectors_of_the_last_batch_that_never_reached_the_disk_are_a_tear() {
        let last = batches().swap_remove(3);
        let (mut bytes, ends) = log(&[batches().swap_remove(0), last]);
        let sector = (ends[0] / SECTOR_BYTES + 20) * SECTOR_BYTES;
        bytes[sector..sector + 8 * SECTOR_BYTES].fill(0);
        assert_eq!(scan(bytes.as_slice()).unwrap(), Found::Torn { at: ends[0] as u64 });
    }

    #[test]
    fn every_flipped_bit_is_damage_even_in_the_last_record() {
        let (bytes, ends) = log(&batches());
        let headers = ends.iter().flat_map(|&end| end..end + HEADER_BYTES);
        let last = ends[ends.len() - 2]..bytes.len();
        for at in (0..bytes.len()).step_by(1_009).chain(headers).chain(last).filter(|&at| at < bytes.len()) {
            for bit in 0..8 {
                let mut flipped = bytes.clone();
                flipped[at] ^= 1 << bit;
                assert!(is_damaged(&flipped), "bit {bit} of byte {at}");
            }
        }
    }
}
