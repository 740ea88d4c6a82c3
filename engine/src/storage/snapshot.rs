//! The store at one moment. A snapshot keeps the database that it is of alive, so it can be kept anywhere.

use std::sync::{Arc, Mutex, PoisonError};

use rocksdb::{DB, DBPinnableSlice, DBRawIterator, ErrorKind, ReadOptions};

use super::cursor::{Entries, prefix_end};
use super::failure::{damaged, failed, place};
use super::family::Family;
use super::options::handle;
use super::page_cache::PageCache;
use super::set;
use crate::StorageError;

self_cell::self_cell!(
    /// A snapshot of RocksDB, kept together with the database that it is of.
    pub(super) struct Pin {
        owner: Arc<DB>,
        #[covariant]
        dependent: RocksSnapshot,
    }
);

type RocksSnapshot<'d> = rocksdb::Snapshot<'d>;

/// The database as it is now.
pub(super) fn pin(database: &Arc<DB>) -> Arc<Pin> {
    Arc::new(Pin::new(Arc::clone(database), |database| database.snapshot()))
}

/// A secondary instance of a database that another process writes. It never moves, so it is a snapshot by itself.
pub(crate) struct Instance {
    pub(super) database: DB,
    /// Where RocksDB writes what it has to say; deleted after the database is closed, as fields are dropped in order.
    pub(super) _scratch: tempfile::TempDir,
}

/// The store at one moment.
pub(crate) struct StoreSnapshot {
    /// How to read single keys of this moment.
    options: ReadOptions,
    moment: Moment,
    /// Pages of sets that are asked for single members again and again.
    pages: Mutex<PageCache>,
}

/// What keeps a moment.
enum Moment {
    /// RocksDB, in a database that goes on.
    Pinned(Pinned),
    /// The database itself, which is followed and does not move while somebody looks at it.
    Still(Arc<Instance>),
}

self_cell::self_cell!(
    /// A pinned moment, kept together with cursors over it that have done their work.
    struct Pinned {
        owner: Arc<Pin>,
        #[not_covariant]
        dependent: Cursors,
    }
);

/// Cursors to be placed anew, each with its family: making one takes several times longer than placing it.
type Cursors<'p> = Mutex<Vec<(Family, DBRawIterator<'p>)>>;

/// How many cursors are kept: one for each thread that looks something up in the same snapshot.
const CURSORS_KEPT_MAX: usize = 16;

impl Pinned {
    fn database(&self) -> &DB {
        self.borrow_owner().borrow_owner()
    }

    fn snapshot(&self) -> &RocksSnapshot<'_> {
        self.borrow_owner().borrow_dependent()
    }
}

impl StoreSnapshot {
    /// A pinned moment.
    pub(super) fn pinned(pin: Arc<Pin>) -> Self {
        let mut options = ReadOptions::default();
        options.set_snapshot(pin.borrow_dependent());
        let moment = Moment::Pinned(Pinned::new(pin, |_| Cursors::default()));
        Self { options, moment, pages: Mutex::default() }
    }

    /// The moment that an instance shows.
    pub(super) fn of_instance(instance: Arc<Instance>) -> Self {
        Self { options: ReadOptions::default(), moment: Moment::Still(instance), pages: Mutex::default() }
    }

    fn database(&self) -> &DB {
        match &self.moment {
            Moment::Pinned(pinned) => pinned.database(),
            Moment::Still(instance) => &instance.database,
        }
    }

    /// How to read this moment.
    fn read_options(&self) -> ReadOptions {
        let mut options = ReadOptions::default();
        if let Moment::Pinned(pinned) = &self.moment {
            options.set_snapshot(pinned.snapshot());
        }
        options
    }

    /// The value of a key, without copying it.
    pub(crate) fn get(
        &self,
        family: Family,
        key: impl AsRef<[u8]>,
    ) -> Result<Option<DBPinnableSlice<'_>>, StorageError> {
        let database = self.database();
        database.get_pinned_cf_opt(handle(database, family), key.as_ref(), &self.options).map_err(|error| {
            match error.kind() {
                ErrorKind::Corruption => {
                    StorageError::Damaged { place: place(family, key.as_ref()), reason: error.into_string() }
                }
                _ => failed("reading")(error),
            }
        })
    }

    /// About how many bytes the entries of a family take on disk and in memory, deleted ones among them.
    pub(crate) fn approximate_bytes(&self, family: Family) -> u64 {
        let database = self.database();
        let property = |name: &str| database.property_int_value_cf(handle(database, family), name).ok().flatten();
        ["rocksdb.estimate-live-data-size", "rocksdb.cur-size-all-mem-tables"].into_iter().filter_map(property).sum()
    }

    /// Whether the page under a key holds a member, given as its offset.
    pub(crate) fn page_contains(&self, family: Family, key: &[u8], member: u32) -> Result<bool, StorageError> {
        let pages = || self.pages.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = pages().ask(family, key, member) {
            return Ok(found);
        }
        let Some(value) = self.get(family, key)? else { return Ok(false) };
        let wrong = |error| damaged(family, key, error);
        pages().keep(family, key, &value).map_err(wrong)?;
        set::contains(&value, member).map_err(wrong)
    }

    /// The number of the last write that it shows: two snapshots with the same number show the same.
    pub(crate) fn sequence(&self) -> u64 {
        match &self.moment {
            Moment::Pinned(pinned) => pinned.snapshot().sequence_number(),
            Moment::Still(instance) => instance.database.latest_sequence_number(),
        }
    }

    /// The entries whose key begins with these bytes, in order of key.
    pub(crate) fn prefix(&self, family: Family, prefix: impl AsRef<[u8]>) -> Entries<'_> {
        let prefix = prefix.as_ref();
        let mut options = self.read_options();
        if let Some(end) = prefix_end(prefix) {
            options.set_iterate_upper_bound(end);
        }
        let database = self.database();
        let mut cursor = database.raw_iterator_cf_opt(handle(database, family), options);
        cursor.seek(prefix);
        Entries { family, cursor }
    }

    /// Calls `visit` with the entries whose key begins with these bytes, in order of key. For look-ups of few entries,
    /// which come often: the cursor is kept for the next one.
    pub(crate) fn look_up(
        &self,
        family: Family,
        prefix: impl AsRef<[u8]>,
        mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), StorageError>,
    ) -> Result<(), StorageError> {
        let prefix = prefix.as_ref();
        let Moment::Pinned(pinned) = &self.moment else {
            return self.prefix(family, prefix).for_each(visit);
        };
        pinned.with_dependent(|pin, cursors| {
            let database: &DB = pin.borrow_owner();
            let kept = take_cursor(&mut cursors.lock().unwrap_or_else(PoisonError::into_inner), family);
            let made = || database.raw_iterator_cf_opt(handle(database, family), self.read_options());
            let mut entries = Entries { family, cursor: kept.unwrap_or_else(made) };
            entries.cursor.seek(prefix);
            while let Some((key, value)) = entries.entry()?.filter(|(key, _)| key.starts_with(prefix)) {
                visit(key, value)?;
                entries.advance();
            }
            let mut cursors = cursors.lock().unwrap_or_else(PoisonError::into_inner);
            if cursors.len() < CURSORS_KEPT_MAX {
                cursors.push((family, entries.cursor));
            }
            Ok(())
        })
    }

    /// The entries from one key on, up to and without another, in order of key.
    pub(crate) fn range(&self, family: Family, first: impl AsRef<[u8]>, end: impl AsRef<[u8]>) -> Entries<'_> {
        let mut options = self.read_options();
        options.set_iterate_upper_bound(end.as_ref());
        let database = self.database();
        let mut cursor = database.raw_iterator_cf_opt(handle(database, family), options);
        cursor.seek(first);
        Entries { family, cursor }
    }

    /// The entries whose key begins with these bytes, from a key on.
    pub(crate) fn prefix_from(&self, family: Family, prefix: impl AsRef<[u8]>, from: &[u8]) -> Entries<'_> {
        let mut entries = self.prefix(family, prefix.as_ref());
        entries.cursor.seek(from);
        entries
    }

    /// All entries of a family.
    pub(crate) fn all(&self, family: Family) -> Entries<'_> {
        self.prefix(family, [])
    }
}

impl std::fmt::Debug for StoreSnapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("StoreSnapshot").finish_non_exhaustive()
    }
}

fn take_cursor<'s>(cursors: &mut Vec<(Family, DBRawIterator<'s>)>, family: Family) -> Option<DBRawIterator<'s>> {
    let place = cursors.iter().position(|(of, _)| *of == family)?;
    Some(cursors.swap_remove(place).1)
}
