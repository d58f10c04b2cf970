//! Waiting until what was read is durable.
//!
//! A device's state is ahead of the log by up to one commit, so a reader of last values must not show them before
//! the log holds them: after a crash they would be gone. Each message's completion moves its device's durable mark;
//! a reader that finds the mark behind the state waits here.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use crate::Devices;
use crate::links::{Completion, CompletionKind};
use crate::registry::Device;

/// Wakes readers whenever some batch became durable.
#[derive(Debug, Default)]
pub(crate) struct Durability {
    readers: AtomicUsize,
    lock: Mutex<()>,
    moved: Condvar,
}

impl Durability {
    /// Waits until the journal holds everything of the device up to `seq`; false when the time is up.
    pub(crate) fn wait(&self, device: &Device, seq: u64, timeout: Duration) -> bool {
        if device.durable_seq() >= seq {
            return true;
        }
        let deadline = Instant::now() + timeout;
        self.readers.fetch_add(1, Ordering::SeqCst);
        let mut guard = self.lock.lock();
        let mut reached = device.durable_seq() >= seq;
        while !reached {
            let timed_out = self.moved.wait_until(&mut guard, deadline).timed_out();
            reached = device.durable_seq() >= seq;
            if timed_out {
                break;
            }
        }
        drop(guard);
        self.readers.fetch_sub(1, Ordering::SeqCst);
        reached
    }

    /// Some devices' marks moved.
    pub(crate) fn announce(&self) {
        if self.readers.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock());
            self.moved.notify_all();
        }
    }
}

impl Devices {
    /// Called once the batch that these belong to is durable: moves the devices' marks and wakes whoever waits for
    /// a command.
    pub fn complete(&self, completions: &mut Vec<Completion>) {
        if completions.is_empty() {
            return;
        }
        for Completion(kind) in completions.drain(..) {
            match kind {
                CompletionKind::Stored { device, seq } => device.mark_durable(seq),
                CompletionKind::Answered { waiter, view } => {
                    // Nobody waits any more when the caller has given up; the ledger has the result.
                    drop(waiter.send(*view));
                }
                CompletionKind::Called { waiter, payload } => drop(waiter.send(payload)),
            }
        }
        self.0.durability.announce();
    }
}
