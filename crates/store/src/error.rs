//! What can go wrong: at opening (each with the way out, because a person reads it at start-up) and later, in
//! the closed classes that every surface maps to its own codes.

use std::path::PathBuf;

/// Why the registry could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The directory or a file in it may not be written.
    #[error("{path} cannot be written ({detail}); give the server's user write access to the data directory")]
    ReadOnly {
        /// What could not be written.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
    /// The database exists and its key does not.
    #[error(
        "the key file {path} is missing, but the registry holds secrets sealed with it; put the key file back from \
         your backup (without it the devices' secrets cannot be read)"
    )]
    KeyMissing {
        /// Where the key file should be.
        path: PathBuf,
    },
    /// The key file is not one.
    #[error("{path} is not a key file of this server; put the key file back from your backup")]
    KeyMalformed {
        /// The file.
        path: PathBuf,
    },
    /// The key file is of another registry.
    #[error(
        "the key file {path} does not belong to this registry; the registry and its key file must come from the \
         same backup"
    )]
    KeyWrong {
        /// The file.
        path: PathBuf,
    },
    /// Others may read the key file.
    #[error("the key file {path} can be read by other users (mode {mode:04o}); run: chmod 600 {path}")]
    KeyExposed {
        /// The file.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// A later version wrote the registry.
    #[error(
        "the registry has schema version {found}, this program knows versions up to {supported}; run the newer \
         program again, or restore the backup made before the upgrade"
    )]
    NewerSchema {
        /// The file's version.
        found: u32,
        /// The newest version known here.
        supported: u32,
    },
    /// An earlier version wrote the registry, and it was opened for looking at it only.
    #[error(
        "the registry has schema version {found}; the next start brings it to {current} and keeps a copy"
    )]
    OlderSchema {
        /// The file's version.
        found: u32,
        /// The version that this program writes.
        current: u32,
    },
    /// Another program's SQLite file.
    #[error("{path} is an SQLite file of another program; choose another data directory")]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// The file is damaged.
    #[error("{path} is damaged ({detail}); restore it, with its key file, from a backup")]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What was found.
        detail: String,
    },
    /// A migration failed; the registry is as it was before.
    #[error("the step to schema version {version} failed and was undone ({detail})")]
    Migration {
        /// The version that could not be reached.
        version: u32,
        /// SQLite's words.
        detail: String,
    },
    /// Anything else of the file system or the engine.
    #[error("{path}: {detail}")]
    Io {
        /// What was being used.
        path: PathBuf,
        /// The system's words.
        detail: String,
    },
}

/// Why a call on an open registry failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The named thing does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The change contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// The argument can never be stored.
    #[error("{0}")]
    Invalid(String),
    /// The engine cannot serve now: disk full, locked by another process, read-only.
    #[error("the registry is not available: {0}")]
    Unavailable(String),
    /// Damage or a defect; the text is for the log.
    #[error("the registry failed: {0}")]
    Internal(String),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        let text = error.to_string();
        match error.sqlite_error_code() {
            Some(Code::ConstraintViolation) => Self::Conflict(text),
            Some(
                Code::DatabaseBusy
                | Code::DatabaseLocked
                | Code::DiskFull
                | Code::ReadOnly
                | Code::CannotOpen
                | Code::SystemIoFailure
                | Code::PermissionDenied,
            ) => Self::Unavailable(text),
            Some(Code::TooBig) => Self::Invalid(text),
            _ => Self::Internal(text),
        }
    }
}
