//! Sessions of the console: who holds a browser's secret, since when, until when.
//!
//! What must stay true: only the hash of the secret is kept; a session ends when nobody used it for a while, when it is
//! old, when its account has more of them than it may, and when somebody ends it; an ended one never opens anything
//! again. They are in memory for requests and in the registry for the next start.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use ahash::AHashMap;
use parking_lot::Mutex;
use yizhan_store::SessionRow;
use yizhan_vocabulary::{Monotonic, Uin, UnixMillis};

use crate::rate::{CallClass, KeyRate, RateLimits};

/// A use is written down at most this often, in milliseconds.
const NOTE_EVERY_MS: u64 = 60_000;
/// What a browser calls itself, as far as it is kept, in characters.
const MAX_AGENT: usize = 256;

/// How long sessions last and how many there may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionLimits {
    /// A session ends when nobody used it for so long.
    pub idle: Duration,
    /// A session ends when it is so old.
    pub age: Duration,
    /// Sessions of one account; the one that was not used for longest makes room.
    pub per_account: usize,
}

impl Default for SessionLimits {
    fn default() -> Self {
        Self { idle: Duration::from_secs(12 * 3_600), age: Duration::from_secs(7 * 86_400), per_account: 20 }
    }
}

/// An open session.
pub struct Session {
    hash: [u8; 32],
    id: Arc<str>,
    account: Uin,
    created_at: UnixMillis,
    agent: String,
    address: Mutex<String>,
    last_used: AtomicI64,
    last_noted: AtomicI64,
    rate: KeyRate,
}

impl Session {
    pub(super) fn of(row: SessionRow) -> Self {
        let SessionRow { hash, account, created_at, last_used_at, address, agent } = row;
        let id = hash[..8].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        Self {
            hash,
            id: id.into(),
            account,
            created_at,
            agent,
            address: Mutex::new(address),
            last_used: AtomicI64::new(last_used_at.0),
            last_noted: AtomicI64::new(last_used_at.0),
            rate: KeyRate::default(),
        }
    }

    pub(super) const fn hash(&self) -> &[u8; 32] {
        &self.hash
    }

    /// Its name in lists and logs; it opens nothing.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// Whose it is.
    pub const fn account(&self) -> Uin {
        self.account
    }

    /// When it was opened.
    pub const fn created_at(&self) -> UnixMillis {
        self.created_at
    }

    /// When it was last used.
    pub fn last_used_at(&self) -> UnixMillis {
        UnixMillis(self.last_used.load(Ordering::Relaxed))
    }

    /// From which address it was last used.
    pub fn address(&self) -> String {
        self.address.lock().clone()
    }

    /// What the browser calls itself.
    pub fn agent(&self) -> &str {
        &self.agent
    }

    /// Takes one request from the session's budgets; `false` when it asks too fast.
    pub fn admit(&self, class: CallClass, limits: RateLimits, now: Monotonic) -> bool {
        self.rate.admit(class, limits, now)
    }

    fn is_over(&self, limits: &SessionLimits, now: UnixMillis) -> bool {
        let passed = |since: i64, allowed: Duration| {
            now.0.saturating_sub(since).unsigned_abs() >= allowed.as_millis() as u64 && now.0 > since
        };
        passed(self.created_at.0, limits.age) || passed(self.last_used.load(Ordering::Relaxed), limits.idle)
    }

    /// Notes a use; true when it should be written down.
    pub(super) fn used(&self, now: UnixMillis, from: Option<IpAddr>) -> bool {
        self.last_used.store(now.0, Ordering::Relaxed);
        let noted = self.last_noted.load(Ordering::Relaxed);
        if now.0.abs_diff(noted) < NOTE_EVERY_MS {
            return false;
        }
        let claimed = self.last_noted.compare_exchange(noted, now.0, Ordering::Relaxed, Ordering::Relaxed);
        if claimed.is_ok() {
            *self.address.lock() = shown_address(from);
        }
        claimed.is_ok()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("account", &self.account)
            .finish_non_exhaustive()
    }
}

/// An address as it is kept; nothing for the local socket.
pub(super) fn shown_address(from: Option<IpAddr>) -> String {
    from.map(|address| address.to_canonical().to_string()).unwrap_or_default()
}

/// What a browser calls itself, bounded and without control characters.
pub(super) fn shown_agent(agent: &str) -> String {
    agent.chars().filter(|letter| !letter.is_control()).take(MAX_AGENT).collect()
}

/// All sessions.
#[derive(Default)]
pub(super) struct Sessions {
    open: Mutex<AHashMap<[u8; 32], Arc<Session>>>,
}

impl Sessions {
    pub fn of(rows: Vec<SessionRow>) -> Self {
        let open = rows.into_iter().map(|row| (row.hash, Arc::new(Session::of(row)))).collect();
        Self { open: Mutex::new(open) }
    }

    /// The open session behind a hash; one that is over is forgotten by the way.
    pub fn find(&self, hash: &[u8; 32], limits: &SessionLimits, now: UnixMillis) -> Option<Arc<Session>> {
        let mut open = self.open.lock();
        let session = open.get(hash)?;
        if session.is_over(limits, now) {
            open.remove(hash);
            return None;
        }
        Some(Arc::clone(session))
    }

    /// Whether a session is still open.
    pub fn is_open(&self, session: &Session, limits: &SessionLimits, now: UnixMillis) -> bool {
        self.open.lock().contains_key(&session.hash) && !session.is_over(limits, now)
    }

    /// The hashes of sessions that are over, and of those of `account` that make room for another one.
    pub fn making_room(&self, account: Uin, limits: &SessionLimits, now: UnixMillis) -> Vec<[u8; 32]> {
        let open = self.open.lock();
        let over = open.values().filter(|session| session.is_over(limits, now)).map(|session| session.hash);
        let mut ended: Vec<_> = over.collect();
        let mut own: Vec<_> = open
            .values()
            .filter(|session| session.account == account && !session.is_over(limits, now))
            .collect();
        own.sort_unstable_by_key(|session| session.last_used_at());
        let surplus = (own.len() + 1).saturating_sub(limits.per_account.max(1));
        ended.extend(own.iter().take(surplus).map(|session| session.hash));
        ended
    }

    pub fn insert(&self, session: Session) -> Arc<Session> {
        let session = Arc::new(session);
        self.open.lock().insert(session.hash, Arc::clone(&session));
        session
    }

    pub fn end(&self, hashes: &[[u8; 32]]) {
        let mut open = self.open.lock();
        for hash in hashes {
            open.remove(hash);
        }
    }

    /// Ends an account's sessions but the one to keep; their hashes.
    pub fn end_all_but(&self, account: Uin, keep: Option<&[u8; 32]>) -> Vec<[u8; 32]> {
        let mut ended = Vec::new();
        self.open.lock().retain(|hash, session| {
            let stays = session.account != account || Some(hash) == keep;
            if !stays {
                ended.push(*hash);
            }
            stays
        });
        ended
    }

    /// An account's sessions, the one that was used last first.
    pub fn of_account(&self, account: Uin, limits: &SessionLimits, now: UnixMillis) -> Vec<Arc<Session>> {
        let open = self.open.lock();
        let mut own: Vec<_> = open
            .values()
            .filter(|session| session.account == account && !session.is_over(limits, now))
            .cloned()
            .collect();
        drop(open);
        own.sort_unstable_by_key(|session| std::cmp::Reverse(session.last_used_at()));
        own
    }
}
