//! The passing of time, and the end of devices: commands that nobody will answer any more. Runs on management
//! threads.

use std::sync::Arc;

use yizhan_journal::{Batch, Ticket};
use yizhan_vocabulary::UnixMillis;

use super::{CommandId, CommandState, CommandView, DeviceCommands, Finish};
use crate::links::Completion;
use crate::recorder::Recorder;
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// Commands that one tick expires; the rest follow with the next one.
const EXPIRED_PER_TICK: usize = 1_000;

/// Callers of expired commands, who are told once the ends are durable.
#[derive(Debug, Default)]
pub(crate) struct Unconfirmed {
    /// The last batch that must be durable.
    ticket: Option<Ticket>,
    completions: Vec<Completion>,
}

impl Devices {
    /// Expires commands whose time has come and lets the store know of first connections. To be called about every
    /// 200 ms from one thread that may block. While the journal takes nothing, commands wait.
    pub fn tick(&self, now: UnixMillis) {
        self.flush_activations();
        self.tick_statistics(now);
        let mut unconfirmed = self.0.unconfirmed.lock();
        if self.journal().accepting().is_ok() {
            self.expire_due(now, &mut unconfirmed);
        }
        self.confirm(&mut unconfirmed);
    }

    fn expire_due(&self, now: UnixMillis, unconfirmed: &mut Unconfirmed) {
        for (id, device) in self.0.timers.due(self.0.clock.monotonic(), EXPIRED_PER_TICK) {
            let Some(device) = self.device(device) else {
                self.0.timers.remove(id);
                continue;
            };
            match self.end_command(&device, id, now, Finish::by_time, &mut unconfirmed.completions) {
                Ok(ticket) => unconfirmed.ticket = ticket.or(unconfirmed.ticket),
                Err(error) => {
                    tracing::warn!(%error, "expired commands cannot be recorded now; trying again");
                    break;
                }
            }
        }
    }

    /// The record is handed over under the device's lock: a command is gone from memory only when the journal has its
    /// end. If that is refused, the command expires later.
    pub(super) fn end_command(
        &self,
        device: &Arc<Device>,
        id: CommandId,
        now: UnixMillis,
        finish: impl FnOnce(&CommandView) -> Finish,
        completions: &mut Vec<Completion>,
    ) -> Result<Option<Ticket>, DevicesError> {
        let mut batch = self.journal_side().lane.batch();
        let mut recorder = Recorder { journal: self.journal(), batch: &mut batch, stream: device.id, now };
        let mut state = device.state.lock();
        let submit = |batch: &mut Batch| self.submit(batch);
        let ticket = self.settlement(device, &mut recorder, completions).end(&mut state, id, finish, submit);
        drop(state);
        self.note_change(device);
        Ok(ticket?.flatten())
    }

    /// Waits for the last ends and tells their callers; tries again with the next tick if it takes too long.
    fn confirm(&self, unconfirmed: &mut Unconfirmed) {
        let Some(ticket) = unconfirmed.ticket else { return };
        match self.wait(Some(ticket)) {
            Ok(()) => {
                unconfirmed.ticket = None;
                self.complete(&mut unconfirmed.completions);
            }
            Err(error) => tracing::warn!(%error, "the ends of expired commands are late"),
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
