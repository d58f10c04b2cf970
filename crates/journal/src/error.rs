//! Everything that can go wrong, as closed sets. Messages say what an operator can do next.

use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A setting is out of range.
    #[error("journal settings: {0}")]
    Configuration(String),
    /// Another process holds the directory.
    #[error("the journal {} is in use by another process; stop it first", .0.display())]
    Locked(PathBuf),
    /// A newer program wrote the directory.
    #[error("the journal {} has format {found}, this program understands {known}; use a newer program", dir.display())]
    NewerFormat {
        /// The directory.
        dir: PathBuf,
        /// The version found.
        found: u32,
        /// The newest version this program understands.
        known: u32,
    },
    /// The directory cannot be written to.
    #[error("the journal {} cannot be written to ({source}); check owner, permissions and mount options", dir.display())]
    ReadOnly {
        /// The directory.
        dir: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The directory has content but is not a journal.
    #[error("{} is not a journal directory: {reason}", dir.display())]
    NotAJournal {
        /// The directory.
        dir: PathBuf,
        /// What is odd about it.
        reason: String,
    },
    /// There is too little space to begin with.
    #[error("too little disk space for the journal in {}: {needed} bytes are needed", dir.display())]
    DiskFull {
        /// The directory.
        dir: PathBuf,
        /// Bytes for the first segment.
        needed: u64,
    },
    /// The log is damaged at a place that no crash explains.
    #[error("the log segment {} is damaged at byte {offset}: {reason}; restore a backup, or start once with damage accepted to go on without the records that follow", file.display())]
    Damaged {
        /// The segment.
        file: PathBuf,
        /// Where reading had to stop.
        offset: u64,
        /// What was found.
        reason: &'static str,
    },
    /// The state checkpoints or a day file cannot be read.
    #[error("{}: {reason}", file.display())]
    Database {
        /// The file.
        file: PathBuf,
        /// What the storage engine said.
        reason: String,
    },
    /// The system refused an operation.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl OpenError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}

/// Why a batch was not accepted. Nothing of it was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Refused {
    /// The disk or the journal's budget is full.
    #[error("the disk or the journal's disk budget is full")]
    DiskFull,
    /// More waits to be written or sealed than is allowed.
    #[error("too much waits to be written")]
    Backlog,
    /// The journal is being shut down.
    #[error("the journal is shutting down")]
    Closing,
    /// The log failed; the process is about to stop.
    #[error("the log has failed")]
    Failed,
}

/// Why waiting for a ticket ended without it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WaitError {
    /// The time was up; the batch may still become durable.
    #[error("the log did not become durable in time")]
    Timeout,
    /// The log failed; whether the batch is durable is not known.
    #[error("the log has failed")]
    Failed,
}

/// A record is larger than the journal takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a record of {bytes} bytes is larger than the limit of {limit}")]
pub struct TooLarge {
    /// Its size.
    pub bytes: usize,
    /// The limit.
    pub limit: usize,
}

/// The log failed in a way after which nothing more may be accepted or acknowledged.
#[derive(Debug, Clone, thiserror::Error)]
#[error("the log {} failed while {action}: {reason}", file.display())]
pub struct FatalError {
    /// The segment.
    pub file: PathBuf,
    /// What was being done.
    pub action: &'static str,
    /// What the system said.
    pub reason: String,
}

/// Told once when the log failed.
pub(crate) type OnFatal = Arc<dyn Fn(FatalError) + Send + Sync>;

/// Why a query has no answer.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// The cursor is not one that this journal gave out for such a query.
    #[error("the cursor is not valid")]
    BadCursor,
    /// The range and the bucket width give too many buckets.
    #[error("at most {limit} buckets can be asked for; make the range smaller or the buckets wider")]
    TooManyBuckets {
        /// The limit.
        limit: usize,
    },
    /// Stored data cannot be read.
    #[error("stored data cannot be read: {0}")]
    Storage(String),
}

impl From<redb::StorageError> for QueryError {
    fn from(error: redb::StorageError) -> Self {
        Self::Storage(error.to_string())
    }
}

/// Why a backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The target exists and is not empty.
    #[error("the backup directory {} is not empty", .0.display())]
    NotEmpty(PathBuf),
    /// The journal is shutting down or has failed.
    #[error("the journal is not running")]
    NotRunning,
    /// The system refused an operation.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file or directory.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
}

impl BackupError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::Io { path: path.to_owned(), source }
    }
}
