//! The commands of one device that have no final state yet, and the controls it was told under a token of its own.

use tokio::sync::oneshot;

use super::{CommandId, CommandKind, CommandView};

/// What waits for one device. Exists only while something waits.
#[derive(Debug, Default)]
pub(crate) struct DeviceCommands {
    /// In the order of their making.
    pub outstanding: Vec<Outstanding>,
    /// The last `get_status` that was answered with pending controls.
    pub status_read: Option<StatusRead>,
}

/// One command and whoever waits for its end.
#[derive(Debug)]
pub(crate) struct Outstanding {
    pub view: CommandView,
    /// Whether the log holds the command. Until then nobody may see it: it may yet come to nothing.
    pub durable: bool,
    pub waiter: Option<oneshot::Sender<CommandView>>,
    /// While the log is read: the first and the newest record of the command seen so far.
    records: (u64, u64),
}

impl Outstanding {
    /// A command that is on its way into the log.
    pub(crate) fn new(view: CommandView, waiter: oneshot::Sender<CommandView>) -> Self {
        Self { view, durable: false, waiter: Some(waiter), records: (0, 0) }
    }
}

/// The device's token under which it was told controls; it answers them with it (facts §2.2).
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct StatusRead {
    pub token: Box<str>,
    pub ids: Vec<CommandId>,
}

impl DeviceCommands {
    /// Whether a control with this token waits for its answer.
    pub(crate) fn has_control(&self, token: &str) -> bool {
        self.position_of_token(token, true).is_some()
    }

    /// The commands that may be seen.
    pub(crate) fn visible(&self) -> impl Iterator<Item = &CommandView> {
        self.outstanding.iter().filter(|entry| entry.durable).map(|entry| &entry.view)
    }

    /// Controls that belong into `get_status_reply`, oldest first.
    pub(crate) fn pending_controls(&self) -> impl Iterator<Item = &CommandView> {
        self.visible().filter(|view| view.is_pending_control())
    }

    /// Where the command with this id is.
    pub(crate) fn position(&self, id: CommandId) -> Option<usize> {
        self.outstanding.iter().position(|entry| entry.view.id == id)
    }

    /// Where the control, or the action, with this token is.
    pub(crate) fn position_of_token(&self, token: &str, control: bool) -> Option<usize> {
        self.outstanding.iter().position(|entry| {
            (entry.view.kind == CommandKind::Control) == control && entry.view.client_token == token
        })
    }

    /// The commands that a device's token stands for: that of the command itself, or of the `get_status` it was
    /// read with.
    pub(crate) fn controls_behind(&self, token: &str) -> Vec<CommandId> {
        if let Some(position) = self.position_of_token(token, true) {
            return vec![self.outstanding[position].view.id];
        }
        match &self.status_read {
            Some(read) if &*read.token == token => {
                read.ids.iter().copied().filter(|id| self.position(*id).is_some()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Puts a command back as the record `seq` said, whatever the order in which records come and whatever the clock
    /// was set to: a later record wins, and the first ones give the order of making. An image counts as record 0.
    pub(crate) fn restore(&mut self, view: CommandView, seq: u64) {
        match self.position(view.id) {
            Some(position) => {
                let entry = &mut self.outstanding[position];
                if entry.records.1 <= seq {
                    entry.view = view;
                }
                entry.records = (entry.records.0.min(seq), entry.records.1.max(seq));
            }
            None => {
                self.outstanding.push(Outstanding { view, durable: true, waiter: None, records: (seq, seq) });
            }
        }
        self.outstanding.sort_by_key(|entry| entry.records.0);
    }

    /// Whether nothing waits any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.outstanding.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use yizhan_vocabulary::UnixMillis;

    use super::*;
    use crate::commands::CommandState;

    fn control(id: u64, state: CommandState) -> CommandView {
        CommandView {
            id: CommandId(id),
            kind: CommandKind::Control,
            client_token: format!("t{id}"),
            state,
            params: RawValue::from_string("{}".into()).unwrap(),
            code: None,
            status: None,
            response: None,
            created_at: UnixMillis(0),
            updated_at: UnixMillis(0),
            expires_at: UnixMillis(0),
            cleared: false,
        }
    }

    #[test]
    fn a_command_is_seen_only_once_it_is_durable() {
        let mut commands = DeviceCommands::default();
        let (sender, _receiver) = oneshot::channel();
        commands.outstanding.push(Outstanding::new(control(1, CommandState::Stored), sender));
        assert_eq!((commands.visible().count(), commands.pending_controls().count()), (0, 0));
        commands.outstanding[0].durable = true;
        assert_eq!((commands.visible().count(), commands.pending_controls().count()), (1, 1));
    }

    #[test]
    fn records_in_any_order_give_the_newest_state_and_the_order_of_making() {
        let mut commands = DeviceCommands::default();
        for (id, state, seq) in [
            (7, CommandState::Received, 14),
            (9, CommandState::Stored, 11),
            (7, CommandState::Stored, 10),
            (7, CommandState::Sent, 12),
        ] {
            commands.restore(control(id, state), seq);
        }
        let found: Vec<_> = commands.visible().map(|view| (view.id.0, view.state)).collect();
        assert_eq!(found, [(7, CommandState::Received), (9, CommandState::Stored)]);
    }
}
