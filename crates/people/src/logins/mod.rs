//! How people log in to the console: a name and a password, perhaps a code of a second factor; then a session.
//!
//! What must stay true: a name that no account has is answered like a wrong password, after the same time and with the
//! same waits; what was proved is proved of the password as it is when the session opens; disabling an account, deleting
//! it or changing its password ends its sessions. Everything here blocks: passwords are hashed slowly, on purpose.

mod attempts;
mod enter;
mod hashing;
mod passwords;
mod second_factor;
mod sessions;
mod setup;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use parking_lot::{Mutex, RwLock};
use yizhan_identity::password::{SlowHash, WeakPassword};
use yizhan_store::{LoginRow, Store, TotpRow};
use yizhan_vocabulary::{Uin, UnixMillis};
use zeroize::Zeroizing;

use crate::directory::{Account, People};
use crate::error::PeopleError;

pub use second_factor::TotpOffer;
pub use sessions::{Session, SessionLimits};

use attempts::Attempts;
use hashing::{HashingTurns, NoTurn};
use sessions::Sessions;

/// From where somebody logs in.
#[derive(Debug, Clone, Default)]
pub struct LoginOrigin {
    /// The address; none for the local socket.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: String,
}

/// A session that was just opened.
pub struct Entered {
    /// The session.
    pub session: Arc<Session>,
    /// What the browser keeps; this is the only time it is known.
    pub secret: Zeroizing<String>,
    /// Whose it is.
    pub account: Arc<Account>,
}

/// A request's session.
#[derive(Debug, Clone)]
pub struct OpenSession {
    /// The session.
    pub session: Arc<Session>,
    /// Its account, as it is now.
    pub account: Arc<Account>,
    /// Whether the password must be changed before anything else is done.
    pub must_change: bool,
    /// Whether the use should be written down (see [`People::note_session`]).
    pub to_note: bool,
}

/// What is known about an account's login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginState {
    /// Whether the password must be changed before anything else is done.
    pub must_change: bool,
    /// When the password was set.
    pub changed_at: UnixMillis,
    /// When somebody last logged in.
    pub last_login_at: Option<UnixMillis>,
    /// From which address.
    pub last_login_from: Option<String>,
    /// Whether there is a second factor.
    pub second_factor: bool,
    /// Recovery codes that were not used yet.
    pub recovery_codes: usize,
}

/// Why somebody does not get in, or may not change how to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LoginRefusal {
    /// There is no account of this name.
    #[error("there is no account of this name")]
    UnknownAccount,
    /// The account has no password.
    #[error("the account has no password")]
    NoPassword,
    /// The account, or the root account above it, is disabled.
    #[error("the account is disabled")]
    AccountDisabled,
    /// The password is wrong.
    #[error("the password is wrong")]
    WrongPassword,
    /// The password is right and a code is needed.
    #[error("a code is needed")]
    CodeNeeded,
    /// The code is wrong or was used before.
    #[error("the code is wrong or was used before")]
    WrongCode,
    /// Too many failures.
    #[error("too many failures; try again in {0} seconds")]
    LockedOut(u64),
    /// Too many logins at once.
    #[error("too many people log in at once")]
    Busy,
    /// The setup code is wrong.
    #[error("the setup code is wrong")]
    WrongSetupCode,
    /// There is a password already.
    #[error("the first password was set already")]
    AlreadySetUp,
    /// The new password is not taken.
    #[error("{0}")]
    Weak(#[from] WeakPassword),
    /// Anything else.
    #[error("{0}")]
    Failed(#[from] PeopleError),
}

impl From<NoTurn> for LoginRefusal {
    fn from(_: NoTurn) -> Self {
        Self::Busy
    }
}

impl From<yizhan_store::StoreError> for LoginRefusal {
    fn from(error: yizhan_store::StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// Everything about logins, beside the directory that it is part of.
pub(crate) struct Logins {
    limits: SessionLimits,
    known: RwLock<BTreeMap<Uin, Login>>,
    sessions: Sessions,
    attempts: Mutex<Attempts>,
    turns: HashingTurns,
    /// Second factors that were offered and are not confirmed.
    offered: Mutex<BTreeMap<Uin, second_factor::Offered>>,
    /// Opens the first login; made anew at every start.
    setup_code: Zeroizing<String>,
}

/// An account's login.
#[derive(Clone)]
struct Login {
    hash: SlowHash,
    must_change: bool,
    changed_at: UnixMillis,
    last_login_at: Option<UnixMillis>,
    last_login_from: Option<String>,
    totp: Option<TotpRow>,
    recovery: Vec<[u8; 32]>,
}

impl Login {
    fn of(row: LoginRow) -> Result<(Uin, Self), PeopleError> {
        let damaged = || PeopleError::Internal(format!("the password of account {} is damaged", row.account));
        let hash = SlowHash::parse(row.password.expose()).ok_or_else(damaged)?;
        let login = Self {
            hash,
            must_change: row.must_change,
            changed_at: row.changed_at,
            last_login_at: row.last_login_at,
            last_login_from: row.last_login_from,
            totp: row.totp,
            recovery: row.recovery,
        };
        Ok((row.account, login))
    }
}

impl Logins {
    /// Reads everything from the registry.
    pub fn read(store: &Store, limits: SessionLimits) -> Result<Self, PeopleError> {
        let known = store.logins()?.into_iter().map(Login::of).collect::<Result<_, _>>()?;
        Ok(Self {
            limits,
            known: RwLock::new(known),
            sessions: Sessions::of(store.sessions()?),
            attempts: Mutex::default(),
            turns: HashingTurns::default(),
            offered: Mutex::default(),
            setup_code: yizhan_identity::secret::letters_and_digits(setup::CODE_LENGTH),
        })
    }

    /// Forgets an account that was deleted.
    pub fn forget(&self, account: Uin) {
        self.known.write().remove(&account);
        self.offered.lock().remove(&account);
        self.sessions.end_all_but(account, None);
    }
}

impl People {
    /// What is known about an account's login; `None` if it has no password.
    pub fn login_state(&self, account: Uin) -> Option<LoginState> {
        let known = self.logins().known.read();
        known.get(&account).map(|login| LoginState {
            must_change: login.must_change,
            changed_at: login.changed_at,
            last_login_at: login.last_login_at,
            last_login_from: login.last_login_from.clone(),
            second_factor: login.totp.is_some(),
            recovery_codes: login.recovery.len(),
        })
    }

    /// The account that a name at the login means: `root`, the name of a root account, the name of a sub-account of the
    /// first root account, or `ROOT/NAME`.
    pub fn account_for_login(&self, name: &str) -> Option<Arc<Account>> {
        if let Some((root, name)) = name.split_once('/') {
            let root = self.account_named(None, root)?;
            return self.account_named(Some(root.uin), name);
        }
        self.account_named(None, name).or_else(|| self.account_named(Some(Uin::FIRST), name))
    }

    /// The name that an account logs in with.
    pub fn login_name(&self, account: &Account) -> String {
        let short = match account.owner {
            None => return account.name.clone(),
            Some(owner) => owner == Uin::FIRST && self.account_named(None, &account.name).is_none(),
        };
        if short {
            return account.name.clone();
        }
        let root = self.account(account.root()).map(|root| root.name.clone()).unwrap_or_default();
        format!("{root}/{}", account.name)
    }
}
