//! Retention: by age for each class, and by the disk budget with the oldest closed days first.

use std::os::unix::fs::MetadataExt;
use std::sync::Arc;

use yizhan_vocabulary::UnixMillis;

use super::SealError;
use crate::commit::directory_bytes;
use crate::config::JournalConfig;
use crate::days::{Day, DayFile, FileClass};
use crate::engine::Engine;
use crate::stats::add;

/// The first moment that retention by age keeps.
pub(crate) fn earliest_kept(config: &JournalConfig, class: FileClass, now: UnixMillis) -> UnixMillis {
    let days = match class {
        FileClass::History => config.history_days,
        FileClass::Log => config.log_days,
    };
    match days {
        0 => UnixMillis(0),
        days => UnixMillis(Day(Day::of(now).0 - i64::from(days) + 1).start_ms().max(0)),
    }
}

/// Removes what is too old or too much.
pub(crate) fn apply(engine: &Engine) -> Result<(), SealError> {
    let now = engine.retention_now();
    for file in engine.days.all() {
        if file.day.last_ms() < earliest_kept(&engine.config, file.class, now).0 {
            remove(engine, &file, "age")?;
            add(&engine.counters.days_dropped_by_age, 1);
        }
    }
    let Some(budget) = engine.config.disk_budget_bytes else { return Ok(()) };
    // A little below the budget, so that a day goes before anything has to be refused.
    let target = budget - budget / 16;
    let mut used = directory_bytes(&engine.config.dir).map_err(SealError::Retention)?;
    if used <= target {
        return Ok(());
    }
    // By the order of the days alone: a clock that is not believed must not keep a full disk full. Only the day that
    // is being written stays, which is that of the wall clock, right or wrong.
    let written = Day::of(engine.clock.now());
    let mut closed = engine.days.all();
    closed.retain(|file| file.day != written);
    closed.sort_by_key(|file| file.day);
    for file in closed {
        if used <= target {
            break;
        }
        let bytes = std::fs::metadata(&file.path).map_or(0, |found| found.blocks() * 512);
        remove(engine, &file, "disk budget")?;
        add(&engine.counters.days_dropped_by_budget, 1);
        used = used.saturating_sub(bytes);
    }
    engine.spares_wakeup.poke();
    Ok(())
}

fn remove(engine: &Engine, file: &Arc<DayFile>, reason: &str) -> Result<(), SealError> {
    let _pause = engine.files.lock();
    tracing::info!(file = %file.path.display(), reason, "a day is dropped");
    engine.days.remove(file).map_err(SealError::Retention)
}
