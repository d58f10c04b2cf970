//! What a session does in the situations that matter, told one by one.

mod inbound;
mod outbound;

use bytes::Bytes;
use yizhan_mqtt::{
    ConnectionProfile, Delivery, Message, PacketId, Publish, QoS, Session, SessionLimits, Version,
};

const WALL_MS: i64 = 1_700_000_000_000;

pub fn limits() -> SessionLimits {
    SessionLimits {
        max_queued: 150,
        max_queued_bytes: 100_000,
        max_inbound_qos2: 10,
        max_subscriptions: 3,
        replay_spacing_ms: 0,
        max_qos: QoS::ExactlyOnce,
    }
}

fn profile(version: Version) -> ConnectionProfile {
    ConnectionProfile {
        version,
        receive_maximum: 10,
        max_packet_size: None,
        topic_alias_maximum: 0,
        server_receive_maximum: 10,
        server_topic_alias_maximum: 0,
    }
}

fn attached(version: Version) -> Session {
    let mut session = Session::new(limits());
    session.attach(profile(version), 0);
    session
}

fn delivery(qos: QoS, text: &'static str) -> Delivery {
    Delivery::new(Message::new("plant/level", Bytes::from_static(text.as_bytes()), qos))
}

fn least(text: &'static str) -> Delivery {
    delivery(QoS::AtLeastOnce, text)
}

fn id(value: u16) -> PacketId {
    PacketId::new(value).expect("not zero")
}

fn publish(qos: QoS, packet_id: u16) -> Publish {
    Publish {
        dup: false,
        packet_id: PacketId::new(packet_id),
        topic_alias: None,
        expiry_interval_s: None,
        message: Message::new("up", Bytes::new(), qos),
    }
}
