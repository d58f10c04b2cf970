//! A device's message that came over HTTP instead of its connection (facts §3.6): the same rights, limits, features and
//! subscribers as if the device had published it; answers go to its connection, if it has one.

use std::sync::Arc;

use yizhan_devices::{Device, DeviceLinks, Diagnostic, Direction, UplinkOutcome};
use yizhan_journal::{Batch, Lane};
use yizhan_mqtt::Message;
use yizhan_observe::Counter;
use yizhan_vocabulary::causes::DropReason;

use crate::device_links::STORE_DEADLINE;
use crate::expiry::open_batch;
use crate::fanout::{Reserved, Sender};
use crate::router::{Router, Shared};

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
        if !shared.store(lane, batch, &reserved) {
            shared.counters.dropped(DropReason::StorageUnavailable);
            return Err(DropReason::StorageUnavailable);
        }
        let (mut local, now) = (Vec::new(), shared.clock.now());
        let mut sender = Sender { core: None, local: &mut local, counters: &shared.counters, now };
        shared.release(reserved, &mut sender);
        shared.devices.complete(&mut outcome.completions);
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
        let (reason, diagnostic) = if length > limit {
            (DropReason::PayloadTooLarge, Diagnostic::PublishPayloadTooLong { topic, qos, length, limit })
        } else if !self.devices.may_publish(device, &message.topic) {
            (DropReason::NotAuthorized, Diagnostic::PublishUnauthorized { topic, qos })
        } else {
            return Ok(());
        };
        if let Some(lane) = self.management.get() {
            let mut batch = open_batch(lane);
            self.devices.diagnose(device, diagnostic, self.clock.now(), &mut batch);
            self.submit_overdue(lane, batch, Vec::new());
        }
        Err(reason)
    }

    /// Waits until the records are durable. If that takes too long, what waits for them is released later: memory is
    /// ahead of the journal, so they must become durable.
    fn store(&self, lane: &Lane, mut batch: Batch, reserved: &[Reserved]) -> bool {
        match lane.submit(&mut batch) {
            Ok(ticket) => {
                let stored = lane.wait(ticket, STORE_DEADLINE).is_ok();
                if !stored {
                    self.release_after(ticket, reserved.to_vec());
                }
                stored
            }
            Err(_) => {
                self.submit_overdue(lane, batch, reserved.to_vec());
                false
            }
        }
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
