//! What a management operation can answer instead of its result. The classes are closed; a surface maps each to
//! its own code and shows the message, which says what to do next.

use yizhan_vocabulary::model::ModelError;

/// Why an operation was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum DevicesError {
    /// There is no such product, device or command.
    #[error("{0}")]
    NotFound(String),
    /// It exists already, or its state forbids the operation.
    #[error("{0}")]
    Conflict(String),
    /// An argument is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// The thing model has errors; all of them are listed.
    #[error("the thing model has {} error(s)", .0.len())]
    InvalidModel(Vec<ModelError>),
    /// A value does not fit the thing model; `code` is the protocol's (403, 406).
    #[error("{message}")]
    InvalidValue {
        /// The code a device would be answered with (facts §2.13).
        code: i64,
        /// What does not fit, and why.
        message: String,
    },
    /// The instance has no activation codes for more devices; the words are the console guide's.
    #[error("{0}: the instance's activation codes are used up")]
    LicencesUsedUp(&'static str),
    /// A limit is reached.
    #[error("{0}")]
    LimitReached(String),
    /// Storage or the device cannot serve this now; trying again later may succeed.
    #[error("{0}")]
    Unavailable(String),
    /// A defect on our side.
    #[error("{0}")]
    Internal(String),
}
