//! What the journal's threads and its users share.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use parking_lot::{Mutex, RwLock};
use yizhan_vocabulary::{Clock, UnixMillis};

use crate::commit::{Intake, RetiredFiles, free_bytes};
use crate::config::JournalConfig;
use crate::damage::guarded;
use crate::days::{Days, FileClass};
use crate::error::QueryError;
use crate::layout::OwnedDir;
use crate::query::{Sources, TimeRange};
use crate::sealer::{RetentionTime, earliest_kept};
use crate::segment::Segment;
use crate::state::StateStore;
use crate::stats::Counters;
use crate::wakeup::Wakeup;

/// The parts of a running journal.
pub(crate) struct Engine {
    pub config: JournalConfig,
    pub clock: Arc<dyn Clock>,
    pub counters: Arc<Counters>,
    pub intake: Arc<Intake>,
    /// Segments whose records are not in day files for readers yet, oldest first; the last is being written.
    pub segments: Arc<RwLock<Vec<Arc<Segment>>>>,
    /// Runs of later segments in day files are not to be read.
    pub sealed_through: AtomicU64,
    /// Held by queries; taken alone for the moment in which segments become day files.
    pub queries: RwLock<()>,
    /// Held by whoever changes day files or retires segments; a backup holds it to find them at rest.
    pub files: Mutex<()>,
    pub days: Days,
    pub state: StateStore,
    pub seq: AtomicU64,
    pub retention_time: RetentionTime,
    /// No stream with a greater number was ever sealed or found in the log at start.
    pub highest_stream: AtomicU64,
    pub sealer_wakeup: Arc<Wakeup>,
    pub spares_wakeup: Arc<Wakeup>,
    pub retired: RetiredFiles,
    pub owned: OwnedDir,
}

impl Engine {
    pub(crate) fn sealed_through(&self) -> u64 {
        self.sealed_through.load(Ordering::SeqCst)
    }

    /// The time by which data is old.
    pub(crate) fn retention_now(&self) -> UnixMillis {
        self.retention_time.now(&*self.clock)
    }

    /// Whether `bytes` bytes and what goes with them can be written into databases without meeting the disk's end: the
    /// storage engine does not always survive that, and what it holds was acknowledged.
    pub(crate) fn can_write(&self, bytes: u64) -> bool {
        const OVERHEAD: u64 = 4 << 20;
        free_bytes(&self.config.dir)
            .is_ok_and(|free| free >= bytes.saturating_mul(2).saturating_add(OVERHEAD))
    }

    /// Whether a copy of `bytes` bytes can be made without coming near the limits.
    pub(crate) fn has_space_for(&self, bytes: u64) -> bool {
        let free = free_bytes(&self.config.dir).unwrap_or(0);
        let used = self.counters.disk_bytes.load(Ordering::Relaxed);
        let fits_budget = self.config.disk_budget_bytes.is_none_or(|budget| used + bytes <= budget);
        free > self.config.min_free_bytes.saturating_add(bytes) && fits_budget
    }

    /// Runs a query on a consistent view of sealed and unsealed data.
    pub(crate) fn query<T>(
        &self,
        class: FileClass,
        range: TimeRange,
        run: impl FnOnce(std::ops::RangeInclusive<i64>, Sources<'_>) -> Result<T, QueryError>,
    ) -> Result<T, QueryError> {
        let _shared = self.queries.read();
        let unsealed = self.segments.read().clone();
        let earliest = earliest_kept(&self.config, class, self.retention_now());
        let sources =
            Sources { days: &self.days, unsealed: &unsealed, sealed_through: self.sealed_through() };
        guarded(|| run(range.bounds(earliest), sources))
    }

    /// Files in which the unsealed segments are, oldest first.
    pub(crate) fn state_path(&self) -> PathBuf {
        self.state.path().to_owned()
    }
}
