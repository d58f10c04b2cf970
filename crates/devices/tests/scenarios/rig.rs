//! What every scenario starts from: one product with the demo lamp's model, one device, a clock that stands still
//! until it is moved, and the two steps a core makes with a message: take it, and answer once it is durable.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use serde_json::Value;
use tempfile::TempDir;
use yizhan_devices::{
    ActionCall, AuthMode, CommandView, Connected, ControlRequest, Device, DeviceCreation, DeviceLinks,
    Devices, DevicesConfig, DevicesError, Downlink, DynamicRegistration, IssuedCommand, LogName, LogQuery,
    NewProduct, NodeKind, Order, ProductProfile, SendOutcome, SessionView, TimeRange, UplinkOutcome,
};
use yizhan_journal::{Batch, Journal, JournalConfig, Lane};
use yizhan_store::Store;
use yizhan_vocabulary::causes::DisconnectCause;
use yizhan_vocabulary::model::LAMP_MODEL;
use yizhan_vocabulary::{Clock, DeviceId, Monotonic, ProductId, UnixMillis};

pub const NOW: i64 = 1_795_220_173_000;
pub const UP: &str = "$thing/up/property/DEMOPROD01/dev001";
pub const DOWN: &str = "$thing/down/property/DEMOPROD01/dev001";
pub const EVENT_UP: &str = "$thing/up/event/DEMOPROD01/dev001";
pub const ACTION_UP: &str = "$thing/up/action/DEMOPROD01/dev001";

/// A clock that the scenario moves.
pub struct TestClock {
    passed: AtomicI64,
    /// The wall clock is ahead of what has passed by this much.
    offset: AtomicI64,
}

impl TestClock {
    fn at(now: i64) -> Self {
        Self { passed: AtomicI64::new(0), offset: AtomicI64::new(now) }
    }

    /// Time passes.
    pub fn advance(&self, by: Duration) {
        self.passed.fetch_add(by.as_millis() as i64, Ordering::SeqCst);
    }

    /// Somebody sets the machine's clock.
    pub fn set_by(&self, by_ms: i64) {
        self.offset.fetch_add(by_ms, Ordering::SeqCst);
    }
}

impl Clock for TestClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.passed.load(Ordering::SeqCst) + self.offset.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.passed.load(Ordering::SeqCst) as u64)
    }
}

/// A router that remembers.
#[derive(Default)]
pub struct FakeLinks {
    online: AtomicBool,
    refuse: Mutex<Option<SendOutcome>>,
    /// Stopped while a message is being sent.
    stop: Mutex<Option<Journal>>,
    pub sent: Mutex<Vec<Downlink>>,
    pub disconnected: Mutex<Vec<(DeviceId, DisconnectCause)>>,
}

impl FakeLinks {
    pub fn set_online(&self, online: bool) {
        self.online.store(online, Ordering::SeqCst);
    }

    pub fn refuse_with(&self, outcome: SendOutcome) {
        *self.refuse.lock() = Some(outcome);
    }

    /// From the next message on nothing can be stored.
    pub fn stop_when_sending(&self, journal: &Journal) {
        *self.stop.lock() = Some(journal.clone());
    }

    pub fn last_sent(&self) -> (String, Value) {
        let sent = self.sent.lock();
        let downlink = sent.last().expect("something was sent");
        (downlink.topic.to_string(), serde_json::from_slice(&downlink.payload).unwrap())
    }
}

impl DeviceLinks for FakeLinks {
    fn send(&self, _device: &Arc<Device>, downlink: Downlink) -> SendOutcome {
        if let Some(journal) = self.stop.lock().take() {
            journal.shutdown();
        }
        if let Some(outcome) = *self.refuse.lock() {
            return outcome;
        }
        if !self.online.load(Ordering::SeqCst) {
            return SendOutcome::Offline;
        }
        self.sent.lock().push(downlink);
        SendOutcome::Sent
    }

    fn disconnect(&self, device: DeviceId, cause: DisconnectCause) {
        self.disconnected.lock().push((device, cause));
    }

    fn online(&self, _device: DeviceId) -> bool {
        self.online.load(Ordering::SeqCst)
    }

    fn subscriptions(&self, _device: DeviceId) -> Vec<String> {
        vec![DOWN.to_owned()]
    }

    fn session(&self, _device: DeviceId) -> Option<SessionView> {
        let subscriptions = vec![(DOWN.to_owned(), 1)];
        Some(SessionView { subscriptions, kept: false, queued: 0, max_queued: 150 })
    }
}

pub struct Rig {
    dir: TempDir,
    config: DevicesConfig,
    pub clock: Arc<TestClock>,
    pub journal: Journal,
    pub devices: Devices,
    store: Arc<Store>,
    pub links: Arc<FakeLinks>,
    lane: Lane,
    batch: Batch,
    pub out: UplinkOutcome,
}

pub fn product_id() -> ProductId {
    ProductId::parse("DEMOPROD01").unwrap()
}

impl Rig {
    pub fn new() -> Self {
        Self::with(DevicesConfig { durability_wait: Duration::from_secs(20), ..DevicesConfig::default() })
    }

    pub fn with(config: DevicesConfig) -> Self {
        let rig = Self::open(TempDir::new().unwrap(), config, NOW);
        rig.devices
            .create_product(NewProduct {
                id: Some(product_id()),
                name: "lamp".into(),
                node: NodeKind::Device,
                auth: AuthMode::Key,
                dynamic_registration: DynamicRegistration::Off,
                model_json: Some(LAMP_MODEL.into()),
                profile: ProductProfile::default(),
            })
            .unwrap();
        rig.create("dev001");
        rig
    }

    fn open(dir: TempDir, config: DevicesConfig, now: i64) -> Self {
        let clock = Arc::new(TestClock::at(now));
        let store = Arc::new(Store::open(dir.path()).unwrap());
        let journal_config = JournalConfig {
            min_free_bytes: 0,
            segment_bytes: 4 << 20,
            ..JournalConfig::new(dir.path().join("journal"))
        };
        let recovered = Journal::recover(journal_config).unwrap();
        let devices =
            Devices::load(Arc::clone(&store), &config, Arc::clone(&clock) as Arc<dyn Clock>).unwrap();
        recovered.each_state(Devices::TABLE, |key, value| devices.restore(key, value).unwrap()).unwrap();
        recovered.each_record(|record| devices.replay(&record).unwrap()).unwrap();
        let on_fatal = Box::new(|error| panic!("the journal failed: {error}"));
        let journal = recovered
            .start(vec![devices.checkpoint()], Arc::clone(&clock) as Arc<dyn Clock>, on_fatal)
            .unwrap();
        devices.attach_journal(journal.clone());
        let links = Arc::new(FakeLinks::default());
        devices.attach_links(Arc::clone(&links) as Arc<dyn DeviceLinks>);
        let lane = journal.lane(Arc::new(|| {}));
        let batch = lane.batch();
        Self {
            dir,
            config,
            clock,
            journal,
            devices,
            store,
            links,
            lane,
            batch,
            out: UplinkOutcome::default(),
        }
    }

    /// Stops in good order and starts again.
    pub fn restart(self) -> Self {
        let Self { dir, config, clock, journal, devices, store, links, lane, batch, out } = self;
        drop((devices, store, links, lane, batch, out));
        journal.shutdown();
        drop(journal);
        Self::open(dir, config, clock.now().0 + 1_000)
    }

    /// Starts from what is on the disk at this moment, as after a crash.
    pub fn crash(self) -> Self {
        let copy = TempDir::new().unwrap();
        copy_dir(self.dir.path(), copy.path());
        let (now, config) = (self.clock.now().0, self.config.clone());
        self.journal.shutdown();
        Self::open(copy, config, now + 1_000)
    }

    /// The registry behind the devices.
    pub fn store(&self) -> Arc<Store> {
        Arc::clone(&self.store)
    }

    pub fn create(&self, name: &str) -> Arc<Device> {
        self.devices.create_devices(&product_id(), DeviceCreation::Named(vec![name.into()])).unwrap();
        self.devices.find(&product_id(), name).unwrap()
    }

    /// Makes another product without a thing model.
    pub fn second_product(&self, id: &str) -> ProductId {
        let id = ProductId::parse(id).unwrap();
        self.devices
            .create_product(NewProduct {
                id: Some(id),
                name: id.to_string(),
                node: NodeKind::Device,
                auth: AuthMode::Key,
                dynamic_registration: DynamicRegistration::Off,
                model_json: None,
                profile: ProductProfile::default(),
            })
            .unwrap();
        id
    }

    pub fn device(&self) -> Arc<Device> {
        self.devices.find(&product_id(), "dev001").unwrap()
    }

    /// Takes a message and makes it durable; gives back the answers.
    pub fn uplink(&mut self, topic: &str, payload: &str) -> Vec<(String, Value)> {
        self.uplink_bytes(topic, payload.as_bytes())
            .into_iter()
            .map(|(topic, payload)| (topic, serde_json::from_slice(&payload).unwrap()))
            .collect()
    }

    pub fn uplink_bytes(&mut self, topic: &str, payload: &[u8]) -> Vec<(String, Vec<u8>)> {
        self.take(topic, payload);
        self.flush();
        self.out.replies.drain(..).map(|reply| (reply.topic.to_string(), reply.payload)).collect()
    }

    /// Takes a message of another device and makes it durable.
    pub fn uplink_as(&mut self, device: &Arc<Device>, topic: &str, payload: &[u8]) {
        self.devices.uplink(device, topic, 0, payload, self.clock.now(), &mut self.batch, &mut self.out);
        self.flush();
    }

    /// Takes a message and leaves it in the batch.
    pub fn take(&mut self, topic: &str, payload: &[u8]) {
        let (device, now) = (self.device(), self.clock.now());
        self.devices.uplink(&device, topic, 0, payload, now, &mut self.batch, &mut self.out);
    }

    /// Makes the batch durable and completes what waited for it.
    pub fn flush(&mut self) {
        if !self.batch.is_empty() {
            let ticket = self.lane.submit(&mut self.batch).unwrap();
            self.lane.wait(ticket, Duration::from_secs(20)).unwrap();
        }
        self.devices.complete(&mut self.out.completions);
    }

    /// Waits until the journal has everything that management wrote before.
    pub fn settle_journal(&self) {
        let mut batch = self.lane.batch();
        let marker = yizhan_journal::Record {
            seq: self.journal.next_seq(),
            time: self.clock.now(),
            stream: DeviceId(u64::from(u32::MAX)),
            kind: yizhan_journal::RecordKind::State(31),
            points: &[],
            body: &[1],
        };
        batch.push(&marker).unwrap();
        let ticket = self.lane.submit(&mut batch).unwrap();
        self.lane.wait(ticket, Duration::from_secs(20)).unwrap();
    }

    /// Makes a batch of the scenario's own durable.
    pub fn submit(&mut self, batch: &mut Batch) {
        let ticket = self.lane.submit(batch).unwrap();
        self.lane.wait(ticket, Duration::from_secs(20)).unwrap();
    }

    /// The one answer to a message.
    pub fn answer(&mut self, topic: &str, payload: &str) -> Value {
        let mut replies = self.uplink(topic, payload);
        assert_eq!(replies.len(), 1, "{replies:?}");
        replies.remove(0).1
    }

    /// The one answer as it goes on the wire.
    pub fn answer_text(&mut self, topic: &str, payload: &str) -> String {
        let mut replies = self.uplink_bytes(topic, payload.as_bytes());
        assert_eq!(replies.len(), 1);
        String::from_utf8(replies.remove(0).1).unwrap()
    }

    pub fn connect(&mut self) {
        let (device, now) = (self.device(), self.clock.now());
        let address = "10.1.2.3:4711".parse().unwrap();
        let link = Connected { address, transport: "tcp", version: "3.1.1", keep_alive_s: 120 };
        self.devices.connected(&device, link, now, &mut self.batch);
        self.links.set_online(true);
        self.flush();
    }

    /// Another device connects.
    pub fn connect_as(&mut self, device: &Arc<Device>, link: Connected) {
        self.devices.connected(device, link, self.clock.now(), &mut self.batch);
        self.flush();
    }

    pub fn disconnect(&mut self, cause: DisconnectCause) {
        let (device, now) = (self.device(), self.clock.now());
        self.devices.disconnected(&device, cause, "", now, &mut self.batch);
        self.links.set_online(false);
        self.flush();
    }

    /// The router says that a message was delivered, or not.
    pub fn settle(&mut self, tag: u64, delivered: bool) {
        let (device, now) = (self.device(), self.clock.now());
        self.devices.downlink_settled(&device, tag, delivered, now, &mut self.batch);
        self.flush();
    }

    /// What the composition root's timer does.
    pub fn tick(&self) {
        self.devices.tick(self.clock.now());
    }

    pub fn control(&self, params: &str) -> Result<IssuedCommand, DevicesError> {
        self.devices.control(&self.device(), &ControlRequest { params: params.into(), keep: None })
    }

    pub fn action(&self, action: &str, params: &str) -> Result<IssuedCommand, DevicesError> {
        let call = ActionCall { action: action.into(), params: params.into(), asynchronous: false };
        self.devices.call_action(&self.device(), &call)
    }

    pub fn command(&self, issued: &CommandView) -> CommandView {
        self.devices.command(&self.device(), issued.id).unwrap()
    }

    pub fn latest(&self) -> Value {
        let latest = self.devices.latest(&self.device()).unwrap();
        let values =
            latest.iter().map(|(id, last)| (id.to_string(), serde_json::to_value(&last.value).unwrap()));
        Value::Object(values.collect())
    }

    pub fn log(&self, log: LogName) -> Vec<Value> {
        let query = LogQuery { range: TimeRange::ALL, order: Order::Ascending, limit: 1_000, cursor: None };
        let page = self.devices.logs(&self.device(), log, &query).unwrap();
        page.entries.iter().map(|entry| serde_json::to_value(entry).unwrap()).collect()
    }
}

fn copy_dir(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_dir(&entry.path(), &target);
        } else {
            match std::fs::copy(entry.path(), target) {
                // A file that was being prepared for later has got its name meanwhile.
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                copied => drop(copied.unwrap()),
            }
        }
    }
}
