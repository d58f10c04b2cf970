//! One writer's counters.

use std::sync::atomic::{AtomicU64, Ordering};

use yizhan_identity::RegistrationError;
use yizhan_vocabulary::causes::{AccessRefusal, ConnectRefusal, DisconnectCause, DropReason};

use crate::catalogue::Counter;

/// The counters of one core, or of the management side.
#[derive(Debug)]
pub struct Shard {
    counters: [AtomicU64; Counter::ALL.len()],
    drops: [AtomicU64; DropReason::ALL.len()],
    refusals: [AtomicU64; ConnectRefusal::ALL.len()],
    disconnects: [AtomicU64; DisconnectCause::ALL.len()],
    registrations: [AtomicU64; RegistrationError::ALL.len()],
    accesses: [AtomicU64; AccessRefusal::ALL.len()],
}

impl Default for Shard {
    fn default() -> Self {
        Self {
            counters: std::array::from_fn(|_| AtomicU64::new(0)),
            drops: std::array::from_fn(|_| AtomicU64::new(0)),
            refusals: std::array::from_fn(|_| AtomicU64::new(0)),
            disconnects: std::array::from_fn(|_| AtomicU64::new(0)),
            registrations: std::array::from_fn(|_| AtomicU64::new(0)),
            accesses: std::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl Shard {
    /// Counts `amount` more.
    pub fn add(&self, counter: Counter, amount: u64) {
        self.counters[counter as usize].fetch_add(amount, Ordering::Relaxed);
    }

    /// Counts a dropped message.
    pub fn dropped(&self, reason: DropReason) {
        self.dropped_many(reason, 1);
    }

    /// Counts several messages that were dropped for one reason.
    pub fn dropped_many(&self, reason: DropReason, count: usize) {
        self.drops[reason as usize].fetch_add(count as u64, Ordering::Relaxed);
    }

    /// Counts a refused connection.
    pub fn refused(&self, reason: ConnectRefusal) {
        self.refusals[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts an ended connection.
    pub fn disconnected(&self, cause: DisconnectCause) {
        self.disconnects[cause as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a refused registration.
    pub fn registration_refused(&self, reason: RegistrationError) {
        self.registrations[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    /// Counts a refused request to the management API.
    pub fn access_refused(&self, reason: AccessRefusal) {
        self.accesses[reason as usize].fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self, counter: Counter) -> u64 {
        self.counters[counter as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn drops(&self, reason: DropReason) -> u64 {
        self.drops[reason as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn refusals(&self, reason: ConnectRefusal) -> u64 {
        self.refusals[reason as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn disconnects(&self, cause: DisconnectCause) -> u64 {
        self.disconnects[cause as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn registrations(&self, reason: RegistrationError) -> u64 {
        self.registrations[reason as usize].load(Ordering::Relaxed)
    }

    pub(crate) fn accesses(&self, reason: AccessRefusal) -> u64 {
        self.accesses[reason as usize].load(Ordering::Relaxed)
    }
}
