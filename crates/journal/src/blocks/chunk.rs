//! A chunk: blocks of neighbouring streams, read together and checked together.
//!
//! `checksum u32`, `form u8` (0 plain, 1 compressed), number of blocks, length of the payload before compression, the
//! directory, the payload. The directory is never compressed, so that a chunk without the stream in question costs only
//! a walk over it.

use bytes::Bytes;

use crate::blocks::history::BlockSummary;
use crate::blocks::pack::{ByteReader, put_varint, zigzag};

const PLAIN: u8 = 0;
const COMPRESSED: u8 = 1;
const CHECKSUM_LEN: usize = 4;
/// More than any payload that this program writes.
const PAYLOAD_LIMIT: usize = 64 << 20;

/// Which blocks belong together: the class of a record (0 history, else the log's number) and the stream.
pub(crate) type BlockKey = (u8, u64);

/// Collects blocks in the order of their keys.
#[derive(Debug, Default)]
pub(crate) struct ChunkBuilder {
    first: Option<BlockKey>,
    previous: (u8, u64, i64),
    blocks: u64,
    directory: Vec<u8>,
    payload: Vec<u8>,
    compressible: bool,
}

impl ChunkBuilder {
    pub(crate) fn is_empty(&self) -> bool {
        self.blocks == 0
    }

    /// Bytes before compression.
    pub(crate) fn len(&self) -> usize {
        self.directory.len() + self.payload.len()
    }

    /// The key of the first block.
    pub(crate) fn first(&self) -> Option<BlockKey> {
        self.first
    }

    /// Adds a block.
    pub(crate) fn push(&mut self, key: BlockKey, summary: &BlockSummary, block: &[u8]) {
        let (class, stream) = key;
        self.first.get_or_insert(key);
        let (last_class, last_stream, last_time) = self.previous;
        let base = if class == last_class { last_stream } else { 0 };
        let out = &mut self.directory;
        out.push(class);
        put_varint(out, stream.wrapping_sub(base));
        put_varint(out, summary.rows as u64);
        put_varint(out, zigzag(summary.min_time.wrapping_sub(last_time)));
        put_varint(out, (summary.max_time - summary.min_time) as u64);
        put_varint(out, block.len() as u64);
        self.previous = (class, stream, summary.min_time);
        self.payload.extend_from_slice(block);
        self.blocks += 1;
        self.compressible |= summary.compressible;
    }

    /// Appends the chunk to `out` and begins the next one.
    pub(crate) fn finish(&mut self, level: i32, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + CHECKSUM_LEN, 0);
        let packed = if self.compressible { zstd::bulk::compress(&self.payload, level).ok() } else { None };
        // Compression has to earn the time that reading back takes.
        let packed = packed.filter(|packed| packed.len() + packed.len() / 8 < self.payload.len());
        out.push(if packed.is_some() { COMPRESSED } else { PLAIN });
        put_varint(out, self.blocks);
        put_varint(out, self.payload.len() as u64);
        put_varint(out, self.directory.len() as u64);
        out.extend_from_slice(&self.directory);
        out.extend_from_slice(packed.as_deref().unwrap_or(&self.payload));
        let checksum = crc32c::crc32c(&out[start + CHECKSUM_LEN..]);
        out[start..start + CHECKSUM_LEN].copy_from_slice(&checksum.to_le_bytes());
        self.first = None;
        self.previous = (0, 0, 0);
        self.blocks = 0;
        self.directory.clear();
        self.payload.clear();
        self.compressible = false;
    }
}

/// A block's line in the directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockEntry {
    pub key: BlockKey,
    pub rows: usize,
    pub min_time: i64,
    pub max_time: i64,
    /// Where its bytes begin in the payload.
    pub start: usize,
    pub length: usize,
}

/// A chunk, opened for reading.
#[derive(Debug, Clone)]
pub(crate) struct Chunk {
    directory: Bytes,
    blocks: usize,
    content: Bytes,
    compressed: bool,
    payload_len: usize,
}

impl Chunk {
    /// Checks and opens a chunk; `None` when it is damaged.
    pub(crate) fn open(bytes: &Bytes) -> Option<Self> {
        let (checksum, checked) = bytes.split_first_chunk::<CHECKSUM_LEN>()?;
        if crc32c::crc32c(checked).to_le_bytes() != *checksum {
            return None;
        }
        let mut reader = ByteReader::new(checked);
        let compressed = match reader.byte()? {
            PLAIN => false,
            COMPRESSED => true,
            _ => return None,
        };
        let blocks = reader.count(checked.len())?;
        let payload_len = reader.count(PAYLOAD_LIMIT)?;
        let directory_len = reader.count(reader.rest().len())?;
        let at = bytes.len() - reader.rest().len();
        Some(Self {
            directory: bytes.slice(at..at + directory_len),
            blocks,
            content: bytes.slice(at + directory_len..),
            compressed,
            payload_len,
        })
    }

    /// The directory, in the order of keys.
    pub(crate) fn entries(&self) -> impl Iterator<Item = BlockEntry> + '_ {
        let mut reader = ByteReader::new(&self.directory);
        let (mut class, mut stream, mut time, mut start) = (0, 0_u64, 0_i64, 0_usize);
        (0..self.blocks).map_while(move |_| {
            let next_class = reader.byte()?;
            let base = if next_class == class { stream } else { 0 };
            class = next_class;
            stream = base.wrapping_add(reader.varint()?);
            let rows = usize::try_from(reader.varint()?).ok()?;
            time = time.wrapping_add(reader.signed()?);
            let max_time = time.saturating_add(i64::try_from(reader.varint()?).ok()?);
            let length = reader.count(self.payload_len)?;
            let entry = BlockEntry { key: (class, stream), rows, min_time: time, max_time, start, length };
            start += length;
            (start <= self.payload_len).then_some(entry)
        })
    }

    /// The payload that directory entries point into.
    pub(crate) fn payload(&self) -> Option<Bytes> {
        if !self.compressed {
            return (self.content.len() == self.payload_len).then(|| self.content.clone());
        }
        let payload = zstd::bulk::decompress(&self.content, self.payload_len).ok()?;
        (payload.len() == self.payload_len).then(|| payload.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(rows: usize, min_time: i64, max_time: i64, compressible: bool) -> BlockSummary {
        BlockSummary { rows, min_time, max_time, compressible }
    }

    #[test]
    fn blocks_come_back_and_damage_is_noticed() {
        for compressible in [false, true] {
            let mut builder = ChunkBuilder::default();
            let long = vec![b'x'; 5000];
            builder.push((0, 5), &summary(3, 1000, 2000, compressible), b"abc");
            builder.push((0, 5), &summary(1, 2500, 2500, compressible), b"");
            builder.push((2, 1), &summary(9, -5, 5, compressible), &long);
            assert_eq!(builder.first(), Some((0, 5)));
            let mut bytes = Vec::new();
            builder.finish(3, &mut bytes);
            assert!(builder.is_empty());
            assert_eq!(bytes.len() < 1000, compressible);
            let chunk = Chunk::open(&Bytes::from(bytes.clone())).unwrap();
            let entries: Vec<BlockEntry> = chunk.entries().collect();
            assert_eq!(entries.iter().map(|entry| entry.key).collect::<Vec<_>>(), [(0, 5), (0, 5), (2, 1)]);
            assert_eq!((entries[2].min_time, entries[2].max_time, entries[2].rows), (-5, 5, 9));
            let payload = chunk.payload().unwrap();
            assert_eq!(&payload[entries[0].start..][..entries[0].length], b"abc");
            assert_eq!(&payload[entries[2].start..][..entries[2].length], long);
            for at in 0..bytes.len() {
                let mut damaged = bytes.clone();
                damaged[at] ^= 1;
                assert!(Chunk::open(&Bytes::from(damaged)).is_none());
            }
        }
    }
}
