//! A fleet of virtual devices that behave as a thing model says and fail as a script says.
//!
//! Each device signs in, subscribes to its `$thing/down/…` topics, asks for its status, reports values that wander
//! inside the model's limits, obeys controls (reply, then a report of what changed), answers actions with valid
//! outputs and posts events now and then. Faults are listed in [`FaultKind`]. With the same seed a fleet does the same
//! things in the same order.

pub(crate) mod device;
pub(crate) mod downlink;
mod driver;
mod faults;
pub(crate) mod messages;
pub(crate) mod sending;
mod summary;
pub(crate) mod values;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::credentials::{Credential, CredentialError};
use crate::engine::{Connector, Engine, EngineError, Target};

use driver::Fleet;
pub(crate) use faults::FaultPlan;
pub use faults::{Fault, FaultError, FaultKind, describe_faults};
pub use summary::Summary;

/// Loopback addresses that devices connect from in turn, for fleets larger than one address has ports.
const SOURCE_ADDRESSES: u8 = 8;
/// How often progress is told.
const PROGRESS_EVERY: Duration = Duration::from_secs(1);
/// How long devices have to say goodbye.
const GOODBYE_WITHIN: Duration = Duration::from_secs(3);

/// When a device reports.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReportPolicy {
    /// All properties at every interval.
    EveryInterval,
    /// At every interval those properties that changed, if any did.
    OnChange,
}

/// What to simulate.
#[derive(Debug, Clone)]
pub struct FleetConfig {
    /// The server.
    pub target: Target,
    /// The devices.
    pub devices: Vec<Credential>,
    /// Thing models as JSON text, by product id. Every device's product must be here.
    pub models: BTreeMap<String, String>,
    /// Which properties a report has.
    pub policy: ReportPolicy,
    /// Time between two reports of a device.
    pub interval: Duration,
    /// Time between two events of a device; `None` for no events.
    pub event_interval: Option<Duration>,
    /// QoS of reports, events and subscriptions: 0 or 1.
    pub qos: u8,
    /// The keep-alive of CONNECT.
    pub keep_alive: Duration,
    /// Connections opened a second while the fleet comes up.
    pub connects_per_second: u32,
    /// How long a report or event may stay unanswered before it is counted so.
    pub answer_within: Duration,
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// When to stop; `None` for only when told.
    pub duration: Option<Duration>,
    /// Where the random numbers start.
    pub seed: u64,
}

impl FleetConfig {
    /// Devices that report every 10 s at QoS 1, post an event every 5 minutes, and fail in no way.
    pub fn new(target: Target, devices: Vec<Credential>, models: BTreeMap<String, String>) -> Self {
        Self {
            target,
            devices,
            models,
            policy: ReportPolicy::EveryInterval,
            interval: Duration::from_secs(10),
            event_interval: Some(Duration::from_secs(300)),
            qos: 1,
            keep_alive: Duration::from_secs(120),
            connects_per_second: 500,
            answer_within: Duration::from_secs(10),
            faults: Vec::new(),
            duration: None,
            seed: 1,
        }
    }
}

/// Why a fleet cannot run.
#[derive(Debug, thiserror::Error)]
pub enum FleetError {
    /// There is nothing to simulate.
    #[error("no devices: create some with `yizhan admin device create` or name a credentials file")]
    NoDevices,
    /// A device's product has no thing model.
    #[error("product {0} has no thing model: give it one with `yizhan admin product model`")]
    NoModel(String),
    /// A thing model does not parse.
    #[error("the thing model of product {0} is not valid: {1}")]
    BadModel(String, String),
    /// The report interval is zero.
    #[error("the report interval must be at least one millisecond")]
    NoInterval,
    /// A credential cannot be used.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The engine failed.
    #[error(transparent)]
    Engine(#[from] EngineError),
}

/// Runs a fleet on the calling thread until its duration is over or `stop` is set, and tells its counts about
/// every second.
pub fn run(
    config: &FleetConfig,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(&Summary),
) -> Result<Summary, FleetError> {
    let connector = Connector::new(config.target.clone()).map_err(EngineError::from)?;
    let mut engine = Engine::new(connector.from_loopback_addresses(SOURCE_ADDRESSES))?;
    let mut fleet = Fleet::new(config)?;
    fleet.start(&mut engine);

    let started = Instant::now();
    let mut told = started;
    engine.run(&mut fleet, config.duration, |fleet| {
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            progress(fleet.count(started.elapsed()));
        }
        stop.load(Ordering::Relaxed)
    })?;

    let mut summary = fleet.count(started.elapsed()).clone();
    fleet.say_goodbye(&mut engine);
    let mut left = engine.len();
    let deadline = Instant::now() + GOODBYE_WITHIN;
    while left > 0 && Instant::now() < deadline {
        engine.run(&mut fleet, Some(Duration::from_millis(20)), |_| false)?;
        left = engine.len();
    }
    summary.unanswered += fleet.open_questions();
    Ok(summary)
}
