//! How virtual devices behave and are doing.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::Device;
use yizhan_virtual_devices::{Behaviour, Portrait, State, VirtualDevice};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;

/// Which virtual device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVirtualDevice {
    product_id: String,
    device_name: String,
}

/// Which virtual devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeVirtualDevices {
    /// Those of one product; of all products without it.
    product_id: Option<String>,
}

/// A virtual device.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedVirtualDevice {
    virtual_device: VirtualDeviceEntry,
}

/// Virtual devices, the last changed first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedVirtualDevices {
    virtual_devices: Vec<VirtualDeviceEntry>,
}

/// A device whose part the server plays or has played.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VirtualDeviceEntry {
    product_id: String,
    device_name: String,
    /// Whether it is to run; it goes on after a restart of the server.
    running: bool,
    /// `Stopped`, `Connecting`, `Online`, `Waiting` (it tries again soon), or `Displaced` (the real device is connected; it
    /// goes on when that one has gone).
    state: &'static str,
    /// Since when, in milliseconds.
    since: i64,
    behaviour: Behaviour,
    /// What went wrong last, since it was started.
    last_error: Option<LastError>,
    /// What it did since it was started; nothing while it is stopped.
    counts: Option<VirtualDeviceCounts>,
    /// JSON text: its present values, by property; empty while it is stopped.
    values: String,
    /// The account that changed it last.
    changed_by: i64,
    /// When, in milliseconds.
    updated_at: i64,
}

/// What went wrong.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LastError {
    /// When, in milliseconds.
    time: i64,
    /// `NotOpened`, `Refused`, `Broken`, `Displaced`, `NoModel` or `NoKey`.
    kind: &'static str,
    /// In words; for `Refused` the code of CONNACK.
    detail: String,
}

/// What a virtual device did.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VirtualDeviceCounts {
    connections: u64,
    reports: u64,
    events: u64,
    controls: u64,
    actions: u64,
    faults: u64,
    /// What the server answered to reports and events.
    answers: Vec<AnswerCount>,
}

/// How often the server gave an answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AnswerCount {
    code: i64,
    count: u64,
}

impl From<VirtualDevice> for VirtualDeviceEntry {
    fn from(it: VirtualDevice) -> Self {
        let VirtualDevice { device, row, behaviour, portrait } = it;
        let (state, since) = match &portrait {
            Some(portrait) => (shown(portrait.state), portrait.since_ms),
            None => ("Stopped", row.updated_at.0),
        };
        Self {
            product_id: device.product_id().to_string(),
            device_name: device.name.to_string(),
            running: row.running,
            state,
            since,
            behaviour,
            last_error: portrait.as_ref().and_then(last_error),
            counts: portrait.as_ref().map(counts),
            values: portrait.map(|portrait| portrait.values).unwrap_or_default(),
            changed_by: row.changed_by,
            updated_at: row.updated_at.0,
        }
    }
}

const fn shown(state: State) -> &'static str {
    match state {
        State::Connecting => "Connecting",
        State::Online => "Online",
        State::Waiting => "Waiting",
        State::Displaced => "Displaced",
    }
}

fn last_error(portrait: &Portrait) -> Option<LastError> {
    let trouble = portrait.trouble.as_ref()?;
    Some(LastError { time: trouble.at_ms, kind: trouble.kind.as_str(), detail: trouble.detail.clone() })
}

fn counts(portrait: &Portrait) -> VirtualDeviceCounts {
    let counts = &portrait.counts;
    VirtualDeviceCounts {
        connections: counts.connections,
        reports: counts.reports,
        events: counts.events,
        controls: counts.controls,
        actions: counts.actions,
        faults: counts.faults,
        answers: counts
            .answers
            .iter()
            .map(|(code, count)| AnswerCount { code: *code, count: *count })
            .collect(),
    }
}

impl DescribedVirtualDevice {
    /// The virtual device of `device`.
    pub(super) fn of(platform: &Platform, device: &Arc<Device>) -> Outcome<Self> {
        let found = platform.virtual_devices.find(device)?;
        let known = found.ok_or(const { Failure::new(Code::VirtualDeviceNotExist) })?;
        Ok(Self { virtual_device: known.into() })
    }

    /// What the audit log says of it.
    pub(super) fn noted(&self) -> serde_json::Value {
        let it = &self.virtual_device;
        json!({ "DeviceName": it.device_name, "Running": it.running, "Behaviour": it.behaviour })
    }
}

pub(crate) async fn one(call: Call, request: DescribeVirtualDevice) -> Outcome<DescribedVirtualDevice> {
    let device = call.device(&request.product_id, &request.device_name)?;
    call.blocking(move |platform| DescribedVirtualDevice::of(platform, &device)).await
}

pub(crate) async fn many(call: Call, request: DescribeVirtualDevices) -> Outcome<DescribedVirtualDevices> {
    let products = match request.product_id.filter(|id| !id.is_empty()) {
        Some(id) => vec![call.product(&id)?],
        None => call.every_product(),
    };
    let found = call.blocking(move |platform| platform.virtual_devices.of_products(&products)).await?;
    Ok(DescribedVirtualDevices { virtual_devices: found.into_iter().map(Into::into).collect() })
}
