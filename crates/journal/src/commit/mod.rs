//! From a batch of records to durable bytes.
//!
//! A submitter copies its finished frames behind those of others and gets a ticket. The writer thread takes all that
//! came meanwhile, writes it with one call, syncs it with one call, publishes the newest ticket and wakes the lanes that
//! had something in it. Whatever was accepted fits into segments that already exist: space is reckoned when a batch is
//! accepted, so that a full disk refuses batches and never breaks a promise.

mod batch;
mod lane;
mod open;
mod spares;
mod tap;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, AtomicUsize, Ordering};

use parking_lot::{Condvar, Mutex};

use crate::error::Refused;
use crate::segment::Segment;

pub use batch::Batch;
pub(crate) use batch::{FRAME_TARGET, MAX_JOINED_BYTES};
pub use lane::{Lane, Ticket};
pub(crate) use lane::{LaneShared, Waiters};
pub(crate) use open::{OpenBatches, OpenMark};
pub(crate) use spares::{RetiredFiles, SpareKeeper, directory_bytes, free_bytes};
pub(crate) use tap::Tap;
pub use tap::{DurableRecord, DurableRecords, WatchSwitch, Watcher};
pub(crate) use writer::{MAX_WRITE, Writer, WriterLinks, WriterStart};

/// Whether batches are taken. Ordered: a later state never gives way to an earlier one, except among the first three.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub(crate) enum Gate {
    Open = 0,
    /// The disk just got full: callers who ask are refused, batches under way are still taken.
    DiskFilling = 1,
    DiskFull = 2,
    Closing = 3,
    Failed = 4,
}

impl Gate {
    fn of(code: u8) -> Self {
        match code {
            0 => Self::Open,
            1 => Self::DiskFilling,
            2 => Self::DiskFull,
            3 => Self::Closing,
            _ => Self::Failed,
        }
    }
}

/// What waits for the writer.
#[derive(Default)]
pub(crate) struct Staging {
    pub bytes: Vec<u8>,
    pub batches: u64,
    /// The newest ticket given out.
    pub ticket: u64,
    /// Lanes with something in `bytes`.
    pub lanes: Vec<Arc<LaneShared>>,
    /// Bytes that may still be accepted with the segments at hand: the capacity of all of them, less one frame for each
    /// crossing from one to the next, because a frame that does not fit leaves its place unused.
    pub room: u64,
    /// The largest batch that was refused for want of room since segments were prepared.
    pub room_wanted: u64,
    pub spares: std::collections::VecDeque<Arc<Segment>>,
    /// The writer sleeps.
    pub idle: bool,
    /// The active segment is to be closed although it is not full.
    pub close_segment: bool,
}

/// The meeting point of submitters and writer.
pub(crate) struct Intake {
    pub staging: Mutex<Staging>,
    /// Wakes the writer.
    pub work: Condvar,
    gate: AtomicU8,
    /// Set when there is no room because the disk, rather than the sealer, is the cause.
    room_lost_to_disk: AtomicBool,
    room_seen: AtomicU64,
    /// Staged and in the writer's hands.
    pub backlog: AtomicUsize,
    pub max_backlog: usize,
    /// Kept back from callers who ask before they accept something, for batches already under way.
    pub room_reserve: u64,
    pub committed: AtomicU64,
    pub waiters: Waiters,
    pub open_batches: Arc<OpenBatches>,
    /// A checkpoint waits for batches that were refused. The log must grow a little so that they can be written,
    /// because without the checkpoint no segment can be given up for new ones.
    pub relief: AtomicBool,
    /// Who looks at what has become durable.
    pub tap: Tap,
}

impl Intake {
    pub(crate) fn new(max_backlog: usize, room_reserve: u64) -> Self {
        Self {
            staging: Mutex::new(Staging::default()),
            work: Condvar::new(),
            gate: AtomicU8::new(Gate::Open as u8),
            room_lost_to_disk: false.into(),
            room_seen: AtomicU64::new(0),
            backlog: AtomicUsize::new(0),
            max_backlog,
            room_reserve,
            committed: AtomicU64::new(0),
            waiters: Waiters::default(),
            open_batches: Arc::default(),
            relief: AtomicBool::new(false),
            tap: Tap::default(),
        }
    }

    pub(crate) fn gate(&self) -> Gate {
        Gate::of(self.gate.load(Ordering::Acquire))
    }

    /// Moves the gate to one of its disk states, unless it is closed for good.
    pub(crate) fn set_disk_gate(&self, gate: Gate) {
        let _ = self.gate.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (now < Gate::Closing as u8 && now != gate as u8).then_some(gate as u8)
        });
    }

    /// Closes the gate for good.
    pub(crate) fn close(&self, gate: Gate) {
        self.gate.fetch_max(gate as u8, Ordering::AcqRel);
        let mut staging = self.staging.lock();
        staging.idle = false;
        self.work.notify_one();
    }

    pub(crate) fn set_room_lost_to_disk(&self, lost: bool) {
        self.room_lost_to_disk.store(lost, Ordering::Relaxed);
    }

    /// Changes the room under the staging lock and shows it to those who only ask.
    pub(crate) fn set_room(&self, staging: &mut Staging, room: u64) {
        staging.room = room;
        self.room_seen.store(room, Ordering::Relaxed);
    }

    /// Asks the writer to close the active segment although it is not full.
    pub(crate) fn request_close(&self) {
        let mut staging = self.staging.lock();
        staging.close_segment = true;
        staging.idle = false;
        drop(staging);
        self.work.notify_one();
    }

    /// Counts a prepared segment in.
    pub(crate) fn add_spare(&self, staging: &mut Staging, spare: Arc<Segment>, max_frame_bytes: usize) {
        let room = (staging.room + spare.capacity()).saturating_sub(max_frame_bytes as u64);
        self.set_room(staging, room);
        staging.spares.push_back(spare);
        // A segment may wait for this one to be closed early.
        if staging.close_segment {
            self.work.notify_one();
        }
    }

    fn no_room(&self) -> Refused {
        if self.room_lost_to_disk.load(Ordering::Relaxed) { Refused::DiskFull } else { Refused::Backlog }
    }

    /// Whether a new message may be accepted from outside.
    pub(crate) fn accepting(&self) -> Result<(), Refused> {
        match self.gate() {
            Gate::Open => {}
            Gate::DiskFilling | Gate::DiskFull => return Err(Refused::DiskFull),
            Gate::Closing => return Err(Refused::Closing),
            Gate::Failed => return Err(Refused::Failed),
        }
        if self.backlog.load(Ordering::Relaxed) >= self.max_backlog / 4 * 3 {
            return Err(Refused::Backlog);
        }
        if self.room_seen.load(Ordering::Relaxed) < self.room_reserve {
            return Err(self.no_room());
        }
        Ok(())
    }

    /// Why nothing of `wanted` bytes can be taken now. What was promised room is taken on a full disk too while a
    /// checkpoint waits for it.
    fn refusal(&self, staging: &mut Staging, wanted: u64) -> Option<Refused> {
        let gate = self.gate();
        match gate {
            Gate::Closing => return Some(Refused::Closing),
            Gate::Failed => return Some(Refused::Failed),
            Gate::Open | Gate::DiskFilling | Gate::DiskFull => {}
        }
        if gate == Gate::DiskFull && !self.relief.load(Ordering::SeqCst) {
            return Some(Refused::DiskFull);
        }
        if self.backlog.load(Ordering::Relaxed) >= self.max_backlog {
            return Some(Refused::Backlog);
        }
        if wanted > staging.room {
            staging.room_wanted = staging.room_wanted.max(wanted);
            return Some(self.no_room());
        }
        None
    }

    /// Takes finished frames over.
    pub(crate) fn submit(
        &self,
        lane: &Arc<LaneShared>,
        frames: &[u8],
        counters: &crate::stats::Counters,
    ) -> Result<Ticket, Refused> {
        let mut staging = self.staging.lock();
        if let Some(refusal) = self.refusal(&mut staging, frames.len() as u64) {
            counters.count_refusal(refusal);
            return Err(refusal);
        }
        let room = staging.room - frames.len() as u64;
        self.set_room(&mut staging, room);
        staging.bytes.extend_from_slice(frames);
        staging.batches += 1;
        staging.ticket += 1;
        self.backlog.fetch_add(frames.len(), Ordering::Relaxed);
        if !lane.queued.swap(true, Ordering::Relaxed) {
            staging.lanes.push(lane.clone());
        }
        let ticket = Ticket(staging.ticket);
        let wake = std::mem::replace(&mut staging.idle, false);
        drop(staging);
        if wake {
            self.work.notify_one();
        }
        Ok(ticket)
    }
}
