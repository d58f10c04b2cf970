//! The thread that keeps the next segment ready and watches the disk.
//!
//! It alone decides that the disk is full: below the configured free space or beyond the budget it closes the gate, and
//! opens it again when there is space. Segments are recycled when possible and made when necessary.

use std::collections::VecDeque;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use parking_lot::{Mutex, RwLock};

use super::{Gate, Intake};
use crate::config::JournalConfig;
use crate::segment::{self, Segment, SegmentHeader, draw_salt};
use crate::stats::Counters;
use crate::wakeup::Wakeup;

/// Segments ready beyond the active one.
const WANTED: usize = 1;
/// Files of sealed segments that are kept for later.
const KEPT_RETIRED: usize = 1;

/// Files of sealed segments, waiting for their next life.
pub(crate) type RetiredFiles = Arc<Mutex<VecDeque<PathBuf>>>;

/// The thread's own state.
pub(crate) struct SpareKeeper {
    pub config: JournalConfig,
    pub instance: u64,
    pub next_number: u64,
    pub intake: Arc<Intake>,
    pub counters: Arc<Counters>,
    pub segments: Arc<RwLock<Vec<Arc<Segment>>>>,
    pub retired: RetiredFiles,
    pub wakeup: Arc<Wakeup>,
    pub sealer: Arc<Wakeup>,
}

#[derive(Debug, Clone, Copy)]
struct Disk {
    used: u64,
    free: u64,
}

impl SpareKeeper {
    /// Runs until stopped.
    pub(crate) fn run(mut self) {
        loop {
            match self.look_at_disk() {
                Ok(disk) => {
                    self.set_gate(disk);
                    self.prepare(disk);
                }
                Err(error) => tracing::warn!(%error, "the journal's disk cannot be looked at"),
            }
            if !self.wakeup.sleep(self.config.check_interval) {
                return;
            }
        }
    }

    fn look_at_disk(&self) -> io::Result<Disk> {
        let disk = Disk { used: directory_bytes(&self.config.dir)?, free: free_bytes(&self.config.dir)? };
        self.counters.disk_bytes.store(disk.used, Ordering::Relaxed);
        self.counters.free_bytes.store(disk.free, Ordering::Relaxed);
        Ok(disk)
    }

    fn set_gate(&self, disk: Disk) {
        let now = self.intake.gate();
        // A little more than the minimum has to be free before it opens again, or it would flap.
        let minimum = self.config.min_free_bytes;
        let needed = if now == Gate::Open { minimum } else { minimum + minimum / 16 };
        let over_budget = self.config.disk_budget_bytes.is_some_and(|budget| disk.used > budget);
        let full = disk.free < needed || over_budget;
        let next = match (full, now) {
            (false, _) => Gate::Open,
            (true, Gate::Open) => Gate::DiskFilling,
            (true, _) => Gate::DiskFull,
        };
        if full {
            self.sealer.poke();
        }
        if full != (now != Gate::Open) && now < Gate::Closing {
            if full {
                tracing::warn!(
                    used = disk.used,
                    free = disk.free,
                    "the disk or the journal's budget is full; refusing"
                );
            } else {
                tracing::info!(free = disk.free, "there is disk space again");
            }
        }
        self.intake.set_disk_gate(next);
    }

    fn prepare(&mut self, disk: Disk) {
        loop {
            let (spares, room, wanted) = {
                let staging = self.intake.staging.lock();
                (staging.spares.len(), staging.room, staging.room_wanted)
            };
            if spares >= WANTED && room >= wanted {
                self.intake.staging.lock().room_wanted = 0;
                break;
            }
            if self.segments.read().len() + spares >= self.most_segments() {
                self.intake.set_room_lost_to_disk(false);
                self.sealer.poke();
                break;
            }
            match self.next_spare(disk) {
                Ok(Some(spare)) => self.add(Arc::new(spare)),
                Ok(None) => {
                    self.intake.set_room_lost_to_disk(true);
                    break;
                }
                Err(error) => {
                    tracing::warn!(%error, "no segment could be prepared");
                    self.intake.set_room_lost_to_disk(true);
                    break;
                }
            }
        }
        self.drop_surplus();
    }

    /// One more than configured while sealing itself waits for what has no room.
    fn most_segments(&self) -> usize {
        self.config.max_unsealed_segments + usize::from(self.intake.relief.load(Ordering::SeqCst))
    }

    fn add(&mut self, spare: Arc<Segment>) {
        self.next_number += 1;
        let mut staging = self.intake.staging.lock();
        self.intake.add_spare(&mut staging, spare, self.config.max_frame_bytes());
    }

    fn next_spare(&self, disk: Disk) -> io::Result<Option<Segment>> {
        let header = SegmentHeader { instance: self.instance, number: self.next_number, salt: draw_salt() };
        let bytes = self.config.segment_bytes;
        loop {
            let Some(old) = self.retired.lock().pop_front() else { break };
            if std::fs::metadata(&old).is_ok_and(|found| found.len() == bytes && !is_linked(&found)) {
                return segment::recycle(&self.config.dir, &old, header, bytes).map(Some);
            }
            remove_file(&old);
        }
        let fits_budget = self.config.disk_budget_bytes.is_none_or(|budget| disk.used + bytes <= budget);
        if disk.free < self.config.min_free_bytes + bytes || !fits_budget {
            return Ok(None);
        }
        segment::create(&self.config.dir, header, bytes, false).map(Some)
    }

    fn drop_surplus(&self) {
        let mut retired = self.retired.lock();
        while retired.len() > KEPT_RETIRED {
            if let Some(path) = retired.pop_front() {
                remove_file(&path);
            }
        }
    }
}

/// Whoever copied the directory with hard links still has the file, which must not be overwritten then.
fn is_linked(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    found.nlink() > 1
}

fn remove_file(path: &Path) {
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(file = %path.display(), %error, "a file of the journal could not be removed");
    }
}

/// What the files of `dir` take on disk.
pub(crate) fn directory_bytes(dir: &Path) -> io::Result<u64> {
    use std::os::unix::fs::MetadataExt;
    let mut bytes = 0;
    for entry in std::fs::read_dir(dir)? {
        match entry?.metadata() {
            Ok(found) if found.is_file() => bytes += found.blocks() * 512,
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
    }
    Ok(bytes)
}

/// What the file system of `dir` still has for us.
pub(crate) fn free_bytes(dir: &Path) -> io::Result<u64> {
    let found = rustix::fs::statvfs(dir)?;
    Ok(found.f_bavail.saturating_mul(found.f_frsize))
}
