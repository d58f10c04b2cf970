//! The open registry: one writing connection behind a lock, a few reading ones, and the sealer. What is stored
//! is in `registry/`, one file a subject.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::{Mutex, MutexGuard};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::DATABASE_FILE;
use crate::error::{OpenError, StoreError};
use crate::open;
use crate::registry::audit::AuditCounts;
use crate::schema::{self, MIGRATIONS};
use crate::seal::Sealer;

/// The registry. Calls block for the time of a small transaction; share it behind an `Arc`.
pub struct Store {
    database: PathBuf,
    writer: Mutex<Connection>,
    readers: Vec<Mutex<Connection>>,
    next_reader: AtomicUsize,
    pub(crate) sealer: Sealer,
    /// Of the audit log, once somebody has counted. Taken before the writing connection.
    pub(crate) audit_counts: Mutex<Option<AuditCounts>>,
}

/// What [`Store::integrity`] found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IntegrityReport {
    /// The schema's version.
    pub schema_version: u32,
    /// Products in the registry.
    pub products: u64,
    /// Devices in the registry.
    pub devices: u64,
    /// What is wrong, in words; empty when all is well.
    pub problems: Vec<String>,
}

impl Store {
    /// Opens the registry of a data directory, or makes it there; brings an older schema forward.
    pub fn open(dir: &Path) -> Result<Self, OpenError> {
        Ok(Self::of(dir, open::open(dir, MIGRATIONS)?))
    }

    /// Opens the registry of a data directory for looking at it: nothing is made or changed, and what would change
    /// it fails. A registry of an older schema is refused.
    pub fn open_read_only(dir: &Path) -> Result<Self, OpenError> {
        Ok(Self::of(dir, open::open_read_only(dir, MIGRATIONS)?))
    }

    fn of(dir: &Path, opened: open::Opened) -> Self {
        Self {
            database: dir.join(DATABASE_FILE),
            writer: Mutex::new(opened.writer),
            readers: opened.readers.into_iter().map(Mutex::new).collect(),
            next_reader: AtomicUsize::new(0),
            sealer: opened.sealer,
            audit_counts: Mutex::default(),
        }
    }

    /// Writes a consistent copy of the registry to a new file while the server runs. Its secrets stay sealed:
    /// a restore also needs the key file, which is not copied.
    pub fn backup_to(&self, file: &Path) -> Result<(), StoreError> {
        // A connection of its own: a large registry takes seconds, and nobody should wait for them.
        let connection =
            open::connect(&self.database).map_err(|error| StoreError::Unavailable(error.to_string()))?;
        open::write_copy(&connection, file)
    }

    /// The version of the schema.
    pub fn schema_version(&self) -> Result<u32, StoreError> {
        Ok(schema::version(&self.reader())?)
    }

    /// Checks the whole file: its structure, its references, and that every secret opens.
    pub fn integrity(&self) -> Result<IntegrityReport, StoreError> {
        const MAX_PROBLEMS: usize = 100;
        let mut problems = Vec::new();
        let (schema_version, products, devices) = {
            let reader = self.reader();
            let mut check = reader.prepare("PRAGMA integrity_check(100)")?;
            for line in check.query_map([], |row| row.get::<_, String>(0))? {
                problems.push(line?);
            }
            problems.retain(|line| line != "ok");
            let mut check = reader.prepare("PRAGMA foreign_key_check")?;
            for table in check.query_map([], |row| row.get::<_, String>(0))?.take(MAX_PROBLEMS) {
                problems.push(format!("a row of {} points to nothing", table?));
            }
            let count = |sql| reader.query_row(sql, [], |row| row.get::<_, i64>(0));
            (
                schema::version(&reader)?,
                count("SELECT count(*) FROM products")?.unsigned_abs(),
                count("SELECT count(*) FROM devices")?.unsigned_abs(),
            )
        };
        for result in [
            self.products().map(drop),
            self.each_device(|_| {}),
            self.authority().map(drop),
            self.api_keys().map(drop),
            self.logins().map(drop),
            self.installation_keys_open(),
            self.batch_keys_open(),
            self.read_apps(|apps| apps.every_secret_opens()),
        ] {
            if let Err(error) = result {
                problems.push(error.to_string());
            }
        }
        problems.truncate(MAX_PROBLEMS);
        Ok(IntegrityReport { schema_version, products, devices, problems })
    }

    /// A reading connection: a free one, else the next in turn.
    pub(crate) fn reader(&self) -> MutexGuard<'_, Connection> {
        if let Some(free) = self.readers.iter().find_map(Mutex::try_lock) {
            return free;
        }
        let turn = self.next_reader.fetch_add(1, Ordering::Relaxed) % self.readers.len();
        self.readers[turn].lock()
    }

    /// The writing connection, when it is free.
    pub(crate) fn writer(&self) -> MutexGuard<'_, Connection> {
        self.writer.lock()
    }

    /// Runs `work` in one transaction; nothing of it stays when it fails.
    pub(crate) fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let mut writer = self.writer.lock();
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let value = work(&transaction)?;
        transaction.commit()?;
        Ok(value)
    }
}
