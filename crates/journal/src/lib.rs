//! The durable log: group commit, blocks, history and log queries, retention.

mod backup;
mod blocks;
mod commit;
mod config;
mod damage;
mod days;
mod engine;
mod error;
mod inspect;
mod journal;
mod layout;
mod private;
mod query;
mod record;
mod recover;
mod sealer;
mod segment;
mod state;
mod stats;
mod wakeup;

pub use commit::{Batch, DurableRecord, DurableRecords, Lane, Ticket, WatchSwitch, Watcher};
pub use config::JournalConfig;
pub use error::{BackupError, FatalError, OpenError, QueryError, Refused, TooLarge, WaitError};
pub use inspect::{Finding, Severity, inspect, was_never_written};
pub use journal::Journal;
pub use query::{Bucket, Cursor, LogEntry, MAX_BUCKETS, MAX_PAGE, Order, Page, TimeRange};
pub use record::{LogKind, Record, RecordKind, RecordView, STREAM_SYSTEM, TIME_LIMITS};
pub use recover::{Recovered, RecoveryReport};
pub use state::{Checkpoint, StateWriter};
pub use stats::{COMMIT_BATCH_BOUNDS, JournalStats, SYNC_LATENCY_BOUNDS_US};
