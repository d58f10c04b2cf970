//! One product in memory: its settings, its compiled thing model, what its devices may do with which topic, and
//! its devices by name. Settings, model and topics are replaced as a whole, so that the path of a message reads
//! each with one load and no lock.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwap, ArcSwapOption, Guard};
use parking_lot::{Mutex, RwLock};
use yizhan_identity::topic_permission::TopicPermission;
use yizhan_store::{AuthMode, CustomTopic, DynamicRegistration, NodeKind, ProductProfile, Secret, Tag};
use yizhan_vocabulary::{ProductId, ThingModel, UnixMillis};

use super::Device;
use super::device_set::{DeviceSet, Place};
use crate::statistics::{ProductCounters, Recent};

/// Devices that are looked at under the lock of the set before others get a turn: some ten microseconds.
const LOOKED_AT_ONCE: usize = 1_024;

/// A product, as the router and the features hold it.
#[derive(Debug)]
pub struct Product {
    /// Its id.
    pub id: ProductId,
    /// What its devices are.
    pub node: NodeKind,
    /// How they authenticate.
    pub auth: AuthMode,
    /// When it was created.
    pub created_at: UnixMillis,
    settings: ArcSwap<ProductSettings>,
    enabled: AtomicBool,
    model: ArcSwapOption<ThingModel>,
    topics: ArcSwap<ProductTopics>,
    tags: ArcSwap<Vec<Tag>>,
    devices: RwLock<DeviceSet>,
    /// Held while the product, its model, its topics or its set of devices changes.
    pub(crate) changing: Mutex<()>,
    /// What happened to its devices and is not stored yet.
    pub(crate) counters: ProductCounters,
    /// What went on lately.
    pub(crate) recent: Recent,
}

/// What an operator may change about a product.
#[derive(Debug, Clone)]
pub struct ProductSettings {
    /// Its display name.
    pub name: String,
    /// The product secret, for dynamic registration.
    pub secret: Secret,
    /// Whether devices may register themselves.
    pub dynamic_registration: DynamicRegistration,
    /// How many devices registration has created so far; they count against the quota.
    pub auto_created: u32,
    /// What the management API keeps about it.
    pub profile: ProductProfile,
}

/// Custom topics and the permission compiled from them and from the features.
#[derive(Debug)]
pub struct ProductTopics {
    /// As configured.
    pub custom: Vec<CustomTopic>,
    /// As checked on every publish and subscribe.
    pub permission: TopicPermission,
}

/// What is needed to make a product's entry.
pub(crate) struct ProductParts {
    pub id: ProductId,
    pub node: NodeKind,
    pub auth: AuthMode,
    pub created_at: UnixMillis,
    pub settings: ProductSettings,
    pub enabled: bool,
    pub model: Option<Arc<ThingModel>>,
    pub topics: ProductTopics,
}

impl Product {
    pub(crate) fn new(parts: ProductParts) -> Self {
        Self {
            id: parts.id,
            node: parts.node,
            auth: parts.auth,
            created_at: parts.created_at,
            settings: ArcSwap::from_pointee(parts.settings),
            enabled: AtomicBool::new(parts.enabled),
            model: ArcSwapOption::new(parts.model),
            topics: ArcSwap::from_pointee(parts.topics),
            tags: ArcSwap::default(),
            devices: RwLock::default(),
            changing: Mutex::new(()),
            counters: ProductCounters::default(),
            recent: Recent::default(),
        }
    }

    /// Whether its devices may connect.
    pub fn enabled(&self) -> bool {
        self.enabled.load(Ordering::Acquire)
    }

    /// Name, secret and registration rule as they are now.
    pub fn settings(&self) -> Arc<ProductSettings> {
        self.settings.load_full()
    }

    /// The thing model as it is now.
    pub fn model(&self) -> Option<Arc<ThingModel>> {
        self.model.load_full()
    }

    /// The thing model for the time of one message.
    pub(crate) fn model_now(&self) -> Guard<Option<Arc<ThingModel>>> {
        self.model.load()
    }

    /// Custom topics and permission as they are now.
    pub fn topics(&self) -> Guard<Arc<ProductTopics>> {
        self.topics.load()
    }

    /// The device with this name.
    pub fn device(&self, name: &str) -> Option<Arc<Device>> {
        self.devices.read().get(name).cloned()
    }

    /// How many devices there are.
    pub fn device_count(&self) -> usize {
        self.devices.read().in_order().len()
    }

    /// How many of its devices are connected now.
    pub fn online_count(&self) -> u64 {
        self.counters.online()
    }

    /// Every device, by number.
    pub fn devices(&self) -> Vec<Arc<Device>> {
        self.devices.read().in_order().to_vec()
    }

    /// A part of its devices, by number, and how many there are.
    pub fn device_page(&self, offset: usize, limit: usize) -> (Vec<Arc<Device>>, usize) {
        let devices = self.devices.read();
        let all = devices.in_order();
        (all.iter().skip(offset).take(limit).cloned().collect(), all.len())
    }

    /// Looks at every device, by number. Devices come and go meanwhile: one that does is seen or not, and none twice.
    pub fn each_device(&self, look: impl FnMut(&Arc<Device>)) {
        self.each_device_that(|_| true, look);
    }

    /// Looks at every device that `fits`, by number. `fits` is asked while nobody can add or delete a device, and whoever
    /// connects may wait behind one who wants to: it must only compare what is at hand. `look` may take its time.
    pub fn each_device_that(&self, fits: impl Fn(&Device) -> bool, mut look: impl FnMut(&Arc<Device>)) {
        let mut place = Place::default();
        let mut found = Vec::with_capacity(LOOKED_AT_ONCE);
        loop {
            let more = {
                let devices = self.devices.read();
                let part = devices.after(&mut place, LOOKED_AT_ONCE);
                found.extend(part.iter().filter(|device| fits(device)).cloned());
                part.len() == LOOKED_AT_ONCE
            };
            found.drain(..).for_each(|device| look(&device));
            if !more {
                return;
            }
        }
    }

    /// Its tags, by key.
    pub fn tags(&self) -> Arc<Vec<Tag>> {
        self.tags.load_full()
    }

    pub(crate) fn set_tags(&self, tags: Vec<Tag>) {
        self.tags.store(Arc::new(tags));
    }

    pub(crate) fn switch(&self, enabled: bool) {
        self.enabled.store(enabled, Ordering::Release);
    }

    pub(crate) fn set_settings(&self, settings: ProductSettings) {
        self.settings.store(Arc::new(settings));
    }

    pub(crate) fn set_model(&self, model: Option<Arc<ThingModel>>) {
        self.model.store(model);
    }

    pub(crate) fn set_topics(&self, topics: ProductTopics) {
        self.topics.store(Arc::new(topics));
    }

    pub(crate) fn insert(&self, device: Arc<Device>) {
        self.devices.write().insert(device);
    }

    pub(crate) fn remove(&self, name: &str) {
        self.devices.write().remove(name);
    }
}
