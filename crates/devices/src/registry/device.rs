//! One device in memory. There may be hundreds of thousands, so an idle one must stay small: what most devices do
//! not have sits behind an optional box, and last values are one exact allocation.
//!
//! Everything that changes with traffic is in [`DeviceState`] behind the device's own lock. Whoever changes it
//! takes the record's sequence number, pushes the record and changes the state under that lock, so that the order
//! of records in the journal is the order of changes, and `seq` tells which records the state contains.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU8, AtomicU64, Ordering};

use arc_swap::{ArcSwapOption, Guard};
use parking_lot::{Mutex, RwLock};
use yizhan_identity::secret::DeviceSecret;
use yizhan_store::Tag;
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::topics::device_topic;
use yizhan_vocabulary::{DeviceId, DeviceName, PointValue, ProductId, PropertyNumber, UnixMillis};

use super::Product;
use crate::commands::DeviceCommands;
use crate::statistics::ActiveDays;

/// A device, as the router and the features hold it.
#[derive(Debug)]
pub struct Device {
    /// Its number: registry row and journal stream.
    pub id: DeviceId,
    /// Its name within the product.
    pub name: DeviceName,
    /// When it was created.
    pub created_at: UnixMillis,
    product: Arc<Product>,
    path: Box<str>,
    secret: RwLock<Option<DeviceSecret>>,
    enabled: AtomicBool,
    deleted: AtomicBool,
    activated_at: AtomicI64,
    durable_seq: AtomicU64,
    dirty: AtomicBool,
    log_level: AtomicU8,
    tags: ArcSwapOption<Vec<Tag>>,
    pub(crate) state: Mutex<DeviceState>,
}

/// What is needed to make a device's entry.
pub(crate) struct DeviceParts {
    pub id: DeviceId,
    pub name: DeviceName,
    pub product: Arc<Product>,
    pub secret: Option<DeviceSecret>,
    pub enabled: bool,
    pub activated_at: Option<UnixMillis>,
    pub created_at: UnixMillis,
}

/// No connection so far.
const NEVER: i64 = i64::MIN;

impl Device {
    pub(crate) fn new(parts: DeviceParts) -> Self {
        let path = device_topic("", &parts.product.id, &parts.name, "").into_boxed_str();
        Self {
            id: parts.id,
            name: parts.name,
            created_at: parts.created_at,
            product: parts.product,
            path,
            secret: RwLock::new(parts.secret),
            enabled: AtomicBool::new(parts.enabled),
            deleted: AtomicBool::new(false),
            activated_at: AtomicI64::new(parts.activated_at.map_or(NEVER, |at| at.0)),
            durable_seq: AtomicU64::new(0),
            dirty: AtomicBool::new(false),
            log_level: AtomicU8::new(0),
            tags: ArcSwapOption::empty(),
            state: Mutex::new(DeviceState::default()),
        }
    }

    /// The product it belongs to.
    pub fn product(&self) -> &Arc<Product> {
        &self.product
    }

    /// The id of the product it belongs to.
    pub fn product_id(&self) -> &ProductId {
        &self.product.id
    }

    /// The device's key; `None` for a device that has only a certificate.
    pub fn secret(&self) -> Option<DeviceSecret> {
        self.secret.read().clone()
    }

    /// Whether the device may connect: it and its product are enabled and it has not been deleted.
    pub fn enabled(&self) -> bool {
        self.enabled.load(Ordering::Acquire) && !self.deleted() && self.product.enabled()
    }

    /// The device's own switch, whatever the product's is.
    pub fn switched_on(&self) -> bool {
        self.enabled.load(Ordering::Acquire)
    }

    /// Whether the device was deleted while somebody still holds it.
    pub fn deleted(&self) -> bool {
        self.deleted.load(Ordering::Acquire)
    }

    /// `PRODUCTID/DEVICENAME`: the end of its platform topics.
    pub fn topic_suffix(&self) -> &str {
        &self.path
    }

    /// When it connected for the first time.
    pub fn activated_at(&self) -> Option<UnixMillis> {
        let at = self.activated_at.load(Ordering::Acquire);
        (at != NEVER).then_some(UnixMillis(at))
    }

    /// Its tags, by key; `None` without any.
    pub fn tags(&self) -> Guard<Option<Arc<Vec<Tag>>>> {
        self.tags.load()
    }

    pub(crate) fn set_tags(&self, tags: Vec<Tag>) {
        self.tags.store((!tags.is_empty()).then(|| Arc::new(tags)));
    }

    /// How much the device is to log: 0 off, 1 error, 2 warning, 3 info, 4 debug.
    pub fn log_level(&self) -> u8 {
        self.log_level.load(Ordering::Relaxed)
    }

    pub(crate) fn set_log_level(&self, level: u8) {
        self.log_level.store(level, Ordering::Relaxed);
    }

    pub(crate) fn switch(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Release);
    }

    pub(crate) fn set_secret(&self, secret: DeviceSecret) {
        *self.secret.write() = Some(secret);
    }

    pub(crate) fn mark_deleted(&self) {
        self.deleted.store(true, Ordering::Release);
    }

    /// Notes the first connection; tells whether it was the first.
    pub(crate) fn activate(&self, at: UnixMillis) -> bool {
        self.activated_at.compare_exchange(NEVER, at.0, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }

    /// Notes that the journal holds everything of this device up to `seq`.
    pub(crate) fn mark_durable(&self, seq: u64) {
        self.durable_seq.fetch_max(seq, Ordering::SeqCst);
    }

    pub(crate) fn durable_seq(&self) -> u64 {
        self.durable_seq.load(Ordering::SeqCst)
    }

    /// Notes that the next checkpoint must contain this device; tells whether that is news.
    pub(crate) fn mark_dirty(&self) -> bool {
        !self.dirty.load(Ordering::Relaxed) && !self.dirty.swap(true, Ordering::AcqRel)
    }

    pub(crate) fn clear_dirty(&self) {
        self.dirty.store(false, Ordering::Release);
    }
}

/// What traffic changes.
#[derive(Debug, Default)]
pub(crate) struct DeviceState {
    /// The newest record this state contains.
    pub seq: u64,
    /// The newest record of a message; readers wait until it is durable.
    pub awaited_seq: u64,
    /// Last values, by rising property number.
    pub values: Vec<LastValue>,
    /// The last thing known about its connection.
    pub presence: Option<Box<Presence>>,
    /// The params of the last `report_info`, compact JSON.
    pub info: Option<Box<str>>,
    /// On which days it was connected.
    pub active: ActiveDays,
    /// Commands without a final state.
    pub commands: Option<Box<DeviceCommands>>,
}

/// One property's last value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LastValue {
    pub number: PropertyNumber,
    pub time: UnixMillis,
    pub value: PointValue,
}

impl DeviceState {
    /// Takes the points of a report.
    pub(crate) fn apply_points(
        &mut self,
        time: UnixMillis,
        points: impl Iterator<Item = (PropertyNumber, PointValue)>,
    ) {
        for (number, value) in points {
            match self.values.binary_search_by_key(&number, |last| last.number) {
                Ok(at) => {
                    self.values[at].time = time;
                    self.values[at].value = value;
                }
                Err(at) => {
                    // One more than before: devices report a handful of properties, and an exact vector is smaller.
                    self.values.reserve_exact(1);
                    self.values.insert(at, LastValue { number, time, value });
                }
            }
        }
    }

    pub(crate) fn is_online(&self) -> bool {
        self.presence.as_deref().is_some_and(|presence| presence.online)
    }
}

/// What is known about a device's connection, now or at its end.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Presence {
    /// Whether it is connected.
    pub online: bool,
    /// Since when that is so.
    pub since: UnixMillis,
    /// When it last came online.
    pub online_at: UnixMillis,
    /// Where it is, or was, connected from.
    pub address: SocketAddr,
    /// By which transport.
    pub transport: Box<str>,
    /// With which MQTT version.
    pub version: Box<str>,
    /// Why the last connection ended.
    pub cause: Option<DisconnectCause>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_points_replace_earlier_ones_of_the_same_property() {
        let mut state = DeviceState::default();
        let point = |number, value| (PropertyNumber(number), PointValue::Int(value));
        state.apply_points(UnixMillis(1), [point(7, 1), point(2, 2)].into_iter());
        state.apply_points(UnixMillis(2), [point(7, 3)].into_iter());
        let values: Vec<_> =
            state.values.iter().map(|last| (last.number.0, last.time.0, last.value.clone())).collect();
        assert_eq!(values, [(2, 1, PointValue::Int(2)), (7, 2, PointValue::Int(3))]);
    }

    #[test]
    fn an_idle_device_entry_is_small() {
        // The heap parts of an idle device (name, path, key) add about 150 bytes.
        assert!(size_of::<Device>() <= 240, "{}", size_of::<Device>());
    }
}
