//! What waits for one watcher: records, and how many more there would have been. Bounded three times: by number for each
//! watcher, by bytes for each client and for all of them together.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::Mutex;

use super::LiveKinds;

/// Records that wait for one watcher, at most.
const MAX_RECORDS: usize = 1_000;
/// Bytes that wait for one client, whatever number of watchers it has. One record may be larger.
const MAX_CLIENT_BYTES: usize = 4 << 20;
/// Bytes that wait for all clients together.
const MAX_BYTES: usize = 64 << 20;

/// What one client's watchers may hold together.
#[derive(Debug)]
pub struct Allowance {
    held: AtomicUsize,
    held_by_all: Arc<AtomicUsize>,
}

impl Allowance {
    pub(super) fn new(held_by_all: Arc<AtomicUsize>) -> Self {
        Self { held: AtomicUsize::new(0), held_by_all }
    }

    /// Counts bytes in, unless there is no room for them.
    fn take(&self, bytes: usize) -> bool {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        let before_of_all = self.held_by_all.fetch_add(bytes, Ordering::Relaxed);
        let fits = (before == 0 || before + bytes <= MAX_CLIENT_BYTES) && before_of_all + bytes <= MAX_BYTES;
        if !fits {
            self.give_back(bytes);
        }
        fits
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
        self.held_by_all.fetch_sub(bytes, Ordering::Relaxed);
    }
}

#[derive(Default)]
struct Waiting {
    records: VecDeque<Arc<[u8]>>,
    lost: u64,
}

/// One watcher's queue.
pub(super) struct Queue {
    pub(super) kinds: LiveKinds,
    allowance: Arc<Allowance>,
    waiting: Mutex<Waiting>,
}

/// What was taken out of a queue.
#[derive(Debug, Default)]
pub struct LiveBatch {
    /// Records in the order of the log, for [`crate::Devices::live_items`].
    pub records: Vec<Arc<[u8]>>,
    /// How many more there were since the last time that found no room.
    pub lost: u64,
}

impl Queue {
    pub(super) fn new(kinds: LiveKinds, allowance: Arc<Allowance>) -> Self {
        Self { kinds, allowance, waiting: Mutex::default() }
    }

    /// Adds a record, or counts it as lost.
    pub(super) fn push(&self, record: &Arc<[u8]>) {
        let mut waiting = self.waiting.lock();
        if waiting.records.len() < MAX_RECORDS && self.allowance.take(record.len()) {
            waiting.records.push_back(Arc::clone(record));
        } else {
            waiting.lost += 1;
        }
    }

    pub(super) fn take(&self, most: usize) -> LiveBatch {
        let mut waiting = self.waiting.lock();
        let count = waiting.records.len().min(most);
        let records: Vec<_> = waiting.records.drain(..count).collect();
        self.allowance.give_back(records.iter().map(|record| record.len()).sum());
        LiveBatch { records, lost: std::mem::take(&mut waiting.lost) }
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        let waiting = self.waiting.get_mut();
        self.allowance.give_back(waiting.records.iter().map(|record| record.len()).sum());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn queue(held: &Arc<AtomicUsize>) -> Queue {
        Queue::new(LiveKinds::MESSAGES, Arc::new(Allowance::new(Arc::clone(held))))
    }

    #[test]
    fn a_queue_that_nobody_empties_stays_small_and_counts_the_rest() {
        let held = Arc::default();
        let queue = queue(&held);
        let record: Arc<[u8]> = Arc::from([0_u8; 100]);
        for _ in 0..5_000 {
            queue.push(&record);
        }
        assert_eq!(held.load(Ordering::Relaxed), MAX_RECORDS * 100);
        let taken = queue.take(usize::MAX);
        assert_eq!((taken.records.len(), taken.lost), (MAX_RECORDS, 4_000));
        assert_eq!((held.load(Ordering::Relaxed), queue.take(1).lost), (0, 0));
    }

    #[test]
    fn large_records_are_bounded_by_their_bytes_and_one_always_fits() {
        let held = Arc::default();
        let queue = queue(&held);
        let record: Arc<[u8]> = Arc::from(vec![0_u8; MAX_CLIENT_BYTES + 1]);
        queue.push(&record);
        queue.push(&record);
        assert!(held.load(Ordering::Relaxed) <= MAX_CLIENT_BYTES + 1);
        let taken = queue.take(usize::MAX);
        assert_eq!((taken.records.len(), taken.lost), (1, 1));
        drop(queue);
        assert_eq!(held.load(Ordering::Relaxed), 0);
    }
}
