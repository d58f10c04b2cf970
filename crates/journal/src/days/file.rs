//! One day file: opening it for readers and for the sealer, and its tables.
//!
//! Files are opened when needed. Readers use a read-only handle, or the sealer's when there is one; the engine
//! allows only one or the other, so whoever opens does so under the file's lock. A file that a backup shares through a
//! hard link is copied before it is changed.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::Mutex;
use redb::{
    Database, DatabaseError, ReadOnlyDatabase, ReadOnlyTable, ReadTransaction, ReadableDatabase,
    ReadableTable, WriteTransaction,
};

use super::run::{ChunkForm, ChunkKey, ChunkPlace, INDEX, META, PIECES, PieceKey, RUNS, read_chunk};
use super::{ChunkRef, Day, FileClass, RunMeta, RunWriter};
use crate::blocks::chunk::BlockKey;
use crate::commit::free_bytes;
use crate::damage::{damaged, guarded};
use crate::private;
use crate::segment::sync_dir;

const CACHE_BYTES: usize = 4 << 20;
/// Segments up to this one have been sealed into the file.
const SEALED_THROUGH: &str = "sealed_through";
/// Set once the file was written anew after its day.
const PACKED: &str = "packed";
/// How long the sealer waits for readers of a file that it wants to change.
const READER_PATIENCE: Duration = Duration::from_secs(30);

#[derive(Clone)]
enum Handle {
    Reading(Arc<ReadOnlyDatabase>),
    Writing(Arc<Database>),
}

/// A day file, open or not.
pub(crate) struct DayFile {
    pub class: FileClass,
    pub day: Day,
    pub path: PathBuf,
    /// Free space that a copy of the file has to leave.
    min_free_bytes: u64,
    handle: Mutex<Option<Handle>>,
}

fn options() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE_BYTES);
    builder
}

/// Makes the file unless it is there. It gets its name only when it is a whole database, so that a process that ends in
/// the middle, or a copy made meanwhile, leaves nothing that cannot be opened.
fn make(path: &Path) -> Result<(), redb::Error> {
    if std::fs::metadata(path).is_ok_and(|found| found.len() > 0) {
        return Ok(());
    }
    let staging = path.with_extension("redb.new");
    drop(private::create_file(&staging).map_err(redb::Error::Io)?);
    drop(options().create(&staging)?);
    std::fs::rename(&staging, path).map_err(redb::Error::Io)
}

/// Opens the file for writing, or makes it, waiting for readers in this process to let go of it.
fn open_writing(path: &Path) -> Result<Arc<Database>, redb::Error> {
    make(path)?;
    let begun = Instant::now();
    loop {
        match options().open(path) {
            Ok(database) => return Ok(Arc::new(database)),
            Err(DatabaseError::DatabaseAlreadyOpen) if begun.elapsed() < READER_PATIENCE => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn open_reading(path: &Path) -> Result<Arc<ReadOnlyDatabase>, redb::Error> {
    let begun = Instant::now();
    loop {
        match options().open_read_only(path) {
            Ok(database) => return Ok(Arc::new(database)),
            // Not closed in an orderly way: opening it for writing repairs it.
            Err(DatabaseError::RepairAborted) => drop(options().open(path)?),
            // An earlier handle is just being closed by another thread.
            Err(DatabaseError::DatabaseAlreadyOpen) if begun.elapsed() < READER_PATIENCE => {
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

impl DayFile {
    pub(crate) fn new(class: FileClass, day: Day, dir: &Path, min_free_bytes: u64) -> Self {
        Self { class, day, path: dir.join(day.file_name(class)), min_free_bytes, handle: Mutex::new(None) }
    }

    /// How chunks of this file are made at first.
    pub(crate) fn form(&self) -> ChunkForm {
        match self.class {
            FileClass::History => ChunkForm { target: 12 << 10, level: 1 },
            FileClass::Log => ChunkForm { target: 64 << 10, level: 1 },
        }
    }

    /// How chunks are made when the day is packed for keeping.
    pub(crate) fn packed_form(&self) -> ChunkForm {
        match self.class {
            FileClass::History => ChunkForm { target: 16 << 10, level: 3 },
            FileClass::Log => ChunkForm { target: 64 << 10, level: 3 },
        }
    }

    /// Lets go of the file; readers under way keep it until they are done.
    pub(crate) fn close(&self) {
        let handle = self.handle.lock().take();
        // Closing writes to the file, and what it finds there may be damaged.
        let closed: Result<(), redb::Error> = guarded(|| {
            drop(handle);
            Ok(())
        });
        if let Err(error) = closed {
            tracing::warn!(file = %self.path.display(), %error, "a day file could not be closed in an orderly way");
        }
    }

    pub(crate) fn read(&self) -> Result<DayReader, redb::Error> {
        let mut guard = self.handle.lock();
        let handle = match &*guard {
            Some(handle) => handle.clone(),
            None => guard.insert(Handle::Reading(open_reading(&self.path)?)).clone(),
        };
        drop(guard);
        let transaction = match &handle {
            Handle::Reading(database) => database.begin_read()?,
            Handle::Writing(database) => database.begin_read()?,
        };
        DayReader::new(transaction, handle)
    }

    pub(crate) fn write(&self) -> Result<DayWriter, redb::Error> {
        let mut guard = self.handle.lock();
        // Only the sealer's thread writes, so no transaction is under way when the file has to be exchanged.
        if is_shared(&self.path) {
            guard.take();
            unshare(&self.path, self.min_free_bytes).map_err(redb::Error::Io)?;
        }
        let database = match &*guard {
            Some(Handle::Writing(database)) => database.clone(),
            _ => {
                guard.take();
                let database = open_writing(&self.path)?;
                *guard = Some(Handle::Writing(database.clone()));
                database
            }
        };
        drop(guard);
        let mut transaction = database.begin_write()?;
        transaction.set_quick_repair(true);
        Ok(DayWriter { transaction })
    }

    /// Puts a newly written file in the place of this one.
    pub(crate) fn replace_with(&self, new: &Path) -> std::io::Result<()> {
        let mut guard = self.handle.lock();
        guard.take();
        std::fs::rename(new, &self.path)?;
        match self.path.parent() {
            Some(dir) => sync_dir(dir),
            None => Ok(()),
        }
    }
}

fn is_shared(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(path).is_ok_and(|found| found.nlink() > 1)
}

/// Gives the name a file of its own, unless the copy would fill the disk: then the change has to wait until there is
/// space, or until the backup that shares the file is gone.
fn unshare(path: &Path, min_free_bytes: u64) -> std::io::Result<()> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let needed = std::fs::metadata(path)?.len().saturating_add(min_free_bytes);
    if free_bytes(dir)? < needed {
        let text = "a backup shares this file, and there is no space for a copy of it";
        return Err(std::io::Error::new(std::io::ErrorKind::StorageFull, text));
    }
    let copy = path.with_extension("redb.new");
    let copied = copy_durably(path, &copy).and_then(|()| std::fs::rename(&copy, path));
    if copied.is_err() {
        // Half a copy would keep the disk full.
        let _ = std::fs::remove_file(&copy);
    }
    copied?;
    sync_dir(dir)
}

fn copy_durably(from: &Path, to: &Path) -> std::io::Result<()> {
    let mut target = private::create_file(to)?;
    std::io::copy(&mut std::fs::File::open(from)?, &mut target)?;
    target.sync_all()
}

/// A moment's view of a day file.
pub(crate) struct DayReader {
    runs: Option<ReadOnlyTable<u64, &'static [u8]>>,
    index: Option<ReadOnlyTable<ChunkKey, ChunkPlace>>,
    pieces: Option<ReadOnlyTable<PieceKey, &'static [u8]>>,
    meta: Option<ReadOnlyTable<&'static str, u64>>,
    _transaction: ReadTransaction,
    _handle: Handle,
}

impl DayReader {
    /// Opens a file for looking at it only; one that was not closed in an orderly way is refused.
    pub(crate) fn without_repair(path: &Path) -> Result<Self, redb::Error> {
        let database = Arc::new(options().open_read_only(path)?);
        Self::new(database.begin_read()?, Handle::Reading(database))
    }

    fn new(transaction: ReadTransaction, handle: Handle) -> Result<Self, redb::Error> {
        fn existing<T>(found: Result<T, redb::TableError>) -> Result<Option<T>, redb::Error> {
            match found {
                Ok(table) => Ok(Some(table)),
                Err(redb::TableError::TableDoesNotExist(_)) => Ok(None),
                Err(error) => Err(error.into()),
            }
        }
        Ok(Self {
            runs: existing(transaction.open_table(RUNS))?,
            index: existing(transaction.open_table(INDEX))?,
            pieces: existing(transaction.open_table(PIECES))?,
            meta: existing(transaction.open_table(META))?,
            _transaction: transaction,
            _handle: handle,
        })
    }

    /// The runs in the order in which they were sealed.
    pub(crate) fn runs(&self) -> Result<Vec<(u64, RunMeta)>, redb::Error> {
        let Some(table) = &self.runs else { return Ok(Vec::new()) };
        let mut runs = Vec::new();
        for entry in table.iter()? {
            let (run, meta) = entry?;
            let meta =
                RunMeta::parse(meta.value()).ok_or_else(|| damaged("a run's description is damaged"))?;
            runs.push((run.value(), meta));
        }
        Ok(runs)
    }

    pub(crate) fn is_packed(&self) -> Result<bool, redb::Error> {
        match &self.meta {
            Some(table) => Ok(table.get(PACKED)?.is_some()),
            None => Ok(false),
        }
    }

    pub(crate) fn sealed_through(&self) -> Result<u64, redb::Error> {
        match &self.meta {
            Some(table) => Ok(table.get(SEALED_THROUGH)?.map_or(0, |value| value.value())),
            None => Ok(0),
        }
    }

    /// The chunks of `run` that may hold blocks of `key` with times in `range`.
    pub(crate) fn find_chunks(
        &self,
        run: u64,
        key: BlockKey,
        range: &std::ops::RangeInclusive<i64>,
        out: &mut Vec<ChunkRef>,
    ) -> Result<(), redb::Error> {
        let Some(index) = &self.index else { return Ok(()) };
        let (class, stream) = key;
        let touches = |found: &ChunkRef| found.min_time <= *range.end() && found.max_time >= *range.start();
        // The chunk before the first one that begins with the key may end with it.
        let before = index.range((run, 0, 0, 0)..(run, class, stream, 0))?.next_back();
        let from_key = index.range((run, class, stream, 0)..=(run, class, stream, u32::MAX))?;
        for entry in before.into_iter().chain(from_key) {
            let (place, value) = entry?;
            out.extend(Some(chunk_ref(place.value(), value.value())).filter(touches));
        }
        Ok(())
    }

    /// The next chunk of `run` behind the place given, in the order of keys.
    pub(crate) fn next_chunk(
        &self,
        run: u64,
        after: Option<(BlockKey, u32)>,
    ) -> Result<Option<(ChunkRef, u32)>, redb::Error> {
        let Some(index) = &self.index else { return Ok(None) };
        let from = match after {
            None => std::ops::Bound::Included((run, 0, 0, 0)),
            Some(((class, stream), part)) => std::ops::Bound::Excluded((run, class, stream, part)),
        };
        let to = std::ops::Bound::Included((run, u8::MAX, u64::MAX, u32::MAX));
        let Some(entry) = index.range((from, to))?.next() else { return Ok(None) };
        let (place, value) = entry?;
        let part = place.value().3;
        Ok(Some((chunk_ref(place.value(), value.value()), part)))
    }

    pub(crate) fn read_chunk(&self, place: &ChunkRef) -> Result<Bytes, redb::Error> {
        let missing = || damaged("a piece is missing");
        let pieces = self.pieces.as_ref().ok_or_else(missing)?;
        read_chunk(pieces, place)?.ok_or_else(missing)
    }
}

fn chunk_ref(place: ChunkKey, value: ChunkPlace) -> ChunkRef {
    let (run, class, stream, _) = place;
    let (offset, length, min_time, max_time) = value;
    ChunkRef { run, first: (class, stream), offset, length, min_time, max_time }
}

/// One change of a day file.
pub(crate) struct DayWriter {
    transaction: WriteTransaction,
}

impl DayWriter {
    /// A change of a file that is not in its place yet.
    pub(crate) fn on(database: &Database) -> Result<Self, redb::Error> {
        Ok(Self { transaction: database.begin_write()? })
    }

    pub(crate) fn sealed_through(&self) -> Result<u64, redb::Error> {
        let table = self.transaction.open_table(META)?;
        let found = table.get(SEALED_THROUGH)?;
        Ok(found.map_or(0, |value| value.value()))
    }

    pub(crate) fn set_sealed_through(&self, segment: u64) -> Result<(), redb::Error> {
        self.transaction.open_table(META)?.insert(SEALED_THROUGH, segment)?;
        Ok(())
    }

    pub(crate) fn set_packed(&self) -> Result<(), redb::Error> {
        self.transaction.open_table(META)?.insert(PACKED, 1)?;
        Ok(())
    }

    /// Begins a run; [`Self::finish_run`] makes it known.
    pub(crate) fn begin_run(
        &self,
        run: u64,
        level: u32,
        form: ChunkForm,
    ) -> Result<RunWriter<'_>, redb::Error> {
        let index = self.transaction.open_table(INDEX)?;
        let pieces = self.transaction.open_table(PIECES)?;
        Ok(RunWriter::new(run, level, form, index, pieces))
    }

    pub(crate) fn finish_run(&self, run: u64, meta: RunMeta) -> Result<(), redb::Error> {
        self.transaction.open_table(RUNS)?.insert(run, &meta.to_bytes()[..])?;
        Ok(())
    }

    pub(crate) fn remove_run(&self, run: u64) -> Result<(), redb::Error> {
        self.transaction.open_table(RUNS)?.remove(run)?;
        let everything = |_, _| false;
        let to = (run, u8::MAX, u64::MAX, u32::MAX);
        self.transaction.open_table(INDEX)?.retain_in((run, 0, 0, 0)..=to, everything)?;
        self.transaction.open_table(PIECES)?.retain_in((run, 0)..=(run, u32::MAX), |_, _| false)?;
        Ok(())
    }

    pub(crate) fn commit(self) -> Result<(), redb::Error> {
        self.transaction.commit()?;
        Ok(())
    }
}
