//! An account as requests see it.

use yizhan_store::AccountRow;
use yizhan_vocabulary::{Uin, UnixMillis};

/// An account: a root account, or a sub-account of one. What it was when it was looked up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub uin: Uin,
    /// The root account of a sub-account.
    pub owner: Option<Uin>,
    /// Its name.
    pub name: String,
    /// A note for people.
    pub remark: String,
    /// Whether it is enabled itself.
    pub enabled: bool,
    /// When it was created.
    pub created_at: UnixMillis,
    /// Whether it and the root account above it are enabled.
    pub(super) usable: bool,
}

impl Account {
    pub(super) fn of(row: AccountRow, root_enabled: bool) -> Self {
        let AccountRow { uin, owner, name, remark, enabled, created_at } = row;
        Self { usable: enabled && root_enabled, uin, owner, name, remark, enabled, created_at }
    }

    pub(super) fn row(&self) -> AccountRow {
        AccountRow {
            uin: self.uin,
            owner: self.owner,
            name: self.name.clone(),
            remark: self.remark.clone(),
            enabled: self.enabled,
            created_at: self.created_at,
        }
    }

    /// Whether it is a root account.
    pub fn is_root(&self) -> bool {
        self.owner.is_none()
    }

    /// The root account whose objects it works with.
    pub fn root(&self) -> Uin {
        self.owner.unwrap_or(self.uin)
    }

    /// Whether its keys open anything: it and the root account above it are enabled.
    pub fn is_usable(&self) -> bool {
        self.usable
    }
}
