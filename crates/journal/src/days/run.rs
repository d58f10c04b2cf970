//! A run: what one sealing, or one merge, put into a day file.
//!
//! Its chunks stand one behind the other in a byte string that is cut into pieces of one page of the storage engine,
//! whatever the chunks' sizes: the engine rounds large values up to powers of two, which would waste a third. An index
//! leads from the key of a chunk's first block to its place.

use bytes::{Bytes, BytesMut};
use redb::{ReadableTable, Table, TableDefinition};

use crate::blocks::chunk::{BlockKey, ChunkBuilder};
use crate::blocks::history::BlockSummary;
use crate::blocks::pack::{ByteReader, put_varint, zigzag};

/// What a value may have so that it, its key and the leaf's header fill a page of 16 KiB.
const PIECE: usize = 16_384 - 64;

pub(crate) const META: TableDefinition<'static, &str, u64> = TableDefinition::new("day");
pub(crate) const RUNS: TableDefinition<'static, u64, &[u8]> = TableDefinition::new("runs");
pub(crate) const INDEX: TableDefinition<'static, ChunkKey, ChunkPlace> = TableDefinition::new("index");
pub(crate) const PIECES: TableDefinition<'static, PieceKey, &[u8]> = TableDefinition::new("pieces");

/// Run, class and stream of the chunk's first block, and which of several chunks that begin alike.
pub(crate) type ChunkKey = (u64, u8, u64, u32);
/// Offset in the run's byte string, length, earliest and latest time.
pub(crate) type ChunkPlace = (u64, u32, i64, i64);
/// Run and number of the piece.
pub(crate) type PieceKey = (u64, u32);

/// How a run came to be and what it spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct RunMeta {
    /// 0 from sealing, one more with each merge.
    pub level: u32,
    pub min_time: i64,
    pub max_time: i64,
    pub rows: u64,
    pub bytes: u64,
}

impl RunMeta {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, u64::from(self.level));
        put_varint(&mut out, zigzag(self.min_time));
        put_varint(&mut out, zigzag(self.max_time));
        put_varint(&mut out, self.rows);
        put_varint(&mut out, self.bytes);
        out
    }

    pub(crate) fn parse(bytes: &[u8]) -> Option<Self> {
        let mut reader = ByteReader::new(bytes);
        Some(Self {
            level: u32::try_from(reader.varint()?).ok()?,
            min_time: reader.signed()?,
            max_time: reader.signed()?,
            rows: reader.varint()?,
            bytes: reader.varint()?,
        })
    }
}

/// A chunk that has not been read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ChunkRef {
    pub run: u64,
    pub first: BlockKey,
    pub offset: u64,
    pub length: u32,
    pub min_time: i64,
    pub max_time: i64,
}

/// How chunks are made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ChunkForm {
    /// Bytes before compression after which a chunk is closed.
    pub target: usize,
    pub level: i32,
}

/// Writes one run into the tables of an open transaction. Blocks come in the order of their keys.
pub(crate) struct RunWriter<'txn> {
    run: u64,
    form: ChunkForm,
    index: Table<'txn, ChunkKey, ChunkPlace>,
    pieces: Table<'txn, PieceKey, &'static [u8]>,
    chunk: ChunkBuilder,
    chunk_span: (i64, i64),
    last_first: Option<BlockKey>,
    part: u32,
    pending: Vec<u8>,
    piece: u32,
    offset: u64,
    meta: RunMeta,
}

impl<'txn> RunWriter<'txn> {
    pub(crate) fn new(
        run: u64,
        level: u32,
        form: ChunkForm,
        index: Table<'txn, ChunkKey, ChunkPlace>,
        pieces: Table<'txn, PieceKey, &'static [u8]>,
    ) -> Self {
        let meta = RunMeta { level, min_time: i64::MAX, max_time: i64::MIN, rows: 0, bytes: 0 };
        Self {
            run,
            form,
            index,
            pieces,
            chunk: ChunkBuilder::default(),
            chunk_span: (i64::MAX, i64::MIN),
            last_first: None,
            part: 0,
            pending: Vec::new(),
            piece: 0,
            offset: 0,
            meta,
        }
    }

    /// Bytes written so far.
    pub(crate) fn bytes(&self) -> u64 {
        self.offset
    }

    pub(crate) fn push(
        &mut self,
        key: BlockKey,
        summary: &BlockSummary,
        block: &[u8],
    ) -> Result<(), redb::StorageError> {
        if !self.chunk.is_empty() && self.chunk.len() + block.len() > self.form.target {
            self.close_chunk()?;
        }
        self.chunk.push(key, summary, block);
        let (least, most) = self.chunk_span;
        self.chunk_span = (least.min(summary.min_time), most.max(summary.max_time));
        self.meta.rows += summary.rows as u64;
        Ok(())
    }

    fn close_chunk(&mut self) -> Result<(), redb::StorageError> {
        let Some(first) = self.chunk.first() else { return Ok(()) };
        let start = self.pending.len();
        self.chunk.finish(self.form.level, &mut self.pending);
        let length = self.pending.len() - start;
        self.part = if self.last_first == Some(first) { self.part + 1 } else { 0 };
        self.last_first = Some(first);
        let (min_time, max_time) = std::mem::replace(&mut self.chunk_span, (i64::MAX, i64::MIN));
        let place = (self.offset, length as u32, min_time, max_time);
        self.index.insert((self.run, first.0, first.1, self.part), place)?;
        self.meta.min_time = self.meta.min_time.min(min_time);
        self.meta.max_time = self.meta.max_time.max(max_time);
        self.offset += length as u64;
        let mut written = 0;
        while self.pending.len() - written >= PIECE {
            self.pieces.insert((self.run, self.piece), &self.pending[written..written + PIECE])?;
            self.piece += 1;
            written += PIECE;
        }
        self.pending.drain(..written);
        Ok(())
    }

    /// Writes what is left and says what the run is.
    pub(crate) fn finish(mut self) -> Result<RunMeta, redb::StorageError> {
        self.close_chunk()?;
        if !self.pending.is_empty() {
            self.pieces.insert((self.run, self.piece), &self.pending[..])?;
        }
        self.meta.bytes = self.offset;
        Ok(self.meta)
    }
}

/// Reads the bytes of a chunk.
pub(crate) fn read_chunk(
    pieces: &impl ReadableTable<PieceKey, &'static [u8]>,
    place: &ChunkRef,
) -> Result<Option<Bytes>, redb::StorageError> {
    let end = place.offset + u64::from(place.length);
    let mut out = BytesMut::with_capacity(place.length as usize);
    let mut at = place.offset;
    while at < end {
        let number = (at / PIECE as u64) as u32;
        let within = (at % PIECE as u64) as usize;
        let wanted = ((end - at) as usize).min(PIECE - within);
        let Some(piece) = pieces.get((place.run, number))? else { return Ok(None) };
        let Some(part) = piece.value().get(within..within + wanted) else { return Ok(None) };
        out.extend_from_slice(part);
        at += wanted as u64;
    }
    Ok(Some(out.freeze()))
}
