//! QoS 0 messages that the owner of a session has not written yet. They wait for a moment, or as long as a slow reader
//! lets them; number and bytes are bounded.

use std::collections::VecDeque;

use yizhan_mqtt::Delivery;

use crate::settings::RouterSettings;

/// Messages in the order in which they came.
#[derive(Debug, Default)]
pub(crate) struct Pending {
    queue: VecDeque<Delivery>,
    bytes: usize,
}

impl Pending {
    /// Takes a message unless there is no room for it; says whether it did.
    pub(crate) fn push(&mut self, delivery: Delivery, settings: &RouterSettings) -> bool {
        let bytes = self.bytes + delivery.message.weight();
        if self.queue.len() >= settings.max_pending_qos0 || bytes > settings.max_queued_bytes as usize {
            return false;
        }
        self.bytes = bytes;
        self.queue.push_back(delivery);
        true
    }

    pub(crate) fn pop(&mut self) -> Option<Delivery> {
        let delivery = self.queue.pop_front()?;
        self.bytes -= delivery.message.weight();
        Some(delivery)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Gives all of them up; says how many there were.
    pub(crate) fn clear(&mut self) -> usize {
        std::mem::take(self).queue.len()
    }
}
