//! Measures what the journal costs on this machine: CPU a record, bytes a point, the time to read a day, the time to
//! recover. Run it in release mode: `cargo run --release -p yizhan-journal --example journal_cost [DIRECTORY]`.
//!
//! The load is 10,000 devices with four properties each, whose values walk at random with two decimals, reported every
//! ten seconds with a body of 200 bytes.
#![expect(clippy::unwrap_used, clippy::print_stdout, reason = "a measuring program for people")]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use yizhan_journal::{Journal, JournalConfig, LogKind, Order, Record, RecordKind, Refused, TimeRange};
use yizhan_vocabulary::{Clock, DeviceId, Monotonic, PointValue, PropertyNumber, UnixMillis};

const MIDNIGHT: i64 = 20_000 * 86_400_000;
const DEVICES: usize = 10_000;
const BATCH: usize = 200;

struct HandClock(AtomicI64);

impl Clock for HandClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(0)
    }
}

/// A small generator, so that runs can be compared.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// The devices, each with four values in hundredths.
struct Load {
    dice: Dice,
    values: Vec<[i64; 4]>,
    order: Vec<usize>,
    body: Vec<u8>,
}

impl Load {
    fn new(devices: usize) -> Self {
        let values = (0..devices as i64).map(|device| [2000 + device % 500, 5500, 100_000, 230]).collect();
        Self { dice: Dice(42), values, order: (0..devices).collect(), body: Vec::new() }
    }

    /// One report of a device.
    fn report(&mut self, device: usize, time: i64) -> [(PropertyNumber, PointValue); 4] {
        for value in &mut self.values[device] {
            *value += self.dice.roll(61) as i64 - 30;
        }
        let values = self.values[device];
        let point = |number: usize| PointValue::Float(values[number] as f64 / 100.0);
        use std::io::Write;
        self.body.clear();
        write!(
            self.body,
            "{{\"method\":\"report\",\"clientToken\":\"token-{:08}\",\"timestamp\":{time},\"params\":{{\"temperature\":{},\"humidity\":{},\"pressure\":{},\"voltage\":{}}},\"version\":\"1.0.3\",\"channel\":7,\"quality\":",
            self.dice.roll(100_000_000),
            values[0] as f64 / 100.0,
            values[1] as f64 / 100.0,
            values[2] as f64 / 100.0,
            values[3] as f64 / 100.0
        )
        .unwrap();
        self.body.resize(199, b'1');
        self.body.push(b'}');
        [
            (PropertyNumber(1), point(0)),
            (PropertyNumber(2), point(1)),
            (PropertyNumber(3), point(2)),
            (PropertyNumber(4), point(3)),
        ]
    }

    fn shuffle(&mut self) {
        for last in (1..self.order.len()).rev() {
            let other = self.dice.roll(last as u64 + 1) as usize;
            self.order.swap(last, other);
        }
    }
}

fn config(dir: &Path, segment_bytes: u64) -> JournalConfig {
    JournalConfig {
        segment_bytes,
        max_record_bytes: (segment_bytes / 8).min(512 << 10) as usize,
        max_unsealed_segments: 16,
        log_days: 0,
        min_free_bytes: 1 << 30,
        check_interval: Duration::from_millis(50),
        ..JournalConfig::new(dir)
    }
}

fn open(config: &JournalConfig, clock: &Arc<HandClock>) -> Journal {
    let recovered = Journal::recover(config.clone()).unwrap();
    recovered.start(Vec::new(), clock.clone(), Box::new(|fatal| panic!("{fatal}"))).unwrap()
}

/// CPU seconds of each thread of this process by name.
fn thread_cpu() -> BTreeMap<String, f64> {
    let mut found = BTreeMap::new();
    for task in std::fs::read_dir("/proc/self/task").unwrap() {
        let path = task.unwrap().path();
        let name = std::fs::read_to_string(path.join("comm")).unwrap_or_default().trim().to_owned();
        let stat = std::fs::read_to_string(path.join("schedstat")).unwrap_or_default();
        let spent: f64 = stat.split(' ').next().and_then(|text| text.parse().ok()).unwrap_or(0.0);
        *found.entry(name).or_insert(0.0) += spent / 1e9;
    }
    found
}

/// Writes `rounds` reports of each device and gives how long submitting alone took on this thread.
fn write(journal: &Journal, load: &mut Load, rounds: i64, first: i64) -> u64 {
    let lane = journal.lane(Arc::new(|| {}));
    let mut batch = lane.batch();
    let mut written = 0;
    for round in 0..rounds {
        load.shuffle();
        for index in 0..load.order.len() {
            let device = load.order[index];
            let time = first + round * 10_000 + (device as i64 % 10_000) + load.dice.roll(40) as i64;
            let points = load.report(device, time);
            let record = Record {
                seq: journal.next_seq(),
                time: UnixMillis(time),
                stream: DeviceId(device as u64 + 1),
                kind: RecordKind::Log(LogKind::Content),
                points: &points,
                body: &load.body,
            };
            batch.push(&record).unwrap();
            written += 1;
            if batch.records() as usize == BATCH || index + 1 == load.order.len() {
                submit(&lane, &mut batch);
            }
        }
    }
    submit(&lane, &mut batch);
    written
}

fn submit(lane: &yizhan_journal::Lane, batch: &mut yizhan_journal::Batch) {
    loop {
        match lane.submit(batch) {
            Ok(ticket) if ticket.0 % 16 == 0 => return lane.wait(ticket, Duration::from_secs(60)).unwrap(),
            Ok(_) => return,
            Err(Refused::Backlog) => std::thread::sleep(Duration::from_micros(200)),
            Err(refused) => panic!("{refused}"),
        }
    }
}

fn sizes(dir: &Path, prefix: &str) -> u64 {
    let entries = std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap());
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix));
    ours.map(|entry| entry.metadata().unwrap().len()).sum()
}

fn settle(journal: &Journal) {
    journal.seal_soon();
    let begun = Instant::now();
    while journal.stats().unsealed_segments > 1 || begun.elapsed() < Duration::from_millis(500) {
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn push_cost(dir: &Path) {
    let clock = Arc::new(HandClock(AtomicI64::new(MIDNIGHT)));
    let journal = open(&config(dir, 64 << 20), &clock);
    let mut batch = journal.lane(Arc::new(|| {})).batch();
    let mut load = Load::new(10);
    let points = load.report(0, MIDNIGHT);
    let rounds = 2_000_000_u64;
    let begun = Instant::now();
    for number in 0..rounds {
        let record = Record {
            seq: number,
            time: UnixMillis(MIDNIGHT),
            stream: DeviceId(number % 100),
            kind: RecordKind::Log(LogKind::Content),
            points: std::hint::black_box(&points),
            body: std::hint::black_box(&load.body),
        };
        batch.push(&record).unwrap();
        if batch.bytes() > 64 << 10 {
            batch.clear();
        }
    }
    println!("push into a batch: {} ns", begun.elapsed().as_nanos() as u64 / rounds);
}

fn write_path(dir: &Path) {
    let clock = Arc::new(HandClock(AtomicI64::new(MIDNIGHT + 3_600_000)));
    let journal = open(&config(dir, 64 << 20), &clock);
    let mut load = Load::new(DEVICES);
    // What generating the load costs is measured first, to be taken away from this thread's share.
    let begun = thread_cpu();
    for round in 0..20 {
        for device in 0..DEVICES {
            std::hint::black_box(load.report(device, round));
        }
    }
    let own = |cpu: &BTreeMap<String, f64>| cpu.get("journal_cost").copied().unwrap_or(0.0);
    let generating = (own(&thread_cpu()) - own(&begun)) / 20.0 / DEVICES as f64;
    let before = thread_cpu();
    let wall = Instant::now();
    let records = write(&journal, &mut load, 200, MIDNIGHT);
    let wall = wall.elapsed();
    settle(&journal);
    let after = thread_cpu();
    println!("records: {records}, {:.0} a second", records as f64 / wall.as_secs_f64());
    let mut total = 0.0;
    for (name, spent) in &after {
        let mut micros = (spent - before.get(name).unwrap_or(&0.0)) * 1e6 / records as f64;
        if name == "journal_cost" {
            micros -= generating * 1e6;
        }
        total += micros;
        println!("  CPU of {name}: {micros:.2} us a record");
    }
    println!("  CPU together: {total:.2} us a record");
    let points = records as f64 * 4.0;
    let (history, log) = (sizes(dir, "history-"), sizes(dir, "log-"));
    println!(
        "live day: history {:.2} B a point, log {:.1} B an entry",
        history as f64 / points,
        log as f64 / records as f64
    );
    let stats = journal.stats();
    println!(
        "  commits {}, mean sync {} us, merges {}, blocks {:.2} B a record as sealed",
        stats.commits,
        stats.sync_us_total / stats.commits.max(1),
        stats.merges,
        stats.block_bytes_sealed as f64 / records as f64
    );
    let before = thread_cpu();
    clock.0.store(MIDNIGHT + 3 * 86_400_000, Ordering::Relaxed);
    while journal.stats().days_repacked < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    let spent: f64 = thread_cpu().values().sum::<f64>() - before.values().sum::<f64>();
    let (history, log) = (sizes(dir, "history-"), sizes(dir, "log-"));
    println!(
        "packed day: history {:.2} B a point, log {:.1} B an entry; packing {:.2} us a record",
        history as f64 / points,
        log as f64 / records as f64,
        spent * 1e6 / records as f64
    );
}

fn day_query(dir: &Path) {
    let clock = Arc::new(HandClock(AtomicI64::new(MIDNIGHT + 80_000_000)));
    let journal = open(&config(dir, 1 << 20), &clock);
    let mut load = Load::new(100);
    let records = write(&journal, &mut load, 8640, MIDNIGHT);
    settle(&journal);
    let stats = journal.stats();
    println!(
        "a day of {records} records in {} sealed segments, {} merges",
        stats.segments_sealed, stats.merges
    );
    let read = |what: &str| {
        let mut times = Vec::new();
        for device in 1..=50 {
            let begun = Instant::now();
            let page = journal
                .history(DeviceId(device), PropertyNumber(2), TimeRange::ALL, Order::Ascending, 10_000, None)
                .unwrap();
            assert_eq!(page.items.len(), 8640);
            times.push(begun.elapsed());
        }
        times.sort();
        println!("  {what}: 8,640 points in {:?} (median), {:?} (worst)", times[25], times[49]);
        let begun = Instant::now();
        for device in 1..=50 {
            let page = journal
                .history(DeviceId(device), PropertyNumber(2), TimeRange::ALL, Order::Descending, 100, None)
                .unwrap();
            assert_eq!(page.items.len(), 100);
        }
        println!("  {what}: last 100 points in {:?}", begun.elapsed() / 50);
        let begun = Instant::now();
        for device in 1..=50 {
            journal.history_buckets(DeviceId(device), PropertyNumber(2), TimeRange::ALL, 600_000).unwrap();
        }
        println!("  {what}: 144 buckets in {:?}", begun.elapsed() / 50);
        let begun = Instant::now();
        for device in 1..=50 {
            let page = journal
                .log(DeviceId(device), LogKind::Content, TimeRange::ALL, Order::Descending, 50, None)
                .unwrap();
            assert_eq!(page.items.len(), 50);
        }
        println!("  {what}: last 50 log entries in {:?}", begun.elapsed() / 50);
    };
    read("live day");
    clock.0.store(MIDNIGHT + 3 * 86_400_000, Ordering::Relaxed);
    while journal.stats().days_repacked < 2 {
        std::thread::sleep(Duration::from_millis(20));
    }
    read("packed day");
    journal.shutdown();
}

fn recovery(dir: &Path) {
    let clock = Arc::new(HandClock(AtomicI64::new(MIDNIGHT)));
    let config = config(dir, 64 << 20);
    {
        let journal = open(&config, &clock);
        let mut load = Load::new(DEVICES);
        write(&journal, &mut load, 23, MIDNIGHT);
    }
    let begun = Instant::now();
    let recovered = Journal::recover(config.clone()).unwrap();
    let found = begun.elapsed();
    let mut records = 0_u64;
    let begun = Instant::now();
    recovered.each_record(|view| records += view.points().count() as u64 / 4).unwrap();
    let report = recovered.report().clone();
    println!(
        "recovery of {} MiB of log: {found:?}, replaying its {records} records: {:?}",
        report.log_bytes >> 20,
        begun.elapsed()
    );
    let journal = recovered.start(Vec::new(), clock, Box::new(|fatal| panic!("{fatal}"))).unwrap();
    let begun = Instant::now();
    journal.history(DeviceId(5), PropertyNumber(1), TimeRange::ALL, Order::Descending, 20, None).unwrap();
    let first = begun.elapsed();
    let begun = Instant::now();
    journal.history(DeviceId(6), PropertyNumber(1), TimeRange::ALL, Order::Descending, 20, None).unwrap();
    println!("first query of an unsealed segment: {first:?}, the next: {:?}", begun.elapsed());
}

type Part = (&'static str, fn(&Path));

fn main() {
    let base = std::env::args().nth(1).map_or_else(std::env::temp_dir, PathBuf::from).join("journal-cost");
    let parts: [Part; 4] =
        [("push", push_cost), ("write", write_path), ("day", day_query), ("recovery", recovery)];
    let only = std::env::args().nth(2);
    for (name, run) in parts.into_iter().filter(|(name, _)| only.as_deref().is_none_or(|only| only == *name))
    {
        let dir = base.join(name);
        let _ = std::fs::remove_dir_all(&dir);
        run(&dir);
        std::fs::remove_dir_all(&dir).unwrap();
    }
}
