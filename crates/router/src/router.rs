//! What all cores share.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use parking_lot::{Mutex, RwLock};
use yizhan_devices::{CertificateDirectory, Devices};
use yizhan_identity::throttle::Throttle;
use yizhan_journal::{Journal, Lane};
use yizhan_link::{Adopted, CoreHandle, LinkId};
use yizhan_mqtt::{FilterTrie, RetainedLimits, SubscribeOptions};
use yizhan_observe::{Metrics, Shard};
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::{Clock, DeviceId};

use crate::device_publish::HttpRates;
use crate::expiry::{Overdue, Timetable};
use crate::identifiers::Identifiers;
use crate::recovery::Recovery;
use crate::retained::Retained;
use crate::sessions::{
    ClientSession, Inner, KeptSessions, Member, Owner, SessionId, SessionKey, SessionTable,
};
use crate::settings::RouterSettings;
use crate::users::UserDirectory;

/// What other threads send to a core's handler. At most one `Flush` a session is under way.
#[derive(Debug)]
pub enum Mail {
    /// The session of this connection has something to write.
    Flush(LinkId),
    /// Close this connection.
    Close(LinkId, DisconnectCause),
}

/// What a router is made of.
pub struct RouterParts {
    /// Limits and behaviour.
    pub settings: RouterSettings,
    /// Devices and what their messages mean.
    pub devices: Devices,
    /// Which certificate speaks for which device.
    pub certificates: Arc<CertificateDirectory>,
    /// Ordinary MQTT users.
    pub users: Arc<UserDirectory>,
    /// Failed logins.
    pub throttle: Throttle,
    /// Counters.
    pub metrics: Arc<Metrics>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

/// Sessions, subscriptions and retained messages of the whole server. Clones share it.
#[derive(Clone)]
pub struct Router {
    pub(crate) shared: Arc<Shared>,
}

pub(crate) struct Shared {
    pub(crate) settings: RouterSettings,
    pub(crate) devices: Devices,
    pub(crate) certificates: Arc<CertificateDirectory>,
    pub(crate) users: Arc<UserDirectory>,
    pub(crate) throttle: Mutex<Throttle>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) counters: Arc<Shard>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) sessions: SessionTable,
    pub(crate) kept_sessions: KeptSessions,
    pub(crate) subscriptions: RwLock<FilterTrie<Member, SubscribeOptions>>,
    pub(crate) retained: Mutex<Retained>,
    pub(crate) timetable: Mutex<Timetable>,
    pub(crate) overdue: Mutex<Overdue>,
    /// Passes over the session table in search of expired messages.
    pub(crate) passes: AtomicUsize,
    pub(crate) dirty: Mutex<Vec<Arc<ClientSession>>>,
    pub(crate) gone: Mutex<Vec<SessionId>>,
    pub(crate) identifiers: Mutex<Identifiers>,
    pub(crate) recovery: Mutex<Option<Recovery>>,
    pub(crate) http_rates: Mutex<HttpRates>,
    pub(crate) draining: AtomicBool,
    cores: OnceLock<Vec<CoreHandle<Mail>>>,
    journal: OnceLock<Journal>,
    /// The lane of work that happens outside the cores: expiry, wills, messages from management.
    pub(crate) management: OnceLock<Lane>,
}

impl Router {
    /// A router without sessions; [`Router::replay`] and [`Router::start`] come next.
    pub fn new(parts: RouterParts) -> Self {
        let limits = RetainedLimits {
            max_messages: parts.settings.max_retained,
            max_bytes: parts.settings.max_retained_bytes,
        };
        let counters = parts.metrics.management();
        let shared = Shared {
            settings: parts.settings,
            devices: parts.devices,
            certificates: parts.certificates,
            users: parts.users,
            throttle: Mutex::new(parts.throttle),
            metrics: parts.metrics,
            counters,
            clock: parts.clock,
            sessions: SessionTable::new(),
            kept_sessions: KeptSessions::default(),
            subscriptions: RwLock::new(FilterTrie::new()),
            retained: Mutex::new(Retained::new(limits)),
            timetable: Mutex::default(),
            overdue: Mutex::default(),
            passes: AtomicUsize::new(0),
            dirty: Mutex::default(),
            gone: Mutex::default(),
            identifiers: Mutex::default(),
            recovery: Mutex::new(Some(Recovery::default())),
            http_rates: Mutex::default(),
            draining: AtomicBool::new(false),
            cores: OnceLock::new(),
            journal: OnceLock::new(),
            management: OnceLock::new(),
        };
        Self { shared: Arc::new(shared) }
    }

    /// Joins the router with the journal and the cores. Must be called once, before the cores run.
    pub fn start(&self, journal: Journal, cores: Vec<CoreHandle<Mail>>) {
        let lane = journal.lane(Arc::new(|| {}));
        let first = self.shared.management.set(lane).is_ok()
            && self.shared.journal.set(journal).is_ok()
            && self.shared.cores.set(cores).is_ok();
        debug_assert!(first, "a router is started once");
    }

    /// Gives a WebSocket that was accepted elsewhere to the core with the given number, modulo the cores there are.
    pub fn adopt(&self, adopted: Adopted, core: usize) {
        let cores = self.shared.cores();
        cores[core % cores.len()].adopt(adopted);
    }

    /// Tells connected clients that the server stops, and lets every core close them.
    pub fn drain(&self) {
        self.shared.draining.store(true, Ordering::Release);
        for core in self.shared.cores() {
            core.wake();
        }
    }

    /// Ends every session of an ordinary user that is no more, and closes its connections.
    pub fn end_user(&self, name: &str, cause: DisconnectCause) {
        let of_user = |session: &ClientSession| matches!(&session.key, SessionKey::User { user, .. } if **user == *name);
        for session in self.shared.sessions.select(of_user) {
            self.shared.end_and_close(&session, cause);
        }
    }

    /// Whether failed logins have locked this identity or address for now.
    pub fn is_throttled(&self, address: IpAddr, identity: &str) -> bool {
        let now = self.shared.clock.monotonic();
        self.shared.throttle.lock().check(address, identity, now).is_err()
    }

    /// Counts a failed login outside MQTT, such as a registration with a wrong signature.
    pub fn note_failed_login(&self, address: IpAddr, identity: &str) {
        let now = self.shared.clock.monotonic();
        self.shared.throttle.lock().failed(address, identity, now);
    }

    /// Sessions known now, connected or kept.
    pub fn session_count(&self) -> usize {
        self.shared.sessions.len()
    }

    /// Retained messages and their bytes.
    pub fn retained_size(&self) -> (usize, usize) {
        let retained = self.shared.retained.lock();
        (retained.store.len(), retained.store.bytes())
    }

    /// Subscriptions of ordinary clients and of custom topics.
    pub fn subscription_count(&self) -> usize {
        self.shared.subscriptions.read().len()
    }
}

impl Shared {
    pub(crate) fn cores(&self) -> &[CoreHandle<Mail>] {
        self.cores.get().expect("the router is started before anything connects")
    }

    pub(crate) fn journal(&self) -> &Journal {
        self.journal.get().expect("the router is started before anything connects")
    }

    pub(crate) fn find_device_session(&self, device: DeviceId) -> Option<Arc<ClientSession>> {
        self.sessions.find(&SessionKey::Device(device))
    }

    /// Notes that the checkpoint must write this session again.
    pub(crate) fn mark_dirty(&self, session: &Arc<ClientSession>, inner: &mut Inner) {
        if inner.kept && !inner.dirty {
            inner.dirty = true;
            self.dirty.lock().push(Arc::clone(session));
        }
    }

    /// Says which core has to write for this session, unless it was told before.
    pub(crate) fn claim_flush(&self, inner: &mut Inner) -> Option<Owner> {
        let owner = inner.owner?;
        if inner.flush_requested {
            return None;
        }
        inner.flush_requested = true;
        Some(owner)
    }

    /// Makes the owning core write what the session has.
    pub(crate) fn request_flush(&self, inner: &mut Inner) {
        if let Some(owner) = self.claim_flush(inner) {
            self.cores()[usize::from(owner.core)].send(Mail::Flush(owner.link));
        }
    }

    /// Closes the session's connection, if it has one.
    pub(crate) fn close(&self, session: &ClientSession, cause: DisconnectCause) {
        let owner = session.inner.lock().owner;
        if let Some(owner) = owner {
            self.cores()[usize::from(owner.core)].send(Mail::Close(owner.link, cause));
        }
    }
}
