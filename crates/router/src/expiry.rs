//! What happens to sessions without anybody sending anything: they expire, their wills fall due, their waiting messages
//! expire, they end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use ahash::AHashMap;
use parking_lot::MutexGuard;
use yizhan_devices::Completion;
use yizhan_journal::{Batch, Lane, Ticket};
use yizhan_mqtt::{Message, Settled};
use yizhan_observe::Shard;
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::{DisconnectCause, DropReason};

use crate::changes::{At, Change};
use crate::core::loss_of;
use crate::fanout::{Fanout, Reserved, Sender};
use crate::router::{Mail, Router, Shared};
use crate::sessions::{ClientSession, Inner, Member, Owner, PendingWill, SessionId, SessionKey};

/// Retained messages looked at for expiry in one pass.
const RETAINED_A_PASS: usize = 10_000;

/// Sessions whose time has come that go into one batch.
const SESSIONS_A_BATCH: usize = 1_000;

/// How long a pass waits for the journal; what is not durable by then is released by a later pass.
const COMMIT_PATIENCE: Duration = Duration::from_millis(100);

/// What is left of a session that ended.
#[derive(Default)]
pub(crate) struct SessionEnd {
    /// The connection it still had, to be closed.
    pub(crate) owner: Option<Owner>,
    /// The will that was waiting, to be published.
    pub(crate) will: Option<Box<PendingWill>>,
}

/// Which session to look at when; the session itself knows what is due. A session has one moment at most.
#[derive(Default)]
pub(crate) struct Timetable {
    due: BTreeMap<(UnixMillis, SessionId), SessionKey>,
    moments: AHashMap<SessionId, UnixMillis>,
}

impl Timetable {
    fn set(&mut self, at: UnixMillis, session: &ClientSession) {
        self.forget(session);
        self.due.insert((at, session.id), session.key.clone());
        self.moments.insert(session.id, at);
    }

    fn pop(&mut self, now: UnixMillis) -> Option<SessionKey> {
        let first = self.due.first_entry().filter(|first| first.key().0 <= now)?;
        let ((_, id), key) = first.remove_entry();
        self.moments.remove(&id);
        Some(key)
    }

    pub(crate) fn forget(&mut self, session: &ClientSession) {
        if let Some(at) = self.moments.remove(&session.id) {
            self.due.remove(&(at, session.id));
        }
    }
}

/// What was done outside the cores and is not durable yet. Its lock is held for moments only, and no other is taken
/// meanwhile.
#[derive(Default)]
pub(crate) struct Overdue {
    /// What the journal could not take. It is offered again before anything else is done: memory is ahead of it.
    refused: Vec<Unfinished>,
    /// What the journal has taken, and what waits for it.
    in_flight: Vec<(Ticket, Waiting)>,
}

/// Records, and what waits until they are durable.
struct Unfinished {
    batch: Batch,
    waiting: Waiting,
}

/// What may be done once records are durable.
#[derive(Default)]
pub(crate) struct Waiting {
    /// Places in queues that may be sent.
    pub(crate) reserved: Vec<Reserved>,
    /// What devices and callers of commands may be told.
    pub(crate) completions: Vec<Completion>,
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.reserved.is_empty() && self.completions.is_empty()
    }
}

impl From<Vec<Reserved>> for Waiting {
    fn from(reserved: Vec<Reserved>) -> Self {
        Self { reserved, completions: Vec::new() }
    }
}

impl Router {
    /// Does what has fallen due. To be called about once a second, from one thread.
    pub fn tick(&self) {
        let shared = &self.shared;
        let Some(lane) = shared.management.get() else { return };
        let now = shared.clock.now();
        if shared.offer_again(lane) {
            shared.end_and_publish(lane, now);
            shared.drop_expired_messages(lane, now);
        }
        let expired = shared.retained.lock().store.drop_expired(now.0, RETAINED_A_PASS);
        shared.retained.lock().dirty.extend(expired);
        shared.release_durable(lane, now);
    }
}

/// A batch for changes that are made before their records are written; checkpoints wait for it from now on.
pub(crate) fn open_batch(lane: &Lane) -> Batch {
    let mut batch = lane.batch();
    batch.begin();
    batch
}

/// The passes of [`Router::tick`].
impl Shared {
    /// Gives records to the journal; what waits for them is released by a later [`Shared::release_durable`].
    pub(crate) fn submit_overdue(&self, lane: &Lane, mut batch: Batch, waiting: impl Into<Waiting>) -> bool {
        let waiting = waiting.into();
        match lane.submit(&mut batch) {
            Ok(ticket) => {
                if !waiting.is_empty() {
                    self.release_after(ticket, waiting);
                }
                true
            }
            Err(refused) => {
                tracing::warn!(%refused, "the ends of sessions wait for the journal");
                self.overdue.lock().refused.push(Unfinished { batch, waiting });
                false
            }
        }
    }

    /// Lets something wait for records that the journal has taken.
    pub(crate) fn release_after(&self, ticket: Ticket, waiting: Waiting) {
        self.overdue.lock().in_flight.push((ticket, waiting));
    }

    /// Says whether the journal has all that it refused before.
    fn offer_again(&self, lane: &Lane) -> bool {
        let refused = std::mem::take(&mut self.overdue.lock().refused);
        let mut accepted = true;
        for Unfinished { batch, waiting } in refused {
            accepted &= self.submit_overdue(lane, batch, waiting);
        }
        accepted
    }

    /// Ends the sessions and publishes the wills whose time has come.
    fn end_and_publish(&self, lane: &Lane, now: UnixMillis) {
        loop {
            let due: Vec<_> =
                std::iter::from_fn(|| self.timetable.lock().pop(now)).take(SESSIONS_A_BATCH).collect();
            let (mut batch, mut reserved) = (open_batch(lane), Vec::new());
            for session in due.iter().filter_map(|key| self.sessions.find(key)) {
                self.look_at(&session, now, &mut batch, &mut reserved);
            }
            if due.is_empty() || !self.submit_overdue(lane, batch, reserved) {
                return;
            }
        }
    }

    /// Gives up messages for absent clients that have expired, in one part of the session table a pass.
    fn drop_expired_messages(&self, lane: &Lane, now: UnixMillis) {
        let part = self.passes.fetch_add(1, Ordering::Relaxed);
        let mut batch = open_batch(lane);
        for session in self.sessions.part(part) {
            let mut expired = Vec::new();
            {
                let mut inner = session.inner.lock();
                if inner.owner.is_none() && !inner.ended {
                    inner.session.drop_expired(now.0, &mut expired);
                }
            }
            for settled in expired {
                self.settle(&session, settled, &self.counters, now, &mut batch);
            }
        }
        self.submit_overdue(lane, batch, Vec::new());
    }

    /// Lets go out what is durable by now.
    fn release_durable(&self, lane: &Lane, now: UnixMillis) {
        let Some(last) = self.overdue.lock().in_flight.last().map(|(ticket, _)| *ticket) else { return };
        if let Err(error) = lane.wait(last, COMMIT_PATIENCE) {
            tracing::debug!(%error, "wills wait for the journal");
        }
        let committed = lane.committed();
        let in_flight = std::mem::take(&mut self.overdue.lock().in_flight);
        for (ticket, mut waiting) in in_flight {
            if ticket <= committed {
                let mut local = Vec::new();
                let mut sender = Sender { core: None, local: &mut local, counters: &self.counters, now };
                self.release(waiting.reserved, &mut sender);
                self.devices.complete(&mut waiting.completions);
            } else {
                self.release_after(ticket, waiting);
            }
        }
    }
}

impl Shared {
    /// Puts the next moment at which this session without a connection needs a look into the timetable.
    pub(crate) fn schedule(&self, session: &ClientSession, inner: &Inner) {
        let Some(since) = inner.detached_at else { return };
        let over_at = (inner.expiry_s != u32::MAX).then(|| since.plus_ms(i64::from(inner.expiry_s) * 1000));
        let will_at = inner.will.as_ref().map(|will| will.publish_at);
        if let Some(at) = over_at.into_iter().chain(will_at).min() {
            self.timetable.lock().set(at, session);
        }
    }

    /// Publishes a will whose delay is over, ends a session whose time is over. Both are decided under the lock under
    /// which they happen: a client that comes back at this moment finds the session either as it was or ended.
    fn look_at(
        &self,
        session: &Arc<ClientSession>,
        now: UnixMillis,
        batch: &mut Batch,
        reserved: &mut Vec<Reserved>,
    ) {
        let mut inner = session.inner.lock();
        let Some(since) = inner.detached_at.filter(|_| inner.owner.is_none() && !inner.ended) else { return };
        if inner.is_over(now) {
            let end = self.end_locked(session, inner, DropReason::SessionEnded, &self.counters, now, batch);
            // A session's end also ends the wait of its will (MQTT-3.1.3-9).
            if let Some(will) = end.will {
                self.publish_overdue(&will, session, now, batch, reserved);
            }
            return;
        }
        let will = inner.will.take_if(|will| will.publish_at <= now);
        if will.is_some() {
            let at = At { session: session.id, version: inner.next_version() };
            let (when, expiry_s) = (since, inner.expiry_s);
            Change::Detached { at, when, expiry_s, will: None }.record(self.journal(), now, batch);
            self.mark_dirty(session, &mut inner);
        }
        self.schedule(session, &inner);
        drop(inner);
        if let Some(will) = will {
            self.publish_overdue(&will, session, now, batch, reserved);
        }
    }

    /// Publishes a will that had to wait; what the journal must know first is added to `reserved`.
    fn publish_overdue(
        &self,
        will: &PendingWill,
        session: &ClientSession,
        now: UnixMillis,
        batch: &mut Batch,
        reserved: &mut Vec<Reserved>,
    ) {
        let mut local = Vec::new();
        let mut sender = Sender { core: None, local: &mut local, counters: &self.counters, now };
        reserved.extend(self.publish_will(&will.message_at(now), session, &mut sender, batch).reserved);
    }

    /// Publishes a client's will if its user may publish there still: permissions may have changed since CONNECT.
    pub(crate) fn publish_will(
        &self,
        message: &Message,
        session: &ClientSession,
        sender: &mut Sender<'_>,
        batch: &mut Batch,
    ) -> Fanout {
        let allowed = match &session.key {
            SessionKey::User { user, .. } => {
                self.users.find(user).is_some_and(|user| user.permission.may_publish(&message.topic))
            }
            // The platform's devices have no will (facts §1.7).
            SessionKey::Device(_) => false,
        };
        if !allowed {
            sender.counters.dropped(DropReason::NotAuthorized);
            return Fanout::default();
        }
        self.publish(message, Some(session), false, sender, batch)
    }

    /// Ends a session from outside the cores, and the connection it has.
    pub(crate) fn end_and_close(&self, session: &Arc<ClientSession>, cause: DisconnectCause) {
        let Some(lane) = self.management.get() else { return };
        let now = self.clock.now();
        let mut batch = open_batch(lane);
        let end = self.end_session(session, DropReason::SessionEnded, &self.counters, now, &mut batch);
        if let Some(owner) = end.owner {
            self.cores()[usize::from(owner.core)].send(Mail::Close(owner.link, cause));
        }
        let mut reserved = Vec::new();
        if let Some(will) = end.will {
            self.publish_overdue(&will, session, now, &mut batch, &mut reserved);
        }
        self.submit_overdue(lane, batch, reserved);
    }

    /// A message's way to this session ended.
    pub(crate) fn settle(
        &self,
        session: &Arc<ClientSession>,
        settled: Settled,
        counters: &Shard,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        let loss = loss_of(settled.outcome);
        {
            let mut inner = session.inner.lock();
            if inner.kept {
                let at = At { session: session.id, version: inner.next_version() };
                Change::Settled { at, packet_id: settled.id }.record(self.journal(), now, batch);
                self.mark_dirty(session, &mut inner);
            }
        }
        if let Some(reason) = loss {
            counters.dropped(reason);
        }
        if let (Some(device), true) = (&session.device, settled.tag != 0) {
            self.devices.downlink_settled(device, settled.tag, loss.is_none(), now, batch);
        }
    }

    /// Ends a session for good; returns what its caller has to do.
    pub(crate) fn end_session(
        &self,
        session: &Arc<ClientSession>,
        reason: DropReason,
        counters: &Shard,
        now: UnixMillis,
        batch: &mut Batch,
    ) -> SessionEnd {
        let inner = session.inner.lock();
        if inner.ended {
            return SessionEnd::default();
        }
        self.end_locked(session, inner, reason, counters, now, batch)
    }

    /// Ends a session that has not ended.
    pub(crate) fn end_locked(
        &self,
        session: &Arc<ClientSession>,
        mut inner: MutexGuard<'_, Inner>,
        reason: DropReason,
        counters: &Shard,
        now: UnixMillis,
        batch: &mut Batch,
    ) -> SessionEnd {
        inner.ended = true;
        let end = SessionEnd { owner: inner.owner.take(), will: inner.will.take() };
        if let SessionKey::Device(_) = session.key {
            self.identifiers.lock().stop(&session.key, inner.session.next_packet_id());
        }
        session.connected.store(false, Ordering::Release);
        let tags: Vec<u64> = inner.session.pending().map(|(_, tag)| tag).collect();
        let filters: Vec<_> = inner.session.subscriptions().iter().map(|it| it.filter.clone()).collect();
        let was_known = inner.version > 0;
        self.kept_sessions.set(&session.key, &mut inner, false);
        let waiting = inner.pending.clear();
        drop(inner);
        if was_known {
            Change::Ended { session: session.id }.record(self.journal(), now, batch);
            self.gone.lock().push(session.id);
        }
        self.timetable.lock().forget(session);
        let member = Member(Arc::clone(session));
        {
            let mut subscriptions = self.subscriptions.write();
            for filter in &filters {
                subscriptions.remove(filter, &member);
            }
        }
        counters.dropped_many(reason, waiting + tags.len());
        if let Some(device) = &session.device {
            for tag in tags.into_iter().filter(|tag| *tag != 0) {
                self.devices.downlink_settled(device, tag, false, now, batch);
            }
        }
        self.sessions.remove(session, || {
            // Under the table's lock: a mark belongs to the key, and the key may have a newer session already.
            if let SessionKey::User { .. } = session.key {
                self.identifiers.lock().forget(&session.key);
            }
        });
        end
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use parking_lot::Mutex;
    use yizhan_mqtt::Session;

    use super::*;
    use crate::sessions::user_limits;
    use crate::settings::RouterSettings;

    fn session(number: u64) -> ClientSession {
        ClientSession {
            id: SessionId(number),
            key: SessionKey::User { user: "u".into(), client: number.to_string().into() },
            device: None,
            connected: AtomicBool::new(false),
            inner: Mutex::new(Inner::new(Session::new(user_limits(&RouterSettings::default())))),
        }
    }

    #[test]
    fn a_session_has_one_moment_however_often_it_comes_and_goes() {
        let (one, two) = (session(1), session(2));
        let mut timetable = Timetable::default();
        for at in [500, 300, 700, 600] {
            timetable.set(UnixMillis(at), &one);
        }
        timetable.set(UnixMillis(600), &two);
        assert_eq!((timetable.due.len(), timetable.moments.len()), (2, 2));
        assert_eq!(timetable.pop(UnixMillis(599)), None);
        timetable.forget(&two);
        assert_eq!(timetable.pop(UnixMillis(600)), Some(one.key));
        assert!(timetable.due.is_empty() && timetable.moments.is_empty());
    }
}
