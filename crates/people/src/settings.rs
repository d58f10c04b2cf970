//! How many of everything there may be, how long sessions last, and how fast a key may ask.

use crate::logins::SessionLimits;
use crate::rate::RateLimits;

/// The limits of accounts. The vendor's numbers are given where they are known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeopleSettings {
    /// Accounts in all.
    pub max_accounts: usize,
    /// Sub-accounts of one root account: one tenant must not take the room of all.
    pub max_sub_accounts: usize,
    /// Keys of one account (2 at the vendor's).
    pub max_keys_per_account: usize,
    /// Policies of one root account.
    pub max_policies_per_account: usize,
    /// Policies attached to one sub-account (200 at the vendor's).
    pub max_attachments: usize,
    /// How fast one key, or one session of the console, may ask.
    pub rate: RateLimits,
    /// Sessions of the console.
    pub sessions: SessionLimits,
}

impl Default for PeopleSettings {
    fn default() -> Self {
        Self {
            max_accounts: 10_000,
            max_sub_accounts: 1_000,
            max_keys_per_account: 10,
            max_policies_per_account: 1_000,
            max_attachments: 200,
            rate: RateLimits::default(),
            sessions: SessionLimits::default(),
        }
    }
}
