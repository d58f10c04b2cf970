//! Damaged files must not stop threads.
//!
//! The storage engine checks its pages when it repairs a file, not when it reads one, and panics at contents that cannot be.
//! Every use of a file that outlives the process goes through here, where such a panic becomes an error.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `work`; a panic in it becomes the error of a damaged file.
///
/// What `work` touches must not be used afterwards as if it had succeeded: transactions end with it, and a file that
/// fails this way is either left alone or set aside.
pub(crate) fn guarded<T, E: From<redb::StorageError>>(work: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(outcome) => outcome,
        Err(_) => Err(redb::StorageError::Corrupted("its contents make no sense".into()).into()),
    }
}

/// An error that says what is wrong with a file's contents.
pub(crate) fn damaged(what: &str) -> redb::Error {
    redb::Error::Corrupted(what.to_owned())
}
