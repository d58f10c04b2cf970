//! How far the packet identifiers of each client may have got, so that none comes back after a crash.
//!
//! Vendor clients drop a message whose identifier is one of the last ten they saw, on whatever connection and in whatever
//! session that was (facts §1.10). Most messages to a device make no record: replies, commands to a device that is there,
//! retained messages. So the journal does not know the counter itself but a *mark* ahead of it. A mark lies [`ROOM`]
//! identifiers ahead of the counter when it is recorded, and the next one is recorded when half of the room is used up. The
//! other half is what may be sent until that record is durable: far more than a client takes in the time of one commit. After
//! a crash the counter goes on at the last durable mark: ahead of everything sent, and less than two rooms ahead, so it
//! cannot have come around to the last ten either. Identifiers that are in use then are passed over by the session.
//!
//! Sessions that are kept have marks, and all sessions of devices, because a device's memory outlives its sessions.

use ahash::{AHashMap, AHashSet};
use serde::{Deserialize, Serialize};
use yizhan_journal::Batch;
use yizhan_vocabulary::UnixMillis;

use crate::changes::Change;
use crate::router::Shared;
use crate::sessions::{ClientSession, Inner, SessionKey};

/// Identifiers that one mark covers.
const ROOM: u16 = 4_096;

/// An identifier ahead of all that were sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    /// Numbers the marks of all clients; the later one counts.
    pub(crate) seq: u64,
    pub(crate) until: u16,
}

/// The marks of all clients, and where the counters of devices without a session stopped.
#[derive(Default)]
pub(crate) struct Identifiers {
    marks: AHashMap<SessionKey, Mark>,
    stopped: AHashMap<SessionKey, u16>,
    /// What the checkpoint has to write again.
    dirty: AHashSet<SessionKey>,
}

impl Identifiers {
    /// The last mark of a client.
    pub(crate) fn mark(&self, key: &SessionKey) -> Option<Mark> {
        self.marks.get(key).copied()
    }

    /// Takes a mark unless a later one is known.
    pub(crate) fn set(&mut self, key: &SessionKey, mark: Mark) {
        if self.mark(key).is_none_or(|known| known.seq < mark.seq) {
            self.marks.insert(key.clone(), mark);
            self.dirty.insert(key.clone());
        }
    }

    /// A device's session ended; its next one goes on from here.
    pub(crate) fn stop(&mut self, key: &SessionKey, next: u16) {
        self.stopped.insert(key.clone(), next);
    }

    /// Where a new session of this client begins: where the last one stopped or, after a restart, at the mark.
    pub(crate) fn start(&mut self, key: &SessionKey) -> Option<u16> {
        self.stopped.remove(key).or_else(|| self.mark(key).map(|mark| mark.until))
    }

    /// The client is no more.
    pub(crate) fn forget(&mut self, key: &SessionKey) {
        self.stopped.remove(key);
        if self.marks.remove(key).is_some() {
            self.dirty.insert(key.clone());
        }
    }

    /// Forgets every client that `known` says no to.
    pub(crate) fn retain(&mut self, known: impl Fn(&SessionKey) -> bool) {
        let unknown: Vec<_> = self.marks.keys().filter(|key| !known(key)).cloned().collect();
        for key in unknown {
            self.forget(&key);
        }
    }

    /// What changed since the last call; clients without a mark have none any more.
    pub(crate) fn take_changed(&mut self) -> Vec<(SessionKey, Option<Mark>)> {
        let changed = std::mem::take(&mut self.dirty);
        changed.into_iter().map(|key| (self.mark(&key), key)).map(|(mark, key)| (key, mark)).collect()
    }
}

impl Shared {
    /// To be called before a session sends what waits in it: makes sure that a mark lies far enough ahead.
    pub(crate) fn mark_identifiers(
        &self,
        session: &ClientSession,
        inner: &mut Inner,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        let nothing_waits = inner.session.queued_len() == inner.session.inflight_len();
        if nothing_waits || !inner.kept && session.device.is_none() {
            return;
        }
        let next = inner.session.next_packet_id();
        if inner.marked_until.is_some_and(|until| has_room(next, until)) {
            return;
        }
        let mark = Mark { seq: self.journal().next_seq(), until: ahead_of(next) };
        inner.marked_until = Some(mark.until);
        let key = session.key.clone();
        self.identifiers.lock().set(&key, mark);
        Change::Marked { key, mark }.record(self.journal(), now, batch);
    }
}

/// Whether half of the room or more is left between the counter and its mark.
fn has_room(next: u16, until: u16) -> bool {
    (ROOM / 2..=ROOM + 1).contains(&until.wrapping_sub(next))
}

/// The identifier a whole room ahead; 0 is none.
fn ahead_of(next: u16) -> u16 {
    next.checked_add(ROOM).unwrap_or_else(|| next.wrapping_add(ROOM + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_lies_a_room_ahead_and_is_renewed_when_half_of_it_is_used() {
        for next in [1, 2, 61_439, 61_440, 65_000, 65_535] {
            let until = ahead_of(next);
            assert_ne!(until, 0);
            assert!(has_room(next, until), "{next}");
            let steps = |count: u16| (0..count).fold(next, |at, _| at.checked_add(1).unwrap_or(1));
            assert!(has_room(steps(ROOM / 2 - 1), until), "{next}");
            assert!(!has_room(steps(ROOM / 2 + 2), until), "{next}");
            assert!(!has_room(steps(ROOM + 1), until), "{next}: the counter has passed the mark");
        }
    }

    #[test]
    fn the_later_mark_counts_in_whatever_order_they_come() {
        let key = SessionKey::User { user: "u".into(), client: "c".into() };
        let mut identifiers = Identifiers::default();
        identifiers.set(&key, Mark { seq: 9, until: 500 });
        identifiers.set(&key, Mark { seq: 4, until: 60_000 });
        assert_eq!(identifiers.start(&key), Some(500));
        identifiers.stop(&key, 77);
        assert_eq!(identifiers.start(&key), Some(77));
        identifiers.forget(&key);
        assert_eq!((identifiers.start(&key), identifiers.take_changed()), (None, vec![(key, None)]));
    }
}
