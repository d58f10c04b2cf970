//! Turning one closed segment into blocks.
//!
//! The segment is read once. Its records are put in the order of streams by counting, not by comparing, because this
//! runs beside the threads that serve devices; within a stream they mostly are in order already.

use std::collections::BTreeSet;
use std::sync::atomic::Ordering;
use std::time::Instant;

use ahash::AHashMap;

use super::{SealError, earliest_kept};
use crate::blocks::MAX_ROWS;
use crate::blocks::history::HistoryBlockBuilder;
use crate::blocks::logs::{BODY_TARGET, LogBlockBuilder};
use crate::damage::guarded;
use crate::days::{Day, DayFile, FileClass, RunWriter};
use crate::engine::Engine;
use crate::record::{self, LogKind, RecordKind};
use crate::segment::{Class, DATA_START, FrameEnd, Segment};
use crate::stats::add;

/// A record of the segment.
#[derive(Debug, Clone, Copy, Default)]
struct Entry {
    time: i64,
    /// Where it begins in the bytes.
    at: u32,
    stream: u32,
    classes: u8,
}

/// The segment's records, by stream.
struct Sorted {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    /// Stream and where its entries end; they begin where those of the one before end.
    streams: Vec<(u64, usize)>,
    days: BTreeSet<Day>,
    classes: u8,
}

const fn bit(class: u8) -> u8 {
    1 << class
}

/// Writes the segment's blocks into day files and says which were changed.
pub(super) fn seal_segment(engine: &Engine, segment: &Segment) -> Result<Vec<(FileClass, Day)>, SealError> {
    let begun = Instant::now();
    let sorted = read_sorted(segment)?;
    let now = engine.retention_now();
    let highest = sorted.streams.last().map_or(0, |(stream, _)| *stream);
    engine.highest_stream.fetch_max(highest, Ordering::Relaxed);
    let mut changed = Vec::new();
    for class in FileClass::ALL {
        let wanted = match class {
            FileClass::History => bit(Class::History.code()),
            FileClass::Log => !bit(Class::History.code()),
        };
        if sorted.classes & wanted == 0 {
            continue;
        }
        let earliest = earliest_kept(&engine.config, class, now);
        for day in &sorted.days {
            if day.last_ms() < earliest.0 {
                let too_old = |entry: &&Entry| Day(entry.time.div_euclid(crate::days::DAY_MS)) == *day;
                let dropped =
                    sorted.entries.iter().filter(|entry| entry.classes & wanted != 0).filter(too_old);
                add(&engine.counters.entries_dropped_by_age, dropped.count() as u64);
                continue;
            }
            let file = engine.days.get_or_add(class, *day);
            let write = || guarded(|| write_day(engine, &file, segment.number(), &sorted));
            let written = match write() {
                Err(error) if is_damage(&error) => {
                    set_aside(engine, &file, &error)?;
                    write()
                }
                other => other,
            };
            if written.map_err(SealError::day_file(&file))? {
                engine.days.touch(&file);
                changed.push((class, *day));
            }
        }
    }
    add(&engine.counters.segments_sealed, 1);
    add(&engine.counters.records_sealed, sorted.entries.len() as u64);
    add(&engine.counters.seal_us_total, begun.elapsed().as_micros() as u64);
    Ok(changed)
}

fn is_damage(error: &redb::Error) -> bool {
    use std::io::ErrorKind::{InvalidData, UnexpectedEof};
    match error {
        redb::Error::Corrupted(_) => true,
        redb::Error::Io(error) => matches!(error.kind(), InvalidData | UnexpectedEof),
        _ => false,
    }
}

/// A damaged file must not keep the log from being absorbed; it is kept under another name.
fn set_aside(engine: &Engine, file: &DayFile, error: &redb::Error) -> Result<(), SealError> {
    file.close();
    let mut number = 0;
    let aside = loop {
        let aside = file.path.with_extension(format!("redb.damaged-{number}"));
        if !aside.exists() {
            break aside;
        }
        number += 1;
    };
    tracing::error!(file = %file.path.display(), %error, aside = %aside.display(), "a damaged day file is set aside");
    std::fs::rename(&file.path, &aside).map_err(SealError::file(&file.path))?;
    add(&engine.counters.files_set_aside, 1);
    Ok(())
}

fn read_sorted(segment: &Segment) -> Result<Sorted, SealError> {
    let failed = |reason: &dyn std::fmt::Display| SealError::Segment {
        file: segment.path.display().to_string(),
        reason: reason.to_string(),
    };
    let mut scan = segment.scan().reading_all();
    let mut unsorted: Vec<Entry> = Vec::new();
    let mut numbers: AHashMap<u64, u32> = AHashMap::new();
    let mut streams: Vec<(u64, usize)> = Vec::new();
    let mut days = BTreeSet::new();
    let mut last_day = None;
    let mut seen = 0;
    while let Some((offset, payload)) = scan.next().map_err(|error| failed(&error))? {
        let mut at = 0;
        while let Some((view, length)) = record::decode(&payload[at..]) {
            let place = (offset - DATA_START) as u32 + at as u32;
            at += length;
            let mut classes = if view.point_count > 0 { bit(Class::History.code()) } else { 0 };
            if let RecordKind::Log(kind) = view.kind {
                classes |= bit(kind.code());
            }
            if classes == 0 {
                continue;
            }
            seen |= classes;
            let day = Day::of(view.time);
            if last_day != Some(day) {
                days.insert(day);
                last_day = Some(day);
            }
            let stream = *numbers.entry(view.stream.0).or_insert_with(|| {
                streams.push((view.stream.0, 0));
                streams.len() as u32 - 1
            });
            streams[stream as usize].1 += 1;
            unsorted.push(Entry { time: view.time.0, at: place, stream, classes });
        }
    }
    if scan.end() == FrameEnd::Torn {
        return Err(failed(&"its content changed after it was written"));
    }
    let bytes = scan.into_buffer();

    let mut order: Vec<u32> = (0..streams.len() as u32).collect();
    order.sort_unstable_by_key(|number| streams[*number as usize].0);
    let mut starts = vec![0; streams.len()];
    let mut by_stream = Vec::with_capacity(streams.len());
    let mut end = 0;
    for number in order {
        let (stream, count) = streams[number as usize];
        starts[number as usize] = end;
        end += count;
        by_stream.push((stream, end));
    }
    let mut entries = vec![Entry::default(); unsorted.len()];
    for entry in unsorted {
        let place = &mut starts[entry.stream as usize];
        entries[*place] = entry;
        *place += 1;
    }
    Ok(Sorted { bytes, entries, streams: by_stream, days, classes: seen })
}

/// Writes one day's part; false when an earlier attempt did already.
fn write_day(engine: &Engine, file: &DayFile, number: u64, sorted: &Sorted) -> Result<bool, redb::Error> {
    let writer = file.write()?;
    if writer.sealed_through()? >= number {
        return Ok(false);
    }
    let mut output = writer.begin_run(number, 0, file.form())?;
    match file.class {
        FileClass::History => {
            let mut builder = HistoryBlockBuilder::default();
            for_each_stream(sorted, Class::History.code(), file.day, |stream, rows| {
                write_history(sorted, stream, rows, &mut builder, &mut output)
            })?;
            add(&engine.counters.points_sealed, builder.points());
        }
        FileClass::Log => {
            for kind in LogKind::ALL.into_iter().filter(|kind| sorted.classes & bit(kind.code()) != 0) {
                let mut builder = LogBlockBuilder::default();
                for_each_stream(sorted, kind.code(), file.day, |stream, rows| {
                    write_log(sorted, (kind.code(), stream), rows, &mut builder, &mut output)
                })?;
            }
        }
    }
    let meta = output.finish()?;
    if meta.rows > 0 {
        writer.finish_run(number, meta)?;
    }
    writer.set_sealed_through(number)?;
    writer.commit()?;
    add(&engine.counters.block_bytes_sealed, meta.bytes);
    Ok(true)
}

/// Calls `f` with the rows of each stream that has any of this class on this day, in log order.
fn for_each_stream(
    sorted: &Sorted,
    class: u8,
    day: Day,
    mut f: impl FnMut(u64, &mut Vec<(i64, u64, u32)>) -> Result<(), redb::Error>,
) -> Result<(), redb::Error> {
    let mut rows = Vec::new();
    let span = day.start_ms()..=day.last_ms();
    let mut start = 0;
    for (stream, end) in &sorted.streams {
        rows.clear();
        for entry in &sorted.entries[start..*end] {
            if entry.classes & bit(class) != 0 && span.contains(&entry.time) {
                rows.push((entry.time, 0, entry.at));
            }
        }
        start = *end;
        if !rows.is_empty() {
            f(*stream, &mut rows)?;
        }
    }
    Ok(())
}

fn write_history<'a>(
    sorted: &'a Sorted,
    stream: u64,
    rows: &mut [(i64, u64, u32)],
    builder: &mut HistoryBlockBuilder<'a>,
    output: &mut RunWriter<'_>,
) -> Result<(), redb::Error> {
    if !rows.is_sorted() {
        rows.sort_unstable();
    }
    let mut encoded = Vec::new();
    for (index, (time, _, at)) in rows.iter().enumerate() {
        if let Some((view, _)) = record::decode(&sorted.bytes[*at as usize..]) {
            builder.push(*time, view.point_refs());
        }
        if builder.rows() >= MAX_ROWS || index + 1 == rows.len() {
            encoded.clear();
            if let Some(summary) = builder.finish(&mut encoded) {
                output.push((Class::History.code(), stream), &summary, &encoded)?;
            }
        }
    }
    Ok(())
}

fn write_log<'a>(
    sorted: &'a Sorted,
    key: (u8, u64),
    rows: &mut [(i64, u64, u32)],
    builder: &mut LogBlockBuilder<'a>,
    output: &mut RunWriter<'_>,
) -> Result<(), redb::Error> {
    for (_, seq, at) in rows.iter_mut() {
        if let Some((view, _)) = record::decode(&sorted.bytes[*at as usize..]) {
            *seq = view.seq;
        }
    }
    if !rows.is_sorted() {
        rows.sort_unstable();
    }
    let mut encoded = Vec::new();
    for (index, (time, seq, at)) in rows.iter().enumerate() {
        if let Some((view, _)) = record::decode(&sorted.bytes[*at as usize..]) {
            builder.push(*time, *seq, view.body);
        }
        if builder.rows() >= MAX_ROWS || builder.body_bytes() >= BODY_TARGET || index + 1 == rows.len() {
            encoded.clear();
            if let Some(summary) = builder.finish(&mut encoded) {
                output.push(key, &summary, &encoded)?;
            }
        }
    }
    Ok(())
}
