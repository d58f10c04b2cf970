//! The devices of one product: by name for whoever knows it, and in the order of their making for lists. A list of a
//! hundred thousand devices with a filter is one pass over memory, so the order is kept instead of sorted each time.

use std::borrow::Borrow;
use std::collections::HashSet;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use yizhan_vocabulary::DeviceId;

use super::Device;

/// The set; both views always hold the same devices.
#[derive(Debug, Default)]
pub(super) struct DeviceSet {
    by_name: HashSet<ByName, ahash::RandomState>,
    /// By number, which rises with the time of making.
    in_order: Vec<Arc<Device>>,
}

impl DeviceSet {
    pub(super) fn get(&self, name: &str) -> Option<&Arc<Device>> {
        self.by_name.get(name).map(|entry| &entry.0)
    }

    pub(super) fn in_order(&self) -> &[Arc<Device>] {
        &self.in_order
    }

    /// The next devices in order, at most so many. What came before `place` is not given again, whatever changed since.
    pub(super) fn after(&self, place: &mut Place, most: usize) -> &[Arc<Device>] {
        let start = place.last.map_or(0, |last| {
            let unmoved = place.next.checked_sub(1).and_then(|at| self.in_order.get(at));
            match unmoved.is_some_and(|device| device.id == last) {
                true => place.next,
                false => self.in_order.partition_point(|device| device.id <= last),
            }
        });
        let end = start.saturating_add(most).min(self.in_order.len());
        let part = &self.in_order[start..end];
        if let Some(device) = part.last() {
            *place = Place { next: end, last: Some(device.id) };
        }
        part
    }

    pub(super) fn insert(&mut self, device: Arc<Device>) {
        if self.by_name.insert(ByName(Arc::clone(&device))) {
            let at = match self.in_order.last() {
                Some(last) if last.id > device.id => self.in_order.partition_point(|it| it.id < device.id),
                _ => self.in_order.len(),
            };
            self.in_order.insert(at, device);
        }
    }

    pub(super) fn remove(&mut self, name: &str) {
        let Some(ByName(device)) = self.by_name.take(name) else { return };
        if let Ok(at) = self.in_order.binary_search_by_key(&device.id, |it| it.id) {
            self.in_order.remove(at);
        }
    }
}

/// How far somebody has come who looks at the devices part by part, and lets others change the set in between.
#[derive(Debug, Default)]
pub(super) struct Place {
    /// Where the next one was when the last part was taken.
    next: usize,
    /// The last one of that part.
    last: Option<DeviceId>,
}

/// A device found by its name.
#[derive(Debug)]
struct ByName(Arc<Device>);

impl Borrow<str> for ByName {
    fn borrow(&self) -> &str {
        self.0.name.as_str()
    }
}

impl Hash for ByName {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.name.as_str().hash(state);
    }
}

impl PartialEq for ByName {
    fn eq(&self, other: &Self) -> bool {
        self.0.name.as_str() == other.0.name.as_str()
    }
}

impl Eq for ByName {}
