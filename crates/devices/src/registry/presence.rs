//! Whether a device is there: connections come and go, the first one activates the device, and a restart of the
//! server ends them all.
//!
//! When a device connects again while its old connection still exists, the router reports the new connection and
//! the end of the old one from two threads, in either order. So the end by take-over is logged and changes
//! nothing.

use std::sync::Arc;

use yizhan_journal::{Batch, LogKind, RecordKind};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::DisconnectCause;

use super::{Device, DeviceState, Presence};
use crate::Devices;
use crate::links::Connected;
use crate::recorder::Recorder;
use crate::records::connection::{self, ConnectionBody};

/// What the connection log says about a connection that the server did not survive.
pub(crate) const SERVER_STOPPED: &str = "the server stopped while the device was connected";

impl Devices {
    /// A connection was accepted for the device. The first one ever activates it.
    pub fn connected(&self, device: &Arc<Device>, link: Connected, now: UnixMillis, batch: &mut Batch) {
        let entry = ConnectionBody::Online {
            address: link.address,
            transport: link.transport.to_owned(),
            version: link.version.to_owned(),
            keep_alive_s: link.keep_alive_s,
        };
        self.note_connection(device, &entry, now, batch);
        self.activate(device, now);
    }

    /// The device's connection ended.
    pub fn disconnected(
        &self,
        device: &Arc<Device>,
        cause: DisconnectCause,
        detail: &str,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        const MAX_DETAIL_CHARS: usize = 200;
        let detail = detail.chars().take(MAX_DETAIL_CHARS).collect();
        self.note_connection(device, &ConnectionBody::Offline { cause, detail }, now, batch);
    }

    fn note_connection(
        &self,
        device: &Arc<Device>,
        entry: &ConnectionBody,
        now: UnixMillis,
        batch: &mut Batch,
    ) {
        let body = connection::encode(entry);
        let mut recorder = Recorder { journal: self.journal(), batch, stream: device.id, now };
        let mut state = device.state.lock();
        match recorder.push(&mut state, RecordKind::Log(LogKind::Connection), &body) {
            Ok(()) => {
                let was_online = state.is_online();
                apply(&mut state, entry, now);
                self.count_presence(device, &mut state, was_online, now);
            }
            Err(error) => tracing::error!(device = device.id.0, %error, "a connection entry is too large"),
        }
        drop(state);
        self.note_change(device);
    }

    fn count_presence(&self, device: &Device, state: &mut DeviceState, was_online: bool, now: UnixMillis) {
        let counters = &device.product().counters;
        match (was_online, state.is_online()) {
            (false, true) => counters.came(),
            (true, false) => counters.went(),
            (false, false) | (true, true) => {}
        }
        if state.is_online() && state.active.mark(self.day_of(now)) {
            counters.active(1);
        }
    }

    /// Notes the first connection; the store learns it with the next [`Devices::tick`].
    pub(crate) fn activate(&self, device: &Device, at: UnixMillis) {
        if device.activate(at) {
            device.product().counters.activated(1);
            self.0.activations.lock().push((device.id, at));
        }
    }

    /// After a restart nobody is connected, whatever the log says.
    pub(crate) fn end_connections_of_the_last_run(&self, now: UnixMillis) {
        const DEVICES_PER_BATCH: usize = 1_000;
        let online: Vec<_> =
            self.0.registry.devices().into_iter().filter(|device| device.state.lock().is_online()).collect();
        for devices in online.chunks(DEVICES_PER_BATCH) {
            let mut batch = self.journal_side().lane.batch();
            for device in devices {
                let cause = DisconnectCause::ConnectionLost;
                self.disconnected(device, cause, SERVER_STOPPED, now, &mut batch);
            }
            // If the journal takes nothing now, the next start does the same again.
            if let Err(error) = self.journal_side().lane.submit(&mut batch) {
                tracing::warn!(%error, "connections of the last run could not be closed in the log");
            }
        }
    }
}

/// What an entry of the connection log means for a device's presence.
pub(crate) fn apply(state: &mut DeviceState, entry: &ConnectionBody, time: UnixMillis) {
    match entry {
        ConnectionBody::Online { address, transport, version, .. } => {
            let cause = state.presence.as_deref().and_then(|presence| presence.cause);
            state.presence = Some(Box::new(Presence {
                online: true,
                since: time,
                online_at: time,
                address: *address,
                transport: transport.as_str().into(),
                version: version.as_str().into(),
                cause,
            }));
        }
        ConnectionBody::Offline { cause: DisconnectCause::TakenOver, .. } => {}
        ConnectionBody::Offline { cause, .. } => {
            if let Some(presence) = state.presence.as_deref_mut() {
                presence.online = false;
                presence.since = time;
                presence.cause = Some(*cause);
            }
        }
    }
}
