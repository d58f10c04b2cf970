//! Opening: from a data directory to a registry that is known to be ours, of the newest schema and readable with
//! the key beside it, or to an error that says what to do.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension};

use crate::error::{OpenError, StoreError};
use crate::rows::Secret;
use crate::schema::{self, APPLICATION_ID, Migration};
use crate::seal::{Place, Sealer, create_key, read_key};
use crate::{DATABASE_FILE, KEY_FILE};

/// How long a call waits for another process (a backup, `doctor`) to let go of the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Readers beside the one writer: management work is light, two keep a listing from blocking a lookup.
pub(crate) const READERS: usize = 2;

const KEY_PROOF: &str = "this key opens this registry";
const KEY_PROOF_PLACE: Place<'static> = Place { column: "key_proof.sealed", row: ("key", "proof") };

/// What opening yields.
pub(crate) struct Opened {
    pub writer: Connection,
    pub readers: Vec<Connection>,
    pub sealer: Sealer,
}

/// Opens or makes the registry in `dir`, with the steps of `steps`.
pub(crate) fn open(dir: &Path, steps: &[Migration]) -> Result<Opened, OpenError> {
    DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(|error| io_error(dir, &error))?;
    check_writable(dir)?;
    let database = dir.join(DATABASE_FILE);
    let key_file = dir.join(KEY_FILE);
    let fresh = claim_database_file(&database)?;
    let mut writer = open_file(&database)?;
    let found = identify(&writer, &database)?;
    let newest = schema::newest(steps);
    if found > newest {
        return Err(OpenError::NewerSchema { found, supported: newest });
    }
    // Only now: this writes to the file, which until here could have been someone else's.
    configure(&writer).map_err(|error| engine_error(&database, &error))?;
    // Without a schema there is nothing sealed yet, so a missing key may be made; later it may only be found.
    let sealer = match read_key(&key_file) {
        Err(OpenError::KeyMissing { .. }) if fresh || found == 0 => create_key(&key_file)?,
        other => other?,
    };
    if found > 0 && found < newest {
        check_key(&writer, &sealer, &database, &key_file)?;
        keep_copy(&writer, dir, found)?;
    }
    schema::migrate(&mut writer, steps)
        .map_err(|(version, error)| OpenError::Migration { version, detail: error.to_string() })?;
    check_key(&writer, &sealer, &database, &key_file)?;
    let readers = (0..READERS).map(|_| connect_reader(&database)).collect::<Result<_, _>>()?;
    Ok(Opened { writer, readers, sealer })
}

/// Opens the registry in `dir` for looking at it: nothing is made, brought forward or written.
pub(crate) fn open_read_only(dir: &Path, steps: &[Migration]) -> Result<Opened, OpenError> {
    let database = dir.join(DATABASE_FILE);
    let writer = connect_read_only(&database)?;
    let (found, newest) = (identify(&writer, &database)?, schema::newest(steps));
    if found > newest {
        return Err(OpenError::NewerSchema { found, supported: newest });
    }
    if found < newest {
        return Err(OpenError::OlderSchema { found, current: newest });
    }
    let key_file = dir.join(KEY_FILE);
    let sealer = read_key(&key_file)?;
    key_is_proven(&writer, &sealer, &database, &key_file)?;
    let readers = (0..READERS).map(|_| connect_read_only(&database)).collect::<Result<_, _>>()?;
    Ok(Opened { writer, readers, sealer })
}

fn connect_read_only(path: &Path) -> Result<Connection, OpenError> {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    let mut address = "file:".to_owned();
    for byte in path.as_os_str().as_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' => address.push(char::from(*byte)),
            byte if byte.is_ascii_alphanumeric() => address.push(char::from(*byte)),
            byte => address.push_str(&format!("%{byte:02X}")),
        }
    }
    // Without a log nobody has the file open, and without this SQLite would make one even for reading.
    if !Path::new(&log).exists() {
        address.push_str("?immutable=1");
    }
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    let open = || {
        let connection = Connection::open_with_flags(&address, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.pragma_update(None, "trusted_schema", false)?;
        Ok(connection)
    };
    open().map_err(|error| engine_error(path, &error))
}

/// Says early, and in words, that nothing can be written here.
fn check_writable(dir: &Path) -> Result<(), OpenError> {
    let probe = dir.join(".write-probe");
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&probe)
        .and_then(|_| std::fs::remove_file(&probe))
        .map_err(|error| io_error(dir, &error))
}

/// Makes the database file with owner-only permissions if there is none (SQLite would use the umask, and gives
/// its side files the permissions of the main file). True when there was none or it was empty.
fn claim_database_file(path: &Path) -> Result<bool, OpenError> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    match created {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let facts = std::fs::metadata(path).map_err(|error| io_error(path, &error))?;
            Ok(facts.len() == 0)
        }
        Err(error) => Err(io_error(path, &error)),
    }
}

fn open_file(path: &Path) -> Result<Connection, OpenError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let open = || {
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        Ok(connection)
    };
    open().map_err(|error| engine_error(path, &error))
}

fn configure(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    // Damage in the schema's text must not become code that runs.
    connection.pragma_update(None, "trusted_schema", false)
}

/// A further connection to a registry that was opened before.
pub(crate) fn connect(path: &Path) -> Result<Connection, OpenError> {
    let connection = open_file(path)?;
    configure(&connection).map_err(|error| engine_error(path, &error))?;
    Ok(connection)
}

fn connect_reader(path: &Path) -> Result<Connection, OpenError> {
    let connection = connect(path)?;
    connection.pragma_update(None, "query_only", true).map_err(|error| engine_error(path, &error))?;
    Ok(connection)
}

/// The file's schema version, if the file is ours or empty.
fn identify(connection: &Connection, path: &Path) -> Result<u32, OpenError> {
    let read = || -> rusqlite::Result<(i32, u32, u32)> {
        let application = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let objects = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
        Ok((application, schema::version(connection)?, objects))
    };
    match read().map_err(|error| engine_error(path, &error))? {
        (APPLICATION_ID, version, _) => Ok(version),
        (0, 0, 0) => Ok(0),
        _ => Err(OpenError::Foreign { path: path.into() }),
    }
}

/// Whether the registry has a proof of its key; one that does not fit the key is an error.
fn key_is_proven(
    connection: &Connection,
    sealer: &Sealer,
    database: &Path,
    key: &Path,
) -> Result<bool, OpenError> {
    let proof: Option<Vec<u8>> = connection
        .query_row("SELECT sealed FROM key_proof", [], |row| row.get(0))
        .optional()
        .map_err(|error| engine_error(database, &error))?;
    let Some(sealed) = proof else { return Ok(false) };
    match sealer.unseal(KEY_PROOF_PLACE, &sealed) {
        Ok(text) if text == Secret::new(KEY_PROOF) => Ok(true),
        _ => Err(OpenError::KeyWrong { path: key.into() }),
    }
}

/// Proves that the key belongs to the registry; the first time, leaves the proof.
fn check_key(writer: &Connection, sealer: &Sealer, database: &Path, key: &Path) -> Result<(), OpenError> {
    if key_is_proven(writer, sealer, database, key)? {
        return Ok(());
    }
    let internal = |error: StoreError| OpenError::Io { path: database.into(), detail: error.to_string() };
    let sealed = sealer.seal(KEY_PROOF_PLACE, KEY_PROOF).map_err(internal)?;
    writer
        .execute("INSERT INTO key_proof (id, sealed) VALUES (1, ?1)", [sealed])
        .map_err(|error| engine_error(database, &error))?;
    Ok(())
}

/// Keeps the registry as it was before an upgrade, so that the older program can be run again.
fn keep_copy(connection: &Connection, dir: &Path, version: u32) -> Result<(), OpenError> {
    let copy = dir.join(format!("registry-before-upgrade-v{version}.sqlite"));
    match std::fs::remove_file(&copy) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(io_error(&copy, &error)),
        _ => {}
    }
    write_copy(connection, &copy).map_err(|error| OpenError::Io { path: copy, detail: error.to_string() })
}

/// Writes a consistent, compact copy of the open database to a new file, and makes it durable.
pub(crate) fn write_copy(connection: &Connection, to: &Path) -> Result<(), StoreError> {
    let text =
        to.to_str().ok_or_else(|| StoreError::Invalid("the copy's path must be valid UTF-8".to_owned()))?;
    let file_error = |error: io::Error| match error.kind() {
        ErrorKind::AlreadyExists => StoreError::Conflict(format!("{} exists already", to.display())),
        _ => StoreError::Unavailable(format!("{}: {error}", to.display())),
    };
    // Claimed beforehand for its permissions; SQLite fills an existing file only when it is empty.
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to).map_err(file_error)?;
    let copied = connection
        .execute("VACUUM INTO ?1", [text])
        .map_err(StoreError::from)
        .and_then(|_| file.sync_all().map_err(file_error));
    if copied.is_err() {
        // Half a copy must not be taken for one; when even this fails, the first error matters more.
        let _half = std::fs::remove_file(to);
    }
    copied
}

/// The class of a file-system error.
pub(crate) fn io_error(path: &Path, error: &io::Error) -> OpenError {
    let detail = error.to_string();
    match error.kind() {
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            OpenError::ReadOnly { path: path.into(), detail }
        }
        _ => OpenError::Io { path: path.into(), detail },
    }
}

fn engine_error(path: &Path, error: &rusqlite::Error) -> OpenError {
    let detail = error.to_string();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => {
            OpenError::Corrupt { path: path.into(), detail }
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            OpenError::ReadOnly { path: path.into(), detail }
        }
        _ => OpenError::Io { path: path.into(), detail },
    }
}
