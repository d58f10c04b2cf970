//! Changes from management threads: one device's state, one batch, and the wait until it is durable.

use std::sync::Arc;

use yizhan_journal::{Batch, Ticket};

use crate::links::Completion;
use crate::recorder::Recorder;
use crate::registry::{Device, DeviceState};
use crate::{Devices, DevicesError};

/// A batch on its way.
#[must_use]
pub(crate) struct Submitted(pub Result<Option<Ticket>, DevicesError>);

impl Devices {
    /// Changes a device's state from a management thread and submits the records.
    pub(crate) fn with_state(
        &self,
        device: &Arc<Device>,
        change: impl FnOnce(&mut Recorder<'_>, &mut DeviceState, &mut Vec<Completion>),
    ) -> (Submitted, Vec<Completion>) {
        let mut batch = self.journal_side().lane.batch();
        let mut completions = Vec::new();
        let now = self.0.clock.now();
        let mut recorder = Recorder { journal: self.journal(), batch: &mut batch, stream: device.id, now };
        let mut state = device.state.lock();
        change(&mut recorder, &mut state, &mut completions);
        drop(state);
        self.note_change(device);
        (Submitted(self.submit(&mut batch)), completions)
    }

    pub(crate) fn submit(&self, batch: &mut Batch) -> Result<Option<Ticket>, DevicesError> {
        if batch.is_empty() {
            return Ok(None);
        }
        let refused = |error| DevicesError::Unavailable(format!("nothing can be stored now: {error}"));
        self.journal_side().lane.submit(batch).map(Some).map_err(refused)
    }

    pub(crate) fn wait(&self, ticket: Option<Ticket>) -> Result<(), DevicesError> {
        let Some(ticket) = ticket else { return Ok(()) };
        let late = |error| DevicesError::Unavailable(format!("the change is not durable yet: {error}"));
        self.journal_side().lane.wait(ticket, self.0.config.durability_wait).map_err(late)
    }

    pub(crate) fn commit_submitted(&self, submitted: Submitted) -> Result<(), DevicesError> {
        self.wait(submitted.0?)
    }
}
