//! Writing one device's records: the stream, the time and the sequence number are the same concern each time, so
//! they are in one place. A sequence number is taken while the device's state is locked, which is why a state is
//! asked for.

use yizhan_journal::{Batch, Journal, LogKind, Record, RecordKind, TooLarge};
use yizhan_vocabulary::{DeviceId, PointValue, PropertyNumber, UnixMillis};

use crate::records;
use crate::records::diagnostic::Diagnostic;
use crate::registry::DeviceState;

/// Pushes records of one device into a batch.
pub(crate) struct Recorder<'a> {
    pub journal: &'a Journal,
    pub batch: &'a mut Batch,
    pub stream: DeviceId,
    pub now: UnixMillis,
}

impl Recorder<'_> {
    /// Pushes a record without points at the present time.
    pub(crate) fn push(
        &mut self,
        state: &mut DeviceState,
        kind: RecordKind,
        body: &[u8],
    ) -> Result<(), TooLarge> {
        self.push_points(state, kind, self.now, &[], body)
    }

    /// Pushes a record.
    pub(crate) fn push_points(
        &mut self,
        state: &mut DeviceState,
        kind: RecordKind,
        time: UnixMillis,
        points: &[(PropertyNumber, PointValue)],
        body: &[u8],
    ) -> Result<(), TooLarge> {
        let seq = self.journal.next_seq();
        self.batch.push(&Record { seq, time, stream: self.stream, kind, points, body })?;
        state.seq = seq;
        Ok(())
    }

    /// Pushes a diagnostic entry.
    pub(crate) fn diagnose(&mut self, state: &mut DeviceState, problem: &Diagnostic) {
        let body = records::diagnostic::encode(problem);
        if let Err(error) = self.push(state, RecordKind::Log(LogKind::Diagnostic), &body) {
            tracing::warn!(device = self.stream.0, %error, "a diagnostic entry is too large for the journal");
        }
    }
}
