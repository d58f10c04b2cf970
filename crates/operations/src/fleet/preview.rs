//! What a deletion takes with it, before anybody confirms it.

use std::collections::HashSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Condition, Device};
use yizhan_vocabulary::DeviceId;

use super::selection::Selection;
use crate::call::Call;
use crate::failure::{Failure, Outcome};

/// Names that are shown of those that are online, and of those that are bound.
const SHOWN: usize = 20;

/// Devices that may go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PreviewDeleteDevices {
    selection: Selection,
}

/// What goes with them.
#[derive(Debug, Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeletionPreview {
    /// How many devices.
    devices: u64,
    /// How many of them are connected now; their connections end.
    online: u64,
    /// The first twenty of those.
    online_names: Vec<String>,
    /// How many users have bound in a family; these stay unless the deletion is forced.
    bound: u64,
    /// The first twenty of those.
    bound_names: Vec<String>,
    /// How many were activated, and have reported or may have: their history and logs go.
    with_data: u64,
    /// Commands that have no answer yet, of all of them together; they end as failed.
    open_commands: u64,
}

impl DeletionPreview {
    fn add(&mut self, device: &Device, bound: bool, open_commands: usize) {
        let note = |names: &mut Vec<String>| {
            if names.len() < SHOWN {
                names.push(device.name.to_string());
            }
        };
        self.devices += 1;
        if device.present_status() == yizhan_devices::Status::Online {
            self.online += 1;
            note(&mut self.online_names);
        }
        if bound {
            self.bound += 1;
            note(&mut self.bound_names);
        }
        let activated = device.condition() != Condition::Inactive && device.activated_at().is_some();
        self.with_data += u64::from(activated);
        self.open_commands += open_commands as u64;
    }
}

pub(crate) async fn preview(call: Call, request: PreviewDeleteDevices) -> Outcome<DeletionPreview> {
    let selected = request.selection.resolve(&call)?;
    call.blocking(move |platform| {
        let devices = selected.all()?;
        let bound: HashSet<DeviceId> = platform.apps.bound_devices()?;
        let mut preview = DeletionPreview::default();
        for device in &devices {
            preview.add(device, bound.contains(&device.id), platform.devices.open_commands(device));
        }
        Ok::<_, Failure>(preview)
    })
    .await
}
