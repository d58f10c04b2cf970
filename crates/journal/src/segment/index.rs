//! Where a stream's records lie in a segment that is not sealed yet.
//!
//! Built by the first query that needs it and brought up to date by later ones, so that writing pays nothing for it. Each
//! record has one entry that points to the stream's previous one; a walk goes from the newest to the oldest.

use std::io;
use std::os::unix::fs::FileExt;

use ahash::AHashMap;

use super::{DATA_START, FrameScan, Segment};
use crate::record::{self, LogKind, RecordKind, RecordView};

/// What a record can be found as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// It has points.
    History,
    /// It is an entry of this log.
    Log(LogKind),
}

impl Class {
    /// A stable number: 0 for history, otherwise the log's.
    pub(crate) fn code(self) -> u8 {
        match self {
            Self::History => 0,
            Self::Log(kind) => kind.code(),
        }
    }

    fn mask(self) -> u8 {
        1 << self.code()
    }
}

fn classes_of(record: &RecordView<'_>) -> u8 {
    let history = if record.point_count > 0 { Class::History.mask() } else { 0 };
    match record.kind {
        RecordKind::Log(kind) => history | Class::Log(kind).mask(),
        RecordKind::State(_) => history,
    }
}

const NONE: u32 = u32::MAX;

#[derive(Debug, Clone, Copy)]
struct Entry {
    time: i64,
    offset: u32,
    previous: u32,
}

/// One record that matches, not read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IndexedRecord {
    pub time: i64,
    /// Where the record begins in the segment's file.
    pub offset: u32,
}

/// The index of one segment, up to some position.
#[derive(Debug)]
pub(crate) struct SegmentIndex {
    newest: AHashMap<u64, u32>,
    entries: Vec<Entry>,
    classes: Vec<u8>,
    indexed_to: u64,
    seed: u32,
}

impl SegmentIndex {
    fn new(seed: u32) -> Self {
        Self {
            newest: AHashMap::new(),
            entries: Vec::new(),
            classes: Vec::new(),
            indexed_to: DATA_START,
            seed,
        }
    }

    fn catch_up(&mut self, segment: &Segment) -> io::Result<()> {
        let durable = segment.durable_end();
        if self.indexed_to >= durable {
            return Ok(());
        }
        let mut scan = FrameScan::new(&segment.file, self.seed, self.indexed_to, durable);
        while let Some((offset, payload)) = scan.next()? {
            let mut at = 0;
            while let Some((view, length)) = record::decode(&payload[at..]) {
                let classes = classes_of(&view);
                if classes != 0 {
                    let number = self.entries.len() as u32;
                    let previous = self.newest.insert(view.stream.0, number).unwrap_or(NONE);
                    let offset = (offset + at as u64) as u32;
                    self.entries.push(Entry { time: view.time.0, offset, previous });
                    self.classes.push(classes);
                }
                at += length;
            }
        }
        self.indexed_to = scan.position();
        self.seed = scan.seed();
        Ok(())
    }
}

impl Segment {
    /// Appends to `out`, newest first, the stream's durable records of `class` whose time lies in `from..to`.
    pub(crate) fn find_records(
        &self,
        stream: u64,
        class: Class,
        range: std::ops::RangeInclusive<i64>,
        out: &mut Vec<IndexedRecord>,
    ) -> io::Result<()> {
        if !self.has_records() {
            return Ok(());
        }
        let mut guard = self.index.lock();
        let index = guard.get_or_insert_with(|| SegmentIndex::new(self.header.seed()));
        index.catch_up(self)?;
        let mut next = index.newest.get(&stream).copied().unwrap_or(NONE);
        while next != NONE {
            let entry = index.entries[next as usize];
            if index.classes[next as usize] & class.mask() != 0 && range.contains(&entry.time) {
                out.push(IndexedRecord { time: entry.time, offset: entry.offset });
            }
            next = entry.previous;
        }
        Ok(())
    }

    /// Reads the bytes of the record at `offset` into `buffer`.
    pub(crate) fn read_record(&self, offset: u32, buffer: &mut Vec<u8>) -> io::Result<()> {
        let available = (self.durable_end() - u64::from(offset)) as usize;
        // Most records fit; a longer one costs a second read.
        buffer.resize(available.min(512), 0);
        self.file.read_exact_at(buffer, u64::from(offset))?;
        let word = buffer.first_chunk().copied().unwrap_or_default();
        let length = u32::from_le_bytes(word) as usize;
        if length > available {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a record reaches beyond the log's end"));
        }
        let have = buffer.len();
        buffer.resize(length, 0);
        if length > have {
            self.file.read_exact_at(&mut buffer[have..], u64::from(offset) + have as u64)?;
        }
        Ok(())
    }
}
