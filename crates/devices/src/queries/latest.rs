//! Last values and commands of a device.

use std::collections::BTreeMap;
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use yizhan_journal::{LogKind, Order, TimeRange};
use yizhan_vocabulary::{PointValue, UnixMillis};

use crate::commands::{self, CommandId, CommandView};
use crate::features::property::fits;
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// A property's last value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatestValue {
    /// The value, as on the wire.
    pub value: PointValue,
    /// When it was reported.
    pub time: UnixMillis,
}

impl Devices {
    /// The last value of every property that the present thing model has, by identifier.
    pub fn latest(&self, device: &Arc<Device>) -> Result<BTreeMap<Box<str>, LatestValue>, DevicesError> {
        let Some(model) = device.product().model() else { return Ok(BTreeMap::new()) };
        let (values, seq) = {
            let state = device.state.lock();
            (state.values.clone(), state.awaited_seq)
        };
        self.wait_durable(device, seq)?;
        let shown = values.into_iter().filter_map(|last| {
            let property = model.property_by_number(last.number)?;
            fits(&property.kind, &last.value)
                .then(|| (property.identifier.clone(), LatestValue { value: last.value, time: last.time }))
        });
        Ok(shown.collect())
    }

    fn wait_durable(&self, device: &Device, seq: u64) -> Result<(), DevicesError> {
        if self.0.durability.wait(device, seq, self.0.config.durability_wait) {
            return Ok(());
        }
        Err(DevicesError::Unavailable("the newest values are not durable yet; try again".to_owned()))
    }

    /// A command of the device, open or ended.
    pub fn command(&self, device: &Arc<Device>, id: CommandId) -> Result<CommandView, DevicesError> {
        let (open, seq) = {
            let state = device.state.lock();
            let open = state
                .commands
                .as_deref()
                .and_then(|all| all.position(id).map(|position| all.outstanding[position].view.clone()));
            (open, state.awaited_seq)
        };
        self.wait_durable(device, seq)?;
        if let Some(view) = open {
            return Ok(view);
        }
        let range = TimeRange { from: Some(id.made_at()), to: None };
        let mut cursor = None;
        let mut newest: Option<CommandView> = None;
        while newest.as_ref().is_none_or(|view| !view.state.is_final()) {
            let page =
                self.journal().log(device.id, LogKind::Command, range, Order::Ascending, 256, cursor)?;
            let steps = page.items.iter().filter_map(|entry| commands::decode(&entry.body));
            for view in steps.filter(|view| view.id == id) {
                if newest.as_ref().is_none_or(|known| known.updated_at <= view.updated_at) {
                    newest = Some(view);
                }
            }
            match page.next {
                Some(next) => cursor = Some(next),
                None => break,
            }
        }
        newest.ok_or_else(|| DevicesError::NotFound(format!("the device has no command {id}")))
    }

    /// The newest commands of the device, newest first.
    pub fn commands(&self, device: &Arc<Device>, limit: usize) -> Result<Vec<CommandView>, DevicesError> {
        /// Records looked at for each command that is asked for: a command has up to five.
        const RECORDS_PER_COMMAND: usize = 5;
        let limit = limit.clamp(1, self.0.config.max_query_limit);
        let (mut found, seq) = {
            let state = device.state.lock();
            let open: Vec<CommandView> = state
                .commands
                .as_deref()
                .map(|all| all.outstanding.iter().map(|entry| entry.view.clone()).collect())
                .unwrap_or_default();
            (open, state.awaited_seq)
        };
        self.wait_durable(device, seq)?;
        let mut seen: HashSet<CommandId> = found.iter().map(|view| view.id).collect();
        let order = Order::Descending;
        let records = limit * RECORDS_PER_COMMAND;
        let page = self.journal().log(device.id, LogKind::Command, TimeRange::ALL, order, records, None)?;
        for view in page.items.iter().filter_map(|entry| commands::decode(&entry.body)) {
            if seen.insert(view.id) {
                found.push(view);
            }
        }
        found.sort_unstable_by_key(|view| std::cmp::Reverse(view.id));
        found.truncate(limit);
        Ok(found)
    }

    /// Waits until the last known values are durable, for at most `wait`; for callers that poll.
    pub fn settle(&self, device: &Arc<Device>, wait: Duration) -> bool {
        let seq = device.state.lock().awaited_seq;
        self.0.durability.wait(device, seq, wait)
    }
}
