//! Records on their way to the writer, already in the form in which they are written.
//!
//! A batch is a row of frames. Frames are cut at record boundaries once they reach [`FRAME_TARGET`], so that
//! a segment's end wastes little and a damaged place costs little. Checksums are filled in by the writer, because they
//! depend on the segment.

use super::OpenMark;
use crate::error::TooLarge;
use crate::record::{self, Record};
use crate::segment::{FRAME_ALIGN, FRAME_HEADER};

/// Payload after which a frame is closed.
pub(crate) const FRAME_TARGET: usize = 16 << 10;
/// The largest record that may be joined to the one before it.
pub(crate) const MAX_JOINED_BYTES: usize = 256;

/// Records collected by one thread, submitted together and durable together.
#[derive(Debug)]
pub struct Batch {
    bytes: Vec<u8>,
    /// Where the open frame begins; equal to the length when none is open.
    open: usize,
    records: u64,
    max_record_bytes: usize,
    mark: OpenMark,
}

impl Batch {
    pub(crate) fn new(max_record_bytes: usize, mark: OpenMark) -> Self {
        Self { bytes: Vec::new(), open: 0, records: 0, max_record_bytes, mark }
    }

    /// Says that state may change from now on whose records come into this batch: a checkpoint that is taken meanwhile
    /// waits for it. The first record says so by itself, which is enough where it is pushed under the lock of what
    /// changes.
    pub fn begin(&mut self) {
        self.mark.open();
    }

    /// Says that nothing changed since [`Self::begin`] that is not submitted. Records that still wait say otherwise.
    pub fn rest(&mut self) {
        if self.is_empty() {
            self.mark.close();
        }
    }

    /// Adds a record, or leaves the batch as it was when the record is too large.
    pub fn push(&mut self, record: &Record<'_>) -> Result<(), TooLarge> {
        if self.bytes.len() - self.open >= FRAME_TARGET {
            self.close_frame();
        }
        self.append(record, self.max_record_bytes)
    }

    /// Adds a small record that shares the fate of the one before it: whatever happens to the disk or the process, both
    /// are read back or neither is.
    pub fn push_joined(&mut self, record: &Record<'_>) -> Result<(), TooLarge> {
        // A frame must stay below what segments reserve for one, whatever a caller joins.
        if self.bytes.len() - self.open >= FRAME_TARGET + self.max_record_bytes {
            self.close_frame();
        }
        self.append(record, MAX_JOINED_BYTES)
    }

    fn append(&mut self, record: &Record<'_>, limit: usize) -> Result<(), TooLarge> {
        let length = record::encoded_len(record);
        if length > limit || record.points.len() > usize::from(u16::MAX) {
            return Err(TooLarge { bytes: length, limit });
        }
        self.mark.open();
        if self.open == self.bytes.len() {
            self.bytes.extend_from_slice(&[0; FRAME_HEADER]);
        }
        record::encode(record, length, &mut self.bytes);
        self.records += 1;
        Ok(())
    }

    /// Whether something may have changed since [`Self::begin`] or the first record, and was not submitted yet.
    pub fn is_open(&self) -> bool {
        self.mark.is_open()
    }

    /// Whether nothing was added since the last submission.
    pub fn is_empty(&self) -> bool {
        self.records == 0
    }

    /// How many records wait in it.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Bytes it will take in the log.
    pub fn bytes(&self) -> usize {
        self.bytes.len()
    }

    /// Forgets what was added: it was taken over, or is given up.
    pub fn clear(&mut self) {
        self.mark.close();
        self.bytes.clear();
        self.open = 0;
        self.records = 0;
    }

    fn close_frame(&mut self) {
        let payload = self.bytes.len() - self.open - FRAME_HEADER;
        self.bytes[self.open..self.open + 4].copy_from_slice(&(payload as u32).to_le_bytes());
        self.bytes.resize(self.bytes.len().next_multiple_of(FRAME_ALIGN), 0);
        self.open = self.bytes.len();
    }

    /// The finished frames.
    pub(crate) fn frames(&mut self) -> &[u8] {
        if self.open < self.bytes.len() {
            self.close_frame();
        }
        &self.bytes
    }
}
