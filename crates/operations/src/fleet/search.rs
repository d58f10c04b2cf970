//! The list of devices that people work with.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Condition, Device, DeviceOrder, DevicePage, search_devices};
use yizhan_vocabulary::UnixMillis;

use super::selection::{Selected, Selection, Standing};
use crate::call::Call;
use crate::failure::{Failure, Outcome};
use crate::page::Page;
use crate::tags::{TagItem, items};

/// The longest page.
const MAX_LIMIT: i64 = 200;
/// The page of a caller that does not say how long.
const DEFAULT_LIMIT: i64 = 20;

/// What a list is ordered by.
#[derive(Debug, Clone, Copy, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum SortBy {
    /// When they were made.
    #[default]
    Created,
    /// Their names.
    Name,
    /// When they last came or went.
    Changed,
    /// When they last came online.
    LastOnline,
}

/// What to search for.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SearchDevices {
    selection: Selection,
    /// `created` if it is not given.
    sort: Option<SortBy>,
    /// Whether the last of that order comes first.
    descending: Option<bool>,
    /// Devices to pass over.
    offset: Option<i64>,
    /// 1 to 200; 20 if it is not given.
    limit: Option<i64>,
    /// Whether `Standing` is wanted: how many there are of each state.
    count_states: Option<bool>,
}

/// A page of devices.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct FoundDevices {
    devices: Vec<DeviceRow>,
    /// How many fit in all.
    total: u64,
    /// How many of each state there are, whatever `States` asks for; only if it was asked for.
    standing: Option<StandingCounts>,
}

/// How many devices stand how.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StandingCounts {
    online: u64,
    offline: u64,
    inactive: u64,
    disabled: u64,
}

/// A device in a list; without its key.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceRow {
    product_id: String,
    product_name: String,
    device_name: String,
    state: Standing,
    /// Whether the device itself may connect; its product may be disabled all the same.
    enabled: bool,
    /// Since when it is connected or not, in milliseconds; none for a device that never was.
    since: Option<i64>,
    /// When it last came online, in milliseconds.
    last_online_time: Option<i64>,
    /// When it was made, in milliseconds.
    create_time: i64,
    /// When it connected for the first time, in milliseconds.
    activate_time: Option<i64>,
    /// Where it is, or was last, connected from.
    address: Option<String>,
    /// `tcp`, `tls`, `psk`, `ws` or `wss`.
    transport: Option<String>,
    /// With which MQTT version.
    mqtt_version: Option<String>,
    /// The firmware that it said it has.
    firmware_version: Option<String>,
    tags: Vec<TagItem>,
}

pub(super) fn millis(at: Option<UnixMillis>) -> Option<i64> {
    at.map(|at| at.0)
}

impl DeviceRow {
    fn of(device: &Device) -> Self {
        let product = device.product();
        let presence = device.status();
        Self {
            product_id: product.id.to_string(),
            product_name: product.settings().name.clone(),
            device_name: device.name.to_string(),
            state: device.condition().into(),
            enabled: device.switched_on(),
            since: millis(presence.since),
            last_online_time: millis(presence.last_online_at),
            create_time: device.created_at.0,
            activate_time: millis(device.activated_at()),
            address: presence.address,
            transport: presence.transport.map(Into::into),
            mqtt_version: presence.mqtt_version.map(Into::into),
            firmware_version: device.firmware(),
            tags: device.tags().as_ref().map(|tags| items(tags)).unwrap_or_default(),
        }
    }
}

pub(crate) async fn search(call: Call, request: SearchDevices) -> Outcome<FoundDevices> {
    let selected = request.selection.resolve(&call)?;
    let page = Page::within(request.offset, request.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let order = match request.sort.unwrap_or_default() {
        SortBy::Created => DeviceOrder::Made,
        SortBy::Name => DeviceOrder::Name,
        SortBy::Changed => DeviceOrder::Changed,
        SortBy::LastOnline => DeviceOrder::LastOnline,
    };
    let counted = request.count_states.unwrap_or(false);
    let descending = request.descending.unwrap_or(false);
    call.blocking(move |_| {
        let found = match selected {
            Selected::Named(devices) => page_of_named(devices, page),
            Selected::Fitting(products, mut query) => {
                query.order = order;
                query.descending = descending;
                query.count_standing = counted;
                query.offset = page.offset();
                query.limit = page.limit();
                search_devices(&products, &query)
            }
        };
        Ok::<_, Failure>(FoundDevices {
            devices: found.devices.iter().map(|device| DeviceRow::of(device)).collect(),
            total: found.total as u64,
            standing: counted.then(|| counts(&found)),
        })
    })
    .await
}

fn page_of_named(devices: Vec<std::sync::Arc<Device>>, page: Page) -> DevicePage {
    let mut standing = [0; Condition::ALL.len()];
    for device in &devices {
        standing[device.condition() as usize] += 1;
    }
    DevicePage { total: devices.len(), devices: page.cut(devices), standing }
}

fn counts(found: &DevicePage) -> StandingCounts {
    let of = |condition: Condition| found.standing[condition as usize] as u64;
    StandingCounts {
        online: of(Condition::Online),
        offline: of(Condition::Offline),
        inactive: of(Condition::Inactive),
        disabled: of(Condition::Disabled),
    }
}
