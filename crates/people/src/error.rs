//! What can go wrong, in the closed classes that every surface maps to its own codes.

use yizhan_store::StoreError;

use crate::policy::PolicyError;

/// Why a change or a question about accounts failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PeopleError {
    /// The named thing does not exist.
    #[error("{0} does not exist")]
    NotFound(String),
    /// The change contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// The argument can never be right.
    #[error("{0}")]
    Invalid(String),
    /// The policy's document cannot be taken.
    #[error("{0}")]
    InvalidPolicy(#[from] PolicyError),
    /// There are as many as may be.
    #[error("{0}")]
    LimitReached(String),
    /// The registry cannot serve now.
    #[error("{0}")]
    Unavailable(String),
    /// Damage or a defect; the text is for the log.
    #[error("{0}")]
    Internal(String),
}

impl From<StoreError> for PeopleError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::NotFound(what) => Self::NotFound(what),
            StoreError::Conflict(why) => Self::Conflict(why),
            StoreError::Invalid(why) => Self::Invalid(why),
            StoreError::Unavailable(why) => Self::Unavailable(why),
            StoreError::Internal(why) => Self::Internal(why),
        }
    }
}

/// Why a key opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum KeyRefusal {
    /// There is no such key.
    #[error("there is no key with this SecretId")]
    Unknown,
    /// The key is disabled.
    #[error("the key is disabled")]
    KeyDisabled,
    /// Its account, or the root account above it, is disabled.
    #[error("the account of the key is disabled")]
    AccountDisabled,
}
