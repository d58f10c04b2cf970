//! Why something about applications was refused, in classes as fine as the published codes need.

use yizhan_store::StoreError;
use yizhan_vocabulary::ProductId;

/// Why a change or a question about applications and their users failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AppsError {
    /// There is no such application.
    #[error("there is no such application")]
    NoSuchApplication,
    /// Another application of the project has the name.
    #[error("an application named {0} exists already in the project")]
    NameTaken(String),
    /// The name is empty or too long.
    #[error("an application's name has 1 to {0} characters")]
    Name(usize),
    /// The remark is too long.
    #[error("an application's description has at most {0} characters")]
    Description(usize),
    /// Something about a push service is not acceptable.
    #[error("{why}")]
    Push {
        /// Which service.
        service: yizhan_store::PushService,
        /// Whether it is the environment.
        environment: bool,
        /// What is wrong.
        why: String,
    },
    /// The application does not serve the product.
    #[error("the application does not serve product {0}; associate them first")]
    NotServed(ProductId),
    /// Sub-devices are bound through their gateway.
    #[error("a sub-device is bound through its gateway")]
    SubDevice,
    /// The device is bound in another family and its product lets nobody be evicted.
    #[error("the device is bound in another family, which has to unbind it first")]
    BoundElsewhere,
    /// The device is bound nowhere.
    #[error("the device is not bound")]
    NotBound,
    /// The user is not the device's owner.
    #[error("the user does not own the device")]
    NotOwner,
    /// The owner shares with the owner.
    #[error("the owner and the other user are the same")]
    ToSelf,
    /// The user is not in the family, or one of them does not exist.
    #[error("the user is not in the family")]
    NotInFamily,
    /// The family has no such room.
    #[error("the family has no room {0}")]
    NoSuchRoom(String),
    /// There are as many as there may be.
    #[error("{what}: there may be {limit}")]
    LimitReached {
        /// Of what.
        what: &'static str,
        /// How many there may be.
        limit: usize,
    },
    /// The argument can never be right.
    #[error("{0}")]
    Invalid(String),
    /// The registry refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}
