//! Reading: last values, history, logs, commands. Answers are plain structs that a surface serializes.
//!
//! What must stay true: nothing is shown that a crash could still take back. History and logs come out of the
//! journal, which shows only what is durable; last values and open commands wait until their records are.

mod filtered;
mod history;
mod latest;
mod logs;
mod many;
mod series;

pub use filtered::FilteredPage;
pub use history::{BucketView, BucketsPage, HistoryPage, HistoryPoint, HistoryQuery};
pub use latest::LatestValue;
pub(crate) use logs::views;
pub use logs::{LogName, LogPage, LogQuery, LogView};
pub use many::{FoundEntry, FoundPage};
pub use series::{EventCounts, EventSpan, Series};

use yizhan_journal::QueryError;

use crate::DevicesError;

impl From<QueryError> for DevicesError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::BadCursor | QueryError::TooManyBuckets { .. } => Self::Invalid(error.to_string()),
            QueryError::Storage(_) => Self::Unavailable(error.to_string()),
        }
    }
}
