//! What a device logged itself and handed in (设备本地日志): one entry a line.

use serde::{Deserialize, Serialize};

use super::Version;

/// A line as stored.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LineBody<'a> {
    pub v: Version,
    pub level: u8,
    #[serde(borrow)]
    pub text: std::borrow::Cow<'a, str>,
}

pub(crate) fn encode(level: u8, text: &str) -> Vec<u8> {
    let body = LineBody { v: Version, level, text: text.into() };
    serde_json::to_vec(&body).expect("a line has only a number and text")
}

/// The line in a journal body; `None` if a newer release wrote it.
pub(crate) fn decode(body: &[u8]) -> Option<LineBody<'_>> {
    serde_json::from_slice(body).ok()
}
