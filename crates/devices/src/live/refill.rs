//! What a watcher missed while it was away, out of the logs. Bounded; what cannot be filled in is said, not guessed.

use std::sync::Arc;

use yizhan_journal::{Order, TimeRange};
use yizhan_vocabulary::UnixMillis;

use super::item::push_entry;
use super::{LiveItem, LiveKinds};
use crate::queries::LogName;
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// Records of one log that are filled in, at most.
const MAX_RECORDS: usize = 1_000;
/// Records with the time of the last one seen that are passed over, at most.
const MAX_SEEN: usize = 1_000;

/// The last thing that a watcher saw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LivePlace {
    /// Its time.
    pub time: UnixMillis,
    /// Its place in the order of all changes; 0 if only the time is known.
    pub seq: u64,
}

/// What a watcher missed.
#[derive(Debug, Default)]
pub struct Refilled {
    /// In order of time.
    pub items: Vec<LiveItem>,
    /// Kinds of which more was missed than is filled in.
    pub incomplete: LiveKinds,
}

impl Devices {
    /// What happened to a device after `place`. Values are not filled in: the last ones are to be asked for.
    pub fn live_refill(
        &self,
        device: &Arc<Device>,
        kinds: LiveKinds,
        place: LivePlace,
    ) -> Result<Refilled, DevicesError> {
        let mut refilled = Refilled::default();
        if kinds.has(LiveKinds::VALUES) {
            refilled.incomplete = LiveKinds::VALUES;
        }
        for (log, _) in LogName::ALL {
            let kind = LiveKinds::of_log(*log);
            if kinds.has(kind) && !self.refill_log(device, *log, place, &mut refilled.items)? {
                refilled.incomplete = refilled.incomplete.and(kind);
            }
        }
        refilled.items.sort_by_key(|item| (item.time, item.seq));
        Ok(refilled)
    }

    /// Whether everything of this log was filled in.
    fn refill_log(
        &self,
        device: &Arc<Device>,
        log: LogName,
        place: LivePlace,
        out: &mut Vec<LiveItem>,
    ) -> Result<bool, DevicesError> {
        let range = TimeRange { from: Some(place.time), to: None };
        let most = MAX_RECORDS + MAX_SEEN;
        let page = self.journal().log(device.id, log.kind(), range, Order::Ascending, most, None)?;
        let mut missed = page.items.iter().filter(|entry| entry.seq > place.seq);
        for entry in missed.by_ref().take(MAX_RECORDS) {
            push_entry(device, log, entry, out);
        }
        Ok(missed.next().is_none() && page.next.is_none())
    }
}
