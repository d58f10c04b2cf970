//! A device's message that came over HTTP instead of its connection (facts §3.6): the same rights, limits, features and
//! subscribers as if the device had published it; answers go to its connection, if it has one.

use std::sync::Arc;

use ahash::AHashMap;
use yizhan_devices::{Device, DeviceLinks, Diagnostic, Direction, UplinkOutcome};
use yizhan_journal::{Batch, Lane};
use yizhan_mqtt::Message;
use yizhan_observe::Counter;
use yizhan_vocabulary::causes::DropReason;
use yizhan_vocabulary::{DeviceId, UnixMillis};

use crate::device_links::STORE_DEADLINE;
use crate::expiry::{Waiting, open_batch};
use crate::fanout::{Reserved, Sender};
use crate::router::{Router, Shared};

/// Messages over HTTP in the present second. They are counted apart from those of the device's connection.
#[derive(Default)]
pub(crate) struct HttpRates {
    second: i64,
    counts: AHashMap<DeviceId, u32>,
}

impl HttpRates {
    /// Counts one message; a limit of 0 lets everything pass.
    fn admit(&mut self, device: DeviceId, limit: u32, now: UnixMillis) -> bool {
        if limit == 0 {
            return true;
        }
        if self.second != now.seconds() {
            self.second = now.seconds();
            self.counts.clear();
        }
        let count = self.counts.entry(device).or_default();
        *count += 1;
        *count <= limit
    }
}

impl Router {
    /// Takes a message of the device. Blocks until it is durable.
    ///
    /// # Errors
    /// Why it was not taken: nothing of it was stored then, except for [`DropReason::StorageUnavailable`] after the
    /// journal took longer than its deadline, when it may be stored all the same.
    pub fn publish_as_device(&self, device: &Arc<Device>, message: &Message) -> Result<(), DropReason> {
        let shared = &self.shared;
        shared.counters.add(Counter::MessagesIn, 1);
        shared.counters.add(Counter::PayloadBytesIn, message.payload.len() as u64);
        shared.admit_publication(device, message).inspect_err(|reason| shared.counters.dropped(*reason))?;
        let Some(lane) = shared.management.get() else { return Err(DropReason::StorageUnavailable) };
        let mut batch = open_batch(lane);
        let mut outcome = UplinkOutcome::default();
        let reserved = shared.take_publication(device, message, &mut outcome, &mut batch);
        let completions = std::mem::take(&mut outcome.completions);
        if !shared.store(lane, batch, Waiting { reserved, completions }) {
            shared.counters.dropped(DropReason::StorageUnavailable);
            return Err(DropReason::StorageUnavailable);
        }
        for reply in outcome.replies.drain(..) {
            self.send(device, reply);
        }
        Ok(())
    }
}

impl Shared {
    /// Whether the device may publish this now; a refusal is in its diagnostic log.
    fn admit_publication(&self, device: &Arc<Device>, message: &Message) -> Result<(), DropReason> {
        self.journal().accepting().map_err(|_| DropReason::StorageUnavailable)?;
        let (topic, qos) = (message.topic.to_string(), message.qos as u8);
        let (length, limit) = (message.payload.len() as u64, self.devices.max_payload_bytes() as u64);
        let rate = self.settings.device_publish_rate;
        let (reason, diagnostic) = if !self.http_rates.lock().admit(device.id, rate, self.clock.now()) {
            (DropReason::RateExceeded, Diagnostic::PublishRateExceeded { topic, qos, limit: rate })
        } else if length > limit {
            (DropReason::PayloadTooLarge, Diagnostic::PublishPayloadTooLong { topic, qos, length, limit })
        } else if !self.devices.may_publish(device, &message.topic) {
            (DropReason::NotAuthorized, Diagnostic::PublishUnauthorized { topic, qos })
        } else {
            return Ok(());
        };
        self.devices.count_failed(device, Direction::Up);
        if let Some(lane) = self.management.get() {
            let mut batch = open_batch(lane);
            self.devices.diagnose(device, diagnostic, self.clock.now(), &mut batch);
            self.submit_overdue(lane, batch, Vec::new());
        }
        Err(reason)
    }

    /// Waits until the records are durable, and then lets go what waits for them. If that takes too long, it is let go
    /// later: memory is ahead of the journal, so the records must become durable.
    fn store(&self, lane: &Lane, mut batch: Batch, mut waiting: Waiting) -> bool {
        let Ok(ticket) = lane.submit(&mut batch) else {
            self.submit_overdue(lane, batch, waiting);
            return false;
        };
        if lane.wait(ticket, STORE_DEADLINE).is_err() {
            self.release_after(ticket, waiting);
            return false;
        }
        let (mut local, now) = (Vec::new(), self.clock.now());
        let mut sender = Sender { core: None, local: &mut local, counters: &self.counters, now };
        self.release(waiting.reserved, &mut sender);
        self.devices.complete(&mut waiting.completions);
        true
    }

    /// Hands the message to the feature that owns its topic, or to its subscribers.
    fn take_publication(
        &self,
        device: &Arc<Device>,
        message: &Message,
        outcome: &mut UplinkOutcome,
        batch: &mut Batch,
    ) -> Vec<Reserved> {
        let (now, qos) = (self.clock.now(), message.qos as u8);
        let (topic, payload) = (&*message.topic, &*message.payload);
        self.devices.uplink(device, topic, qos, payload, now, batch, outcome);
        if outcome.handled {
            self.counters.add(Counter::Uplinks, 1);
            if let Some(reason) = outcome.dropped {
                self.counters.dropped(reason);
            }
            return Vec::new();
        }
        self.devices.log_content(device, Direction::Up, topic, qos, payload, now, batch);
        let mut local = Vec::new();
        let mut sender = Sender { core: None, local: &mut local, counters: &self.counters, now };
        let fanout = self.publish(message, None, false, &mut sender, batch);
        if fanout.receivers == 0 {
            self.counters.dropped(DropReason::NoSubscriber);
        }
        fanout.reserved
    }
}
