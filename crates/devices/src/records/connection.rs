//! The connection log (上下线日志): when a device came online, from where, and why it went. Replaying these records
//! gives back what is known about a device's presence.

use std::net::SocketAddr;

use serde::{Deserialize, Serialize};
use yizhan_vocabulary::causes::DisconnectCause;

use super::Version;

/// One entry of the connection log as stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum ConnectionBody {
    Online { address: SocketAddr, transport: String, version: String, keep_alive_s: u16 },
    Offline { cause: DisconnectCause, detail: String },
}

#[derive(Serialize, Deserialize)]
struct Body {
    v: Version,
    #[serde(flatten)]
    entry: ConnectionBody,
}

pub(crate) fn encode(entry: &ConnectionBody) -> Vec<u8> {
    let body = Body { v: Version, entry: entry.clone() };
    serde_json::to_vec(&body).expect("a connection entry has only text and numbers")
}

pub(crate) fn decode(body: &[u8]) -> Option<ConnectionBody> {
    serde_json::from_slice::<Body>(body).ok().map(|body| body.entry)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_events_survive_a_round_trip() {
        let online = ConnectionBody::Online {
            address: "127.0.0.1:5000".parse().unwrap(),
            transport: "tcp".into(),
            version: "3.1.1".into(),
            keep_alive_s: 120,
        };
        let offline =
            ConnectionBody::Offline { cause: DisconnectCause::KeepAliveTimeout, detail: String::new() };
        for entry in [online, offline] {
            assert_eq!(decode(&encode(&entry)), Some(entry));
        }
    }
}
