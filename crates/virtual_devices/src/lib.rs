//! Virtual devices that run in the server: people try products, rules and applications with them before there is hardware.
//!
//! A virtual device is a device of the registry whose part the server plays. It connects over MQTT to the server's own
//! listener with the device's own key, behaves as its product's thing model and its [`Behaviour`] say, and is a device like
//! any other to everything else. Which ones run is in the registry, so that they go on after a restart.
//!
//! What must stay true: the real device comes first (a virtual one takes its place only where it is forced to, once), and
//! there are never more than the limits of the installation and of an account allow.

mod directory;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use yizhan_devices::{Device, Devices, Product};
use yizhan_simulator::engine::EngineError;
use yizhan_simulator::hall::{Hall, SayError};
use yizhan_simulator::{Target, Transport};
use yizhan_store::{Store, StoreError, VirtualDeviceRow};
use yizhan_vocabulary::{Clock, DeviceId, Uin};

use directory::{DeviceDirectory, is_connected, login_of};
pub use yizhan_simulator::hall::{
    Answer, AnswerPolicy, Answering, Behaviour, Counts, FaultSetting, Portrait, Saying, State, Trouble,
    TroubleKind,
};

/// Devices that were stopped whose behaviour is kept for the next time.
const STOPPED_KEPT: usize = 1_000;
/// How long the server may take to answer what a virtual device says.
const ANSWER_WITHIN: Duration = Duration::from_secs(5);
/// How long the server may take to see that a virtual device has gone.
const GONE_WITHIN: Duration = Duration::from_secs(2);

/// How many virtual devices may run at once.
#[derive(Debug, Clone, Copy)]
pub struct VirtualDevicesLimits {
    /// In all.
    pub max: usize,
    /// Of one root account.
    pub max_per_account: usize,
}

impl Default for VirtualDevicesLimits {
    fn default() -> Self {
        Self { max: 200, max_per_account: 20 }
    }
}

/// Why something could not be done with a virtual device.
#[derive(Debug, thiserror::Error)]
pub enum VirtualDeviceError {
    /// Somebody is connected as this device.
    #[error("stop the device first, or use Force to take its place")]
    Occupied,
    /// There is nothing to behave by.
    #[error("the product has no thing model")]
    NoModel,
    /// The server cannot log in as this device.
    #[error("the product's devices prove themselves with certificates, whose keys the server does not have")]
    NoKey,
    /// A limit is reached.
    #[error("{0}")]
    LimitReached(String),
    /// The behaviour is not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// It does not run.
    #[error("start the virtual device first")]
    NotRunning,
    /// It runs, but is not connected.
    #[error("the virtual device is not connected now; DescribeVirtualDevice says why")]
    Offline,
    /// The registry failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A virtual device as it stands.
#[derive(Debug)]
pub struct VirtualDevice {
    /// Whose part is played.
    pub device: Arc<Device>,
    /// What the registry keeps of it.
    pub row: VirtualDeviceRow,
    /// How it behaves.
    pub behaviour: Behaviour,
    /// How it is doing, while it runs.
    pub portrait: Option<Portrait>,
}

/// What came of something that a virtual device said.
#[derive(Debug)]
pub enum Said {
    /// The server answered.
    Answered(Answer),
    /// It did not, within five seconds; the message's token.
    Unanswered(String),
}

/// The virtual devices. Cloning is cheap; every clone is the same.
#[derive(Clone)]
pub struct VirtualDevices(Arc<Inner>);

struct Inner {
    devices: Devices,
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    limits: VirtualDevicesLimits,
    /// There once the server listens.
    hall: OnceLock<Hall>,
    /// Held while something is started or stopped, so that limits hold and the registry and the hall agree.
    changes: Mutex<()>,
}

impl VirtualDevices {
    /// The virtual devices of an installation. They run from [`VirtualDevices::go_on`] on.
    pub fn new(
        devices: Devices,
        store: Arc<Store>,
        clock: Arc<dyn Clock>,
        limits: VirtualDevicesLimits,
    ) -> Self {
        Self(Arc::new(Inner {
            devices,
            store,
            clock,
            limits,
            hall: OnceLock::new(),
            changes: Mutex::default(),
        }))
    }

    /// Lets those run that ran when the server stopped. `listener` is where the server listens for MQTT over TCP.
    pub fn go_on(&self, listener: SocketAddr) -> Result<(), GoOnError> {
        let _changes = self.0.changes.lock();
        let target = Target::at(reachable(listener), Transport::Tcp);
        let hall = Hall::start(target, Box::new(DeviceDirectory(self.0.devices.clone())))?;
        for row in self.0.store.virtual_devices()?.into_iter().filter(|row| row.running) {
            hall.let_in(row.device.0, behaviour_of(&row), false);
        }
        // Nobody else sets it: the server calls this once.
        let _ = self.0.hall.set(hall);
        Ok(())
    }

    /// Lets all of them say goodbye. They go on with the next start of the server.
    pub fn stop_all(&self) {
        if let Some(hall) = self.0.hall.get() {
            hall.stop();
        }
    }

    /// Starts a device's part, or starts it anew; as it behaved the last time where no behaviour is given.
    pub fn start(
        &self,
        device: &Arc<Device>,
        behaviour: Option<Behaviour>,
        force: bool,
        by: Uin,
    ) -> Result<(), VirtualDeviceError> {
        login_of(device).map_err(|lack| match lack {
            TroubleKind::NoModel => VirtualDeviceError::NoModel,
            _ => VirtualDeviceError::NoKey,
        })?;
        let _changes = self.0.changes.lock();
        let known = self.0.store.virtual_device(device.id)?;
        let behaviour = match behaviour {
            Some(behaviour) => checked(behaviour)?,
            None => known.as_ref().map(behaviour_of).unwrap_or_default(),
        };
        let runs = known.as_ref().is_some_and(|row| row.running);
        if is_connected(device) && !force && !self.plays(device) {
            return Err(VirtualDeviceError::Occupied);
        }
        if runs {
            self.send_away(device);
        } else {
            self.has_room(device)?;
        }
        self.keep(device, &behaviour, true, by)?;
        self.0.store.forget_stopped_virtual_devices(STOPPED_KEPT)?;
        if let Some(hall) = self.0.hall.get() {
            hall.let_in(device.id.0, behaviour, force);
        }
        Ok(())
    }

    /// Ends a device's part. False if it did not run.
    pub fn stop(&self, device: &Arc<Device>, by: Uin) -> Result<bool, VirtualDeviceError> {
        let _changes = self.0.changes.lock();
        let Some(row) = self.0.store.virtual_device(device.id)?.filter(|row| row.running) else {
            return Ok(false);
        };
        self.keep(device, &behaviour_of(&row), false, by)?;
        self.send_away(device);
        Ok(true)
    }

    /// Changes how a device behaves, now or the next time it is started.
    pub fn change(
        &self,
        device: &Arc<Device>,
        behaviour: Behaviour,
        by: Uin,
    ) -> Result<(), VirtualDeviceError> {
        let behaviour = checked(behaviour)?;
        let _changes = self.0.changes.lock();
        let known = self.0.store.virtual_device(device.id)?.ok_or(VirtualDeviceError::NotRunning)?;
        self.keep(device, &behaviour, known.running, by)?;
        if let Some(hall) = self.0.hall.get().filter(|_| known.running) {
            hall.change(device.id.0, behaviour);
        }
        Ok(())
    }

    /// Lets a virtual device say something and waits for the server's answer.
    pub fn say(&self, device: &Device, saying: Saying) -> Result<Said, VirtualDeviceError> {
        let hall = self.0.hall.get().ok_or(VirtualDeviceError::NotRunning)?;
        match hall.say(device.id.0, saying, ANSWER_WITHIN) {
            Ok(answer) => Ok(Said::Answered(answer)),
            Err(SayError::Unanswered(token)) => Ok(Said::Unanswered(token)),
            Err(SayError::Offline) => Err(VirtualDeviceError::Offline),
            Err(SayError::NotRunning) => Err(VirtualDeviceError::NotRunning),
        }
    }

    /// A device's part, if it was ever started.
    pub fn find(&self, device: &Arc<Device>) -> Result<Option<VirtualDevice>, VirtualDeviceError> {
        let Some(row) = self.0.store.virtual_device(device.id)? else { return Ok(None) };
        Ok(self.with_portraits(vec![(Arc::clone(device), row)]).pop())
    }

    /// The virtual devices of these products, running or stopped, the last changed first.
    pub fn of_products(&self, products: &[Arc<Product>]) -> Result<Vec<VirtualDevice>, VirtualDeviceError> {
        let rows = self.0.store.virtual_devices()?.into_iter();
        let known = rows.filter_map(|row| {
            let device = self.0.devices.device(row.device)?;
            products.iter().any(|product| product.id == *device.product_id()).then_some((device, row))
        });
        Ok(self.with_portraits(known.collect()))
    }

    fn with_portraits(&self, known: Vec<(Arc<Device>, VirtualDeviceRow)>) -> Vec<VirtualDevice> {
        let running: Vec<u64> =
            known.iter().filter(|(_, row)| row.running).map(|(device, _)| device.id.0).collect();
        let mut portraits = match self.0.hall.get() {
            Some(hall) if !running.is_empty() => hall.look(running),
            _ => BTreeMap::new(),
        };
        let seen = known.into_iter().map(|(device, row)| VirtualDevice {
            behaviour: behaviour_of(&row),
            portrait: portraits.remove(&device.id.0),
            device,
            row,
        });
        seen.collect()
    }

    fn keep(
        &self,
        device: &Device,
        behaviour: &Behaviour,
        running: bool,
        by: Uin,
    ) -> Result<(), VirtualDeviceError> {
        let text = serde_json::to_string(behaviour)
            .map_err(|error| VirtualDeviceError::Invalid(error.to_string()))?;
        self.0.store.put_virtual_device(&VirtualDeviceRow {
            device: device.id,
            behaviour: text,
            running,
            changed_by: by.0,
            updated_at: self.0.clock.now(),
        })?;
        Ok(())
    }

    /// Ends the connection of a device's part and waits until the server knows.
    fn send_away(&self, device: &Device) {
        let Some(hall) = self.0.hall.get() else { return };
        let was_connected = self.plays(device);
        hall.send_away(device.id.0);
        let end = Instant::now() + GONE_WITHIN;
        while was_connected && is_connected(device) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Whether the connection of this device is the virtual one's.
    fn plays(&self, device: &Device) -> bool {
        let look = |hall: &Hall| hall.look(vec![device.id.0]).remove(&device.id.0);
        self.0.hall.get().and_then(look).is_some_and(|portrait| portrait.state == State::Online)
    }

    fn has_room(&self, device: &Device) -> Result<(), VirtualDeviceError> {
        let VirtualDevicesLimits { max, max_per_account } = self.0.limits;
        let owner = self.owner(device);
        let running = self.0.store.virtual_devices()?.into_iter().filter(|row| row.running);
        let owners: Vec<_> = running.map(|row| self.owner_of(row.device)).collect();
        let refused = |what: &str, limit: usize| {
            let why = format!("{what} may run {limit} virtual devices at once; stop one first");
            Err(VirtualDeviceError::LimitReached(why))
        };
        if owners.len() >= max {
            return refused("the installation", max);
        }
        if owners.iter().filter(|other| **other == owner).count() >= max_per_account {
            return refused("an account", max_per_account);
        }
        Ok(())
    }

    fn owner(&self, device: &Device) -> Option<Uin> {
        self.0.devices.owner_of_project(&device.product().settings().profile.project)
    }

    fn owner_of(&self, id: DeviceId) -> Option<Uin> {
        self.0.devices.device(id).and_then(|device| self.owner(&device))
    }
}

/// Why virtual devices cannot go on when the server starts.
#[derive(Debug, thiserror::Error)]
pub enum GoOnError {
    /// The client engine could not be set up.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The registry failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn checked(behaviour: Behaviour) -> Result<Behaviour, VirtualDeviceError> {
    behaviour.check().map_err(VirtualDeviceError::Invalid)?;
    Ok(behaviour)
}

/// The behaviour that is kept. One that a newer release wrote in another form is taken as the usual one, so that the
/// server starts.
fn behaviour_of(row: &VirtualDeviceRow) -> Behaviour {
    serde_json::from_str(&row.behaviour).unwrap_or_else(|error| {
        tracing::warn!(device = row.device.0, %error, "a virtual device's behaviour cannot be read");
        Behaviour::default()
    })
}

/// Where a listener is reached from this machine.
fn reachable(listener: SocketAddr) -> SocketAddr {
    let here = match listener.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(here, listener.port())
}
