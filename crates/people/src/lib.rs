//! Who manages this installation: accounts, the keys with which they call the API, the passwords and sessions with which
//! people use the console (`logins/`), what their policies let them do, and how often they may ask. And who uses what they offer (`apps/`): the users of applications,
//! their families, and the devices that they bound and share.
//!
//! What must stay true: a change is in the registry before it counts here; a disabled or deleted key, or a session that was
//! ended, is refused from the next request on; nothing here decides about an object of another root account; secrets do not show themselves.

mod apps;
mod directory;
mod error;
mod logins;
pub mod policy;
mod rate;
mod settings;

pub use apps::{
    Application, ApplicationChange, Apps, AppsError, AppsLimits, Bound, NewApplication, OpenIdBinding,
    Person, ProductRules, PushChange, Shared,
};
pub use directory::{
    Account, AccountRights, ApiKey, CreatedKey, KeyChange, KeyUse, LastUse, NewPolicy, People, SHOW_SECRETS,
    StoredPolicy,
};
pub use error::{KeyRefusal, PeopleError};
pub use logins::{
    Entered, LoginOrigin, LoginRefusal, LoginState, OpenSession, Session, SessionLimits, TotpOffer,
};
pub use rate::{CallClass, KeyRate, RateLimits};
pub use settings::PeopleSettings;
