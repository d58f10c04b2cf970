//! Lists of devices as files.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use yizhan_devices::Device;
use yizhan_vocabulary::UnixMillis;

use super::results::{StartedJob, keep};
use super::selection::Selection;
use super::table::{TableWriter, tags_in_field};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::jobs::{Job, JobEnd, JobKind, NewJob};
use crate::text::iso;

/// Columns of a list, in their order; the key is behind them where it was asked for.
const HEADINGS: [&str; 14] = [
    "ProductId",
    "ProductName",
    "DeviceName",
    "State",
    "Enabled",
    "Since",
    "LastOnlineTime",
    "CreateTime",
    "ActivateTime",
    "Transport",
    "Address",
    "MqttVersion",
    "FirmwareVersion",
    "tags",
];

/// Devices whose list is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExportDevices {
    selection: Selection,
    /// Whether each device's key stands in the list; whoever has the file can then speak for the devices.
    with_keys: Option<bool>,
}

pub(crate) async fn start(call: Call, request: ExportDevices) -> Outcome<StartedJob> {
    let selected = request.selection.resolve(&call)?;
    let with_keys = request.with_keys.unwrap_or(false);
    let devices = call.blocking(move |_| selected.all()).await?;
    if devices.is_empty() {
        return Err(Failure::new(Code::FailedOperation).because("no device fits"));
    }
    call.changed(Some(request.selection.seen()), Some(json!({ "WithKeys": with_keys })));
    let new = super::change::titled(NewJob::new(JobKind::ExportDevices, devices.len() as u64), &devices);
    let working = call.clone();
    let job =
        call.platform().jobs.start(&call, new, move |job| export(job, &working, &devices, with_keys)).await?;
    Ok(StartedJob::of(job))
}

fn export(job: &Job, call: &Call, devices: &[Arc<Device>], with_keys: bool) -> Result<(), JobEnd> {
    let key = with_keys.then_some("DevicePsk");
    let headings: Vec<&str> = HEADINGS.into_iter().chain(key).collect();
    let mut table = TableWriter::new(&headings)?;
    let mut written = 0_u64;
    for device in devices {
        job.go_on()?;
        match call.device(device.product_id().as_str(), device.name.as_str()) {
            Ok(device) => {
                table.row(&fields(&device, with_keys))?;
                written += 1;
                job.advance(1);
            }
            Err(failure) => job.fail(device.name.as_str(), &failure),
        }
    }
    job.result("Count", written);
    keep(job, call, "devices.csv", &table.finish()?, with_keys)
}

fn fields(device: &Device, with_keys: bool) -> Vec<String> {
    let product = device.product();
    let presence = device.status();
    let time = |at: Option<UnixMillis>| at.map(iso).unwrap_or_default();
    let mut fields = vec![
        product.id.to_string(),
        product.settings().name.clone(),
        device.name.to_string(),
        device.condition().as_str().to_owned(),
        i64::from(device.switched_on()).to_string(),
        time(presence.since),
        time(presence.last_online_at),
        iso(device.created_at),
        time(device.activated_at()),
        presence.transport.map(Into::into).unwrap_or_default(),
        presence.address.unwrap_or_default(),
        presence.mqtt_version.map(Into::into).unwrap_or_default(),
        device.firmware().unwrap_or_default(),
        device.tags().as_ref().map(|tags| tags_in_field(tags)).unwrap_or_default(),
    ];
    if with_keys {
        fields.push(device.secret().map(|secret| secret.as_text().to_owned()).unwrap_or_default());
    }
    fields
}
