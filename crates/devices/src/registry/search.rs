//! Lists of devices: one page of those that fit, in the order of their making, with the number of all of them. One
//! pass over the devices of a product, with the cheapest question first; nothing is sorted for a single product.

use std::sync::Arc;

use memchr::memmem::Finder;
use serde::Deserialize;

use super::{Device, Product, Status};

/// Which devices are asked for; what is empty lets all pass.
#[derive(Debug, Clone, Default)]
pub struct DeviceQuery {
    /// A part of the name.
    pub name: Option<String>,
    /// Keys of tags with a part of their values; a device must have all of them.
    pub tags: Vec<(String, String)>,
    /// The firmware that the device said it has.
    pub firmware: Option<FirmwareQuery>,
    /// Whether it is there.
    pub status: Option<Status>,
    /// Hits to pass over.
    pub offset: usize,
    /// The most hits to give.
    pub limit: usize,
}

/// Which firmware is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FirmwareQuery {
    /// A device that never said.
    None,
    /// Exactly this version.
    Version(String),
}

/// One page of devices.
#[derive(Debug)]
pub struct DevicePage {
    /// The devices, oldest first.
    pub devices: Vec<Arc<Device>>,
    /// How many fit in all.
    pub total: usize,
}

/// Devices of these products that fit. Products are searched one after the other; a page of several products is in
/// the order of making over all of them.
pub fn search_devices(products: &[Arc<Product>], query: &DeviceQuery) -> DevicePage {
    let filter = Filter::of(query);
    if let [product] = products {
        return search_one(product, &filter, query);
    }
    let mut found: Vec<Arc<Device>> = Vec::new();
    for product in products {
        filter.each_fitting(product, |device| found.push(Arc::clone(device)));
    }
    let total = found.len();
    let end = query.offset.saturating_add(query.limit);
    if end < total {
        // Only the page has to be in order, and what comes before it.
        found.select_nth_unstable_by_key(end, |device| device.id);
        found.truncate(end);
    }
    found.sort_unstable_by_key(|device| device.id);
    let devices = found.into_iter().skip(query.offset).take(query.limit).collect();
    DevicePage { devices, total }
}

fn search_one(product: &Product, filter: &Filter<'_>, query: &DeviceQuery) -> DevicePage {
    if filter.is_empty() {
        let (devices, total) = product.device_page(query.offset, query.limit);
        return DevicePage { devices, total };
    }
    let (mut total, mut devices) = (0, Vec::new());
    filter.each_fitting(product, |device| {
        if total >= query.offset && devices.len() < query.limit {
            devices.push(Arc::clone(device));
        }
        total += 1;
    });
    DevicePage { devices, total }
}

struct Filter<'a> {
    name: Option<Finder<'a>>,
    tags: &'a [(String, String)],
    firmware: Option<&'a FirmwareQuery>,
    status: Option<Status>,
}

impl<'a> Filter<'a> {
    fn of(query: &'a DeviceQuery) -> Self {
        Self {
            name: query.name.as_deref().filter(|name| !name.is_empty()).map(Finder::new),
            tags: &query.tags,
            firmware: query.firmware.as_ref(),
            status: query.status,
        }
    }

    fn is_empty(&self) -> bool {
        self.name.is_none() && self.tags.is_empty() && self.firmware.is_none() && self.status.is_none()
    }

    fn each_fitting(&self, product: &Product, mut look: impl FnMut(&Arc<Device>)) {
        product.each_device_that(
            |device| self.passes_by_name(device),
            |device| {
                if self.passes_closer_look(device) {
                    look(device);
                }
            },
        );
    }

    /// The part that needs no lock and no copy, and leaves few where there is a name.
    fn passes_by_name(&self, device: &Device) -> bool {
        self.name.as_ref().is_none_or(|name| name.find(device.name.as_str().as_bytes()).is_some())
    }

    /// The rest: it waits for devices whose state is in use, and reads what they said.
    fn passes_closer_look(&self, device: &Device) -> bool {
        (self.tags.is_empty() || self.has_tags(device))
            && self.status.is_none_or(|status| device.present_status() == status)
            && self.firmware.is_none_or(|wanted| match (wanted, device.firmware()) {
                (FirmwareQuery::None, firmware) => firmware.is_none(),
                (FirmwareQuery::Version(wanted), firmware) => firmware.as_deref() == Some(wanted),
            })
    }

    fn has_tags(&self, device: &Device) -> bool {
        device.tags().as_ref().is_some_and(|tags| {
            self.tags.iter().all(|(key, value)| {
                tags.iter().any(|tag| tag.key == *key && tag.value.contains(value.as_str()))
            })
        })
    }
}

impl Device {
    /// The firmware version that the device gave with `report_info` (facts §2.2, `fw_ver`).
    pub fn firmware(&self) -> Option<String> {
        #[derive(Deserialize)]
        struct Info {
            fw_ver: Option<String>,
        }
        // Read outside of the lock: the device's messages need it.
        let said = self.state.lock().info.clone()?;
        let info: Info = serde_json::from_str(&said).ok()?;
        info.fw_ver.filter(|version| !version.is_empty())
    }

    /// Whether the device is there; all that a list needs of [`Device::status`].
    pub fn present_status(&self) -> Status {
        if self.state.lock().is_online() {
            Status::Online
        } else if self.activated_at().is_some() {
            Status::Offline
        } else {
            Status::Inactive
        }
    }
}
