//! Last values and commands of a device.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use serde::Serialize;
use yizhan_journal::{LogKind, Order, TimeRange};
use yizhan_vocabulary::{PointValue, PropertyNumber, ThingModel, UnixMillis};

use crate::commands::{self, CommandId, CommandView, DeviceCommands};
use crate::features::property::fits;
use crate::registry::{Device, LastValue, Product};
use crate::{Devices, DevicesError, SessionView};

/// A property's last value.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LatestValue {
    /// The value, as on the wire.
    pub value: PointValue,
    /// When it was reported.
    pub time: UnixMillis,
}

/// The values of properties that the model has and that still fit it.
fn shown(model: &ThingModel, values: Vec<LastValue>) -> BTreeMap<Box<str>, LatestValue> {
    let shown = values.into_iter().filter_map(|last| {
        let property = model.property_by_number(last.number)?;
        fits(&property.kind, &last.value)
            .then(|| (property.identifier.clone(), LatestValue { value: last.value, time: last.time }))
    });
    shown.collect()
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
        Ok(shown(&model, values))
    }

    /// The same for a caller that must not wait: `None` if the newest values are not durable yet.
    pub fn latest_now(&self, device: &Device) -> Option<BTreeMap<Box<str>, LatestValue>> {
        let Some(model) = device.product().model() else { return Some(BTreeMap::new()) };
        let values = {
            let state = device.state.lock();
            (device.durable_seq() >= state.awaited_seq).then(|| state.values.clone())?
        };
        Some(shown(&model, values))
    }

    /// Visits the last values of all devices of a product, as they are in memory, device by device.
    pub fn each_last_value(
        &self,
        product: &Product,
        mut visit: impl FnMut(&Device, PropertyNumber, &PointValue),
    ) {
        for device in product.devices() {
            // Copied, so that a device can report while the visitor thinks.
            let values = device.state.lock().values.clone();
            for last in &values {
                visit(&device, last.number, &last.value);
            }
        }
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
            let visible = |all: &DeviceCommands| all.visible().find(|view| view.id == id).cloned();
            (state.commands.as_deref().and_then(visible), state.awaited_seq)
        };
        self.wait_durable(device, seq)?;
        if let Some(view) = open {
            return Ok(view);
        }
        let made_at = Some(id.made_at());
        let mut newest = None;
        self.search_command(device, id, TimeRange { from: made_at, to: None }, &mut newest)?;
        if newest.as_ref().is_none_or(|(_, view)| !view.state.is_final()) {
            // The clock was set back after the command was made.
            self.search_command(device, id, TimeRange { from: None, to: made_at }, &mut newest)?;
        }
        newest
            .map(|(_, view)| view)
            .ok_or_else(|| DevicesError::NotFound(format!("the device has no command {id}")))
    }

    /// Looks for the newest record of a command in a part of the log; stops at its end.
    fn search_command(
        &self,
        device: &Device,
        id: CommandId,
        range: TimeRange,
        newest: &mut Option<(u64, CommandView)>,
    ) -> Result<(), DevicesError> {
        let mut cursor = None;
        loop {
            let page =
                self.journal().log(device.id, LogKind::Command, range, Order::Ascending, 256, cursor)?;
            for entry in &page.items {
                let Some(view) = commands::decode(&entry.body).filter(|view| view.id == id) else { continue };
                if newest.as_ref().is_none_or(|(seq, _)| *seq < entry.seq) {
                    *newest = Some((entry.seq, view));
                }
            }
            let ended = newest.as_ref().is_some_and(|(_, view)| view.state.is_final());
            match page.next {
                Some(next) if !ended => cursor = Some(next),
                _ => return Ok(()),
            }
        }
    }

    /// How many commands of the device have no final state.
    pub fn open_commands(&self, device: &Device) -> usize {
        device.state.lock().commands.as_deref().map_or(0, |all| all.visible().count())
    }

    /// When the newest of its last values was reported.
    pub fn newest_value_at(&self, device: &Device) -> Option<UnixMillis> {
        device.state.lock().values.iter().map(|last| last.time).max()
    }

    /// What is known of the device's session; nothing if it has none.
    pub fn session_of(&self, device: &Device) -> Option<SessionView> {
        self.0.links.get()?.session(device.id)
    }

    /// The newest commands of the device, newest first.
    pub fn commands(&self, device: &Arc<Device>, limit: usize) -> Result<Vec<CommandView>, DevicesError> {
        /// Records looked at for each command that is asked for: a command has up to five.
        const RECORDS_PER_COMMAND: usize = 5;
        let limit = limit.clamp(1, self.0.config.max_query_limit);
        let (mut found, seq): (Vec<CommandView>, u64) = {
            let state = device.state.lock();
            let visible = |all: &DeviceCommands| all.visible().cloned().collect();
            (state.commands.as_deref().map(visible).unwrap_or_default(), state.awaited_seq)
        };
        self.wait_durable(device, seq)?;
        let open: HashSet<CommandId> = found.iter().map(|view| view.id).collect();
        let order = Order::Descending;
        let records = limit * RECORDS_PER_COMMAND;
        let page = self.journal().log(device.id, LogKind::Command, TimeRange::ALL, order, records, None)?;
        let mut ended: HashMap<CommandId, (u64, CommandView)> = HashMap::new();
        for entry in &page.items {
            let Some(view) = commands::decode(&entry.body) else { continue };
            let newer = ended.get(&view.id).is_none_or(|(seq, _)| *seq < entry.seq);
            if newer && !open.contains(&view.id) {
                ended.insert(view.id, (entry.seq, view));
            }
        }
        found.extend(ended.into_values().map(|(_, view)| view));
        found.sort_unstable_by_key(|view| std::cmp::Reverse(view.id));
        found.truncate(limit);
        Ok(found)
    }
}
