//! The handle of a running journal.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;

use parking_lot::Mutex;
use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

use crate::backup;
use crate::commit::{Gate, Lane, SpareKeeper, WatchSwitch, Watcher, Writer};
use crate::config::JournalConfig;
use crate::days::FileClass;
use crate::engine::Engine;
use crate::error::{BackupError, FatalError, OnFatal, OpenError, QueryError, Refused};
use crate::query::{
    self, Bucket, BucketSums, Cursor, LogEntry, MAX_BUCKETS, Order, Page, PageRequest, TimeRange,
};
use crate::record::LogKind;
use crate::recover::{self, Recovered};
use crate::sealer::Sealer;
use crate::stats::JournalStats;

/// A running journal; cloning it is cheap. Without [`Journal::shutdown`] the last clone stops the threads in an orderly
/// way but takes no checkpoint, so that the next start replays the log.
#[derive(Clone)]
pub struct Journal {
    running: Arc<Running>,
}

struct Running {
    engine: Arc<Engine>,
    writer: Mutex<Option<JoinHandle<()>>>,
    background: Mutex<Vec<JoinHandle<()>>>,
    final_checkpoint: Arc<AtomicBool>,
}

impl Journal {
    /// Locks the directory, checks its format and finds the end of the log. Makes the directory when there is none.
    pub fn recover(config: JournalConfig) -> Result<Recovered, OpenError> {
        recover::recover(config)
    }

    pub(crate) fn run(
        engine: Arc<Engine>,
        writer: Writer,
        spares: SpareKeeper,
        sealer: Sealer,
        final_checkpoint: Arc<AtomicBool>,
        on_fatal: OnFatal,
    ) -> Result<Self, OpenError> {
        let dir = engine.config.dir.clone();
        let spawn = |name: &'static str, run: Box<dyn FnOnce() + Send>| {
            let watched = watched(name, run, &engine, on_fatal.clone());
            std::thread::Builder::new().name(name.into()).spawn(watched).map_err(OpenError::io(&dir))
        };
        let spares = spawn("journal-spares", Box::new(move || spares.run()))?;
        let sealer = spawn("journal-sealer", Box::new(move || sealer.run()))?;
        let writer = spawn("journal-writer", Box::new(move || writer.run()))?;
        let running = Running {
            engine,
            writer: Mutex::new(Some(writer)),
            background: Mutex::new(vec![spares, sealer]),
            final_checkpoint,
        };
        Ok(Self { running: Arc::new(running) })
    }

    fn engine(&self) -> &Engine {
        &self.running.engine
    }

    /// The next place in the order of all changes. Take it under the lock of what is changed.
    pub fn next_seq(&self) -> u64 {
        self.engine().seq.fetch_add(1, Ordering::SeqCst)
    }

    /// A way into the log for one thread. `wake` is called, from the writer thread, after a commit that made
    /// something of this lane durable; it must not block.
    pub fn lane(&self, wake: Arc<dyn Fn() + Send + Sync>) -> Lane {
        let engine = self.engine();
        Lane::new(engine.intake.clone(), engine.counters.clone(), wake, engine.config.max_record_bytes)
    }

    /// Has `watcher` shown what becomes durable while the switch is on; none if there is a watcher already. It runs on
    /// the writer's thread (see [`Watcher`]) and must not hold the journal, which holds it.
    pub fn attach_watcher(&self, watcher: Watcher) -> Option<WatchSwitch> {
        self.engine().intake.tap.attach(watcher)
    }

    /// Whether something new may be accepted from outside: a few atomic loads. It says no a little earlier than
    /// [`Lane::submit`], so that what was accepted can still be submitted.
    pub fn accepting(&self) -> Result<(), Refused> {
        self.engine().intake.accepting()
    }

    /// Points of one property of one stream, in order of time. Points of the same time keep the order of the log.
    pub fn history(
        &self,
        stream: DeviceId,
        property: PropertyNumber,
        range: impl Into<TimeRange>,
        order: Order,
        limit: usize,
        cursor: Option<Cursor>,
    ) -> Result<Page<(UnixMillis, PointValue)>, QueryError> {
        self.engine().query(FileClass::History, range.into(), |range, sources| {
            let request = PageRequest { range, order, limit, cursor };
            query::history_page(stream, property, &request, sources)
        })
    }

    /// The same points, summed up in spans of `bucket_ms`; spans without points are left out.
    pub fn history_buckets(
        &self,
        stream: DeviceId,
        property: PropertyNumber,
        range: impl Into<TimeRange>,
        bucket_ms: u64,
    ) -> Result<Vec<Bucket>, QueryError> {
        let range = range.into();
        if let (Some(from), Some(to)) = (range.from, range.to) {
            let span = to.0.saturating_sub(from.0).max(0) as u64;
            if span / bucket_ms.max(1) > MAX_BUCKETS as u64 {
                return Err(QueryError::TooManyBuckets { limit: MAX_BUCKETS });
            }
        }
        let mut sums = BucketSums::new(stream, property, bucket_ms, MAX_BUCKETS);
        // Between portions the sealer has its turn.
        while self
            .engine()
            .query(FileClass::History, range, |range, sources| sums.add_portion(range, sources))?
        {}
        Ok(sums.finish())
    }

    /// The same with a bound: what was summed up when `most` points were read, and the moment at which reading ended;
    /// nothing when all were read. The last portion is read whole, so it may be some more than `most`.
    pub fn history_buckets_within(
        &self,
        stream: DeviceId,
        property: PropertyNumber,
        range: impl Into<TimeRange>,
        bucket_ms: u64,
        most: usize,
    ) -> Result<(Vec<Bucket>, Option<UnixMillis>), QueryError> {
        let range = range.into();
        let mut sums = BucketSums::new(stream, property, bucket_ms, MAX_BUCKETS).in_portions_of(most);
        while self
            .engine()
            .query(FileClass::History, range, |range, sources| sums.add_portion(range, sources))?
        {
            if sums.read() >= most {
                let left_off = sums.left_off();
                return Ok((sums.finish(), left_off));
            }
        }
        Ok((sums.finish(), None))
    }

    /// Entries of one log of one stream, in order of time and then of `seq`.
    pub fn log(
        &self,
        stream: DeviceId,
        kind: LogKind,
        range: impl Into<TimeRange>,
        order: Order,
        limit: usize,
        cursor: Option<Cursor>,
    ) -> Result<Page<LogEntry>, QueryError> {
        self.engine().query(FileClass::Log, range.into(), |range, sources| {
            let request = PageRequest { range, order, limit, cursor };
            query::log_page(stream, kind, &request, sources)
        })
    }

    /// What the journal counted so far.
    pub fn stats(&self) -> JournalStats {
        let engine = self.engine();
        JournalStats {
            unsealed_segments: engine.segments.read().len(),
            spare_segments: engine.intake.staging.lock().spares.len(),
            history_days: engine.days.count(FileClass::History),
            log_days: engine.days.count(FileClass::Log),
            backlog_bytes: engine.intake.backlog.load(Ordering::Relaxed),
            ..engine.counters.snapshot()
        }
    }

    /// Makes a copy in `dir`, which must be empty or missing, from which a journal can be recovered; this one goes on.
    /// Day files are shared through hard links where possible and copied on their next change.
    pub fn backup_to(&self, dir: &Path) -> Result<(), BackupError> {
        if self.engine().intake.gate() >= Gate::Closing {
            return Err(BackupError::NotRunning);
        }
        backup::make(self.engine(), dir)
    }

    /// Has the active segment closed and sealed soon, as if it were full. Nothing happens when it is empty.
    pub fn seal_soon(&self) {
        self.engine().intake.request_close();
    }

    /// Refuses new batches, makes what was accepted durable, takes a last checkpoint and stops the threads.
    pub fn shutdown(&self) {
        self.running.final_checkpoint.store(true, Ordering::SeqCst);
        self.running.stop();
    }
}

impl Running {
    fn stop(&self) {
        self.engine.intake.close(Gate::Closing);
        if let Some(writer) = self.writer.lock().take() {
            join(writer);
        }
        self.engine.sealer_wakeup.stop();
        self.engine.spares_wakeup.stop();
        for thread in std::mem::take(&mut *self.background.lock()) {
            join(thread);
        }
        self.engine.days.close_all();
        self.engine.state.close();
    }
}

/// Without one of its threads the journal would look alive and stop keeping its promises one by one, so a panic ends
/// it like a failed write.
fn watched(
    name: &'static str,
    run: Box<dyn FnOnce() + Send>,
    engine: &Engine,
    on_fatal: OnFatal,
) -> impl FnOnce() + Send + 'static {
    let intake = engine.intake.clone();
    let file = engine.config.dir.clone();
    move || {
        if catch_unwind(AssertUnwindSafe(run)).is_ok() {
            return;
        }
        intake.close(Gate::Failed);
        intake.waiters.notify();
        on_fatal(FatalError { file, action: "running a thread", reason: format!("{name} panicked") });
    }
}

/// A handle may be dropped on one of the journal's own threads, which cannot wait for itself.
fn join(thread: JoinHandle<()>) {
    if thread.thread().id() != std::thread::current().id() && thread.join().is_err() {
        tracing::error!("a thread of the journal panicked");
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop();
    }
}
