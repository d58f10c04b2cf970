//! Checkpoints of the state that other parts keep in memory, so that the log need not be kept for ever.
//!
//! A checkpoint may be fuzzy: it is taken while changes go on, and each entity in it carries the sequence number up to
//! which it is complete; replay skips what an entity already includes.

use std::path::{Path, PathBuf};

use parking_lot::RwLock;
use redb::{Database, ReadableDatabase, ReadableTable, TableDefinition, TableError};

use crate::damage::guarded;
use crate::private;
use crate::sealer::KeptTime;

/// Something whose state is rebuilt at start from checkpoints and the log.
pub trait Checkpoint: Send {
    /// The table its keys live in; one owner a table, the same for ever.
    fn table(&self) -> &'static str;

    /// Writes what changed since the last call. Must include everything of records that were committed before the
    /// call. What is written here is not asked for again, even if making it durable has to be retried.
    fn collect(&mut self, out: &mut StateWriter);
}

/// Takes the changes of one checkpoint.
#[derive(Debug, Default)]
pub struct StateWriter {
    bytes: Vec<u8>,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, Copy)]
struct Change {
    start: usize,
    key_len: usize,
    value_len: Option<usize>,
}

impl StateWriter {
    /// Sets `key` to `value`.
    pub fn put(&mut self, key: &[u8], value: &[u8]) {
        self.record(key, Some(value));
    }

    /// Removes `key`.
    pub fn delete(&mut self, key: &[u8]) {
        self.record(key, None);
    }

    fn record(&mut self, key: &[u8], value: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(key);
        self.bytes.extend_from_slice(value.unwrap_or_default());
        self.changes.push(Change { start, key_len: key.len(), value_len: value.map(<[u8]>::len) });
    }

    /// How many changes were written.
    pub fn len(&self) -> usize {
        self.changes.len()
    }

    /// Whether nothing was written.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// The changes in order: a key, and its value unless it is to be removed.
    pub(crate) fn changes(&self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        self.changes.iter().map(|change| {
            let value_start = change.start + change.key_len;
            let key = &self.bytes[change.start..value_start];
            (key, change.value_len.map(|length| &self.bytes[value_start..value_start + length]))
        })
    }
}

/// Where checkpoints are kept.
pub(crate) struct StateStore {
    path: PathBuf,
    /// None once it was closed.
    database: RwLock<Option<Database>>,
}

/// How far the log has been absorbed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Segments up to this one are sealed and checkpointed.
    pub retired_through: u64,
    /// A number that no record had when the checkpoint was taken.
    pub next_seq: u64,
    /// The wall clock as far as it was believed then; nothing when an older release took the checkpoint.
    pub time: KeptTime,
    /// No stream with a greater number was sealed until then.
    pub highest_stream: u64,
}

const META: TableDefinition<'static, &str, u64> = TableDefinition::new("journal");
const RETIRED_THROUGH: &str = "retired_through";
const NEXT_SEQ: &str = "next_seq";
const TIME_MS: &str = "time_ms";
const TIME_STEP_MS: &str = "time_step_ms";
const TIME_STEP_SERVED_MS: &str = "time_step_served_ms";
const HIGHEST_STREAM: &str = "highest_stream";
const CACHE_BYTES: usize = 8 << 20;

fn table_name(owner: &str) -> String {
    format!("state.{owner}")
}

impl StateStore {
    pub(crate) fn open(path: &Path) -> Result<Self, redb::Error> {
        private::claim_file(path).map_err(redb::Error::Io)?;
        let database = guarded(|| Database::builder().set_cache_size(CACHE_BYTES).create(path))?;
        Ok(Self { path: path.to_owned(), database: RwLock::new(Some(database)) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn progress(&self) -> Result<Progress, redb::Error> {
        self.with(progress_in)
    }

    /// Closes the file in an orderly way although handles of the journal may still be around.
    pub(crate) fn close(&self) {
        let database = self.database.write().take();
        let closed: Result<(), redb::Error> = guarded(|| {
            drop(database);
            Ok(())
        });
        if let Err(error) = closed {
            tracing::warn!(file = %self.path.display(), %error, "the state could not be closed in an orderly way");
        }
    }

    fn with<T>(&self, work: impl FnOnce(&Database) -> Result<T, redb::Error>) -> Result<T, redb::Error> {
        let guard = self.database.read();
        let closed = || redb::Error::Io(std::io::Error::other("the journal was shut down"));
        let database = guard.as_ref().ok_or_else(closed)?;
        guarded(|| work(database))
    }

    pub(crate) fn each(&self, owner: &str, mut f: impl FnMut(&[u8], &[u8])) -> Result<(), redb::Error> {
        let transaction = self.with(|database| Ok(database.begin_read()?))?;
        let name = table_name(owner);
        let table = match transaction.open_table(TableDefinition::<&[u8], &[u8]>::new(&name)) {
            Ok(table) => table,
            Err(TableError::TableDoesNotExist(_)) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        let mut entries = guarded(|| table.iter())?;
        while let Some(entry) = guarded(|| entries.next().transpose())? {
            let (key, value) = entry;
            f(key.value(), value.value());
        }
        Ok(())
    }

    /// Makes the changes and the progress durable together.
    pub(crate) fn commit(
        &self,
        changes: &[(&'static str, StateWriter)],
        progress: Progress,
    ) -> Result<(), redb::Error> {
        if self.database.read().is_none() {
            self.reopen();
        }
        let committed = self.with(|database| Self::write(database, changes, progress));
        if committed.is_err() {
            self.reopen();
        }
        committed
    }

    /// After an error of the disk the storage engine refuses the file until it is opened anew.
    fn reopen(&self) {
        self.close();
        match Self::open(&self.path) {
            Ok(opened) => *self.database.write() = opened.database.into_inner(),
            Err(error) => {
                tracing::warn!(file = %self.path.display(), %error, "the state cannot be opened now");
            }
        }
    }

    fn write(
        database: &Database,
        changes: &[(&'static str, StateWriter)],
        progress: Progress,
    ) -> Result<(), redb::Error> {
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(true);
        for (owner, writer) in changes.iter().filter(|(_, writer)| !writer.is_empty()) {
            let name = table_name(owner);
            let mut table = transaction.open_table(TableDefinition::<&[u8], &[u8]>::new(&name))?;
            for (key, value) in writer.changes() {
                match value {
                    Some(value) => drop(table.insert(key, value)?),
                    None => drop(table.remove(key)?),
                }
            }
        }
        {
            let mut meta = transaction.open_table(META)?;
            meta.insert(RETIRED_THROUGH, progress.retired_through)?;
            meta.insert(NEXT_SEQ, progress.next_seq)?;
            meta.insert(TIME_MS, progress.time.believed)?;
            meta.insert(TIME_STEP_MS, progress.time.step)?;
            meta.insert(TIME_STEP_SERVED_MS, progress.time.served)?;
            meta.insert(HIGHEST_STREAM, progress.highest_stream)?;
        }
        transaction.commit()?;
        Ok(())
    }
}

/// Looks into a state file without changing it; one that was not closed in an orderly way is refused.
pub(crate) fn read_progress(path: &Path) -> Result<Progress, redb::Error> {
    guarded(|| progress_in(&Database::builder().set_cache_size(CACHE_BYTES).open_read_only(path)?))
}

fn progress_in(database: &impl ReadableDatabase) -> Result<Progress, redb::Error> {
    let transaction = database.begin_read()?;
    let table = match transaction.open_table(META) {
        Ok(table) => table,
        Err(TableError::TableDoesNotExist(_)) => return Ok(Progress::default()),
        Err(error) => return Err(error.into()),
    };
    let read = |key| table.get(key).map(|found| found.map_or(0, |value| value.value()));
    Ok(Progress {
        retired_through: read(RETIRED_THROUGH)?,
        next_seq: read(NEXT_SEQ)?,
        time: KeptTime {
            believed: read(TIME_MS)?,
            step: read(TIME_STEP_MS)?,
            served: read(TIME_STEP_SERVED_MS)?,
        },
        highest_stream: read(HIGHEST_STREAM)?,
    })
}
