//! The server under measurement, on a data directory of its own, and what it is prepared with: a product with the
//! bench model, devices, an MQTT user.

use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use yizhan_simulator::Credential;
use yizhan_simulator::load::BENCH_MODEL;

use super::http::Admin;
use super::process::Measured;

/// The product of all measured devices.
pub(super) const PRODUCT: &str = "BENCHPROD1";
const READY_WITHIN: Duration = Duration::from_secs(60);
/// Devices created in one request.
const DEVICES_A_REQUEST: usize = 5_000;

/// A running server.
pub(super) struct Server {
    pub(super) process: Measured,
    pub(super) mqtt: SocketAddr,
    pub(super) mqtts: SocketAddr,
    pub(super) http: SocketAddr,
    pub(super) admin: Admin,
    /// From the start of the process until it said it was ready.
    pub(super) ready_after: Duration,
}

/// How to start a server.
pub(super) struct Start<'a> {
    pub(super) binary: &'a Path,
    pub(super) core: usize,
    pub(super) data: &'a Path,
    pub(super) arguments: &'a [String],
}

impl Start<'_> {
    /// Starts the server and waits until it is ready.
    pub(super) fn server(&self) -> anyhow::Result<Server> {
        fs::create_dir_all(self.data)?;
        let listeners = self.data.join("run/listeners.json");
        // A server that did not stop in an orderly way leaves it behind.
        let _ = fs::remove_file(&listeners);
        let log = fs::File::create(self.data.with_extension("log"))?;
        let mut command = Command::new(self.binary);
        command.arg("serve").arg("--data").arg(self.data);
        for listener in ["--mqtt", "--mqtts", "--http", "--https"] {
            command.args([listener, "127.0.0.1:0"]);
        }
        // One key makes all requests: not its rate is to be measured.
        command.args(["--set", "access.key_requests=0", "--set", "access.key_changes=0"]);
        command.args(["--cores", "1"]).args(self.arguments);
        command.stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);

        let started = Instant::now();
        let mut process = Measured::start(command, self.core)?;
        let listening = loop {
            if let Some(listening) = read_listeners(&listeners) {
                break listening;
            }
            process.check_running().with_context(|| self.last_words())?;
            if started.elapsed() > READY_WITHIN {
                bail!("the server is not ready after {READY_WITHIN:?}; {}", self.last_words());
            }
            std::thread::sleep(Duration::from_micros(500));
        };
        let ready_after = started.elapsed();
        let address = |name: &str| -> anyhow::Result<SocketAddr> {
            let text =
                listening[name].as_str().with_context(|| format!("no listener {name} in {listening}"))?;
            Ok(text.parse()?)
        };
        let admin = Admin { socket: self.data.join("run/admin.sock") };
        Ok(Server {
            process,
            mqtt: address("mqtt")?,
            mqtts: address("mqtts")?,
            http: address("http")?,
            admin,
            ready_after,
        })
    }

    fn last_words(&self) -> String {
        let log = fs::read_to_string(self.data.with_extension("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(5).collect();
        format!("its last words: {}", lines.into_iter().rev().collect::<Vec<_>>().join(" / "))
    }
}

/// The file appears whole or not at all, but a reader cannot rely on that.
fn read_listeners(file: &PathBuf) -> Option<Value> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

impl Server {
    /// Makes the product and `count` devices.
    pub(super) fn make_devices(&self, count: usize) -> anyhow::Result<Vec<Credential>> {
        let model: Value = serde_json::from_str(BENCH_MODEL)?;
        self.admin.call(
            "POST",
            "/products",
            Some(&json!({"id": PRODUCT, "name": "Measured devices", "model": model})),
        )?;
        let mut devices = Vec::with_capacity(count);
        while devices.len() < count {
            let names: Vec<String> = (devices.len()..count.min(devices.len() + DEVICES_A_REQUEST))
                .map(|number| format!("dev{number:06}"))
                .collect();
            let made = self.admin.call(
                "POST",
                &format!("/products/{PRODUCT}/devices"),
                Some(&json!({"names": names})),
            )?;
            let made: Vec<Credential> = serde_json::from_value(made["devices"].clone())
                .context("the answer to the creation of devices lacks product_id, name or secret")?;
            if made.len() != names.len() {
                bail!("{} devices were asked for and {} were made", names.len(), made.len());
            }
            devices.extend(made);
        }
        Ok(devices)
    }

    /// Makes an ordinary MQTT user; its name and password.
    pub(super) fn make_user(&self) -> anyhow::Result<(String, String)> {
        let made = self.admin.call(
            "POST",
            "/mqtt-users",
            Some(&json!({"name": "bench", "publish": ["bench/#"], "subscribe": ["bench/#"]})),
        )?;
        let field = |name: &str| {
            made[name].as_str().map(str::to_owned).with_context(|| format!("the new MQTT user has no {name}"))
        };
        Ok((field("name")?, field("password")?))
    }
}
