//! What the journal's checkpoints store for the router: kept sessions, retained messages and marks of packet
//! identifiers, each as a whole, whenever it changed since the last checkpoint.

use serde::{Deserialize, Serialize};
use yizhan_journal::{Checkpoint, StateWriter};
use yizhan_mqtt::{Message, SessionImage};
use yizhan_vocabulary::UnixMillis;

use crate::router::Router;
use crate::sessions::{PendingWill, SessionKey};

pub(crate) const SESSIONS: &str = "router.sessions";
pub(crate) const RETAINED: &str = "router.retained";
pub(crate) const IDENTIFIERS: &str = "router.identifiers";

/// The layout of the images; stands before each of them.
pub(crate) const IMAGE_VERSION: u8 = 1;

/// A kept session at one version.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SessionCheckpoint {
    pub(crate) version: u64,
    pub(crate) key: SessionKey,
    pub(crate) expiry_s: u32,
    pub(crate) detached_at: Option<UnixMillis>,
    pub(crate) will: Option<Box<PendingWill>>,
    pub(crate) image: SessionImage,
}

/// A topic's retained message at one change; no message when it was removed.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct RetainedCheckpoint {
    pub(crate) seq: u64,
    pub(crate) message: Message,
}

pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    postcard::to_extend(value, vec![IMAGE_VERSION]).expect("every image can be written to memory")
}

pub(crate) fn decode<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let (&version, rest) = bytes.split_first()?;
    if version != IMAGE_VERSION {
        return None;
    }
    postcard::from_bytes(rest).ok()
}

struct SessionTableCheckpoint(Router);
struct RetainedTableCheckpoint(Router);
struct IdentifierTableCheckpoint(Router);

impl Router {
    /// What the journal calls to checkpoint the router's state.
    pub fn checkpoints(&self) -> Vec<Box<dyn Checkpoint>> {
        vec![
            Box::new(SessionTableCheckpoint(self.clone())),
            Box::new(RetainedTableCheckpoint(self.clone())),
            Box::new(IdentifierTableCheckpoint(self.clone())),
        ]
    }
}

impl Checkpoint for SessionTableCheckpoint {
    fn table(&self) -> &'static str {
        SESSIONS
    }

    fn collect(&mut self, out: &mut StateWriter) {
        let shared = &self.0.shared;
        let dirty = std::mem::take(&mut *shared.dirty.lock());
        for session in dirty {
            let mut inner = session.inner.lock();
            inner.dirty = false;
            if inner.ended || !inner.kept {
                continue;
            }
            let checkpoint = SessionCheckpoint {
                version: inner.version,
                key: session.key.clone(),
                expiry_s: inner.expiry_s,
                detached_at: inner.detached_at,
                will: inner.will.clone(),
                image: inner.session.image(),
            };
            drop(inner);
            out.put(&session.id.0.to_be_bytes(), &encode(&checkpoint));
        }
        for id in std::mem::take(&mut *shared.gone.lock()) {
            out.delete(&id.0.to_be_bytes());
        }
    }
}

impl Checkpoint for RetainedTableCheckpoint {
    fn table(&self) -> &'static str {
        RETAINED
    }

    fn collect(&mut self, out: &mut StateWriter) {
        let mut retained = self.0.shared.retained.lock();
        for topic in std::mem::take(&mut retained.dirty) {
            let message = retained.store.get(&topic, i64::MIN).cloned();
            let seq = retained.seqs.get(&topic).copied().unwrap_or(0);
            match message {
                Some(message) => out.put(topic.as_bytes(), &encode(&RetainedCheckpoint { seq, message })),
                None => {
                    out.delete(topic.as_bytes());
                    retained.seqs.remove(&topic);
                }
            }
        }
    }
}

impl Checkpoint for IdentifierTableCheckpoint {
    fn table(&self) -> &'static str {
        IDENTIFIERS
    }

    fn collect(&mut self, out: &mut StateWriter) {
        for (key, mark) in self.0.shared.identifiers.lock().take_changed() {
            match mark {
                Some(mark) => out.put(&encode(&key), &encode(&mark)),
                None => out.delete(&encode(&key)),
            }
        }
    }
}
