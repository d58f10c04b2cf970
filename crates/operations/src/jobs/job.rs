//! One job while it runs: what its work tells about itself, and whether it is to go on.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use serde_json::{Map, Value, json};
use yizhan_devices::DevicesError;
use yizhan_store::{JobRow, StoreError};
use yizhan_vocabulary::{Uin, UnixMillis};

use super::entry::JobEntry;
use super::kind::JobKind;
use super::runner::Inner;
use crate::failure::Failure;
use crate::text::Language;

/// Failures that are kept with their reasons; further ones are counted.
const MAX_FAILURES: usize = 100;
/// The longest text that is kept of a title, a result or a failure.
const MAX_TEXT: usize = 1_000;

/// A job that is to be started.
#[derive(Debug)]
pub struct NewJob {
    pub(super) kind: JobKind,
    pub(super) total: u64,
    pub(super) title: Map<String, Value>,
}

impl NewJob {
    /// A job of `total` parts; 0 when nobody knows yet.
    pub fn new(kind: JobKind, total: u64) -> Self {
        Self { kind, total, title: Map::new() }
    }

    /// The same with something that says what it works on, such as a product's id and name. The console makes a sentence of
    /// the kind and these.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.title.insert(name.to_owned(), bounded(value.into()));
        self
    }
}

/// Why the work of a job ended before it was done.
#[derive(Debug)]
pub enum JobEnd {
    /// It was told to stop.
    Stopped,
    /// It cannot go on.
    Failed(Failure),
}

impl From<Failure> for JobEnd {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<DevicesError> for JobEnd {
    fn from(error: DevicesError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<StoreError> for JobEnd {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

/// A running job, as its work sees it. Cloning gives the same job.
#[derive(Clone)]
pub struct Job(pub(super) Arc<Running>);

/// What is known of a running job.
pub(super) struct Running {
    pub jobs: Arc<Inner>,
    pub id: String,
    pub owner: Uin,
    pub actor: Uin,
    pub language: Language,
    /// Somebody does not want it any more.
    pub cancelled: AtomicBool,
    /// It is to end, because somebody does not want it or because the server stops.
    pub stop: AtomicBool,
    pub progress: Mutex<Progress>,
}

/// How far a job is.
pub(super) struct Progress {
    /// The row as it would be stored now, but for the members that are kept apart below.
    pub row: JobRow,
    pub failures: Vec<Value>,
    pub result: Map<String, Value>,
    /// When those who watch were told last.
    pub told_at: UnixMillis,
    /// When the registry was told last.
    pub saved_at: UnixMillis,
}

impl Progress {
    /// The row as it stands.
    pub fn row(&self) -> JobRow {
        JobRow {
            failures: Value::from(self.failures.clone()).to_string(),
            result: Value::from(self.result.clone()).to_string(),
            ..self.row.clone()
        }
    }

    /// What people see of it.
    pub fn entry(&self) -> JobEntry {
        JobEntry::of(self.row())
    }
}

impl Job {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.0.id
    }

    /// The row as it stands.
    pub(super) fn row(&self) -> JobRow {
        self.0.progress.lock().row()
    }

    /// An error when the work is to end now: somebody stopped it, or the server stops. To be asked between parts.
    pub fn go_on(&self) -> Result<(), JobEnd> {
        if self.0.stop.load(Ordering::Acquire) { Err(JobEnd::Stopped) } else { Ok(()) }
    }

    /// True as soon as the work is to end; for what looks more often than between parts.
    pub fn stop_flag(&self) -> &AtomicBool {
        &self.0.stop
    }

    /// How many parts there are in all, once that is known.
    pub fn set_total(&self, total: u64) {
        self.change(|progress| progress.row.total = total);
    }

    /// So many more parts are done.
    pub fn advance(&self, parts: u64) {
        self.change(|progress| progress.row.done = progress.row.done.saturating_add(parts));
    }

    /// One more part is looked after, and failed. `item` is how people know the part.
    pub fn fail(&self, item: &str, failure: &Failure) {
        let message = failure.message(self.0.language);
        self.change(|progress| {
            progress.row.done = progress.row.done.saturating_add(1);
            progress.row.failed = progress.row.failed.saturating_add(1);
            if progress.failures.len() < MAX_FAILURES {
                let failure =
                    json!({ "Item": cut(item), "Code": failure.code().as_str(), "Message": cut(&message) });
                progress.failures.push(failure);
            }
        });
    }

    /// Something that came of it: a count, an id, the name of a file.
    pub fn result(&self, name: &str, value: impl Into<Value>) {
        let value = bounded(value.into());
        self.change(|progress| {
            progress.result.insert(name.to_owned(), value);
        });
    }

    fn change(&self, change: impl FnOnce(&mut Progress)) {
        let running = &self.0;
        let news = {
            let mut progress = running.progress.lock();
            change(&mut progress);
            running.jobs.due(&mut progress)
        };
        running.jobs.tell(running, news);
    }
}

/// A text that is not longer than may be.
pub(super) fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn bounded(value: Value) -> Value {
    match value {
        Value::String(text) if text.len() > MAX_TEXT => Value::from(cut(&text)),
        other => other,
    }
}
