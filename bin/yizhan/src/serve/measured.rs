//! What is measured when somebody looks at the metrics, rather than counted: open connections, sizes, and what the process
//! takes of the machine.

use std::sync::Arc;

use yizhan_devices::Devices;
use yizhan_journal::Journal;
use yizhan_link::Admission;
use yizhan_observe::Gauge;
use yizhan_router::Router;

/// The parts that are measured.
pub struct Measured {
    /// Connections.
    pub admission: Arc<Admission>,
    /// Sessions.
    pub router: Router,
    /// Devices and commands.
    pub devices: Devices,
    /// The log.
    pub journal: Journal,
}

impl Measured {
    /// Every measured value now.
    pub fn gauges(&self) -> Vec<Gauge> {
        let gauge = |name, help, value: f64| Gauge { name, help, value };
        let [full, handshakes, rate] = self.admission.refusals();
        let (retained, retained_bytes) = self.router.retained_size();
        let journal = self.journal.stats();
        let process = Process::now();
        vec![
            gauge("yizhan_connections", "Connections open now.", self.admission.open() as f64),
            gauge(
                "yizhan_sessions",
                "Sessions known now, connected or kept.",
                self.router.session_count() as f64,
            ),
            gauge(
                "yizhan_subscriptions",
                "Subscriptions outside the platform topics.",
                self.router.subscription_count() as f64,
            ),
            gauge("yizhan_retained_messages", "Retained messages.", retained as f64),
            gauge("yizhan_retained_bytes", "Bytes of retained messages.", retained_bytes as f64),
            gauge("yizhan_devices", "Devices registered.", self.devices.device_count() as f64),
            gauge(
                "yizhan_commands_outstanding",
                "Commands that have not ended.",
                self.devices.outstanding_commands() as f64,
            ),
            gauge(
                "yizhan_accepts_refused_full_total",
                "Connections not taken because the server was full.",
                full as f64,
            ),
            gauge(
                "yizhan_accepts_refused_handshakes_total",
                "Connections not taken because of unfinished handshakes.",
                handshakes as f64,
            ),
            gauge(
                "yizhan_accepts_refused_rate_total",
                "Connections not taken because of their rate.",
                rate as f64,
            ),
            gauge("yizhan_journal_commits_total", "Commits of the log.", journal.commits as f64),
            gauge("yizhan_journal_log_bytes_total", "Bytes written to the log.", journal.log_bytes as f64),
            gauge(
                "yizhan_journal_refused_disk_full_total",
                "Batches refused because the disk is full.",
                journal.refused_disk_full as f64,
            ),
            gauge(
                "yizhan_journal_refused_backlog_total",
                "Batches refused because too much waited.",
                journal.refused_backlog as f64,
            ),
            gauge(
                "yizhan_journal_free_bytes",
                "Free bytes of the journal's file system.",
                journal.free_bytes as f64,
            ),
            gauge("yizhan_journal_bytes", "Bytes the journal takes on disk.", journal.disk_bytes as f64),
            gauge(
                "process_cpu_seconds_total",
                "Processor time that the server has used.",
                process.cpu_seconds,
            ),
            gauge("process_resident_memory_bytes", "Memory that the server takes.", process.resident_bytes),
        ]
    }
}

/// What the process takes; zero where the system does not say.
#[derive(Default)]
struct Process {
    cpu_seconds: f64,
    resident_bytes: f64,
}

impl Process {
    fn now() -> Self {
        let read = |file| std::fs::read_to_string(file).unwrap_or_default();
        Self {
            cpu_seconds: cpu_ticks(&read("/proc/self/stat")) / rustix::param::clock_ticks_per_second() as f64,
            resident_bytes: resident_pages(&read("/proc/self/statm")) * rustix::param::page_size() as f64,
        }
    }
}

/// User and system time of `/proc/PID/stat`. The second field is a name in parentheses that may hold anything.
fn cpu_ticks(stat: &str) -> f64 {
    let Some((_, rest)) = stat.rsplit_once(')') else { return 0.0 };
    rest.split_ascii_whitespace().skip(11).take(2).filter_map(|field| field.parse::<f64>().ok()).sum()
}

fn resident_pages(statm: &str) -> f64 {
    statm.split_ascii_whitespace().nth(1).and_then(|field| field.parse().ok()).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_with_a_name_that_misleads_is_read_and_this_one_takes_memory() {
        let stat = "42 (a) 1 2 (b)) S 1 42 42 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 1 1 1";
        assert!((cpu_ticks(stat) - 300.0).abs() < f64::EPSILON, "{}", cpu_ticks(stat));
        assert!(Process::now().resident_bytes > 1e6);
    }
}
