//! One ordered answer out of many places.
//!
//! Days, chunks, blocks, unsealed records and rows wait in one heap, each under the earliest time it can contribute (the
//! latest, when newest comes first). What comes up is opened a step further until it is a row; so a page near one end
//! of the range opens only what it needs.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use bytes::Bytes;

use super::Order;
use crate::blocks::chunk::{BlockEntry, BlockKey, Chunk};
use crate::days::{ChunkRef, DayFile, DayReader, Days, FileClass};
use crate::error::QueryError;
use crate::record::{self, RecordView};
use crate::segment::{Class, IndexedRecord, Segment};

/// What is asked for: how blocks and records become rows.
pub(crate) trait Subject {
    /// What a row holds.
    type Item;
    /// An opened block, or what a record has.
    type Rows: Rows<Item = Self::Item>;

    fn class(&self) -> Class;
    fn stream(&self) -> u64;
    fn open_block(&self, payload: &Bytes, entry: &BlockEntry) -> Option<Self::Rows>;
    fn open_record(&self, record: &RecordView<'_>) -> Self::Rows;

    fn file_class(&self) -> FileClass {
        match self.class() {
            Class::History => FileClass::History,
            Class::Log(_) => FileClass::Log,
        }
    }

    fn key(&self) -> BlockKey {
        (self.class().code(), self.stream())
    }
}

/// Rows in order of time.
pub(crate) trait Rows {
    /// What a row holds.
    type Item;
    fn len(&self) -> usize;
    fn time(&self, row: usize) -> i64;
    /// Decides between rows of the same time; without one, their place in the log does.
    fn seq(&self, row: usize) -> Option<u64>;
    fn item(&self, row: usize) -> Self::Item;
}

/// A row of the answer.
#[derive(Debug)]
pub(crate) struct Row<T> {
    pub time: i64,
    pub seq: u64,
    pub item: T,
}

/// What the answer is put together from.
pub(crate) struct Sources<'a> {
    pub days: &'a Days,
    pub unsealed: &'a [Arc<Segment>],
    /// Runs of later segments are not complete yet; their records are found in the segments.
    pub sealed_through: u64,
}

/// Place in the answer: time, then how far opened, then rank among rows of the same time.
type Key = (i64, u8, u64, u64, u64);

const STAGE_OPEN: u8 = 0;
const STAGE_ROW: u8 = 1;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Waiting {
    Day(usize),
    Chunk(usize),
    Block(usize),
    /// The next of the unsealed records.
    Record,
    Row {
        rows: usize,
        row: usize,
    },
}

/// Rows, and the run and the place in it that decide between rows of the same time.
type PlacedRows<R> = (R, (u64, u64));

struct OpenedDay {
    file: Arc<DayFile>,
    reader: Option<DayReader>,
}

struct OpenedChunk {
    chunk: Chunk,
    payload: Option<Bytes>,
}

/// An answer in the making.
pub(crate) struct Merge<'a, S: Subject> {
    subject: S,
    order: Order,
    range: RangeInclusive<i64>,
    sources: Sources<'a>,
    heap: BinaryHeap<Reverse<(Key, Waiting)>>,
    days: Vec<OpenedDay>,
    chunks: Vec<(usize, ChunkRef)>,
    opened_chunks: Vec<Option<OpenedChunk>>,
    /// Chunk, entry, and the block's number within its run.
    blocks: Vec<(usize, BlockEntry, u64)>,
    /// Sorted so that the next one is the last.
    records: Vec<(IndexedRecord, u32)>,
    rows: Vec<Option<PlacedRows<S::Rows>>>,
    buffer: Vec<u8>,
}

impl<'a, S: Subject> Merge<'a, S> {
    pub(crate) fn new(
        subject: S,
        order: Order,
        range: RangeInclusive<i64>,
        sources: Sources<'a>,
    ) -> Result<Self, QueryError> {
        let mut merge = Self {
            subject,
            order,
            range,
            sources,
            heap: BinaryHeap::new(),
            days: Vec::new(),
            chunks: Vec::new(),
            opened_chunks: Vec::new(),
            blocks: Vec::new(),
            records: Vec::new(),
            rows: Vec::new(),
            buffer: Vec::new(),
        };
        if merge.range.is_empty() {
            return Ok(merge);
        }
        for file in merge.sources.days.in_range(merge.subject.file_class(), &merge.range) {
            merge.wait(file.day.start_ms(), file.day.last_ms(), Waiting::Day(merge.days.len()));
            merge.days.push(OpenedDay { file, reader: None });
        }
        merge.find_records()?;
        Ok(merge)
    }

    /// Puts something that spans a time into the heap, to be opened when the answer gets there.
    fn wait(&mut self, earliest: i64, latest: i64, waiting: Waiting) {
        let time = match self.order {
            Order::Ascending => earliest.max(*self.range.start()),
            Order::Descending => !latest.min(*self.range.end()),
        };
        self.heap.push(Reverse(((time, STAGE_OPEN, 0, 0, 0), waiting)));
    }

    fn find_records(&mut self) -> Result<(), QueryError> {
        let mut found = Vec::new();
        for (number, segment) in self.sources.unsealed.iter().enumerate() {
            let class = self.subject.class();
            segment
                .find_records(self.subject.stream(), class, self.range.clone(), &mut found)
                .map_err(|error| QueryError::Storage(format!("{}: {error}", segment.path.display())))?;
            self.records.extend(found.drain(..).map(|record| (record, number as u32)));
        }
        let place = |(record, segment): &(IndexedRecord, u32)| (record.time, *segment, record.offset);
        match self.order {
            Order::Ascending => self.records.sort_unstable_by_key(|record| Reverse(place(record))),
            Order::Descending => self.records.sort_unstable_by_key(place),
        }
        self.wait_for_record();
        Ok(())
    }

    fn wait_for_record(&mut self) {
        if let Some((record, _)) = self.records.last() {
            let time = record.time;
            self.wait(time, time, Waiting::Record);
        }
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> Result<Option<Row<S::Item>>, QueryError> {
        while let Some(Reverse((_, waiting))) = self.heap.pop() {
            match waiting {
                Waiting::Day(day) => self.open_day(day).map_err(|error| {
                    QueryError::Storage(format!("{}: {error}", self.days[day].file.path.display()))
                })?,
                Waiting::Chunk(chunk) => self.open_chunk(chunk)?,
                Waiting::Block(block) => self.open_block(block)?,
                Waiting::Record => self.open_record()?,
                Waiting::Row { rows, row } => return Ok(self.take_row(rows, row)),
            }
        }
        Ok(None)
    }

    fn open_day(&mut self, day: usize) -> Result<(), redb::Error> {
        let file = self.days[day].file.clone();
        let reader = match file.read() {
            Ok(reader) => reader,
            // Retention took it meanwhile.
            Err(redb::Error::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        self.sources.days.touch(&file);
        let mut found = Vec::new();
        for (run, meta) in reader.runs()? {
            let touched = meta.min_time <= *self.range.end() && meta.max_time >= *self.range.start();
            if run <= self.sources.sealed_through && touched {
                reader.find_chunks(run, self.subject.key(), &self.range, &mut found)?;
            }
        }
        for chunk in found {
            self.wait(chunk.min_time, chunk.max_time, Waiting::Chunk(self.chunks.len()));
            self.chunks.push((day, chunk));
            self.opened_chunks.push(None);
        }
        self.days[day].reader = Some(reader);
        Ok(())
    }

    fn open_chunk(&mut self, number: usize) -> Result<(), QueryError> {
        let (day, place) = self.chunks[number];
        let day = &self.days[day];
        let path = &day.file.path;
        let Some(reader) = &day.reader else { return Ok(()) };
        let bytes = reader
            .read_chunk(&place)
            .map_err(|error| QueryError::Storage(format!("{}: {error}", path.display())))?;
        let chunk = Chunk::open(&bytes)
            .ok_or_else(|| QueryError::Storage(format!("{}: a chunk is damaged", path.display())))?;
        let key = self.subject.key();
        let entries: Vec<(usize, BlockEntry)> =
            chunk.entries().enumerate().filter(|(_, entry)| entry.key == key).collect();
        for (index, entry) in entries {
            if entry.min_time <= *self.range.end() && entry.max_time >= *self.range.start() {
                self.wait(entry.min_time, entry.max_time, Waiting::Block(self.blocks.len()));
                // Chunks of a run follow one another in its byte string, blocks in a chunk by their index.
                self.blocks.push((number, entry, place.offset << 16 | index as u64));
            }
        }
        self.opened_chunks[number] = Some(OpenedChunk { chunk, payload: None });
        Ok(())
    }

    fn open_block(&mut self, number: usize) -> Result<(), QueryError> {
        let (chunk_number, entry, place) = self.blocks[number];
        let (day, chunk_ref) = self.chunks[chunk_number];
        let path = &self.days[day].file.path;
        let damaged = || QueryError::Storage(format!("{}: a block is damaged", path.display()));
        let opened = self.opened_chunks[chunk_number].as_mut().ok_or_else(damaged)?;
        let payload = match &opened.payload {
            Some(payload) => payload.clone(),
            None => opened.payload.insert(opened.chunk.payload().ok_or_else(damaged)?).clone(),
        };
        let rows = self.subject.open_block(&payload, &entry).ok_or_else(damaged)?;
        self.add_rows(rows, (chunk_ref.run, place));
        Ok(())
    }

    fn open_record(&mut self) -> Result<(), QueryError> {
        let Some((found, number)) = self.records.pop() else { return Ok(()) };
        let segment = &self.sources.unsealed[number as usize];
        let unreadable =
            |what: &dyn std::fmt::Display| QueryError::Storage(format!("{}: {what}", segment.path.display()));
        segment.read_record(found.offset, &mut self.buffer).map_err(|error| unreadable(&error))?;
        let (view, _) = record::decode(&self.buffer).ok_or_else(|| unreadable(&"a record is damaged"))?;
        let rows = self.subject.open_record(&view);
        self.add_rows(rows, (segment.number(), u64::from(found.offset)));
        self.wait_for_record();
        Ok(())
    }

    fn add_rows(&mut self, rows: S::Rows, place: (u64, u64)) {
        let inside = |row: &usize| self.range.contains(&rows.time(*row));
        let first = match self.order {
            Order::Ascending => (0..rows.len()).find(inside),
            Order::Descending => (0..rows.len()).rev().find(inside),
        };
        if let Some(row) = first {
            self.rows.push(Some((rows, place)));
            self.wait_for_row(self.rows.len() - 1, row);
        }
    }

    fn wait_for_row(&mut self, number: usize, row: usize) {
        let Some((rows, (run, within))) = &self.rows[number] else { return };
        let time = rows.time(row);
        let rank = rows.seq(row).map_or((*run, *within, row as u64), |seq| (seq, 0, 0));
        let key = match self.order {
            Order::Ascending => (time, STAGE_ROW, rank.0, rank.1, rank.2),
            Order::Descending => (!time, STAGE_ROW, !rank.0, !rank.1, !rank.2),
        };
        self.heap.push(Reverse((key, Waiting::Row { rows: number, row })));
    }

    fn take_row(&mut self, number: usize, row: usize) -> Option<Row<S::Item>> {
        let (rows, _) = self.rows[number].as_ref()?;
        let taken = Row { time: rows.time(row), seq: rows.seq(row).unwrap_or(0), item: rows.item(row) };
        let next = match self.order {
            Order::Ascending => Some(row + 1).filter(|next| *next < rows.len()),
            Order::Descending => row.checked_sub(1),
        };
        match next.filter(|next| self.range.contains(&rows.time(*next))) {
            Some(next) => self.wait_for_row(number, next),
            None => self.rows[number] = None,
        }
        Some(taken)
    }
}
