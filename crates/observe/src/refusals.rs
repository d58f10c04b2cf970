//! The most recent refusals, for people who ask "why can my device not connect?" when the device is not even known.
//! Kept in memory and bounded; what concerns a known device is in its diagnostic log as well.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::Serialize;
use yizhan_vocabulary::UnixMillis;

/// Refusals remembered.
const CAPACITY: usize = 1_000;
/// Longest text of an identity or a detail that is kept.
const MAX_TEXT: usize = 200;

/// One refused connection or operation.
#[derive(Debug, Clone, Serialize)]
pub struct Refusal {
    /// When.
    pub time: UnixMillis,
    /// The stable name of the reason.
    pub reason: &'static str,
    /// Who it was, as far as it was said: client id or address.
    pub identity: String,
    /// The peer's address.
    pub address: String,
    /// By which way it came: `tcp`, `tls`, `psk`, `ws`, `wss`, or `http` for requests.
    pub transport: &'static str,
    /// What exactly was wrong; never a secret.
    pub detail: String,
}

/// The last refusals, oldest first.
#[derive(Debug, Default)]
pub struct RefusalLog {
    entries: Mutex<VecDeque<Refusal>>,
}

impl RefusalLog {
    /// Remembers one more and forgets the oldest beyond the capacity.
    pub fn push(&self, mut refusal: Refusal) {
        truncate(&mut refusal.identity);
        truncate(&mut refusal.detail);
        let mut entries = self.entries.lock();
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(refusal);
    }

    /// Up to `limit` refusals that are not older than `since`, newest first.
    pub fn since(&self, since: UnixMillis, limit: usize) -> Vec<Refusal> {
        let entries = self.entries.lock();
        entries.iter().rev().take_while(|refusal| refusal.time >= since).take(limit).cloned().collect()
    }

    /// The newest `limit` refusals, newest first.
    pub fn newest(&self, limit: usize) -> Vec<Refusal> {
        self.entries.lock().iter().rev().take(limit).cloned().collect()
    }
}

fn truncate(text: &mut String) {
    if text.len() > MAX_TEXT {
        let end = (0..=MAX_TEXT).rev().find(|index| text.is_char_boundary(*index)).unwrap_or(0);
        text.truncate(end);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_list_is_bounded() {
        let log = RefusalLog::default();
        for index in 0..CAPACITY as i64 + 5 {
            log.push(Refusal {
                time: UnixMillis(index),
                reason: "expired",
                identity: "\u{4e2d}".repeat(300),
                address: String::new(),
                transport: "tcp",
                detail: String::new(),
            });
        }
        let newest = log.newest(usize::MAX);
        assert_eq!((newest.len(), newest[0].time.0), (CAPACITY, CAPACITY as i64 + 4));
        assert!(newest[0].identity.len() <= MAX_TEXT);
    }
}
