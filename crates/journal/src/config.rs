//! What an operator can set about the journal, with defaults that suit a single server, and the checks that keep
//! the numbers consistent with one another. Every bound of the crate is derived from here.

use std::path::PathBuf;
use std::time::Duration;

use crate::commit::{FRAME_TARGET, MAX_JOINED_BYTES};
use crate::error::OpenError;

/// The settings of one journal directory.
#[derive(Debug, Clone)]
pub struct JournalConfig {
    /// The journal's directory; made when it does not exist.
    pub dir: PathBuf,
    /// Size of one log segment.
    pub segment_bytes: u64,
    /// Segments that may wait for sealing, the active one included; beyond it new records are refused.
    pub max_unsealed_segments: usize,
    /// UTC days for which property history is kept, today included; 0 keeps it for ever.
    pub history_days: u32,
    /// UTC days for which logs are kept, today included; 0 keeps them for ever.
    pub log_days: u32,
    /// What the directory may take on disk; the oldest closed days go first when it is exceeded.
    pub disk_budget_bytes: Option<u64>,
    /// Free space of the file system below which new records are refused.
    pub min_free_bytes: u64,
    /// The largest record, header and points included.
    pub max_record_bytes: usize,
    /// Bytes that may wait for the writer thread; beyond it batches are refused.
    pub max_batch_backlog_bytes: usize,
    /// How often free space, budget, retention and overdue segments are looked at.
    pub check_interval: Duration,
    /// After how long a segment with data is sealed although it is not full.
    pub max_segment_age: Duration,
    /// Whether a damaged place in the middle of the log is skipped instead of refusing to open.
    pub accept_damage: bool,
}

impl JournalConfig {
    /// The smallest segment that can be configured.
    pub const MIN_SEGMENT_BYTES: u64 = 64 << 10;
    /// The largest segment that can be configured: positions inside one are kept in 32 bits.
    pub const MAX_SEGMENT_BYTES: u64 = 1 << 30;

    /// The defaults for a journal in `dir`.
    pub fn new(dir: impl Into<PathBuf>) -> Self {
        Self {
            dir: dir.into(),
            segment_bytes: 64 << 20,
            max_unsealed_segments: 8,
            history_days: 0,
            log_days: 30,
            disk_budget_bytes: None,
            min_free_bytes: 256 << 20,
            max_record_bytes: 512 << 10,
            max_batch_backlog_bytes: 32 << 20,
            check_interval: Duration::from_secs(1),
            max_segment_age: Duration::from_hours(24),
            accept_damage: false,
        }
    }

    /// The smallest disk budget for segments of this size: the one in use, the next one, one that is being sealed and
    /// one kept for its next life, and what the state and the day files of today take at least. With less the
    /// journal would be full before the first segment could be sealed, and stay so.
    pub const fn min_disk_budget(&self) -> u64 {
        4 * self.segment_bytes + (4 << 20)
    }

    /// Whether the numbers are possible and go together.
    pub fn check(&self) -> Result<(), OpenError> {
        let invalid = |what: &str| Err(OpenError::Configuration(what.to_owned()));
        if !(Self::MIN_SEGMENT_BYTES..=Self::MAX_SEGMENT_BYTES).contains(&self.segment_bytes) {
            return invalid("segment_bytes must lie between 64 KiB and 1 GiB");
        }
        if !self.segment_bytes.is_multiple_of(4096) {
            return invalid("segment_bytes must be a multiple of 4096");
        }
        if self.max_unsealed_segments < 2 {
            return invalid("max_unsealed_segments must be at least 2");
        }
        if self.max_record_bytes == 0 || self.max_record_bytes as u64 > self.segment_bytes / 4 {
            return invalid("max_record_bytes must be at most a quarter of segment_bytes");
        }
        if self.max_batch_backlog_bytes == 0 {
            return invalid("max_batch_backlog_bytes must not be 0");
        }
        if self.disk_budget_bytes.is_some_and(|budget| budget < self.min_disk_budget()) {
            let least = self.min_disk_budget();
            return invalid(&format!(
                "disk_budget_bytes must be at least {least} with segments of this size"
            ));
        }
        Ok(())
    }

    /// The largest frame: what a batch is cut into, and what a segment's end may leave unused.
    pub(crate) fn max_frame_bytes(&self) -> usize {
        self.max_record_bytes + MAX_JOINED_BYTES + crate::segment::FRAME_OVERHEAD + FRAME_TARGET
    }
}
