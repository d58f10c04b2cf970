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

    pub(super) fn samples(&self) -> Vec<Sample> {
        self.parts.metrics.samples(&(self.parts.gauges)())
    }

    /// The backup of this name, to be sent; `None` if there is none.
    pub fn backup_file(&self, name: &str) -> Option<std::fs::File> {
        std::fs::File::open(self.backups.path(name)?).ok()
    }
}
