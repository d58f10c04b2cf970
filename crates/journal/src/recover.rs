//! From a directory to a journal that can run: whose it is, where its log ends, what is in it.
//!
//! The log ends at the first frame of the last segment that does not check. That is a torn write, and nothing of it was
//! acknowledged; but if intact frames lie further behind than one write can reach, or if an earlier segment
//! does not end in an orderly way, then the log is damaged and that is said instead of dropping acknowledged records.

use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use parking_lot::{Mutex, RwLock};
use yizhan_vocabulary::{Clock, DeviceId};

use crate::commit::{Intake, MAX_WRITE, SpareKeeper, Writer, WriterLinks, WriterStart};
use crate::config::JournalConfig;
use crate::days::{Days, FileClass};
use crate::engine::Engine;
use crate::error::{FatalError, OnFatal, OpenError};
use crate::journal::Journal;
use crate::layout::{self, OwnedDir, STATE_FILE};
use crate::record::{self, RecordView};
use crate::sealer::{KeptTime, RetentionTime, Sealer};
use crate::segment::{self, DATA_START, FrameEnd, Segment, SegmentHeader, draw_salt, find_frame};
use crate::state::{Checkpoint, StateStore};
use crate::stats::Counters;
use crate::wakeup::Wakeup;

/// What recovery found, for people.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Records that are not covered by a retired segment.
    pub records: u64,
    /// Bytes of log read.
    pub log_bytes: u64,
    /// Whether a write was cut off by a crash; what was cut off had not been acknowledged.
    pub torn_tail: bool,
    /// Damaged places that were skipped because the settings accept damage.
    pub damage: Vec<String>,
}

/// A journal that has been read but does not run yet.
pub struct Recovered {
    config: JournalConfig,
    owned: OwnedDir,
    state: StateStore,
    days: Days,
    unsealed: Vec<Arc<Segment>>,
    spares: VecDeque<Arc<Segment>>,
    retired: VecDeque<std::path::PathBuf>,
    sealed_through: u64,
    next_number: u64,
    next_seq: u64,
    highest_stream: u64,
    time: KeptTime,
    tail: Tail,
    report: RecoveryReport,
}

/// Where appending goes on in the last unsealed segment.
#[derive(Debug, Clone, Copy)]
struct Tail {
    at: u64,
    seed: u32,
    used: bool,
}

/// One segment after its frames were checked.
struct Checked {
    segment: Segment,
    tail: Tail,
    end: FrameEnd,
}

/// Whether nothing but zeros, or too little, stands where a segment's header belongs.
fn has_no_header(path: &Path) -> std::io::Result<bool> {
    let mut page = Vec::new();
    File::open(path)?.take(DATA_START).read_to_end(&mut page)?;
    Ok(page.iter().all(|byte| *byte == 0))
}

pub(crate) fn recover(config: JournalConfig) -> Result<Recovered, OpenError> {
    config.check()?;
    let owned = layout::take(&config.dir)?;
    let state_path = config.dir.join(STATE_FILE);
    let broken =
        |error: redb::Error| OpenError::Database { file: state_path.clone(), reason: error.to_string() };
    let state = StateStore::open(&state_path).map_err(broken)?;
    let progress = state.progress().map_err(broken)?;
    let days = Days::scan(&config.dir, config.min_free_bytes).map_err(OpenError::io(&config.dir))?;
    let mut recovered = Recovered {
        owned,
        state,
        days,
        unsealed: Vec::new(),
        spares: VecDeque::new(),
        retired: VecDeque::new(),
        sealed_through: progress.retired_through,
        next_number: progress.retired_through + 1,
        next_seq: progress.next_seq.max(1),
        highest_stream: progress.highest_stream,
        time: progress.time,
        tail: Tail { at: DATA_START, seed: 0, used: false },
        report: RecoveryReport::default(),
        config,
    };
    recovered.read_segments()?;
    recovered.ensure_active()?;
    Ok(recovered)
}

impl Recovered {
    /// Every key and value of a checkpoint table; none if the table was never written.
    pub fn each_state(&self, table: &str, f: impl FnMut(&[u8], &[u8])) -> Result<(), OpenError> {
        self.state.each(table, f).map_err(|error| OpenError::Database {
            file: self.state.path().to_owned(),
            reason: error.to_string(),
        })
    }

    /// Every record that a checkpoint may not cover, in log order. Some are covered: their `seq` tells.
    pub fn each_record(&self, mut f: impl FnMut(RecordView<'_>)) -> Result<(), OpenError> {
        for segment in &self.unsealed {
            let mut scan = segment.scan();
            while let Some((_, payload)) = scan.next().map_err(OpenError::io(&segment.path))? {
                let mut at = 0;
                while let Some((view, length)) = record::decode(&payload[at..]) {
                    f(view);
                    at += length;
                }
            }
        }
        Ok(())
    }

    /// The number drawn when the journal was made; a backup of it has the same.
    pub fn instance(&self) -> u64 {
        self.owned.instance
    }

    /// No stream with a greater number has records in this journal. State checkpoints are their owners' matter, and what
    /// releases sealed that did not count streams is not known.
    pub fn highest_stream(&self) -> DeviceId {
        DeviceId(self.highest_stream)
    }

    /// Whether nothing was ever written to it.
    pub fn is_new(&self) -> bool {
        self.next_seq == 1 && FileClass::ALL.into_iter().all(|class| self.days.count(class) == 0)
    }

    /// What was found.
    pub fn report(&self) -> &RecoveryReport {
        &self.report
    }

    fn read_segments(&mut self) -> Result<(), OpenError> {
        let dir = self.config.dir.clone();
        let files = layout::segment_files(&dir).map_err(OpenError::io(&dir))?;
        let last_number = files.last().map_or(0, |(number, _)| *number);
        let mut checked: Vec<Checked> = Vec::new();
        for (number, path) in files {
            if number <= self.sealed_through {
                self.retired.push_back(path);
                continue;
            }
            let Some(segment) = self.open_segment(number, &path)? else {
                if number == last_number && has_no_header(&path).map_err(OpenError::io(&path))? {
                    // A segment gets its name after its header is durable; without one it never was in use.
                    std::fs::remove_file(&path).map_err(OpenError::io(&path))?;
                    continue;
                }
                self.next_number = number + 1;
                self.damaged(&path, 0, "its header is damaged")?;
                continue;
            };
            self.next_number = number + 1;
            let expected = checked.last().map_or(self.sealed_through + 1, |last| last.segment.number() + 1);
            if number != expected {
                self.damaged(&path, 0, "the segment before it is missing")?;
            }
            checked.push(self.check_segment(segment)?);
        }
        self.settle(checked)
    }

    fn open_segment(&self, number: u64, path: &Path) -> Result<Option<Segment>, OpenError> {
        let file = OpenOptions::new().read(true).write(true).open(path).map_err(OpenError::io(path))?;
        let bytes = file.metadata().map_err(OpenError::io(path))?.len();
        let header = SegmentHeader::read(&file).map_err(OpenError::io(path))?;
        let ours = header.filter(|header| header.number == number && header.instance == self.owned.instance);
        Ok(ours.map(|header| Segment::new(header, path.to_owned(), file, bytes)))
    }

    fn check_segment(&mut self, segment: Segment) -> Result<Checked, OpenError> {
        segment.set_durable_end(segment.bytes);
        let mut scan = segment.scan();
        let mut records = 0;
        let mut newest_seq = 0;
        while let Some((_, payload)) = scan.next().map_err(OpenError::io(&segment.path))? {
            let mut at = 0;
            while let Some((view, length)) = record::decode(&payload[at..]) {
                newest_seq = newest_seq.max(view.seq);
                self.highest_stream = self.highest_stream.max(view.stream.0);
                records += 1;
                at += length;
            }
        }
        let (at, seed, end) = (scan.position(), scan.seed(), scan.end());
        let used = at > DATA_START || end == FrameEnd::Torn;
        drop(scan);
        self.report.records += records;
        self.report.log_bytes += at - DATA_START;
        self.next_seq = self.next_seq.max(newest_seq + 1);
        segment.set_durable_end(at);
        if end == FrameEnd::Closed {
            segment.close();
        }
        Ok(Checked { segment, tail: Tail { at, seed, used }, end })
    }

    /// Finds the last segment in use; those behind it are spares.
    fn settle(&mut self, mut checked: Vec<Checked>) -> Result<(), OpenError> {
        let in_use = checked.iter().rposition(|found| found.tail.used).map_or(0, |last| last + 1);
        let spares = checked.split_off(in_use.min(checked.len()));
        let count = checked.len();
        for (index, found) in checked.into_iter().enumerate() {
            let last = index + 1 == count;
            if found.end == FrameEnd::Torn || (!last && found.end == FrameEnd::Clean) {
                self.judge(&found, last)?;
            }
            if last {
                self.tail = found.tail;
            } else {
                found.segment.close();
            }
            self.unsealed.push(Arc::new(found.segment));
        }
        self.keep_spares(spares.into_iter().map(|found| found.segment))
    }

    /// Keeps the empty segments behind the last one in use, as far as they are whole. Out of a backup the first of them
    /// is as short as its content: it goes, with all behind it, and its number is given again, because a number
    /// that is missing between others means that a part of the log is lost.
    fn keep_spares(&mut self, spares: impl Iterator<Item = Segment>) -> Result<(), OpenError> {
        let mut short = false;
        for spare in spares {
            short |= spare.bytes < JournalConfig::MIN_SEGMENT_BYTES;
            if short {
                self.next_number = self.next_number.min(spare.number());
                std::fs::remove_file(&spare.path).map_err(OpenError::io(&spare.path))?;
            } else {
                self.spares.push_back(Arc::new(spare));
            }
        }
        Ok(())
    }

    /// Whether an end that is not orderly can come from a crash.
    fn judge(&mut self, found: &Checked, last: bool) -> Result<(), OpenError> {
        let path = found.segment.path.clone();
        if !last {
            return self.damaged(&path, found.tail.at, "the log goes on in a later segment");
        }
        self.report.torn_tail = true;
        let max_frame = self.config.max_frame_bytes();
        let reach = found.tail.at + (MAX_WRITE + max_frame) as u64;
        let behind = find_frame(&found.segment.file, found.tail.seed, reach, found.segment.bytes, max_frame)
            .map_err(OpenError::io(&path))?;
        match behind {
            Some(_) => self.damaged(&path, found.tail.at, "intact records follow"),
            None => Ok(()),
        }
    }

    fn damaged(&mut self, file: &Path, offset: u64, reason: &'static str) -> Result<(), OpenError> {
        if !self.config.accept_damage {
            return Err(OpenError::Damaged { file: file.to_owned(), offset, reason });
        }
        self.report.damage.push(format!("{} at byte {offset}: {reason}", file.display()));
        Ok(())
    }

    /// Makes sure that there is a segment to append to.
    fn ensure_active(&mut self) -> Result<(), OpenError> {
        let dir = self.config.dir.clone();
        if let Some(last) = self.unsealed.last()
            && !last.is_closed()
        {
            self.grow_active()?;
            return Ok(());
        }
        let active = match self.spares.pop_front() {
            Some(spare) => spare,
            None => {
                let header = SegmentHeader {
                    instance: self.owned.instance,
                    number: self.next_number,
                    salt: draw_salt(),
                };
                let bytes = self.config.segment_bytes;
                let made =
                    segment::create(&dir, header, bytes, true).map_err(|source| match source.kind() {
                        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
                            OpenError::DiskFull { dir: dir.clone(), needed: bytes }
                        }
                        _ => OpenError::Io { path: dir.clone(), source },
                    })?;
                self.next_number += 1;
                Arc::new(made)
            }
        };
        self.tail = Tail { at: DATA_START, seed: active.header.seed(), used: false };
        active.set_durable_end(DATA_START);
        self.unsealed.push(active);
        Ok(())
    }

    /// A segment out of a backup is only as long as its content; it becomes whole again before it is appended to.
    fn grow_active(&mut self) -> Result<(), OpenError> {
        let Some(active) = self.unsealed.pop() else { return Ok(()) };
        let wanted = self.config.segment_bytes;
        let active = match Arc::try_unwrap(active) {
            Ok(mut active) if active.bytes < wanted => {
                active
                    .file
                    .set_len(wanted)
                    .and_then(|()| segment::reserve(&active.file, wanted))
                    .and_then(|()| active.file.sync_all())
                    .map_err(OpenError::io(&active.path))?;
                active.bytes = wanted;
                Arc::new(active)
            }
            Ok(active) => Arc::new(active),
            Err(shared) => shared,
        };
        self.unsealed.push(active);
        Ok(())
    }

    /// Starts the journal's threads. `on_fatal` is called, from one of them, when the log fails or a thread panics; the
    /// process should then stop without acknowledging anything more.
    pub fn start(
        self,
        checkpoints: Vec<Box<dyn Checkpoint>>,
        clock: Arc<dyn Clock>,
        on_fatal: Box<dyn Fn(FatalError) + Send + Sync>,
    ) -> Result<Journal, OpenError> {
        let on_fatal: OnFatal = Arc::from(on_fatal);
        let config = self.config;
        let max_frame_bytes = config.max_frame_bytes();
        let reserve = (config.segment_bytes / 16).min(4 << 20).max(max_frame_bytes as u64);
        let intake = Arc::new(Intake::new(config.max_batch_backlog_bytes, reserve));
        let counters = Arc::new(Counters::default());
        let active = self.unsealed.last().cloned().expect("recovery leaves an active segment");
        let segments = Arc::new(RwLock::new(self.unsealed));
        let engine = Arc::new(Engine {
            clock: clock.clone(),
            counters: counters.clone(),
            intake: intake.clone(),
            segments: segments.clone(),
            sealed_through: AtomicU64::new(self.sealed_through),
            queries: RwLock::new(()),
            files: Mutex::new(()),
            days: self.days,
            state: self.state,
            seq: AtomicU64::new(self.next_seq),
            retention_time: RetentionTime::start(&*clock, self.time),
            highest_stream: AtomicU64::new(self.highest_stream),
            sealer_wakeup: Arc::new(Wakeup::default()),
            spares_wakeup: Arc::new(Wakeup::default()),
            retired: Arc::new(Mutex::new(self.retired)),
            owned: self.owned,
            config: config.clone(),
        });
        let links = WriterLinks {
            intake: intake.clone(),
            counters: counters.clone(),
            clock,
            segments: segments.clone(),
            sealer: engine.sealer_wakeup.clone(),
            spares: engine.spares_wakeup.clone(),
            on_fatal: on_fatal.clone(),
            max_frame_bytes,
        };
        let path = active.path.clone();
        let Tail { at, seed, used } = self.tail;
        let writer =
            Writer::start(links, WriterStart { active, at, seed, used }).map_err(OpenError::io(&path))?;
        let mut staging = intake.staging.lock();
        for spare in self.spares {
            spare.set_durable_end(DATA_START);
            intake.add_spare(&mut staging, spare, max_frame_bytes);
        }
        drop(staging);
        let spares = SpareKeeper {
            config,
            instance: engine.owned.instance,
            next_number: self.next_number,
            intake,
            counters,
            segments,
            retired: engine.retired.clone(),
            wakeup: engine.spares_wakeup.clone(),
            sealer: engine.sealer_wakeup.clone(),
        };
        let final_checkpoint = Arc::new(AtomicBool::new(false));
        let sealer = Sealer::new(engine.clone(), checkpoints, final_checkpoint.clone());
        Journal::run(engine, writer, spares, sealer, final_checkpoint, on_fatal)
    }
}
