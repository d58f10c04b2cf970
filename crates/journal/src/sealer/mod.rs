//! The background thread that absorbs the log: seals closed segments into day files, takes checkpoints, retires
//! segments, merges runs, packs closed days and applies retention.
//!
//! A segment is retired only after its blocks and a checkpoint that covers it are durable. Each step can be cut off at
//! any point and done again: a day file remembers through which segment it is sealed. Errors are counted and
//! tried again; they never stop the log.

mod checkpoint;
mod retention;
mod seal;
mod time;

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::damage::guarded;
use crate::days::{Day, DayFile, FileClass, MergePlan, merge_runs, repack};
use crate::engine::Engine;
use crate::segment::{Segment, sync_dir};
use crate::state::Checkpoint;
use crate::stats::add;

pub(crate) use checkpoint::Checkpoints;
pub(crate) use retention::earliest_kept;
pub(crate) use time::{KeptTime, RetentionTime};

/// Segments that share one checkpoint at most.
const SEALED_TOGETHER: usize = 4;
/// How long after its end a day is packed; late records have come by then.
const PACK_AFTER_MS: i64 = 25 * 3_600_000;
/// Runs that late records may add to a packed day before it is packed again.
const PACKED_RUNS: usize = 8;
/// How long a turn of publishing waits for queries before it lets new ones pass.
const PUBLISH_PATIENCE: Duration = Duration::from_millis(5);

/// Why a step of the sealer did not succeed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SealError {
    #[error("{file}: {source}")]
    DayFile { file: String, source: redb::Error },
    #[error("{file}: {reason}")]
    Segment { file: String, reason: String },
    #[error("state checkpoint: {0}")]
    State(redb::Error),
    #[error("state checkpoint: the log did not catch up")]
    LogBehind,
    #[error("the disk is too full for sealing; make room")]
    NoSpace,
    #[error("retention: {0}")]
    Retention(std::io::Error),
    #[error("{file}: {source}")]
    File { file: String, source: std::io::Error },
}

impl SealError {
    fn file(path: &Path) -> impl FnOnce(std::io::Error) -> Self + '_ {
        move |source| Self::File { file: path.display().to_string(), source }
    }

    /// After an error of the disk the storage engine refuses a file, for readers too, until it is opened anew.
    fn day_file(file: &DayFile) -> impl FnOnce(redb::Error) -> Self + '_ {
        move |source| {
            file.close();
            Self::DayFile { file: file.path.display().to_string(), source }
        }
    }
}

/// The thread's own state.
pub(crate) struct Sealer {
    engine: Arc<Engine>,
    checkpoints: Checkpoints,
    /// Files that were written since it was last looked whether runs should be merged.
    changed: HashSet<(FileClass, Day)>,
    /// Closed days that need no packing.
    settled: HashSet<(FileClass, Day)>,
    final_checkpoint: Arc<AtomicBool>,
}

impl Sealer {
    pub(crate) fn new(
        engine: Arc<Engine>,
        checkpoints: Vec<Box<dyn Checkpoint>>,
        final_checkpoint: Arc<AtomicBool>,
    ) -> Self {
        let checkpoints = Checkpoints::new(checkpoints);
        Self { engine, checkpoints, changed: HashSet::new(), settled: HashSet::new(), final_checkpoint }
    }

    /// Runs until stopped.
    pub(crate) fn run(mut self) {
        let interval = self.engine.config.check_interval;
        loop {
            let outcome = self.turn();
            if let Err(error) = &outcome {
                tracing::warn!(%error, "sealing failed and is tried again");
                add(&self.engine.counters.seal_failures, 1);
                *self.engine.counters.last_seal_failure.lock() = Some(error.to_string());
            }
            if !self.engine.sealer_wakeup.sleep(interval) {
                break;
            }
            if outcome.is_err() && !self.engine.sealer_wakeup.sleep(interval) {
                break;
            }
        }
        if self.final_checkpoint.load(Ordering::SeqCst) {
            let _pause = self.engine.files.lock();
            let through = self.engine.sealed_through();
            if let Err(error) = self.checkpoints.take(&self.engine, through) {
                tracing::error!(%error, "the last checkpoint failed; the next start replays the log instead");
            }
        }
    }

    fn stopped(&self) -> bool {
        self.engine.sealer_wakeup.is_stopped()
    }

    fn turn(&mut self) -> Result<(), SealError> {
        self.close_old_segment();
        // First, because sealing may have to wait for the space that this gives.
        retention::apply(&self.engine)?;
        self.keep_time()?;
        while self.seal_closed()? {
            if self.stopped() {
                return Ok(());
            }
        }
        self.merge()?;
        self.pack()
    }

    /// While a step of the clock waits to be believed, what it has waited is not lost with the power.
    fn keep_time(&mut self) -> Result<(), SealError> {
        if !self.engine.retention_time.is_to_be_kept() {
            return Ok(());
        }
        let _pause = self.engine.files.lock();
        self.checkpoints.take(&self.engine, self.engine.sealed_through())
    }

    /// Has the writer close a segment that was in use for long.
    fn close_old_segment(&self) {
        let active = self.engine.segments.read().last().cloned();
        let since = active.filter(|active| active.has_records()).and_then(|active| active.used_since());
        let Some(since) = since else { return };
        if self.engine.clock.monotonic().since(since) >= self.engine.config.max_segment_age {
            self.engine.intake.request_close();
        }
    }

    /// Seals, checkpoints and retires a few closed segments; false when there is none.
    fn seal_closed(&mut self) -> Result<bool, SealError> {
        let closed: Vec<Arc<Segment>> = {
            let segments = self.engine.segments.read();
            segments.iter().take_while(|segment| segment.is_closed()).take(SEALED_TOGETHER).cloned().collect()
        };
        let Some(last) = closed.last() else { return Ok(false) };
        let through = last.number();
        {
            let _pause = self.engine.files.lock();
            for segment in &closed {
                if !self.engine.can_write(segment.bytes) {
                    return Err(SealError::NoSpace);
                }
                let files = seal::seal_segment(&self.engine, segment)?;
                for key in files {
                    self.settled.remove(&key);
                    self.changed.insert(key);
                }
            }
            // The segments are given up for these files, so their names must last as well as their contents.
            let dir = &self.engine.config.dir;
            sync_dir(dir).map_err(SealError::file(dir))?;
            self.checkpoints.take(&self.engine, through)?;
            self.publish(through);
        }
        let paths = closed.iter().map(|segment| segment.path.clone());
        self.engine.retired.lock().extend(paths);
        self.engine.spares_wakeup.poke();
        Ok(true)
    }

    /// From now on queries find these segments' records in day files.
    fn publish(&self, through: u64) {
        let mut turns = 0_u64;
        let _alone = loop {
            if let Some(guard) = self.engine.queries.try_write_for(PUBLISH_PATIENCE) {
                break guard;
            }
            turns += 1;
            std::thread::sleep(PUBLISH_PATIENCE * turns.min(20) as u32);
            if turns > 200 {
                break self.engine.queries.write();
            }
        };
        self.engine.segments.write().retain(|segment| segment.number() > through);
        self.engine.sealed_through.store(through, Ordering::SeqCst);
    }

    /// Merges runs of files that were written. A file that cannot be merged is tried again after its next change.
    fn merge(&mut self) -> Result<(), SealError> {
        let changed: Vec<(FileClass, Day)> = self.changed.iter().copied().collect();
        for (class, day) in changed {
            let file = self.engine.days.get_or_add(class, day);
            let done = self.merge_file(&file);
            if !matches!(done, Ok(false)) {
                self.changed.remove(&(class, day));
            }
            if !done? {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Merges runs of one file while it has enough of them; false when something more urgent came up.
    fn merge_file(&self, file: &DayFile) -> Result<bool, SealError> {
        let engine = &self.engine;
        let urgent =
            || self.stopped() || engine.segments.read().first().is_some_and(|first| first.is_closed());
        loop {
            if urgent() {
                return Ok(false);
            }
            let _pause = engine.files.lock();
            let Ok(found) = std::fs::metadata(&file.path) else { return Ok(true) };
            if !engine.can_write(found.len()) {
                return Ok(true);
            }
            let find = || MergePlan::find(&file.read()?, file.class, engine.sealed_through());
            let Some(plan) = guarded(find).map_err(SealError::day_file(file))? else { return Ok(true) };
            if !merge_runs(file, &plan, &|| self.stopped()).map_err(SealError::day_file(file))? {
                return Ok(false);
            }
            add(&engine.counters.merges, 1);
        }
    }

    /// Writes one closed day anew, if any needs it. A day that cannot be read is left as it is until the next start.
    fn pack(&mut self) -> Result<(), SealError> {
        let now = self.engine.clock.now().0;
        for file in self.engine.days.all() {
            let key = (file.class, file.day);
            if file.day.last_ms() + PACK_AFTER_MS > now || self.settled.contains(&key) {
                continue;
            }
            match self.pack_file(&file) {
                Ok(Packing::NotNow) => {}
                Ok(Packing::Settled) => {
                    self.settled.insert(key);
                }
                Ok(Packing::Packed) => {
                    add(&self.engine.counters.days_repacked, 1);
                    self.settled.insert(key);
                    return Ok(());
                }
                Err(error) => {
                    self.settled.insert(key);
                    return Err(error);
                }
            }
            if self.stopped() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn pack_file(&self, file: &DayFile) -> Result<Packing, SealError> {
        let _pause = self.engine.files.lock();
        let Ok(found) = std::fs::metadata(&file.path) else { return Ok(Packing::Settled) };
        if !self.engine.has_space_for(found.len()) {
            return Ok(Packing::NotNow);
        }
        let look = || {
            let reader = file.read()?;
            let runs = reader.runs()?.len();
            Ok(if reader.is_packed()? { runs > PACKED_RUNS } else { runs > 0 })
        };
        if !guarded(look).map_err(SealError::day_file(file))? {
            file.close();
            return Ok(Packing::Settled);
        }
        let staging = file.path.with_extension("redb.new");
        // Sealing must not wait long for a large day; it is begun anew later.
        let stopped = || self.stopped() || self.engine.segments.read().len() > 2;
        let packed = repack(file, &staging, &stopped);
        if !matches!(packed, Ok(true)) {
            let _ = std::fs::remove_file(&staging);
        }
        let packed = packed.map_err(SealError::day_file(file))?;
        Ok(if packed { Packing::Packed } else { Packing::NotNow })
    }
}

/// What came of looking at a closed day.
enum Packing {
    /// It was written anew.
    Packed,
    /// It needs nothing.
    Settled,
    /// It has to wait.
    NotNow,
}
