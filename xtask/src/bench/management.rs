//! The scenarios of the management API.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::Context as _;
use serde_json::json;
use yizhan_simulator::fleet::{self, FleetConfig};
use yizhan_simulator::load::BENCH_MODEL;
use yizhan_simulator::{Credential, Target, Transport};

use super::api::{self, ApiLoad};
use super::figures::{Row, row, sample};
use super::scenarios::{Bench, OURS, tell};
use super::server::{PRODUCT, Server};

/// Clients that ask at the same time.
const CLIENTS: usize = 32;
/// Devices whose data is read or set.
const DEVICES: usize = 64;
/// Devices among which a name is searched.
const SEARCHED: usize = 100_000;

/// The latest values of devices that have reported.
pub(super) fn read_data(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let bodies = (0..DEVICES).map(|number| device(number).to_string()).collect();
    with_fleet(bench, "DescribeDeviceData", bodies)
}

/// Controls of devices that are there and answer.
pub(super) fn control(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let body = |number| {
        let mut request = device(number);
        request["Data"] = json!(format!(r#"{{"power_switch":{}}}"#, number % 2));
        request.to_string()
    };
    with_fleet(bench, "ControlDeviceData", (0..DEVICES).map(body).collect())
}

/// Pages of devices whose name contains something.
pub(super) fn search(bench: &mut Bench) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut server = bench.start(data.path())?;
    server.make_devices(if bench.quick { SEARCHED / 10 } else { SEARCHED })?;
    let body = |number: usize| {
        json!({ "ProductId": PRODUCT, "DeviceName": format!("{number:03}"), "Offset": 0, "Limit": 20 })
            .to_string()
    };
    // One client: the figure is the time of one search, not how many are done at once.
    let load = load(&server, "GetDeviceList", (0..1_000).map(body).collect(), 1)?;
    measured(bench, &mut server, &load)
}

fn with_fleet(bench: &mut Bench, action: &'static str, bodies: Vec<String>) -> anyhow::Result<Vec<Row>> {
    let data = bench.data_directory()?;
    let mut server = bench.start(data.path())?;
    let devices = server.make_devices(DEVICES)?;
    let fleet = Fleet::start(&server, devices)?;
    let load = load(&server, action, bodies, CLIENTS)?;
    let rows = measured(bench, &mut server, &load);
    fleet.stop();
    rows
}

fn measured(bench: &mut Bench, server: &mut Server, load: &ApiLoad) -> anyhow::Result<Vec<Row>> {
    let mut samples = Vec::new();
    for _ in 0..bench.runs {
        samples.push(sample(&mut server.process, |observe| api::run(load, bench.phases(), observe))?);
        tell(OURS, samples.last());
    }
    server.process.check_running()?;
    Ok(vec![row(OURS, &samples)])
}

fn load(
    server: &Server,
    action: &'static str,
    bodies: Vec<String>,
    clients: usize,
) -> anyhow::Result<ApiLoad> {
    let (secret_id, secret_key) = server.make_key()?;
    Ok(ApiLoad { address: server.http, secret_id, secret_key, action, bodies: Arc::new(bodies), clients })
}

fn device(number: usize) -> serde_json::Value {
    json!({ "ProductId": PRODUCT, "DeviceName": format!("dev{number:06}") })
}

/// Devices that are online and answer, on a thread of their own.
struct Fleet {
    stop: Arc<AtomicBool>,
    thread: std::thread::JoinHandle<()>,
}

impl Fleet {
    /// Starts the devices; each has reported once when this returns.
    fn start(server: &Server, devices: Vec<Credential>) -> anyhow::Result<Self> {
        let models = BTreeMap::from([(PRODUCT.to_owned(), BENCH_MODEL.to_owned())]);
        let target = Target::at(server.mqtt, Transport::Tcp);
        let config = FleetConfig {
            interval: Duration::from_secs(1),
            event_interval: None,
            ..FleetConfig::new(target, devices, models)
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread = std::thread::Builder::new().name("fleet".to_owned()).spawn(move || {
            // A fleet that fails shows in the answers of the devices.
            drop(fleet::run(&config, &stopped, &mut |_| {}));
        })?;
        std::thread::sleep(Duration::from_secs(3));
        Ok(Self { stop, thread })
    }

    fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        // It ends by itself soon; a panic there has been told already.
        drop(self.thread.join());
    }
}

impl Server {
    /// Makes an API key of the first account: SecretId and SecretKey.
    fn make_key(&self) -> anyhow::Result<(String, String)> {
        let made = self.admin.call("POST", "/accounts/100000000001/keys", Some(&json!({})))?;
        let field = |name: &str| {
            made[name].as_str().map(str::to_owned).with_context(|| format!("the new key has no {name}"))
        };
        Ok((field("secret_id")?, field("secret_key")?))
    }
}
