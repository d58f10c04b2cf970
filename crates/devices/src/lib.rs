//! Products and devices, and what a device can do: one folder per feature.
//!
//! [`Devices`] is the one handle. The router calls it for connections and messages, on the threads that serve
//! devices; management surfaces call it for everything people and programs do. Both meet in a device's state,
//! behind that device's lock. What must stay true: a change is written into the journal under the lock that
//! protects it and before it is made; nothing is answered before it is durable; and no device can make the
//! server keep more than the limits in [`DevicesConfig`] allow.
//!
//! Followed by a message: `links` (the seam to the router) -> `uplink` -> `features/<x>` -> `recorder` and
//! `records` (the journal) -> `registry/device` (the state) -> `commands` (the ledger).

pub mod batches;
mod commands;
mod commit;
mod config;
mod durability;
mod error;
mod features;
mod links;
mod live;
mod messages;
mod queries;
mod recorder;
mod records;
mod recovery;
mod registry;
mod statistics;
mod uplink;

use std::sync::{Arc, OnceLock};

use parking_lot::Mutex;
use yizhan_journal::{Journal, Lane};
use yizhan_store::Store;
use yizhan_vocabulary::{Clock, DeviceId, ProductId, UnixMillis};

pub use commands::{
    ActionCall, CommandId, CommandIdError, CommandKind, CommandState, CommandView, ControlRequest,
    IssuedCommand,
};
pub use config::{DevicesConfig, StatisticsConfig};
pub use error::DevicesError;
pub use features::log::LineLevel;
pub use features::{FEATURES, FeatureDescriptor};
pub use links::{
    Completion, Connected, DeviceLinks, Direction, Downlink, SendOutcome, SessionView, UplinkOutcome,
};
pub use live::{
    Allowance, LiveBatch, LiveContent, LiveCounts, LiveHub, LiveItem, LiveKinds, LivePlace, LiveRates,
    LiveScope, LiveSubscription, Refilled,
};
pub use messages::{
    BatchOutcome, BatchResult, BroadcastError, BroadcastId, Call, CallError, CallForm, CallPayload, CallView,
    PendingCall, PublishError, Published, RawMessage,
};
pub use queries::{
    BucketView, BucketsPage, EventCounts, EventSpan, FilteredPage, FoundEntry, FoundPage, HistoryPage,
    HistoryPoint, HistoryQuery, LatestValue, LogName, LogPage, LogQuery, LogView, Series,
};
pub use records::diagnostic::Diagnostic;
pub use recovery::RecoveryError;
pub use registry::{
    AccountLicences, CertificateDirectory, Condition, Device, DeviceCreation, DeviceOrder, DevicePage,
    DeviceQuery, DeviceStatus, DeviceView, Enrolled, FirmwareQuery, LicenceKind, LicenceUse, MAX_LOG_LEVEL,
    MAX_TAGS, NewInstance, NewProduct, NewProject, OwnAuthority, OwnAuthorityError, Product, ProductSettings,
    ProductTopics, ProductView, ShownSecret, Status, each_found, generate_product_id, search_devices,
};
pub use statistics::{
    Calendar, CommandEnds, Day, DayCounts, DeviceTotals, Population, RecentMessages, Region, RegionCount,
};

use commands::{Timers, Unconfirmed};
use durability::Durability;
use registry::{Licences, OwnAuthorities, Registry};

/// What [`Devices::logs`] and [`Devices::history`] are asked with.
pub use yizhan_journal::{Cursor, Order, TimeRange};
/// What products and devices are created and changed with.
pub use yizhan_store::{
    AuthMode, CustomTopic, DynamicRegistration, InstanceKind, InstanceRow, ModelOrigin, NodeKind,
    ProductChange, ProductMove, ProductProfile, ProjectRow, ReleaseStatus, Tag,
};

/// Products, devices and their commands. Cloning is cheap; every clone is the same.
#[derive(Clone)]
pub struct Devices(Arc<Inner>);

struct Inner {
    config: DevicesConfig,
    clock: Arc<dyn Clock>,
    store: Arc<Store>,
    registry: Arc<Registry>,
    live: Arc<live::LiveHub>,
    own_authorities: OwnAuthorities,
    licences: Licences,
    journal: OnceLock<JournalSide>,
    links: OnceLock<Arc<dyn DeviceLinks>>,
    timers: Timers,
    calls: messages::Calls,
    broadcasts: messages::Broadcasts,
    statistics: statistics::Statistics,
    /// Callers of expired commands who wait for the journal.
    unconfirmed: Mutex<Unconfirmed>,
    durability: Arc<Durability>,
    /// Devices that a checkpoint must contain or drop.
    changed: Arc<recovery::Changed>,
    /// First connections that the store does not know yet.
    activations: Mutex<Vec<(DeviceId, UnixMillis)>>,
    replaying: Mutex<recovery::Replaying>,
}

struct JournalSide {
    journal: Journal,
    /// The way into the journal of everything that does not run on a core's thread.
    lane: Lane,
}

impl Devices {
    /// Loads every product and device from the store.
    pub fn load(
        store: Arc<Store>,
        config: &DevicesConfig,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DevicesError> {
        let registry = Arc::new(Registry::default());
        let inner = Inner {
            config: config.clone(),
            clock,
            store,
            live: Arc::new(live::LiveHub::new(Arc::clone(&registry))),
            registry,
            own_authorities: OwnAuthorities::default(),
            licences: Licences::default(),
            journal: OnceLock::new(),
            links: OnceLock::new(),
            timers: Timers::default(),
            calls: messages::Calls::default(),
            broadcasts: messages::Broadcasts::default(),
            statistics: statistics::Statistics::open(&config.statistics)?,
            unconfirmed: Mutex::default(),
            durability: Arc::default(),
            changed: Arc::default(),
            activations: Mutex::default(),
            replaying: Mutex::default(),
        };
        let devices = Self(Arc::new(inner));
        devices.load_registry()?;
        Ok(devices)
    }

    /// Gives the router, once. Until then nothing is sent and nobody is online.
    pub fn attach_links(&self, links: Arc<dyn DeviceLinks>) {
        if self.0.links.set(links).is_err() {
            tracing::error!("the router was attached twice; the first one stays");
        }
    }

    /// The device with this name. Allocates nothing.
    pub fn find(&self, product: &ProductId, name: &str) -> Option<Arc<Device>> {
        self.0.registry.find(product, name)
    }

    /// The device with this number.
    pub fn device(&self, id: DeviceId) -> Option<Arc<Device>> {
        self.0.registry.device(id)
    }

    /// The product with this id.
    pub fn product(&self, id: &ProductId) -> Option<Arc<Product>> {
        self.0.registry.product(id)
    }

    /// Every product, by id.
    pub fn products(&self) -> Vec<Arc<Product>> {
        self.0.registry.products()
    }

    /// How many devices there are.
    pub fn device_count(&self) -> usize {
        self.0.registry.device_count()
    }

    /// How many commands have no final state yet.
    pub fn outstanding_commands(&self) -> usize {
        self.0.timers.len()
    }

    /// The most devices that are made at once.
    pub fn max_batch_creation(&self) -> usize {
        self.0.config.max_batch_creation
    }

    /// The largest payload taken from a device.
    pub fn max_payload_bytes(&self) -> usize {
        self.0.config.max_payload_bytes
    }

    /// Whether the device may publish to this topic: one of a feature, or a custom one of its product. A device that was
    /// disabled or deleted may do nothing, even where its connection has not ended yet.
    pub fn may_publish(&self, device: &Device, topic: &str) -> bool {
        let product = device.product();
        device.enabled()
            && product.topics().permission.may_publish(device.product_id(), device.name.as_str(), topic)
    }

    /// Whether the device may subscribe with this filter.
    pub fn may_subscribe(&self, device: &Device, filter: &str) -> bool {
        let product = device.product();
        device.enabled()
            && product.topics().permission.may_subscribe(device.product_id(), device.name.as_str(), filter)
    }

    fn journal(&self) -> &Journal {
        &self.journal_side().journal
    }

    fn journal_side(&self) -> &JournalSide {
        self.0.journal.get().expect("the journal is attached before the first connection or request")
    }
}
