//! The directory: every account, key and policy in memory, over the registry.
//!
//! Readers take a picture of the whole (`Snapshot`) without a lock; a request is decided by one picture from its
//! beginning to its end. Changes are rare: one at a time, the registry first, then a new picture in place of the old one.

mod account;
mod accounts;
mod key;
mod keys;
mod policies;
mod snapshot;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use arc_swap::ArcSwap;
use parking_lot::{Mutex, MutexGuard};
use yizhan_store::Store;
use yizhan_vocabulary::{Clock, Uin};

pub use account::Account;
pub use key::{ApiKey, KeyUse, LastUse};
pub use keys::{CreatedKey, KeyChange};
pub use policies::{AccountRights, NewPolicy, SHOW_SECRETS, StoredPolicy};

use crate::error::{KeyRefusal, PeopleError};
use crate::logins::Logins;
use crate::rate::RateLimits;
use crate::settings::PeopleSettings;
use snapshot::Snapshot;

/// Accounts, keys and policies. Cloning gives another handle to the same directory.
#[derive(Clone)]
pub struct People(Arc<Inner>);

struct Inner {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    settings: PeopleSettings,
    current: ArcSwap<Snapshot>,
    /// Held through each change: the registry and the picture change in the same order.
    changing: Mutex<()>,
    /// How people log in.
    logins: Logins,
}

impl People {
    /// Reads everything from the registry.
    pub fn load(
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        settings: PeopleSettings,
    ) -> Result<Self, PeopleError> {
        let snapshot = Snapshot::read(&store)?;
        let current = ArcSwap::from_pointee(snapshot);
        let logins = Logins::read(&store, settings.sessions)?;
        Ok(Self(Arc::new(Inner { store, clock, settings, current, changing: Mutex::new(()), logins })))
    }

    /// The key that signs a request, if it may be used.
    pub fn key(&self, secret_id: &str) -> Result<Arc<ApiKey>, KeyRefusal> {
        let current = self.0.current.load();
        let key = current.keys.get(secret_id).ok_or(KeyRefusal::Unknown)?;
        key.usable()?;
        Ok(Arc::clone(key))
    }

    /// An account by its number.
    pub fn account(&self, uin: Uin) -> Option<Arc<Account>> {
        self.0.current.load().accounts.get(&uin).cloned()
    }

    /// The root accounts, by number.
    pub fn root_accounts(&self) -> Vec<Arc<Account>> {
        let current = self.0.current.load();
        current.accounts.values().filter(|account| account.is_root()).cloned().collect()
    }

    /// The sub-accounts of a root account, by number.
    pub fn sub_accounts(&self, owner: Uin) -> Vec<Arc<Account>> {
        let current = self.0.current.load();
        current.accounts.values().filter(|account| account.owner == Some(owner)).cloned().collect()
    }

    /// A sub-account of `owner` by its name, or a root account if there is no `owner`.
    pub fn account_named(&self, owner: Option<Uin>, name: &str) -> Option<Arc<Account>> {
        let current = self.0.current.load();
        current.accounts.values().find(|account| account.owner == owner && account.name == name).cloned()
    }

    /// The keys of an account, by time of creation; disabled ones too.
    pub fn keys_of(&self, account: Uin) -> Vec<Arc<ApiKey>> {
        self.0.current.load().keys_of(account)
    }

    /// How fast keys may ask.
    pub fn rate_limits(&self) -> RateLimits {
        self.0.settings.rate
    }

    pub(crate) fn logins(&self) -> &Logins {
        &self.0.logins
    }

    pub(crate) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// The one change that is made now: the picture as it is, to be replaced.
    pub(crate) fn change(&self) -> Change<'_> {
        let guard = self.0.changing.lock();
        Change { people: &self.0, next: Snapshot::clone(&self.0.current.load()), _guard: guard }
    }
}

/// A change in the making. Dropping it changes nothing.
pub(crate) struct Change<'a> {
    people: &'a Inner,
    next: Snapshot,
    _guard: MutexGuard<'a, ()>,
}

impl Change<'_> {
    fn store(&self) -> &Store {
        &self.people.store
    }

    /// Shows the change, which is in the registry already.
    fn publish(self) {
        self.people.current.store(Arc::new(self.next));
    }
}
