//! What went wrong, collected from all threads. Bounded: a broken server produces the same complaint thousands of times.

use parking_lot::Mutex;

const KEPT: usize = 50;

#[derive(Debug, Default)]
pub struct Findings {
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    kept: Vec<String>,
    dropped: usize,
}

impl Findings {
    pub fn add(&self, finding: String) {
        let mut inner = self.inner.lock();
        if inner.kept.len() < KEPT {
            inner.kept.push(finding);
        } else {
            inner.dropped += 1;
        }
    }

    pub fn take(&self) -> Vec<String> {
        let mut inner = self.inner.lock();
        let mut all = std::mem::take(&mut inner.kept);
        if inner.dropped > 0 {
            all.push(format!("and {} more", inner.dropped));
        }
        all
    }
}
