//! From a directory to a journal that can run: whose it is, where its log ends, what is in it.
//!
//! The log ends at the first frame of the last segment that does not check. That is a torn write, and nothing of it was
//! acknowledged; but if intact frames lie further behind than one write can reach, or if an earlier segment
//! does not end in an orderly way, then the log is damaged and that is said instead of dropping acknowledged records.

use std::collections::VecDeque;
use std::fs::OpenOptions;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64};

use parking_lot::{Mutex, RwLock};
use yizhan_vocabulary::Clock;

use crate::commit::{Intake, MAX_WRITE, SpareKeeper, Writer, WriterLinks, WriterStart};
use crate::config::JournalConfig;
use crate::days::Days;
use crate::engine::Engine;
use crate::error::{FatalError, OpenError};
use crate::journal::Journal;
use crate::layout::{self, OwnedDir, STATE_FILE};
use crate::record::{self, RecordView};
use crate::sealer::Sealer;
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

pub(crate) fn recover(config: JournalConfig) -> Result<Recovered, OpenError> {
    config.check()?;
    let owned = layout::take(&config.dir)?;
    let state_path = config.dir.join(STATE_FILE);
    let broken =
        |error: redb::Error| OpenError::Database { file: state_path.clone(), reason: error.to_string() };
    let state = StateStore::open(&state_path).map_err(broken)?;
    let progress = state.progress().map_err(broken)?;
    let days = Days::scan(&config.dir).map_err(OpenError::io(&config.dir))?;
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
            self.next_number = self.next_number.max(number + 1);
            if number <= self.sealed_through {
                self.retired.push_back(path);
                continue;
            }
            let Some(segment) = self.open_segment(number, &path)? else {
                if number == last_number {
                    // The name is given before the content is durable nowhere; still, nothing can be in it.
                    std::fs::remove_file(&path).map_err(OpenError::io(&path))?;
                    continue;
                }
                self.damaged(&path, 0, "its header is damaged")?;
                continue;
            };
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
        for found in spares {
            let spare = Arc::new(found.segment);
            if spare.bytes >= JournalConfig::MIN_SEGMENT_BYTES {
                self.spares.push_back(spare);
            } else {
                std::fs::remove_file(&spare.path).map_err(OpenError::io(&spare.path))?;
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

    /// Starts the journal's threads. `on_fatal` is called once, from the writer thread, when the log fails; the process
    /// should then stop without acknowledging anything more.
    pub fn start(
        self,
        checkpoints: Vec<Box<dyn Checkpoint>>,
        clock: Arc<dyn Clock>,
        on_fatal: Box<dyn Fn(FatalError) + Send + Sync>,
    ) -> Result<Journal, OpenError> {
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
            on_fatal,
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
        Journal::run(engine, writer, spares, sealer, final_checkpoint)
    }
}
