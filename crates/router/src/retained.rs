//! Retained messages together with what makes them durable: each change takes its number from the journal under the
//! store's lock, and the checkpoint writes the topics that changed since the last one.

use std::collections::HashSet;
use std::sync::Arc;

use ahash::{AHashMap, RandomState};
use yizhan_journal::Journal;
use yizhan_mqtt::{Message, RetainedLimits, RetainedRefusal, RetainedStore};

/// All retained messages.
pub(crate) struct Retained {
    pub(crate) store: RetainedStore,
    /// The number of each retained topic's last change.
    pub(crate) seqs: AHashMap<Arc<str>, u64>,
    pub(crate) dirty: HashSet<Arc<str>, RandomState>,
}

impl Retained {
    pub(crate) fn new(limits: RetainedLimits) -> Self {
        Self { store: RetainedStore::new(limits), seqs: AHashMap::new(), dirty: HashSet::default() }
    }

    /// Retains the message; returns the number of the change.
    pub(crate) fn set(&mut self, message: Message, journal: &Journal) -> Result<u64, RetainedRefusal> {
        let topic = Arc::clone(&message.topic);
        self.store.set(message)?;
        Ok(self.changed(topic, journal.next_seq()))
    }

    /// Removes a topic's retained message; returns the number of the change if there was one.
    pub(crate) fn clear(&mut self, topic: &Arc<str>, journal: &Journal) -> Option<u64> {
        self.store.clear(topic).then(|| self.changed(Arc::clone(topic), journal.next_seq()))
    }

    fn changed(&mut self, topic: Arc<str>, seq: u64) -> u64 {
        self.dirty.insert(Arc::clone(&topic));
        self.seqs.insert(topic, seq);
        seq
    }

    /// Applies a change read from the journal, unless a later one is known.
    pub(crate) fn replay(&mut self, topic: &Arc<str>, seq: u64, message: Option<Message>) {
        if self.seqs.get(topic).is_some_and(|known| *known >= seq) {
            return;
        }
        self.changed(Arc::clone(topic), seq);
        match message {
            // A limit that became smaller since is the only reason; the message then stays out.
            Some(message) => drop(self.store.set(message)),
            None => drop(self.store.clear(topic)),
        }
    }
}
