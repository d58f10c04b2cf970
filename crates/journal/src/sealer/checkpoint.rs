//! Taking checkpoints: what the owners changed, made durable together with how far the log is absorbed.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::SealError;
use crate::commit::Gate;
use crate::engine::Engine;
use crate::state::{Checkpoint, Progress, StateWriter};
use crate::stats::add;

/// How long a checkpoint waits for the log.
const LOG_PATIENCE: Duration = Duration::from_secs(30);
/// How long it waits for batches that were refused; then other work of the sealer has its turn.
const RELIEF_PATIENCE: Duration = Duration::from_secs(5);
/// After how long batches that are not submitted count as refused.
const TURN_PATIENCE: Duration = Duration::from_millis(200);

/// The owners of state, and what they gave that is not durable yet.
pub(crate) struct Checkpoints {
    owners: Vec<Box<dyn Checkpoint>>,
    pending: Vec<(&'static str, StateWriter)>,
}

impl Checkpoints {
    pub(crate) fn new(owners: Vec<Box<dyn Checkpoint>>) -> Self {
        Self { owners, pending: Vec::new() }
    }

    /// Makes the state durable and the segments up to `retired_through` superfluous.
    pub(crate) fn take(&mut self, engine: &Engine, retired_through: u64) -> Result<(), SealError> {
        // What was collected before and could not be written goes first: its owners will not give it again.
        if !self.pending.is_empty() {
            self.commit(engine, engine.sealed_through())?;
        }
        for owner in &mut self.owners {
            let mut writer = StateWriter::default();
            owner.collect(&mut writer);
            self.pending.push((owner.table(), writer));
        }
        self.commit(engine, retired_through)?;
        add(&engine.counters.checkpoints, 1);
        Ok(())
    }

    fn commit(&mut self, engine: &Engine, retired_through: u64) -> Result<(), SealError> {
        wait_for_log(engine)?;
        let progress = Progress {
            retired_through,
            next_seq: engine.seq.load(Ordering::SeqCst),
            time: engine.retention_time.kept(&*engine.clock),
            highest_stream: engine.highest_stream.load(Ordering::Relaxed),
        };
        engine.state.commit(&self.pending, progress).map_err(SealError::State)?;
        self.pending.clear();
        Ok(())
    }
}

/// Waits until the log holds all that the collected state may include: what is staged, and what its thread could not
/// submit yet. A checkpoint must not be ahead of the log.
fn wait_for_log(engine: &Engine) -> Result<(), SealError> {
    let intake = &engine.intake;
    let never = || intake.gate() >= Gate::Closing;
    if !intake.open_batches.wait(TURN_PATIENCE, never) {
        intake.relief.store(true, Ordering::SeqCst);
        engine.spares_wakeup.poke();
        let submitted = intake.open_batches.wait(RELIEF_PATIENCE, never);
        intake.relief.store(false, Ordering::SeqCst);
        if !submitted {
            return Err(SealError::LogBehind);
        }
    }
    let staged = intake.staging.lock().ticket;
    intake.wait(staged, LOG_PATIENCE).map_err(|_| SealError::LogBehind)
}
