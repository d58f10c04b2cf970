//! The two things that can be asked for: one property's history and one log.

use bytes::Bytes;
use yizhan_vocabulary::{PointValue, PropertyNumber, UnixMillis};

use super::LogEntry;
use super::merge::{Rows, Subject};
use crate::blocks::chunk::BlockEntry;
use crate::blocks::column::ColumnValues;
use crate::blocks::{history, logs};
use crate::record::{LogKind, RecordKind, RecordView};
use crate::segment::Class;

/// One property of one stream.
#[derive(Debug, Clone, Copy)]
pub(crate) struct PropertyHistory {
    pub stream: u64,
    pub property: PropertyNumber,
}

/// Values of the property with their times.
pub(crate) enum HistoryRows {
    Block { times: Vec<i64>, rows: Vec<u32>, values: ColumnValues },
    Record { time: i64, values: Vec<PointValue> },
}

impl Rows for HistoryRows {
    type Item = PointValue;

    fn len(&self) -> usize {
        match self {
            Self::Block { rows, .. } => rows.len(),
            Self::Record { values, .. } => values.len(),
        }
    }

    fn time(&self, row: usize) -> i64 {
        match self {
            Self::Block { times, rows, .. } => times[rows[row] as usize],
            Self::Record { time, .. } => *time,
        }
    }

    fn seq(&self, _row: usize) -> Option<u64> {
        None
    }

    fn item(&self, row: usize) -> PointValue {
        match self {
            Self::Block { values, .. } => values.get(row).to_owned(),
            Self::Record { values, .. } => values[row].clone(),
        }
    }
}

impl Subject for PropertyHistory {
    type Item = PointValue;
    type Rows = HistoryRows;

    fn class(&self) -> Class {
        Class::History
    }

    fn stream(&self) -> u64 {
        self.stream
    }

    fn open_block(&self, payload: &Bytes, entry: &BlockEntry) -> Option<HistoryRows> {
        let bytes = payload.get(entry.start..entry.start + entry.length)?;
        let block = history::decode_block(bytes, entry.rows, entry.min_time, Some(self.property))?;
        let Some(column) = block.columns.into_iter().next() else {
            return Some(HistoryRows::Record { time: entry.min_time, values: Vec::new() });
        };
        Some(HistoryRows::Block { times: block.times, rows: column.rows, values: column.values })
    }

    fn open_record(&self, record: &RecordView<'_>) -> HistoryRows {
        let wanted = record.points().filter(|(property, _)| *property == self.property);
        HistoryRows::Record { time: record.time.0, values: wanted.map(|(_, value)| value).collect() }
    }
}

/// One log of one stream.
pub(crate) struct StreamLog {
    pub stream: u64,
    pub kind: LogKind,
}

/// Entries of the log.
pub(crate) enum LogRows {
    Block(logs::LogBlock),
    Record(Option<LogEntry>),
}

impl Rows for LogRows {
    type Item = LogEntry;

    fn len(&self) -> usize {
        match self {
            Self::Block(block) => block.times.len(),
            Self::Record(entry) => usize::from(entry.is_some()),
        }
    }

    fn time(&self, row: usize) -> i64 {
        match self {
            Self::Block(block) => block.times[row],
            Self::Record(entry) => entry.as_ref().map_or(0, |entry| entry.time.0),
        }
    }

    fn seq(&self, row: usize) -> Option<u64> {
        match self {
            Self::Block(block) => Some(block.seqs[row] as u64),
            Self::Record(entry) => entry.as_ref().map(|entry| entry.seq),
        }
    }

    fn item(&self, row: usize) -> LogEntry {
        match self {
            Self::Block(block) => LogEntry {
                seq: block.seqs[row] as u64,
                time: UnixMillis(block.times[row]),
                // A copy, so that an entry that is kept does not keep its whole chunk in memory.
                body: Bytes::copy_from_slice(block.body(row)),
            },
            Self::Record(entry) => {
                entry.clone().unwrap_or(LogEntry { seq: 0, time: UnixMillis(0), body: Bytes::new() })
            }
        }
    }
}

impl Subject for StreamLog {
    type Item = LogEntry;
    type Rows = LogRows;

    fn class(&self) -> Class {
        Class::Log(self.kind)
    }

    fn stream(&self) -> u64 {
        self.stream
    }

    fn open_block(&self, payload: &Bytes, entry: &BlockEntry) -> Option<LogRows> {
        let bytes = payload.get(entry.start..entry.start + entry.length)?;
        logs::decode_block(&payload.slice_ref(bytes), entry.rows, entry.min_time).map(LogRows::Block)
    }

    fn open_record(&self, record: &RecordView<'_>) -> LogRows {
        let ours = record.kind == RecordKind::Log(self.kind);
        LogRows::Record(ours.then(|| LogEntry {
            seq: record.seq,
            time: record.time,
            body: Bytes::copy_from_slice(record.body),
        }))
    }
}
