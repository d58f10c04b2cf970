//! One submitter's end of the log.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Batch, Gate, Intake};
use crate::error::{Refused, WaitError};
use crate::stats::Counters;

/// Names one accepted batch of a lane; later batches have larger tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// What the writer knows of a lane.
pub(crate) struct LaneShared {
    wake: Arc<dyn Fn() + Send + Sync>,
    /// The lane has something staged; changed under the staging lock only.
    pub queued: AtomicBool,
    /// Woken, and has not looked since.
    notified: AtomicBool,
}

impl LaneShared {
    /// Wakes the lane unless it is awake for an earlier commit that it has not looked at yet.
    pub(crate) fn notify(&self) -> bool {
        let wake = !self.notified.swap(true, Ordering::SeqCst);
        if wake {
            (self.wake)();
        }
        wake
    }
}

/// Threads that block until something is durable.
#[derive(Default)]
pub(crate) struct Waiters {
    count: AtomicUsize,
    lock: Mutex<()>,
    changed: Condvar,
}

impl Waiters {
    /// Something became durable, or nothing will any more.
    pub(crate) fn notify(&self) {
        if self.count.load(Ordering::SeqCst) > 0 {
            drop(self.lock.lock());
            self.changed.notify_all();
        }
    }
}

/// A thread's way into the log. Every core thread and every user of the API has its own; they may be sent between
/// threads and shared.
#[derive(Clone)]
pub struct Lane {
    intake: Arc<Intake>,
    counters: Arc<Counters>,
    shared: Arc<LaneShared>,
    max_record_bytes: usize,
}

impl Lane {
    pub(crate) fn new(
        intake: Arc<Intake>,
        counters: Arc<Counters>,
        wake: Arc<dyn Fn() + Send + Sync>,
        max_record_bytes: usize,
    ) -> Self {
        let shared = LaneShared { wake, queued: AtomicBool::new(false), notified: AtomicBool::new(false) };
        Self { intake, counters, shared: Arc::new(shared), max_record_bytes }
    }

    /// A fresh batch for this lane. Batches keep their buffers: use one over and over.
    pub fn batch(&self) -> Batch {
        Batch::new(self.max_record_bytes, self.intake.open_batches.add())
    }

    /// Hands the batch over and empties it. When it is refused, nothing of it is written and it keeps its records. An
    /// empty batch is durable at once.
    pub fn submit(&self, batch: &mut Batch) -> Result<Ticket, Refused> {
        if batch.is_empty() {
            batch.rest();
            return Ok(Ticket(self.intake.committed.load(Ordering::SeqCst)));
        }
        let ticket = self.intake.submit(&self.shared, batch.frames(), &self.counters)?;
        batch.clear();
        Ok(ticket)
    }

    /// Everything of this lane up to this ticket is durable. Call it after each wake-up, before looking for what to
    /// release: only then is the lane woken again.
    pub fn committed(&self) -> Ticket {
        self.shared.notified.store(false, Ordering::SeqCst);
        Ticket(self.intake.committed.load(Ordering::SeqCst))
    }

    /// Blocks until `ticket` is durable.
    pub fn wait(&self, ticket: Ticket, timeout: Duration) -> Result<(), WaitError> {
        self.intake.wait(ticket.0, timeout)
    }
}

impl Intake {
    pub(crate) fn wait(&self, ticket: u64, timeout: Duration) -> Result<(), WaitError> {
        let durable = || self.committed.load(Ordering::SeqCst) >= ticket;
        if durable() {
            return Ok(());
        }
        let deadline = Instant::now() + timeout;
        self.waiters.count.fetch_add(1, Ordering::SeqCst);
        let mut guard = self.waiters.lock.lock();
        let outcome = loop {
            if durable() {
                break Ok(());
            }
            if self.gate() == Gate::Failed {
                break Err(WaitError::Failed);
            }
            if self.waiters.changed.wait_until(&mut guard, deadline).timed_out() {
                break if durable() { Ok(()) } else { Err(WaitError::Timeout) };
            }
        };
        drop(guard);
        self.waiters.count.fetch_sub(1, Ordering::SeqCst);
        outcome
    }
}
