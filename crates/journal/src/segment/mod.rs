//! One preallocated file of the log.
//!
//! A segment is written from front to back, once. Its bytes are allocated before it is used and its file is used
//! again after it was sealed, so that syncing an append never has to change file system metadata. What an earlier life
//! left behind can never pass for a record: every checksum starts from a seed that is drawn anew for each life, and anew
//! at each start of the program.
//!
//! The first page holds the header alone; appends never touch it.

mod frame;
mod index;

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;
use yizhan_vocabulary::Monotonic;

use crate::private;

pub(crate) use frame::{
    END_RESERVE, FRAME_ALIGN, FRAME_HEADER, FRAME_OVERHEAD, FrameEnd, FrameKind, FrameScan, TERMINATOR,
    control_frame, find_frame, fold_salt, frame_payload_len, seal_frame,
};
pub(crate) use index::{Class, IndexedRecord, SegmentIndex};

/// Where the first frame begins.
pub(crate) const DATA_START: u64 = 4096;

const MAGIC: &[u8; 8] = b"YZHNLOG1";
const HEADER_LEN: usize = 36;

/// Which life of which segment this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// The journal it belongs to.
    pub instance: u64,
    /// Its place in the log.
    pub number: u64,
    /// Drawn for this life.
    pub salt: u64,
}

impl SegmentHeader {
    fn to_bytes(self) -> [u8; HEADER_LEN] {
        let mut bytes = [0; HEADER_LEN];
        bytes[..8].copy_from_slice(MAGIC);
        bytes[8..16].copy_from_slice(&self.instance.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.number.to_le_bytes());
        bytes[24..32].copy_from_slice(&self.salt.to_le_bytes());
        let checksum = crc32c::crc32c(&bytes[..32]);
        bytes[32..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    fn parse(bytes: &[u8; HEADER_LEN]) -> Option<Self> {
        let (content, checksum) = bytes.split_at(32);
        let intact = content.starts_with(MAGIC) && crc32c::crc32c(content).to_le_bytes() == checksum;
        let word = |at: usize| u64::from_le_bytes(content[at..at + 8].try_into().expect("eight bytes"));
        intact.then(|| Self { instance: word(8), number: word(16), salt: word(24) })
    }

    /// What checksums of this life start from.
    pub(crate) fn seed(&self) -> u32 {
        crc32c::crc32c(&self.to_bytes())
    }

    /// Reads the header of a segment file; `None` when there is no intact one.
    pub(crate) fn read(file: &File) -> io::Result<Option<Self>> {
        let mut bytes = [0; HEADER_LEN];
        match file.read_exact_at(&mut bytes, 0) {
            Ok(()) => Ok(Self::parse(&bytes)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// A number that nobody can foresee and that is never drawn twice in practice.
pub(crate) fn draw_salt() -> u64 {
    use std::hash::BuildHasher;
    std::collections::hash_map::RandomState::new().hash_one(std::time::SystemTime::now())
}

/// The name of the segment with this number.
pub(crate) fn file_name(number: u64) -> String {
    format!("segment-{number:016}.log")
}

/// The number in a segment's file name.
pub(crate) fn parse_file_name(name: &str) -> Option<u64> {
    name.strip_prefix("segment-")?.strip_suffix(".log")?.parse().ok()
}

/// A segment of the log, open for reading and, by the writer, for appending.
#[derive(Debug)]
pub(crate) struct Segment {
    pub header: SegmentHeader,
    pub path: PathBuf,
    pub file: File,
    /// Length of the file.
    pub bytes: u64,
    /// Everything before it is durable.
    durable_end: AtomicU64,
    closed: AtomicBool,
    /// One more than the monotonic time of its first append in this process, 0 before.
    used_since: AtomicU64,
    pub index: Mutex<Option<SegmentIndex>>,
}

impl Segment {
    pub(crate) fn new(header: SegmentHeader, path: PathBuf, file: File, bytes: u64) -> Self {
        Self {
            header,
            path,
            file,
            bytes,
            durable_end: AtomicU64::new(DATA_START),
            closed: AtomicBool::new(false),
            used_since: AtomicU64::new(0),
            index: Mutex::new(None),
        }
    }

    pub(crate) fn number(&self) -> u64 {
        self.header.number
    }

    /// Where frames must end.
    pub(crate) fn frame_limit(&self) -> u64 {
        self.bytes.saturating_sub(END_RESERVE as u64)
    }

    /// Bytes for frames in an empty segment.
    pub(crate) fn capacity(&self) -> u64 {
        self.frame_limit().saturating_sub(DATA_START)
    }

    pub(crate) fn durable_end(&self) -> u64 {
        self.durable_end.load(Ordering::Acquire)
    }

    pub(crate) fn set_durable_end(&self, end: u64) {
        self.durable_end.store(end, Ordering::Release);
    }

    pub(crate) fn has_records(&self) -> bool {
        self.durable_end() > DATA_START
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Release);
    }

    /// When something was first appended in this process.
    pub(crate) fn used_since(&self) -> Option<Monotonic> {
        self.used_since.load(Ordering::Relaxed).checked_sub(1).map(Monotonic)
    }

    /// Remembers the first append; later ones change nothing.
    pub(crate) fn note_use(&self, now: impl FnOnce() -> Monotonic) {
        if self.used_since.load(Ordering::Relaxed) == 0 {
            self.used_since.store(now().0.saturating_add(1), Ordering::Relaxed);
        }
    }

    /// The durable frames.
    pub(crate) fn scan(&self) -> FrameScan<'_> {
        FrameScan::new(&self.file, self.header.seed(), DATA_START, self.durable_end())
    }
}

/// Makes the file of a segment that has no former life. `reserve_only` leaves writing zeros out, which makes the file
/// quickly but the first pass over it slower to sync.
pub(crate) fn create(
    dir: &Path,
    header: SegmentHeader,
    bytes: u64,
    reserve_only: bool,
) -> io::Result<Segment> {
    let staging = dir.join("segment.new");
    let made = private::options().read(true).write(true).create(true).truncate(true).open(&staging);
    let result = made.and_then(|file| {
        let reserved = reserve_only && reserve(&file, bytes).is_ok();
        if !reserved {
            fill_with_zeros(&file, bytes)?;
        }
        begin_life(dir, &staging, file, header, bytes)
    });
    if result.is_err() {
        let _ = std::fs::remove_file(&staging);
    }
    result
}

/// Gives the file of a sealed segment its next life.
pub(crate) fn recycle(dir: &Path, old: &Path, header: SegmentHeader, bytes: u64) -> io::Result<Segment> {
    let staging = dir.join("segment.new");
    std::fs::rename(old, &staging)?;
    let file = OpenOptions::new().read(true).write(true).open(&staging)?;
    begin_life(dir, &staging, file, header, bytes)
}

fn begin_life(
    dir: &Path,
    staging: &Path,
    file: File,
    header: SegmentHeader,
    bytes: u64,
) -> io::Result<Segment> {
    let mut page = vec![0; DATA_START as usize + TERMINATOR];
    page[..HEADER_LEN].copy_from_slice(&header.to_bytes());
    file.write_all_at(&page, 0)?;
    file.sync_all()?;
    let path = dir.join(file_name(header.number));
    std::fs::rename(staging, &path)?;
    sync_dir(dir)?;
    Ok(Segment::new(header, path, file, bytes))
}

/// Allocates the file's bytes without writing them.
pub(crate) fn reserve(file: &File, bytes: u64) -> io::Result<()> {
    rustix::fs::fallocate(file, rustix::fs::FallocateFlags::empty(), 0, bytes)?;
    Ok(())
}

fn fill_with_zeros(file: &File, bytes: u64) -> io::Result<()> {
    let zeros = vec![0; 1 << 20];
    let mut at = 0;
    while at < bytes {
        let length = zeros.len().min((bytes - at) as usize);
        file.write_all_at(&zeros[..length], at)?;
        at += length as u64;
    }
    file.sync_all()
}

/// Makes names in `dir` durable.
pub(crate) fn sync_dir(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}
