//! The passing of time, and the end of devices: commands that nobody will answer any more. Runs on management
//! threads.

use std::sync::Arc;

use yizhan_vocabulary::UnixMillis;

use super::{CommandState, DeviceCommands, Finish};
use crate::Devices;
use crate::recorder::Recorder;
use crate::registry::Device;

/// Commands that one tick expires; the rest follow with the next one.
const EXPIRED_PER_TICK: usize = 1_000;

impl Devices {
    /// Expires commands whose time has come and lets the store know of first connections. To be called about every
    /// 200 ms from a thread that may block.
    pub fn tick(&self, now: UnixMillis) {
        self.flush_activations();
        let due = self.0.timers.due(now, EXPIRED_PER_TICK);
        if due.is_empty() {
            return;
        }
        let mut batch = self.journal_side().lane.batch();
        let mut completions = Vec::new();
        for (at, id, device) in due {
            let Some(device) = self.device(device) else {
                self.0.timers.remove(at, id);
                continue;
            };
            let mut recorder =
                Recorder { journal: self.journal(), batch: &mut batch, stream: device.id, now };
            let mut state = device.state.lock();
            self.settlement(&device, &mut recorder, &mut completions).expire(&mut state, id);
            drop(state);
            // An entry whose command is gone must not come due for ever.
            self.0.timers.remove(at, id);
            self.note_change(&device);
        }
        match self.commit(&mut batch) {
            Ok(()) => self.complete(&mut completions),
            Err(error) => tracing::warn!(%error, "expired commands could not be recorded"),
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
