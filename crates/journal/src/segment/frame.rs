//! Frames: the units in which the log is written and checked.
//!
//! A frame is `word u32`, `checksum u32`, payload, zero bytes up to a multiple of eight. The word holds the
//! payload's length and, in its top four bits, the frame's kind. The checksum covers word and payload and starts from
//! the segment's seed. Each write ends with eight zero bytes, which the next write overwrites: a log that ends with them
//! was not torn.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

/// Bytes before a frame's payload.
pub(crate) const FRAME_HEADER: usize = 8;
/// Frames begin at multiples of this.
pub(crate) const FRAME_ALIGN: usize = 8;
/// What a frame can take beyond its payload.
pub(crate) const FRAME_OVERHEAD: usize = FRAME_HEADER + FRAME_ALIGN;
/// The zero bytes after the last frame.
pub(crate) const TERMINATOR: usize = 8;
/// What is kept free at a segment's end: the end frame and the terminator.
pub(crate) const END_RESERVE: usize = FRAME_HEADER + TERMINATOR;

const KIND_SHIFT: u32 = 28;
const LENGTH_MASK: u32 = (1 << KIND_SHIFT) - 1;
const READ_AHEAD: usize = 1 << 20;

/// What a frame holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameKind {
    /// Records.
    Records,
    /// A new salt: checksums of the frames that follow start from another seed.
    Epoch,
    /// The segment ends here in an orderly way; the log goes on in the next one.
    End,
}

impl FrameKind {
    fn of(word: u32) -> Option<Self> {
        match word >> KIND_SHIFT {
            0 => Some(Self::Records),
            1 => Some(Self::Epoch),
            2 => Some(Self::End),
            _ => None,
        }
    }

    fn code(self) -> u32 {
        match self {
            Self::Records => 0,
            Self::Epoch => 1,
            Self::End => 2,
        }
    }
}

/// The payload length in the word of a records frame.
pub(crate) fn frame_payload_len(frame: &[u8]) -> usize {
    let word = u32::from_le_bytes(frame[..4].try_into().expect("a frame has a header"));
    (word & LENGTH_MASK) as usize
}

fn checksum(seed: u32, word: [u8; 4], payload: &[u8]) -> u32 {
    crc32c::crc32c_append(crc32c::crc32c_append(seed, &word), payload)
}

/// Fills in the checksum of the frame at the start of `frame` and says how many bytes it takes.
pub(crate) fn seal_frame(seed: u32, frame: &mut [u8]) -> usize {
    let length = frame_payload_len(frame);
    let word = frame[..4].try_into().expect("a frame has a header");
    let sum = checksum(seed, word, &frame[FRAME_HEADER..FRAME_HEADER + length]);
    frame[4..8].copy_from_slice(&sum.to_le_bytes());
    (FRAME_HEADER + length).next_multiple_of(FRAME_ALIGN)
}

/// A finished frame of another kind than records.
pub(crate) fn control_frame(kind: FrameKind, seed: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0; (FRAME_HEADER + payload.len()).next_multiple_of(FRAME_ALIGN)];
    let word = payload.len() as u32 | (kind.code() << KIND_SHIFT);
    frame[..4].copy_from_slice(&word.to_le_bytes());
    frame[FRAME_HEADER..FRAME_HEADER + payload.len()].copy_from_slice(payload);
    seal_frame(seed, &mut frame);
    frame
}

/// The seed that follows an epoch frame.
pub(crate) fn fold_salt(seed: u32, salt: &[u8]) -> u32 {
    crc32c::crc32c_append(seed, salt)
}

/// Why a scan ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameEnd {
    /// At the zero bytes after the last write, or at the limit.
    Clean,
    /// At an end frame.
    Closed,
    /// At something that is no frame of this life.
    Torn,
}

/// Walks over the frames of a segment, checking each.
pub(crate) struct FrameScan<'a> {
    file: &'a File,
    seed: u32,
    /// File offset of the next frame.
    at: u64,
    limit: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
    read_ahead: usize,
    end: Option<FrameEnd>,
}

impl<'a> FrameScan<'a> {
    /// Frames of `file` from `at` on, none that reaches beyond `limit`.
    pub(crate) fn new(file: &'a File, seed: u32, at: u64, limit: u64) -> Self {
        Self {
            file,
            seed,
            at,
            limit,
            buffer: Vec::new(),
            buffer_start: at,
            read_ahead: READ_AHEAD,
            end: None,
        }
    }

    /// Reads everything at once, for a caller who wants the bytes afterwards.
    pub(crate) fn reading_all(mut self) -> Self {
        self.read_ahead = (self.limit - self.at) as usize;
        self
    }

    /// The bytes read last; with [`Self::reading_all`] all of them, from where the scan began.
    pub(crate) fn into_buffer(self) -> Vec<u8> {
        self.buffer
    }

    /// Where the next frame begins, or where the scan ended: behind an end frame, before a torn one.
    pub(crate) fn position(&self) -> u64 {
        self.at
    }

    /// The seed for the frame at [`Self::position`].
    pub(crate) fn seed(&self) -> u32 {
        self.seed
    }

    /// Why the scan ended; only after [`Self::next`] returned nothing.
    pub(crate) fn end(&self) -> FrameEnd {
        self.end.unwrap_or(FrameEnd::Clean)
    }

    /// The next records frame: the file offset of its payload, and the payload.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, &[u8])>> {
        while self.end.is_none() {
            let start = self.at;
            let Some((kind, length)) = self.check_frame()? else { continue };
            let from = (start - self.buffer_start) as usize + FRAME_HEADER;
            self.at += (FRAME_HEADER + length).next_multiple_of(FRAME_ALIGN) as u64;
            let payload = from..from + length;
            match kind {
                FrameKind::Records => {
                    return Ok(Some((start + FRAME_HEADER as u64, &self.buffer[payload])));
                }
                FrameKind::Epoch => self.seed = fold_salt(self.seed, &self.buffer[payload]),
                FrameKind::End => self.end = Some(FrameEnd::Closed),
            }
        }
        Ok(None)
    }

    /// Kind and payload length of the frame at the current position, with the whole frame in the buffer; otherwise
    /// the end is set.
    fn check_frame(&mut self) -> io::Result<Option<(FrameKind, usize)>> {
        if !self.load(FRAME_HEADER)? {
            self.end = Some(FrameEnd::Clean);
            return Ok(None);
        }
        let from = (self.at - self.buffer_start) as usize;
        let header: [u8; FRAME_HEADER] = self.buffer[from..from + FRAME_HEADER].try_into().expect("loaded");
        if header == [0; FRAME_HEADER] {
            self.end = Some(FrameEnd::Clean);
            return Ok(None);
        }
        let word = u32::from_le_bytes(header[..4].try_into().expect("four bytes"));
        let length = (word & LENGTH_MASK) as usize;
        let stored = u32::from_le_bytes(header[4..].try_into().expect("four bytes"));
        if let Some(kind) = FrameKind::of(word)
            && self.load(FRAME_HEADER + length)?
        {
            let from = (self.at - self.buffer_start) as usize + FRAME_HEADER;
            let word = header[..4].try_into().expect("four bytes");
            if checksum(self.seed, word, &self.buffer[from..from + length]) == stored {
                return Ok(Some((kind, length)));
            }
        }
        self.end = Some(FrameEnd::Torn);
        Ok(None)
    }

    /// Brings `length` bytes from the current position into the buffer; false when the limit forbids it.
    fn load(&mut self, length: usize) -> io::Result<bool> {
        if self.at + length as u64 > self.limit {
            return Ok(false);
        }
        let offset = (self.at - self.buffer_start) as usize;
        if offset + length <= self.buffer.len() {
            return Ok(true);
        }
        let wanted = length.max(self.read_ahead).min((self.limit - self.at) as usize);
        let kept = self.buffer.len().saturating_sub(offset).min(wanted);
        let keep_from = self.buffer.len() - kept;
        self.buffer.copy_within(keep_from.., 0);
        self.buffer.resize(wanted, 0);
        self.file.read_exact_at(&mut self.buffer[kept..], self.at + kept as u64)?;
        self.buffer_start = self.at;
        Ok(true)
    }
}

/// Looks for a frame of this life anywhere from `from` on: proof that the log once went on behind a torn place.
pub(crate) fn find_frame(
    file: &File,
    seed: u32,
    from: u64,
    limit: u64,
    max_frame: usize,
) -> io::Result<Option<u64>> {
    let mut scan = FrameScan::new(file, seed, from.next_multiple_of(FRAME_ALIGN as u64), limit);
    while scan.at + FRAME_HEADER as u64 <= limit {
        if !scan.load(FRAME_HEADER)? {
            break;
        }
        let at = (scan.at - scan.buffer_start) as usize;
        let word = u32::from_le_bytes(scan.buffer[at..at + 4].try_into().expect("four bytes"));
        let length = (word & LENGTH_MASK) as usize;
        let plausible = word != 0
            && match FrameKind::of(word) {
                Some(FrameKind::Records) => length <= max_frame,
                Some(FrameKind::Epoch) => length == 8,
                Some(FrameKind::End) => length == 0,
                None => false,
            };
        if plausible {
            if scan.check_frame()?.is_some() {
                return Ok(Some(scan.at));
            }
            scan.end = None;
        }
        scan.at += FRAME_ALIGN as u64;
    }
    Ok(None)
}
