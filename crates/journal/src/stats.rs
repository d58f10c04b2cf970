//! What the journal counts, for metrics and for people.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::error::Refused;

/// Upper bounds of the classes of [`JournalStats::sync_latency`], in microseconds; the last class is open.
pub const SYNC_LATENCY_BOUNDS_US: [u64; 11] =
    [100, 250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 500_000];

/// Upper bounds of the classes of [`JournalStats::commit_batches`] (batches a commit); the last class is open.
pub const COMMIT_BATCH_BOUNDS: [u64; 7] = [1, 2, 4, 8, 16, 64, 256];

/// A moment's view of the journal.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct JournalStats {
    /// Segments with records that are not sealed, the active one included.
    pub unsealed_segments: usize,
    /// Segments that are prepared for use.
    pub spare_segments: usize,
    /// Bytes of the directory at the last look.
    pub disk_bytes: u64,
    /// Free bytes of the file system at the last look.
    pub free_bytes: u64,
    /// Day files of history.
    pub history_days: usize,
    /// Day files of logs.
    pub log_days: usize,
    /// Batches that wait for the writer or are being written, in bytes.
    pub backlog_bytes: usize,
    /// Batches accepted.
    pub batches: u64,
    /// Bytes written to the log.
    pub log_bytes: u64,
    /// Writes followed by a sync.
    pub commits: u64,
    /// Commits by how many batches they took; classes of [`COMMIT_BATCH_BOUNDS`].
    pub commit_batches: [u64; COMMIT_BATCH_BOUNDS.len() + 1],
    /// Commits by how long the sync took; classes of [`SYNC_LATENCY_BOUNDS_US`].
    pub sync_latency: [u64; SYNC_LATENCY_BOUNDS_US.len() + 1],
    /// All syncs together, in microseconds.
    pub sync_us_total: u64,
    /// Lanes woken.
    pub wakes: u64,
    /// Batches refused because the disk or the budget was full.
    pub refused_disk_full: u64,
    /// Batches refused because too much waited.
    pub refused_backlog: u64,
    /// Batches refused at shutdown or after a failure.
    pub refused_closed: u64,
    /// Segments turned into blocks.
    pub segments_sealed: u64,
    /// Records turned into blocks.
    pub records_sealed: u64,
    /// Points turned into blocks.
    pub points_sealed: u64,
    /// Bytes of blocks written by sealing.
    pub block_bytes_sealed: u64,
    /// Time spent sealing, in microseconds.
    pub seal_us_total: u64,
    /// Attempts to seal or to checkpoint that failed and are tried again.
    pub seal_failures: u64,
    /// What the last such failure said.
    pub last_seal_failure: Option<String>,
    /// Checkpoints made durable.
    pub checkpoints: u64,
    /// Closed days repacked.
    pub days_repacked: u64,
    /// Runs of blocks merged into larger ones.
    pub merges: u64,
    /// Day files removed because of their age.
    pub days_dropped_by_age: u64,
    /// Day files removed because of the disk budget.
    pub days_dropped_by_budget: u64,
    /// Points and log entries that were older than retention allows when they were sealed.
    pub entries_dropped_by_age: u64,
    /// Day files that could not be read and were set aside.
    pub files_set_aside: u64,
}

/// The counters behind [`JournalStats`], kept by the threads of the journal.
#[derive(Debug, Default)]
pub(crate) struct Counters {
    pub batches: AtomicU64,
    pub log_bytes: AtomicU64,
    pub commits: AtomicU64,
    pub commit_batches: [AtomicU64; COMMIT_BATCH_BOUNDS.len() + 1],
    pub sync_latency: [AtomicU64; SYNC_LATENCY_BOUNDS_US.len() + 1],
    pub sync_us_total: AtomicU64,
    pub wakes: AtomicU64,
    pub refused_disk_full: AtomicU64,
    pub refused_backlog: AtomicU64,
    pub refused_closed: AtomicU64,
    pub segments_sealed: AtomicU64,
    pub records_sealed: AtomicU64,
    pub points_sealed: AtomicU64,
    pub block_bytes_sealed: AtomicU64,
    pub seal_us_total: AtomicU64,
    pub seal_failures: AtomicU64,
    pub last_seal_failure: Mutex<Option<String>>,
    pub checkpoints: AtomicU64,
    pub days_repacked: AtomicU64,
    pub merges: AtomicU64,
    pub days_dropped_by_age: AtomicU64,
    pub days_dropped_by_budget: AtomicU64,
    pub entries_dropped_by_age: AtomicU64,
    pub files_set_aside: AtomicU64,
    pub disk_bytes: AtomicU64,
    pub free_bytes: AtomicU64,
}

fn class_of(bounds: &[u64], value: u64) -> usize {
    bounds.iter().position(|bound| value <= *bound).unwrap_or(bounds.len())
}

/// Adds to a counter.
pub(crate) fn add(counter: &AtomicU64, amount: u64) {
    counter.fetch_add(amount, Ordering::Relaxed);
}

impl Counters {
    pub(crate) fn count_refusal(&self, refused: Refused) {
        let counter = match refused {
            Refused::DiskFull => &self.refused_disk_full,
            Refused::Backlog => &self.refused_backlog,
            Refused::Closing | Refused::Failed => &self.refused_closed,
        };
        add(counter, 1);
    }

    pub(crate) fn count_commit(&self, batches: u64, bytes: usize) {
        add(&self.commits, 1);
        add(&self.batches, batches);
        add(&self.log_bytes, bytes as u64);
        add(&self.commit_batches[class_of(&COMMIT_BATCH_BOUNDS, batches)], 1);
    }

    pub(crate) fn count_sync(&self, took: Duration) {
        let micros = took.as_micros() as u64;
        add(&self.sync_us_total, micros);
        add(&self.sync_latency[class_of(&SYNC_LATENCY_BOUNDS_US, micros)], 1);
    }

    /// What is counted here; the caller adds what others know.
    pub(crate) fn snapshot(&self) -> JournalStats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        JournalStats {
            disk_bytes: read(&self.disk_bytes),
            free_bytes: read(&self.free_bytes),
            batches: read(&self.batches),
            log_bytes: read(&self.log_bytes),
            commits: read(&self.commits),
            commit_batches: std::array::from_fn(|class| read(&self.commit_batches[class])),
            sync_latency: std::array::from_fn(|class| read(&self.sync_latency[class])),
            sync_us_total: read(&self.sync_us_total),
            wakes: read(&self.wakes),
            refused_disk_full: read(&self.refused_disk_full),
            refused_backlog: read(&self.refused_backlog),
            refused_closed: read(&self.refused_closed),
            segments_sealed: read(&self.segments_sealed),
            records_sealed: read(&self.records_sealed),
            points_sealed: read(&self.points_sealed),
            block_bytes_sealed: read(&self.block_bytes_sealed),
            seal_us_total: read(&self.seal_us_total),
            seal_failures: read(&self.seal_failures),
            last_seal_failure: self.last_seal_failure.lock().clone(),
            checkpoints: read(&self.checkpoints),
            days_repacked: read(&self.days_repacked),
            merges: read(&self.merges),
            days_dropped_by_age: read(&self.days_dropped_by_age),
            days_dropped_by_budget: read(&self.days_dropped_by_budget),
            entries_dropped_by_age: read(&self.entries_dropped_by_age),
            files_set_aside: read(&self.files_set_aside),
            ..JournalStats::default()
        }
    }
}
