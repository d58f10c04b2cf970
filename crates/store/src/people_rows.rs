//! The rows about people: accounts, their API keys, policies, and what was done. Kept apart from the rows of things.

use yizhan_vocabulary::{Uin, UnixMillis};

use crate::rows::Secret;

/// An account: a root account, or a sub-account of one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccountRow {
    /// Its number; 0 when it is to be given one.
    pub uin: Uin,
    /// The root account of a sub-account; `None` for a root account.
    pub owner: Option<Uin>,
    /// Its name, unique among the sub-accounts of its root account, or among the root accounts.
    pub name: String,
    /// A note for people.
    pub remark: String,
    /// Whether its keys work.
    pub enabled: bool,
    /// When it was created.
    pub created_at: UnixMillis,
}

/// A key of the cloud API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiKeyRow {
    /// The public half.
    pub secret_id: String,
    /// Whose it is.
    pub account: Uin,
    /// The secret half.
    pub secret_key: Secret,
    /// A note for people.
    pub remark: String,
    /// Whether it works.
    pub enabled: bool,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it was last used, to the minute.
    pub last_used_at: Option<UnixMillis>,
    /// From which address it was last used.
    pub last_used_from: Option<String>,
}

/// A policy of a root account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyRow {
    /// Its number; 0 when it is to be given one.
    pub id: i64,
    /// The root account.
    pub owner: Uin,
    /// Its name, unique in the root account.
    pub name: String,
    /// A note for people.
    pub description: String,
    /// The document, as it was given.
    pub document: String,
    /// When it was created.
    pub created_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
}

/// Something that was done, or refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditRow {
    /// Its number, in the order of recording; 0 when it is to be given one.
    pub id: i64,
    /// When.
    pub at: UnixMillis,
    /// The root account whose objects were concerned.
    pub owner: Uin,
    /// The account that did it.
    pub actor: Uin,
    /// By which means: the id of a key, the name of a token, `local`.
    pub means: String,
    /// From which address.
    pub address: String,
    /// The operation's name.
    pub operation: String,
    /// What it was done to, as policies name it.
    pub resource: String,
    /// `ok`, or the code of the refusal.
    pub outcome: String,
    /// The request without its secrets, JSON.
    pub request: String,
    /// What there was before, JSON.
    pub before: Option<String>,
    /// What there was afterwards, JSON.
    pub after: Option<String>,
    /// The request's id, as the caller was told.
    pub request_id: String,
}

/// Which entries of the audit log are asked for; `None` asks for all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditQuery {
    /// The root account.
    pub owner: Uin,
    /// Not before this time.
    pub from: UnixMillis,
    /// Before this time.
    pub until: UnixMillis,
    /// Only of this account.
    pub actor: Option<Uin>,
    /// Only this operation.
    pub operation: Option<String>,
    /// Only entries older than this one, by time and number: where the last page ended.
    pub older_than: Option<(UnixMillis, i64)>,
    /// Entries at most.
    pub limit: u32,
}

/// How a person logs in with an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginRow {
    /// Whose.
    pub account: Uin,
    /// The password's slow hash, as text.
    pub password: Secret,
    /// Whether the password must be changed before anything else is done.
    pub must_change: bool,
    /// When the password was set.
    pub changed_at: UnixMillis,
    /// When somebody last logged in.
    pub last_login_at: Option<UnixMillis>,
    /// From which address.
    pub last_login_from: Option<String>,
    /// The second factor, if there is one.
    pub totp: Option<TotpRow>,
    /// The hashes of the recovery codes that were not used yet.
    pub recovery: Vec<[u8; 32]>,
}

/// A second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotpRow {
    /// The secret, base32.
    pub secret: Secret,
    /// The step of the last code that was taken.
    pub last_step: i64,
}

/// A session of the console.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionRow {
    /// The hash of what the browser holds.
    pub hash: [u8; 32],
    /// Whose.
    pub account: Uin,
    /// When it was opened.
    pub created_at: UnixMillis,
    /// When it was last used, to the minute.
    pub last_used_at: UnixMillis,
    /// From which address it was last used.
    pub address: String,
    /// What the browser calls itself.
    pub agent: String,
}

/// What a login used up.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LoginNote {
    /// The step of its code.
    pub totp_step: Option<i64>,
    /// The hash of its recovery code.
    pub recovery_code: Option<[u8; 32]>,
}
