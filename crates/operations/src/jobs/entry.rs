//! A job as answers and live events show it.

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use yizhan_store::{JobRow, JobState};

/// A job.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct JobEntry {
    job_id: String,
    /// What it does: CreateBackup, DeleteDevices and so on.
    kind: String,
    /// What it does that with, such as ProductId and ProductName.
    title: Map<String, Value>,
    /// `running`, `done`, `failed`, `cancelled`, or `interrupted` when the server stopped meanwhile.
    state: String,
    /// Parts that were looked after, those that failed included.
    done: u64,
    /// Parts in all; 0 when nobody knows.
    total: u64,
    /// Parts that failed.
    failed: u64,
    /// What came of it: counts, ids, names of files.
    result: Map<String, Value>,
    /// The code of what ended it; empty unless it failed.
    code: String,
    /// The text of what ended it.
    message: String,
    /// The account that started it.
    actor_uin: i64,
    /// Milliseconds since 1970.
    started_at: i64,
    /// Milliseconds since 1970; none while it runs.
    ended_at: Option<i64>,
    /// The first hundred parts that failed.
    #[serde(skip)]
    pub(super) failures: Vec<JobFailure>,
}

/// A part of a job that failed.
#[derive(Debug, Clone, Serialize, serde::Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct JobFailure {
    /// What it concerns, such as a device's name or a line of a file.
    item: String,
    code: String,
    message: String,
}

impl JobEntry {
    /// Of the row.
    pub(super) fn of(row: JobRow) -> Self {
        Self {
            job_id: row.id,
            kind: row.kind,
            title: parsed(&row.title),
            state: row.state.as_str().to_owned(),
            done: row.done,
            total: row.total,
            failed: row.failed,
            result: parsed(&row.result),
            code: row.code,
            message: row.message,
            actor_uin: row.actor.0,
            started_at: row.started_at.0,
            ended_at: row.ended_at.map(|at| at.0),
            failures: parsed(&row.failures),
        }
    }

    /// Its id.
    pub fn id(&self) -> &str {
        &self.job_id
    }

    /// Whether it goes on.
    pub fn is_running(&self) -> bool {
        self.state == JobState::Running.as_str()
    }
}

/// What was written as JSON by this program; damage shows as nothing rather than as a failure of the whole list.
fn parsed<T: DeserializeOwned + Default>(text: &str) -> T {
    serde_json::from_str(text).unwrap_or_default()
}
