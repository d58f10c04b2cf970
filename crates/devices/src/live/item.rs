//! A durable record as watchers see it: the same entries that the logs show, and the values that came with them.

use std::collections::BTreeMap;
use std::sync::Arc;

use yizhan_journal::{LogEntry, LogKind, Order, RecordKind, RecordView};
use yizhan_vocabulary::{PointValue, UnixMillis};

use super::LiveKinds;
use crate::queries::{LogName, LogView, views};
use crate::registry::Device;
use crate::{Devices, records::STATE_POINTS};

/// Something that happened to a device.
#[derive(Debug)]
pub struct LiveItem {
    /// The device.
    pub device: Arc<Device>,
    /// When, by the server's clock; of values with a time of their own, that.
    pub time: UnixMillis,
    /// Its place in the order of all changes. A message, its answer and its values have the same.
    pub seq: u64,
    /// What.
    pub content: LiveContent,
}

/// What happened.
#[derive(Debug)]
pub enum LiveContent {
    /// An entry of a log.
    Entry(LogView),
    /// Values of properties, by identifier.
    Values(BTreeMap<Box<str>, PointValue>),
}

impl Devices {
    /// What a watcher of `kinds` sees of a record; nothing when the device is gone or a newer release wrote it.
    pub fn live_items(&self, record: &[u8], kinds: LiveKinds, out: &mut Vec<LiveItem>) {
        let Some(read) = RecordView::read(record) else { return };
        let Some(device) = self.device(read.stream) else { return };
        if kinds.has(LiveKinds::VALUES)
            && matches!(read.kind, RecordKind::Log(LogKind::Content) | RecordKind::State(STATE_POINTS))
        {
            push_values(&device, &read, out);
        }
        let wanted = |log: LogName| kinds.has(LiveKinds::of_log(log));
        let RecordKind::Log(kind) = read.kind else { return };
        let Some(log) = LogName::of_kind(kind).filter(|log| wanted(*log)) else { return };
        push_entry(&device, log, &LogEntry::of(&read), out);
    }
}

impl LiveKinds {
    /// The kind of a log's entries; none for the log of actions, whose entries are in the one of commands too.
    pub(super) const fn of_log(log: LogName) -> Self {
        match log {
            LogName::Content => Self::MESSAGES,
            LogName::Event => Self::EVENTS,
            LogName::Action => Self(0),
            LogName::Connection => Self::PRESENCE,
            LogName::Diagnostic => Self::DIAGNOSTICS,
            LogName::Command => Self::COMMANDS,
            LogName::Device => Self::DEVICE_LOGS,
        }
    }
}

/// A record's entries, a message before its answer.
pub(super) fn push_entry(device: &Arc<Device>, log: LogName, entry: &LogEntry, out: &mut Vec<LiveItem>) {
    for view in views(device, log, entry, Order::Ascending) {
        let device = Arc::clone(device);
        out.push(LiveItem { device, time: entry.time, seq: entry.seq, content: LiveContent::Entry(view) });
    }
}

fn push_values(device: &Arc<Device>, read: &RecordView<'_>, out: &mut Vec<LiveItem>) {
    let Some(model) = device.product().model() else { return };
    let values: BTreeMap<_, _> = read
        .points()
        .filter_map(|(number, value)| Some((model.property_by_number(number)?.identifier.clone(), value)))
        .collect();
    if !values.is_empty() {
        let (device, content) = (Arc::clone(device), LiveContent::Values(values));
        out.push(LiveItem { device, time: read.time, seq: read.seq, content });
    }
}
