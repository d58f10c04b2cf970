//! The durable log: group commit, blocks, history and log queries, retention.

mod commit;
mod config;
mod error;
mod journal;
mod query;
mod record;
mod segment;
mod state;
mod stats;

pub use commit::{Batch, Lane, Ticket};
pub use config::JournalConfig;
pub use error::{BackupError, FatalError, OpenError, QueryError, Refused, TooLarge, WaitError};
pub use journal::{Journal, Recovered};
pub use query::{Bucket, Cursor, LogEntry, Order, Page, TimeRange};
pub use record::{LogKind, PropertyNumber, Record, RecordKind, RecordView, STREAM_SYSTEM, TIME_LIMITS};
pub use state::{Checkpoint, StateWriter};
pub use stats::{COMMIT_BATCH_BOUNDS, JournalStats, SYNC_LATENCY_BOUNDS_US};
