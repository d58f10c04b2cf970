//! What a fleet did, counted.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::latency::Latencies;

/// The counts of a fleet so far, or at its end.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Summary {
    /// Seconds since the start.
    pub seconds: f64,
    /// Devices in the fleet.
    pub devices: usize,
    /// Devices that are connected and subscribed now.
    pub online: usize,
    /// Connections that reached CONNACK with code 0.
    pub connected: u64,
    /// CONNECTs that were refused, by CONNACK code.
    pub connect_refused: BTreeMap<u8, u64>,
    /// Connections that ended, by cause.
    pub connection_ends: BTreeMap<String, u64>,
    /// Messages sent, by method.
    pub sent: BTreeMap<&'static str, u64>,
    /// Reports and events that were answered, by code.
    pub answered: BTreeMap<i64, u64>,
    /// Reports and events whose answer did not come in time, or whose connection ended before it.
    pub unanswered: u64,
    /// Messages acknowledged with PUBACK.
    pub acknowledged: u64,
    /// Controls and actions received, by method.
    pub commands_received: BTreeMap<&'static str, u64>,
    /// Controls and actions obeyed and answered with code 0.
    pub commands_obeyed: u64,
    /// Messages from the server that made no sense to a device.
    pub not_understood: u64,
    /// Faults that were acted out, by name.
    pub faults: BTreeMap<&'static str, u64>,
    /// From opening the connection to CONNACK.
    pub connect_latency: Latencies,
    /// From a report or event to its answer.
    pub answer_latency: Latencies,
}

impl Summary {
    /// All messages sent.
    pub fn total_sent(&self) -> u64 {
        self.sent.values().sum()
    }

    /// Reports and events answered with code 0.
    pub fn succeeded(&self) -> u64 {
        self.answered.get(&0).copied().unwrap_or(0)
    }
}

impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ms = |duration: std::time::Duration| duration.as_secs_f64() * 1e3;
        writeln!(f, "{:.1} s, {} of {} devices online", self.seconds, self.online, self.devices)?;
        let refused: u64 = self.connect_refused.values().sum();
        writeln!(
            f,
            "connections  {} up, {refused} refused{}, ended: {}; CONNACK p50 {:.2} ms, p99 {:.2} ms",
            self.connected,
            in_parentheses(&self.connect_refused),
            listed(&self.connection_ends),
            ms(self.connect_latency.percentile(50.0)),
            ms(self.connect_latency.percentile(99.0)),
        )?;
        writeln!(f, "sent         {}: {}", self.total_sent(), listed(&self.sent))?;
        writeln!(
            f,
            "answered     {}; unanswered {}; p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms",
            by_code(&self.answered),
            self.unanswered,
            ms(self.answer_latency.percentile(50.0)),
            ms(self.answer_latency.percentile(99.0)),
            ms(self.answer_latency.max()),
        )?;
        write!(f, "commands     {}; obeyed {}", listed(&self.commands_received), self.commands_obeyed)?;
        if self.not_understood > 0 {
            write!(f, "\nnot understood {}", self.not_understood)?;
        }
        if !self.faults.is_empty() {
            write!(f, "\nfaults       {}", listed(&self.faults))?;
        }
        Ok(())
    }
}

fn listed<K: std::fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(key, count)| format!("{key} {count}")).collect::<Vec<_>>().join(", ")
}

fn by_code(counts: &BTreeMap<i64, u64>) -> String {
    if counts.is_empty() {
        return "none".to_owned();
    }
    counts.iter().map(|(code, count)| format!("{count} with code {code}")).collect::<Vec<_>>().join(", ")
}

fn in_parentheses<K: std::fmt::Display>(counts: &BTreeMap<K, u64>) -> String {
    if counts.is_empty() { String::new() } else { format!(" (code and number: {})", listed(counts)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_summary_reads_as_text_and_as_json() {
        let mut summary = Summary { devices: 3, online: 2, seconds: 1.5, ..Summary::default() };
        summary.sent.insert("report", 10);
        summary.answered.insert(0, 9);
        summary.answered.insert(406, 1);
        summary.faults.insert("out-of-range", 1);
        summary.answer_latency.record(2_000_000);
        let text = summary.to_string();
        assert!(text.starts_with("1.5 s, 2 of 3 devices online\n"), "{text}");
        assert!(text.contains("sent         10: report 10"), "{text}");
        assert!(
            text.contains("answered     9 with code 0, 1 with code 406; unanswered 0; p50 2.00 ms"),
            "{text}"
        );
        assert!(text.ends_with("faults       out-of-range 1"), "{text}");
        let json = serde_json::to_value(&summary).unwrap();
        assert_eq!(json["answered"]["406"], 1);
        assert_eq!(json["answer_latency"]["count"], 1);
    }
}
