//! Which threads have changed something whose records are not in the log's hands yet.
//!
//! State is changed before its record is submitted, and a batch that the journal refused waits with its thread. A
//! checkpoint that included such a change would be ahead of the log: after a crash one of two states that belong together
//! could remember a message that the other never had. So a checkpoint waits here for every batch that was open when
//! the state was collected.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use parking_lot::Mutex;

/// Set while a batch is open; the bits above count how often it was closed.
const OPEN: u64 = 1;
const CLOSED_ONCE: u64 = 2;
/// How often the wait looks again. A turn of a core is shorter, so the first look usually is the last.
const STEP: Duration = Duration::from_millis(1);

/// What is known of one batch.
#[derive(Debug, Default)]
struct Mark(AtomicU64);

/// The batches of all lanes.
#[derive(Debug, Default)]
pub(crate) struct OpenBatches(Mutex<Vec<Arc<Mark>>>);

/// A batch's own end of it.
#[derive(Debug)]
pub(crate) struct OpenMark {
    all: Arc<OpenBatches>,
    mark: Arc<Mark>,
}

impl OpenBatches {
    /// For a new batch.
    pub(crate) fn add(self: &Arc<Self>) -> OpenMark {
        let mark = Arc::<Mark>::default();
        self.0.lock().push(mark.clone());
        OpenMark { all: self.clone(), mark }
    }

    /// Waits until every batch that is open now was closed once; false when the time is up or `give_up` says so.
    pub(crate) fn wait(&self, patience: Duration, give_up: impl Fn() -> bool) -> bool {
        let mut open: Vec<(Arc<Mark>, u64)> = Vec::new();
        for mark in self.0.lock().iter() {
            let state = mark.0.load(Ordering::SeqCst);
            if state & OPEN != 0 {
                open.push((mark.clone(), state));
            }
        }
        let deadline = Instant::now() + patience;
        loop {
            open.retain(|(mark, state)| mark.0.load(Ordering::SeqCst) == *state);
            if open.is_empty() {
                return true;
            }
            if give_up() || Instant::now() >= deadline {
                return false;
            }
            std::thread::sleep(STEP);
        }
    }
}

impl OpenMark {
    /// Changes are made from now on. Only the batch's own thread calls this and [`Self::close`].
    pub(crate) fn open(&self) {
        let state = self.mark.0.load(Ordering::Relaxed);
        if state & OPEN == 0 {
            self.mark.0.store(state | OPEN, Ordering::SeqCst);
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        self.mark.0.load(Ordering::Relaxed) & OPEN != 0
    }

    /// All changes are in the log's hands, or were given up.
    pub(crate) fn close(&self) {
        let state = self.mark.0.load(Ordering::Relaxed);
        if state & OPEN != 0 {
            self.mark.0.store((state & !OPEN) + CLOSED_ONCE, Ordering::SeqCst);
        }
    }
}

impl Drop for OpenMark {
    fn drop(&mut self) {
        self.close();
        self.all.0.lock().retain(|mark| !Arc::ptr_eq(mark, &self.mark));
    }
}
