//! The writer thread: the only one that appends to the log.
//!
//! An error of a write or a sync ends it. What the kernel holds is then unknown, so nothing more is accepted or
//! acknowledged and the owner is told to stop the process.

use std::io;
use std::os::unix::fs::FileExt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use parking_lot::RwLock;
use yizhan_vocabulary::Clock;

use super::{Gate, Intake, LaneShared, Staging};
use crate::error::{FatalError, OnFatal};
use crate::segment::{
    DATA_START, END_RESERVE, FRAME_ALIGN, FRAME_HEADER, FrameKind, Segment, TERMINATOR, control_frame,
    draw_salt, fold_salt, frame_payload_len, seal_frame,
};
use crate::stats::Counters;
use crate::wakeup::Wakeup;

/// The most that is written between two syncs; what a crash can tear.
pub(crate) const MAX_WRITE: usize = 4 << 20;

/// The staging buffer is given back when a burst made it larger than this.
const KEPT_BUFFER: usize = 4 << 20;

/// Where appending begins, as recovery found it.
pub(crate) struct WriterStart {
    pub active: Arc<Segment>,
    pub at: u64,
    pub seed: u32,
    /// Something was written behind the header, whether whole or torn.
    pub used: bool,
}

/// The writer thread's own state.
pub(crate) struct Writer {
    intake: Arc<Intake>,
    counters: Arc<Counters>,
    clock: Arc<dyn Clock>,
    segments: Arc<RwLock<Vec<Arc<Segment>>>>,
    sealer: Arc<Wakeup>,
    spares: Arc<Wakeup>,
    on_fatal: OnFatal,
    max_frame_bytes: usize,
    active: Arc<Segment>,
    at: u64,
    seed: u32,
    /// Room that was counted for the active segment, less what crossing to the next may waste, and from which position
    /// on. What was placed in it when it is left says what to put right.
    credited: i64,
    credited_from: u64,
}

/// What the writer shares with the rest of the journal.
pub(crate) struct WriterLinks {
    pub intake: Arc<Intake>,
    pub counters: Arc<Counters>,
    pub clock: Arc<dyn Clock>,
    pub segments: Arc<RwLock<Vec<Arc<Segment>>>>,
    pub sealer: Arc<Wakeup>,
    pub spares: Arc<Wakeup>,
    pub on_fatal: OnFatal,
    pub max_frame_bytes: usize,
}

impl Writer {
    /// Prepares the active segment for appending. What an earlier process wrote and never acknowledged behind the
    /// end of the log becomes unreadable by starting a new epoch.
    pub(crate) fn start(links: WriterLinks, start: WriterStart) -> io::Result<Self> {
        let WriterStart { active, mut at, mut seed, used } = start;
        let salt = draw_salt().to_le_bytes();
        let room_for_epoch = at + (FRAME_HEADER + salt.len() + END_RESERVE) as u64 <= active.bytes;
        if used && room_for_epoch {
            let mut frame = control_frame(FrameKind::Epoch, seed, &salt);
            let length = frame.len();
            frame.resize(length + TERMINATOR, 0);
            active.file.write_all_at(&frame, at)?;
            active.file.sync_data()?;
            at += length as u64;
            seed = fold_salt(seed, &salt);
            active.set_durable_end(at);
        }
        let room = active.frame_limit().saturating_sub(at);
        let credited = room as i64 - links.max_frame_bytes as i64;
        if active.has_records() {
            active.note_use(|| links.clock.monotonic());
        }
        links.intake.set_room(&mut links.intake.staging.lock(), room);
        let WriterLinks { intake, counters, clock, segments, sealer, spares, on_fatal, max_frame_bytes } =
            links;
        Ok(Self {
            intake,
            counters,
            clock,
            segments,
            sealer,
            spares,
            on_fatal,
            max_frame_bytes,
            active,
            at,
            seed,
            credited,
            credited_from: at,
        })
    }

    /// Runs until the gate closes and nothing is left to write, or until the log fails.
    pub(crate) fn run(mut self) {
        let mut bytes = Vec::new();
        let mut lanes = Vec::new();
        while let Some((ticket, batches)) = self.take(&mut bytes, &mut lanes) {
            if let Err(fatal) = self.commit(&mut bytes, batches) {
                self.fail(fatal);
                return;
            }
            self.publish(ticket, &mut lanes, bytes.len());
            self.intake.tap.show(&bytes);
            bytes.clear();
            bytes.shrink_to(KEPT_BUFFER);
        }
    }

    /// Waits for batches and takes all of them.
    fn take(&mut self, bytes: &mut Vec<u8>, lanes: &mut Vec<Arc<LaneShared>>) -> Option<(u64, u64)> {
        let intake = self.intake.clone();
        let mut staging = intake.staging.lock();
        loop {
            if !staging.bytes.is_empty() {
                break;
            }
            if intake.gate() >= Gate::Closing {
                return None;
            }
            if !self.active.has_records() {
                staging.close_segment = false;
            }
            if staging.close_segment && self.give_up_rest(&mut staging) {
                staging.close_segment = false;
                drop(staging);
                if let Err(fatal) = self.next_segment() {
                    self.fail(fatal);
                    return None;
                }
                staging = intake.staging.lock();
                continue;
            }
            staging.idle = true;
            intake.work.wait(&mut staging);
            staging.idle = false;
        }
        std::mem::swap(&mut staging.bytes, bytes);
        std::mem::swap(&mut staging.lanes, lanes);
        for lane in lanes.iter() {
            lane.queued.store(false, Ordering::Relaxed);
        }
        Some((staging.ticket, std::mem::take(&mut staging.batches)))
    }

    /// Writes and syncs all frames in `bytes`.
    fn commit(&mut self, bytes: &mut Vec<u8>, batches: u64) -> Result<(), FatalError> {
        let total = bytes.len();
        let mut from = 0;
        while from < total {
            let to = self.seal_frames(bytes, from);
            if to == from {
                self.next_segment()?;
                continue;
            }
            // Only the last piece can afford a terminator: behind the others stands the next piece.
            if to == total {
                bytes.resize(total + TERMINATOR, 0);
                self.write(&bytes[from..])?;
                bytes.truncate(total);
            } else {
                self.write(&bytes[from..to])?;
            }
            self.at += (to - from) as u64;
            self.active.note_use(|| self.clock.monotonic());
            self.sync()?;
            from = to;
        }
        self.counters.count_commit(batches, total);
        Ok(())
    }

    /// Completes the frames from `from` on that go into the active segment with the next write.
    fn seal_frames(&self, bytes: &mut [u8], from: usize) -> usize {
        let space = self.active.frame_limit().saturating_sub(self.at) as usize;
        let mut to = from;
        while to < bytes.len() {
            let length = (FRAME_HEADER + frame_payload_len(&bytes[to..])).next_multiple_of(FRAME_ALIGN);
            let written = to - from + length;
            if written > space || (written > MAX_WRITE && to > from) {
                break;
            }
            seal_frame(self.seed, &mut bytes[to..]);
            to += length;
        }
        to
    }

    fn write(&self, bytes: &[u8]) -> Result<(), FatalError> {
        self.active.file.write_all_at(bytes, self.at).map_err(|error| self.fatal("writing", &error))
    }

    fn sync(&self) -> Result<(), FatalError> {
        let begun = Instant::now();
        self.active.file.sync_data().map_err(|error| self.fatal("syncing", &error))?;
        self.counters.count_sync(begun.elapsed());
        self.active.set_durable_end(self.at);
        Ok(())
    }

    /// Closes the active segment and goes on in the next one.
    fn next_segment(&mut self) -> Result<(), FatalError> {
        let mut end = control_frame(FrameKind::End, self.seed, &[]);
        end.resize(END_RESERVE, 0);
        self.write(&end)?;
        let placed = self.at - self.credited_from;
        self.at += (END_RESERVE - TERMINATOR) as u64;
        self.sync()?;
        let next = {
            let mut staging = self.intake.staging.lock();
            let room = staging.room.saturating_add_signed(placed as i64 - self.credited);
            self.intake.set_room(&mut staging, room);
            staging.spares.pop_front()
        };
        let Some(next) = next else {
            let missing = io::Error::other("no segment was prepared although space was promised");
            return Err(self.fatal("taking the next segment", &missing));
        };
        self.segments.write().push(next.clone());
        self.active.close();
        self.credited = next.capacity() as i64 - self.max_frame_bytes as i64;
        self.credited_from = DATA_START;
        self.at = DATA_START;
        self.seed = next.header.seed();
        self.active = next;
        self.sealer.poke();
        self.spares.poke();
        Ok(())
    }

    /// Closing a segment early gives up the room left in it; only what nobody was promised may be given up.
    fn give_up_rest(&mut self, staging: &mut Staging) -> bool {
        let placed = (self.at - self.credited_from) as i64;
        let unused = (self.credited - placed).max(0) as u64;
        if staging.spares.is_empty() || staging.room < unused {
            return false;
        }
        let room = staging.room - unused;
        self.intake.set_room(staging, room);
        self.credited = self.credited.min(placed);
        true
    }

    fn publish(&self, ticket: u64, lanes: &mut Vec<Arc<LaneShared>>, length: usize) {
        self.intake.backlog.fetch_sub(length, Ordering::Relaxed);
        self.intake.committed.store(ticket, Ordering::SeqCst);
        self.intake.waiters.notify();
        for lane in lanes.drain(..) {
            if lane.notify() {
                self.counters.wakes.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    fn fatal(&self, action: &'static str, error: &io::Error) -> FatalError {
        FatalError { file: self.active.path.clone(), action, reason: error.to_string() }
    }

    fn fail(&self, fatal: FatalError) {
        tracing::error!(%fatal, "the log failed");
        self.intake.close(Gate::Failed);
        self.intake.waiters.notify();
        (self.on_fatal)(fatal);
    }
}
