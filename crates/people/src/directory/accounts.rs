//! Making, changing and deleting accounts.

use std::sync::Arc;

use yizhan_store::AccountRow;
use yizhan_vocabulary::Uin;

use super::{Account, Change, People};
use crate::error::PeopleError;

/// The longest name and remark of an account, in characters.
const MAX_NAME: usize = 64;
const MAX_REMARK: usize = 1_024;

impl People {
    /// Makes a root account: it starts without instances, projects or keys.
    pub fn create_root(&self, name: &str, remark: &str) -> Result<Arc<Account>, PeopleError> {
        self.create_account(None, name, remark)
    }

    /// Makes a sub-account of a root account: it may do nothing until a policy is attached to it.
    pub fn create_sub(&self, owner: Uin, name: &str, remark: &str) -> Result<Arc<Account>, PeopleError> {
        self.create_account(Some(owner), name, remark)
    }

    fn create_account(
        &self,
        owner: Option<Uin>,
        name: &str,
        remark: &str,
    ) -> Result<Arc<Account>, PeopleError> {
        check_name(name)?;
        check_remark(remark)?;
        let mut change = self.change();
        if let Some(owner) = owner
            && !change.next.accounts.get(&owner).is_some_and(|account| account.is_root())
        {
            return Err(PeopleError::NotFound(format!("root account {owner}")));
        }
        let siblings = change.next.accounts.values().filter(|account| account.owner == owner).count();
        let limit = self.0.settings.max_sub_accounts;
        if owner.is_some() && siblings >= limit {
            return Err(PeopleError::LimitReached(format!("there are {limit} sub-accounts already")));
        }
        if change.next.accounts.len() >= self.0.settings.max_accounts {
            let limit = self.0.settings.max_accounts;
            return Err(PeopleError::LimitReached(format!("there are {limit} accounts already")));
        }
        let mut row = AccountRow {
            uin: Uin(0),
            owner,
            name: name.to_owned(),
            remark: remark.to_owned(),
            enabled: true,
            created_at: self.0.clock.now(),
        };
        row.uin = change.store().create_account(&row)?;
        let account = change.next.put_account(row);
        change.publish();
        Ok(account)
    }

    /// Changes an account's remark.
    pub fn set_remark(&self, uin: Uin, remark: &str) -> Result<Arc<Account>, PeopleError> {
        check_remark(remark)?;
        self.change_account(uin, |row| row.remark = remark.to_owned())
    }

    /// Enables or disables an account. While a root account is disabled, the keys of its sub-accounts are, too. Sessions
    /// of what is disabled end.
    pub fn enable_account(&self, uin: Uin, enabled: bool) -> Result<Arc<Account>, PeopleError> {
        let account = self.change_account(uin, |row| row.enabled = enabled)?;
        if !enabled {
            self.end_sessions_of(uin);
            self.sub_accounts(uin).iter().for_each(|sub| self.end_sessions_of(sub.uin));
        }
        Ok(account)
    }

    fn change_account(
        &self,
        uin: Uin,
        edit: impl FnOnce(&mut AccountRow),
    ) -> Result<Arc<Account>, PeopleError> {
        let mut change = self.change();
        let mut row = change.next.accounts.get(&uin).ok_or_else(|| no_account(uin))?.row();
        edit(&mut row);
        change.store().change_account(&row)?;
        let account = change.next.put_account(row);
        change.publish();
        Ok(account)
    }

    /// Whether nothing that is known here stands in the way of deleting an account: neither is it the first root account,
    /// nor has it sub-accounts or policies.
    pub fn may_delete_account(&self, uin: Uin) -> Result<(), PeopleError> {
        if uin == Uin::FIRST {
            return Err(PeopleError::Conflict("the first root account cannot be deleted".to_owned()));
        }
        if let Some(sub) = self.sub_accounts(uin).first() {
            return Err(PeopleError::Conflict(format!("account {uin} still owns sub-account {}", sub.name)));
        }
        if let Some(policy) = self.policies(uin).first() {
            return Err(PeopleError::Conflict(format!("account {uin} still owns policy {}", policy.name)));
        }
        Ok(())
    }

    /// Deletes an account with its keys. The first root account stays, and so does one that owns sub-accounts, instances
    /// or policies.
    pub fn delete_account(&self, uin: Uin) -> Result<(), PeopleError> {
        self.may_delete_account(uin)?;
        self.change().delete_account(uin)
    }

    /// The same, unless the account has keys.
    pub fn delete_account_without_keys(&self, uin: Uin) -> Result<(), PeopleError> {
        self.may_delete_account(uin)?;
        let change = self.change();
        if !change.next.keys_of(uin).is_empty() {
            return Err(PeopleError::Conflict(format!("account {uin} still has keys")));
        }
        change.delete_account(uin)
    }
}

impl Change<'_> {
    fn delete_account(mut self, uin: Uin) -> Result<(), PeopleError> {
        self.store().delete_account(uin)?;
        self.next.remove_account(uin);
        self.people.logins.forget(uin);
        self.publish();
        Ok(())
    }
}

pub(super) fn no_account(uin: Uin) -> PeopleError {
    PeopleError::NotFound(format!("account {uin}"))
}

/// The vendor's alphabet of names of users and policies (access management, 用户名).
fn check_name(name: &str) -> Result<(), PeopleError> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-".contains(&byte);
    let fits = (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(allowed);
    fits.then_some(()).ok_or_else(|| {
        PeopleError::Invalid(format!(
            "an account's name has 1 to {MAX_NAME} letters, digits or any of +=,.@_-"
        ))
    })
}

pub(super) fn check_remark(remark: &str) -> Result<(), PeopleError> {
    let fits = remark.chars().count() <= MAX_REMARK && !remark.chars().any(char::is_control);
    fits.then_some(()).ok_or_else(|| {
        PeopleError::Invalid(format!(
            "a remark has at most {MAX_REMARK} characters, none of them a control character"
        ))
    })
}
