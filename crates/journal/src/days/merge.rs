//! Making few large runs out of many small ones.
//!
//! Sealing leaves a run for each segment, with a few rows of each stream. Merging puts a stream's rows together, which
//! makes them cheaper to keep and to find. Memory stays bounded: streams are merged one after the other, and a stream's
//! rows in portions that end where no unread block can reach back.

use std::path::Path;

use bytes::Bytes;

use super::{ChunkRef, DayFile, DayReader, DayWriter, FileClass, RunWriter};
use yizhan_vocabulary::PropertyNumber;

use crate::blocks::MAX_ROWS;
use crate::blocks::chunk::{BlockEntry, BlockKey, Chunk};
use crate::blocks::history::{self, HistoryBlock, HistoryBlockBuilder};
use crate::blocks::logs::{self, BODY_TARGET, LogBlock, LogBlockBuilder};
use crate::damage::{damaged, guarded};
use crate::private;
use crate::record::PointRef;

/// Rows taken together at least before they are written.
const PORTION_ROWS: usize = 8 * MAX_ROWS;
/// Rows held at most; then they are written although later blocks may reach back.
const MAX_HELD_ROWS: usize = 256 * MAX_ROWS;
/// Bytes of blocks held at most.
const MAX_HELD_BYTES: usize = 32 << 20;
/// Bytes after which a packed day begins another run, and so another transaction.
const PACKED_RUN_BYTES: u64 = 256 << 20;

/// Which runs of a file are worth merging.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct MergePlan {
    pub runs: Vec<u64>,
    pub level: u32,
}

impl MergePlan {
    /// The oldest runs of one level, once there are enough of them; only runs up to `through` are seen by readers.
    pub(crate) fn find(
        reader: &DayReader,
        class: FileClass,
        through: u64,
    ) -> Result<Option<Self>, redb::Error> {
        let enough = match class {
            FileClass::History => 16,
            // Merging logs means compressing them again, which pays off later.
            FileClass::Log => 64,
        };
        let runs = reader.runs()?;
        let levels = runs.iter().map(|(_, meta)| meta.level).max().unwrap_or(0);
        for level in 0..=levels {
            let mut same = runs.iter().filter(|(run, meta)| meta.level == level && *run <= through);
            let found: Vec<u64> = same.by_ref().take(enough).map(|(run, _)| *run).collect();
            if found.len() == enough {
                return Ok(Some(Self { runs: found, level: level + 1 }));
            }
        }
        Ok(None)
    }
}

/// Merges runs within their file, in one transaction; false when it was stopped and changed nothing.
pub(crate) fn merge_runs(
    file: &DayFile,
    plan: &MergePlan,
    stopped: &dyn Fn() -> bool,
) -> Result<bool, redb::Error> {
    guarded(|| merge_into_one(file, plan, stopped))
}

fn merge_into_one(file: &DayFile, plan: &MergePlan, stopped: &dyn Fn() -> bool) -> Result<bool, redb::Error> {
    // Opened for writing first: the file cannot be opened both ways at once.
    let writer = file.write()?;
    let reader = file.read()?;
    let Some(target) = plan.runs.iter().copied().max() else { return Ok(false) };
    // The old runs go first, because the new one takes the name of the newest of them; the reader still sees them.
    for run in &plan.runs {
        writer.remove_run(*run)?;
    }
    let mut output = writer.begin_run(target, plan.level, file.form())?;
    let mut source = StreamMerge::new(&reader, &plan.runs, file.class)?;
    while source.next_stream(&mut output)? {
        if stopped() {
            return Ok(false);
        }
    }
    let meta = output.finish()?;
    writer.finish_run(target, meta)?;
    writer.commit()?;
    Ok(true)
}

/// Writes a closed day anew as one run, or a few if it is large, without the holes that merging left;
/// false when it was stopped and changed nothing.
pub(crate) fn repack(
    file: &DayFile,
    staging: &Path,
    stopped: &dyn Fn() -> bool,
) -> Result<bool, redb::Error> {
    guarded(|| write_anew(file, staging, stopped))
}

fn write_anew(file: &DayFile, staging: &Path, stopped: &dyn Fn() -> bool) -> Result<bool, redb::Error> {
    let reader = file.read()?;
    let runs: Vec<u64> = reader.runs()?.into_iter().map(|(run, _)| run).collect();
    let _ = std::fs::remove_file(staging);
    {
        private::claim_file(staging).map_err(redb::Error::Io)?;
        let database = redb::Database::builder().set_cache_size(16 << 20).create(staging)?;
        let mut source = StreamMerge::new(&reader, &runs, file.class)?;
        // The first numbers of the old runs are free in the new file and lie before all that may still come.
        let mut number = runs.first().copied().unwrap_or(0);
        let mut more = true;
        while more {
            let writer = DayWriter::on(&database)?;
            let mut output = writer.begin_run(number, 1, file.packed_form())?;
            while more && output.bytes() < PACKED_RUN_BYTES {
                more = source.next_stream(&mut output)?;
                if stopped() {
                    return Ok(false);
                }
            }
            let meta = output.finish()?;
            if meta.rows > 0 {
                writer.finish_run(number, meta)?;
            }
            writer.set_sealed_through(reader.sealed_through()?)?;
            writer.set_packed()?;
            writer.commit()?;
            number += 1;
        }
    }
    std::fs::File::open(staging).and_then(|file| file.sync_all()).map_err(redb::Error::Io)?;
    drop(reader);
    file.replace_with(staging).map_err(redb::Error::Io)?;
    Ok(true)
}

/// Reads the blocks of one run one after the other.
struct RunCursor {
    run: u64,
    chunk: Option<(ChunkRef, u32)>,
    entries: std::vec::IntoIter<BlockEntry>,
    payload: Bytes,
    next: Option<BlockEntry>,
}

impl RunCursor {
    fn advance(&mut self, reader: &DayReader) -> Result<(), redb::Error> {
        loop {
            if let Some(entry) = self.entries.next() {
                self.next = Some(entry);
                return Ok(());
            }
            let after = self.chunk.map(|(chunk, part)| (chunk.first, part));
            let Some((place, part)) = reader.next_chunk(self.run, after)? else {
                self.next = None;
                return Ok(());
            };
            let chunk =
                Chunk::open(&reader.read_chunk(&place)?).ok_or_else(|| damaged("a chunk is damaged"))?;
            self.entries = chunk.entries().collect::<Vec<_>>().into_iter();
            self.payload = chunk.payload().ok_or_else(|| damaged("a chunk cannot be decompressed"))?;
            self.chunk = Some((place, part));
        }
    }

    fn block(&self, entry: &BlockEntry) -> Bytes {
        self.payload.slice(entry.start..entry.start + entry.length)
    }
}

/// A block in the middle of being merged.
enum Held {
    History { block: HistoryBlock, cursors: Vec<usize> },
    Log(LogBlock),
}

impl Held {
    fn time(&self, row: usize) -> i64 {
        match self {
            Self::History { block, .. } => block.times[row],
            Self::Log(block) => block.times[row],
        }
    }

    fn tie(&self, row: usize) -> i64 {
        match self {
            Self::History { .. } => 0,
            Self::Log(block) => block.seqs[row],
        }
    }
}

struct HeldBlock {
    held: Held,
    rank: (usize, u64),
    next_row: usize,
    rows: usize,
    bytes: usize,
}

/// Merges the streams of several runs, one stream at a time.
struct StreamMerge<'a> {
    reader: &'a DayReader,
    class: FileClass,
    cursors: Vec<RunCursor>,
    read: u64,
}

impl<'a> StreamMerge<'a> {
    fn new(reader: &'a DayReader, runs: &[u64], class: FileClass) -> Result<Self, redb::Error> {
        let mut cursors = Vec::new();
        for run in runs {
            let entries = Vec::new().into_iter();
            let mut cursor = RunCursor { run: *run, chunk: None, entries, payload: Bytes::new(), next: None };
            cursor.advance(reader)?;
            cursors.push(cursor);
        }
        Ok(Self { reader, class, cursors, read: 0 })
    }

    /// Merges all blocks of the smallest key that is left; false when none is.
    fn next_stream(&mut self, output: &mut RunWriter<'_>) -> Result<bool, redb::Error> {
        let key = self.cursors.iter().filter_map(|cursor| Some(cursor.next?.key)).min();
        let Some(key) = key else { return Ok(false) };
        let mut held: Vec<HeldBlock> = Vec::new();
        loop {
            let horizon = self.fill(key, &mut held)?;
            if held.is_empty() {
                return Ok(true);
            }
            write_portion(self.class, key, &mut held, horizon, output)?;
            held.retain(|block| block.next_row < block.rows);
        }
    }

    /// Holds enough blocks of `key` and says before which time all of its rows are held.
    fn fill(&mut self, key: BlockKey, held: &mut Vec<HeldBlock>) -> Result<i64, redb::Error> {
        loop {
            let waiting = self.cursors.iter().enumerate().filter_map(|(number, cursor)| {
                let next = cursor.next.filter(|entry| entry.key == key)?;
                Some((next.min_time, number))
            });
            let Some((horizon, number)) = waiting.min() else { return Ok(i64::MAX) };
            let rows: usize = held.iter().map(|block| block.rows - block.next_row).sum();
            let bytes: usize = held.iter().map(|block| block.bytes).sum();
            let writable =
                rows >= PORTION_ROWS && held.iter().any(|block| block.held.time(block.next_row) < horizon);
            if writable {
                return Ok(horizon);
            }
            if rows >= MAX_HELD_ROWS || bytes >= MAX_HELD_BYTES {
                return Ok(i64::MAX);
            }
            self.hold(number, held)?;
        }
    }

    fn hold(&mut self, number: usize, held: &mut Vec<HeldBlock>) -> Result<(), redb::Error> {
        let cursor = &mut self.cursors[number];
        let Some(entry) = cursor.next else { return Ok(()) };
        let bytes = cursor.block(&entry);
        let decoded = match self.class {
            FileClass::History => {
                history::decode_block(&bytes, entry.rows, entry.min_time, None).map(|block| {
                    let cursors = vec![0; block.columns.len()];
                    Held::History { block, cursors }
                })
            }
            FileClass::Log => logs::decode_block(&bytes, entry.rows, entry.min_time).map(Held::Log),
        };
        let decoded = decoded.ok_or_else(|| damaged("a block is damaged"))?;
        let rank = (number, self.read);
        held.push(HeldBlock { held: decoded, rank, next_row: 0, rows: entry.rows, bytes: bytes.len() });
        self.read += 1;
        cursor.advance(self.reader)
    }
}

/// Writes the held rows before `horizon`, in order.
fn write_portion(
    class: FileClass,
    key: BlockKey,
    held: &mut [HeldBlock],
    horizon: i64,
    output: &mut RunWriter<'_>,
) -> Result<(), redb::Error> {
    let mut order = Vec::new();
    for (number, block) in held.iter_mut().enumerate() {
        let first = block.next_row;
        while block.next_row < block.rows
            && (horizon == i64::MAX || block.held.time(block.next_row) < horizon)
        {
            block.next_row += 1;
        }
        let (time, tie) = (|row| block.held.time(row), |row| block.held.tie(row));
        order.extend((first..block.next_row).map(|row| (time(row), tie(row), block.rank, row, number)));
    }
    order.sort_unstable();
    let mut encoded = Vec::new();
    match class {
        FileClass::History => {
            let taken = take_points(held, &order);
            let mut builder = HistoryBlockBuilder::default();
            for (position, (time, ..)) in order.iter().enumerate() {
                builder.push(*time, taken.row(position));
                if builder.rows() >= MAX_ROWS || position + 1 == order.len() {
                    encoded.clear();
                    if let Some(summary) = builder.finish(&mut encoded) {
                        output.push(key, &summary, &encoded)?;
                    }
                }
            }
        }
        FileClass::Log => {
            let mut builder = LogBlockBuilder::default();
            for (position, (time, seq, _, row, number)) in order.iter().enumerate() {
                if let Held::Log(block) = &held[*number].held {
                    builder.push(*time, *seq as u64, block.body(*row));
                }
                let full = builder.rows() >= MAX_ROWS || builder.body_bytes() >= BODY_TARGET;
                if full || position + 1 == order.len() {
                    encoded.clear();
                    if let Some(summary) = builder.finish(&mut encoded) {
                        output.push(key, &summary, &encoded)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// The points of rows in order, borrowed from their blocks.
struct TakenPoints<'a> {
    points: Vec<(PropertyNumber, PointRef<'a>)>,
    ends: Vec<usize>,
}

impl<'a> TakenPoints<'a> {
    fn row(&self, position: usize) -> impl Iterator<Item = (PropertyNumber, PointRef<'a>)> {
        let start = if position == 0 { 0 } else { self.ends[position - 1] };
        self.points[start..self.ends[position]].iter().copied()
    }
}

type RowOrder = (i64, i64, (usize, u64), usize, usize);

fn take_points<'a>(held: &'a mut [HeldBlock], order: &[RowOrder]) -> TakenPoints<'a> {
    // First where each row's values are, which moves the cursors; then the values, which only borrows.
    let mut places = Vec::new();
    let mut ends = Vec::with_capacity(order.len());
    for (.., row, number) in order {
        if let Held::History { block, cursors } = &mut held[*number].held {
            for (index, (column, cursor)) in block.columns.iter().zip(cursors).enumerate() {
                if column.rows.get(*cursor) == Some(&(*row as u32)) {
                    places.push((*number, index, *cursor));
                    *cursor += 1;
                }
            }
        }
        ends.push(places.len());
    }
    let held: &'a [HeldBlock] = held;
    let point = |(number, index, cursor): &(usize, usize, usize)| match &held[*number].held {
        Held::History { block, .. } => {
            let column = &block.columns[*index];
            (column.property, column.values.get(*cursor))
        }
        Held::Log(_) => (PropertyNumber(0), PointRef::Bool(false)),
    };
    let points = places.iter().map(point).collect();
    TakenPoints { points, ends }
}
