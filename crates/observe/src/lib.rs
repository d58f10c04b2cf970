//! What operators can see of the running server: the metrics catalogue and the list of recent refusals.
//!
//! Counters are kept a shard a core, so that counting on the message path touches no line that another core writes;
//! they are summed when somebody looks.

mod catalogue;
mod refusals;
mod shard;

use std::fmt::Write;
use std::sync::Arc;

use yizhan_vocabulary::causes::{ConnectRefusal, DisconnectCause, DropReason};

pub use catalogue::Counter;
pub use refusals::{Refusal, RefusalLog};
pub use shard::Shard;

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

    /// Everything in Prometheus' text format, `gauges` included.
    pub fn render(&self, gauges: &[Gauge]) -> String {
        let mut text = String::with_capacity(8 * 1024);
        for counter in Counter::ALL {
            header(&mut text, counter.name(), counter.help(), "counter");
            line(&mut text, counter.name(), None, self.total(*counter) as f64);
        }
        header(
            &mut text,
            "yizhan_messages_dropped_total",
            "Messages not taken, not delivered or given up.",
            "counter",
        );
        for reason in DropReason::ALL {
            let value = self.dropped(*reason) as f64;
            line(&mut text, "yizhan_messages_dropped_total", Some(("reason", reason.as_str())), value);
        }
        header(
            &mut text,
            "yizhan_connections_refused_total",
            "Connections refused at CONNECT or before.",
            "counter",
        );
        for reason in ConnectRefusal::ALL {
            let value = self.refused(*reason) as f64;
            line(&mut text, "yizhan_connections_refused_total", Some(("reason", reason.as_str())), value);
        }
        header(&mut text, "yizhan_disconnects_total", "Connections that ended, by cause.", "counter");
        for cause in DisconnectCause::ALL {
            let value = self.disconnected(*cause) as f64;
            line(&mut text, "yizhan_disconnects_total", Some(("cause", cause.as_str())), value);
        }
        for gauge in gauges {
            let kind = if gauge.name.ends_with("_total") { "counter" } else { "gauge" };
            header(&mut text, gauge.name, gauge.help, kind);
            line(&mut text, gauge.name, None, gauge.value);
        }
        text
    }
}

fn header(text: &mut String, name: &str, help: &str, kind: &str) {
    let written = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
    written.expect("writing to a string cannot fail");
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
        let text = metrics.render(&[Gauge { name: "yizhan_connections", help: "Open.", value: 7.0 }]);
        assert!(text.contains("\nyizhan_messages_received_total 5\n"));
        assert!(text.contains("yizhan_messages_dropped_total{reason=\"queue_full\"} 1\n"));
        assert!(text.contains("\nyizhan_connections 7\n"));
    }
}
