//! Making, changing and deleting keys. The secret half is shown by the call that makes the key, and never again.

use std::sync::Arc;

use yizhan_identity::secret::letters_and_digits;
use yizhan_store::{ApiKeyRow, Secret};
use yizhan_vocabulary::Uin;

use super::accounts::{check_remark, no_account};
use super::{ApiKey, KeyUse, People};
use crate::error::PeopleError;

/// A new key with its secret half.
pub struct CreatedKey {
    /// The key.
    pub key: Arc<ApiKey>,
    /// The secret half; this is the only time it is shown.
    pub secret_key: Secret,
}

/// What may be done to a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyChange {
    /// It works again.
    Enable,
    /// It stops working until it is enabled again.
    Disable,
}

impl People {
    /// Makes a key of an account: `AKID` and 32 letters or digits, and 32 for the secret half, as the vendor's have.
    pub fn create_key(&self, account: Uin, remark: &str) -> Result<CreatedKey, PeopleError> {
        const LENGTH: usize = 32;
        check_remark(remark)?;
        let mut change = self.change();
        let account = change.next.accounts.get(&account).cloned().ok_or_else(|| no_account(account))?;
        let limit = self.0.settings.max_keys_per_account;
        if change.next.keys_of(account.uin).len() >= limit {
            return Err(PeopleError::LimitReached(format!(
                "account {} has {limit} keys already; delete one first",
                account.uin
            )));
        }
        let row = ApiKeyRow {
            secret_id: format!("AKID{}", letters_and_digits(LENGTH).as_str()),
            account: account.uin,
            secret_key: Secret::new(letters_and_digits(LENGTH).as_str()),
            remark: remark.to_owned(),
            enabled: true,
            created_at: self.0.clock.now(),
            last_used_at: None,
            last_used_from: None,
        };
        change.store().create_api_key(&row)?;
        let secret_key = row.secret_key.clone();
        let key = Arc::new(ApiKey::of(row, account));
        change.next.keys.insert(Arc::clone(key.id()), Arc::clone(&key));
        change.publish();
        Ok(CreatedKey { key, secret_key })
    }

    /// Enables or disables a key of an account.
    pub fn change_key(&self, account: Uin, secret_id: &str, what: KeyChange) -> Result<(), PeopleError> {
        let mut change = self.change();
        let key = change.next.keys.get(secret_id).filter(|key| key.account().uin == account).cloned();
        let key = key.ok_or_else(|| no_key(secret_id))?;
        let enabled = what == KeyChange::Enable;
        change.store().enable_api_key(secret_id, enabled)?;
        let changed = Arc::new(key.changed(Arc::clone(key.account()), enabled));
        change.next.keys.insert(Arc::clone(key.id()), changed);
        change.publish();
        Ok(())
    }

    /// Deletes a key of an account; it stops working at once.
    pub fn delete_key(&self, account: Uin, secret_id: &str) -> Result<(), PeopleError> {
        let mut change = self.change();
        if change.next.keys.get(secret_id).is_none_or(|key| key.account().uin != account) {
            return Err(no_key(secret_id));
        }
        change.store().delete_api_key(secret_id)?;
        change.next.keys.remove(secret_id);
        change.publish();
        Ok(())
    }

    /// A key by its public half, disabled or not, for those who administer it.
    pub fn key_to_administer(&self, secret_id: &str) -> Option<Arc<ApiKey>> {
        self.0.current.load().keys.get(secret_id).cloned()
    }

    /// Writes down a use of a key. The note is for people: where it fails, the request goes on.
    pub fn note_use(&self, used: &KeyUse) {
        match self.0.store.touch_api_key(&used.id, used.at, &used.from) {
            Ok(()) | Err(yizhan_store::StoreError::NotFound(_)) => {}
            Err(error) => {
                tracing::warn!(key = %used.id, %error, "the last use of a key could not be noted");
            }
        }
    }
}

fn no_key(secret_id: &str) -> PeopleError {
    // What a caller sent is shown only in part: it may be a secret in the wrong field.
    let shown: String = secret_id.chars().take(8).collect();
    PeopleError::NotFound(format!("key {shown}"))
}
