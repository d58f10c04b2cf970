//! One record and its bytes in the log.
//!
//! Layout, little endian: `length u32` (of the whole record), `kind u8`, `sub-kind u8`, `points u16`, `seq u64`,
//! `time i64`, `stream u64`, the points, the body. A point is `property u16`, `tag u8` and its value: one byte for a
//! bool, eight for a number, `length u32` and the bytes for a text. Codes of kinds and tags are stable for ever.
//! Writing must cost next to nothing, because it happens on the threads that serve devices.

use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

/// The stream of records that belong to no device.
pub const STREAM_SYSTEM: DeviceId = DeviceId(0);

/// The earliest and the latest time a record can carry (years 1970 to 9999); others are moved to the nearest.
pub const TIME_LIMITS: (UnixMillis, UnixMillis) = (UnixMillis(0), UnixMillis(253_402_300_799_999));

pub(crate) const HEADER: usize = 32;

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RecordKind {
    /// Only for replay at start; the number belongs to the owner.
    State(u8),
    /// Shown in one of the logs.
    Log(LogKind),
}

/// The logs that can be read back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum LogKind {
    /// Messages of devices, up and down.
    Content = 1,
    /// Events of the thing model.
    Event = 2,
    /// Actions and their replies.
    Action = 3,
    /// Going online and offline.
    Connection = 4,
    /// What went wrong, for people who look into it.
    Diagnostic = 5,
    /// Steps of commands.
    Command = 6,
    /// What a device logged itself and handed in.
    Device = 7,
}

impl LogKind {
    /// Every log.
    pub const ALL: [Self; 7] = [
        Self::Content,
        Self::Event,
        Self::Action,
        Self::Connection,
        Self::Diagnostic,
        Self::Command,
        Self::Device,
    ];

    /// The stable number of this log.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// The log with this number.
    pub fn from_code(code: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.code() == code)
    }
}

/// One record on its way into the log.
#[derive(Debug, Clone, Copy)]
pub struct Record<'a> {
    /// Its place in the order of all changes, from [`Journal::next_seq`](crate::Journal::next_seq), taken under the
    /// lock of what it changes.
    pub seq: u64,
    /// When it happened, by the device's or the server's clock; decides under which day it is found.
    pub time: UnixMillis,
    /// Whose record it is.
    pub stream: DeviceId,
    /// What it is for.
    pub kind: RecordKind,
    /// Property values that go into the history; at most 65,535.
    pub points: &'a [(PropertyNumber, PointValue)],
    /// What the log shows, or what replay needs.
    pub body: &'a [u8],
}

/// One record read back from the log.
#[derive(Debug, Clone, Copy)]
pub struct RecordView<'a> {
    /// As in [`Record`].
    pub seq: u64,
    /// As in [`Record`].
    pub time: UnixMillis,
    /// As in [`Record`].
    pub stream: DeviceId,
    /// As in [`Record`].
    pub kind: RecordKind,
    /// As in [`Record`].
    pub body: &'a [u8],
    pub(crate) point_count: u16,
    pub(crate) points: &'a [u8],
}

impl<'a> RecordView<'a> {
    /// The record in these bytes, as [`DurableRecord`](crate::DurableRecord) has them; `None` if they are none.
    pub fn read(bytes: &'a [u8]) -> Option<Self> {
        decode(bytes).map(|(record, _)| record)
    }

    /// The points in the order in which they were written.
    pub fn points(&self) -> impl Iterator<Item = (PropertyNumber, PointValue)> + use<'a> {
        self.point_refs().map(|(property, value)| (property, value.to_owned()))
    }

    pub(crate) fn point_refs(&self) -> PointReader<'a> {
        PointReader { rest: self.points }
    }
}

/// A point's value, borrowing its text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum PointRef<'a> {
    Bool(bool),
    Int(i64),
    Float(f64),
    Text(&'a str),
    Json(&'a str),
}

impl PointRef<'_> {
    pub(crate) fn to_owned(self) -> PointValue {
        match self {
            Self::Bool(value) => PointValue::Bool(value),
            Self::Int(value) => PointValue::Int(value),
            Self::Float(value) => PointValue::Float(value),
            Self::Text(text) => PointValue::Text(text.into()),
            Self::Json(text) => PointValue::Json(text.into()),
        }
    }
}

impl<'a> From<&'a PointValue> for PointRef<'a> {
    fn from(value: &'a PointValue) -> Self {
        match value {
            PointValue::Bool(value) => Self::Bool(*value),
            PointValue::Int(value) => Self::Int(*value),
            PointValue::Float(value) => Self::Float(*value),
            PointValue::Text(text) => Self::Text(text),
            PointValue::Json(text) => Self::Json(text),
        }
    }
}

pub(crate) mod tag {
    pub(crate) const BOOL: u8 = 1;
    pub(crate) const INT: u8 = 2;
    pub(crate) const FLOAT: u8 = 3;
    pub(crate) const TEXT: u8 = 4;
    pub(crate) const JSON: u8 = 5;
}

/// Reads points one after another; ends early at bytes that are no point.
#[derive(Debug, Clone)]
pub(crate) struct PointReader<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for PointReader<'a> {
    type Item = (PropertyNumber, PointRef<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let (&[low, high, tag], rest) = self.rest.split_first_chunk::<3>()?;
        let (value, rest) = read_value(tag, rest)?;
        self.rest = rest;
        Some((PropertyNumber(u16::from_le_bytes([low, high])), value))
    }
}

pub(crate) fn read_value(tag: u8, bytes: &[u8]) -> Option<(PointRef<'_>, &[u8])> {
    match tag {
        tag::BOOL => bytes.split_first().map(|(byte, rest)| (PointRef::Bool(*byte != 0), rest)),
        tag::INT => {
            let (raw, rest) = bytes.split_first_chunk()?;
            Some((PointRef::Int(i64::from_le_bytes(*raw)), rest))
        }
        tag::FLOAT => {
            let (raw, rest) = bytes.split_first_chunk()?;
            Some((PointRef::Float(f64::from_le_bytes(*raw)), rest))
        }
        tag::TEXT | tag::JSON => {
            let (length, rest) = bytes.split_first_chunk()?;
            let (text, rest) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
            let text = std::str::from_utf8(text).ok()?;
            Some((if tag == tag::TEXT { PointRef::Text(text) } else { PointRef::Json(text) }, rest))
        }
        _ => None,
    }
}

pub(crate) fn write_value(out: &mut Vec<u8>, value: PointRef<'_>) {
    match value {
        PointRef::Bool(value) => out.push(u8::from(value)),
        PointRef::Int(value) => out.extend_from_slice(&value.to_le_bytes()),
        PointRef::Float(value) => out.extend_from_slice(&value.to_le_bytes()),
        PointRef::Text(text) | PointRef::Json(text) => {
            out.extend_from_slice(&(text.len() as u32).to_le_bytes());
            out.extend_from_slice(text.as_bytes());
        }
    }
}

pub(crate) fn value_tag(value: PointRef<'_>) -> u8 {
    match value {
        PointRef::Bool(_) => tag::BOOL,
        PointRef::Int(_) => tag::INT,
        PointRef::Float(_) => tag::FLOAT,
        PointRef::Text(_) => tag::TEXT,
        PointRef::Json(_) => tag::JSON,
    }
}

/// Bytes that `record` takes in the log.
pub(crate) fn encoded_len(record: &Record<'_>) -> usize {
    let mut points = 0;
    for (_, value) in record.points {
        points += match value {
            PointValue::Bool(_) => 4,
            PointValue::Int(_) | PointValue::Float(_) => 11,
            PointValue::Text(text) | PointValue::Json(text) => 7 + text.len(),
        };
    }
    HEADER + points + record.body.len()
}

/// Appends `record`, whose size the caller has checked, to `out`.
pub(crate) fn encode(record: &Record<'_>, length: usize, out: &mut Vec<u8>) {
    out.reserve(length);
    let (code, sub) = match record.kind {
        RecordKind::State(sub) => (0, sub),
        RecordKind::Log(kind) => (kind.code(), 0),
    };
    let time = record.time.clamp(TIME_LIMITS.0, TIME_LIMITS.1);
    let mut header = [0_u8; HEADER];
    header[0..4].copy_from_slice(&(length as u32).to_le_bytes());
    header[4] = code;
    header[5] = sub;
    header[6..8].copy_from_slice(&(record.points.len() as u16).to_le_bytes());
    header[8..16].copy_from_slice(&record.seq.to_le_bytes());
    header[16..24].copy_from_slice(&time.0.to_le_bytes());
    header[24..32].copy_from_slice(&record.stream.0.to_le_bytes());
    out.extend_from_slice(&header);
    for (property, value) in record.points {
        let value = PointRef::from(value);
        let [low, high] = property.0.to_le_bytes();
        out.extend_from_slice(&[low, high, value_tag(value)]);
        write_value(out, value);
    }
    out.extend_from_slice(record.body);
}

/// What is at the front of the record at the start of `bytes`: its length, its kind if this release knows it, whether it
/// has points, and whose it is. `None` when there is no whole record.
pub(crate) fn head(bytes: &[u8]) -> Option<(usize, Option<RecordKind>, bool, DeviceId)> {
    let header: &[u8; HEADER] = bytes.first_chunk()?;
    let length = u32::from_le_bytes(header[0..4].try_into().expect("four bytes")) as usize;
    if length < HEADER || length > bytes.len() {
        return None;
    }
    let kind = match header[4] {
        0 => Some(RecordKind::State(header[5])),
        code => LogKind::from_code(code).map(RecordKind::Log),
    };
    let stream = u64::from_le_bytes(header[24..32].try_into().expect("eight bytes"));
    Some((length, kind, header[6..8] != [0, 0], DeviceId(stream)))
}

/// Reads the record at the start of `bytes` and says how long it is; `None` when there is no whole record.
pub(crate) fn decode(bytes: &[u8]) -> Option<(RecordView<'_>, usize)> {
    let header: &[u8; HEADER] = bytes.first_chunk()?;
    let word = |at: usize| u64::from_le_bytes(header[at..at + 8].try_into().expect("eight bytes"));
    let length = u32::from_le_bytes(header[0..4].try_into().expect("four bytes")) as usize;
    let content = bytes.get(HEADER..length)?;
    let kind = match header[4] {
        0 => RecordKind::State(header[5]),
        code => RecordKind::Log(LogKind::from_code(code)?),
    };
    let point_count = u16::from_le_bytes([header[6], header[7]]);
    let mut reader = PointReader { rest: content };
    for _ in 0..point_count {
        reader.next()?;
    }
    let (points, body) = content.split_at(content.len() - reader.rest.len());
    let view = RecordView {
        seq: word(8),
        time: UnixMillis(word(16) as i64),
        stream: DeviceId(word(24)),
        kind,
        body,
        point_count,
        points,
    };
    Some((view, length))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was() {
        let points = [
            (PropertyNumber(1), PointValue::Bool(true)),
            (PropertyNumber(2), PointValue::Int(-5)),
            (PropertyNumber(3), PointValue::Float(2.5)),
            (PropertyNumber(4), PointValue::Text("warm".into())),
            (PropertyNumber(5), PointValue::Json("{\"a\":1}".into())),
        ];
        let record = Record {
            seq: 9,
            time: UnixMillis(1_700_000_000_123),
            stream: DeviceId(77),
            kind: RecordKind::Log(LogKind::Event),
            points: &points,
            body: b"body",
        };
        let mut bytes = Vec::new();
        encode(&record, encoded_len(&record), &mut bytes);
        assert_eq!(bytes.len(), encoded_len(&record));
        let (view, length) = decode(&bytes).unwrap();
        assert_eq!(length, bytes.len());
        assert_eq!(
            (view.seq, view.time, view.stream, view.kind),
            (9, record.time, record.stream, record.kind)
        );
        assert_eq!(view.points().collect::<Vec<_>>(), points);
        assert_eq!(view.body, b"body");
        assert!(decode(&bytes[..bytes.len() - 1]).is_none());
    }

    #[test]
    fn times_outside_the_calendar_are_moved_into_it() {
        for (given, kept) in [(i64::MIN, TIME_LIMITS.0), (i64::MAX, TIME_LIMITS.1)] {
            let record = Record {
                seq: 1,
                time: UnixMillis(given),
                stream: STREAM_SYSTEM,
                kind: RecordKind::State(3),
                points: &[],
                body: &[],
            };
            let mut bytes = Vec::new();
            encode(&record, encoded_len(&record), &mut bytes);
            assert_eq!(decode(&bytes).unwrap().0.time, kept);
        }
    }
}
