//! What operators can see of the running server: the metrics catalogue, how each metric went during the
//! last day, and the lists of recent refusals and warnings.
//!
//! Counters are kept a shard a core, so that counting on the message path touches no line that another core writes;
//! they are summed when somebody looks.

mod catalogue;
mod history;
mod refusals;
mod shard;
mod warnings;

use std::fmt::Write;
use std::sync::Arc;

use yizhan_identity::RegistrationError;
use yizhan_vocabulary::causes::{AccessRefusal, ConnectRefusal, DisconnectCause, DropReason};

pub use catalogue::Counter;
pub use history::{History, Series};
pub use refusals::{Refusal, RefusalLog};
pub use shard::Shard;
pub use warnings::{Warning, WarningLog};

/// All metrics of one server.
#[derive(Debug)]
pub struct Metrics {
    shards: Vec<Arc<Shard>>,
    /// Refused connections and operations, newest last.
    pub refusals: RefusalLog,
}

/// A value that is read when somebody looks, instead of being counted.
#[derive(Debug, Clone)]
pub struct Gauge {
    /// Full metric name, such as `yizhan_connections`.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// The value now.
    pub value: f64,
}

impl Metrics {
    /// Metrics with one shard for each core and one for the management side.
    pub fn new(cores: usize) -> Arc<Self> {
        let shards = (0..=cores).map(|_| Arc::new(Shard::default())).collect();
        Arc::new(Self { shards, refusals: RefusalLog::default() })
    }

    /// The shard of one core; the management side's when there is no such core.
    pub fn shard(&self, core: usize) -> Arc<Shard> {
        let index = core.min(self.shards.len() - 1);
        Arc::clone(&self.shards[index])
    }

    /// The shard of everything that is not a core.
    pub fn management(&self) -> Arc<Shard> {
        self.shard(usize::MAX)
    }

    /// A counter over all shards.
    pub fn total(&self, counter: Counter) -> u64 {
        self.shards.iter().map(|shard| shard.get(counter)).sum()
    }

    /// Dropped messages of one reason over all shards.
    pub fn dropped(&self, reason: DropReason) -> u64 {
        self.shards.iter().map(|shard| shard.drops(reason)).sum()
    }

    /// Refused connections of one reason over all shards.
    pub fn refused(&self, reason: ConnectRefusal) -> u64 {
        self.shards.iter().map(|shard| shard.refusals(reason)).sum()
    }

    /// Ended connections of one cause over all shards.
    pub fn disconnected(&self, cause: DisconnectCause) -> u64 {
        self.shards.iter().map(|shard| shard.disconnects(cause)).sum()
    }

    /// Everything that is counted and measured, each with its value now. The order is always the same, and values of one
    /// name stand together.
    pub fn samples(&self, gauges: &[Gauge]) -> Vec<Sample> {
        let mut samples = Vec::with_capacity(256);
        for counter in Counter::ALL {
            samples.push(Sample {
                name: counter.name(),
                help: counter.help(),
                is_counter: true,
                label: None,
                value: self.total(*counter) as f64,
            });
        }
        let over_shards = |count: &dyn Fn(&Shard) -> u64| self.shards.iter().map(|shard| count(shard)).sum();
        let dropped = DropReason::ALL.iter().map(|it| (it.as_str(), self.dropped(*it)));
        let help = "Messages not taken, not delivered or given up.";
        family(&mut samples, "yizhan_messages_dropped_total", help, "reason", dropped);
        let refused = ConnectRefusal::ALL.iter().map(|it| (it.as_str(), self.refused(*it)));
        let help = "Connections refused at CONNECT or before.";
        family(&mut samples, "yizhan_connections_refused_total", help, "reason", refused);
        let ended = DisconnectCause::ALL.iter().map(|it| (it.as_str(), self.disconnected(*it)));
        let help = "Connections that ended, by cause.";
        family(&mut samples, "yizhan_disconnects_total", help, "cause", ended);
        let registrations = RegistrationError::ALL
            .iter()
            .map(|it| (it.as_str(), over_shards(&|shard| shard.registrations(*it))));
        let help = "Dynamic registrations refused.";
        family(&mut samples, "yizhan_registrations_refused_total", help, "reason", registrations);
        let accesses =
            AccessRefusal::ALL.iter().map(|it| (it.as_str(), over_shards(&|shard| shard.accesses(*it))));
        let help = "Requests refused at a door of HTTP.";
        family(&mut samples, "yizhan_api_requests_refused_total", help, "reason", accesses);
        samples.extend(gauges.iter().map(|gauge| Sample {
            name: gauge.name,
            help: gauge.help,
            is_counter: gauge.name.ends_with("_total"),
            label: None,
            value: gauge.value,
        }));
        samples
    }

    /// Everything in Prometheus' text format, `gauges` included.
    pub fn render(&self, gauges: &[Gauge]) -> String {
        let mut text = String::with_capacity(8 * 1024);
        let mut headed = "";
        for sample in self.samples(gauges) {
            if headed != sample.name {
                headed = sample.name;
                let kind = if sample.is_counter { "counter" } else { "gauge" };
                header(&mut text, sample.name, sample.help, kind);
            }
            line(&mut text, sample.name, sample.label, sample.value);
        }
        text
    }
}

/// A counter or a measured value, at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// The metric's name.
    pub name: &'static str,
    /// One sentence for people.
    pub help: &'static str,
    /// Whether it only grows while the server runs.
    pub is_counter: bool,
    /// What tells it from others of the name: a label and its value.
    pub label: Option<(&'static str, &'static str)>,
    /// The value.
    pub value: f64,
}

fn header(text: &mut String, name: &str, help: &str, kind: &str) {
    let written = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    written.expect("writing to a string cannot fail");
}

/// One counter with a value for each value of its label.
fn family(
    samples: &mut Vec<Sample>,
    name: &'static str,
    help: &'static str,
    label: &'static str,
    values: impl Iterator<Item = (&'static str, u64)>,
) {
    samples.extend(values.map(|(value, count)| Sample {
        name,
        help,
        is_counter: true,
        label: Some((label, value)),
        value: count as f64,
    }));
}

fn line(text: &mut String, name: &str, label: Option<(&str, &str)>, value: f64) {
    let written = match label {
        Some((key, label)) => writeln!(text, "{name}{{{key}=\"{label}\"}} {value}"),
        None => writeln!(text, "{name} {value}"),
    };
    written.expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_of_all_shards_are_summed() {
        let metrics = Metrics::new(2);
        metrics.shard(0).add(Counter::MessagesIn, 2);
        metrics.shard(1).add(Counter::MessagesIn, 3);
        metrics.management().dropped(DropReason::QueueFull);
        metrics.management().registration_refused(RegistrationError::BadSignature);
        let text = metrics.render(&[Gauge { name: "yizhan_connections", help: "Open.", value: 7.0 }]);
        assert!(text.contains("\nyizhan_messages_received_total 5\n"));
        assert!(text.contains("yizhan_messages_dropped_total{reason=\"queue_full\"} 1\n"));
        assert!(text.contains("yizhan_registrations_refused_total{reason=\"bad_signature\"} 1\n"));
        assert!(text.contains("yizhan_api_requests_refused_total{reason=\"unknown_token\"} 0\n"));
        assert!(text.contains("\nyizhan_connections 7\n"));
    }
}
