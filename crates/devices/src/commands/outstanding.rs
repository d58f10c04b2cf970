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
    pub waiter: Option<oneshot::Sender<CommandView>>,
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

    /// Controls that belong into `get_status_reply`, oldest first.
    pub(crate) fn pending_controls(&self) -> impl Iterator<Item = &CommandView> {
        self.outstanding.iter().map(|entry| &entry.view).filter(|view| view.is_pending_control())
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

    /// Puts a command back as a record of it said; newer knowledge wins.
    pub(crate) fn restore(&mut self, view: CommandView) {
        match self.position(view.id) {
            Some(position) if self.outstanding[position].view.updated_at > view.updated_at => {}
            Some(position) => self.outstanding[position].view = view,
            None => {
                let place = self.outstanding.partition_point(|entry| entry.view.id < view.id);
                self.outstanding.insert(place, Outstanding { view, waiter: None });
            }
        }
    }

    /// Whether nothing waits any more.
    pub(crate) fn is_empty(&self) -> bool {
        self.outstanding.is_empty()
    }
}
