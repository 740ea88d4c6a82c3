//! The documents in a stream of JSON, cut out by counting brackets, so that no more than one is held.
//!
//! They may stand one after the other, in a list, in the list of a collection (`{"documents": [...]}`), or in a list of
//! collections, on as many lines as their writer liked.

use std::io::Read;

use super::input::Input;
use crate::document::Location;
use crate::limits::RECORD_BYTES_MAX;

/// How much is read at once, in bytes.
const CHUNK_BYTES: usize = 64 << 10;

/// Keys whose value is the list of documents of a collection.
const LISTS: [&[u8]; 2] = [b"documents", b"PubTator3"];

/// The longest key or source that is remembered, in bytes.
const WORD_BYTES: usize = 32;

/// Cuts the documents out of a file of JSON.
pub(super) struct JsonRecords {
    input: Input,
    cutter: Cutter,
    chunk: Vec<u8>,
    at: usize,
    ended: bool,
}

/// What was cut out.
pub(super) enum Cut {
    /// A document as it stands.
    Record {
        /// Where it begins.
        location: Location,
        /// Its bytes.
        bytes: Vec<u8>,
        /// What its collection names as its source.
        source: Option<String>,
    },
    /// A document longer than [`RECORD_BYTES_MAX`]: where it begins, and its beginning.
    TooLong(Location, Vec<u8>),
    /// The file breaks off: where, and why.
    BrokenOff(Location, String),
}

impl JsonRecords {
    pub(super) fn new(input: Input) -> Self {
        Self { input, cutter: Cutter { line: 1, ..Cutter::default() }, chunk: Vec::new(), at: 0, ended: false }
    }

    fn location(&self, line: u64) -> Location {
        Location { line, ..self.input.location() }
    }

    fn read_chunk(&mut self) -> Option<Cut> {
        self.chunk.clear();
        self.at = 0;
        let reason = match self.input.by_ref().take(CHUNK_BYTES as u64).read_to_end(&mut self.chunk) {
            Ok(0) => {
                self.ended = true;
                if self.cutter.depth == 0 && !self.cutter.in_string {
                    return None;
                }
                "the file ends within a document or a list, which is not closed".to_owned()
            }
            Ok(_) => return None,
            Err(error) => {
                self.ended = true;
                format!("the file breaks off here: {error}")
            }
        };
        Some(Cut::BrokenOff(self.location(self.cutter.line), reason))
    }
}

impl Iterator for JsonRecords {
    type Item = Cut;

    fn next(&mut self) -> Option<Cut> {
        loop {
            if self.at < self.chunk.len() {
                let byte = self.chunk[self.at];
                self.at += 1;
                if let Some((bytes, line)) = self.cutter.take(byte) {
                    let location = self.location(line);
                    let is_long = bytes.len() >= RECORD_BYTES_MAX;
                    let source = self.cutter.source.clone();
                    return Some(if is_long {
                        Cut::TooLong(location, bytes)
                    } else {
                        Cut::Record { location, bytes, source }
                    });
                }
            } else if self.ended {
                return None;
            } else if let Some(broken) = self.read_chunk() {
                return Some(broken);
            }
        }
    }
}

/// Counts brackets.
#[derive(Default)]
struct Cutter {
    /// The brackets that are open.
    depth: usize,
    /// The string in hand, or the last one, and the one before it.
    string: Vec<u8>,
    string_before: Vec<u8>,
    in_string: bool,
    escaped: bool,
    /// How deep documents lie in each list that is open, the innermost last.
    lists: Vec<usize>,
    /// What the collection in hand names as its source.
    source: Option<String>,
    /// The document in hand, or the beginning of one that is too long.
    record: Vec<u8>,
    /// The depth at which it began.
    record_depth: Option<usize>,
    record_line: u64,
    line: u64,
}

impl Cutter {
    /// Takes a byte; gives the document that it ends, and the line on which that began.
    fn take(&mut self, byte: u8) -> Option<(Vec<u8>, u64)> {
        self.line += u64::from(byte == b'\n');
        if self.in_string {
            self.take_in_string(byte);
        } else {
            match byte {
                b'"' => {
                    self.in_string = true;
                    self.string_before = std::mem::take(&mut self.string);
                }
                b'{' | b'[' => self.open(byte),
                b'}' | b']' => return self.close(byte),
                _ => {}
            }
        }
        self.keep(byte);
        None
    }

    /// Adds a byte to the document in hand.
    fn keep(&mut self, byte: u8) {
        if self.record_depth.is_some() && self.record.len() < RECORD_BYTES_MAX {
            self.record.push(byte);
        }
    }

    /// Whether what begins here may turn out to be a collection, with a source for all of its documents.
    fn may_be_collection(&self) -> bool {
        self.lists.is_empty() || self.lists == [1]
    }

    fn take_in_string(&mut self, byte: u8) {
        match (self.escaped, byte) {
            (false, b'\\') => self.escaped = true,
            (false, b'"') => {
                self.in_string = false;
                let is_direct = self.record_depth.is_some_and(|depth| depth + 1 == self.depth);
                if is_direct && self.may_be_collection() && self.string_before == b"source" {
                    self.source = Some(String::from_utf8_lossy(&self.string).into_owned());
                }
            }
            _ => {
                self.escaped = false;
                if self.string.len() < WORD_BYTES {
                    self.string.push(byte);
                }
            }
        }
    }

    fn open(&mut self, byte: u8) {
        let in_record = self.record_depth.is_some_and(|depth| depth + 1 == self.depth);
        let is_list = byte == b'['
            && match self.record_depth {
                None => self.depth == 0,
                Some(_) => in_record && LISTS.contains(&self.string.as_slice()),
            };
        if is_list {
            // What began as a document is the collection around them.
            self.lists.push(self.depth + 1);
            self.record_depth = None;
            self.record.clear();
        }
        let place = self.lists.last().copied().unwrap_or(0);
        if byte == b'{' && self.record_depth.is_none() && self.depth == place {
            self.record_depth = Some(self.depth);
            self.record_line = self.line;
            if self.may_be_collection() {
                self.source = None;
            }
        }
        self.depth += 1;
    }

    fn close(&mut self, byte: u8) -> Option<(Vec<u8>, u64)> {
        self.depth = self.depth.saturating_sub(1);
        while self.lists.last().is_some_and(|depth| *depth > self.depth) {
            self.lists.pop();
        }
        self.keep(byte);
        if self.record_depth != Some(self.depth) {
            return None;
        }
        self.record_depth = None;
        Some((std::mem::take(&mut self.record), self.record_line))
    }
}
