//! The backups that lie in the data directory's `backups/`, and making one: the server copies itself into a folder beside
//! them, the copy is packed into a draft, and the draft gets its name when it is whole.
//!
//! What must stay true: a file with a backup's name is a whole backup; the folder is for the server's user alone, because a
//! backup holds the keys of all devices; a name from outside reaches only files that look like our own; and the folder stays
//! within its bounds.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use parking_lot::{Mutex, MutexGuard};
use time::OffsetDateTime;
use yizhan_vocabulary::UnixMillis;

use crate::failure::{Code, Failure, Outcome};

const PREFIX: &str = "yizhan-";
const ENDING: &str = ".tar.zst";
/// `yizhan-20261121-191530.tar.zst`
const DIGITS: &str = "00000000-000000";
const COPY: &str = ".copy";
const DRAFT: &str = ".draft";

/// Packs backups and reads them. The format is the one of `yizhan backup` and `yizhan restore`.
pub trait Archives: Send + Sync {
    /// Packs everything below `from`, and the configuration, into the new file `to`. `progress` is told the bytes packed and
    /// the bytes in all.
    fn pack(
        &self,
        from: &Path,
        to: &Path,
        now: UnixMillis,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveFacts, String>;

    /// Reads an archive to its end and checks that it is whole.
    fn verify(
        &self,
        file: &Path,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveFacts, String>;
}

/// What an archive holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ArchiveFacts {
    /// Files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The program that made it.
    pub program: String,
    /// When it was made.
    pub created_at: UnixMillis,
}

/// How many backups may lie in the folder.
#[derive(Debug, Clone, Copy)]
pub struct BackupLimits {
    /// Files.
    pub max_files: usize,
    /// Bytes in all; 0 means no limit.
    pub max_bytes: u64,
}

/// A backup in the folder.
#[derive(Debug, Clone)]
pub(super) struct BackupFile {
    pub name: String,
    pub bytes: u64,
    pub made_at: UnixMillis,
}

/// The folder.
pub(super) struct BackupFolder {
    folder: PathBuf,
    pub limits: BackupLimits,
    /// Held by whoever makes a backup: the copy and the draft have one name each.
    making: Mutex<()>,
}

impl BackupFolder {
    /// The folder, made where it is missing; what an interrupted backup left is removed.
    pub fn open(folder: PathBuf, limits: BackupLimits) -> io::Result<Self> {
        DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        let backups = Self { folder, limits, making: Mutex::default() };
        backups.clear();
        Ok(backups)
    }

    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Where the backup of this name lies, if it is one and there.
    pub fn path(&self, name: &str) -> Option<PathBuf> {
        let path = is_name(name).then(|| self.folder.join(name))?;
        path.is_file().then_some(path)
    }

    /// Every backup, the newest first.
    pub fn list(&self) -> io::Result<Vec<BackupFile>> {
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let entry = entry?;
            let Some(name) = entry.file_name().to_str().filter(|name| is_name(name)).map(str::to_owned)
            else {
                continue;
            };
            // It may have been deleted since it was listed.
            let Ok(facts) = entry.metadata() else { continue };
            let made_at = OffsetDateTime::from(facts.modified()?).unix_timestamp_nanos() / 1_000_000;
            let made_at = UnixMillis(i64::try_from(made_at).unwrap_or(0));
            files.push(BackupFile { name, bytes: facts.len(), made_at });
        }
        files.sort_by(|one, other| other.name.cmp(&one.name));
        Ok(files)
    }

    /// The right to make a backup now, and what is in the way of one.
    pub fn begin(&self) -> Outcome<Making<'_>> {
        let busy = || Failure::new(Code::ResourceInUse).because("a backup is being made already");
        let making = self.making.try_lock().ok_or_else(busy)?;
        self.check_room()?;
        Ok(Making { folder: self, _making: making })
    }

    /// Refuses when there are as many backups as may be.
    pub fn check_room(&self) -> Outcome<()> {
        let files = self.list().map_err(|error| unreadable(&error))?;
        let bytes: u64 = files.iter().map(|file| file.bytes).sum();
        let BackupLimits { max_files, max_bytes } = self.limits;
        if files.len() >= max_files || (max_bytes > 0 && bytes >= max_bytes) {
            let why = "the folder holds as many backups as it may (backups.max_files, backups.max_bytes); download \
                       and delete an old one";
            return Err(Failure::new(Code::LimitExceeded).because(why));
        }
        Ok(())
    }

    /// Removes a backup; false when there is none.
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        match self.path(name) {
            Some(path) => std::fs::remove_file(path).map(|()| true),
            None => Ok(false),
        }
    }

    fn clear(&self) {
        for left in [COPY, DRAFT] {
            let path = self.folder.join(left);
            let removed =
                if path.is_dir() { std::fs::remove_dir_all(&path) } else { std::fs::remove_file(&path) };
            if let Err(error) = removed
                && error.kind() != io::ErrorKind::NotFound
            {
                tracing::error!(path = %path.display(), %error, "what a backup left could not be removed");
            }
        }
    }
}

/// A backup that is being made. What it left on the way is gone when this is dropped.
pub(super) struct Making<'a> {
    folder: &'a BackupFolder,
    _making: MutexGuard<'a, ()>,
}

impl Making<'_> {
    /// The directory for the copy, made and empty.
    pub fn copy(&self) -> io::Result<PathBuf> {
        self.folder.clear();
        let copy = self.folder.folder.join(COPY);
        DirBuilder::new().mode(0o700).create(&copy)?;
        Ok(copy)
    }

    /// Where it is packed.
    pub fn draft(&self) -> PathBuf {
        self.folder.folder.join(DRAFT)
    }

    /// Gives the whole draft its name.
    pub fn publish(&self, now: UnixMillis) -> io::Result<(String, u64)> {
        let (draft, name) = (self.draft(), name_at(now));
        let to = self.folder.folder.join(&name);
        // Unlike renaming, this never replaces a file.
        std::fs::hard_link(&draft, &to).or_else(|error| match error.kind() {
            io::ErrorKind::AlreadyExists => Err(error),
            // Some file systems know no second name for a file.
            _ => std::fs::rename(&draft, &to),
        })?;
        File::open(&self.folder.folder)?.sync_all()?;
        Ok((name, std::fs::metadata(&to)?.len()))
    }
}

impl Drop for Making<'_> {
    fn drop(&mut self) {
        self.folder.clear();
    }
}

fn unreadable(error: &io::Error) -> Failure {
    tracing::error!(%error, "the folder of backups cannot be read");
    Failure::new(Code::InternalError)
}

fn name_at(now: UnixMillis) -> String {
    let at = OffsetDateTime::from_unix_timestamp(now.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    format!(
        "{PREFIX}{:04}{:02}{:02}-{:02}{:02}{:02}{ENDING}",
        at.year(),
        u8::from(at.month()),
        at.day(),
        at.hour(),
        at.minute(),
        at.second()
    )
}

fn is_name(name: &str) -> bool {
    let digits = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(ENDING));
    digits.is_some_and(|digits| {
        digits.len() == DIGITS.len()
            && digits
                .bytes()
                .zip(DIGITS.bytes())
                .all(|(found, wanted)| if wanted == b'-' { found == b'-' } else { found.is_ascii_digit() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_backups_reach_files_and_only_whole_ones_are_listed() {
        let dir = tempfile::tempdir().unwrap();
        let limits = BackupLimits { max_files: 2, max_bytes: 0 };
        let folder = BackupFolder::open(dir.path().join("backups"), limits).unwrap();
        std::fs::write(dir.path().join("secret.key"), "key").unwrap();
        for name in [
            "../secret.key",
            "",
            ".draft",
            "yizhan-20261121-191530.tar.zst/../x",
            "yizhan-2026112l-191530.tar.zst",
        ] {
            assert!(folder.path(name).is_none() && !is_name(name), "{name}");
        }
        let now = UnixMillis(1_795_289_730_000);
        let making = folder.begin().unwrap();
        assert_eq!(folder.begin().err().unwrap().code(), Code::ResourceInUse);
        assert!(making.copy().unwrap().is_dir());
        std::fs::write(making.draft(), "whole").unwrap();
        assert!(folder.list().unwrap().is_empty());
        let (name, bytes) = making.publish(now).unwrap();
        assert!(is_name(&name), "{name}");
        std::fs::write(making.draft(), "other").unwrap();
        assert!(making.publish(now).is_err(), "a backup is never replaced");
        drop(making);
        assert_eq!((folder.list().unwrap().len(), bytes), (1, 5));
        assert_eq!(std::fs::read_dir(folder.folder()).unwrap().count(), 1, "copy and draft are gone");
        std::fs::write(folder.folder().join("yizhan-20200101-000000.tar.zst"), "old").unwrap();
        assert_eq!(folder.begin().err().unwrap().code(), Code::LimitExceeded);
        assert!(folder.remove(&name).unwrap() && !folder.remove(&name).unwrap());
        assert!(folder.begin().is_ok());
    }
}
