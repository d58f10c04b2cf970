//! The options of `yizhan simulate`.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use yizhan_simulator::fleet::{Fault, FleetConfig, ReportPolicy, describe_faults};
use yizhan_simulator::{Credential, Target, Transport};

use crate::data_dir::DataDir;

/// Simulate devices
#[derive(Debug, clap::Args)]
#[command(after_long_help = fault_help())]
pub struct Simulate {
    #[command(flatten)]
    pub(super) data: DataDir,
    /// Use the devices of this file instead of the local server's: JSON as `admin device create --json` prints it, or
    /// CSV with product, device, secret
    #[arg(long, value_name = "FILE")]
    pub(super) credentials: Option<PathBuf>,
    /// The product whose devices are simulated
    #[arg(long, value_name = "PRODUCT", required_unless_present = "credentials")]
    pub(super) product: Option<String>,
    /// How many devices (default: 1, with --credentials all of the file)
    #[arg(long, value_name = "N", value_parser = parse_count)]
    pub(super) count: Option<usize>,
    /// The devices are called PREFIX-1, PREFIX-2 and so on; missing ones are made
    #[arg(long, default_value = "sim")]
    pub(super) prefix: String,
    /// The thing model's file, if it is not to come from the local server
    #[arg(long, value_name = "FILE")]
    pub(super) model: Option<PathBuf>,
    /// How devices connect: tcp, tls, psk, ws or wss
    #[arg(long, default_value = "tcp")]
    pub(super) transport: Transport,
    /// The server, if it is not the local one
    #[arg(long, value_name = "HOST:PORT")]
    pub(super) address: Option<String>,
    /// The name that the server's certificate must have (default: the host of --address)
    #[arg(long, value_name = "NAME")]
    pub(super) server_name: Option<String>,
    /// Accept only certificates of this CA (PEM); any certificate when absent
    #[arg(long, value_name = "FILE")]
    pub(super) ca: Option<PathBuf>,
    /// Milliseconds between two reports of a device
    #[arg(long, value_name = "MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    interval: u64,
    /// Report only the properties that changed
    #[arg(long)]
    on_change: bool,
    /// Milliseconds between two events of a device; 0 for no events
    #[arg(long, value_name = "MS", default_value_t = 300_000)]
    event_interval: u64,
    /// QoS of reports and events
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(0..=1))]
    qos: u8,
    /// Seconds of MQTT keep-alive
    #[arg(long, value_name = "S", default_value_t = 120, value_parser = clap::value_parser!(u16).range(1..))]
    keep_alive: u16,
    /// Devices that connect a second
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u32).range(1..))]
    connects_per_second: u32,
    /// What goes wrong: NAME[:SHARE%][:TIME]; repeat for several (--help lists them)
    #[arg(long, value_name = "FAULT")]
    fault: Vec<Fault>,
    /// Stop after this many seconds
    #[arg(long, value_name = "S")]
    duration: Option<u64>,
    /// Start of the random numbers: the same start, the same behaviour
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Print the summary as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// No progress on standard error
    #[arg(long)]
    pub(super) quiet: bool,
}

/// The most devices one process simulates.
const MAX_DEVICES: usize = 200_000;

fn parse_count(text: &str) -> Result<usize, String> {
    let count = text.parse().ok().filter(|count| (1..=MAX_DEVICES).contains(count));
    count.ok_or_else(|| format!("write a number from 1 to {MAX_DEVICES}"))
}

fn fault_help() -> String {
    format!("Faults, with their default share and time:\n{}", describe_faults())
}

impl Simulate {
    /// The fleet that was asked for.
    pub(super) fn fleet(
        &self,
        target: Target,
        devices: Vec<Credential>,
        models: BTreeMap<String, String>,
    ) -> FleetConfig {
        FleetConfig {
            policy: if self.on_change { ReportPolicy::OnChange } else { ReportPolicy::EveryInterval },
            interval: Duration::from_millis(self.interval),
            event_interval: (self.event_interval > 0).then(|| Duration::from_millis(self.event_interval)),
            qos: self.qos,
            keep_alive: Duration::from_secs(self.keep_alive.into()),
            connects_per_second: self.connects_per_second,
            faults: self.fault.clone(),
            duration: self.duration.map(Duration::from_secs),
            seed: self.seed,
            ..FleetConfig::new(target, devices, models)
        }
    }
}
