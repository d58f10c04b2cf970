//! CONNECT: who is it, may it, which session does it get (facts §1; MQTT 3.1.1 §3.1, MQTT 5 §3.1).
//!
//! Everything about the client is decided before anything changes, so a refused CONNECT leaves no trace but its reason.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::BytesMut;
use parking_lot::Mutex;
use yizhan_devices::{Connected, Device};
use yizhan_identity::device_auth::{DeviceLogin, verify_password};
use yizhan_link::{ClientCertificate, Link, Peer, PskIdentity, TlsIdentity, TransportKind};
use yizhan_mqtt::encode::{self, ConnAckProperties};
use yizhan_mqtt::{Connect, Session, Version, reason};
use yizhan_observe::Counter;
use yizhan_vocabulary::Monotonic;
use yizhan_vocabulary::causes::{ConnectRefusal, DisconnectCause, DropReason};

use super::gate::Action;
use super::{Client, ConnectionState, CoreHandler, Stage, is_routed};
use crate::changes::{At, Change};
use crate::router::Mail;
use crate::sessions::{ClientSession, Inner, Member, Owner, Principal, SessionId, SessionKey};

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
    keep_alive_s: u16,
}

impl CoreHandler {
    pub(super) fn connect(&mut self, link: &mut Link<'_>, state: &mut ConnectionState, mut connect: Connect) {
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
        link.establish(Duration::from_secs(u64::from(accepted.keep_alive_s)));
        let properties = connect.version.is_v5().then(|| self.announce(&connect, &accepted));
        // The platform's devices have no will (facts §1.7).
        let will = connect.will.take().filter(|_| matches!(accepted.principal, Principal::User(_)));
        state.stage = Stage::Connected(Box::new(Client {
            session: Arc::clone(&session),
            principal: accepted.principal.clone(),
            version: connect.version,
            will,
            expiry_s: accepted.expiry_s,
            welcomed: false,
            max_packet_size: connect.properties.max_packet_size,
            rate_left: 0,
            rate_second: 0,
            forbidden_noted: 0,
        }));
        if let Some(cause) = self.revoked(link.peer, &connect, &accepted.principal) {
            return self.turn_away(link, &session, cause);
        }
        if present {
            self.drop_forbidden_subscriptions(&session, &accepted.principal);
        }
        self.note_online(link.peer, &connect, &accepted);
        let welcome = Welcome { session_present: present, properties };
        // That the old session is gone is as much a promise as that the new one is kept.
        self.answer(link, state, Action::Welcome(Box::new(welcome)), kept || discarded);
    }

    /// Sends the CONNACK and what waited for the client.
    pub(super) fn welcome(&mut self, link: &mut Link<'_>, client: &mut Client, welcome: &Welcome) {
        if !welcome.write(client, link.out) {
            let close = Mail::Close(link.id, DisconnectCause::PacketTooLarge);
            return self.shared.cores()[usize::from(self.index)].send(close);
        }
        client.welcomed = true;
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
            server_keep_alive_s: (connect.keep_alive != accepted.keep_alive_s)
                .then_some(accepted.keep_alive_s),
            ..ConnAckProperties::default()
        }
    }

    /// Writes the online record of a device.
    fn note_online(&mut self, peer: &Peer, connect: &Connect, accepted: &Accepted) {
        if let Principal::Device(device) = &accepted.principal {
            let connected = Connected {
                address: peer.address,
                transport: transport_name(peer),
                version: connect.version.as_str(),
                keep_alive_s: accepted.keep_alive_s,
            };
            self.shared.devices.connected(device, connected, self.now, &mut self.batch);
        }
    }

    /// Why the client may not be here after all: its device or user was disabled or removed, or its key changed, while
    /// its CONNECT was handled, and whoever did that looked for a connection to close before there was one.
    fn revoked(&self, peer: &Peer, connect: &Connect, principal: &Principal) -> Option<DisconnectCause> {
        match principal {
            Principal::Device(device) if self.shared.devices.device(device.id).is_none() => {
                Some(DisconnectCause::Deleted)
            }
            Principal::Device(_) => match self.identify_device(peer, connect) {
                Ok(_) => None,
                Err(ConnectRefusal::Disabled) => Some(DisconnectCause::Disabled),
                Err(_) => Some(DisconnectCause::CredentialRevoked),
            },
            Principal::User(user) => {
                let known = self.shared.users.find(&user.name);
                let the_same = known.is_some_and(|known| Arc::ptr_eq(&known, user));
                (!the_same).then_some(DisconnectCause::CredentialRevoked)
            }
        }
    }

    /// Closes a connection that was revoked before it was welcomed. A device or user that is no more keeps no session
    /// either.
    fn turn_away(&mut self, link: &Link<'_>, session: &Arc<ClientSession>, cause: DisconnectCause) {
        self.closes.push((link.id, cause));
        if cause == DisconnectCause::Deleted || session.device.is_none() {
            self.end_session(session, DropReason::SessionEnded);
        }
    }

    /// A resumed session may hold subscriptions that its client could not make today.
    fn drop_forbidden_subscriptions(&mut self, session: &Arc<ClientSession>, principal: &Principal) {
        let mut inner = session.inner.lock();
        let subscriptions = inner.session.subscriptions().iter();
        let forbidden: Vec<_> = subscriptions
            .map(|subscription| subscription.filter.clone())
            .filter(|filter| !self.covers(principal, filter))
            .collect();
        for filter in &forbidden {
            inner.unsubscribe(filter);
            if inner.kept {
                let at = At { session: session.id, version: inner.next_version() };
                let change = Change::Unsubscribed { at, filter: filter.to_shared() };
                change.record(self.shared.journal(), self.now, &mut self.batch);
                self.shared.mark_dirty(session, &mut inner);
            }
        }
        drop(inner);
        for filter in forbidden.iter().filter(|filter| is_routed(filter)) {
            self.shared.subscriptions.write().remove(filter, &Member(Arc::clone(session)));
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
        check_will(&principal, connect)?;
        let settings = &self.shared.settings;
        let expiry_s = wished.min(principal.max_expiry_s(settings));
        if expiry_s > 0 && !self.may_keep(&principal.session_key(&client_id)) {
            return Err(ConnectRefusal::TooManySessions);
        }
        // 0 turns the keep-alive off, for devices as well (facts §1.7).
        let keep_alive_s = match &principal {
            Principal::Device(_) => connect.keep_alive.min(settings.device_max_keep_alive_s),
            Principal::User(_) => connect.keep_alive,
        };
        Ok(Accepted { principal, client_id, assigned, expiry_s, keep_alive_s })
    }

    /// Whether the client may have a session that is kept; one that it has already counts no second time.
    fn may_keep(&self, key: &SessionKey) -> bool {
        self.shared.kept_sessions.has_room(key, &self.shared.settings)
            || self.shared.sessions.find(key).is_some_and(|session| session.inner.lock().kept)
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
            Some(TlsIdentity::Psk(identity)) => {
                login.speaks_for(identity.name().as_bytes())?;
                check_psk(&device, identity)?;
            }
            Some(TlsIdentity::Certificate(shown)) => self.verify_certificate(&device, shown)?,
            None => self.verify_device_password(&device, &login, connect)?,
        }
        if device.enabled() { Ok(device) } else { Err(ConnectRefusal::Disabled) }
    }

    /// A certificate counts when it is registered for the device, or when the authority that the device's product trusts
    /// vouches for it.
    fn verify_certificate(&self, device: &Device, shown: &ClientCertificate) -> Result<(), ConnectRefusal> {
        let registered = self.shared.certificates.check(device.id, &shown.fingerprint, self.now);
        let unknown = registered == Err(ConnectRefusal::CertificateRefused);
        if unknown && self.shared.devices.is_vouched_for(device, &shown.certificate, self.now) {
            return Ok(());
        }
        registered
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
        let mut discarded = false;
        loop {
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
            if let Some(old) = replaced {
                discarded = true;
                self.end_session(&old, DropReason::SessionEnded);
            }
            // Between the choice and this moment the session may have ended, by its expiry or for another connection of
            // the same client. Then it is not usable any more, and the next choice sees that.
            if let Some(resumed) = self.attach(link, connect, accepted, &session) {
                return (session, resumed, discarded);
            }
        }
    }

    fn new_session(
        &self,
        key: SessionKey,
        accepted: &Accepted,
        before: Option<&ClientSession>,
    ) -> Arc<ClientSession> {
        let mut session = Session::new(accepted.principal.session_limits(&self.shared.settings));
        let id = SessionId(self.shared.journal().next_seq());
        // Packet identifiers must go on where the client's last session stopped (facts §1.10).
        let earlier = before.map(|before| before.inner.lock().session.next_packet_id());
        let next = earlier.or_else(|| self.shared.identifiers.lock().start(&key));
        // A client without a past begins anywhere, so that one from before a restored backup hardly meets what it knows.
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

    /// Gives the session this connection; says whether it is one from before, or nothing if it has ended meanwhile.
    fn attach(
        &mut self,
        link: &Link<'_>,
        connect: &Connect,
        accepted: &Accepted,
        session: &Arc<ClientSession>,
    ) -> Option<bool> {
        let settings = &self.shared.settings;
        let mut profile = connect.profile(settings.receive_maximum, settings.topic_alias_maximum);
        profile.receive_maximum = profile.receive_maximum.min(settings.send_maximum);
        let mut inner = session.inner.lock();
        let resumed = inner.version > 0;
        if inner.ended || resumed && !inner.kept {
            return None;
        }
        let before = inner.owner.replace(Owner { core: self.index, link: link.id });
        session.connected.store(true, Ordering::Release);
        if before.is_some() {
            inner.session.detach();
        }
        inner.flush_requested = false;
        self.counters.dropped_many(DropReason::ReceiverOffline, inner.pending.clear());
        inner.detached_at = None;
        inner.will = None;
        self.shared.timetable.lock().forget(session);
        self.shared.kept_sessions.set(&session.key, &mut inner, accepted.expiry_s > 0);
        let changed = inner.expiry_s != accepted.expiry_s;
        inner.expiry_s = accepted.expiry_s;
        inner.session.attach(profile, self.now_ms);
        if inner.kept {
            let at = At { session: session.id, version: inner.next_version() };
            let change = if !resumed || changed {
                Change::Opened { at, key: session.key.clone(), expiry_s: accepted.expiry_s }
            } else {
                Change::Attached { at }
            };
            change.record(self.shared.journal(), self.now, &mut self.batch);
            self.shared.mark_dirty(session, &mut inner);
        } else if resumed {
            // It goes with this connection, and so with the process. What happens in it has no records any more; after a
            // crash its last state of record would be a wrong one.
            Change::Ended { session: session.id }.record(self.shared.journal(), self.now, &mut self.batch);
            self.shared.gone.lock().push(session.id);
        }
        drop(inner);
        if let Some(owner) = before {
            self.kick(owner);
        }
        Some(resumed)
    }

    /// Closes the connection that had the session before (MQTT-3.1.4-2; facts §1.9).
    fn kick(&mut self, owner: Owner) {
        if owner.core == self.index {
            self.closes.push((owner.link, DisconnectCause::TakenOver));
        } else {
            let mail = Mail::Close(owner.link, DisconnectCause::TakenOver);
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
            self.publish_will(&will.message_at(self.now), session);
        }
    }
}

impl Welcome {
    /// Writes the CONNACK, without what the client can do without if it takes only small packets (MQTT-3.1.2-24). Says
    /// whether the client takes it at all.
    fn write(&self, client: &Client, out: &mut BytesMut) -> bool {
        let limit = client.max_packet_size.map_or(usize::MAX, |limit| limit.get() as usize);
        let short = self.properties.as_ref().map(|full| ConnAckProperties {
            max_packet_size: None,
            topic_alias_maximum: 0,
            ..full.clone()
        });
        let before = out.len();
        for properties in [&self.properties, &short] {
            encode::connack(client.version, self.session_present, reason::SUCCESS, properties.as_ref(), out);
            if out.len() - before <= limit {
                return true;
            }
            out.truncate(before);
        }
        false
    }
}

/// A will is a message like any other and needs the same permission. That of a device is ignored (facts §1.7).
fn check_will(principal: &Principal, connect: &Connect) -> Result<(), ConnectRefusal> {
    let (Principal::User(user), Some(will)) = (principal, &connect.will) else { return Ok(()) };
    if !user.permission.may_publish(&will.message.topic) {
        return Err(ConnectRefusal::WillNotAuthorized);
    }
    if !will.message.payload_format_is_valid() {
        return Err(ConnectRefusal::WillPayloadInvalid);
    }
    Ok(())
}

/// Whether the handshake was made with the key the device has now.
fn check_psk(device: &Device, identity: &PskIdentity) -> Result<(), ConnectRefusal> {
    let secret = device.secret().ok_or(ConnectRefusal::BadSignature)?;
    let the_same = identity.was_proved_with(secret.key().as_slice());
    the_same.then_some(()).ok_or(ConnectRefusal::BadSignature)
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
pub(super) fn transport_name(peer: &Peer) -> &'static str {
    match (peer.transport, peer.identity.as_deref()) {
        (TransportKind::Tls, Some(TlsIdentity::Psk(_))) => "psk",
        (kind, _) => kind.as_str(),
    }
}
