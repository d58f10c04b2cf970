//! A look at records in the moment in which they are durable, for people who watch.
//!
//! The writer shows what it has just synced, after it has published it, so that no answer waits for it. Nobody watching
//! costs one relaxed load a commit and nothing at all on the threads that serve devices. Whoever watches runs on the
//! writer's thread: it must neither wait nor panic, and must be done soon, because the next commit begins after it.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use yizhan_vocabulary::DeviceId;

use crate::record::{self, RecordKind};
use crate::segment::{FRAME_ALIGN, FRAME_HEADER, frame_payload_len};

/// What is shown the records of each commit while somebody watches.
pub type Watcher = Box<dyn for<'a> Fn(DurableRecords<'a>) + Send + Sync>;

/// The switch, and who is behind it.
#[derive(Default)]
pub(crate) struct Tap {
    watched: Arc<AtomicBool>,
    watcher: OnceLock<Watcher>,
}

impl Tap {
    /// None if there is a watcher already.
    pub(crate) fn attach(&self, watcher: Watcher) -> Option<WatchSwitch> {
        self.watcher.set(watcher).ok().map(|()| WatchSwitch(Arc::clone(&self.watched)))
    }

    /// Shows finished frames of records.
    pub(crate) fn show(&self, frames: &[u8]) {
        if self.watched.load(Ordering::Relaxed)
            && let Some(watcher) = self.watcher.get()
        {
            watcher(DurableRecords { frames, payload: &[] });
        }
    }
}

/// Says whether the watcher is to be shown anything. It does not keep the journal running.
#[derive(Debug, Clone)]
pub struct WatchSwitch(Arc<AtomicBool>);

impl WatchSwitch {
    /// Commits that are under way may still be decided by what was said before.
    pub fn set(&self, watched: bool) {
        self.0.store(watched, Ordering::Relaxed);
    }
}

/// A record that has become durable. What decides whether anybody wants it is read already, the rest is not.
#[derive(Debug, Clone, Copy)]
pub struct DurableRecord<'a> {
    /// Whose record it is.
    pub stream: DeviceId,
    /// What it is for.
    pub kind: RecordKind,
    /// Whether it carries property values.
    pub has_points: bool,
    /// The whole record, for [`RecordView::read`](crate::RecordView::read).
    pub bytes: &'a [u8],
}

/// The records of one commit in the order of the log.
#[derive(Debug)]
pub struct DurableRecords<'a> {
    frames: &'a [u8],
    /// What is left of the frame at hand.
    payload: &'a [u8],
}

impl<'a> Iterator for DurableRecords<'a> {
    type Item = DurableRecord<'a>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if self.payload.is_empty() {
                self.open_frame()?;
            }
            let Some((length, kind, has_points, stream)) = record::head(self.payload) else {
                // Not a record of this release: the rest of the frame cannot be told apart.
                self.payload = &[];
                continue;
            };
            let (bytes, rest) = self.payload.split_at(length);
            self.payload = rest;
            if let Some(kind) = kind {
                return Some(DurableRecord { stream, kind, has_points, bytes });
            }
        }
    }
}

impl DurableRecords<'_> {
    fn open_frame(&mut self) -> Option<()> {
        if self.frames.len() < FRAME_HEADER {
            return None;
        }
        let length = frame_payload_len(self.frames);
        self.payload = self.frames.get(FRAME_HEADER..FRAME_HEADER + length)?;
        let whole = (FRAME_HEADER + length).next_multiple_of(FRAME_ALIGN);
        self.frames = self.frames.get(whole..).unwrap_or_default();
        Some(())
    }
}
