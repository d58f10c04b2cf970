//! The counters of one product since they were last stored. They are on cache lines of their own: what the path of a
//! message reads of a product must not move because somebody counts.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::links::Direction;

/// One of a message up, in the low half of a word.
const UP: u64 = 1;
/// One of a message down, in the high half: a message and its answer are one addition.
const DOWN: u64 = 1 << 32;

/// Counts of one product.
#[derive(Debug, Default)]
#[repr(align(128))]
pub(crate) struct ProductCounters {
    /// Up and down; neither reaches four thousand million between two times of storing.
    messages: AtomicU64,
    failed: AtomicU64,
    time_requests: AtomicU64,
    registered: AtomicU64,
    activated: AtomicU64,
    active: AtomicU64,
    online: AtomicU64,
    online_peak: AtomicU64,
}

/// Counts that were taken out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Taken {
    pub messages_up: u64,
    pub messages_down: u64,
    pub failed_up: u64,
    pub failed_down: u64,
    pub time_requests: u64,
    pub registered: u64,
    pub activated: u64,
    pub active: u64,
    pub online_peak: u64,
}

fn halves(word: u64) -> (u64, u64) {
    (word & u64::from(u32::MAX), word >> 32)
}

impl ProductCounters {
    /// A message of a device that was taken, with its answers.
    pub(crate) fn message_up(&self, answers: usize) {
        self.messages.fetch_add(UP + DOWN * answers as u64, Ordering::Relaxed);
    }

    /// A message one way.
    pub(crate) fn message(&self, direction: Direction) {
        let one = if direction == Direction::Up { UP } else { DOWN };
        self.messages.fetch_add(one, Ordering::Relaxed);
    }

    /// A message that was not taken, or not delivered.
    pub(crate) fn failed(&self, direction: Direction) {
        let one = if direction == Direction::Up { UP } else { DOWN };
        self.failed.fetch_add(one, Ordering::Relaxed);
    }

    /// A device asked for the time.
    pub(crate) fn time_request(&self) {
        self.time_requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn registered(&self, devices: u64) {
        self.registered.fetch_add(devices, Ordering::Relaxed);
    }

    pub(crate) fn activated(&self, devices: u64) {
        self.activated.fetch_add(devices, Ordering::Relaxed);
    }

    pub(crate) fn active(&self, devices: u64) {
        self.active.fetch_add(devices, Ordering::Relaxed);
    }

    /// A device came.
    pub(crate) fn came(&self) {
        let online = self.online.fetch_add(1, Ordering::Relaxed) + 1;
        self.online_peak.fetch_max(online, Ordering::Relaxed);
    }

    /// A device went.
    pub(crate) fn went(&self) {
        self.online.fetch_sub(1, Ordering::Relaxed);
    }

    /// Devices online now.
    pub(crate) fn online(&self) -> u64 {
        self.online.load(Ordering::Relaxed)
    }

    /// What was counted so far, and stays counted.
    pub(crate) fn look(&self) -> Taken {
        self.read(|counter| counter.load(Ordering::Relaxed), self.online_peak.load(Ordering::Relaxed))
    }

    /// Takes everything out; the peak starts again at what is online now.
    pub(crate) fn take(&self) -> Taken {
        let peak = self.online_peak.swap(self.online(), Ordering::Relaxed);
        self.read(|counter| counter.swap(0, Ordering::Relaxed), peak)
    }

    /// Puts back what could not be stored.
    pub(crate) fn put_back(&self, taken: Taken) {
        let add = |counter: &AtomicU64, amount: u64| counter.fetch_add(amount, Ordering::Relaxed);
        add(&self.messages, taken.messages_up + (taken.messages_down << 32));
        add(&self.failed, taken.failed_up + (taken.failed_down << 32));
        add(&self.time_requests, taken.time_requests);
        add(&self.registered, taken.registered);
        add(&self.activated, taken.activated);
        add(&self.active, taken.active);
        self.online_peak.fetch_max(taken.online_peak, Ordering::Relaxed);
    }

    fn read(&self, read: impl Fn(&AtomicU64) -> u64, online_peak: u64) -> Taken {
        let (messages_up, messages_down) = halves(read(&self.messages));
        let (failed_up, failed_down) = halves(read(&self.failed));
        Taken {
            messages_up,
            messages_down,
            failed_up,
            failed_down,
            time_requests: read(&self.time_requests),
            registered: read(&self.registered),
            activated: read(&self.activated),
            active: read(&self.active),
            online_peak,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_out_and_put_back_is_all_there_again() {
        let counters = ProductCounters::default();
        counters.message_up(2);
        counters.message(Direction::Down);
        counters.failed(Direction::Down);
        counters.came();
        counters.came();
        counters.went();
        let taken = counters.take();
        let expected =
            Taken { messages_up: 1, messages_down: 3, failed_down: 1, online_peak: 2, ..Taken::default() };
        assert_eq!(taken, expected);
        assert_eq!(counters.take(), Taken { online_peak: 1, ..Taken::default() });
        counters.put_back(taken);
        assert_eq!(counters.look(), expected);
    }
}
