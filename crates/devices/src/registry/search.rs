//! Lists of devices: one page of those that fit, in the order asked for, with the number of all of them. One pass over
//! the devices of the products, with the cheapest question first; only the page and what comes before it is put in order,
//! and nothing at all where one product is listed in the order of making.

use std::cmp::Ordering;
use std::sync::Arc;

use memchr::memmem::Finder;
use serde::Deserialize;
use yizhan_vocabulary::UnixMillis;

use super::{Device, Product, Status};

/// How a device stands, with the switch before everything else: what lists show and are filtered by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Condition {
    /// It is connected.
    Online,
    /// It has been connected, and is not now.
    Offline,
    /// It was never connected.
    Inactive,
    /// It may not connect: it or its product is disabled.
    Disabled,
}

impl Condition {
    /// Each of them, in the order in which they are counted.
    pub const ALL: [Self; 4] = [Self::Online, Self::Offline, Self::Inactive, Self::Disabled];

    /// The stable name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Online => "online",
            Self::Offline => "offline",
            Self::Inactive => "inactive",
            Self::Disabled => "disabled",
        }
    }
}

/// What a list of devices is ordered by. Equals follow in the order of their making.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum DeviceOrder {
    /// When they were made.
    #[default]
    Made,
    /// Their names, character by character.
    Name,
    /// When they last came or went; those that never came, by when they were made.
    Changed,
    /// When they last came online; those that never did come first.
    LastOnline,
}

/// Which devices are asked for; what is empty lets all pass.
#[derive(Debug, Clone, Default)]
pub struct DeviceQuery {
    /// A part of the name.
    pub name: Option<String>,
    /// What the name begins with.
    pub name_start: Option<String>,
    /// Keys of tags with a part of their values; a device must have all of them.
    pub tags: Vec<(String, String)>,
    /// The firmware that the device said it has.
    pub firmware: Option<FirmwareQuery>,
    /// Whether it is there.
    pub status: Option<Status>,
    /// How it may stand.
    pub conditions: Vec<Condition>,
    /// By which transport it is, or was last, connected.
    pub transport: Option<String>,
    /// Whether [`DevicePage::standing`] is wanted.
    pub count_standing: bool,
    /// What they are ordered by.
    pub order: DeviceOrder,
    /// Whether the last of that order comes first.
    pub descending: bool,
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
    /// The devices, in the order asked for.
    pub devices: Vec<Arc<Device>>,
    /// How many fit in all.
    pub total: usize,
    /// How many of those that fit but for how they stand stand how, in the order of [`Condition::ALL`]; zeros unless they
    /// were asked for.
    pub standing: [usize; 4],
}

/// Devices of these products that fit. Products are searched one after the other; a page of several products is in
/// the order asked for over all of them.
pub fn search_devices(products: &[Arc<Product>], query: &DeviceQuery) -> DevicePage {
    let filter = Filter::of(query);
    match products {
        [product] if query.order == DeviceOrder::Made && !query.descending => {
            search_one(product, &filter, query)
        }
        _ => search_many(products, &filter, query),
    }
}

/// Every device of these products that fits, in the order of making within each; `limit` and `offset` do not count.
pub fn each_found(products: &[Arc<Product>], query: &DeviceQuery, mut look: impl FnMut(&Arc<Device>)) {
    let filter = Filter::of(query);
    let mut standing = Standing::default();
    for product in products {
        filter.each_fitting(product, &mut standing, &mut look);
    }
}

fn search_many(products: &[Arc<Product>], filter: &Filter<'_>, query: &DeviceQuery) -> DevicePage {
    let mut hits: Vec<Hit> = Vec::new();
    let mut standing = Standing::default();
    for product in products {
        filter.each_fitting(product, &mut standing, |device| hits.push(Hit::of(device, query.order)));
    }
    let total = hits.len();
    let by_name = query.order == DeviceOrder::Name;
    let compare = |one: &Hit, other: &Hit| {
        let order = one.compare(other, by_name);
        if query.descending { order.reverse() } else { order }
    };
    let end = query.offset.saturating_add(query.limit);
    if end < total {
        // Only the page has to be in order, and what comes before it.
        hits.select_nth_unstable_by(end, compare);
        hits.truncate(end);
    }
    hits.sort_unstable_by(compare);
    let page = hits.into_iter().skip(query.offset).take(query.limit);
    DevicePage { devices: page.map(|hit| hit.device).collect(), total, standing: standing.0 }
}

fn search_one(product: &Product, filter: &Filter<'_>, query: &DeviceQuery) -> DevicePage {
    if filter.is_empty() {
        let (devices, total) = product.device_page(query.offset, query.limit);
        return DevicePage { devices, total, standing: [0; 4] };
    }
    let (mut total, mut devices) = (0, Vec::new());
    let mut standing = Standing::default();
    filter.each_fitting(product, &mut standing, |device| {
        if total >= query.offset && devices.len() < query.limit {
            devices.push(Arc::clone(device));
        }
        total += 1;
    });
    DevicePage { devices, total, standing: standing.0 }
}

/// A device with what it is ordered by, read once: the device may change while others are looked at.
struct Hit {
    time: i64,
    device: Arc<Device>,
}

impl Hit {
    fn of(device: &Arc<Device>, order: DeviceOrder) -> Self {
        let time = match order {
            DeviceOrder::Made | DeviceOrder::Name => 0,
            DeviceOrder::Changed => device.changed_at().0,
            DeviceOrder::LastOnline => device.last_online_at().map_or(i64::MIN, |at| at.0),
        };
        Self { time, device: Arc::clone(device) }
    }

    fn compare(&self, other: &Self, by_name: bool) -> Ordering {
        let names = || self.device.name.as_str().cmp(other.device.name.as_str());
        let first = if by_name { names() } else { self.time.cmp(&other.time) };
        first.then_with(|| self.device.id.cmp(&other.device.id))
    }
}

#[derive(Default)]
struct Standing([usize; 4]);

struct Filter<'a> {
    name: Option<Finder<'a>>,
    tags: &'a [(String, String)],
    firmware: Option<&'a FirmwareQuery>,
    status: Option<Status>,
    name_start: &'a str,
    conditions: &'a [Condition],
    transport: Option<&'a str>,
    count_standing: bool,
}

impl<'a> Filter<'a> {
    fn of(query: &'a DeviceQuery) -> Self {
        Self {
            name: query.name.as_deref().filter(|name| !name.is_empty()).map(Finder::new),
            tags: &query.tags,
            firmware: query.firmware.as_ref(),
            status: query.status,
            name_start: query.name_start.as_deref().unwrap_or_default(),
            conditions: &query.conditions,
            transport: query.transport.as_deref().filter(|transport| !transport.is_empty()),
            count_standing: query.count_standing,
        }
    }

    fn is_empty(&self) -> bool {
        self.name.is_none()
            && self.name_start.is_empty()
            && self.tags.is_empty()
            && self.firmware.is_none()
            && self.status.is_none()
            && self.conditions.is_empty()
            && self.transport.is_none()
            && !self.count_standing
    }

    fn each_fitting(&self, product: &Product, standing: &mut Standing, mut look: impl FnMut(&Arc<Device>)) {
        product.each_device_that(
            |device| self.passes_by_name(device),
            |device| {
                if self.passes_closer_look(device) && self.stands_right(device, standing) {
                    look(device);
                }
            },
        );
    }

    /// Asked last, because what does not stand right is counted all the same.
    fn stands_right(&self, device: &Device, standing: &mut Standing) -> bool {
        if self.conditions.is_empty() && !self.count_standing {
            return true;
        }
        let condition = device.condition();
        standing.0[condition as usize] += 1;
        self.conditions.is_empty() || self.conditions.contains(&condition)
    }

    /// The part that needs no lock and no copy, and leaves few where there is a name.
    fn passes_by_name(&self, device: &Device) -> bool {
        let name = device.name.as_str();
        name.starts_with(self.name_start)
            && self.name.as_ref().is_none_or(|part| part.find(name.as_bytes()).is_some())
    }

    /// The rest: it waits for devices whose state is in use, and reads what they said.
    fn passes_closer_look(&self, device: &Device) -> bool {
        (self.tags.is_empty() || self.has_tags(device))
            && self.status.is_none_or(|status| device.present_status() == status)
            && self.transport.is_none_or(|transport| device.used_transport(transport))
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

    /// How the device stands.
    pub fn condition(&self) -> Condition {
        if !self.enabled() {
            return Condition::Disabled;
        }
        match self.present_status() {
            Status::Online => Condition::Online,
            Status::Offline => Condition::Offline,
            Status::Inactive => Condition::Inactive,
        }
    }

    /// When it last came or went; when it was made, if it never did.
    pub fn changed_at(&self) -> UnixMillis {
        let since = self.state.lock().presence.as_deref().map(|presence| presence.since);
        since.or(self.activated_at()).unwrap_or(self.created_at)
    }

    fn last_online_at(&self) -> Option<UnixMillis> {
        let at = self.state.lock().presence.as_deref().map(|presence| presence.online_at);
        at.or(self.activated_at())
    }

    fn used_transport(&self, transport: &str) -> bool {
        let state = self.state.lock();
        state.presence.as_deref().is_some_and(|presence| *presence.transport == *transport)
    }
}
