//! One picture of all accounts and keys. Everything in it is shared, so that a copy to change costs little.

use std::collections::BTreeMap;
use std::sync::Arc;

use ahash::AHashMap;
use yizhan_store::{AccountRow, Store};
use yizhan_vocabulary::Uin;

use super::policies::{Policies, StoredPolicy};
use super::{Account, ApiKey};
use crate::error::PeopleError;

#[derive(Clone, Default)]
pub(super) struct Snapshot {
    pub accounts: BTreeMap<Uin, Arc<Account>>,
    pub keys: AHashMap<Arc<str>, Arc<ApiKey>>,
    pub policies: Policies,
}

impl Snapshot {
    /// Reads the registry.
    pub fn read(store: &Store) -> Result<Self, PeopleError> {
        let mut snapshot = Self::default();
        // A root account has a lower number than its sub-accounts: it was there first.
        for row in store.accounts()? {
            snapshot.put_account(row);
        }
        for row in store.api_keys()? {
            let account = snapshot.accounts.get(&row.account).ok_or_else(|| {
                PeopleError::Internal(format!("key {} belongs to no account", row.secret_id))
            })?;
            let key = ApiKey::of(row, Arc::clone(account));
            snapshot.keys.insert(Arc::clone(key.id()), Arc::new(key));
        }
        for row in store.policies()? {
            snapshot.policies.insert(StoredPolicy::of(row));
        }
        for (account, policy) in store.policy_attachments()? {
            snapshot.policies.attach(account, policy);
        }
        for (account, preset) in store.preset_attachments()? {
            if let Some(owner) = snapshot.accounts.get(&account).and_then(|account| account.owner) {
                snapshot.policies.attach_preset(account, owner, &preset);
            }
        }
        Ok(snapshot)
    }

    /// Takes a new or changed account; its keys and sub-accounts follow.
    pub fn put_account(&mut self, row: AccountRow) -> Arc<Account> {
        let root_enabled =
            row.owner.is_none_or(|owner| self.accounts.get(&owner).is_some_and(|root| root.enabled));
        let account = Arc::new(Account::of(row, root_enabled));
        self.accounts.insert(account.uin, Arc::clone(&account));
        for key in self.keys_of(account.uin) {
            let changed = key.changed(Arc::clone(&account), key.is_enabled());
            self.keys.insert(Arc::clone(key.id()), Arc::new(changed));
        }
        let below: Vec<AccountRow> = self
            .accounts
            .values()
            .filter(|sub| sub.owner == Some(account.uin) && sub.usable != (sub.enabled && account.enabled))
            .map(|sub| sub.row())
            .collect();
        for sub in below {
            self.put_account(sub);
        }
        account
    }

    /// Forgets an account and its keys.
    pub fn remove_account(&mut self, uin: Uin) {
        self.accounts.remove(&uin);
        self.policies.forget_account(uin);
        self.keys.retain(|_, key| key.account().uin != uin);
    }

    /// The keys of an account, by time of creation.
    pub fn keys_of(&self, account: Uin) -> Vec<Arc<ApiKey>> {
        let mut keys: Vec<_> =
            self.keys.values().filter(|key| key.account().uin == account).cloned().collect();
        keys.sort_by(|one, other| (one.created_at(), one.id()).cmp(&(other.created_at(), other.id())));
        keys
    }
}
