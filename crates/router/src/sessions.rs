//! Sessions: one for each client that is connected or whose state is kept.
//!
//! A session is shared between the core that owns its connection and everybody who has a message for it; all of it is
//! behind its own lock. `SessionId` names a session for ever, also in the journal; the same client id gets a new one
//! when it starts clean.

use std::hash::{Hash, Hasher};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ahash::{AHashMap, RandomState};
use parking_lot::{Mutex, RwLock};
use serde::{Deserialize, Serialize};
use yizhan_devices::Device;
use yizhan_link::LinkId;
use yizhan_mqtt::{
    Delivery, Message, PacketId, RefusedDelivery, Session, SessionLimits, Settled, TopicFilter,
};
use yizhan_vocabulary::{DeviceId, UnixMillis};

use crate::core::RetainedBacklog;
use crate::pending::Pending;
use crate::settings::RouterSettings;
use crate::users::MqttUser;

/// Locks of the session table; more than cores, so that connects on different cores seldom meet.
const SHARDS: usize = 64;

/// A session's number; never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct SessionId(pub(crate) u64);

/// Who a client is, once CONNECT was accepted.
#[derive(Debug, Clone)]
pub(crate) enum Principal {
    /// A device of a product: the platform's rules apply.
    Device(Arc<Device>),
    /// An ordinary MQTT user.
    User(Arc<MqttUser>),
}

/// Which client a session belongs to. Devices and the clients of each user are apart, so that nobody can take over
/// a session by choosing its client id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum SessionKey {
    /// A device.
    Device(DeviceId),
    /// A client id of a user.
    User {
        /// The user's name.
        user: Arc<str>,
        /// The client id.
        client: Arc<str>,
    },
}

impl Principal {
    /// The key of this client's session.
    pub(crate) fn session_key(&self, client_id: &str) -> SessionKey {
        match self {
            Self::Device(device) => SessionKey::Device(device.id),
            Self::User(user) => SessionKey::User { user: Arc::clone(&user.name), client: client_id.into() },
        }
    }

    /// The longest time this client's session may survive its connection, in seconds.
    pub(crate) fn max_expiry_s(&self, settings: &RouterSettings) -> u32 {
        let limit = match self {
            Self::Device(_) => settings.device_session_expiry,
            Self::User(_) => settings.user_max_session_expiry,
        };
        u32::try_from(limit.as_secs()).unwrap_or(u32::MAX)
    }

    /// The limits of this client's session.
    pub(crate) fn session_limits(&self, settings: &RouterSettings) -> SessionLimits {
        match self {
            Self::Device(_) => device_limits(settings),
            Self::User(_) => user_limits(settings),
        }
    }
}

/// Limits of a compatible device's session (facts §1.7).
pub(crate) fn device_limits(settings: &RouterSettings) -> SessionLimits {
    SessionLimits {
        max_queued: settings.device_max_queued,
        replay_spacing_ms: settings.device_replay_spacing_ms,
        max_qos: yizhan_mqtt::QoS::AtLeastOnce,
        ..user_limits(settings)
    }
}

/// Limits of an ordinary client's session.
pub(crate) fn user_limits(settings: &RouterSettings) -> SessionLimits {
    SessionLimits {
        max_queued: settings.user_max_queued,
        max_queued_bytes: settings.max_queued_bytes,
        max_inbound_qos2: settings.receive_maximum.saturating_mul(4),
        max_subscriptions: settings.max_subscriptions,
        replay_spacing_ms: 0,
        max_qos: yizhan_mqtt::QoS::ExactlyOnce,
    }
}

/// Where a session's connection is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(crate) core: u16,
    pub(crate) link: LinkId,
}

/// A will that waits for its delay (MQTT 5).
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct PendingWill {
    pub(crate) message: Message,
    pub(crate) expiry_interval_s: Option<u32>,
    pub(crate) publish_at: UnixMillis,
}

impl PendingWill {
    /// The message to publish now: its expiry counts from the publication (MQTT 5 §3.1.3.2.4).
    pub(crate) fn message_at(&self, now: UnixMillis) -> Message {
        let expires_at = self.expiry_interval_s.map(|seconds| now.plus_ms(i64::from(seconds) * 1000).0);
        Message { expires_at, ..self.message.clone() }
    }
}

/// What is behind a session's lock.
pub(crate) struct Inner {
    pub(crate) session: Session,
    pub(crate) owner: Option<Owner>,
    /// QoS 0 messages that the owner has not written yet.
    pub(crate) pending: Pending,
    /// Retained messages that new subscriptions still have to get; they wait for the next connection as queued ones do.
    pub(crate) retained: Option<Box<RetainedBacklog>>,
    /// The owner has been told that there is something to write.
    pub(crate) flush_requested: bool,
    /// The session survives its connection, and the process; changed by [`KeptSessions::set`] only.
    pub(crate) kept: bool,
    /// Seconds the session survives its connection.
    pub(crate) expiry_s: u32,
    /// When the connection ended, while there is none.
    pub(crate) detached_at: Option<UnixMillis>,
    pub(crate) will: Option<Box<PendingWill>>,
    /// Counts the changes that the journal knows; see `changes`.
    pub(crate) version: u64,
    /// The mark that covers the packet identifiers; see `identifiers`.
    pub(crate) marked_until: Option<u16>,
    /// The checkpoint has to write this session again.
    pub(crate) dirty: bool,
    /// Over: nothing may be delivered to it any more.
    pub(crate) ended: bool,
}

impl Inner {
    pub(crate) fn new(session: Session) -> Self {
        Self {
            session,
            owner: None,
            pending: Pending::default(),
            retained: None,
            flush_requested: false,
            kept: false,
            expiry_s: 0,
            detached_at: None,
            will: None,
            version: 0,
            marked_until: None,
            dirty: false,
            ended: false,
        }
    }

    /// Whether this is the session's connection.
    pub(crate) fn is_owned_by(&self, owner: Owner) -> bool {
        self.owner == Some(owner)
    }

    /// Whether the session has outlived its connection by as long as it may.
    pub(crate) fn is_over(&self, now: UnixMillis) -> bool {
        let expiry_ms = i64::from(self.expiry_s) * 1000;
        self.expiry_s != u32::MAX && self.detached_at.is_some_and(|since| since.plus_ms(expiry_ms) <= now)
    }

    /// Takes a place in the queue. A full one gives up first what has expired in it, for the caller to settle.
    pub(crate) fn reserve(
        &mut self,
        delivery: Delivery,
        ready: bool,
        now: UnixMillis,
        expired: &mut Vec<Settled>,
    ) -> Result<PacketId, RefusedDelivery> {
        let refused = match self.session.reserve(delivery.clone(), ready) {
            Err(refused @ (RefusedDelivery::QueueFull | RefusedDelivery::QueueBytesFull)) => refused,
            other => return other,
        };
        self.session.drop_expired(now.0, expired);
        if expired.is_empty() { Err(refused) } else { self.session.reserve(delivery, ready) }
    }

    /// Ends a subscription; says whether there was one.
    pub(crate) fn unsubscribe(&mut self, filter: &TopicFilter) -> bool {
        if let Some(backlog) = &mut self.retained {
            backlog.remove(filter);
        }
        self.session.unsubscribe(filter.as_str())
    }

    /// The number of the change that is being made now.
    pub(crate) fn next_version(&mut self) -> u64 {
        self.version += 1;
        self.version
    }
}

/// One client's session.
pub(crate) struct ClientSession {
    pub(crate) id: SessionId,
    pub(crate) key: SessionKey,
    /// The device, if it is one; its entry is needed to log what happens to its messages.
    pub(crate) device: Option<Arc<Device>>,
    /// Whether there is a connection; follows `Inner::owner` for those who do not need the lock.
    pub(crate) connected: AtomicBool,
    pub(crate) inner: Mutex<Inner>,
}

/// A session as a member of the subscription trie.
#[derive(Clone)]
pub(crate) struct Member(pub(crate) Arc<ClientSession>);

impl PartialEq for Member {
    fn eq(&self, other: &Self) -> bool {
        self.0.id == other.0.id
    }
}

impl Eq for Member {}

impl Hash for Member {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.id.hash(state);
    }
}

/// How many sessions of ordinary clients are kept, in all and of each user. Devices are not counted: each has one
/// session, and their number has a limit of its own.
#[derive(Default)]
pub(crate) struct KeptSessions(Mutex<KeptCounts>);

#[derive(Default)]
struct KeptCounts {
    total: usize,
    by_user: AHashMap<Arc<str>, usize>,
}

impl KeptSessions {
    /// Whether one more may be kept. Two cores that ask at once may both be told yes, so the limits may be exceeded by as
    /// many sessions as there are cores.
    pub(crate) fn has_room(&self, key: &SessionKey, settings: &RouterSettings) -> bool {
        let SessionKey::User { user, .. } = key else { return true };
        let counts = self.0.lock();
        counts.total < settings.max_kept_sessions
            && counts.by_user.get(user).is_none_or(|of_user| *of_user < settings.user_max_kept_sessions)
    }

    /// Says whether a session is kept from now on.
    pub(crate) fn set(&self, key: &SessionKey, inner: &mut Inner, kept: bool) {
        let before = std::mem::replace(&mut inner.kept, kept);
        let SessionKey::User { user, .. } = key else { return };
        let mut counts = self.0.lock();
        match (before, kept) {
            (false, true) => {
                counts.total += 1;
                *counts.by_user.entry(Arc::clone(user)).or_default() += 1;
            }
            (true, false) => {
                counts.total -= 1;
                if let Some(of_user) = counts.by_user.get_mut(user) {
                    *of_user -= 1;
                    if *of_user == 0 {
                        counts.by_user.remove(user);
                    }
                }
            }
            (true, true) | (false, false) => {}
        }
    }
}

/// All sessions, by client.
pub(crate) struct SessionTable {
    shards: Vec<RwLock<AHashMap<SessionKey, Arc<ClientSession>>>>,
    hasher: RandomState,
}

impl SessionTable {
    pub(crate) fn new() -> Self {
        Self { shards: (0..SHARDS).map(|_| RwLock::default()).collect(), hasher: RandomState::new() }
    }

    fn shard(&self, key: &SessionKey) -> &RwLock<AHashMap<SessionKey, Arc<ClientSession>>> {
        &self.shards[self.hasher.hash_one(key) as usize % SHARDS]
    }

    pub(crate) fn find(&self, key: &SessionKey) -> Option<Arc<ClientSession>> {
        self.shard(key).read().get(key).cloned()
    }

    /// Gives the key a session under the table's lock: `choose` sees the present one and says which it shall be.
    pub(crate) fn update<R>(
        &self,
        key: &SessionKey,
        choose: impl FnOnce(&mut Option<Arc<ClientSession>>) -> R,
    ) -> R {
        let mut shard = self.shard(key).write();
        let mut present = shard.remove(key);
        let result = choose(&mut present);
        if let Some(session) = present {
            shard.insert(key.clone(), session);
        }
        result
    }

    /// Removes the session if the key still belongs to it; only then `freed` is called, before the key can get another.
    pub(crate) fn remove(&self, session: &ClientSession, freed: impl FnOnce()) {
        let mut shard = self.shard(&session.key).write();
        if shard.get(&session.key).is_some_and(|present| present.id == session.id) {
            shard.remove(&session.key);
            freed();
        }
    }

    /// The sessions of one part of the table; counting up goes through all of them again and again.
    pub(crate) fn part(&self, number: usize) -> Vec<Arc<ClientSession>> {
        self.shards[number % SHARDS].read().values().cloned().collect()
    }

    /// Every session that `wanted` says yes to.
    pub(crate) fn select(&self, wanted: impl Fn(&ClientSession) -> bool) -> Vec<Arc<ClientSession>> {
        let mut found = Vec::new();
        for shard in &self.shards {
            found.extend(shard.read().values().filter(|session| wanted(session)).cloned());
        }
        found
    }

    pub(crate) fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.read().len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session(number: u64) -> Arc<ClientSession> {
        Arc::new(ClientSession {
            id: SessionId(number),
            key: SessionKey::User { user: "u".into(), client: "c".into() },
            device: None,
            connected: AtomicBool::new(false),
            inner: Mutex::new(Inner::new(Session::new(user_limits(&RouterSettings::default())))),
        })
    }

    #[test]
    fn a_session_that_was_replaced_takes_nothing_of_its_key_with_it() {
        let (old, new) = (session(1), session(2));
        let table = SessionTable::new();
        for session in [&old, &new] {
            table.update(&session.key, |present| present.replace(Arc::clone(session)));
        }
        table.remove(&old, || panic!("the key belongs to the new session"));
        assert_eq!(table.find(&new.key).map(|found| found.id), Some(new.id));
        let mut freed = false;
        table.remove(&new, || freed = true);
        assert!(freed && table.find(&new.key).is_none());
    }
}
