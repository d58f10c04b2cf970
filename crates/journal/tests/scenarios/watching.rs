//! Looking at records in the moment in which they are durable.

use std::sync::Arc;

use parking_lot::Mutex;
use yizhan_journal::{LogKind, RecordView};

use crate::support::{HandClock, NOON, open, scratch, small_config, wait_until};

/// Stream, number and body of each record that was shown.
type Shown = Vec<(u64, u64, Vec<u8>)>;

#[test]
fn a_watcher_is_shown_every_record_in_order_while_the_switch_is_on_and_nothing_otherwise() {
    let dir = scratch();
    let mut opened = open(&small_config(dir.path()), &HandClock::at(NOON));
    let seen: Arc<Mutex<Shown>> = Arc::default();
    let shown = seen.clone();
    let switch = opened.journal.attach_watcher(Box::new(move |records| {
        for record in records {
            let read = RecordView::read(record.bytes).unwrap();
            assert_eq!(record.stream, read.stream);
            shown.lock().push((read.stream.0, read.seq, read.body.to_vec()));
        }
    }));
    let switch = switch.unwrap();
    assert!(opened.journal.attach_watcher(Box::new(|_| {})).is_none(), "there is one watcher");

    opened.push_log(1, LogKind::Content, NOON, b"unseen");
    opened.commit();
    switch.set(true);
    let mut expected = Vec::new();
    // Several frames in one commit, and several commits.
    for round in 0..5_u64 {
        for number in 0..40_u64 {
            let body = vec![number as u8; 1_000 + round as usize];
            let seq = opened.push_log(number, LogKind::Content, NOON, &body);
            expected.push((number, seq, body));
        }
        opened.commit();
    }
    // The writer shows a commit after it has published it.
    wait_until("the watcher sees everything", || seen.lock().len() == expected.len());
    switch.set(false);
    for _ in 0..2 {
        opened.push_log(1, LogKind::Content, NOON, b"unseen");
        opened.commit();
    }
    assert_eq!(*seen.lock(), expected);
}
