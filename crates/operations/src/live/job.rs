//! How it stands with a job, whenever that changes.

use serde::Serialize;
use yizhan_vocabulary::UnixMillis;

use crate::jobs::JobEntry;

/// A job as it stands.
#[derive(Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct JobRow<'a> {
    time: UnixMillis,
    what: &'static str,
    #[serde(flatten)]
    job: &'a JobEntry,
}

impl<'a> JobRow<'a> {
    /// The row of a job that changed.
    pub const fn of(job: &'a JobEntry, time: UnixMillis) -> Self {
        Self { time, what: "Job", job }
    }
}
