//! Starting jobs, and what is told about them while they run and when they end: to the registry, and to those who watch.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde_json::Value;
use tokio::sync::broadcast;
use yizhan_store::{JobRow, JobState, Store, StoreError};
use yizhan_vocabulary::{Clock, Uin, UnixMillis};

use super::entry::JobEntry;
use super::job::{Job, JobEnd, NewJob, Progress, Running, cut};
use crate::call::{Call, Caller};
use crate::failure::{Code, Failure, Outcome};
use crate::resource::Resource;

/// Jobs that run at a time, in all.
const MAX_RUNNING: usize = 16;
/// Of these, jobs of one root account.
const MAX_RUNNING_OF_ACCOUNT: usize = 4;
/// Jobs that have ended and are kept, of one root account.
const MAX_KEPT_OF_ACCOUNT: u32 = 200;
/// Who watches is told of progress so often at most.
const TOLD_EVERY_MS: i64 = 250;
/// The registry is told of progress so often at most.
const SAVED_EVERY_MS: i64 = 5_000;
/// News that somebody who watches may be late for before some are lost to it.
const MAX_NEWS: usize = 256;

/// Starts jobs and knows those that run. One value for the whole server; cloning gives the same.
#[derive(Clone)]
pub struct Jobs(Arc<Inner>);

pub(super) struct Inner {
    store: Arc<Store>,
    clock: Arc<dyn Clock>,
    running: Mutex<HashMap<String, Job>>,
    stopping: AtomicBool,
    news: broadcast::Sender<Arc<JobNews>>,
}

/// How it stands with a job, for those who watch.
#[derive(Debug)]
pub struct JobNews {
    owner: Uin,
    actor: Uin,
    /// The job.
    pub entry: JobEntry,
}

impl JobNews {
    /// Whether somebody may see it: who started it, and who may see all jobs of the account.
    pub fn is_for(&self, caller: &Caller) -> bool {
        caller.owner == self.owner && (caller.account == self.actor || sees_all(caller))
    }
}

/// Whether somebody may see the jobs that others of the root account started.
pub(super) fn sees_all(caller: &Caller) -> bool {
    let everything = Resource::Account(caller.owner).to_string();
    caller.rights.as_ref().is_none_or(|rights| rights.allows("DescribeJobs", &everything))
}

/// What is due after a change.
#[derive(Default)]
pub(super) struct Due {
    entry: Option<JobEntry>,
    row: Option<JobRow>,
}

impl Jobs {
    /// Jobs of this registry. What it says to be running was interrupted when the server stopped.
    pub fn open(store: Arc<Store>, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        store.interrupt_jobs(clock.now())?;
        let (news, _) = broadcast::channel(MAX_NEWS);
        let (running, stopping) = (Mutex::default(), AtomicBool::new(false));
        Ok(Self(Arc::new(Inner { store, clock, running, stopping, news })))
    }

    /// Starts a job and gives it as it stands. `work` runs on a thread that may block; it asks [`Job::go_on`] between its
    /// parts, and for the right to do each part through the call that it keeps.
    pub async fn start(
        &self,
        call: &Call,
        new: NewJob,
        work: impl FnOnce(&Job) -> Result<(), JobEnd> + Send + 'static,
    ) -> Result<JobEntry, Failure> {
        let job = self.enter(call.caller(), &new)?;
        let row = job.row();
        let written =
            call.blocking(move |platform| platform.store.add_job(&row, MAX_KEPT_OF_ACCOUNT).map(drop)).await;
        if let Err(failure) = written {
            self.0.running.lock().remove(job.id());
            return Err(failure);
        }
        let entry = JobEntry::of(job.row());
        self.0.tell(&job.0, Due { entry: Some(entry.clone()), row: None });
        let inner = Arc::clone(&self.0);
        call.platform().writes.spawn_blocking(move || inner.carry_out(&job, work));
        Ok(entry)
    }

    /// Gives the job its place among those that run.
    fn enter(&self, caller: &Caller, new: &NewJob) -> Outcome<Job> {
        let inner = &self.0;
        let now = inner.clock.now();
        let row = JobRow {
            id: new_id(),
            owner: caller.owner,
            actor: caller.account,
            kind: new.kind.as_str().to_owned(),
            title: Value::from(new.title.clone()).to_string(),
            state: JobState::Running,
            done: 0,
            total: new.total,
            failed: 0,
            failures: String::new(),
            result: String::new(),
            code: String::new(),
            message: String::new(),
            started_at: now,
            ended_at: None,
        };
        let job = Job(Arc::new(Running {
            jobs: Arc::clone(inner),
            id: row.id.clone(),
            owner: row.owner,
            actor: row.actor,
            language: caller.language,
            cancelled: AtomicBool::new(false),
            stop: AtomicBool::new(false),
            progress: Mutex::new(Progress {
                row,
                failures: Vec::new(),
                result: Default::default(),
                told_at: now,
                saved_at: now,
            }),
        }));
        let mut running = inner.running.lock();
        if inner.is_stopping() {
            return Err(Failure::new(Code::ServiceUnavailable).because("the server stops"));
        }
        let of_account = running.values().filter(|job| job.0.owner == caller.owner).count();
        if running.len() >= MAX_RUNNING || of_account >= MAX_RUNNING_OF_ACCOUNT {
            let why =
                format!("{MAX_RUNNING_OF_ACCOUNT} jobs of an account run at a time; wait for one to end");
            return Err(Failure::new(Code::LimitExceeded).because(why));
        }
        running.insert(job.0.id.clone(), job.clone());
        Ok(job)
    }

    /// Whether a job of this kind runs, whoever started it.
    pub fn is_running(&self, kind: super::JobKind) -> bool {
        let running = self.0.running.lock();
        running.values().any(|job| job.0.progress.lock().row.kind == kind.as_str())
    }

    /// Tells a running job to stop; false when it does not run.
    pub(super) fn cancel(&self, id: &str) -> bool {
        let running = self.0.running.lock();
        let Some(job) = running.get(id) else { return false };
        job.0.cancelled.store(true, Ordering::Release);
        job.0.stop.store(true, Ordering::Release);
        true
    }

    /// The job of a row as it stands now.
    pub(super) fn current(&self, row: JobRow) -> JobEntry {
        let running = self.0.running.lock().get(&row.id).cloned();
        running.map_or_else(|| JobEntry::of(row), |job| JobEntry::of(job.row()))
    }

    /// What happens to jobs from now on, of all accounts; [`JobNews::is_for`] says who may see it.
    pub fn watch(&self) -> broadcast::Receiver<Arc<JobNews>> {
        self.0.news.subscribe()
    }

    /// Has all jobs end, because the server stops. They are tasks of the platform's writes, which the stop waits for.
    pub fn stop(&self) {
        // Under the lock that jobs enter with, so that none is missed.
        let running = self.0.running.lock();
        self.0.stopping.store(true, Ordering::Release);
        running.values().for_each(|job| job.0.stop.store(true, Ordering::Release));
    }
}

impl Inner {
    fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::Acquire)
    }

    /// Takes what is due to be told after a change.
    pub fn due(&self, progress: &mut Progress) -> Due {
        let now = self.clock.now();
        let mut due = Due::default();
        if is_due(&mut progress.told_at, now, TOLD_EVERY_MS) && self.news.receiver_count() > 0 {
            due.entry = Some(progress.entry());
        }
        if is_due(&mut progress.saved_at, now, SAVED_EVERY_MS) {
            due.row = Some(progress.row());
        }
        due
    }

    /// Tells what is due.
    pub fn tell(&self, job: &Running, due: Due) {
        if let Some(entry) = due.entry {
            // Nobody may be watching.
            let _ = self.news.send(Arc::new(JobNews { owner: job.owner, actor: job.actor, entry }));
        }
        if let Some(row) = due.row
            && let Err(error) = self.store.save_job(&row)
        {
            tracing::error!(job = job.id, %error, "a job's progress could not be kept");
        }
    }

    /// Does the work and writes down how it ended.
    fn carry_out(&self, job: &Job, work: impl FnOnce(&Job) -> Result<(), JobEnd>) {
        // A defect in the work of one job must not leave it running for ever.
        let done = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| work(job)));
        let ended = done.unwrap_or_else(|_| Err(JobEnd::Failed(Failure::new(Code::InternalError))));
        let running = &*job.0;
        let due = {
            let mut progress = running.progress.lock();
            let row = &mut progress.row;
            row.ended_at = Some(self.clock.now());
            row.state = match ended {
                Ok(()) => JobState::Done,
                Err(JobEnd::Stopped) if running.cancelled.load(Ordering::Acquire) => JobState::Cancelled,
                Err(JobEnd::Stopped) => JobState::Interrupted,
                Err(JobEnd::Failed(failure)) => {
                    row.code = failure.code().as_str().to_owned();
                    row.message = cut(&failure.message(running.language)).to_owned();
                    JobState::Failed
                }
            };
            Due { entry: Some(progress.entry()), row: Some(progress.row()) }
        };
        self.tell(running, due);
        // Last: until here it is asked for its progress, from here on the registry is.
        self.running.lock().remove(&running.id);
    }
}

/// Whether something was told long enough ago; notes that it is told now.
fn is_due(told_at: &mut UnixMillis, now: UnixMillis, every_ms: i64) -> bool {
    let due = now.0.saturating_sub(told_at.0) >= every_ms;
    if due {
        *told_at = now;
    }
    due
}

fn new_id() -> String {
    format!("job-{}", yizhan_identity::registration::request_id())
}

#[cfg(test)]
mod tests;
