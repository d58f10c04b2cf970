//! `yizhan admin device`: devices, their credentials and certificates. What devices said, and commands to them, are in
//! [`device_data`](super::device_data).

use std::fs::OpenOptions;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path as FilePath, PathBuf};

use anyhow::Context;
use serde_json::{Value, json};
use yizhan_simulator::Credential;

use super::caller::{Caller, cell, facts, items, time_cell};
use super::device_data::{Action, Command, Commands, Control, Data, History, Log};
use crate::device_login::{DeviceLogin, sample_params};
use crate::local_client::Path;
use crate::output::{self, Table};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Device {
    /// Create devices, by name or numbered
    Create(Create),
    /// List a product's devices
    List(List),
    /// Show a device with its secret
    Show(Which),
    /// Show how to sign in as a device by hand, with lines for mosquitto_pub
    Login(Which),
    /// Give a device a new secret and disconnect it
    ResetSecret(Which),
    /// Let a device connect
    Enable(Which),
    /// Disconnect a device and let it not connect
    Disable(Which),
    /// Delete a device
    Delete(Which),
    /// Issue a certificate, or revoke those issued before
    Certificate(Certificate),
    /// Set properties
    Control(Control),
    /// Call an action
    Action(Action),
    /// Show the last value of every property
    Data(Data),
    /// Show what a property was
    History(History),
    /// Show a device's log
    Log(Log),
    /// List the newest controls and action calls
    Commands(Commands),
    /// Show one control or action call
    Command(Command),
}

/// A device.
#[derive(Debug, Clone, clap::Args)]
pub(super) struct Which {
    /// The product's id
    #[arg(value_name = "PRODUCT")]
    pub(super) product: String,
    /// The device's name
    #[arg(value_name = "DEVICE")]
    pub(super) device: String,
}

impl Which {
    /// The path of the device, or of something that belongs to it.
    pub(super) fn path<const N: usize>(&self, rest: [&str; N]) -> Path {
        Path::of(["products", &self.product, "devices", &self.device].into_iter().chain(rest))
    }
}

impl Which {
    fn login(self, caller: &Caller) -> anyhow::Result<()> {
        let client = &caller.client;
        let product = client.get(&Path::of(["products", &self.product]))?;
        anyhow::ensure!(
            product["auth"] != "certificate",
            "the devices of product {} sign in with certificates; issue one with: \
             yizhan admin device certificate {} {} --out DIR",
            self.product,
            self.product,
            self.device
        );
        let credential: Credential =
            serde_json::from_value(client.get(&self.path([]))?).context("the server sent no secret")?;
        let model = match product["has_model"] == true {
            true => {
                serde_json::from_str(&client.get_text(&Path::of(["products", &self.product, "model"]))?)?
            }
            false => Value::Null,
        };
        let listeners = client.data().listeners()?.context("the server does not say where it listens")?;
        let login = DeviceLogin::new(&credential, listeners.mqtt, listeners.mqtts, &sample_params(&model))?;
        caller.show(&serde_json::to_value(&login)?, |_| {
            format!("{}\n\n{}", login.fields(), login.shell_lines())
        })
    }
}

#[derive(Debug, clap::Args)]
pub(super) struct Create {
    /// The product's id
    product: String,
    /// The devices' names
    #[arg(required_unless_present = "prefix")]
    names: Vec<String>,
    /// Create numbered devices whose names start so
    #[arg(long, conflicts_with = "names", requires = "count")]
    prefix: Option<String>,
    /// How many numbered devices
    #[arg(long, value_name = "N", requires = "prefix")]
    count: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(super) struct List {
    /// The product's id
    product: String,
    /// Leave out the first N by name
    #[arg(long, value_name = "N")]
    offset: Option<usize>,
    /// At most N
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,
}

#[derive(Debug, clap::Args)]
pub(super) struct Certificate {
    #[command(flatten)]
    which: Which,
    /// Where to put the certificate, its private key and the CA's certificate
    #[arg(long, value_name = "DIR", required_unless_present = "revoke")]
    out: Option<PathBuf>,
    /// Revoke all certificates of the device instead
    #[arg(long, conflicts_with = "out")]
    revoke: bool,
}

impl Create {
    fn body(&self) -> Value {
        match (&self.prefix, self.count) {
            (Some(prefix), Some(count)) => json!({ "prefix": prefix, "count": count }),
            _ => json!({ "names": self.names }),
        }
    }
}

impl Device {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = &caller.client;
        match self {
            Self::Create(create) => {
                let path = Path::of(["products", &create.product, "devices"]);
                caller.show(&client.post(&path, &create.body())?, created)
            }
            Self::List(list) => {
                let path = Path::of(["products", &list.product, "devices"]);
                let path = path.query("offset", list.offset).query("limit", Some(list.limit));
                let answer = client.get(&path)?;
                caller.show(&answer, listed)?;
                let (shown, total) =
                    (items(&answer, "devices").count(), answer["total"].as_u64().unwrap_or(0));
                if (shown as u64) < total && !caller.json {
                    output::note(&format!("{shown} of {total} devices; see more with --offset and --limit"));
                }
                Ok(())
            }
            Self::Show(which) => caller.show(&client.get(&which.path([]))?, shown),
            Self::Login(which) => which.login(caller),
            Self::ResetSecret(which) => {
                caller.show(&client.post(&which.path(["secret"]), &json!({}))?, shown)
            }
            Self::Enable(which) => {
                caller.show(&client.patch(&which.path([]), &json!({ "enabled": true }))?, shown)
            }
            Self::Disable(which) => {
                caller.show(&client.patch(&which.path([]), &json!({ "enabled": false }))?, shown)
            }
            Self::Delete(which) => {
                client.delete(&which.path([]))?;
                caller.done(&format!("device {}/{} is deleted", which.product, which.device))
            }
            Self::Certificate(certificate) => certificate.run(caller),
            Self::Control(control) => control.run(caller),
            Self::Action(action) => action.run(caller),
            Self::Data(data) => data.run(caller),
            Self::History(history) => history.run(caller),
            Self::Log(log) => log.run(caller),
            Self::Commands(commands) => commands.run(caller),
            Self::Command(command) => command.run(caller),
        }
    }
}

impl Certificate {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let path = self.which.path(["certificate"]);
        let name = format!("{}{}", self.which.product, self.which.device);
        let Some(out) = self.out else {
            caller.client.delete(&path)?;
            return caller.done(&format!("the certificates of {name} are revoked"));
        };
        // The key is shown once: make sure of the place before asking for it.
        std::fs::create_dir_all(&out).with_context(|| out.display().to_string())?;
        let files = [
            ("certificate", out.join(format!("{name}.crt.pem")), 0o644),
            ("private_key", out.join(format!("{name}.key.pem")), 0o600),
            ("ca", out.join("ca.pem"), 0o644),
        ];
        for (_, file, _) in &files[..2] {
            anyhow::ensure!(!file.exists(), "{} exists already; move it away first", file.display());
        }
        let answer = caller.client.post(&path, &json!({}))?;
        for (field, file, mode) in &files {
            let text = answer[*field].as_str().with_context(|| format!("the server sent no {field}"))?;
            write_file(file, text, *mode)?;
        }
        let shown = json!({
            "certificate_file": files[0].1, "private_key_file": files[1].1, "ca_file": files[2].1,
            "serial": answer["serial"], "not_after": answer["not_after"],
        });
        caller.show(&shown, |shown| {
            facts(&[
                ("certificate", cell(&shown["certificate_file"])),
                ("private key", cell(&shown["private_key_file"])),
                ("CA", cell(&shown["ca_file"])),
                ("serial", cell(&shown["serial"])),
                ("valid until", time_cell(&shown["not_after"])),
            ])
        })
    }
}

fn write_file(file: &FilePath, text: &str, mode: u32) -> anyhow::Result<()> {
    let write = || {
        let mut open = OpenOptions::new();
        let mut opened = open.write(true).create(true).truncate(true).mode(mode).open(file)?;
        opened.write_all(text.as_bytes())?;
        opened.sync_all()
    };
    write().with_context(|| format!("{} cannot be written", file.display()))
}

fn created(answer: &Value) -> String {
    let mut table = Table::new(["PRODUCT", "DEVICE", "SECRET"]);
    for device in items(answer, "devices") {
        table.row([cell(&device["product_id"]), cell(&device["name"]), cell(&device["secret"])]);
    }
    table.text()
}

fn listed(answer: &Value) -> String {
    let mut table =
        Table::new(["DEVICE", "STATUS", "SINCE", "ADDRESS", "TRANSPORT", "LAST OFFLINE", "ENABLED"]);
    for device in items(answer, "devices") {
        table.row([
            cell(&device["name"]),
            cell(&device["status"]),
            time_cell(&device["since"]),
            cell(&device["address"]),
            cell(&device["transport"]),
            cell(&device["last_cause"]),
            cell(&device["enabled"]),
        ]);
    }
    if table.is_empty() {
        return "There is no such device. Create some with: yizhan admin device create PRODUCT NAME..."
            .to_owned();
    }
    table.text()
}

fn shown(device: &Value) -> String {
    facts(&[
        ("product", cell(&device["product_id"])),
        ("name", cell(&device["name"])),
        ("secret", cell(&device["secret"])),
        ("enabled", cell(&device["enabled"])),
        ("status", cell(&device["status"])),
        ("since", time_cell(&device["since"])),
        ("last online", time_cell(&device["last_online_at"])),
        ("address", cell(&device["address"])),
        ("transport", cell(&device["transport"])),
        ("MQTT version", cell(&device["mqtt_version"])),
        ("last offline because", cell(&device["last_cause"])),
        ("created", time_cell(&device["created_at"])),
        ("activated", time_cell(&device["activated_at"])),
        ("device info", cell(&device["info"])),
    ])
}
