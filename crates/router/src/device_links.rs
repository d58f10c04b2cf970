//! Management's way to a device's connection: commands, messages, disconnection.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use yizhan_devices::{Device, DeviceLinks, Direction, Downlink, SendOutcome, SessionView};
use yizhan_mqtt::{Delivery, Message, PacketId, QoS};
use yizhan_observe::Counter;
use yizhan_vocabulary::DeviceId;
use yizhan_vocabulary::causes::{DisconnectCause, DropReason};

use crate::changes::{At, Change, Target};
use crate::core::granted_qos;
use crate::expiry::open_batch;
use crate::fanout::reason_of;
use crate::router::{Router, Shared};
use crate::sessions::{ClientSession, Inner, SessionKey, device_limits};

/// How long a caller waits for the journal before a message for an absent device counts as not stored.
pub(crate) const STORE_DEADLINE: Duration = Duration::from_secs(5);

impl DeviceLinks for Router {
    fn send(&self, device: &Arc<Device>, downlink: Downlink) -> SendOutcome {
        let outcome = match self.shared.find_device_session(device.id) {
            Some(session) => self.shared.send_to(&session, downlink),
            None => SendOutcome::Offline,
        };
        let counters = &self.shared.counters;
        if !matches!(outcome, SendOutcome::Sent | SendOutcome::Queued) {
            self.shared.devices.count_failed(device, Direction::Down);
        }
        match outcome {
            SendOutcome::Sent | SendOutcome::Queued => counters.add(Counter::Downlinks, 1),
            SendOutcome::NoSubscriber => counters.dropped(DropReason::NoSubscriber),
            SendOutcome::Offline => counters.dropped(DropReason::ReceiverOffline),
            SendOutcome::Refused(reason) => counters.dropped(reason),
        }
        outcome
    }

    fn disconnect(&self, device: DeviceId, cause: DisconnectCause) {
        let session = self.shared.find_device_session(device);
        if cause != DisconnectCause::Deleted {
            session.inspect(|session| self.shared.close(session, cause));
            return;
        }
        session.inspect(|session| self.shared.end_and_close(session, cause));
        self.shared.identifiers.lock().forget(&SessionKey::Device(device));
    }

    fn online(&self, device: DeviceId) -> bool {
        self.shared
            .find_device_session(device)
            .is_some_and(|session| session.connected.load(Ordering::Acquire))
    }

    fn subscriptions(&self, device: DeviceId) -> Vec<String> {
        let Some(session) = self.shared.find_device_session(device) else { return Vec::new() };
        let inner = session.inner.lock();
        let subscriptions = if inner.ended { &[] } else { inner.session.subscriptions() };
        subscriptions.iter().map(|subscription| subscription.filter.as_str().to_owned()).collect()
    }

    fn session(&self, device: DeviceId) -> Option<SessionView> {
        let session = self.shared.find_device_session(device)?;
        let inner = session.inner.lock();
        if inner.ended {
            return None;
        }
        let granted =
            inner.session.subscriptions().iter().map(|subscription| {
                (subscription.filter.as_str().to_owned(), subscription.options.qos as u8)
            });
        Some(SessionView {
            subscriptions: granted.collect(),
            kept: inner.kept,
            queued: inner.session.queued_len(),
            max_queued: device_limits(&self.shared.settings).max_queued as usize,
        })
    }
}

impl Shared {
    fn send_to(&self, session: &Arc<ClientSession>, downlink: Downlink) -> SendOutcome {
        let mut inner = session.inner.lock();
        if inner.ended {
            return SendOutcome::Offline;
        }
        let Some(granted) = granted_qos(&inner, &downlink.topic) else {
            let online = inner.owner.is_some();
            return if online { SendOutcome::NoSubscriber } else { SendOutcome::Offline };
        };
        let qos = granted.min(if downlink.qos == 0 { QoS::AtMostOnce } else { QoS::AtLeastOnce });
        let tag = downlink.tag;
        let mut delivery = Delivery::new(Message::new(downlink.topic, downlink.payload, qos));
        delivery.tag = tag;
        if inner.owner.is_some() {
            return self.send_online(&mut inner, delivery);
        }
        // A command waits in its ledger, not in the session: the device asks for it when it is back (facts §2.2).
        if !inner.kept || qos == QoS::AtMostOnce || tag != 0 {
            return SendOutcome::Offline;
        }
        self.store_offline(session, inner, delivery)
    }

    fn send_online(&self, inner: &mut Inner, delivery: Delivery) -> SendOutcome {
        if delivery.qos == QoS::AtMostOnce {
            if !inner.pending.push(delivery, &self.settings) {
                return SendOutcome::Refused(DropReason::SlowReader);
            }
        } else if let Err(refused) = inner.session.reserve(delivery, true) {
            return SendOutcome::Refused(reason_of(&refused));
        }
        self.request_flush(inner);
        SendOutcome::Sent
    }

    /// Stores a message for a kept session; the caller gets its answer when the journal has it.
    fn store_offline(
        &self,
        session: &Arc<ClientSession>,
        mut inner: parking_lot::MutexGuard<'_, Inner>,
        delivery: Delivery,
    ) -> SendOutcome {
        let Some(lane) = self.management.get() else {
            return SendOutcome::Refused(DropReason::StorageUnavailable);
        };
        if self.journal().accepting().is_err() {
            return SendOutcome::Refused(DropReason::StorageUnavailable);
        }
        let now = self.clock.now();
        let (mut batch, mut expired) = (open_batch(lane), Vec::new());
        let reserved = inner.reserve(delivery.clone(), false, now, &mut expired);
        if let Ok(packet_id) = reserved {
            let at = At { session: session.id, version: inner.next_version() };
            self.mark_dirty(session, &mut inner);
            waiting_message(at, packet_id, delivery).record(self.journal(), now, &mut batch);
        }
        drop(inner);
        for settled in expired {
            self.settle(session, settled, &self.counters, now, &mut batch);
        }
        let packet_id = match reserved {
            Ok(packet_id) => packet_id,
            Err(refused) => {
                self.submit_overdue(lane, batch, Vec::new());
                return SendOutcome::Refused(reason_of(&refused));
            }
        };
        let stored = lane.submit(&mut batch).is_ok_and(|ticket| lane.wait(ticket, STORE_DEADLINE).is_ok());
        let mut inner = session.inner.lock();
        if !stored {
            inner.session.restore_settled(packet_id);
            // The journal may have the message in the end, after the caller was told that it was not stored.
            let at = At { session: session.id, version: inner.next_version() };
            self.mark_dirty(session, &mut inner);
            Change::Settled { at, packet_id }.record(self.journal(), self.clock.now(), &mut batch);
            drop(inner);
            self.submit_overdue(lane, batch, Vec::new());
            return SendOutcome::Refused(DropReason::StorageUnavailable);
        }
        inner.session.ready(packet_id);
        self.request_flush(&mut inner);
        self.counters.add(Counter::MessagesQueued, 1);
        SendOutcome::Queued
    }
}

/// The record of a message for a client that is not there.
fn waiting_message(at: At, packet_id: PacketId, delivery: Delivery) -> Change {
    let target = Target {
        at,
        packet_id,
        qos: delivery.qos as u8,
        retain: delivery.retain,
        subscription_ids: delivery.subscription_ids,
        away: true,
    };
    Change::Published { message: delivery.message, retained_seq: None, targets: vec![target] }
}
