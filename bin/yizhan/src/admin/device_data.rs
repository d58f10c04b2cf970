//! What a device said, what happened to it, and commands to it.

use std::time::Duration;

use serde_json::{Value, json};

use super::caller::{Caller, cell, facts, items, read_json, time_cell};
use super::device::Which;
use super::filters::Part;
use crate::output::{self, Table};

#[derive(Debug, clap::Args)]
pub(super) struct Data {
    #[command(flatten)]
    which: Which,
}

#[derive(Debug, clap::Args)]
pub(super) struct History {
    #[command(flatten)]
    which: Which,
    /// The property's identifier
    property: String,
    /// Sum up spans of this many milliseconds instead of listing points
    #[arg(long, value_name = "MS")]
    bucket: Option<u64>,
    #[command(flatten)]
    part: Part,
}

#[derive(Debug, clap::Args)]
pub(super) struct Log {
    #[command(flatten)]
    which: Which,
    /// Which log
    log: LogName,
    #[command(flatten)]
    part: Part,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LogName {
    /// Messages both ways
    Content,
    /// Events
    Event,
    /// Ended action calls
    Action,
    /// Online and offline
    Connection,
    /// Problems
    Diagnostic,
    /// Steps of commands
    Command,
}

#[derive(Debug, clap::Args)]
pub(super) struct Control {
    #[command(flatten)]
    which: Which,
    /// The properties to set, as JSON: {"power_switch":1}; @FILE reads it from a file
    params: String,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
pub(super) struct Action {
    #[command(flatten)]
    which: Which,
    /// The action's identifier
    action: String,
    /// Its input as JSON; @FILE reads it from a file
    #[arg(default_value = "{}")]
    params: String,
    #[command(flatten)]
    wait: Wait,
}

#[derive(Debug, clap::Args)]
struct Wait {
    /// How long to wait for the device's answer; 0 does not wait
    #[arg(long = "wait", value_name = "MS")]
    ms: Option<u64>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Commands {
    #[command(flatten)]
    which: Which,
    /// At most this many
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

#[derive(Debug, clap::Args)]
pub(super) struct Command {
    #[command(flatten)]
    which: Which,
    /// The command's id
    id: String,
}

impl Data {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        caller.show(&caller.client.get(&self.which.path(["properties"]))?, |answer| {
            let mut table = Table::new(["PROPERTY", "VALUE", "REPORTED"]);
            for (identifier, latest) in answer["properties"].as_object().into_iter().flatten() {
                table.row([identifier.clone(), cell(&latest["value"]), time_cell(&latest["time"])]);
            }
            if table.is_empty() { "The device has reported nothing yet.".to_owned() } else { table.text() }
        })
    }
}

impl History {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let path = self.which.path(["history"]).query("property", Some(&self.property));
        let part = if self.bucket.is_some() { self.part } else { self.part.newest_first() };
        let path = part.put_into(path).query("bucket", self.bucket);
        let answer = caller.client.get(&path)?;
        caller.show(&answer, if self.bucket.is_some() { buckets } else { points })?;
        tell_next(caller, &answer);
        Ok(())
    }
}

fn points(answer: &Value) -> String {
    let mut table = Table::new(["TIME", "VALUE"]);
    for point in items(answer, "points") {
        table.row([time_cell(&point["time"]), cell(&point["value"])]);
    }
    table.text()
}

fn buckets(answer: &Value) -> String {
    let mut table = Table::new(["FROM", "COUNT", "MIN", "MEAN", "MAX", "FIRST", "LAST"]);
    for bucket in items(answer, "buckets") {
        table.row([
            time_cell(&bucket["start"]),
            cell(&bucket["count"]),
            cell(&bucket["min"]),
            cell(&bucket["mean"]),
            cell(&bucket["max"]),
            cell(&bucket["first"]),
            cell(&bucket["last"]),
        ]);
    }
    table.text()
}

impl LogName {
    const fn word(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Event => "event",
            Self::Action => "action",
            Self::Connection => "connection",
            Self::Diagnostic => "diagnostic",
            Self::Command => "command",
        }
    }

    fn table(self, answer: &Value) -> Table {
        let entries = items(answer, "entries");
        let time = |entry: &Value| time_cell(&entry["time"]);
        match self {
            Self::Content => {
                let mut table = Table::new(["TIME", "WAY", "QOS", "TOPIC", "PAYLOAD"]);
                for entry in entries {
                    let [way, qos, topic] = ["direction", "qos", "topic"].map(|name| cell(&entry[name]));
                    let form = if entry["base64"] == true { "base64: " } else { "" };
                    table.row([time(entry), way, qos, topic, format!("{form}{}", cell(&entry["payload"]))]);
                }
                table
            }
            Self::Event => {
                let mut table = Table::new(["TIME", "TYPE", "EVENT", "PARAMS"]);
                for entry in entries {
                    let [kind, event, params] = ["type", "event", "params"].map(|name| cell(&entry[name]));
                    table.row([time(entry), kind, event, params]);
                }
                table
            }
            Self::Connection => {
                let mut table = Table::new(["TIME", "EVENT", "ABOUT"]);
                for entry in entries {
                    table.row([time(entry), cell(&entry["event"]), about_connection(entry)]);
                }
                table
            }
            Self::Diagnostic => {
                let mut table = Table::new(["TIME", "RESULT", "REASON", "ABOUT"]);
                for entry in entries {
                    let [result, reason, about] =
                        ["result", "errcode", "content"].map(|name| cell(&entry[name]));
                    table.row([time(entry), result, reason, about]);
                }
                table
            }
            Self::Action | Self::Command => command_table(entries, "time"),
        }
    }
}

fn about_connection(entry: &Value) -> String {
    let parts: &[&str] = match entry["event"].as_str() {
        Some("online") => &["address", "transport", "mqtt_version"],
        _ => &["cause", "detail"],
    };
    let parts = parts.iter().map(|name| cell(&entry[*name])).filter(|part| !part.is_empty() && part != "-");
    parts.collect::<Vec<_>>().join(", ")
}

impl Log {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let path = self.part.put_into(self.which.path(["logs", self.log.word()]));
        let answer = caller.client.get(&path)?;
        caller.show(&answer, |answer| {
            let table = self.log.table(answer);
            if table.is_empty() { "There are no entries.".to_owned() } else { table.text() }
        })?;
        tell_next(caller, &answer);
        Ok(())
    }
}

/// Says how to see what did not fit into the page.
fn tell_next(caller: &Caller, answer: &Value) {
    if let (Some(cursor), false) = (answer["next"].as_str(), caller.json) {
        output::note(&format!("there is more: --cursor {cursor}"));
    }
}

impl Wait {
    fn client(&self, caller: &Caller) -> crate::local_client::LocalClient {
        caller.client.clone().with_extra_patience(Duration::from_millis(self.ms.unwrap_or(0)))
    }

    fn body(&self, params: &Value) -> Value {
        let mut body = json!({ "params": params });
        if let Some(ms) = self.ms {
            body["wait_ms"] = ms.into();
        }
        body
    }
}

impl Control {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let body = self.wait.body(&read_json(&self.params)?);
        let answer = self.wait.client(caller).post(&self.which.path(["control"]), &body)?;
        tell_outcome(caller, &self.which, &answer)
    }
}

impl Action {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let body = self.wait.body(&read_json(&self.params)?);
        let path = self.which.path(["actions", &self.action]);
        let answer = self.wait.client(caller).post(&path, &body)?;
        tell_outcome(caller, &self.which, &answer)
    }
}

/// Shows a new command and, where it is not done, why; one that ended without success is an error.
fn tell_outcome(caller: &Caller, which: &Which, command: &Value) -> anyhow::Result<()> {
    caller.show(command, shown)?;
    let (kind, state) = (kind(command), cell(&command["state"]));
    match state.as_str() {
        "failed" | "expired" => anyhow::bail!("the {kind} {state}: {}", cell(&command["status"])),
        "stored" if !caller.json => {
            let device = caller.client.get(&which.path([]))?;
            let why = match device["status"] == "online" {
                true => "is online but has not subscribed to its topic",
                false => "is offline",
            };
            let until = time_cell(&command["expires_at"]);
            output::note(&format!("the device {why}; the {kind} is kept for it until {until}"));
        }
        _ => {}
    }
    Ok(())
}

impl Commands {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let path = self.which.path(["commands"]).query("limit", self.limit);
        caller.show(&caller.client.get(&path)?, |answer| {
            let table = command_table(items(answer, "commands"), "created_at");
            if table.is_empty() { "There are no commands.".to_owned() } else { table.text() }
        })
    }
}

impl Command {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        caller.show(&caller.client.get(&self.which.path(["commands", &self.id]))?, shown)
    }
}

fn command_table<'a>(commands: impl Iterator<Item = &'a Value>, time: &str) -> Table {
    let mut table = Table::new(["TIME", "COMMAND", "KIND", "STATE", "CODE", "STATUS", "PARAMS"]);
    for command in commands {
        table.row([
            time_cell(&command[time]),
            cell(&command["command_id"]),
            kind(command),
            cell(&command["state"]),
            cell(&command["code"]),
            cell(&command["status"]),
            cell(&command["params"]),
        ]);
    }
    table
}

/// `control`, or `action NAME`.
fn kind(command: &Value) -> String {
    match command["action"].as_str() {
        Some(action) => format!("{} {action}", cell(&command["kind"])),
        None => cell(&command["kind"]),
    }
}

fn shown(command: &Value) -> String {
    facts(&[
        ("command", cell(&command["command_id"])),
        ("kind", kind(command)),
        ("state", cell(&command["state"])),
        ("code", cell(&command["code"])),
        ("status", cell(&command["status"])),
        ("params", cell(&command["params"])),
        ("response", cell(&command["response"])),
        ("client token", cell(&command["client_token"])),
        ("made", time_cell(&command["created_at"])),
        ("changed", time_cell(&command["updated_at"])),
        ("expires", time_cell(&command["expires_at"])),
    ])
}
