//! The passing of time, and the end of devices: commands that nobody will answer any more. Runs on management
//! threads.

use std::sync::Arc;

use yizhan_journal::{Batch, Ticket};
use yizhan_vocabulary::{DeviceId, UnixMillis};

use super::{CommandId, CommandState, DeviceCommands, Finish};
use crate::Devices;
use crate::links::Completion;
use crate::recorder::Recorder;
use crate::registry::Device;

/// Commands that one tick expires; the rest follow with the next one.
const EXPIRED_PER_TICK: usize = 1_000;

/// Ends of commands that have left the devices' state but are not durable yet: the journal refused them, or took its
/// time. They are tried again until they are; a restart before that finds the commands open and expires them again.
#[derive(Debug)]
pub(crate) struct Unsettled {
    batch: Batch,
    ticket: Option<Ticket>,
    completions: Vec<Completion>,
}

impl Devices {
    /// Expires commands whose time has come and lets the store know of first connections. To be called about every
    /// 200 ms from one thread that may block. While the journal takes nothing, commands wait.
    pub fn tick(&self, now: UnixMillis) {
        self.flush_activations();
        let mut unsettled = self.0.unsettled.lock();
        if let Some(earlier) = unsettled.take() {
            *unsettled = self.settle_expired(earlier);
        }
        if unsettled.is_some() || self.journal().accepting().is_err() {
            return;
        }
        let due = self.0.timers.due(self.0.clock.monotonic(), EXPIRED_PER_TICK);
        if !due.is_empty() {
            *unsettled = self.settle_expired(self.expire(due, now));
        }
    }

    /// Ends commands in the devices' state; what must become durable comes back.
    fn expire(&self, due: Vec<(CommandId, DeviceId)>, now: UnixMillis) -> Unsettled {
        let mut batch = self.journal_side().lane.batch();
        let mut completions = Vec::new();
        for (id, device) in due {
            let Some(device) = self.device(device) else {
                self.0.timers.remove(id);
                continue;
            };
            let mut recorder =
                Recorder { journal: self.journal(), batch: &mut batch, stream: device.id, now };
            let mut state = device.state.lock();
            self.settlement(&device, &mut recorder, &mut completions).expire(&mut state, id);
            drop(state);
            // An entry whose command is gone must not come due for ever.
            self.0.timers.remove(id);
            self.note_change(&device);
        }
        Unsettled { batch, ticket: None, completions }
    }

    /// Makes expired commands durable and tells their callers; gives back what is not durable yet.
    fn settle_expired(&self, mut unsettled: Unsettled) -> Option<Unsettled> {
        let lane = &self.journal_side().lane;
        let ticket = match unsettled.ticket {
            Some(ticket) => Ok(ticket),
            None => lane.submit(&mut unsettled.batch).map_err(|error| error.to_string()),
        };
        let durable = ticket.and_then(|ticket| {
            unsettled.ticket = Some(ticket);
            lane.wait(ticket, self.0.config.durability_wait).map_err(|error| error.to_string())
        });
        match durable {
            Ok(()) => {
                self.complete(&mut unsettled.completions);
                None
            }
            Err(error) => {
                tracing::warn!(error, "expired commands could not be recorded; trying again");
                Some(unsettled)
            }
        }
    }

    /// Ends what waits for a deleted device.
    pub(crate) fn abandon_commands(&self, device: &Arc<Device>) {
        let (batch, mut completions) = self.with_state(device, |recorder, state, completions| {
            let commands: Option<&DeviceCommands> = state.commands.as_deref();
            let ids: Vec<_> =
                commands.iter().flat_map(|all| &all.outstanding).map(|entry| entry.view.id).collect();
            for id in ids {
                let end = Finish::without_answer(CommandState::Failed, "the device was deleted");
                self.settlement(device, recorder, completions).finish(state, id, end);
            }
        });
        if self.commit_submitted(batch).is_ok() {
            self.complete(&mut completions);
        }
    }

    fn flush_activations(&self) {
        let pending = std::mem::take(&mut *self.0.activations.lock());
        if pending.is_empty() {
            return;
        }
        if let Err(error) = self.0.store.mark_activated(&pending) {
            tracing::warn!(%error, "first connections could not be stored; trying again");
            self.0.activations.lock().extend(pending);
        }
    }
}
