//! The handle of a running journal, and what recovery gives before it runs.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use yizhan_vocabulary::{Clock, DeviceId, PointValue, UnixMillis};

use crate::query::TimeRange;
use crate::{
    BackupError, Bucket, Checkpoint, Cursor, FatalError, JournalConfig, JournalStats, Lane, LogEntry,
    LogKind, OpenError, Order, Page, PropertyNumber, QueryError, RecordView, Refused,
};

/// A running journal; cloning it is cheap.
#[derive(Clone)]
pub struct Journal {
    shared: Arc<Shared>,
}

struct Shared {
    config: JournalConfig,
    seq: AtomicU64,
}

/// A journal that has been read but does not run yet.
pub struct Recovered {
    config: JournalConfig,
}

impl Recovered {
    /// Every key and value of a checkpoint table; none if the table was never written.
    pub fn each_state(&self, _table: &str, _f: impl FnMut(&[u8], &[u8])) -> Result<(), OpenError> {
        Ok(())
    }

    /// Every record that is not covered by a checkpoint for sure, in log order.
    pub fn each_record(&self, _f: impl FnMut(RecordView<'_>)) -> Result<(), OpenError> {
        Ok(())
    }

    /// Starts the journal's threads. `on_fatal` is called once, from the writer thread, when the log fails.
    pub fn start(
        self,
        _checkpoints: Vec<Box<dyn Checkpoint>>,
        _clock: Arc<dyn Clock>,
        _on_fatal: Box<dyn Fn(FatalError) + Send + Sync>,
    ) -> Result<Journal, OpenError> {
        Ok(Journal { shared: Arc::new(Shared { config: self.config, seq: AtomicU64::new(1) }) })
    }
}

impl Journal {
    /// Locks the directory, checks its format and finds the end of the log. Makes the directory when there is none.
    pub fn recover(config: JournalConfig) -> Result<Recovered, OpenError> {
        config.check()?;
        Ok(Recovered { config })
    }

    /// The next place in the order of all changes. Take it under the lock of what is changed.
    pub fn next_seq(&self) -> u64 {
        self.shared.seq.fetch_add(1, Ordering::Relaxed)
    }

    /// A way into the log for one thread. `wake` is called, from the writer thread, after a commit that made
    /// something of this lane durable; it must not block.
    pub fn lane(&self, _wake: Arc<dyn Fn() + Send + Sync>) -> Lane {
        Lane { max_record_bytes: self.shared.config.max_record_bytes }
    }

    /// Whether a batch would be accepted now: one atomic load.
    pub fn accepting(&self) -> Result<(), Refused> {
        Err(Refused::Closing)
    }

    /// Points of one property of one device, in order of time.
    pub fn history(
        &self,
        _stream: DeviceId,
        _property: PropertyNumber,
        _range: impl Into<TimeRange>,
        _order: Order,
        _limit: usize,
        _cursor: Option<Cursor>,
    ) -> Result<Page<(UnixMillis, PointValue)>, QueryError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    /// The same points, summed up in spans of `bucket_ms`; spans without points are left out.
    pub fn history_buckets(
        &self,
        _stream: DeviceId,
        _property: PropertyNumber,
        _range: impl Into<TimeRange>,
        _bucket_ms: u64,
    ) -> Result<Vec<Bucket>, QueryError> {
        Ok(Vec::new())
    }

    /// Entries of one log of one stream, in order of time.
    pub fn log(
        &self,
        _stream: DeviceId,
        _kind: LogKind,
        _range: impl Into<TimeRange>,
        _order: Order,
        _limit: usize,
        _cursor: Option<Cursor>,
    ) -> Result<Page<LogEntry>, QueryError> {
        Ok(Page { items: Vec::new(), next: None })
    }

    /// What the journal counted so far.
    pub fn stats(&self) -> JournalStats {
        JournalStats::default()
    }

    /// Makes a copy from which a journal can be recovered, while this one goes on.
    pub fn backup_to(&self, _dir: &Path) -> Result<(), BackupError> {
        Err(BackupError::NotRunning)
    }

    /// Refuses new batches, makes what was accepted durable, takes a last checkpoint and stops the threads.
    pub fn shutdown(&self) {}
}
