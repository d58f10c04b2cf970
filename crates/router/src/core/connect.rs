//! CONNECT: who is it, may it, which session does it get (facts §1; MQTT 3.1.1 §3.1, MQTT 5 §3.1).
//!
//! Everything about the client is decided before anything changes, so a refused CONNECT leaves no trace but its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use yizhan_devices::{Connected, Device};
use yizhan_identity::device_auth::{DeviceLogin, verify_password};
use yizhan_link::{Link, Peer, TlsIdentity, TransportKind};
use yizhan_mqtt::encode::{self, ConnAckProperties};
use yizhan_mqtt::{Connect, Session, Version, reason};
use yizhan_observe::Counter;
use yizhan_vocabulary::Monotonic;
use yizhan_vocabulary::causes::{ConnectRefusal, DisconnectCause, DropReason};

use super::gate::Action;
use super::{Client, ConnectionState, CoreHandler, Stage};
use crate::changes::{At, Change};
use crate::sessions::{ClientSession, Inner, Owner, Principal, SessionId};

/// Bytes of records that the journal does not take, from which on nobody connects: connections come and go with records
/// of their own.
const MAX_STUCK_BYTES: usize = 1024 * 1024;

/// A CONNACK that waits for the journal to know the session.
pub(super) struct Welcome {
    session_present: bool,
    properties: Option<ConnAckProperties>,
}

/// What a CONNECT comes to, before anything is changed.
struct Accepted {
    principal: Principal,
    client_id: Arc<str>,
    assigned: bool,
    expiry_s: u32,
}

impl CoreHandler {
    pub(super) fn connect(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, connect: Connect) {
        let accepted = match self.admit(link.peer, &connect) {
            Ok(accepted) => accepted,
            Err(refusal) => return self.refuse_connect(link, state, &connect, refusal),
        };
        self.counters.add(Counter::Connects, 1);
        self.shared.throttle.lock().succeeded(
            link.peer.address.ip(),
            claimed_identity(&connect),
            Monotonic(self.now_ms),
        );
        let kept = accepted.expiry_s > 0;
        let (session, present, discarded) = self.take_session(link, &connect, &accepted);
        link.establish(Duration::from_secs(u64::from(connect.keep_alive)));
        if let Principal::Device(device) = &accepted.principal {
            let connected = Connected {
                address: link.peer.address,
                transport: transport_name(link.peer),
                version: connect.version.as_str(),
                keep_alive_s: connect.keep_alive,
            };
            self.shared.devices.connected(device, connected, self.now, &mut self.batch);
        }
        let properties = connect.version.is_v5().then(|| self.announce(&connect, &accepted));
        // The platform's devices have no will (facts §1.7).
        let will = connect.will.filter(|_| matches!(accepted.principal, Principal::User(_)));
        state.stage = Stage::Connected(Box::new(Client {
            session,
            principal: accepted.principal,
            version: connect.version,
            will,
            expiry_s: accepted.expiry_s,
            welcomed: false,
            max_packet_size: connect.properties.max_packet_size,
            rate_left: 0,
            rate_second: 0,
        }));
        let welcome = Welcome { session_present: present, properties };
        // That the old session is gone is as much a promise as that the new one is kept.
        self.answer(link, state, Action::Welcome(Box::new(welcome)), kept || discarded);
    }

    /// Sends the CONNACK and what waited for the client.
    pub(super) fn welcome(&mut self, link: &mut Link<'_>, client: &mut Client, welcome: &Welcome) {
        client.welcomed = true;
        let properties = welcome.properties.as_ref();
        encode::connack(client.version, welcome.session_present, reason::SUCCESS, properties, link.out);
        // At the end of the turn, so that a SUBACK that waits behind this goes before what matches its subscriptions.
        self.flushes.push(Owner { core: self.index, link: link.id });
    }

    fn announce(&self, connect: &Connect, accepted: &Accepted) -> ConnAckProperties {
        let settings = &self.shared.settings;
        let wished = connect.properties.session_expiry_s.unwrap_or(0);
        let max_qos = accepted.principal.session_limits(settings).max_qos;
        ConnAckProperties {
            session_expiry_s: (wished != accepted.expiry_s).then_some(accepted.expiry_s),
            receive_maximum: Some(settings.receive_maximum),
            maximum_qos: Some(max_qos),
            no_retain: matches!(accepted.principal, Principal::Device(_)),
            max_packet_size: Some(settings.max_packet_bytes),
            assigned_client_id: accepted.assigned.then(|| (*accepted.client_id).into()),
            topic_alias_maximum: settings.topic_alias_maximum,
            ..ConnAckProperties::default()
        }
    }

    /// Who this is and what session it asks for, or why not.
    fn admit(&self, peer: &Peer, connect: &Connect) -> Result<Accepted, ConnectRefusal> {
        if connect.properties.authentication_method.is_some() {
            return Err(ConnectRefusal::UnsupportedAuthMethod);
        }
        let wished = connect.session_expiry_s();
        if wished > 0 || self.stuck && self.batch.bytes() > MAX_STUCK_BYTES {
            self.accepting().map_err(|_| ConnectRefusal::StorageUnavailable)?;
        }
        let identity = claimed_identity(connect);
        let blocked = self.shared.throttle.lock().check(peer.address.ip(), identity, Monotonic(self.now_ms));
        if blocked.is_err() {
            return Err(ConnectRefusal::Throttled);
        }
        let (principal, client_id, assigned) = match self.identify(peer, connect) {
            Ok(identified) => identified,
            Err(refusal) => {
                if guessing(refusal) {
                    self.shared.throttle.lock().failed(peer.address.ip(), identity, Monotonic(self.now_ms));
                }
                return Err(refusal);
            }
        };
        let limit = match &principal {
            Principal::Device(_) => self.shared.settings.device_session_expiry,
            Principal::User(_) => self.shared.settings.user_max_session_expiry,
        };
        let expiry_s = wished.min(u32::try_from(limit.as_secs()).unwrap_or(u32::MAX));
        Ok(Accepted { principal, client_id, assigned, expiry_s })
    }

    fn identify(
        &self,
        peer: &Peer,
        connect: &Connect,
    ) -> Result<(Principal, Arc<str>, bool), ConnectRefusal> {
        if connect.user_name.as_deref().is_some_and(DeviceLogin::is_device_username) {
            let device = self.identify_device(peer, connect)?;
            return Ok((Principal::Device(device), (*connect.client_id).into(), false));
        }
        let name = connect.user_name.as_deref().ok_or(ConnectRefusal::MalformedIdentity)?;
        let password = connect.password.as_deref().ok_or(ConnectRefusal::MissingPassword)?;
        let user = self.shared.users.find(name).ok_or(ConnectRefusal::BadUser)?;
        if !user.password_is(password) {
            return Err(ConnectRefusal::BadUser);
        }
        let (client_id, assigned) = self.client_id(connect)?;
        Ok((Principal::User(user), client_id, assigned))
    }

    /// The client id of an ordinary client; the server makes one where the protocol lets it (MQTT-3.1.3-6 to 8).
    fn client_id(&self, connect: &Connect) -> Result<(Arc<str>, bool), ConnectRefusal> {
        if connect.client_id.len() > self.shared.settings.max_client_id_bytes {
            return Err(ConnectRefusal::ClientIdRefused);
        }
        if !connect.client_id.is_empty() {
            return Ok(((*connect.client_id).into(), false));
        }
        match connect.version {
            Version::V5 => {}
            Version::V311 if connect.clean_start => {}
            Version::V31 | Version::V311 => return Err(ConnectRefusal::ClientIdRefused),
        }
        let number = self.shared.journal().next_seq();
        Ok((format!("auto-{:x}-{number:x}", self.now.0).into(), true))
    }

    fn identify_device(&self, peer: &Peer, connect: &Connect) -> Result<Arc<Device>, ConnectRefusal> {
        let user_name = connect.user_name.as_deref().unwrap_or_default();
        let login = DeviceLogin::parse(&connect.client_id, user_name)?;
        let found = self.shared.devices.find(&login.product, login.device.as_str());
        let device = found.ok_or(ConnectRefusal::UnknownDevice)?;
        match peer.identity.as_deref() {
            Some(TlsIdentity::Psk(identity)) => login.speaks_for(identity.as_bytes())?,
            Some(TlsIdentity::Certificate(fingerprint)) => {
                self.shared.certificates.check(device.id, fingerprint, self.now)?;
            }
            None => self.verify_device_password(&device, &login, connect)?,
        }
        if device.enabled() { Ok(device) } else { Err(ConnectRefusal::Disabled) }
    }

    fn verify_device_password(
        &self,
        device: &Device,
        login: &DeviceLogin,
        connect: &Connect,
    ) -> Result<(), ConnectRefusal> {
        let password = connect.password.as_deref().ok_or(ConnectRefusal::MissingPassword)?;
        let user_name = connect.user_name.as_deref().unwrap_or_default().as_bytes();
        match device.secret() {
            Some(secret) => verify_password(login, user_name, password, &secret, self.now),
            // A certificate device over WebSocket signs with the certificate's key (facts §1.3).
            None => self.shared.certificates.check_password(device.id, login, user_name, password, self.now),
        }
    }

    /// Gives the connection its session: the kept one, or a new one in place of whatever there was. Says whether it is a
    /// kept one, and whether another one had to end.
    fn take_session(
        &mut self,
        link: &Link<'_>,
        connect: &Connect,
        accepted: &Accepted,
    ) -> (Arc<ClientSession>, bool, bool) {
        let key = accepted.principal.session_key(&accepted.client_id);
        let shared = Arc::clone(&self.shared);
        let (session, replaced) = shared.sessions.update(&key, |present| {
            let usable = present.as_ref().filter(|session| {
                let inner = session.inner.lock();
                !connect.clean_start && !inner.ended && inner.kept && !inner.is_over(self.now)
            });
            match usable {
                Some(session) => (Arc::clone(session), None),
                None => {
                    let fresh = self.new_session(key.clone(), accepted, present.as_deref());
                    (Arc::clone(&fresh), present.replace(fresh))
                }
            }
        });
        let resumed = replaced.is_none() && session.inner.lock().version > 0;
        let discarded = replaced.is_some();
        if let Some(old) = replaced {
            self.end_session(&old, DropReason::SessionEnded);
        }
        self.attach(link, connect, accepted, &session);
        (session, resumed, discarded)
    }

    fn new_session(
        &self,
        key: crate::sessions::SessionKey,
        accepted: &Accepted,
        before: Option<&ClientSession>,
    ) -> Arc<ClientSession> {
        let mut session = Session::new(accepted.principal.session_limits(&self.shared.settings));
        let id = SessionId(self.shared.journal().next_seq());
        // Packet identifiers must go on where the client's last session stopped (facts §1.10).
        let earlier = before.map(|before| before.inner.lock().session.next_packet_id());
        let next = earlier.or_else(|| self.shared.packet_ids.lock().remove(&key));
        // After a restart the counters of sessions that were not kept are gone; a place that depends on the time is
        // most unlikely to be among the last few.
        session.set_next_packet_id(
            next.unwrap_or((self.now.0 as u64 ^ id.0.wrapping_mul(0x9E37)) as u16).max(1),
        );
        let device = match &accepted.principal {
            Principal::Device(device) => Some(Arc::clone(device)),
            Principal::User(_) => None,
        };
        Arc::new(ClientSession {
            id,
            key,
            device,
            connected: AtomicBool::new(false),
            inner: Mutex::new(Inner::new(session)),
        })
    }

    fn attach(
        &mut self,
        link: &Link<'_>,
        connect: &Connect,
        accepted: &Accepted,
        session: &Arc<ClientSession>,
    ) {
        let settings = &self.shared.settings;
        let mut profile = connect.profile(settings.receive_maximum, settings.topic_alias_maximum);
        profile.receive_maximum = profile.receive_maximum.min(settings.send_maximum);
        let mut inner = session.inner.lock();
        let before = inner.owner.replace(Owner { core: self.index, link: link.id });
        session.connected.store(true, Ordering::Release);
        if before.is_some() {
            inner.session.detach();
        }
        inner.flush_requested = false;
        inner.pending.clear();
        inner.retained = None;
        inner.detached_at = None;
        inner.will = None;
        inner.kept = accepted.expiry_s > 0;
        let new = inner.version == 0;
        let changed = inner.expiry_s != accepted.expiry_s;
        inner.expiry_s = accepted.expiry_s;
        inner.session.attach(profile, self.now_ms);
        if inner.kept {
            let at = At { session: session.id, version: inner.next_version() };
            let change = if new || changed {
                Change::Opened { at, key: session.key.clone(), expiry_s: accepted.expiry_s }
            } else {
                Change::Attached { at }
            };
            change.record(self.shared.journal(), self.now, &mut self.batch);
            self.shared.mark_dirty(session, &mut inner);
        }
        drop(inner);
        if let Some(owner) = before {
            self.kick(owner);
        }
    }

    /// Closes the connection that had the session before (MQTT-3.1.4-2; facts §1.9).
    fn kick(&mut self, owner: Owner) {
        if owner.core == self.index {
            self.closes.push((owner.link, DisconnectCause::TakenOver));
        } else {
            let mail = crate::router::Mail::Close(owner.link, DisconnectCause::TakenOver);
            self.shared.cores()[usize::from(owner.core)].send(mail);
        }
    }

    /// Ends a session for good: it leaves the table, its subscriptions go, what waited in it is dropped and counted.
    pub(super) fn end_session(&mut self, session: &Arc<ClientSession>, reason: DropReason) {
        let end = self.shared.end_session(session, reason, &self.counters, self.now, &mut self.batch);
        if let Some(owner) = end.owner {
            self.kick(owner);
        }
        // The session's end also ends the wait of its will (MQTT-3.1.2-8).
        if let Some(will) = end.will {
            self.publish_will(&will.message, session);
        }
    }
}

/// Whom failed logins are counted against: a device by its client id, a user by name.
fn claimed_identity(connect: &Connect) -> &str {
    let user_name = connect.user_name.as_deref().unwrap_or_default();
    if DeviceLogin::is_device_username(user_name) { &connect.client_id } else { user_name }
}

/// Whether a refusal may be somebody trying keys.
fn guessing(refusal: ConnectRefusal) -> bool {
    matches!(
        refusal,
        ConnectRefusal::BadSignature
            | ConnectRefusal::BadUser
            | ConnectRefusal::UnknownDevice
            | ConnectRefusal::CertificateRefused
    )
}

/// The transport as people know it.
fn transport_name(peer: &Peer) -> &'static str {
    match (peer.transport, peer.identity.as_deref()) {
        (TransportKind::Tls, Some(TlsIdentity::Psk(_))) => "psk",
        (kind, _) => kind.as_str(),
    }
}
