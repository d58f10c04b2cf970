//! What a device's answers, the delivery of messages and the passing of time do to commands. Every function here
//! runs under the device's lock and writes the transition before it makes it.

use std::sync::Arc;

use serde_json::value::RawValue;
use tokio::sync::oneshot;
use yizhan_journal::{Batch, LogKind, RecordKind};
use yizhan_vocabulary::Monotonic;

use super::{
    CommandId, CommandKind, CommandState, CommandView, DeviceCommands, Outstanding, StatusRead, Timers,
    encode,
};
use crate::config::DevicesConfig;
use crate::features::CommandEffect;
use crate::links::{Completion, CompletionKind};
use crate::recorder::Recorder;
use crate::records;
use crate::registry::{Device, DeviceState};

/// How a command ends.
#[derive(Debug)]
pub(crate) struct Finish {
    pub state: CommandState,
    pub code: Option<i64>,
    pub status: Option<Box<str>>,
    pub response: Option<Box<str>>,
}

impl Finish {
    /// An answer of the device: code 0 is success.
    fn answered(code: i64, status: Option<Box<str>>, response: Option<Box<str>>) -> Self {
        let state = if code == 0 { CommandState::Done } else { CommandState::Failed };
        Self { state, code: Some(code), status, response }
    }

    /// The end of a command whose time has come: a control the device has cleared counts as done, anything else has
    /// expired.
    pub(crate) fn by_time(view: &CommandView) -> Self {
        if view.cleared {
            Self::without_answer(CommandState::Done, "cleared by the device without an answer")
        } else {
            Self::without_answer(CommandState::Expired, "no answer from the device in time")
        }
    }

    /// An end without an answer.
    pub(crate) fn without_answer(state: CommandState, status: &str) -> Self {
        Self { state, code: None, status: Some(status.into()), response: None }
    }
}

/// Everything a transition touches beside the device's state.
pub(crate) struct Settlement<'a, 'b> {
    pub device: &'a Arc<Device>,
    pub timers: &'a Timers,
    pub config: &'a DevicesConfig,
    pub monotonic: Monotonic,
    pub recorder: &'a mut Recorder<'b>,
    pub completions: &'a mut Vec<Completion>,
}

impl Settlement<'_, '_> {
    /// Carries out what a message said about commands; tells whether it meant anything.
    pub(crate) fn apply(&mut self, state: &mut DeviceState, effect: CommandEffect) -> bool {
        match effect {
            CommandEffect::ControlAnswered { token, code, status } => {
                let ids =
                    state.commands.as_deref().map(|all| all.controls_behind(&token)).unwrap_or_default();
                for id in &ids {
                    self.finish(state, *id, Finish::answered(code, status.clone(), None));
                }
                !ids.is_empty()
            }
            CommandEffect::ActionAnswered { token, code, status, response } => {
                let id = state.commands.as_deref().and_then(|all| {
                    all.position_of_token(&token, false).map(|position| all.outstanding[position].view.id)
                });
                if let Some(id) = id {
                    self.finish(state, id, Finish::answered(code, status, response));
                }
                id.is_some()
            }
            CommandEffect::StatusRead { token, ids } => {
                self.note_status_read(state, StatusRead { token, ids });
                true
            }
            CommandEffect::Cleared { token } => {
                let ids =
                    state.commands.as_deref().map(|all| all.controls_behind(&token)).unwrap_or_default();
                for id in ids {
                    self.clear(state, id);
                }
                true
            }
        }
    }

    /// The router learnt what became of a message.
    pub(crate) fn delivered(&mut self, state: &mut DeviceState, id: CommandId, delivered: bool) {
        let now = self.recorder.now;
        self.change(state, id, |view| match (view.state, delivered) {
            (CommandState::Stored | CommandState::Sent, true) => {
                view.state = CommandState::Received;
                view.updated_at = now;
                true
            }
            (CommandState::Sent, false) => {
                view.state = CommandState::Stored;
                view.updated_at = now;
                true
            }
            _ => false,
        });
    }

    /// The message goes out now.
    pub(crate) fn sent(&mut self, state: &mut DeviceState, id: CommandId) {
        let now = self.recorder.now;
        self.change(state, id, |view| {
            let first = view.state == CommandState::Stored;
            if first {
                view.state = CommandState::Sent;
                view.updated_at = now;
            }
            first
        });
    }

    /// Ends a command from outside of a device's batch. `submit` hands the last record over; if it is refused, the
    /// command stays as it was, with its timer.
    pub(crate) fn end<T, E>(
        &mut self,
        state: &mut DeviceState,
        id: CommandId,
        finish: impl FnOnce(&CommandView) -> Finish,
        submit: impl FnOnce(&mut Batch) -> Result<T, E>,
    ) -> Result<Option<T>, E> {
        let Some((position, entry)) = take(state, id) else {
            // An entry whose command is gone must not come due for ever.
            self.timers.remove(id);
            return Ok(None);
        };
        let ended = self.record_end(state, entry.view.clone(), finish(&entry.view));
        match submit(self.recorder.batch) {
            Ok(ticket) => {
                self.conclude(state, entry.waiter, ended);
                Ok(Some(ticket))
            }
            Err(refused) => {
                if let Some(commands) = state.commands.as_deref_mut() {
                    commands.outstanding.insert(position, entry);
                }
                Err(refused)
            }
        }
    }

    /// Ends a command: its last record, its timer, its caller.
    pub(crate) fn finish(&mut self, state: &mut DeviceState, id: CommandId, finish: Finish) {
        let Some((_, entry)) = take(state, id) else { return };
        let ended = self.record_end(state, entry.view, finish);
        self.conclude(state, entry.waiter, ended);
    }

    /// Writes the last record of a command; gives back the command as it ended.
    fn record_end(&mut self, state: &mut DeviceState, mut view: CommandView, finish: Finish) -> CommandView {
        view.state = finish.state;
        view.updated_at = self.recorder.now;
        view.code = finish.code;
        view.status = finish.status.map(String::from);
        view.response =
            finish.response.and_then(|response| RawValue::from_string(response.into_string()).ok());
        if self.record(state, &view).is_err() {
            view.response = None;
            view.status = Some("the device's response is too large to be kept".to_owned());
            if self.record(state, &view).is_err() {
                let (device, command) = (self.device.id.0, view.id);
                tracing::error!(device, %command, "a command's end could not be recorded");
            }
        }
        view
    }

    /// A command that has ended has no timer any more, and its caller is told once the end is durable.
    fn conclude(
        &mut self,
        state: &mut DeviceState,
        waiter: Option<oneshot::Sender<CommandView>>,
        ended: CommandView,
    ) {
        self.timers.remove(ended.id);
        self.device.product().recent.command_ended(ended.state, self.recorder.now);
        if state.commands.as_deref().is_some_and(DeviceCommands::is_empty) {
            state.commands = None;
        }
        if let Some(waiter) = waiter {
            let view = Box::new(ended);
            self.completions.push(Completion(CompletionKind::Answered { waiter, view }));
        }
    }

    /// Writes a command as it is now; the end of an action also into the action log.
    fn record(
        &mut self,
        state: &mut DeviceState,
        view: &CommandView,
    ) -> Result<(), yizhan_journal::TooLarge> {
        let body = encode(view);
        self.recorder.push(state, RecordKind::Log(LogKind::Command), &body)?;
        if view.state.is_final() && view.kind != CommandKind::Control {
            self.recorder.push(state, RecordKind::Log(LogKind::Action), &body)?;
        }
        Ok(())
    }

    fn change(
        &mut self,
        state: &mut DeviceState,
        id: CommandId,
        change: impl FnOnce(&mut CommandView) -> bool,
    ) {
        let Some(commands) = state.commands.as_deref_mut() else { return };
        let Some(position) = commands.position(id) else { return };
        let view = &mut commands.outstanding[position].view;
        if change(view) {
            let view = view.clone();
            if self.record(state, &view).is_err() {
                tracing::error!(device = self.device.id.0, command = %id, "a command's step could not be recorded");
            }
        }
    }

    fn clear(&mut self, state: &mut DeviceState, id: CommandId) {
        let now = self.recorder.now;
        let grace = i64::try_from(self.config.clear_grace.as_millis()).unwrap_or(i64::MAX);
        let (timers, due) = (self.timers, self.monotonic.plus(self.config.clear_grace));
        self.change(state, id, |view| {
            let first = !view.cleared;
            if first {
                view.cleared = true;
                view.state = CommandState::Received;
                view.updated_at = now;
                view.expires_at = view.expires_at.min(now.plus_ms(grace));
                timers.bring_forward(id, due);
            }
            first
        });
    }

    fn note_status_read(&mut self, state: &mut DeviceState, read: StatusRead) {
        let body = records::state::encode_status_read(&read);
        let known = match state.commands.as_deref_mut() {
            Some(commands) => {
                commands.status_read = Some(read);
                true
            }
            None => false,
        };
        if known && self.recorder.push(state, RecordKind::State(records::STATE_STATUS_READ), &body).is_err() {
            tracing::warn!(device = self.device.id.0, "a status read could not be recorded");
        }
    }
}

/// Takes a command out of the state, and from where.
fn take(state: &mut DeviceState, id: CommandId) -> Option<(usize, Outstanding)> {
    let commands = state.commands.as_deref_mut()?;
    let position = commands.position(id)?;
    Some((position, commands.outstanding.remove(position)))
}
