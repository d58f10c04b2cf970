//! Files that the platform has made for an account, such as a list of its devices. They lie in a folder of their own for a
//! day. What is in them is sealed by whoever hands them in; here they are bytes.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use yizhan_vocabulary::Uin;

use crate::uploads::{Room, UploadId};
use crate::{Files, Link, UploadError};

/// The largest file.
const MAX_BYTES: u64 = 128 * 1024 * 1024;
/// Files of one account; the oldest goes when there is one more.
const MAX_OF_ACCOUNT: usize = 16;
/// Files in all.
const MAX_FILES: usize = 256;

/// The name of a file: whose it is, and 32 random hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ResultId(UploadId);

impl ResultId {
    /// A name nobody can guess.
    pub fn new(owner: Uin) -> Self {
        Self(UploadId::new(owner))
    }

    /// Reads a name. What passes has no character that means anything to a file system.
    pub fn parse(text: &str) -> Option<Self> {
        UploadId::parse(text).map(Self)
    }
}

impl fmt::Display for ResultId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl Files {
    /// Keeps a file for a day.
    pub fn keep_result(&self, id: &ResultId, bytes: &[u8]) -> Result<(), UploadError> {
        while let Some(oldest) = self.oldest_beyond(id) {
            if fs::remove_file(&oldest).is_err() {
                break; // Somebody else was faster, or the disk fails; then the next step says so.
            }
        }
        let room = Room { files: MAX_FILES, files_of_owner: MAX_OF_ACCOUNT };
        let mut draft = self.results.begin(&id.0, MAX_BYTES, room)?;
        draft.write(bytes)?;
        draft.finish()
    }

    /// The oldest file of the account, if it has as many as it may.
    fn oldest_beyond(&self, id: &ResultId) -> Option<PathBuf> {
        let owners = format!("{}-", id.0.owner());
        let of_owner = |path: &Path| {
            path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(owners.as_bytes()))
        };
        let made = |path: &PathBuf| {
            let modified = fs::metadata(path).and_then(|metadata| metadata.modified());
            modified.unwrap_or(SystemTime::UNIX_EPOCH)
        };
        let entries = fs::read_dir(self.results.folder()).ok()?.flatten().map(|entry| entry.path());
        let files: Vec<PathBuf> = entries.filter(|path| of_owner(path)).collect();
        (files.len() >= MAX_OF_ACCOUNT).then(|| files.into_iter().min_by_key(made)).flatten()
    }

    /// Whether a file is there.
    pub fn has_result(&self, id: &ResultId) -> bool {
        self.results.folder().join(id.to_string()).is_file()
    }

    /// What was kept.
    pub fn result(&self, id: &ResultId) -> Result<Vec<u8>, UploadError> {
        self.results.read(&id.0, MAX_BYTES)
    }

    /// A URL under which a file can be had.
    pub fn result_link(&self, id: &ResultId) -> Link {
        self.link("GET", &format!("/files/results/{id}.csv"), crate::DOWNLOAD_TIME_MS)
    }
}
