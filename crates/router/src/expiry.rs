//! What happens to sessions without anybody sending anything: they expire, their wills fall due, their waiting messages
//! expire, they end.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use yizhan_journal::Batch;
use yizhan_mqtt::{Message, Settled};
use yizhan_observe::Shard;
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::DropReason;

use crate::changes::{At, Change};
use crate::core::loss_of;
use crate::fanout::Sender;
use crate::router::{Router, Shared};
use crate::sessions::{ClientSession, Inner, Member, Owner, PendingWill, SessionKey};

/// Retained messages looked at for expiry in one pass.
const RETAINED_A_PASS: usize = 10_000;

/// What is left of a session that ended.
#[derive(Default)]
pub(crate) struct SessionEnd {
    /// The connection it still had, to be closed.
    pub(crate) owner: Option<Owner>,
    /// The will that was waiting, to be published.
    pub(crate) will: Option<Box<PendingWill>>,
}

/// Which session to look at when; the session itself knows what is due.
#[derive(Default)]
pub(crate) struct Timetable {
    due: BinaryHeap<Reverse<(UnixMillis, u64)>>,
    keys: ahash::AHashMap<u64, SessionKey>,
}

impl Timetable {
    fn add(&mut self, at: UnixMillis, session: &ClientSession) {
        self.due.push(Reverse((at, session.id.0)));
        self.keys.insert(session.id.0, session.key.clone());
    }

    fn pop(&mut self, now: UnixMillis) -> Option<SessionKey> {
        while let Some(Reverse((at, id))) = self.due.peek().copied() {
            if at > now {
                return None;
            }
            self.due.pop();
            if let Some(key) = self.keys.get(&id).cloned() {
                return Some(key);
            }
        }
        None
    }

    pub(crate) fn forget(&mut self, session: &ClientSession) {
        self.keys.remove(&session.id.0);
    }
}

impl Router {
    /// Does what has fallen due. To be called about once a second, from one thread.
    pub fn tick(&self) {
        let shared = &self.shared;
        let now = shared.clock.now();
        let Some(lane) = shared.management.get() else { return };
        let lane = lane.lock();
        let mut batch = lane.batch();
        batch.begin();
        loop {
            let key = shared.timetable.lock().pop(now);
            let Some(key) = key else { break };
            if let Some(session) = shared.sessions.find(&key) {
                shared.look_at(&session, now, &mut batch);
            }
        }
        let expired = shared.retained.lock().store.drop_expired(now.0, RETAINED_A_PASS);
        shared.retained.lock().dirty.extend(expired);
        if !batch.is_empty()
            && let Err(refused) = lane.submit(&mut batch)
        {
            // Nobody was promised anything: after a crash the same things fall due again.
            tracing::warn!(%refused, "expired sessions could not be written down");
        }
    }
}

impl Shared {
    /// Puts the moments at which this session without a connection needs a look into the timetable.
    pub(crate) fn schedule(&self, session: &Arc<ClientSession>, inner: &Inner) {
        let Some(since) = inner.detached_at else { return };
        let mut timetable = self.timetable.lock();
        if inner.expiry_s != u32::MAX {
            timetable.add(since.plus_ms(i64::from(inner.expiry_s) * 1000), session);
        }
        if let Some(will) = &inner.will {
            timetable.add(will.publish_at, session);
        }
    }

    /// Publishes a will whose delay is over, ends a session whose time is over.
    fn look_at(&self, session: &Arc<ClientSession>, now: UnixMillis, batch: &mut Batch) {
        let mut inner = session.inner.lock();
        let Some(since) = inner.detached_at.filter(|_| inner.owner.is_none() && !inner.ended) else { return };
        let over = inner.is_over(now);
        // A session's end also ends the wait of its will (MQTT-3.1.3-9).
        let will = inner.will.take_if(|will| over || will.publish_at <= now);
        if let (false, Some(_)) = (over, &will) {
            let at = At { session: session.id, version: inner.next_version() };
            let (when, expiry_s) = (since, inner.expiry_s);
            Change::Detached { at, when, expiry_s, will: None }.record(self.journal(), now, batch);
            self.mark_dirty(session, &mut inner);
        }
        drop(inner);
        if let Some(will) = will {
            self.publish_from_management(&will.message, session, now, batch);
        }
        if over {
            self.end_session(session, DropReason::SessionEnded, &self.counters, now, batch);
        }
    }

    /// Publishes from outside the cores and waits for the journal before anything is delivered.
    fn publish_from_management(
        &self,
        message: &Message,
        from: &ClientSession,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        let mut local = Vec::new();
        let mut sender = Sender { core: None, local: &mut local, counters: &self.counters, now };
        let fanout = self.publish(message, Some(from), false, &mut sender, batch);
        // Released before the batch is durable: after a crash the will is due again and comes a second time at most.
        self.release(fanout.reserved, &mut sender);
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
        let mut inner = session.inner.lock();
        if inner.ended {
            return SessionEnd::default();
        }
        inner.ended = true;
        let end = SessionEnd { owner: inner.owner.take(), will: inner.will.take() };
        if matches!(session.key, SessionKey::Device(_)) {
            self.packet_ids.lock().insert(session.key.clone(), inner.session.next_packet_id());
        }
        session.connected.store(false, Ordering::Release);
        let tags: Vec<u64> = inner.session.pending().map(|(_, tag)| tag).collect();
        let filters: Vec<_> = inner.session.subscriptions().iter().map(|it| it.filter.clone()).collect();
        let was_known = inner.kept || inner.version > 0;
        let waiting = inner.pending.len();
        inner.pending.clear();
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
        for _ in 0..waiting + tags.len() {
            counters.dropped(reason);
        }
        if let Some(device) = &session.device {
            for tag in tags.into_iter().filter(|tag| *tag != 0) {
                self.devices.downlink_settled(device, tag, false, now, batch);
            }
        }
        self.sessions.remove(session);
        end
    }
}
