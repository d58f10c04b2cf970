//! Jobs: long work in the background. A row is written when a job starts, now and then while it runs, and when it ends, so
//! that what came of it can be seen after its starter has gone and after a restart.

use rusqlite::{Row, params};
use yizhan_vocabulary::{Uin, UnixMillis};

use super::{millis, must_change, optional_millis, parsed};
use crate::access::Store;
use crate::error::StoreError;

/// How it stands with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JobState {
    /// It goes on.
    Running,
    /// It came to its end; some of its parts may have failed.
    Done,
    /// Something ended it before its end.
    Failed,
    /// Somebody stopped it.
    Cancelled,
    /// The server stopped while it ran.
    Interrupted,
}

impl JobState {
    const ALL: [Self; 5] = [Self::Running, Self::Done, Self::Failed, Self::Cancelled, Self::Interrupted];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::Interrupted => "interrupted",
        }
    }

    fn from_column(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// A job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JobRow {
    /// Its name in the API.
    pub id: String,
    /// The root account whose objects are concerned.
    pub owner: Uin,
    /// The account that started it.
    pub actor: Uin,
    /// What is done.
    pub kind: String,
    /// What it is done with, JSON.
    pub title: String,
    /// How it stands.
    pub state: JobState,
    /// Parts that have been looked after, failed ones included.
    pub done: u64,
    /// Parts in all; 0 when nobody knows.
    pub total: u64,
    /// Parts that failed.
    pub failed: u64,
    /// The first of these, with reasons, JSON.
    pub failures: String,
    /// What came of it, JSON.
    pub result: String,
    /// The code of what ended it; empty unless it failed.
    pub code: String,
    /// The text of what ended it.
    pub message: String,
    /// When it started.
    pub started_at: UnixMillis,
    /// When it ended.
    pub ended_at: Option<UnixMillis>,
}

const COLUMNS: &str = "id, owner, actor, kind, title, state, done, total, failed, failures, result, code, message, \
                       started_at, ended_at";

impl Store {
    /// Adds a job that starts now. Of its owner's jobs that have ended, all but the newest `keep` go; gives the ids of those
    /// that went.
    pub fn add_job(&self, job: &JobRow, keep: u32) -> Result<Vec<String>, StoreError> {
        self.write(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO jobs (id, owner, actor, kind, title, state, done, total, failed, failures, result, \
                     code, message, started_at, ended_at) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
                )?
                .execute(params![
                    job.id,
                    job.owner.0,
                    job.actor.0,
                    job.kind,
                    job.title,
                    job.state.as_str(),
                    column(job.done),
                    column(job.total),
                    column(job.failed),
                    job.failures,
                    job.result,
                    job.code,
                    job.message,
                    job.started_at.0,
                    job.ended_at.map(|at| at.0)
                ])?;
            let mut removed = transaction.prepare_cached(
                "DELETE FROM jobs WHERE number IN (SELECT number FROM jobs WHERE owner = ?1 AND state <> 'running' \
                 ORDER BY number DESC LIMIT -1 OFFSET ?2) RETURNING id",
            )?;
            let ids = removed.query_map(params![job.owner.0, keep], |row| row.get(0))?;
            Ok(ids.collect::<Result<_, _>>()?)
        })
    }

    /// Writes how it stands with a job.
    pub fn save_job(&self, job: &JobRow) -> Result<(), StoreError> {
        self.write(|transaction| {
            let changed = transaction
                .prepare_cached(
                    "UPDATE jobs SET state = ?2, done = ?3, total = ?4, failed = ?5, failures = ?6, result = ?7, \
                     code = ?8, message = ?9, ended_at = ?10 WHERE id = ?1",
                )?
                .execute(params![
                    job.id,
                    job.state.as_str(),
                    column(job.done),
                    column(job.total),
                    column(job.failed),
                    job.failures,
                    job.result,
                    job.code,
                    job.message,
                    job.ended_at.map(|at| at.0)
                ])?;
            must_change(changed, || format!("job {}", job.id))
        })
    }

    /// Notes that what was running when the server stopped does not run any more.
    pub fn interrupt_jobs(&self, now: UnixMillis) -> Result<(), StoreError> {
        self.write(|transaction| {
            transaction.execute(
                "UPDATE jobs SET state = 'interrupted', ended_at = ?1 WHERE state = 'running'",
                [now.0],
            )?;
            Ok(())
        })
    }

    /// A job.
    pub fn job(&self, id: &str) -> Result<Option<JobRow>, StoreError> {
        let reader = self.reader();
        let mut statement = reader.prepare_cached(&format!("SELECT {COLUMNS} FROM jobs WHERE id = ?1"))?;
        let mut rows = statement.query_map([id], read)?;
        Ok(rows.next().transpose()?)
    }

    /// The jobs of a root account, or those of them that one account started, the newest first; and how many there are.
    pub fn jobs(
        &self,
        owner: Uin,
        actor: Option<Uin>,
        offset: u64,
        limit: u64,
    ) -> Result<(Vec<JobRow>, u64), StoreError> {
        let reader = self.reader();
        let actor = actor.map(|actor| actor.0);
        let total: i64 = reader
            .prepare_cached("SELECT count(*) FROM jobs WHERE owner = ?1 AND (?2 IS NULL OR actor = ?2)")?
            .query_row(params![owner.0, actor], |row| row.get(0))?;
        let mut statement = reader.prepare_cached(&format!(
            "SELECT {COLUMNS} FROM jobs WHERE owner = ?1 AND (?2 IS NULL OR actor = ?2) \
             ORDER BY number DESC LIMIT ?3 OFFSET ?4"
        ))?;
        let rows = statement.query_map(params![owner.0, actor, column(limit), column(offset)], read)?;
        Ok((rows.collect::<Result<_, _>>()?, total.unsigned_abs()))
    }
}

/// A count as SQLite keeps it.
fn column(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

fn read(row: &Row<'_>) -> rusqlite::Result<JobRow> {
    let count = |column: usize| row.get::<_, i64>(column).map(|count| count.max(0).unsigned_abs());
    Ok(JobRow {
        id: row.get(0)?,
        owner: Uin(row.get(1)?),
        actor: Uin(row.get(2)?),
        kind: row.get(3)?,
        title: row.get(4)?,
        state: parsed(row, 5, JobState::from_column)?,
        done: count(6)?,
        total: count(7)?,
        failed: count(8)?,
        failures: row.get(9)?,
        result: row.get(10)?,
        code: row.get(11)?,
        message: row.get(12)?,
        started_at: millis(row, 13)?,
        ended_at: optional_millis(row, 14)?,
    })
}
