//! A report in a device's name: what people and programs say a device's properties are (console guide, 设备调试). It is
//! checked, stored and shown like a report of the device; the device itself hears nothing of it.

use std::sync::Arc;

use yizhan_journal::{LogKind, RecordKind};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::model::Direction as ModelDirection;

use crate::commands::generate_token;
use crate::features::property::UP;
use crate::links::{Completion, CompletionKind, Direction};
use crate::records::content::{self, ContentParts};
use crate::records::{BODY_VERSION, STATE_POINTS};
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// How far from now the time of a report may lie (facts §2.13, code 405).
const MAX_OFFSET_MS: u64 = 24 * 3600 * 1000;

impl Devices {
    /// Stores `params` (a JSON object of identifiers and values) as if the device had reported them, at `time` or now.
    /// Blocks until it is durable.
    pub fn simulate_report(
        &self,
        device: &Arc<Device>,
        params: &str,
        time: Option<UnixMillis>,
        source: &str,
    ) -> Result<(), DevicesError> {
        let model = self.model_for_commands(device)?;
        let params = self.compact_params(params)?;
        let now = self.0.clock.now();
        if time.is_some_and(|time| time.0.abs_diff(now.0) > MAX_OFFSET_MS) {
            return Err(DevicesError::Invalid("the report's time is more than 24 hours off".to_owned()));
        }
        let mut points = Vec::new();
        model.read_properties(&params, ModelDirection::Report, &mut points)?;
        if points.is_empty() {
            return Err(DevicesError::Invalid("params names no property".to_owned()));
        }
        let token = generate_token();
        let payload = format!(r#"{{"method":"report","clientToken":"{token}","params":{params}}}"#);
        let topic = format!("{UP}{}", device.topic_suffix());
        let mut body = Vec::new();
        let parts = ContentParts {
            direction: Direction::Up,
            topic: &topic,
            device_path: device.topic_suffix(),
            qos: 0,
            source: Some(source),
            reply: None,
            payload: payload.as_bytes(),
        };
        content::encode(&parts, &mut body);
        let mut too_large = false;
        let (submitted, mut completions) = self.with_state(device, |recorder, state, completions| {
            let time = time.unwrap_or(now);
            let body_of_points = &[BODY_VERSION];
            let written = recorder.push(state, RecordKind::Log(LogKind::Content), &body).and_then(|()| {
                let kind = RecordKind::State(STATE_POINTS);
                recorder.push_points(state, kind, time, &points, body_of_points)
            });
            if written.is_err() {
                too_large = true;
                return;
            }
            state.apply_points(time, points.drain(..));
            state.awaited_seq = state.seq;
            let stored = CompletionKind::Stored { device: Arc::clone(device), seq: state.seq };
            completions.push(Completion(stored));
        });
        self.commit_submitted(submitted)?;
        self.complete(&mut completions);
        if too_large { Err(DevicesError::Invalid("the report is too large".to_owned())) } else { Ok(()) }
    }
}
