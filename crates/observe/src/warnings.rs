//! The most recent warnings and errors of the server's own log, so that they can be read in the console and go into a
//! diagnostics bundle. Kept in memory and bounded.

use std::collections::VecDeque;

use parking_lot::Mutex;
use serde::Serialize;
use yizhan_vocabulary::UnixMillis;

/// Warnings remembered.
const CAPACITY: usize = 500;
/// The longest text that is kept.
const MAX_TEXT: usize = 1_000;

/// A warning or an error.
#[derive(Debug, Clone, Serialize)]
pub struct Warning {
    /// When.
    pub time: UnixMillis,
    /// `WARN` or `ERROR`.
    pub level: &'static str,
    /// The part of the server that says it.
    pub target: String,
    /// What it says.
    pub text: String,
}

/// The last warnings, oldest first.
#[derive(Debug, Default)]
pub struct WarningLog {
    entries: Mutex<VecDeque<Warning>>,
}

impl WarningLog {
    /// Remembers one more and forgets the oldest beyond the capacity.
    pub fn push(&self, mut warning: Warning) {
        let end = warning.text.floor_char_boundary(MAX_TEXT);
        warning.text.truncate(end);
        let mut entries = self.entries.lock();
        if entries.len() == CAPACITY {
            entries.pop_front();
        }
        entries.push_back(warning);
    }

    /// The newest `limit` warnings, newest first.
    pub fn newest(&self, limit: usize) -> Vec<Warning> {
        self.entries.lock().iter().rev().take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_come_first_and_the_list_is_bounded() {
        let log = WarningLog::default();
        for index in 0..CAPACITY as i64 + 5 {
            let text = "\u{4e2d}".repeat(500);
            log.push(Warning { time: UnixMillis(index), level: "WARN", target: String::new(), text });
        }
        let newest = log.newest(usize::MAX);
        assert_eq!((newest.len(), newest[0].time.0), (CAPACITY, CAPACITY as i64 + 4));
        assert!(newest[0].text.len() <= MAX_TEXT);
    }
}
