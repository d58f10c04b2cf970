//! Queries against a plain list of everything that was written, with sealing, merging and restarts in between.

use proptest::prelude::*;
use yizhan_journal::{Cursor, Journal, JournalConfig, LogKind, Order, QueryError, TimeRange};
use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

use crate::support::*;

/// Everything that was written, in log order.
#[derive(Default)]
struct Model {
    points: Vec<(u64, u16, i64, PointValue)>,
    logs: Vec<(u64, LogKind, i64, u64, Vec<u8>)>,
}

impl Model {
    fn history(&self, stream: u64, property: u16, range: TimeRange) -> Vec<(UnixMillis, PointValue)> {
        let mut found: Vec<_> = self
            .points
            .iter()
            .filter(|point| (point.0, point.1) == (stream, property) && inside(range, point.2))
            .map(|point| (UnixMillis(point.2), point.3.clone()))
            .collect();
        found.sort_by_key(|(time, _)| *time);
        found
    }

    fn log(&self, stream: u64, kind: LogKind, range: TimeRange) -> Vec<(i64, u64, Vec<u8>)> {
        let mut found: Vec<_> = self
            .logs
            .iter()
            .filter(|entry| (entry.0, entry.1) == (stream, kind) && inside(range, entry.2))
            .map(|entry| (entry.2, entry.3, entry.4.clone()))
            .collect();
        found.sort();
        found
    }
}

fn inside(range: TimeRange, time: i64) -> bool {
    range.from.is_none_or(|from| time >= from.0) && range.to.is_none_or(|to| time < to.0)
}

fn all_history(
    journal: &Journal,
    stream: u64,
    property: u16,
    range: TimeRange,
    order: Order,
    limit: usize,
) -> Vec<(UnixMillis, PointValue)> {
    let mut found = Vec::new();
    let mut cursor: Option<Cursor> = None;
    loop {
        let page =
            journal.history(DeviceId(stream), PropertyNumber(property), range, order, limit, cursor).unwrap();
        assert!(page.items.len() <= limit);
        found.extend(page.items);
        match page.next {
            // A cursor survives being shown to a client and coming back.
            Some(next) => cursor = Some(next.to_string().parse().unwrap()),
            None => return found,
        }
    }
}

fn all_log(
    journal: &Journal,
    stream: u64,
    kind: LogKind,
    range: TimeRange,
    order: Order,
    limit: usize,
) -> Vec<(i64, u64, Vec<u8>)> {
    let mut found = Vec::new();
    let mut cursor = None;
    loop {
        let page = journal.log(DeviceId(stream), kind, range, order, limit, cursor).unwrap();
        found.extend(page.items.into_iter().map(|entry| (entry.time.0, entry.seq, entry.body.to_vec())));
        match page.next {
            Some(next) => cursor = Some(next),
            None => return found,
        }
    }
}

#[derive(Debug, Clone)]
enum Step {
    Report { stream: u64, offset: i64, points: Vec<(u16, PointValue)> },
    Log { stream: u64, kind: LogKind, offset: i64, body: Vec<u8> },
    Commit,
    Seal,
    Restart,
    NextDay,
}

fn any_value() -> impl Strategy<Value = PointValue> {
    prop_oneof![
        any::<bool>().prop_map(PointValue::Bool),
        (-50_i64..50).prop_map(PointValue::Int),
        (-5000_i64..5000).prop_map(|cents| PointValue::Float(cents as f64 / 100.0)),
        prop::num::f64::NORMAL.prop_map(PointValue::Float),
        "[a-z]{0,6}".prop_map(|text| PointValue::Text(text.into())),
        "[a-z]{0,6}".prop_map(|text| PointValue::Json(format!("{{\"a\":\"{text}\"}}").into())),
    ]
}

/// Mostly now, sometimes the same moment again, sometimes hours ago.
fn any_offset() -> impl Strategy<Value = i64> {
    prop_oneof![4 => -2_000_i64..2_000, 2 => Just(0), 1 => -DAY_MS..DAY_MS]
}

fn any_step() -> impl Strategy<Value = Step> {
    let points = prop::collection::vec((0_u16..4, any_value()), 1..5);
    prop_oneof![
        20 => (0_u64..4, any_offset(), points)
            .prop_map(|(stream, offset, points)| Step::Report { stream, offset, points }),
        8 => (0_u64..4, prop::sample::select(&LogKind::ALL), any_offset(), prop::collection::vec(any::<u8>(), 0..300))
            .prop_map(|(stream, kind, offset, body)| Step::Log { stream, kind, offset, body }),
        4 => Just(Step::Commit),
        1 => Just(Step::Seal),
        1 => Just(Step::Restart),
        1 => Just(Step::NextDay),
    ]
}

fn any_range() -> impl Strategy<Value = (Option<i64>, Option<i64>)> {
    let edge = || prop_oneof![-3_000_i64..3_000, -DAY_MS..4 * DAY_MS];
    (prop::option::of(edge()), prop::option::of(edge()))
}

fn run(config: &JournalConfig, steps: Vec<Step>, ranges: Vec<(Option<i64>, Option<i64>)>, limit: usize) {
    let clock = HandClock::at(NOON);
    let mut now = NOON;
    let mut model = Model::default();
    let mut opened = open(config, &clock);
    for step in steps {
        match step {
            Step::Report { stream, offset, points } => {
                let time = now + offset;
                let seq = opened.push_points(stream, time, &points);
                for (property, value) in points {
                    model.points.push((stream, property, time, value));
                }
                let body = b"{\"method\":\"report\"}".to_vec();
                model.logs.push((stream, LogKind::Content, time, seq, body));
            }
            Step::Log { stream, kind, offset, body } => {
                let seq = opened.push_log(stream, kind, now + offset, &body);
                model.logs.push((stream, kind, now + offset, seq, body));
            }
            Step::Commit => opened.commit(),
            Step::Seal => {
                let had_records = !opened.batch.is_empty();
                opened.commit();
                if had_records {
                    opened.seal_all();
                }
            }
            Step::Restart => {
                opened.commit();
                drop(opened);
                opened = open(config, &clock);
            }
            Step::NextDay => {
                now += DAY_MS;
                clock.set(now);
            }
        }
    }
    opened.commit();
    for (from, to) in ranges {
        let edge = |edge: Option<i64>| edge.map(|offset| UnixMillis(NOON + offset));
        let range = TimeRange { from: edge(from), to: edge(to) };
        for stream in 0..4 {
            for property in 0..4 {
                let mut expected = model.history(stream, property, range);
                let forward = all_history(&opened.journal, stream, property, range, Order::Ascending, limit);
                assert_eq!(forward, expected);
                expected.reverse();
                let backward =
                    all_history(&opened.journal, stream, property, range, Order::Descending, limit);
                assert_eq!(backward, expected);
            }
            for kind in LogKind::ALL {
                let mut expected = model.log(stream, kind, range);
                let forward = all_log(&opened.journal, stream, kind, range, Order::Ascending, limit);
                assert_eq!(forward, expected);
                expected.reverse();
                let backward = all_log(&opened.journal, stream, kind, range, Order::Descending, limit);
                assert_eq!(backward, expected);
            }
        }
    }
    opened.journal.shutdown();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 40, ..ProptestConfig::default() })]
    #[test]
    fn answers_equal_those_of_a_list(
        steps in prop::collection::vec(any_step(), 1..250),
        ranges in prop::collection::vec(any_range(), 1..4),
        limit in prop_oneof![1_usize..6, Just(1000)],
    ) {
        let dir = scratch();
        run(&small_config(dir.path()), steps, ranges, limit);
    }
}

#[test]
fn buckets_sum_up_what_is_there() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let mut opened = open(&small_config(dir.path()), &clock);
    for second in 0..600_i64 {
        opened.push_points(
            1,
            NOON + second * 1000,
            &[(1, PointValue::Int(second)), (2, PointValue::Text("x".into()))],
        );
        if second == 300 {
            opened.commit();
            opened.seal_all();
        }
    }
    opened.commit();
    let range = TimeRange::between(UnixMillis(NOON), UnixMillis(NOON + 600_000));
    let buckets = opened.journal.history_buckets(DeviceId(1), PropertyNumber(1), range, 60_000).unwrap();
    assert_eq!(buckets.len(), 10);
    let third = &buckets[2];
    assert_eq!((third.start.0, third.count), (NOON + 120_000, 60));
    assert_eq!((third.min, third.max, third.mean), (Some(120.0), Some(179.0), Some(149.5)));
    assert_eq!((third.first.clone(), third.last.clone()), (PointValue::Int(120), PointValue::Int(179)));
    let texts = opened.journal.history_buckets(DeviceId(1), PropertyNumber(2), range, 600_000).unwrap();
    assert_eq!(texts.iter().map(|bucket| bucket.count).sum::<u64>(), 600);
    assert!(texts.iter().all(|bucket| bucket.min.is_none() && bucket.mean.is_none()));
    let refused = opened.journal.history_buckets(DeviceId(1), PropertyNumber(1), range, 1);
    assert!(matches!(refused, Err(QueryError::TooManyBuckets { .. })));
    let open_ended =
        opened.journal.history_buckets(DeviceId(1), PropertyNumber(1), TimeRange::ALL, 600_000).unwrap();
    assert_eq!(open_ended.iter().map(|bucket| bucket.count).sum::<u64>(), 600);
    assert!(
        opened
            .journal
            .history_buckets(DeviceId(2), PropertyNumber(1), TimeRange::ALL, 1000)
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_cursor_that_was_not_given_out_is_refused() {
    for odd in ["", "-", "12", "12-", "x-1", "1-+2", "1-2-3"] {
        assert!(matches!(odd.parse::<Cursor>(), Err(QueryError::BadCursor)), "{odd:?}");
    }
}

fn check(model: &Model, journal: &Journal) {
    for stream in 0..3 {
        let expected = model.history(stream, 1, TimeRange::ALL);
        assert_eq!(all_history(journal, stream, 1, TimeRange::ALL, Order::Ascending, 7), expected);
        let expected = model.log(stream, LogKind::Content, TimeRange::ALL);
        assert_eq!(all_log(journal, stream, LogKind::Content, TimeRange::ALL, Order::Ascending, 7), expected);
    }
}

#[test]
fn many_small_runs_are_merged_and_closed_days_packed_without_changing_answers() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let mut opened = open(&small_config(dir.path()), &clock);
    let mut model = Model::default();
    for round in 0..40_i64 {
        for stream in 0..3_u64 {
            // One device is late, so that blocks of different runs overlap.
            let time = NOON + round * 1000 - if stream == 2 { (round % 5) * 7_000 } else { 0 };
            for property in 0..2 {
                model.points.push((stream, property, time, PointValue::Int(round)));
            }
            let seq =
                opened.push_points(stream, time, &[(0, PointValue::Int(round)), (1, PointValue::Int(round))]);
            model.logs.push((stream, LogKind::Content, time, seq, b"{\"method\":\"report\"}".to_vec()));
        }
        opened.commit();
        opened.seal_all();
    }
    stats_say(&opened.journal, "runs are merged", |stats| stats.merges >= 2);
    check(&model, &opened.journal);
    clock.set(NOON + 3 * DAY_MS);
    stats_say(&opened.journal, "both files are packed", |stats| stats.days_repacked == 2);
    check(&model, &opened.journal);
    // Late records still find their way into a packed day.
    for round in 0..3_i64 {
        model.points.push((1, 1, NOON + round, PointValue::Int(-round)));
        let seq = opened.push_points(1, NOON + round, &[(1, PointValue::Int(-round))]);
        model.logs.push((1, LogKind::Content, NOON + round, seq, b"{\"method\":\"report\"}".to_vec()));
        opened.commit();
        opened.seal_all();
    }
    check(&model, &opened.journal);
    opened.journal.shutdown();
    drop(opened);
    check(&model, &open(&small_config(dir.path()), &clock).journal);
}

#[test]
fn sums_over_more_points_than_one_portion_miss_none_and_count_none_twice() {
    let dir = scratch();
    let clock = HandClock::at(NOON);
    let mut opened = open(&small_config(dir.path()), &clock);
    // Many points of the same moment, so that portions end within one; half of them sealed.
    let points: Vec<_> = (0..100).map(|number| (1, PointValue::Int(number))).collect();
    for round in 0..1_100_i64 {
        opened.push_points(1, NOON + round / 7, &points);
        if round % 10 == 9 {
            opened.commit();
        }
        if round == 550 {
            opened.commit();
            opened.seal_all();
        }
    }
    let buckets =
        opened.journal.history_buckets(DeviceId(1), PropertyNumber(1), TimeRange::ALL, 1_000).unwrap();
    assert_eq!(buckets.iter().map(|bucket| bucket.count).sum::<u64>(), 110_000);
    assert_eq!((buckets[0].min, buckets[0].max, buckets[0].mean), (Some(0.0), Some(99.0), Some(49.5)));
}
