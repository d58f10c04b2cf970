//! One submitter's end of the log.

use std::time::Duration;

use super::Batch;
use crate::error::{Refused, WaitError};

/// Names one accepted batch of a lane; later batches have larger tickets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Ticket(pub u64);

/// A thread's way into the log. Every core thread and every user of the API has its own.
pub struct Lane {
    pub(crate) max_record_bytes: usize,
}

impl Lane {
    /// A fresh batch for this lane. Batches keep their buffers: use one over and over.
    pub fn batch(&self) -> Batch {
        Batch::new(self.max_record_bytes)
    }

    /// Hands the batch over and empties it. When it is refused, nothing of it is written and it keeps its records.
    pub fn submit(&self, batch: &mut Batch) -> Result<Ticket, Refused> {
        batch.frames();
        Err(Refused::Closing)
    }

    /// Everything up to this ticket is durable. Call it after each wake-up, before looking for what to release.
    pub fn committed(&self) -> Ticket {
        Ticket(0)
    }

    /// Blocks until `ticket` is durable.
    pub fn wait(&self, _ticket: Ticket, _timeout: Duration) -> Result<(), WaitError> {
        Err(WaitError::Timeout)
    }
}
