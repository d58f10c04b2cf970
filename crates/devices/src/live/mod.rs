//! Watching: what devices report, log and are told, shown to people in the moment in which it is durable.
//!
//! [`LiveHub`] looks at each commit of the journal on the writer's thread, finds by device and by product who wants a
//! record, and puts a copy into that watcher's bounded queue; whoever serves the watcher takes it out and only then is it
//! read and put into words. So a device's thread does nothing for watchers, the writer does nothing while there are none,
//! and nobody waits for a slow watcher: what does not fit into a queue is counted there and said.

mod item;
mod queue;
mod rates;
mod refill;

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use yizhan_journal::{DurableRecord, DurableRecords, Journal, LogKind, RecordKind, WatchSwitch};
use yizhan_vocabulary::{DeviceId, ProductId};

pub use item::{LiveContent, LiveItem};
pub use queue::{Allowance, LiveBatch};
pub use rates::{LiveCounts, LiveRates};
pub use refill::{LivePlace, Refilled};

use crate::Devices;
use crate::records::STATE_POINTS;
use crate::registry::Registry;
use queue::Queue;

/// Which kinds of entries somebody watches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LiveKinds(u8);

impl LiveKinds {
    /// Messages both ways.
    pub const MESSAGES: Self = Self(1);
    /// Reported values of properties.
    pub const VALUES: Self = Self(1 << 1);
    /// Online and offline.
    pub const PRESENCE: Self = Self(1 << 2);
    /// Problems.
    pub const DIAGNOSTICS: Self = Self(1 << 3);
    /// Steps of commands.
    pub const COMMANDS: Self = Self(1 << 4);
    /// Events of the thing model.
    pub const EVENTS: Self = Self(1 << 5);
    /// What devices logged themselves.
    pub const DEVICE_LOGS: Self = Self(1 << 6);

    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Whether something of `other` is in it.
    pub const fn has(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }

    /// What a record has to show.
    fn of(record: &DurableRecord<'_>) -> Self {
        match record.kind {
            RecordKind::Log(LogKind::Content) if record.has_points => Self::MESSAGES.and(Self::VALUES),
            RecordKind::Log(LogKind::Content) => Self::MESSAGES,
            RecordKind::State(STATE_POINTS) => Self::VALUES,
            RecordKind::Log(LogKind::Connection) => Self::PRESENCE,
            RecordKind::Log(LogKind::Diagnostic) => Self::DIAGNOSTICS,
            RecordKind::Log(LogKind::Command) => Self::COMMANDS,
            RecordKind::Log(LogKind::Event) => Self::EVENTS,
            RecordKind::Log(LogKind::Device) => Self::DEVICE_LOGS,
            // An ended action is the last step of its command as well.
            RecordKind::Log(LogKind::Action) | RecordKind::State(_) => Self(0),
        }
    }
}

/// Whose entries somebody watches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LiveScope {
    /// One device's.
    Device(DeviceId),
    /// Those of all devices of these products.
    Products(Vec<ProductId>),
}

/// The queues by whom they want to hear of; made anew when somebody comes or goes.
#[derive(Default)]
struct Wanted {
    by_device: HashMap<DeviceId, Vec<Arc<Queue>>, ahash::RandomState>,
    by_product: HashMap<ProductId, Vec<Arc<Queue>>, ahash::RandomState>,
}

impl Wanted {
    fn of(all: &HashMap<u64, (LiveScope, Arc<Queue>)>) -> Self {
        let mut wanted = Self::default();
        for (scope, queue) in all.values() {
            match scope {
                LiveScope::Device(device) => {
                    wanted.by_device.entry(*device).or_default().push(Arc::clone(queue));
                }
                LiveScope::Products(products) => {
                    for product in products {
                        wanted.by_product.entry(*product).or_default().push(Arc::clone(queue));
                    }
                }
            }
        }
        wanted
    }
}

/// Everybody who watches.
pub struct LiveHub {
    /// Not the whole of [`Devices`]: the journal holds the hub, and the hub must not hold what holds the journal.
    registry: Arc<Registry>,
    switch: OnceLock<WatchSwitch>,
    all: Mutex<HashMap<u64, (LiveScope, Arc<Queue>)>>,
    wanted: ArcSwap<Wanted>,
    next: AtomicU64,
    /// Bytes in all queues.
    held: Arc<AtomicUsize>,
}

impl LiveHub {
    pub(crate) fn new(registry: Arc<Registry>) -> Self {
        Self {
            registry,
            switch: OnceLock::new(),
            all: Mutex::default(),
            wanted: ArcSwap::default(),
            next: AtomicU64::new(1),
            held: Arc::default(),
        }
    }

    /// A budget that the subscriptions of one client share.
    pub fn allowance(&self) -> Arc<Allowance> {
        Arc::new(Allowance::new(Arc::clone(&self.held)))
    }

    fn change(&self, change: impl FnOnce(&mut HashMap<u64, (LiveScope, Arc<Queue>)>)) {
        let mut all = self.all.lock();
        change(&mut all);
        self.wanted.store(Arc::new(Wanted::of(&all)));
        if let Some(switch) = self.switch.get() {
            switch.set(!all.is_empty());
        }
    }

    /// What the journal's writer shows. Nothing here waits but for the short locks of queues and of the registry.
    fn take(&self, records: DurableRecords<'_>) {
        let wanted = self.wanted.load();
        for record in records {
            let kinds = LiveKinds::of(&record);
            if kinds == LiveKinds::default() {
                continue;
            }
            let mut copy = None;
            let of_device = wanted.by_device.get(&record.stream);
            let of_product = if wanted.by_product.is_empty() {
                None
            } else {
                self.registry.product_of(record.stream).and_then(|product| wanted.by_product.get(&product))
            };
            for queue in of_device.into_iter().chain(of_product).flatten() {
                if queue.kinds.has(kinds) {
                    queue.push(copy.get_or_insert_with(|| Arc::from(record.bytes)));
                }
            }
        }
    }
}

/// Somebody watches for as long as this is held.
pub struct LiveSubscription {
    hub: Arc<LiveHub>,
    number: u64,
    queue: Arc<Queue>,
}

impl LiveSubscription {
    /// What has come since the last time, at most `most` records.
    pub fn take(&self, most: usize) -> LiveBatch {
        self.queue.take(most)
    }

    /// The kinds that are watched.
    pub fn kinds(&self) -> LiveKinds {
        self.queue.kinds
    }

    /// Watches other products from now on; what waits stays.
    pub fn move_to(&self, scope: LiveScope) {
        let unchanged = self.hub.all.lock().get(&self.number).is_none_or(|(now, _)| *now == scope);
        if !unchanged {
            self.hub.change(|all| {
                if let Some((now, _)) = all.get_mut(&self.number) {
                    *now = scope;
                }
            });
        }
    }
}

impl Drop for LiveSubscription {
    fn drop(&mut self) {
        self.hub.change(|all| drop(all.remove(&self.number)));
    }
}

impl Devices {
    /// Everybody who watches.
    pub fn live(&self) -> &Arc<LiveHub> {
        &self.0.live
    }

    /// Watches from now on: every record that becomes durable after this returns is seen.
    pub fn watch_live(
        &self,
        scope: LiveScope,
        kinds: LiveKinds,
        allowance: &Arc<Allowance>,
    ) -> LiveSubscription {
        let hub = Arc::clone(&self.0.live);
        let number = hub.next.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(Queue::new(kinds, Arc::clone(allowance)));
        hub.change(|all| drop(all.insert(number, (scope, Arc::clone(&queue)))));
        LiveSubscription { hub, number, queue }
    }

    /// Gives the hub the journal, once.
    pub(crate) fn attach_live(&self, journal: &Journal) {
        let hub = Arc::clone(&self.0.live);
        let watcher = Arc::clone(&hub);
        let switch = journal.attach_watcher(Box::new(move |records| watcher.take(records)));
        if switch.is_none_or(|switch| hub.switch.set(switch).is_err()) {
            tracing::error!("the journal has a watcher already; nothing is shown live");
        }
    }
}
