//! The log block: entries of one log of one stream, in order of time.

use bytes::Bytes;

use crate::blocks::column::{Scratch, decode_ints, encode_ints};
use crate::blocks::history::BlockSummary;
use crate::blocks::pack::ByteReader;

/// Body bytes after which a block is closed.
pub(crate) const BODY_TARGET: usize = 32 << 10;

/// Collects the entries of one block.
#[derive(Debug, Default)]
pub(crate) struct LogBlockBuilder<'a> {
    times: Vec<i64>,
    seqs: Vec<i64>,
    lengths: Vec<i64>,
    bodies: Vec<&'a [u8]>,
    body_bytes: usize,
    scratch: Scratch,
}

impl<'a> LogBlockBuilder<'a> {
    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    pub(crate) fn body_bytes(&self) -> usize {
        self.body_bytes
    }

    /// Adds an entry; (time, seq) must not go back.
    pub(crate) fn push(&mut self, time: i64, seq: u64, body: &'a [u8]) {
        self.times.push(time);
        self.seqs.push(seq as i64);
        self.lengths.push(body.len() as i64);
        self.bodies.push(body);
        self.body_bytes += body.len();
    }

    /// Appends the block to `out` and begins the next one; nothing when there are no entries.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Option<BlockSummary> {
        let (&min_time, &max_time) = (self.times.first()?, self.times.last()?);
        let rows = self.times.len();
        for time in &mut self.times {
            *time -= min_time;
        }
        for column in [&self.times, &self.seqs, &self.lengths] {
            encode_ints(column, &mut self.scratch, out);
        }
        for body in self.bodies.drain(..) {
            out.extend_from_slice(body);
        }
        self.times.clear();
        self.seqs.clear();
        self.lengths.clear();
        self.body_bytes = 0;
        Some(BlockSummary { rows, min_time, max_time, compressible: true })
    }
}

/// A log block, read back.
#[derive(Debug)]
pub(crate) struct LogBlock {
    pub times: Vec<i64>,
    pub seqs: Vec<i64>,
    /// Where each body ends in `bodies`.
    ends: Vec<usize>,
    bodies: Bytes,
}

impl LogBlock {
    pub(crate) fn body(&self, row: usize) -> &[u8] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.bodies[start..self.ends[row]]
    }
}

/// Reads a block of `rows` entries that begins at `min_time`.
pub(crate) fn decode_block(bytes: &Bytes, rows: usize, min_time: i64) -> Option<LogBlock> {
    if rows > bytes.len().saturating_mul(128) {
        return None;
    }
    let mut reader = ByteReader::new(bytes);
    let mut times = decode_ints(&mut reader, rows)?;
    for time in &mut times {
        *time = time.wrapping_add(min_time);
    }
    let seqs = decode_ints(&mut reader, rows)?;
    let lengths = decode_ints(&mut reader, rows)?;
    let bodies = bytes.slice(bytes.len() - reader.rest().len()..);
    let mut ends = Vec::with_capacity(rows);
    let mut end = 0_usize;
    for length in lengths {
        end = end.checked_add(usize::try_from(length).ok()?)?;
        ends.push(end);
    }
    (end <= bodies.len()).then_some(LogBlock { times, seqs, ends, bodies })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_come_back() {
        let mut builder = LogBlockBuilder::default();
        builder.push(500, 7, b"first");
        builder.push(500, 9, b"");
        builder.push(900, 8, b"third");
        let mut bytes = Vec::new();
        let summary = builder.finish(&mut bytes).unwrap();
        assert_eq!((summary.rows, summary.min_time, summary.max_time), (3, 500, 900));
        let block = decode_block(&Bytes::from(bytes.clone()), 3, 500).unwrap();
        assert_eq!(block.times, [500, 500, 900]);
        assert_eq!(block.seqs, [7, 9, 8]);
        assert_eq!((0..3).map(|row| block.body(row)).collect::<Vec<_>>(), [&b"first"[..], b"", b"third"]);
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x55;
            let _ = decode_block(&Bytes::from(damaged), 3, 500);
            let _ = decode_block(&Bytes::copy_from_slice(&bytes[..at]), 3, 500);
        }
    }
}
