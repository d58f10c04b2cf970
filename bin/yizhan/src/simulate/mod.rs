//! `yizhan simulate`: virtual devices against a server. With a server on this machine the devices, their keys, the thing
//! model and the addresses come from it, and missing devices are made; with `--credentials` any server will do.

mod options;
mod roster;

use std::collections::BTreeMap;
use std::net::{SocketAddr, ToSocketAddrs};
use std::process::ExitCode;

use anyhow::{Context, bail};
use yizhan_simulator::engine::Trust;
use yizhan_simulator::fleet::{self, Summary};
use yizhan_simulator::{Credential, Target, Transport};

use crate::data_dir::Listeners;
use crate::local_client::{ClientError, LocalClient, Path};
use crate::{interrupt, output};
pub use options::Simulate;

impl Simulate {
    /// Runs the devices until the time is over or Ctrl-C, and prints what they did.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let stop = interrupt::watch()?;
        let client = LocalClient::new(&self.data);
        let devices = match &self.credentials {
            Some(file) => roster::read(file, self.product.as_deref(), self.count)?,
            None => {
                let product = self.product.as_deref().context("name the product with --product")?;
                roster::provide(&client, product, &self.prefix, self.count.unwrap_or(1))?
            }
        };
        let models = self.models(&client, &devices)?;
        let config = self.fleet(self.target()?, devices, models);
        allow_open_files(config.devices.len());
        if !self.quiet {
            let (count, address) = (config.devices.len(), config.target.address);
            output::note(&format!("{count} devices over {} to {address}", self.transport.name()));
        }
        let mut tell = |summary: &Summary| {
            if !self.quiet {
                output::note(&progress(summary));
            }
        };
        let summary = fleet::run(&config, &stop, &mut tell)?;
        if self.json {
            output::json(&summary)?;
        } else {
            output::result(&summary.to_string());
        }
        // A script wants to know when nothing worked at all.
        Ok(if summary.connected > 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    /// The thing model of every product among the devices: the file given, or the server's.
    fn models(
        &self,
        client: &LocalClient,
        devices: &[Credential],
    ) -> anyhow::Result<BTreeMap<String, String>> {
        let read = |file: &std::path::PathBuf| {
            std::fs::read_to_string(file).with_context(|| format!("{} cannot be read", file.display()))
        };
        let given = self.model.as_ref().map(read).transpose()?;
        let mut models = BTreeMap::new();
        for device in devices {
            if !models.contains_key(&device.product) {
                let model = match &given {
                    Some(model) => model.clone(),
                    None => model_of(client, &device.product)?,
                };
                models.insert(device.product.clone(), model);
            }
        }
        Ok(models)
    }

    fn target(&self) -> anyhow::Result<Target> {
        let address = match &self.address {
            Some(address) => resolve(address)?,
            None => {
                let listeners = self.data.listeners()?.with_context(|| {
                    let data = self.data.path().display();
                    format!("no server runs on {data}: start it with yizhan serve --data {data}, or name one with --address HOST:PORT")
                })?;
                listener(&listeners, self.transport)
                    .with_context(|| format!("the server does not listen for {}", self.transport.name()))?
            }
        };
        let host = self.address.as_deref().and_then(|address| address.rsplit_once(':')).map(|(host, _)| host);
        let server_name = self.server_name.as_deref().or(host).unwrap_or("localhost");
        Ok(Target {
            address,
            transport: self.transport,
            server_name: server_name.trim_matches(['[', ']']).to_owned(),
            trust: self.ca.clone().map_or(Trust::Any, Trust::Ca),
        })
    }
}

/// Where a server listens for devices of this kind. Whoever listens on all addresses is met on loopback.
fn listener(listeners: &Listeners, transport: Transport) -> Option<SocketAddr> {
    let mut address = match transport {
        Transport::Tcp => listeners.mqtt,
        Transport::Tls | Transport::Psk => listeners.mqtts,
        Transport::WebSocket => listeners.http,
        Transport::WebSocketTls => listeners.https,
    }?;
    if address.ip().is_unspecified() {
        address.set_ip(match address {
            SocketAddr::V4(_) => std::net::Ipv4Addr::LOCALHOST.into(),
            SocketAddr::V6(_) => std::net::Ipv6Addr::LOCALHOST.into(),
        });
    }
    Some(address)
}

fn resolve(address: &str) -> anyhow::Result<SocketAddr> {
    let found = address.to_socket_addrs();
    let mut found = found.with_context(|| format!("{address} cannot be resolved (write HOST:PORT)"))?;
    found.next().with_context(|| format!("{address} has no address"))
}

fn model_of(client: &LocalClient, product: &str) -> anyhow::Result<String> {
    let error = match client.get_text(&Path::of(["products", product, "model"])) {
        Ok(model) => return Ok(model),
        Err(error) => error,
    };
    match &error {
        ClientError::NotRunning { .. } => bail!("{error}\nor give the thing model with --model FILE"),
        ClientError::Refused { status: 404, .. } => bail!(
            "{error}: give it one with yizhan admin product model {product} --set FILE, or use --model FILE here"
        ),
        _ => Err(error.into()),
    }
}

/// Each device is an open file, and many systems allow 1024 unless asked for more.
fn allow_open_files(devices: usize) {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted = devices as u64 + 64;
    let limit = getrlimit(Resource::Nofile);
    if limit.current.is_none_or(|current| current >= wanted) {
        return;
    }
    let highest = limit.maximum.unwrap_or(u64::MAX);
    let raised = Rlimit { current: Some(wanted.min(highest)), maximum: limit.maximum };
    if setrlimit(Resource::Nofile, raised).is_err() || highest < wanted {
        output::note(&format!(
            "not all devices can connect: only {highest} open files are allowed (ulimit -n)"
        ));
    }
}

fn progress(summary: &Summary) -> String {
    let refused: u64 = summary.connect_refused.values().sum();
    let answered: u64 = summary.answered.values().sum();
    let mut text = format!(
        "{:>6.0} s  {} of {} online, {} sent, {} answered with 0",
        summary.seconds,
        summary.online,
        summary.devices,
        summary.total_sent(),
        summary.succeeded(),
    );
    let troubles = [
        (answered - summary.succeeded(), "answered otherwise"),
        (summary.unanswered, "unanswered"),
        (refused, "logins refused"),
    ];
    for (count, what) in troubles.iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!(", {count} {what}"));
    }
    text
}

#[cfg(test)]
mod tests;
