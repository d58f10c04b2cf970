//! What operations know of the running server, and what they need of it.

use std::path::PathBuf;
use std::sync::Arc;

use yizhan_journal::Journal;
use yizhan_observe::{Gauge, History, Metrics, Sample, WarningLog};
use yizhan_vocabulary::UnixMillis;

use super::backup_files::{Archives, BackupFolder, BackupLimits};
use super::configuration::Setting;

/// Reads what is measured rather than counted.
type Gauges = Box<dyn Fn() -> Vec<Gauge> + Send + Sync>;

/// What the composition root knows of the server.
pub struct SystemParts {
    /// The data directory, as a whole path.
    pub data: PathBuf,
    /// The log.
    pub journal: Journal,
    /// Counters and refusals.
    pub metrics: Arc<Metrics>,
    /// Measured values.
    pub gauges: Gauges,
    /// Warnings of the server's own log.
    pub warnings: Arc<WarningLog>,
    /// Every setting, by section and name.
    pub settings: Vec<Setting>,
    /// Packs backups and reads them.
    pub archives: Arc<dyn Archives>,
    /// How many backups may lie here.
    pub backups: BackupLimits,
    /// Days of history that are kept; 0 is for ever.
    pub history_days: u32,
    /// Days of logs that are kept; 0 is for ever.
    pub log_days: u32,
    /// Free bytes below which new messages are refused.
    pub min_free_bytes: u64,
    /// When the server started.
    pub started_at: UnixMillis,
}

/// The running server.
pub struct System {
    pub(super) parts: SystemParts,
    pub(super) backups: BackupFolder,
    pub(super) history: History,
}

impl System {
    /// Of these parts. What an interrupted backup left is removed.
    pub fn new(parts: SystemParts) -> std::io::Result<Self> {
        let backups = BackupFolder::open(parts.data.join("backups"), parts.backups)?;
        Ok(Self { backups, history: History::default(), parts })
    }

    /// Remembers how it stands with every metric; called once a minute.
    pub fn record(&self, now: UnixMillis) {
        self.history.record(now, &self.samples());
    }

    /// Every metric in Prometheus' text format.
    pub fn metrics_text(&self) -> String {
        self.parts.metrics.render(&(self.parts.gauges)())
    }

    /// The log.
    pub(crate) fn journal(&self) -> &Journal {
        &self.parts.journal
    }

    /// Counters and refusals.
    pub(crate) fn metrics(&self) -> &Metrics {
        &self.parts.metrics
    }

    /// When the server started.
    pub(crate) fn started_at(&self) -> UnixMillis {
        self.parts.started_at
    }

    /// A measured value now; 0 if there is none of this name.
    pub(crate) fn measured(&self, name: &str) -> f64 {
        (self.parts.gauges)().iter().find(|gauge| gauge.name == name).map_or(0.0, |gauge| gauge.value)
    }

    /// When the newest backup in the folder was made; `None` without one, and where the folder cannot be read.
    pub(crate) fn newest_backup(&self) -> Option<UnixMillis> {
        self.backups.list().ok()?.first().map(|file| file.made_at)
    }

    /// How much each of these counters grew since then, to a minute exactly; with `None`, the sum over a counter's labels.
    pub(crate) fn grown_since(&self, from: UnixMillis, counters: &[(&str, Option<&str>)]) -> Vec<u64> {
        let name = |(name, label): &(&str, Option<&str>)| {
            label.map_or_else(|| (*name).to_owned(), |label| format!("{name}:{label}"))
        };
        let names: Vec<String> = counters.iter().map(name).collect();
        let before = self.history.series(from, &names, usize::MAX);
        let samples = self.samples();
        let now = |(name, label): &(&str, Option<&str>)| -> f64 {
            let of = |sample: &&Sample| {
                sample.name == *name && (label.is_none() || sample.label.map(|it| it.1) == *label)
            };
            samples.iter().filter(of).map(|sample| sample.value).sum()
        };
        // What began after `from` began at nothing.
        let older = self.parts.started_at <= from;
        let first = |values: &Option<Vec<f64>>| values.as_ref().and_then(|values| values.first().copied());
        let grown = counters.iter().zip(&before.values).map(|(counter, values)| {
            let before = first(values).filter(|_| older).unwrap_or(0.0);
            (now(counter) - before).max(0.0) as u64
        });
        grown.collect()
    }

    pub(super) fn samples(&self) -> Vec<Sample> {
        self.parts.metrics.samples(&(self.parts.gauges)())
    }

    /// The backup of this name, to be sent; `None` if there is none.
    pub fn backup_file(&self, name: &str) -> Option<std::fs::File> {
        std::fs::File::open(self.backups.path(name)?).ok()
    }
}
