//! Rebuilds what a disk holds after a loss of power, from the record of what a process did.
//!
//! The disk is as unkind as POSIX allows: the content of a file is there up to its last sync, and a name is there once its
//! folder was synced. What came later may be there in part: some beginning of the later writes, the last of them torn, or
//! sectors of zeros in their place; some beginning of the later changes of names in each folder. A rename is one change.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::path::{Path, PathBuf};

use crate::random::Random;

/// The smallest piece that a disk writes.
const SECTOR_BYTES: usize = 512;

/// One entry of the record; see `recorder.c`.
#[derive(Debug)]
pub(super) enum Event {
    Open { handle: u32, path: PathBuf },
    Clear { handle: u32 },
    Write { handle: u32, offset: usize, bytes: Vec<u8> },
    Cut { handle: u32, length: usize },
    Sync { handle: u32 },
    Make(PathBuf),
    Rename(PathBuf, PathBuf),
    Link(PathBuf, PathBuf),
    Unlink(PathBuf),
    RemoveFolder(PathBuf),
}

/// Reads a record.
pub(super) fn parse(mut record: &[u8]) -> Vec<Event> {
    let mut events = Vec::new();
    while let Some(end) = record.iter().position(|&byte| byte == b'\n') {
        let line = std::str::from_utf8(&record[..end]).unwrap();
        record = &record[end + 1..];
        let (word, rest) = line.split_once(' ').unwrap();
        let number = |index: usize| rest.split(' ').nth(index).unwrap().parse::<usize>().unwrap();
        let handle = || number(0) as u32;
        let pair = || rest.split_once('\t').map(|(from, to)| (PathBuf::from(from), PathBuf::from(to))).unwrap();
        events.push(match word {
            "open" => Event::Open { handle: handle(), path: rest.split_once(' ').unwrap().1.into() },
            "clear" => Event::Clear { handle: handle() },
            "write" => {
                let (bytes, after) = record.split_at(number(2));
                record = after;
                Event::Write { handle: handle(), offset: number(1), bytes: bytes.to_vec() }
            }
            "cut" => Event::Cut { handle: handle(), length: number(1) },
            "sync" => Event::Sync { handle: handle() },
            "make" => Event::Make(rest.into()),
            "rename" => Event::Rename(pair().0, pair().1),
            "link" => Event::Link(pair().0, pair().1),
            "unlink" => Event::Unlink(rest.into()),
            "rmdir" => Event::RemoveFolder(rest.into()),
            other => panic!("the record has an entry {other:?}"),
        });
    }
    events
}

/// What survives of that which was not synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Survival {
    /// Nothing.
    Nothing,
    /// Everything, as when only the process dies.
    Everything,
    /// Some beginning of it, torn.
    Some,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Node {
    Folder,
    File(usize),
}

#[derive(Debug)]
enum Edit {
    Write { offset: usize, bytes: Vec<u8> },
    Cut { length: usize },
}

impl Edit {
    fn apply(&self, content: &mut Vec<u8>) {
        match self {
            Self::Write { offset, bytes } => {
                content.resize(content.len().max(offset + bytes.len()), 0);
                content[*offset..offset + bytes.len()].copy_from_slice(bytes);
            }
            Self::Cut { length } => content.resize(*length, 0),
        }
    }
}

/// The content of a file: as synced, and what was done to it since.
#[derive(Debug, Default)]
struct Content {
    synced: Vec<u8>,
    edits: Vec<Edit>,
}

type Names = BTreeMap<PathBuf, Node>;

/// A change of names in one folder.
#[derive(Debug)]
struct NameChange {
    folder: PathBuf,
    changes: Vec<(PathBuf, Option<Node>)>,
}

/// A disk in the middle of its work.
#[derive(Debug, Default)]
pub(super) struct Disk {
    files: Vec<Content>,
    handles: HashMap<u32, PathBuf>,
    inodes: HashMap<u32, usize>,
    /// As the process sees them.
    names: Names,
    synced_names: Names,
    pending: Vec<NameChange>,
}

impl Disk {
    /// A disk with one folder on it.
    pub(super) fn new(root: &Path) -> Self {
        let names = Names::from([(root.to_owned(), Node::Folder)]);
        Self { synced_names: names.clone(), names, ..Self::default() }
    }

    /// Does what a process did.
    pub(super) fn apply(&mut self, event: &Event) {
        match event {
            Event::Open { handle, path } => self.open(*handle, path),
            Event::Clear { handle } => self.edit(*handle, Edit::Cut { length: 0 }),
            Event::Write { handle, offset, bytes } => {
                self.edit(*handle, Edit::Write { offset: *offset, bytes: bytes.clone() });
            }
            Event::Cut { handle, length } => self.edit(*handle, Edit::Cut { length: *length }),
            Event::Sync { handle } => self.sync(*handle),
            Event::Make(path) => self.change_names(path, vec![(path.clone(), Some(Node::Folder))]),
            Event::Rename(from, to) => self.rename(from, to),
            Event::Link(from, to) => self.change_names(to, vec![(to.clone(), self.names.get(from).copied())]),
            Event::Unlink(path) | Event::RemoveFolder(path) => self.change_names(path, vec![(path.clone(), None)]),
        }
    }

    fn open(&mut self, handle: u32, path: &Path) {
        if !self.names.contains_key(path) {
            self.files.push(Content::default());
            self.change_names(path, vec![(path.to_owned(), Some(Node::File(self.files.len() - 1)))]);
        }
        match self.names[path] {
            Node::Folder => drop(self.handles.insert(handle, path.to_owned())),
            Node::File(inode) => drop(self.inodes.insert(handle, inode)),
        }
    }

    fn edit(&mut self, handle: u32, edit: Edit) {
        let inode = self.inodes[&handle];
        self.files[inode].edits.push(edit);
    }

    fn sync(&mut self, handle: u32) {
        if let Some(&inode) = self.inodes.get(&handle) {
            let file = &mut self.files[inode];
            file.edits.drain(..).for_each(|edit| edit.apply(&mut file.synced));
        } else {
            let folder = &self.handles[&handle];
            let (now, later) =
                std::mem::take(&mut self.pending).into_iter().partition(|change| change.folder == *folder);
            self.pending = later;
            let now: Vec<NameChange> = now;
            now.iter().for_each(|change| set_names(&mut self.synced_names, change));
        }
    }

    fn rename(&mut self, from: &Path, to: &Path) {
        // What lies below a folder moves with it.
        let moved: Vec<(PathBuf, Node)> = self
            .names
            .range(from.to_owned()..)
            .take_while(|(path, _)| path.starts_with(from))
            .map(|(path, node)| (path.clone(), *node))
            .collect();
        let mut changes = Vec::new();
        for (path, node) in moved {
            let rest = path.strip_prefix(from).unwrap();
            let target = if rest == Path::new("") { to.to_owned() } else { to.join(rest) };
            changes.push((path.clone(), None));
            changes.push((target, Some(node)));
        }
        self.change_names(to, changes);
    }

    fn change_names(&mut self, path: &Path, changes: Vec<(PathBuf, Option<Node>)>) {
        let change = NameChange { folder: path.parent().unwrap().to_owned(), changes };
        set_names(&mut self.names, &change);
        self.pending.push(change);
    }

    /// What the process reads in a file now.
    pub(super) fn read(&self, path: &Path) -> Vec<u8> {
        match self.names.get(path) {
            Some(Node::File(inode)) => self.content(*inode, Survival::Everything, &mut Random(0)),
            _ => Vec::new(),
        }
    }

    fn content(&self, inode: usize, survival: Survival, random: &mut Random) -> Vec<u8> {
        let Content { synced, edits } = &self.files[inode];
        let mut content = synced.clone();
        let kept = match survival {
            Survival::Nothing => 0,
            Survival::Everything => edits.len(),
            Survival::Some => random.below(edits.len() + 1),
        };
        edits[..kept].iter().for_each(|edit| edit.apply(&mut content));
        if let (Survival::Some, Some(Edit::Write { offset, bytes })) = (survival, edits.get(kept)) {
            let torn = random.below(bytes.len() + 1);
            Edit::Write { offset: *offset, bytes: bytes[..torn].to_vec() }.apply(&mut content);
            // The length may be on the disk before the last sectors are.
            if random.below(4) == 0 {
                let whole_sectors = content.len() / SECTOR_BYTES * SECTOR_BYTES;
                content.truncate(whole_sectors.max(synced.len()));
                content.resize(content.len() + SECTOR_BYTES * (1 + random.below(8)), 0);
            }
        }
        content
    }

    /// Writes what the disk holds after a loss of power at this moment. `root` of the record becomes `target`.
    pub(super) fn write_image(&self, root: &Path, target: &Path, survival: Survival, random: &mut Random) {
        let mut names = self.synced_names.clone();
        let mut left: HashMap<&Path, usize> = HashMap::new();
        for change in &self.pending {
            let of_folder = self.pending.iter().filter(|other| other.folder == change.folder).count();
            let left = left.entry(&change.folder).or_insert_with(|| match survival {
                Survival::Nothing => 0,
                Survival::Everything => of_folder,
                Survival::Some => random.below(of_folder + 1),
            });
            if *left > 0 {
                *left -= 1;
                set_names(&mut names, change);
            }
        }
        for (path, node) in &names {
            // What lies in a folder that is gone is gone with it.
            let reachable = path.ancestors().skip(1).take_while(|folder| folder.starts_with(root));
            if reachable.into_iter().any(|folder| names.get(folder) != Some(&Node::Folder)) {
                continue;
            }
            let target = target.join(path.strip_prefix(root).unwrap());
            match node {
                Node::Folder => fs::create_dir_all(target).unwrap(),
                Node::File(inode) => fs::write(target, self.content(*inode, survival, random)).unwrap(),
            }
        }
    }
}

fn set_names(names: &mut Names, change: &NameChange) {
    for (path, node) in &change.changes {
        match node {
            Some(node) => names.insert(path.clone(), *node),
            None => names.remove(path),
        };
    }
}

#[test]
fn what_was_not_synced_is_lost_and_what_was_is_not() {
    let root = PathBuf::from("/r");
    let path = |name: &str| root.join(name);
    let record = b"open 1 /r/a\nwrite 1 0 2\nhisync 1\nopen 2 /r\nopen 3 /r/b\nwrite 3 0 1\n\n";
    let mut events = parse(record);
    assert!(matches!(&events[1], Event::Write { bytes, .. } if bytes == b"hi"));
    events.push(Event::Sync { handle: 2 });
    events.push(Event::Write { handle: 1, offset: 2, bytes: b"!".to_vec() });
    events.push(Event::Rename(path("a"), path("c")));
    let image = |count: usize, survival| {
        let mut disk = Disk::new(&root);
        events[..count].iter().for_each(|event| disk.apply(event));
        let folder = tempfile::tempdir().unwrap();
        disk.write_image(&root, folder.path(), survival, &mut Random(1));
        let read = |name: &str| fs::read_to_string(folder.path().join(name)).ok();
        [read("a"), read("b"), read("c")]
    };
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(image(6, Survival::Nothing), [None, None, None]);
    assert_eq!(image(7, Survival::Nothing), [some("hi"), some(""), None]);
    assert_eq!(image(9, Survival::Nothing), [some("hi"), some(""), None]);
    assert_eq!(image(9, Survival::Everything), [None, some("\n"), some("hi!")]);
}
