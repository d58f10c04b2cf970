//! Start and checkpoints: what the journal gives back, and what it is given so that the log need not be kept for
//! ever.
//!
//! A device's image in a checkpoint carries the sequence number it includes; a record is applied only if its own is
//! greater. Records of one device may stand in the log in another order than they were made, because they come
//! from several threads; a record that is overtaken is applied only where it says something newer by time. A
//! command that has ended never comes back.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use yizhan_journal::{Checkpoint, Journal, LogKind, RecordKind, RecordView, StateWriter};
use yizhan_vocabulary::DeviceId;

use crate::commands::{self, CommandId, DeviceCommands};
use crate::records::{self, BODY_VERSION, STATE_INFO, STATE_POINTS, STATE_STATUS_READ, connection};
use crate::registry::{Device, DeviceState, presence};
use crate::{Devices, JournalSide};

/// The checkpoint table of this crate: device number (8 bytes, big endian) to image.
const TABLE: &str = "devices";

/// Devices that changed since the last checkpoint.
#[derive(Debug, Default)]
pub(crate) struct Changed(Mutex<Vec<Arc<Device>>>);

/// What is only known while the log is read.
#[derive(Debug, Default)]
pub(crate) struct Replaying {
    ended: HashSet<CommandId>,
}

/// Something the journal holds cannot be understood: a newer release wrote it. Starting without it would lose it.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A key of the checkpoint table is no device number.
    #[error("a checkpoint image has a key that is no device number")]
    Key,
    /// An image of a device.
    #[error("the checkpoint image of device {device} cannot be read: {reason}")]
    Image {
        /// The device's number.
        device: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// A record of the log.
    #[error("record {seq} of device {device} cannot be read")]
    Record {
        /// The device's number.
        device: u64,
        /// The record's number.
        seq: u64,
    },
}

impl Devices {
    /// The name of the checkpoint table that [`Devices::restore`] reads.
    pub const TABLE: &'static str = TABLE;

    /// The device of an entry of that table.
    pub fn key_of_image(key: &[u8]) -> Option<DeviceId> {
        <[u8; 8]>::try_from(key).ok().map(|key| DeviceId(u64::from_be_bytes(key)))
    }

    /// Takes one entry of the checkpoint, before any record.
    pub fn restore(&self, key: &[u8], value: &[u8]) -> Result<(), RecoveryError> {
        let id = Self::key_of_image(key).ok_or(RecoveryError::Key)?;
        // A device that was deleted since is of no interest any more.
        let Some(device) = self.device(id) else { return Ok(()) };
        let state = records::state::decode_image(value)
            .map_err(|error| RecoveryError::Image { device: id.0, reason: error.to_string() })?;
        device.mark_durable(state.seq);
        *device.state.lock() = state;
        Ok(())
    }

    /// Takes one record of the log; those of other parts are passed over.
    pub fn replay(&self, record: &RecordView<'_>) -> Result<(), RecoveryError> {
        let Some(device) = self.device(record.stream) else { return Ok(()) };
        let mut state = device.state.lock();
        if record.seq <= state.seq {
            return Ok(());
        }
        // While the log is read, the durable mark is the greatest number seen so far.
        let overtaken = record.seq <= device.durable_seq();
        device.mark_durable(record.seq);
        let changed = self
            .replay_into(&device, &mut state, record, overtaken)
            .ok_or(RecoveryError::Record { device: device.id.0, seq: record.seq })?;
        drop(state);
        if changed {
            self.note_change(&device);
        }
        Ok(())
    }

    /// What a record means for a device's state: whether anything, or nothing that can be understood.
    fn replay_into(
        &self,
        device: &Device,
        state: &mut DeviceState,
        record: &RecordView<'_>,
        overtaken: bool,
    ) -> Option<bool> {
        match record.kind {
            RecordKind::Log(LogKind::Content) => replay_points(state, record, overtaken),
            RecordKind::State(STATE_POINTS) => {
                (record.body == [BODY_VERSION]).then_some(())?;
                replay_points(state, record, overtaken);
            }
            RecordKind::Log(LogKind::Connection) => {
                self.replay_connection(device, state, record, overtaken)?;
            }
            RecordKind::Log(LogKind::Command) => self.replay_command(state, record)?,
            RecordKind::State(STATE_INFO) => state.info = Some(records::state::decode_info(record.body)?),
            RecordKind::State(STATE_STATUS_READ) => {
                let read = records::state::decode_status_read(record.body)?;
                if let Some(commands) = state.commands.as_deref_mut() {
                    commands.status_read = Some(read);
                }
            }
            RecordKind::State(_) | RecordKind::Log(_) => return Some(false),
        }
        Some(true)
    }

    fn replay_connection(
        &self,
        device: &Device,
        state: &mut DeviceState,
        record: &RecordView<'_>,
        overtaken: bool,
    ) -> Option<()> {
        let entry = connection::decode(record.body)?;
        let newer = state.presence.as_deref().is_none_or(|presence| presence.since < record.time);
        self.replay_activity(state, &entry, record.time);
        if !overtaken || newer {
            presence::apply(state, &entry, record.time);
        }
        if matches!(entry, connection::ConnectionBody::Online { .. }) {
            self.activate(device, record.time);
        }
        Some(())
    }

    /// A device was active on the days of a connection. Where the server stopped meanwhile, nobody knows until when.
    fn replay_activity(
        &self,
        state: &mut DeviceState,
        entry: &connection::ConnectionBody,
        time: yizhan_vocabulary::UnixMillis,
    ) {
        match entry {
            connection::ConnectionBody::Online { .. } => {
                state.active.mark(self.day_of(time));
            }
            connection::ConnectionBody::Offline { detail, .. } if detail == presence::SERVER_STOPPED => {}
            connection::ConnectionBody::Offline { .. } => {
                let since = state.presence.as_deref().filter(|presence| presence.online);
                if let Some(since) = since.map(|presence| presence.online_at) {
                    state.active.mark_all(self.day_of(since), self.day_of(time));
                }
            }
        }
    }

    fn replay_command(&self, state: &mut DeviceState, record: &RecordView<'_>) -> Option<()> {
        let view = commands::decode(record.body)?;
        let mut replaying = self.0.replaying.lock();
        if view.state.is_final() {
            replaying.ended.insert(view.id);
            if let Some(all) = state.commands.as_deref_mut() {
                all.outstanding.retain(|entry| entry.view.id != view.id);
                if all.is_empty() {
                    state.commands = None;
                }
            }
        } else if !replaying.ended.contains(&view.id) {
            state.commands.get_or_insert_with(Box::<DeviceCommands>::default).restore(view, record.seq);
        }
        Some(())
    }

    /// Gives the journal, once, after the last record. Ends the connections of the last run and sets the timers of
    /// the commands that are still open.
    pub fn attach_journal(&self, journal: Journal) {
        let (now, monotonic) = (self.0.clock.now(), self.0.clock.monotonic());
        for device in self.0.registry.devices() {
            let mut state = device.state.lock();
            state.seq = state.seq.max(device.durable_seq());
            for entry in state.commands.iter().flat_map(|all| &all.outstanding) {
                let at = monotonic.plus(entry.view.remaining(now));
                // What was accepted before the restart stays accepted, whatever the limit is now.
                self.0.timers.add(at, entry.view.id, device.id, usize::MAX);
            }
        }
        *self.0.replaying.lock() = Replaying::default();
        let lane = journal.lane(Arc::new(|| {}));
        self.attach_live(&journal);
        if self.0.journal.set(JournalSide { journal, lane }).is_err() {
            tracing::error!("the journal was attached twice; the first one stays");
            return;
        }
        if let Err(error) = self.restore_statistics(now) {
            tracing::error!(%error, "the statistics of today could not be read; they start again");
        }
        self.end_connections_of_the_last_run(now);
    }

    /// What the journal asks for the state of all devices.
    pub fn checkpoint(&self) -> Box<dyn Checkpoint> {
        Box::new(DevicesCheckpoint(Arc::clone(&self.0.changed)))
    }

    /// The next checkpoint must contain this device.
    pub(crate) fn note_change(&self, device: &Arc<Device>) {
        if device.mark_dirty() {
            self.0.changed.0.lock().push(Arc::clone(device));
        }
    }
}

fn replay_points(state: &mut DeviceState, record: &RecordView<'_>, overtaken: bool) {
    let newer = |number| match state.values.binary_search_by_key(&number, |last| last.number) {
        Ok(at) => state.values[at].time < record.time,
        Err(_) => true,
    };
    let points: Vec<_> = record.points().filter(|(number, _)| !overtaken || newer(*number)).collect();
    state.apply_points(record.time, points.into_iter());
}

struct DevicesCheckpoint(Arc<Changed>);

impl Checkpoint for DevicesCheckpoint {
    fn table(&self) -> &'static str {
        TABLE
    }

    fn collect(&mut self, out: &mut StateWriter) {
        let changed = std::mem::take(&mut *self.0.0.lock());
        for device in changed {
            // Cleared first: a change from here on asks for the next checkpoint.
            device.clear_dirty();
            let key = device.id.0.to_be_bytes();
            if device.deleted() {
                out.delete(&key);
            } else {
                out.put(&key, &records::state::encode_image(&device.state.lock()));
            }
        }
    }
}
