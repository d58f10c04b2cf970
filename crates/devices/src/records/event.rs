//! The event log: what a device posted with `event_post` or `events_post`, one entry an event.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Version;

/// An event as stored; `time` is the device's, normalised.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EventBody<'a> {
    pub v: Version,
    #[serde(borrow)]
    pub event: std::borrow::Cow<'a, str>,
    #[serde(rename = "type", borrow)]
    pub kind: std::borrow::Cow<'a, str>,
    pub time: i64,
    #[serde(borrow)]
    pub params: &'a RawValue,
}

/// The journal body of an event; `params` must be JSON.
pub(crate) fn encode(event: &str, kind: &str, time: i64, params: &str) -> Vec<u8> {
    let params = serde_json::from_str(params).unwrap_or(RawValue::NULL);
    let body = EventBody { v: Version, event: event.into(), kind: kind.into(), time, params };
    serde_json::to_vec(&body).expect("an event has only text, numbers and checked JSON")
}

/// The event in a journal body; `None` if a newer release wrote it.
pub(crate) fn decode(body: &[u8]) -> Option<EventBody<'_>> {
    serde_json::from_slice(body).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_keeps_its_params_as_they_came() {
        let bytes = encode("low_voltage", "alert", 1_795_220_173_000, r#"{"voltage":0.010000}"#);
        let read = decode(&bytes).unwrap();
        assert_eq!(
            (read.event.as_ref(), read.kind.as_ref(), read.time),
            ("low_voltage", "alert", 1_795_220_173_000)
        );
        assert_eq!(read.params.get(), r#"{"voltage":0.010000}"#);
    }
}
