//! What can go wrong with a graph, and what to do about it.

use std::path::PathBuf;

use crate::{DocumentId, Edge, NodeId, RunId, SentenceId};

/// What can go wrong when a graph is opened, read or written. Each text says what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StorageError {
    /// The path holds something that hopgraph did not make.
    #[error(
        "{} is not a hopgraph directory: it holds files but no FORMAT file; give an empty or new folder, or the folder of a graph", path.display()
    )]
    NotAGraph {
        /// The path as given.
        path: PathBuf,
    },
    /// A graph was expected, and there is nothing at the path.
    #[error("there is no graph at {}: check the path, or create one with `hopgraph load` or `hopgraph ingest`", path.display())]
    Missing {
        /// The path as given.
        path: PathBuf,
    },
    /// A later version of hopgraph wrote the graph.
    #[error(
        "{} has format version {found}, newer than version {supported}, which this program reads; use a newer hopgraph", path.display()
    )]
    NewerFormat {
        /// The path as given.
        path: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version that this program reads.
        supported: u32,
    },
    /// An earlier version of hopgraph wrote the graph, and it was to be opened for reading only.
    #[error(
        "{} has the older format version {found}; open it once for writing, so that it is migrated", path.display()
    )]
    OlderFormat {
        /// The path as given.
        path: PathBuf,
        /// The version found.
        found: u32,
    },
    /// A large retraction has begun and is not finished, and the graph was to be read by another process.
    #[error(
        "a run is being taken out of {}; try again once that is done, or open it for writing to finish it", path.display()
    )]
    RetractionUnderWay {
        /// The path as given.
        path: PathBuf,
    },
    /// Another process has the graph open.
    #[error(
        "{} is open in another process{}; close it there, or open it here for reading only", path.display(),
        process.map(|id| format!(" (process id {id})")).unwrap_or_default()
    )]
    Locked {
        /// The path as given.
        path: PathBuf,
        /// The process that holds the lock, if it is known.
        process: Option<u32>,
    },
    /// The graph was opened for reading only.
    #[error("{} is open for reading only; open it for writing, in one process", path.display())]
    ReadOnly {
        /// The path as given.
        path: PathBuf,
    },
    /// The graph was to be opened for writing, and nothing may be written where it is.
    #[error(
        "{} cannot be written ({cause}); open it for reading only (`--read-only`), or let this user write there", path.display()
    )]
    Unwritable {
        /// The path as given.
        path: PathBuf,
        /// What the system says.
        cause: String,
    },
    /// A folder was to become a graph, and holds something already.
    #[error("{} is not empty; give a folder that is new", path.display())]
    NotEmpty {
        /// The path as given.
        path: PathBuf,
    },
    /// A folder was to hold backups, and holds something else.
    #[error("{} is not a folder of hopgraph backups; `hopgraph backup` makes one of a new or empty folder", path.display())]
    NotBackups {
        /// The path as given.
        path: PathBuf,
    },
    /// There is no such backup.
    #[error(
        "{} holds no backup {id}; {}", path.display(),
        newest.map_or_else(|| "it holds none".to_owned(), |newest| format!("its newest is {newest}"))
    )]
    NoSuchBackup {
        /// The folder of the backups.
        path: PathBuf,
        /// The number asked for.
        id: u32,
        /// The number of the newest one.
        newest: Option<u32>,
    },
    /// The disk has no room left. What was acknowledged before is safe.
    #[error(
        "the disk is full, while {action} ({cause}); make room and open the graph again: every commit that succeeded is in it, and can be read meanwhile if it is opened for reading only (`--read-only`)"
    )]
    DiskFull {
        /// What was being done.
        action: &'static str,
        /// What the library says.
        cause: String,
    },
    /// Something stored cannot be read. Nothing was guessed in its place.
    #[error(
        "damage in {place}: {reason}; `hopgraph check` shows the extent, `hopgraph check --repair` mends what can be derived from other records, and for the rest there is `hopgraph restore`"
    )]
    Damaged {
        /// Column family and key.
        place: String,
        /// What does not fit.
        reason: String,
    },
    /// No id is left for another thing of this kind.
    #[error("no id is left for another {kind}: the limit is {limit}; split the data over several graphs")]
    IdSpaceFull {
        /// What was to be added.
        kind: &'static str,
        /// How many there can be.
        limit: u64,
    },
    /// An earlier write failed, so the state on disk is uncertain and no further write is taken.
    #[error("writes are refused since a write failed ({cause}); close the graph, see to the cause, and open it again")]
    WritesRefused {
        /// The first failure.
        cause: String,
    },
    /// Another write transaction is open, and was not over in the time that there was to wait.
    #[error(
        "another write transaction is open, and did not end within {waited_ms} ms; commit or drop it, or wait longer"
    )]
    WriterBusy {
        /// How long was waited, in milliseconds.
        waited_ms: u64,
    },
    /// A thread began a write transaction while it had one open, which could never have begun.
    #[error("this thread has a write transaction open already; commit or drop it before the next one begins")]
    WriteOpenInThread,
    /// The disk or the storage library failed.
    #[error("storage failed while {action}: {cause}")]
    Failed {
        /// What was being done.
        action: &'static str,
        /// What the library says.
        cause: String,
    },
    /// A file of the graph's directory could not be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// A node was named that the graph does not hold.
    #[error("there is no node {0}; it may have been deleted")]
    UnknownNode(NodeId),
    /// A sentence was named that the graph does not hold.
    #[error("there is no sentence {0}; add its document first")]
    UnknownSentence(SentenceId),
    /// A document was named that the graph does not hold.
    #[error("there is no document {0}; it may have been retracted")]
    UnknownDocument(DocumentId),
    /// No document has this identifier.
    #[error("there is no document {identifier:?}; identifiers are compared letter for letter")]
    NoSuchDocument {
        /// The identifier.
        identifier: String,
    },
    /// A run was named that the graph does not hold.
    #[error("there is no run {0}; `hopgraph info` lists the runs")]
    UnknownRun(RunId),
    /// No run goes by this name.
    #[error("no run is named {name:?}; give its number, its model's name or its source, as `hopgraph info` lists them")]
    NoSuchRun {
        /// The name.
        name: String,
    },
    /// Several runs go by this name.
    #[error("the runs {numbers} all go by {name:?}; give the number of the one that is meant")]
    AmbiguousRun {
        /// The name.
        name: String,
        /// The numbers of the runs.
        numbers: String,
    },
    /// A probability is not one.
    #[error("{0} is not a probability; it must lie between 0 and 1")]
    NotAProbability(f32),
    /// A mention does not fit its sentence.
    #[error(
        "a mention spans characters {start} to {end} of a sentence of {length}; offsets count characters from the start of the sentence"
    )]
    MentionOutside {
        /// Its first character.
        start: u32,
        /// One past its last character.
        end: u32,
        /// How many characters the sentence has.
        length: usize,
    },
    /// A node cannot go while edges hang on it.
    #[error("node {0} still has edges; delete them first, or use DETACH DELETE")]
    NodeHasEdges(NodeId),
    /// An external id belongs to another node already.
    #[error("the identifier {identifier:?} belongs to node {owner} already; an identifier names one node only")]
    IdentifierTaken {
        /// The identifier.
        identifier: String,
        /// The node that has it.
        owner: NodeId,
    },
    /// A relation type of this name exists with another polarity or symmetry.
    #[error("relation type {name:?} exists already as {existing}, and cannot also be {wanted}; use another name")]
    RelationTypeConflict {
        /// Its name.
        name: String,
        /// As it is.
        existing: String,
        /// As it was asked for.
        wanted: String,
    },
    /// A name, label or identifier cannot be stored.
    #[error("{what} {text:?} cannot be stored: {reason}")]
    InvalidName {
        /// What it was to be.
        what: &'static str,
        /// The text.
        text: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A node with its properties, a sentence or another record is too large.
    #[error(
        "a record of {bytes} bytes in {family} is larger than {} MiB; keep large data in a file, and its name in a property", limit >> 20
    )]
    RecordTooLarge {
        /// What it was to be one of: the column family.
        family: &'static str,
        /// How large it is.
        bytes: usize,
        /// The largest that there can be, in bytes.
        limit: usize,
    },
    /// The work was stopped before its end.
    #[error(transparent)]
    Interrupted(#[from] Interruption),
}

/// Why a piece of work was stopped before its end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Interruption {
    /// Somebody set the cancel flag.
    #[error("the query was cancelled")]
    Cancelled,
    /// The time limit passed.
    #[error("the query ran longer than its time limit of {limit_ms} ms; narrow it or raise the limit")]
    TimedOut {
        /// The limit, in milliseconds.
        limit_ms: u64,
    },
    /// The memory limit would have been passed.
    #[error(
        "the query needs more memory than its limit of {} MiB; narrow it, add LIMIT, or raise the limit", limit_bytes >> 20
    )]
    OutOfMemory {
        /// The limit, in bytes.
        limit_bytes: u64,
    },
    /// An edge was given a cost below zero, or none at all.
    #[error(
        "the edge from node {} to node {} costs less than nothing; costs of a cheapest path must be zero or more", .0.source, .0.target
    )]
    NegativeCost(Edge),
}
