//! Sessions and retained messages after a restart: the checkpoint's images, then the changes since.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use ahash::{AHashMap, AHashSet};
use parking_lot::Mutex;
use yizhan_journal::{RecordKind, RecordView};
use yizhan_mqtt::{Delivery, QoS, Session, SessionImage, TopicFilter};
use yizhan_vocabulary::UnixMillis;

use crate::changes::{At, Change, ChangeError, STATE_KIND, Target};
use crate::checkpoint::{RetainedCheckpoint, SessionCheckpoint, decode};
use crate::core::is_routed;
use crate::identifiers::Mark;
use crate::router::Router;
use crate::sessions::{
    ClientSession, Inner, Member, PendingWill, SessionId, SessionKey, device_limits, user_limits,
};
use crate::settings::RouterSettings;

/// What is known of a session while the journal is read.
struct Draft {
    key: Option<SessionKey>,
    /// The version of the checkpoint; later changes are applied.
    base: u64,
    version: u64,
    expiry_s: u32,
    detached_at: Option<UnixMillis>,
    will: Option<Box<PendingWill>>,
    /// The version of the last end or beginning of a connection. Connections of one client may come to different cores,
    /// whose records may be out of order by a batch.
    link_version: u64,
    session: Session,
}

/// The router's state while the journal is read.
#[derive(Default)]
pub(crate) struct Recovery {
    drafts: AHashMap<SessionId, Draft>,
    ended: AHashSet<SessionId>,
    /// Records that could not be understood.
    unreadable: u64,
}

/// A stored state that this release cannot read.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct RecoveryError(String);

impl Router {
    /// Takes one entry of a checkpoint table of [`Router::checkpoints`].
    pub fn restore(&self, table: &str, key: &[u8], value: &[u8]) -> Result<(), RecoveryError> {
        let unreadable = || RecoveryError(format!("an entry of {table} cannot be read"));
        match table {
            crate::checkpoint::SESSIONS => {
                let id = SessionId(u64::from_be_bytes(key.try_into().map_err(|_| unreadable())?));
                let checkpoint: SessionCheckpoint = decode(value).ok_or_else(unreadable)?;
                let draft = Draft::from_checkpoint(checkpoint, &self.shared.settings);
                if let Some(recovery) = self.shared.recovery.lock().as_mut() {
                    recovery.drafts.insert(id, draft);
                }
            }
            crate::checkpoint::RETAINED => {
                let checkpoint: RetainedCheckpoint = decode(value).ok_or_else(unreadable)?;
                let topic = Arc::clone(&checkpoint.message.topic);
                let mut retained = self.shared.retained.lock();
                retained.replay(&topic, checkpoint.seq, Some(checkpoint.message));
                retained.dirty.remove(&topic);
            }
            crate::checkpoint::IDENTIFIERS => {
                let client: SessionKey = decode(key).ok_or_else(unreadable)?;
                let mark: Mark = decode(value).ok_or_else(unreadable)?;
                self.shared.identifiers.lock().set(&client, mark);
            }
            _ => return Err(RecoveryError(format!("{table} is not a table of the router"))),
        }
        Ok(())
    }

    /// The checkpoint tables that [`Router::restore`] understands.
    pub const TABLES: [&'static str; 3] =
        [crate::checkpoint::SESSIONS, crate::checkpoint::RETAINED, crate::checkpoint::IDENTIFIERS];

    /// Takes one record of the journal; records of others are passed over.
    pub fn replay(&self, record: &RecordView<'_>) -> Result<(), RecoveryError> {
        if record.kind != RecordKind::State(STATE_KIND) {
            return Ok(());
        }
        let change =
            Change::decode(record.body).map_err(|error: ChangeError| RecoveryError(error.to_string()))?;
        match change {
            Change::Marked { key, mark } => self.shared.identifiers.lock().set(&key, mark),
            Change::RetainedCleared { topic, seq } => self.shared.retained.lock().replay(&topic, seq, None),
            Change::Published { message, retained_seq, targets } => {
                if let Some(seq) = retained_seq {
                    self.shared.retained.lock().replay(&message.topic.clone(), seq, Some(message.clone()));
                }
                if let Some(recovery) = self.shared.recovery.lock().as_mut() {
                    for target in targets {
                        recovery.deliver(&target, &message, &self.shared.settings);
                    }
                }
            }
            change => {
                if let Some(recovery) = self.shared.recovery.lock().as_mut() {
                    recovery.apply(change, &self.shared.settings);
                }
            }
        }
        Ok(())
    }

    /// Makes sessions of what was read. Sessions that were connected when the process ended count as disconnected
    /// `now`. Call it after the last record and before anything connects.
    pub fn finish_recovery(&self, now: UnixMillis) {
        let Some(recovery) = self.shared.recovery.lock().take() else { return };
        if recovery.unreadable > 0 {
            tracing::warn!(messages = recovery.unreadable, "stored messages could not be read and are lost");
        }
        let current = recovery.current(|key| self.is_known(key));
        let mut gone: Vec<_> = recovery.ended.into_iter().collect();
        for (id, mut draft) in recovery.drafts {
            match draft.key.take().filter(|key| current.get(key) == Some(&id)) {
                Some(key) => self.revive(id, key, draft, now),
                None => gone.push(id),
            }
        }
        let sessions = &self.shared.sessions;
        self.shared.identifiers.lock().retain(|key| match key {
            SessionKey::Device(_) => self.is_known(key),
            SessionKey::User { .. } => sessions.find(key).is_some(),
        });
        // Their rows must go from the checkpoint: the records that say that they ended do not stay for ever.
        self.shared.gone.lock().extend(gone);
    }

    /// Whether there is still somebody who can come back for a session.
    fn is_known(&self, key: &SessionKey) -> bool {
        match key {
            SessionKey::Device(device) => self.shared.devices.device(*device).is_some(),
            SessionKey::User { user, .. } => self.shared.users.find(user).is_some(),
        }
    }

    fn revive(&self, id: SessionId, key: SessionKey, draft: Draft, now: UnixMillis) {
        let shared = &self.shared;
        let device = match &key {
            SessionKey::Device(device) => shared.devices.device(*device),
            SessionKey::User { .. } => None,
        };
        let mut inner = Inner::new(draft.session);
        if let Some(mark) = shared.identifiers.lock().mark(&key) {
            inner.session.set_next_packet_id(mark.until);
        }
        shared.kept_sessions.set(&key, &mut inner, true);
        inner.version = draft.version;
        inner.expiry_s = draft.expiry_s;
        inner.detached_at = Some(draft.detached_at.unwrap_or(now));
        inner.will = draft.will;
        inner.dirty = true;
        let filters: Vec<_> =
            inner.session.subscriptions().iter().map(|it| (it.filter.clone(), it.options)).collect();
        let session = Arc::new(ClientSession {
            id,
            key: key.clone(),
            device,
            connected: AtomicBool::new(false),
            inner: Mutex::new(inner),
        });
        for (filter, options) in filters.into_iter().filter(|(filter, _)| is_routed(filter)) {
            shared.subscriptions.write().insert(&filter, Member(Arc::clone(&session)), options);
        }
        shared.dirty.lock().push(Arc::clone(&session));
        shared.schedule(&session, &session.inner.lock());
        shared.sessions.update(&key, |present| *present = Some(session));
    }
}

impl Draft {
    fn empty(key: Option<SessionKey>, settings: &RouterSettings) -> Self {
        let limits = match &key {
            Some(SessionKey::Device(_)) => device_limits(settings),
            _ => user_limits(settings),
        };
        Self {
            key,
            base: 0,
            version: 0,
            expiry_s: u32::MAX,
            detached_at: None,
            will: None,
            link_version: 0,
            session: Session::new(limits),
        }
    }

    fn from_checkpoint(checkpoint: SessionCheckpoint, settings: &RouterSettings) -> Self {
        let limits = match &checkpoint.key {
            SessionKey::Device(_) => device_limits(settings),
            SessionKey::User { .. } => user_limits(settings),
        };
        Self {
            key: Some(checkpoint.key),
            base: checkpoint.version,
            version: checkpoint.version,
            expiry_s: checkpoint.expiry_s,
            detached_at: checkpoint.detached_at,
            will: checkpoint.will,
            link_version: checkpoint.version,
            session: Session::restore(limits, checkpoint.image),
        }
    }

    /// Gives the draft its client; until then it had the limits of an ordinary client.
    fn name(&mut self, key: SessionKey, settings: &RouterSettings) {
        if self.key.is_none() {
            let image: SessionImage = self.session.image();
            let named = Self::empty(Some(key), settings);
            let limits = *named.session.limits();
            self.session = Session::restore(limits, image);
            self.key = named.key;
        }
    }
}

impl Draft {
    /// Says whether a beginning or end of a connection is later than what is known.
    fn is_news(&mut self, version: u64) -> bool {
        let news = version > self.link_version;
        self.link_version = self.link_version.max(version);
        news
    }

    /// The client came back: what waited for it may have been sent, and its will is off.
    fn attach(&mut self, version: u64) {
        if !self.is_news(version) {
            return;
        }
        if self.detached_at.take().is_some() {
            let mut image = self.session.image();
            for delivery in &mut image.deliveries {
                delivery.sent = true;
            }
            self.session = Session::restore(*self.session.limits(), image);
        }
        self.will = None;
    }
}

impl Recovery {
    /// The session of each client that is to live on: of two the later one, which has the greater number, if that one has
    /// not ended.
    fn current(&self, is_known: impl Fn(&SessionKey) -> bool) -> AHashMap<SessionKey, SessionId> {
        let mut current = AHashMap::new();
        for (id, draft) in &self.drafts {
            if let Some(key) = &draft.key {
                let latest = current.entry(key.clone()).or_insert(*id);
                *latest = (*latest).max(*id);
            }
        }
        current.retain(|key, id| !self.ended.contains(id) && is_known(key));
        current
    }

    /// The session's draft, if the change is not part of its checkpoint.
    fn draft(&mut self, at: At, settings: &RouterSettings) -> Option<&mut Draft> {
        let draft = self.drafts.entry(at.session).or_insert_with(|| Draft::empty(None, settings));
        if at.version <= draft.base {
            return None;
        }
        draft.version = draft.version.max(at.version);
        Some(draft)
    }

    fn deliver(&mut self, target: &Target, message: &yizhan_mqtt::Message, settings: &RouterSettings) {
        let Some(draft) = self.draft(target.at, settings) else { return };
        let Ok(qos) = QoS::try_from(target.qos) else {
            self.unreadable += 1;
            return;
        };
        let delivery = Delivery {
            message: message.clone(),
            qos,
            retain: target.retain,
            subscription_ids: target.subscription_ids.clone(),
            tag: 0,
        };
        // To a client that was there, or came back since, the message may have been sent: sent again as a duplicate it is
        // right in any case.
        let came_back = draft.detached_at.is_none() && target.at.version < draft.link_version;
        draft.session.restore_delivery(target.packet_id, delivery, !target.away || came_back, false);
    }

    fn apply(&mut self, change: Change, settings: &RouterSettings) {
        match change {
            Change::Opened { at, key, expiry_s } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.name(key, settings);
                    if at.version > draft.link_version {
                        draft.expiry_s = expiry_s;
                    }
                    draft.attach(at.version);
                }
            }
            Change::Ended { session } => {
                self.ended.insert(session);
            }
            Change::Detached { at, when, expiry_s, will } => {
                if let Some(draft) = self.draft(at, settings)
                    && draft.is_news(at.version)
                {
                    draft.detached_at = Some(when);
                    draft.expiry_s = expiry_s;
                    draft.will = will;
                }
            }
            Change::Attached { at } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.attach(at.version);
                }
            }
            Change::Subscribed { at, filter, options } => {
                if let (Some(draft), Ok(filter)) = (self.draft(at, settings), TopicFilter::parse(&filter)) {
                    draft.session.restore_subscription(filter, options);
                }
            }
            Change::Unsubscribed { at, filter } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.session.unsubscribe(&filter);
                }
            }
            Change::Settled { at, packet_id } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.session.restore_settled(packet_id);
                }
            }
            Change::Released { at, packet_id } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.session.restore_released(packet_id);
                }
            }
            Change::Taken { at, packet_id } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.session.restore_inbound_qos2(packet_id);
                }
            }
            Change::Freed { at, packet_id } => {
                if let Some(draft) = self.draft(at, settings) {
                    draft.session.pubrel(packet_id);
                }
            }
            Change::Published { .. } | Change::RetainedCleared { .. } | Change::Marked { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yizhan_mqtt::{Message, PacketId, SubscriptionIds};

    fn at(session: u64, version: u64) -> At {
        At { session: SessionId(session), version }
    }

    fn opened(session: u64, version: u64) -> Change {
        let key = SessionKey::User { user: "u".into(), client: "c".into() };
        Change::Opened { at: at(session, version), key, expiry_s: 60 }
    }

    fn detached(session: u64, version: u64) -> Change {
        Change::Detached { at: at(session, version), when: UnixMillis(1_000), expiry_s: 60, will: None }
    }

    fn recovered(changes: impl IntoIterator<Item = Change>) -> Recovery {
        let mut recovery = Recovery::default();
        for change in changes {
            recovery.apply(change, &RouterSettings::default());
        }
        recovery
    }

    /// The client reconnected to another core, whose record came first into the log.
    #[test]
    fn an_older_end_of_a_connection_does_not_detach_a_session() {
        let recovery = recovered([
            opened(7, 1),
            Change::Attached { at: at(7, 3) },
            detached(7, 2),
            detached(7, 5),
            detached(7, 4),
        ]);
        assert_eq!(recovery.drafts[&SessionId(7)].detached_at, Some(UnixMillis(1_000)));
        let recovery = recovered([opened(7, 1), Change::Attached { at: at(7, 3) }, detached(7, 2)]);
        assert_eq!(recovery.drafts[&SessionId(7)].detached_at, None);
    }

    #[test]
    fn a_message_that_waited_for_a_client_that_came_back_counts_as_sent() {
        let mut recovery = recovered([opened(7, 1), detached(7, 2), Change::Attached { at: at(7, 4) }]);
        let target = Target {
            at: at(7, 3),
            packet_id: PacketId::MIN,
            qos: 1,
            retain: false,
            subscription_ids: SubscriptionIds::default(),
            away: true,
        };
        let message = Message::new("a", &b"x"[..], QoS::AtLeastOnce);
        recovery.deliver(&target, &message, &RouterSettings::default());
        assert!(recovery.drafts[&SessionId(7)].session.image().deliveries[0].sent);
    }

    #[test]
    fn the_latest_session_of_a_client_lives_on_unless_it_ended() {
        let key = SessionKey::User { user: "u".into(), client: "c".into() };
        let both = || recovered([opened(9, 1), opened(7, 1)]);
        assert_eq!(both().current(|_| true).get(&key), Some(&SessionId(9)));
        assert!(both().current(|_| false).is_empty());
        let ended = recovered([opened(9, 1), opened(7, 1), Change::Ended { session: SessionId(9) }]);
        assert!(ended.current(|_| true).is_empty(), "the earlier one was over when the later one began");
    }
}
