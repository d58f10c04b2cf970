//! Keeps what the server prints, so that a failing test can show it. Bounded: the beginning and the end stay, the
//! middle of an endless log is dropped.

use std::collections::VecDeque;
use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use parking_lot::Mutex;

const FIRST_LINES: usize = 200;
const LAST_LINES: usize = 2_000;

#[derive(Default)]
struct Lines {
    first: Vec<String>,
    last: VecDeque<String>,
    dropped: usize,
}

/// The captured output of one server, across restarts.
#[derive(Clone, Default)]
pub(crate) struct CapturedLog(Arc<Mutex<Lines>>);

impl CapturedLog {
    pub(crate) fn push(&self, line: String) {
        let mut lines = self.0.lock();
        if lines.first.len() < FIRST_LINES {
            lines.first.push(line);
            return;
        }
        if lines.last.len() == LAST_LINES {
            lines.last.pop_front();
            lines.dropped += 1;
        }
        lines.last.push_back(line);
    }

    /// Reads `source` to its end on a thread of its own.
    pub(crate) fn follow(&self, source: impl Read + Send + 'static) -> JoinHandle<()> {
        let log = self.clone();
        Builder::new()
            .name("server-log".into())
            .spawn(move || {
                for line in BufReader::new(source).split(b'\n') {
                    let Ok(line) = line else { return };
                    log.push(String::from_utf8_lossy(&line).into_owned());
                }
            })
            .expect("a thread can be started")
    }

    pub(crate) fn text(&self) -> String {
        let lines = self.0.lock();
        let mut text = lines.first.join("\n");
        if lines.dropped > 0 {
            text.push_str(&format!("\n... {} lines left out ...", lines.dropped));
        }
        for line in &lines.last {
            text.push('\n');
            text.push_str(line);
        }
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endless_log_keeps_its_beginning_and_its_end() {
        let log = CapturedLog::default();
        for number in 0..5_000 {
            log.push(format!("line {number}"));
        }
        let text = log.text();
        assert!(text.starts_with("line 0\n"));
        assert!(text.ends_with("line 4999"));
        assert!(text.contains("lines left out"));
        assert!(text.lines().count() < 2_300);
    }
}
