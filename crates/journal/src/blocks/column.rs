//! One property's values, in the form that takes least.
//!
//! Whole numbers are written as what is left over the smallest, as differences, or as differences of differences,
//! whichever packs best. Floats whose values all have few decimals are scaled to whole numbers when that gives back exactly
//! the same bits; others are kept as they are, with equal bytes side by side. Texts that repeat are written once.

use super::pack::{ByteReader, pack, packed_len, put_varint, skip_packed, unpack, unzigzag, zigzag};
use crate::record::{PointRef, read_value, value_tag, write_value};
use yizhan_vocabulary::PointValue;

const BOOL: u8 = 1;
const INT: u8 = 2;
const DECIMAL: u8 = 3;
const FLOAT: u8 = 4;
const TEXT: u8 = 5;
const JSON: u8 = 6;
const MIXED: u8 = 7;

/// Decimals up to which a float may be scaled.
const MAX_DECIMALS: usize = 9;
const POWERS: [f64; MAX_DECIMALS + 1] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];
/// Whole numbers up to here are exact in a float.
const EXACT: f64 = 9_007_199_254_740_992.0;

const MODE_OFFSETS: u8 = 0;
const MODE_DELTAS: u8 = 1;
const MODE_SECOND_DELTAS: u8 = 2;

/// Buffers that are used again for each column.
#[derive(Debug, Default)]
pub(crate) struct Scratch {
    offsets: Vec<u64>,
    deltas: Vec<u64>,
    second: Vec<u64>,
    ints: Vec<i64>,
}

/// Writes whole numbers; their count is for the caller to remember.
pub(crate) fn encode_ints(values: &[i64], scratch: &mut Scratch, out: &mut Vec<u8>) {
    let Some(&first) = values.first() else { return };
    let least = values.iter().copied().min().unwrap_or(first);
    scratch.offsets.clear();
    scratch.offsets.extend(values.iter().map(|value| value.wrapping_sub(least) as u64));
    scratch.deltas.clear();
    scratch.second.clear();
    let mut previous_delta = 0_i64;
    for pair in values.windows(2) {
        let delta = pair[1].wrapping_sub(pair[0]);
        scratch.deltas.push(zigzag(delta));
        scratch.second.push(zigzag(delta.wrapping_sub(previous_delta)));
        previous_delta = delta;
    }
    let sizes =
        [packed_len(&scratch.offsets), packed_len(&scratch.deltas) + 1, packed_len(&scratch.second) + 1];
    if sizes[0] <= sizes[1] && sizes[0] <= sizes[2] {
        out.push(MODE_OFFSETS);
        put_varint(out, zigzag(least));
        pack(&scratch.offsets, out);
    } else {
        let deltas = sizes[1] <= sizes[2];
        out.push(if deltas { MODE_DELTAS } else { MODE_SECOND_DELTAS });
        put_varint(out, zigzag(first));
        pack(if deltas { &scratch.deltas } else { &scratch.second }, out);
    }
}

/// Reads `count` whole numbers.
pub(crate) fn decode_ints(reader: &mut ByteReader<'_>, count: usize) -> Option<Vec<i64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let mode = reader.byte()?;
    let start = reader.signed()?;
    let mut packed = Vec::with_capacity(count);
    unpack(reader, if mode == MODE_OFFSETS { count } else { count - 1 }, &mut packed)?;
    let mut values = Vec::with_capacity(count);
    if mode == MODE_OFFSETS {
        values.extend(packed.iter().map(|offset| start.wrapping_add(*offset as i64)));
        return Some(values);
    }
    let (mut value, mut delta) = (start, 0_i64);
    values.push(value);
    for packed in packed {
        let step = unzigzag(packed);
        delta = match mode {
            MODE_DELTAS => step,
            MODE_SECOND_DELTAS => delta.wrapping_add(step),
            _ => return None,
        };
        value = value.wrapping_add(delta);
        values.push(value);
    }
    Some(values)
}

/// Steps over `count` whole numbers.
pub(crate) fn skip_ints(reader: &mut ByteReader<'_>, count: usize) -> Option<()> {
    if count == 0 {
        return Some(());
    }
    let mode = reader.byte()?;
    reader.varint()?;
    skip_packed(reader, if mode == MODE_OFFSETS { count } else { count - 1 })
}

/// Scales floats to whole numbers if all of them come back exactly; says with how many decimals.
fn scale(values: impl Iterator<Item = f64> + Clone, out: &mut Vec<i64>) -> Option<usize> {
    let exact = |value: f64, power: f64| {
        let scaled = (value * power).round();
        // By way of the whole number, because that loses the sign of a zero.
        let whole = scaled as i64;
        (scaled.abs() <= EXACT && (whole as f64 / power).to_bits() == value.to_bits()).then_some(whole)
    };
    let mut decimals = 0;
    'again: loop {
        out.clear();
        for value in values.clone() {
            match exact(value, POWERS[decimals]) {
                Some(scaled) => out.push(scaled),
                None => {
                    let found =
                        (decimals + 1..=MAX_DECIMALS).find(|more| exact(value, POWERS[*more]).is_some());
                    decimals = found?;
                    continue 'again;
                }
            }
        }
        return Some(decimals);
    }
}

/// Whether general compression may find something in what a column of this tag holds.
pub(crate) fn is_compressible(tag: u8) -> bool {
    tag >= FLOAT
}

/// Writes a column's values and gives its tag.
pub(crate) fn encode_values(values: &[PointRef<'_>], scratch: &mut Scratch, out: &mut Vec<u8>) -> u8 {
    let Some(first) = values.first() else { return MIXED };
    let tag = value_tag(*first);
    if values.iter().any(|value| value_tag(*value) != tag) {
        for value in values {
            out.push(value_tag(*value));
            write_value(out, *value);
        }
        return MIXED;
    }
    let mut ints = std::mem::take(&mut scratch.ints);
    ints.clear();
    let tag = match first {
        PointRef::Bool(_) | PointRef::Int(_) => {
            ints.extend(values.iter().map(|value| match value {
                PointRef::Bool(value) => i64::from(*value),
                PointRef::Int(value) => *value,
                _ => 0,
            }));
            encode_ints(&ints, scratch, out);
            if matches!(first, PointRef::Bool(_)) { BOOL } else { INT }
        }
        PointRef::Float(_) => {
            let floats =
                values.iter().map(|value| if let PointRef::Float(value) = value { *value } else { 0.0 });
            match scale(floats.clone(), &mut ints) {
                Some(decimals) => {
                    out.push(decimals as u8);
                    encode_ints(&ints, scratch, out);
                    DECIMAL
                }
                None => {
                    encode_raw_floats(floats, out);
                    FLOAT
                }
            }
        }
        PointRef::Text(_) | PointRef::Json(_) => {
            encode_texts(values, &mut ints, scratch, out);
            if matches!(first, PointRef::Text(_)) { TEXT } else { JSON }
        }
    };
    scratch.ints = ints;
    tag
}

/// First bytes of all values, then second bytes and so on, each value combined with the one before.
fn encode_raw_floats(values: impl Iterator<Item = f64> + Clone, out: &mut Vec<u8>) {
    for byte in 0..8 {
        let mut previous = 0_u64;
        for value in values.clone() {
            out.push(((value.to_bits() ^ previous) >> (56 - 8 * byte)) as u8);
            previous = value.to_bits();
        }
    }
}

fn decode_raw_floats(reader: &mut ByteReader<'_>, count: usize) -> Option<Vec<f64>> {
    let bytes = reader.take(count.checked_mul(8)?)?;
    let mut previous = 0_u64;
    let mut values = Vec::with_capacity(count);
    for row in 0..count {
        let mut bits = 0_u64;
        for byte in 0..8 {
            bits = bits << 8 | u64::from(bytes[byte * count + row]);
        }
        previous ^= bits;
        values.push(f64::from_bits(previous));
    }
    Some(values)
}

/// The distinct texts in order of appearance, then which of them each row has.
fn encode_texts(values: &[PointRef<'_>], picks: &mut Vec<i64>, scratch: &mut Scratch, out: &mut Vec<u8>) {
    let mut numbers = ahash::AHashMap::with_capacity(values.len().min(64));
    let mut distinct = Vec::new();
    for value in values {
        let (PointRef::Text(text) | PointRef::Json(text)) = value else { continue };
        let number = *numbers.entry(*text).or_insert_with(|| {
            distinct.push(*text);
            distinct.len() - 1
        });
        picks.push(number as i64);
    }
    put_varint(out, distinct.len() as u64);
    for text in &distinct {
        put_varint(out, text.len() as u64);
        out.extend_from_slice(text.as_bytes());
    }
    if distinct.len() > 1 && distinct.len() < values.len() {
        encode_ints(picks, scratch, out);
    }
}

/// A column's values, read back.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ColumnValues {
    Bools(Vec<i64>),
    Ints(Vec<i64>),
    Floats(Vec<f64>),
    Texts { distinct: Vec<Box<str>>, picks: Vec<u32>, json: bool },
    Mixed(Vec<PointValue>),
}

impl ColumnValues {
    /// The value at `row`; the caller stays below the count it decoded with.
    pub(crate) fn get(&self, row: usize) -> PointRef<'_> {
        match self {
            Self::Bools(values) => PointRef::Bool(values[row] != 0),
            Self::Ints(values) => PointRef::Int(values[row]),
            Self::Floats(values) => PointRef::Float(values[row]),
            Self::Texts { distinct, picks, json } => {
                let text = &*distinct[picks[row] as usize];
                if *json { PointRef::Json(text) } else { PointRef::Text(text) }
            }
            Self::Mixed(values) => PointRef::from(&values[row]),
        }
    }
}

/// Reads `count` values of a column with this tag.
pub(crate) fn decode_values(tag: u8, bytes: &[u8], count: usize) -> Option<ColumnValues> {
    let mut reader = ByteReader::new(bytes);
    match tag {
        BOOL => decode_ints(&mut reader, count).map(ColumnValues::Bools),
        INT => decode_ints(&mut reader, count).map(ColumnValues::Ints),
        DECIMAL => {
            let power = *POWERS.get(usize::from(reader.byte()?))?;
            let ints = decode_ints(&mut reader, count)?;
            Some(ColumnValues::Floats(ints.into_iter().map(|value| value as f64 / power).collect()))
        }
        FLOAT => decode_raw_floats(&mut reader, count).map(ColumnValues::Floats),
        TEXT | JSON => decode_texts(&mut reader, count, tag == JSON),
        MIXED => {
            let mut values = Vec::with_capacity(count);
            for _ in 0..count {
                let tag = reader.byte()?;
                let (value, rest) = read_value(tag, reader.rest())?;
                values.push(value.to_owned());
                reader = ByteReader::new(rest);
            }
            Some(ColumnValues::Mixed(values))
        }
        _ => None,
    }
}

fn decode_texts(reader: &mut ByteReader<'_>, count: usize, json: bool) -> Option<ColumnValues> {
    let kinds = reader.count(count)?;
    let mut distinct = Vec::with_capacity(kinds);
    for _ in 0..kinds {
        let length = reader.count(reader.rest().len())?;
        distinct.push(Box::from(std::str::from_utf8(reader.take(length)?).ok()?));
    }
    let picks: Vec<u32> = if kinds == count {
        (0..count as u32).collect()
    } else if kinds == 1 {
        vec![0; count]
    } else {
        let picks = decode_ints(reader, count)?;
        let inside = picks.iter().all(|pick| (0..kinds as i64).contains(pick));
        inside.then(|| picks.into_iter().map(|pick| pick as u32).collect())?
    };
    Some(ColumnValues::Texts { distinct, picks, json })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn round_trip(values: &[PointValue]) -> usize {
        let refs: Vec<PointRef<'_>> = values.iter().map(PointRef::from).collect();
        let mut bytes = Vec::new();
        let tag = encode_values(&refs, &mut Scratch::default(), &mut bytes);
        let back = decode_values(tag, &bytes, values.len()).unwrap();
        for (row, value) in refs.iter().enumerate() {
            match (back.get(row), *value) {
                (PointRef::Float(found), PointRef::Float(given)) => {
                    assert_eq!(found.to_bits(), given.to_bits())
                }
                (found, given) => assert_eq!(found, given),
            }
        }
        bytes.len()
    }

    #[test]
    fn a_walk_with_two_decimals_takes_less_than_one_byte_a_point() {
        let mut cents = 2150_i64;
        let mut state = 1_u32;
        let values: Vec<PointValue> = (0..1000)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                cents += i64::from(state >> 16) % 61 - 30;
                PointValue::Float(cents as f64 / 100.0)
            })
            .collect();
        assert!(round_trip(&values) < 1000);
    }

    #[test]
    fn odd_floats_come_back_bit_for_bit() {
        let values = [-0.0, 0.1 + 0.2, f64::MIN_POSITIVE, 1e300, -1.5].map(PointValue::Float);
        round_trip(&values);
        round_trip(&[PointValue::Float(-0.0)]);
        round_trip(&[PointValue::Float(1e15), PointValue::Float(0.123_456_789)]);
    }

    #[test]
    fn repeated_texts_are_written_once() {
        let values: Vec<PointValue> =
            (0..500).map(|row| PointValue::Text(["running", "idle"][row % 2].into())).collect();
        assert!(round_trip(&values) < 120);
    }

    fn any_value() -> impl Strategy<Value = PointValue> {
        prop_oneof![
            any::<bool>().prop_map(PointValue::Bool),
            any::<i64>().prop_map(PointValue::Int),
            (-1000_i64..1000).prop_map(PointValue::Int),
            prop::num::f64::NORMAL.prop_map(PointValue::Float),
            (-100_000_i64..100_000, 0_u32..4)
                .prop_map(|(value, decimals)| PointValue::Float(value as f64 / 10_f64.powi(decimals as i32))),
            "[a-c]{0,3}".prop_map(|text| PointValue::Text(text.into())),
            "[a-c]{0,3}".prop_map(|text| PointValue::Json(text.into())),
        ]
    }

    fn same_kind() -> impl Strategy<Value = Vec<PointValue>> {
        prop_oneof![
            prop::collection::vec(any::<bool>().prop_map(PointValue::Bool), 1..300),
            prop::collection::vec(any::<i64>().prop_map(PointValue::Int), 1..300),
            prop::collection::vec(prop::num::f64::NORMAL.prop_map(PointValue::Float), 1..300),
            prop::collection::vec(
                (-9999_i64..9999).prop_map(|v| PointValue::Float(v as f64 / 100.0)),
                1..300
            ),
            prop::collection::vec("[a-c]{0,3}".prop_map(|text| PointValue::Text(text.into())), 1..300),
            prop::collection::vec("\\PC{0,9}".prop_map(|text| PointValue::Json(text.into())), 1..300),
        ]
    }

    proptest! {
        #[test]
        fn columns_of_one_kind_come_back(values in same_kind()) {
            round_trip(&values);
        }

        #[test]
        fn mixed_columns_come_back(values in prop::collection::vec(any_value(), 1..200)) {
            round_trip(&values);
        }

        #[test]
        fn arbitrary_bytes_never_panic(
            tag in 0_u8..9, bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_usize..200
        ) {
            if let Some(values) = decode_values(tag, &bytes, count) {
                for row in 0..count {
                    let _ = values.get(row);
                }
            }
        }
    }
}
