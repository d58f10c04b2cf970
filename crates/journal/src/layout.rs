//! The journal's directory: its format file, its lock and the names in it.
//!
//! `FORMAT` is written before anything else and names the version. A directory without it is taken only when it is
//! empty or holds nothing but what an interrupted first start leaves. A newer version is never touched.

use std::fs::{File, TryLockError};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::error::OpenError;
use crate::private;
use crate::segment::{draw_salt, sync_dir};

/// The version that this program writes.
pub(crate) const FORMAT_VERSION: u32 = 1;
pub(crate) const FORMAT_FILE: &str = "FORMAT";
pub(crate) const LOCK_FILE: &str = "lock";
pub(crate) const STATE_FILE: &str = "state.redb";
const FIRST_LINE: &str = "yizhan-journal ";
const PROBE: &str = "write-probe.tmp";

/// A directory that belongs to this process until it is dropped.
#[derive(Debug)]
pub(crate) struct OwnedDir {
    /// The number drawn when the journal was made.
    pub instance: u64,
    _lock: File,
}

/// What the format file says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Format {
    pub version: u32,
    pub instance: u64,
}

impl Format {
    pub(crate) fn to_text(self) -> String {
        format!("{FIRST_LINE}{}\ninstance {:016x}\n", self.version, self.instance)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut lines = text.lines();
        let version = lines.next()?.strip_prefix(FIRST_LINE)?.trim().parse().ok()?;
        let instance = lines.next().and_then(|line| line.strip_prefix("instance "));
        let instance = instance.and_then(|digits| u64::from_str_radix(digits.trim(), 16).ok());
        // A newer version may say other things than ours; its number is all that is needed of it.
        if version <= FORMAT_VERSION && instance.is_none() {
            return None;
        }
        Some(Self { version, instance: instance.unwrap_or(0) })
    }
}

/// Takes the directory into possession, making it when there is none.
pub(crate) fn take(dir: &Path) -> Result<OwnedDir, OpenError> {
    private::create_dir(dir).map_err(|source| unwritable(dir, source))?;
    refuse_newer(dir)?;
    let lock = lock(dir)?;
    let probe = dir.join(PROBE);
    private::create_file(&probe)
        .and_then(|_| std::fs::remove_file(&probe))
        .map_err(|source| unwritable(dir, source))?;
    let format = match read_format(dir)? {
        Some(format) => format,
        None => {
            refuse_foreign(dir)?;
            write_format(dir, Format { version: FORMAT_VERSION, instance: draw_salt() })?
        }
    };
    remove_leftovers(dir)?;
    Ok(OwnedDir { instance: format.instance, _lock: lock })
}

fn unwritable(dir: &Path, source: io::Error) -> OpenError {
    let dir = dir.to_owned();
    match source.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            OpenError::ReadOnly { dir, source }
        }
        _ => OpenError::Io { path: dir, source },
    }
}

/// Says so before anything is written, even the lock.
fn refuse_newer(dir: &Path) -> Result<(), OpenError> {
    match read_format(dir)? {
        Some(format) if format.version > FORMAT_VERSION => {
            Err(OpenError::NewerFormat { dir: dir.to_owned(), found: format.version, known: FORMAT_VERSION })
        }
        _ => Ok(()),
    }
}

fn lock(dir: &Path) -> Result<File, OpenError> {
    let path = dir.join(LOCK_FILE);
    let file = private::options().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|source| unwritable(dir, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked(dir.to_owned())),
        Err(TryLockError::Error(source)) => Err(OpenError::Io { path, source }),
    }
}

/// What the format file says; `None` when there is no such file.
pub(crate) fn read_format(dir: &Path) -> Result<Option<Format>, OpenError> {
    let path = dir.join(FORMAT_FILE);
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(source) => return Err(OpenError::Io { path, source }),
    };
    let odd =
        || OpenError::NotAJournal { dir: dir.to_owned(), reason: "its FORMAT file is not readable".into() };
    Format::parse(&text).map(Some).ok_or_else(odd)
}

/// Without a format file only an empty directory, or one from an interrupted first start, may be used.
fn refuse_foreign(dir: &Path) -> Result<(), OpenError> {
    for entry in std::fs::read_dir(dir).map_err(OpenError::io(dir))? {
        let name = entry.map_err(OpenError::io(dir))?.file_name();
        let ours = name == LOCK_FILE || name.to_str().is_some_and(is_leftover);
        if !ours {
            let reason = format!("it has no FORMAT file but holds {}", name.display());
            return Err(OpenError::NotAJournal { dir: dir.to_owned(), reason });
        }
    }
    Ok(())
}

pub(crate) fn write_format(dir: &Path, format: Format) -> Result<Format, OpenError> {
    let staging = dir.join("FORMAT.new");
    let write = || -> io::Result<()> {
        let mut file = private::create_file(&staging)?;
        file.write_all(format.to_text().as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&staging, dir.join(FORMAT_FILE))?;
        sync_dir(dir)
    };
    write().map_err(|source| unwritable(dir, source))?;
    Ok(format)
}

/// Names of files that are renamed once they are complete.
fn is_leftover(name: &str) -> bool {
    name.ends_with(".new") || name.ends_with(".tmp")
}

fn remove_leftovers(dir: &Path) -> Result<(), OpenError> {
    for entry in std::fs::read_dir(dir).map_err(OpenError::io(dir))? {
        let entry = entry.map_err(OpenError::io(dir))?;
        if entry.file_name().to_str().is_some_and(is_leftover) {
            std::fs::remove_file(entry.path()).map_err(OpenError::io(dir))?;
        }
    }
    Ok(())
}

/// The segment files of `dir` with their numbers, in order.
pub(crate) fn segment_files(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if let Some(number) = entry.file_name().to_str().and_then(crate::segment::parse_file_name) {
            found.push((number, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}
