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

/// Why a dynamic registration was refused (facts §3.4). The codes other than 1021 are our own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RegistrationError {
    /// There is no such product, or it is disabled.
    #[error("Product is not found or disabled, please check the product id")]
    UnknownProduct,
    /// The product's switch is off.
    #[error("Dynamic registration is not enabled for the product, please enable it in the product settings")]
    NotEnabled,
    /// The device does not exist and may not be created by registration.
    #[error("Device is not found, please create it first or enable auto-creation for the product")]
    UnknownDevice,
    /// The quota of automatically created devices is used up.
    #[error("The quota of automatically created devices is used up, please raise it in the product settings")]
    QuotaReached,
    /// The device connected before; only deleting it allows a new registration.
    #[error("Device has been activated")]
    Activated,
    /// The device is disabled.
    #[error("Device is disabled")]
    Disabled,
    /// The product's devices authenticate in a way for which nothing can be handed out.
    #[error("The product does not use device keys, please use the device certificate")]
    WrongAuthMode,
    /// Storage cannot serve this now.
    #[error("Registration is unavailable now, please try again later")]
    Unavailable,
}

impl RegistrationError {
    /// The number in the answer's `code`.
    pub const fn code(self) -> i64 {
        match self {
            Self::UnknownProduct => 1010,
            Self::NotEnabled => 1011,
            Self::UnknownDevice => 1012,
            Self::QuotaReached => 1013,
            Self::Disabled => 1014,
            Self::WrongAuthMode => 1015,
            Self::Activated => 1021,
            Self::Unavailable => 1050,
        }
    }
}
