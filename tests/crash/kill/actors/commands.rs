//! Programs that control a device over HTTP, and the device. The program remembers which commands the server accepted
//! and which it called done; the device remembers what it was told.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use yizhan_testkit::DeviceCredentials;
use yizhan_testkit::http::{self, Endpoint};
use yizhan_testkit::mqtt::{Publishing, Received, Version};

use crate::random::Random;
use crate::stage::{Actor, Visit};
use crate::wire::{Lost, Wire};

/// A command that the server accepted.
#[derive(Debug, Clone)]
pub struct Accepted {
    pub target: u64,
    pub command: Value,
    pub token: String,
    pub state: String,
}

/// The program: one request after the other.
pub struct Commander {
    device: DeviceCredentials,
    random: Random,
    next: u64,
    pub accepted: Vec<Accepted>,
}

impl Commander {
    pub fn new(device: DeviceCredentials, random: Random) -> Self {
        Self { device, random, next: 1, accepted: Vec::new() }
    }

    pub fn device(&self) -> &DeviceCredentials {
        &self.device
    }

    /// How many targets were ever asked for, accepted or not.
    pub fn asked(&self) -> u64 {
        self.next - 1
    }
}

impl Actor for Commander {
    fn name(&self) -> String {
        "commander".into()
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let endpoint = Endpoint::Unix(visit.stage.admin_socket.clone());
        let path =
            format!("/internal/v1/products/{}/devices/{}/control", self.device.product, self.device.name);
        while visit.loading() {
            let target = self.next;
            self.next += 1;
            let wait_ms = if self.random.chance(50) { 0 } else { 300 };
            let body = json!({ "params": { "target": target }, "wait_ms": wait_ms }).to_string();
            let headers = [("Content-Type", "application/json")];
            let answer = http::request(&endpoint, "POST", &path, &headers, Some(body.as_bytes()))?;
            if !(200..300).contains(&answer.status) {
                visit.find(format!("control {target} was refused with {}: {}", answer.status, answer.text()));
                continue;
            }
            let told: Value = serde_json::from_slice(&answer.body).map_err(|error| {
                Lost::Wrong(format!("control {target}: the answer is not JSON ({error})"))
            })?;
            let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
            let (token, state) = (text("client_token"), text("state"));
            self.accepted.push(Accepted { target, command: told["command_id"].clone(), token, state });
            std::thread::sleep(self.random.millis(1, 8));
        }
        Ok(())
    }
}

/// The device. It answers four of five commands at once and the others in its next life; what was asked for while it was
/// away it learns from `get_status`, as the protocol has it.
pub struct Obedient {
    device: DeviceCredentials,
    random: Random,
    /// Token to target, for all it was told.
    pub told: BTreeMap<String, u64>,
    pub repeated: u64,
    unanswered: Vec<String>,
}

impl Obedient {
    pub fn new(device: DeviceCredentials, random: Random) -> Self {
        Self { device, random, told: BTreeMap::new(), repeated: 0, unanswered: Vec::new() }
    }

    fn say(&self, wire: &mut Wire, message: &Value) -> Result<(), Lost> {
        let topic = format!("$thing/up/property/{}", self.device.topic_suffix());
        wire.publish(&Publishing::new(&topic, message.to_string().as_bytes()))
    }

    fn answer(&self, wire: &mut Wire, token: &str) -> Result<(), Lost> {
        self.say(wire, &json!({ "method": "control_reply", "clientToken": token, "code": 0, "status": "" }))
    }

    fn obey(&mut self, visit: &Visit<'_>, wire: &mut Wire, token: &str, target: u64) -> Result<(), Lost> {
        match self.told.insert(token.to_owned(), target) {
            Some(before) if before != target => {
                visit.find(format!("command {token} said {before} before and {target} now"));
            }
            Some(_) => self.repeated += 1,
            None => {}
        }
        if self.random.chance(80) {
            return self.answer(wire, token);
        }
        self.unanswered.push(token.to_owned());
        Ok(())
    }

    fn hear(&mut self, visit: &Visit<'_>, wire: &mut Wire, payload: &[u8]) -> Result<(), Lost> {
        let message: Value = serde_json::from_slice(payload)
            .map_err(|error| Lost::Wrong(format!("a downlink is not JSON ({error})")))?;
        let token = message["clientToken"].as_str().unwrap_or_default();
        match (message["method"].as_str(), message["params"]["target"].as_u64()) {
            (Some("control"), Some(target)) => self.obey(visit, wire, token, target)?,
            (Some("get_status_reply"), _) if message["data"]["control"].is_object() => {
                self.say(wire, &json!({ "method": "clear_control", "clientToken": token }))?;
                self.answer(wire, token)?;
            }
            (Some("get_status_reply" | "clear_control_reply"), _) if message["code"] == 0 => {}
            _ => visit.find(format!("an unexpected downlink: {message}")),
        }
        Ok(())
    }
}

impl Actor for Obedient {
    fn name(&self) -> String {
        "obedient device".into()
    }

    fn visit(&mut self, visit: &Visit<'_>) -> Result<(), Lost> {
        let down = format!("$thing/down/property/{}", self.device.topic_suffix());
        let (mut wire, _) = visit.connect(&self.device.login().connect(Version::V311))?;
        let mut packets = Vec::new();
        wire.subscribe(1, &[(&down, 1)], &mut packets)?;
        for token in std::mem::take(&mut self.unanswered) {
            self.answer(&mut wire, &token)?;
        }
        self.say(
            &mut wire,
            &json!({ "method": "get_status", "clientToken": format!("status-{}", visit.life) }),
        )?;
        while !visit.over() {
            packets.extend(wire.next(Duration::from_millis(20))?);
            for packet in packets.drain(..) {
                let Received::Publish(publish) = packet else {
                    visit.find(format!("an unexpected packet: {packet:?}"));
                    continue;
                };
                if publish.qos == 1 {
                    wire.acknowledge(0x40, publish.id)?;
                }
                self.hear(visit, &mut wire, &publish.payload)?;
            }
        }
        wire.disconnect()
    }
}
