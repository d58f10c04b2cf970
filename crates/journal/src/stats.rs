//! What the journal counts, for metrics and for people.

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
