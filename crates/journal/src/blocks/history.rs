//! The history block: rows of one stream, in order of time, with the points that were reported together.
//!
//! A row is a moment; each property is a column that has a value in all rows, in a bitmap of rows, or in a list of rows.
//! Properties that are reported together share their times, which is most of what a point costs.

use crate::blocks::column::{
    ColumnValues, Scratch, decode_ints, decode_values, encode_ints, encode_values, is_compressible, skip_ints,
};
use crate::blocks::pack::{ByteReader, put_varint};
use yizhan_vocabulary::PropertyNumber;

use crate::record::PointRef;

const IN_ALL_ROWS: u8 = 0;
const IN_BITMAP: u8 = 1;
const IN_LIST: u8 = 2;

/// More rows than any block that this program writes.
const ROW_LIMIT: usize = 1 << 20;

#[derive(Debug)]
struct Column<'a> {
    property: PropertyNumber,
    rows: Vec<u32>,
    values: Vec<PointRef<'a>>,
}

/// Collects the rows of one block.
#[derive(Debug, Default)]
pub(crate) struct HistoryBlockBuilder<'a> {
    times: Vec<i64>,
    columns: Vec<Column<'a>>,
    used: usize,
    points: u64,
    scratch: Scratch,
    encoded: Vec<u8>,
}

/// What a finished block says about itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BlockSummary {
    pub rows: usize,
    pub min_time: i64,
    pub max_time: i64,
    pub compressible: bool,
}

impl<'a> HistoryBlockBuilder<'a> {
    pub(crate) fn rows(&self) -> usize {
        self.times.len()
    }

    /// Points taken since the builder was made.
    pub(crate) fn points(&self) -> u64 {
        self.points
    }

    /// Adds a row; times must not go back. A property that comes twice makes a second row.
    pub(crate) fn push(&mut self, time: i64, points: impl Iterator<Item = (PropertyNumber, PointRef<'a>)>) {
        self.times.push(time);
        // Reports mostly name the same properties in the same order, so the next column is where to look first.
        let mut expected = 0;
        for (property, value) in points {
            let known = &self.columns[..self.used];
            let column = match known.get(expected) {
                Some(column) if column.property == property => expected,
                _ => match known.iter().position(|column| column.property == property) {
                    Some(column) => column,
                    None => self.add_column(property),
                },
            };
            expected = column + 1;
            if self.columns[column].rows.last() == Some(&(self.times.len() as u32 - 1)) {
                self.times.push(time);
            }
            let column = &mut self.columns[column];
            column.rows.push(self.times.len() as u32 - 1);
            column.values.push(value);
            self.points += 1;
        }
    }

    fn add_column(&mut self, property: PropertyNumber) -> usize {
        if self.used == self.columns.len() {
            self.columns.push(Column { property, rows: Vec::new(), values: Vec::new() });
        } else {
            self.columns[self.used].property = property;
        }
        self.used += 1;
        self.used - 1
    }

    /// Appends the block to `out` and begins the next one; nothing when there are no rows.
    pub(crate) fn finish(&mut self, out: &mut Vec<u8>) -> Option<BlockSummary> {
        let (&min_time, &max_time) = (self.times.first()?, self.times.last()?);
        let rows = self.times.len();
        for time in &mut self.times {
            *time -= min_time;
        }
        encode_ints(&self.times, &mut self.scratch, out);
        self.columns[..self.used].sort_unstable_by_key(|column| column.property);
        put_varint(out, self.used as u64);
        let mut compressible = false;
        let mut previous = 0;
        for column in &mut self.columns[..self.used] {
            put_varint(out, u64::from(column.property.0 - previous));
            previous = column.property.0;
            self.encoded.clear();
            let presence = encode_presence(&column.rows, rows, &mut self.scratch, &mut self.encoded);
            let tag = encode_values(&column.values, &mut self.scratch, &mut self.encoded);
            compressible |= is_compressible(tag);
            out.push(presence << 4 | tag);
            put_varint(out, self.encoded.len() as u64);
            out.extend_from_slice(&self.encoded);
            column.rows.clear();
            column.values.clear();
        }
        self.used = 0;
        self.times.clear();
        Some(BlockSummary { rows, min_time, max_time, compressible })
    }
}

fn encode_presence(rows: &[u32], total: usize, scratch: &mut Scratch, out: &mut Vec<u8>) -> u8 {
    if rows.len() == total {
        return IN_ALL_ROWS;
    }
    if rows.len() * 8 < total {
        put_varint(out, rows.len() as u64);
        let rows: Vec<i64> = rows.iter().map(|row| i64::from(*row)).collect();
        encode_ints(&rows, scratch, out);
        return IN_LIST;
    }
    let start = out.len();
    out.resize(start + total.div_ceil(8), 0);
    for row in rows {
        out[start + *row as usize / 8] |= 1 << (row % 8);
    }
    IN_BITMAP
}

fn decode_presence(presence: u8, total: usize, reader: &mut ByteReader<'_>) -> Option<Vec<u32>> {
    match presence {
        IN_ALL_ROWS => Some((0..total as u32).collect()),
        IN_BITMAP => {
            let bitmap = reader.take(total.div_ceil(8))?;
            let set = |row: &u32| bitmap[*row as usize / 8] >> (row % 8) & 1 == 1;
            Some((0..total as u32).filter(set).collect())
        }
        IN_LIST => {
            let count = reader.count(total)?;
            let rows = decode_ints(reader, count)?;
            let ordered = rows.is_sorted() && rows.iter().all(|row| (0..total as i64).contains(row));
            ordered.then(|| rows.into_iter().map(|row| row as u32).collect())
        }
        _ => None,
    }
}

/// One column of a block, read back.
#[derive(Debug)]
pub(crate) struct HistoryColumn {
    pub property: PropertyNumber,
    /// The rows it has values in, ascending.
    pub rows: Vec<u32>,
    /// A value for each of `rows`.
    pub values: ColumnValues,
}

/// A block, read back: all of it or one column.
#[derive(Debug)]
pub(crate) struct HistoryBlock {
    pub times: Vec<i64>,
    pub columns: Vec<HistoryColumn>,
}

/// Reads a block of `rows` rows that begins at `min_time`; only the column of `only` when that is given.
pub(crate) fn decode_block(
    bytes: &[u8],
    rows: usize,
    min_time: i64,
    only: Option<PropertyNumber>,
) -> Option<HistoryBlock> {
    if rows > ROW_LIMIT {
        return None;
    }
    let mut reader = ByteReader::new(bytes);
    // The times stand first but are only worth reading when the block has the column asked for.
    let mut times_reader = reader;
    skip_ints(&mut reader, rows)?;
    let count = reader.count(usize::from(u16::MAX) + 1)?;
    let mut columns = Vec::new();
    let mut property = 0_u64;
    for _ in 0..count {
        property += reader.varint()?;
        let head = reader.byte()?;
        let length = reader.count(reader.rest().len())?;
        let content = reader.take(length)?;
        let number = PropertyNumber(u16::try_from(property).ok()?);
        if only.is_some_and(|only| only != number) {
            continue;
        }
        let mut content = ByteReader::new(content);
        let rows = decode_presence(head >> 4, rows, &mut content)?;
        let values = decode_values(head & 0xf, content.rest(), rows.len())?;
        columns.push(HistoryColumn { property: number, rows, values });
    }
    let mut times = Vec::new();
    if only.is_none() || !columns.is_empty() {
        times = decode_ints(&mut times_reader, rows)?;
        for time in &mut times {
            *time = time.wrapping_add(min_time);
        }
    }
    Some(HistoryBlock { times, columns })
}

#[cfg(test)]
mod tests {
    use super::*;
    use yizhan_vocabulary::PointValue;

    #[test]
    fn rows_come_back_by_column() {
        let mut builder = HistoryBlockBuilder::default();
        let mut bytes = Vec::new();
        builder.push(
            1000,
            [(PropertyNumber(1), PointRef::Int(5)), (PropertyNumber(7), PointRef::Text("a"))].into_iter(),
        );
        builder.push(1000, [(PropertyNumber(1), PointRef::Int(6))].into_iter());
        builder.push(
            1010,
            [
                (PropertyNumber(1), PointRef::Int(7)),
                (PropertyNumber(1), PointRef::Int(8)),
                (PropertyNumber(300), PointRef::Bool(true)),
            ]
            .into_iter(),
        );
        let summary = builder.finish(&mut bytes).unwrap();
        assert_eq!((summary.rows, summary.min_time, summary.max_time), (4, 1000, 1010));
        assert!(builder.finish(&mut Vec::new()).is_none());

        let block = decode_block(&bytes, 4, 1000, None).unwrap();
        assert_eq!(block.times, [1000, 1000, 1010, 1010]);
        let read = |column: &HistoryColumn| -> Vec<(i64, PointValue)> {
            let value = |(index, row): (usize, &u32)| {
                (block.times[*row as usize], column.values.get(index).to_owned())
            };
            column.rows.iter().enumerate().map(value).collect()
        };
        assert_eq!(block.columns.iter().map(|column| column.property.0).collect::<Vec<_>>(), [1, 7, 300]);
        assert_eq!(
            read(&block.columns[0]),
            [(1000, 5), (1000, 6), (1010, 7), (1010, 8)].map(|(time, value)| (time, PointValue::Int(value)))
        );
        assert_eq!(read(&block.columns[2]), [(1010, PointValue::Bool(true))]);

        let one = decode_block(&bytes, 4, 1000, Some(PropertyNumber(7))).unwrap();
        assert_eq!(one.columns.len(), 1);
        assert!(decode_block(&bytes, 4, 1000, Some(PropertyNumber(8))).unwrap().columns.is_empty());
    }

    #[test]
    fn a_property_that_is_rare_takes_little() {
        let mut builder = HistoryBlockBuilder::default();
        for row in 0..1000_i64 {
            let property = (row % 100) as u16;
            builder.push(row * 1000, [(PropertyNumber(property), PointRef::Int(row / 100))].into_iter());
        }
        let mut bytes = Vec::new();
        builder.finish(&mut bytes).unwrap();
        assert!(bytes.len() < 3000, "{} bytes", bytes.len());
        let block = decode_block(&bytes, 1000, 0, Some(PropertyNumber(42))).unwrap();
        assert_eq!(block.columns[0].rows, (0..10).map(|hundred| hundred * 100 + 42).collect::<Vec<u32>>());
    }

    #[test]
    fn a_damaged_block_is_refused_without_panic() {
        let mut builder = HistoryBlockBuilder::default();
        for row in 0..40 {
            builder.push(
                row,
                [(PropertyNumber(1), PointRef::Float(row as f64)), (PropertyNumber(2), PointRef::Text("x"))]
                    .into_iter(),
            );
        }
        let mut bytes = Vec::new();
        builder.finish(&mut bytes).unwrap();
        for at in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[at] ^= 0x41;
            let _ = decode_block(&damaged, 40, 0, None);
            let _ = decode_block(&bytes[..at], 40, 0, None);
        }
    }
}
