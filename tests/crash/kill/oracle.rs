//! Asks the server for everything the actors remember, and compares. Reading is done over the administration socket;
//! the comparison itself is pure, and tested below, because an oracle that cannot fail proves nothing.

use std::collections::BTreeMap;

use serde_json::Value;
use yizhan_testkit::{Admin, DeviceCredentials};

use crate::actors::commands::{Commander, Obedient};
use crate::actors::questions::{Questioner, Subject, event_numbers, event_params, report_values};
use crate::actors::registry::Registrar;
use crate::actors::subscriber::Subscriber;
use crate::findings::Findings;

const PAGE: usize = 1000;

/// Compares what was acknowledged and sent with what is there, each as numbers. At most a few examples of each kind of
/// difference are named.
pub fn compare(
    what: &str,
    acknowledged: impl Iterator<Item = u64>,
    was_sent: impl Fn(u64) -> bool,
    found: &BTreeMap<u64, u32>,
    most_often: u32,
) -> Vec<String> {
    let mut findings = Vec::new();
    let mut tell = |complaint: &str, numbers: Vec<u64>| {
        if !numbers.is_empty() {
            let examples = &numbers[..numbers.len().min(5)];
            findings.push(format!("{what}: {} {complaint}, for example {examples:?}", numbers.len()));
        }
    };
    tell("acknowledged and lost", acknowledged.filter(|number| !found.contains_key(number)).collect());
    tell("never sent and there", found.keys().copied().filter(|number| !was_sent(*number)).collect());
    let too_often = found.iter().filter(|(_, times)| **times > most_often);
    tell(&format!("there more than {most_often} times"), too_often.map(|(number, _)| *number).collect());
    findings
}

/// What was looked at, for the summary.
#[derive(Debug, Default)]
pub struct Totals {
    pub reports: (usize, usize),
    pub events: (usize, usize),
    pub commands: (usize, usize),
    pub created: usize,
}

pub struct Oracle<'a> {
    pub admin: Admin,
    pub findings: &'a Findings,
    pub totals: Totals,
}

fn device_path(device: &DeviceCredentials) -> String {
    format!("/products/{}/devices/{}", device.product, device.name)
}

impl Oracle<'_> {
    fn add(&self, findings: Vec<String>) {
        for finding in findings {
            self.findings.add(format!("oracle: {finding}"));
        }
    }

    /// Follows the cursor of a paged answer to its end.
    fn pages(&self, path: &str, list: &str) -> Vec<Value> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let answer = self.admin.get(&format!("{path}limit={PAGE}&order=asc{cursor}"));
            let Some(page) = answer[list].as_array() else {
                self.findings.add(format!("oracle: {path} has no {list}: {answer}"));
                return all;
            };
            all.extend(page.iter().cloned());
            match &answer["next"] {
                Value::Null => return all,
                Value::String(next) => cursor = format!("&cursor={next}"),
                next => cursor = format!("&cursor={next}"),
            }
        }
    }

    /// History points of one property: time and value, oldest first.
    fn points(&self, device: &DeviceCredentials, property: &str) -> Vec<(i64, Value)> {
        let points = self.pages(&format!("{}/history?property={property}&", device_path(device)), "points");
        points
            .into_iter()
            .map(|point| (point["time"].as_i64().unwrap_or(-1), point["value"].clone()))
            .collect()
    }

    /// Reports: every acknowledged one is in the history of each of its properties, with its own time and values.
    pub fn judge_reports(&mut self, reporter: &Questioner) {
        let device = &reporter.device;
        let number_at: BTreeMap<i64, u64> =
            reporter.sent.iter().map(|(number, time)| (*time, *number)).collect();
        for property in ["sequence", "label", "level", "padding"] {
            let what = format!("reports of {}, property {property}", device.name);
            let mut found: BTreeMap<u64, u32> = BTreeMap::new();
            let mut altered = Vec::new();
            for (time, value) in self.points(device, property) {
                let Some(&number) = number_at.get(&time) else {
                    altered.push(format!("{value} at {time}, when nothing was reported"));
                    continue;
                };
                let sent = &report_values(number)[property];
                let as_sent = value == *sent || (value.is_f64() && value.as_f64() == sent.as_f64());
                if as_sent {
                    *found.entry(number).or_default() += 1;
                } else {
                    altered.push(format!("{value} at {time}, when report {number} was sent"));
                }
            }
            if !altered.is_empty() {
                let examples = &altered[..altered.len().min(5)];
                self.add(vec![format!("{what}: {} altered or invented values: {examples:?}", altered.len())]);
            }
            let acknowledged = reporter.acknowledged.keys().copied();
            self.add(compare(&what, acknowledged, |number| reporter.sent.contains_key(&number), &found, 1));
        }
        self.judge_last_value(reporter);
        self.totals.reports.0 += reporter.acknowledged.len();
        self.totals.reports.1 += reporter.sent.len();
    }

    /// The last value is the last report that is there: not older than what was acknowledged last.
    fn judge_last_value(&self, reporter: &Questioner) {
        let last = last_sequence(&self.admin, &reporter.device);
        let acknowledged = reporter.acknowledged.last_key_value().map_or(0, |(number, ())| *number);
        if last < acknowledged || (last > 0 && !reporter.sent.contains_key(&last)) {
            let name = &reporter.device.name;
            self.add(vec![format!("the last value of {name} is {last}, acknowledged was {acknowledged}")]);
        }
    }

    /// Events: every acknowledged message has all its events in the log, every other one all or none.
    pub fn judge_events(&mut self, device: &Questioner) {
        let what = format!("events of {}", device.device.name);
        let entries = self.pages(&format!("{}/logs/event?", device_path(&device.device)), "entries");
        let mut found: BTreeMap<u64, u32> = BTreeMap::new();
        for entry in &entries {
            match event_in(entry) {
                Some((number, true)) => *found.entry(number).or_default() += 1,
                Some((number, false)) => {
                    self.add(vec![format!("{what}: event {number} was altered: {entry}")])
                }
                None => self.add(vec![format!("{what}: an entry without an event: {entry}")]),
            }
        }
        let acknowledged = device.acknowledged.keys().flat_map(|number| event_numbers(*number));
        let was_sent = |event: u64| {
            device.sent.contains_key(&(event / 10)) && event_numbers(event / 10).contains(&event)
        };
        self.add(compare(&what, acknowledged, was_sent, &found, 1));
        for number in device.sent.keys() {
            let there = event_numbers(*number).iter().filter(|event| found.contains_key(event)).count();
            if there != 0 && there != event_numbers(*number).len() {
                self.add(vec![format!("{what}: message {number} is half there")]);
            }
        }
        self.totals.events.0 += device.acknowledged.len();
        self.totals.events.1 += device.sent.len();
    }

    /// Commands: every accepted one is in the ledger, as it was; one that was done is still done.
    pub fn judge_commands(&mut self, commander: &Commander, obedient: &Obedient) {
        let device = commander.device();
        for accepted in &commander.accepted {
            let id = accepted.command.as_str().map_or_else(|| accepted.command.to_string(), str::to_owned);
            let answer = self.admin.request("GET", &format!("{}/commands/{id}", device_path(device)), None);
            let what = format!("command {id} (target {}, was {:?})", accepted.target, accepted.state);
            if answer.status != 200 {
                self.add(vec![format!("{what}: {} {}", answer.status, answer.text())]);
                continue;
            }
            let kept = answer.json();
            if kept["client_token"] != *accepted.token {
                self.add(vec![format!("{what}: its token was {:?}: {kept}", accepted.token)]);
            }
            if kept["params"]["target"] != accepted.target {
                self.add(vec![format!("{what}: its parameters changed: {kept}")]);
            }
            if ["done", "failed"].contains(&accepted.state.as_str()) && kept["state"] != *accepted.state {
                self.add(vec![format!("{what}: is now {}", kept["state"])]);
            }
            if let Some(told) = obedient.told.get(&accepted.token)
                && *told != accepted.target
            {
                self.add(vec![format!("{what}: the device was told {told}")]);
            }
        }
        for (token, target) in &obedient.told {
            if *target > commander.asked() {
                self.add(vec![format!("the device was told {target} by {token}, which nobody asked for")]);
            }
        }
        self.totals.commands.0 += commander.accepted.len();
        self.totals.commands.1 += usize::try_from(commander.asked()).expect("a count fits");
    }

    /// Devices that were created exist with the secret that was given out.
    pub fn judge_registry(&mut self, registrar: &Registrar) {
        for (name, secret) in &registrar.created {
            let path = format!("/products/{}/devices/{name}", registrar.product());
            let answer = self.admin.request("GET", &path, None);
            if answer.status != 200 || answer.json()["secret"] != **secret {
                self.add(vec![format!(
                    "device {name} was created and now is: {} {}",
                    answer.status,
                    answer.text()
                )]);
            }
        }
        self.totals.created += registrar.created.len();
    }
}

/// The last reported `sequence` of a device, 0 when there is none.
pub fn last_sequence(admin: &Admin, device: &DeviceCredentials) -> u64 {
    admin.properties(&device.product, &device.name)["sequence"]["value"].as_u64().unwrap_or(0)
}

/// The event number in a log entry and whether the event is as it was sent.
fn event_in(entry: &Value) -> Option<(u64, bool)> {
    let params = &entry["params"];
    let number = params["number"].as_u64()?;
    Some((number, entry["event"] == "tick" && entry["type"] == "info" && *params == event_params(number)))
}

/// Messages: each subscriber has each message that was acknowledged, QoS 2 exactly once.
pub fn judge_subscriber(name: &str, subscriber: &Subscriber, published: [u64; 2]) -> Vec<String> {
    let mut findings = Vec::new();
    for (index, most_often) in [(0, u32::MAX), (1, 1)] {
        let what = format!("QoS {} messages at {name}", index + 1);
        let sent = 1..=published[index];
        let received = &subscriber.received[index];
        findings.extend(compare(&what, sent.clone(), |number| sent.contains(&number), received, most_often));
    }
    findings
}

/// Whether the subject of a questioner is this one.
pub fn about(subject: Subject) -> impl Fn(&&Questioner) -> bool {
    move |questioner| questioner.subject == subject
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(numbers: &[u64]) -> BTreeMap<u64, u32> {
        let mut counted = BTreeMap::new();
        for number in numbers {
            *counted.entry(*number).or_default() += 1;
        }
        counted
    }

    #[test]
    fn what_is_acknowledged_and_there_once_is_fine() {
        let sent = 1..=4;
        assert!(
            compare("x", [1, 3].into_iter(), |number| sent.contains(&number), &found(&[1, 2, 3]), 1)
                .is_empty()
        );
    }

    #[test]
    fn a_lost_an_invented_and_a_doubled_number_are_each_found() {
        let sent = 1..=4;
        let findings =
            compare("x", [1, 3].into_iter(), |number| sent.contains(&number), &found(&[1, 2, 2, 9]), 1);
        assert_eq!(findings.len(), 3);
        assert!(findings[0].contains("1 acknowledged and lost, for example [3]"));
        assert!(findings[1].contains("1 never sent and there, for example [9]"));
        assert!(findings[2].contains("1 there more than 1 times, for example [2]"));
    }

    #[test]
    fn a_changed_event_is_seen() {
        let entry = |params: Value| json!({ "seq": 1, "event": "tick", "type": "info", "params": params });
        assert_eq!(event_in(&entry(event_params(7))), Some((7, true)));
        assert_eq!(event_in(&entry(json!({ "number": 7, "note": "note 8" }))), Some((7, false)));
        assert_eq!(event_in(&entry(json!({}))), None);
    }
}
