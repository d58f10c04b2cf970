//! A key as requests see it: its secret, its account, and the state that all requests of the key share.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use arc_swap::ArcSwapOption;
use parking_lot::Mutex;
use yizhan_identity::cloud_signature::{Claim, SignatureError, SigningKey};
use yizhan_store::{ApiKeyRow, Secret};
use yizhan_vocabulary::{Monotonic, UnixMillis};

use super::Account;
use crate::error::KeyRefusal;
use crate::rate::{CallClass, KeyRate, RateLimits};

/// A last use is written down at most this often, in milliseconds.
const TOUCH_EVERY_MS: u64 = 60_000;
/// The last use of a key that was never used.
const NEVER: i64 = i64::MIN;

/// A key. Its account is what it was when the key was looked up.
pub struct ApiKey {
    id: Arc<str>,
    secret: Secret,
    account: Arc<Account>,
    remark: String,
    enabled: bool,
    created_at: UnixMillis,
    state: Arc<KeyState>,
}

/// What outlives changes of the key: it is the same key for its callers.
struct KeyState {
    rate: KeyRate,
    /// The derived key of the day and service that last proved a request.
    signing: ArcSwapOption<SigningKey>,
    last_used_at: AtomicI64,
    last_used_from: Mutex<Option<String>>,
}

/// When and from where a key was last used, to the minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastUse {
    /// When.
    pub at: UnixMillis,
    /// From which address, if it is known.
    pub from: Option<String>,
}

/// A use that should be written down (see [`People::note_use`](super::People::note_use)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyUse {
    pub(super) id: Arc<str>,
    pub(super) at: UnixMillis,
    pub(super) from: String,
}

impl ApiKey {
    pub(super) fn of(row: ApiKeyRow, account: Arc<Account>) -> Self {
        let last_used_at = AtomicI64::new(row.last_used_at.map_or(NEVER, |at| at.0));
        let last_used_from = Mutex::new(row.last_used_from);
        let state = Arc::new(KeyState {
            rate: KeyRate::default(),
            signing: ArcSwapOption::empty(),
            last_used_at,
            last_used_from,
        });
        Self {
            id: row.secret_id.into(),
            secret: row.secret_key,
            account,
            remark: row.remark,
            enabled: row.enabled,
            created_at: row.created_at,
            state,
        }
    }

    /// The same key with another state of its own or of its account.
    pub(super) fn changed(&self, account: Arc<Account>, enabled: bool) -> Self {
        Self {
            id: Arc::clone(&self.id),
            secret: self.secret.clone(),
            account,
            remark: self.remark.clone(),
            enabled,
            created_at: self.created_at,
            state: Arc::clone(&self.state),
        }
    }

    /// The public half.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The secret half; the name makes each use easy to find.
    pub fn secret(&self) -> &Secret {
        &self.secret
    }

    /// Whose key it is.
    pub fn account(&self) -> &Arc<Account> {
        &self.account
    }

    /// A note for people.
    pub fn remark(&self) -> &str {
        &self.remark
    }

    /// Whether the key itself is enabled.
    pub fn is_enabled(&self) -> bool {
        self.enabled
    }

    /// When it was created.
    pub fn created_at(&self) -> UnixMillis {
        self.created_at
    }

    /// Whether it opens anything.
    pub fn usable(&self) -> Result<(), KeyRefusal> {
        if !self.enabled {
            return Err(KeyRefusal::KeyDisabled);
        }
        self.account.is_usable().then_some(()).ok_or(KeyRefusal::AccountDisabled)
    }

    /// Checks the signature of a request that claims this key. A derived key is kept from one request to the next, once
    /// it has proved one: what strangers claim does not push it out.
    pub fn verify(&self, claim: &Claim<'_>) -> Result<(), SignatureError> {
        let Some(scope) = claim.scope() else { return claim.verify(self.secret.expose()) };
        let kept = self.state.signing.load();
        if let Some(key) = kept.as_ref().filter(|key| key.is_for(scope)) {
            return claim.verify_with(key);
        }
        let key = SigningKey::derive(self.secret.expose(), scope);
        claim.verify_with(&key)?;
        self.state.signing.store(Some(Arc::new(key)));
        Ok(())
    }

    /// Takes one request from the key's budgets; `false` when it asks too fast.
    pub fn admit(&self, class: CallClass, limits: RateLimits, now: Monotonic) -> bool {
        self.state.rate.admit(class, limits, now)
    }

    /// Notes that the key was used now. Once a minute, for one of the callers, the use comes back to be written down.
    pub fn used(&self, now: UnixMillis, from: Option<IpAddr>) -> Option<KeyUse> {
        let last = self.state.last_used_at.load(Ordering::Relaxed);
        // A clock that was set back must not stop the noting for as long as it was ahead.
        if last != NEVER && now.0.abs_diff(last) < TOUCH_EVERY_MS {
            return None;
        }
        let claimed =
            self.state.last_used_at.compare_exchange(last, now.0, Ordering::Relaxed, Ordering::Relaxed);
        claimed.ok()?;
        let from = from.map(|address| address.to_string()).unwrap_or_default();
        *self.state.last_used_from.lock() = Some(from.clone());
        Some(KeyUse { id: Arc::clone(&self.id), at: now, from })
    }

    /// When it was last used; `None` if never.
    pub fn last_use(&self) -> Option<LastUse> {
        let at = self.state.last_used_at.load(Ordering::Relaxed);
        let from = self.state.last_used_from.lock().clone().filter(|from| !from.is_empty());
        (at != NEVER).then_some(LastUse { at: UnixMillis(at), from })
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKey")
            .field("id", &self.id)
            .field("account", &self.account.uin)
            .finish_non_exhaustive()
    }
}
