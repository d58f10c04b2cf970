//! What the journal keeps about kept sessions and retained messages: one record a change.
//!
//! A change names its session by number and carries the version that the session had after it. A checkpointed session
//! carries the version it includes, so at recovery exactly the changes with a greater version are applied, in whatever
//! order the cores got them into the journal. Records of different cores may be out of order by a batch; that is harmless
//! because the changes of one session that depend on each other (a message is settled after it was delivered, and it is
//! delivered after its record was durable) can never be.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yizhan_journal::{Batch, Journal, Record, RecordKind, STREAM_SYSTEM};
use yizhan_mqtt::{Message, PacketId, SubscribeOptions, SubscriptionIds};
use yizhan_vocabulary::UnixMillis;

use crate::identifiers::Mark;
use crate::sessions::{PendingWill, SessionId, SessionKey};

/// The record kind of the router's changes; state kinds 32 to 63 are the router's.
pub(crate) const STATE_KIND: u8 = 32;

/// The layout of [`Change`]; stands before each of them.
const CHANGE_VERSION: u8 = 1;

/// A session and the version it had after a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct At {
    pub(crate) session: SessionId,
    pub(crate) version: u64,
}

/// One message's place in one session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) at: At,
    pub(crate) packet_id: PacketId,
    pub(crate) qos: u8,
    pub(crate) retain: bool,
    pub(crate) subscription_ids: SubscriptionIds,
    /// The client was not connected, so the message cannot have been sent before the session's next connection.
    pub(crate) away: bool,
}

/// One change of what is kept.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) enum Change {
    /// A session is kept from now on, or its expiry changed.
    Opened { at: At, key: SessionKey, expiry_s: u32 },
    /// A session is over.
    Ended { session: SessionId },
    /// Its connection ended.
    Detached { at: At, when: UnixMillis, expiry_s: u32, will: Option<Box<PendingWill>> },
    /// It has a connection again; a waiting will is off.
    Attached { at: At },
    /// It subscribed.
    Subscribed { at: At, filter: Arc<str>, options: SubscribeOptions },
    /// It unsubscribed.
    Unsubscribed { at: At, filter: Arc<str> },
    /// A message was stored for kept sessions, and perhaps retained.
    Published { message: Message, retained_seq: Option<u64>, targets: Vec<Target> },
    /// A topic's retained message was removed.
    RetainedCleared { topic: Arc<str>, seq: u64 },
    /// A stored message reached its session, or was given up.
    Settled { at: At, packet_id: PacketId },
    /// The receiver has a QoS 2 message; PUBREL follows.
    Released { at: At, packet_id: PacketId },
    /// A QoS 2 message of the session's own was taken; its identifier is in use.
    Taken { at: At, packet_id: PacketId },
    /// The session's own identifier is free again.
    Freed { at: At, packet_id: PacketId },
    /// Packet identifiers up to here may be sent to this client without a further record.
    Marked { key: SessionKey, mark: Mark },
}

/// A change that could not be read back.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ChangeError {
    /// The layout is of a later release.
    #[error("a session record has layout {0}, which this release does not know")]
    Version(u8),
    /// The bytes are not a change.
    #[error("a session record cannot be read: {0}")]
    Content(#[from] postcard::Error),
    /// There are no bytes.
    #[error("a session record is empty")]
    Empty,
}

impl Change {
    /// Adds this change to a batch.
    pub(crate) fn record(&self, journal: &Journal, now: UnixMillis, batch: &mut Batch) {
        let body = self.encode();
        batch
            .push(&record_of(&body, journal, now))
            .expect("the packet limit is checked at start to lie far below the record limit");
    }

    /// Adds this change to a batch so that it is read back if and only if the record before it is.
    pub(crate) fn record_joined(&self, journal: &Journal, now: UnixMillis, batch: &mut Batch) {
        let body = self.encode();
        batch.push_joined(&record_of(&body, journal, now)).expect("changes of numbers only are small");
    }

    fn encode(&self) -> Vec<u8> {
        let body = vec![CHANGE_VERSION];
        postcard::to_extend(self, body).expect("every change can be written to memory")
    }

    /// Reads a change back.
    pub(crate) fn decode(body: &[u8]) -> Result<Self, ChangeError> {
        match body.split_first() {
            Some((&CHANGE_VERSION, rest)) => Ok(postcard::from_bytes(rest)?),
            Some((&version, _)) => Err(ChangeError::Version(version)),
            None => Err(ChangeError::Empty),
        }
    }
}

fn record_of<'a>(body: &'a [u8], journal: &Journal, now: UnixMillis) -> Record<'a> {
    let (seq, kind) = (journal.next_seq(), RecordKind::State(STATE_KIND));
    Record { seq, time: now, stream: STREAM_SYSTEM, kind, points: &[], body }
}

#[cfg(test)]
mod tests {
    use super::*;
    use yizhan_mqtt::QoS;

    #[test]
    fn a_change_reads_back_as_it_was_written() {
        let message = Message::new("a/b", &b"payload"[..], QoS::ExactlyOnce);
        let at = At { session: SessionId(7), version: 3 };
        let target = Target {
            at,
            packet_id: PacketId::MIN,
            qos: 2,
            retain: false,
            subscription_ids: SubscriptionIds::default(),
            away: false,
        };
        let change =
            Change::Published { message: message.clone(), retained_seq: None, targets: vec![target.clone()] };
        match Change::decode(&change.encode()).unwrap() {
            Change::Published { message: read, targets, .. } => {
                assert_eq!((read, targets), (message, vec![target]));
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn an_unknown_layout_is_named() {
        assert!(matches!(Change::decode(&[9, 1]), Err(ChangeError::Version(9))));
        assert!(matches!(Change::decode(&[]), Err(ChangeError::Empty)));
    }
}
