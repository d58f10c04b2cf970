//! The packets a client may send, in one shape for all three protocol versions.
//!
//! Fields that only MQTT 5 has hold their defaults for older clients, so that the router asks for the version
//! only where the protocols really differ.

use std::num::{NonZeroU16, NonZeroU32};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::filter::TopicFilter;
use crate::message::{Message, UserProperty, expires_at};
use crate::protocol::{PacketId, QoS, Version};
use crate::session::ConnectionProfile;

/// One packet of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Packet {
    /// The first packet of a connection.
    Connect(Box<Connect>),
    /// A message for others.
    Publish(Box<Publish>),
    /// A QoS 1 message of ours arrived.
    PubAck(Ack),
    /// A QoS 2 message of ours arrived.
    PubRec(Ack),
    /// The client will not send its QoS 2 message again.
    PubRel(Ack),
    /// The client has forgotten the identifier of our QoS 2 message.
    PubComp(Ack),
    /// Asks for messages.
    Subscribe(Box<Subscribe>),
    /// Wants no more of them.
    Unsubscribe(Box<Unsubscribe>),
    /// Shows that the client is alive.
    PingReq,
    /// The orderly end of a connection.
    Disconnect(Disconnect),
    /// Enhanced authentication (MQTT 5).
    Auth(Box<Auth>),
}

/// CONNECT.
#[derive(Clone, PartialEq, Eq)]
pub struct Connect {
    /// Which protocol the client speaks.
    pub version: Version,
    /// Clean session of 3.x, clean start of 5.
    pub clean_start: bool,
    /// Keep-alive in seconds; 0 turns it off.
    pub keep_alive: u16,
    /// The client's name for its session; may be empty where the protocol lets the server choose one.
    pub client_id: Box<str>,
    /// The user name exactly as received.
    pub user_name: Option<Box<str>>,
    /// The password exactly as received.
    pub password: Option<Bytes>,
    /// What to publish when the connection is lost.
    pub will: Option<Box<Will>>,
    /// What MQTT 5 adds.
    pub properties: ConnectProperties,
}

impl Connect {
    /// Messages in flight towards a client that announces no receive maximum because its protocol has none.
    pub const UNANNOUNCED_RECEIVE_MAXIMUM: u16 = 32;

    /// How long the session lives after the connection, in seconds: `u32::MAX` means for ever, 0 means not at all.
    pub fn session_expiry_s(&self) -> u32 {
        match self.version {
            Version::V5 => self.properties.session_expiry_s.unwrap_or(0),
            Version::V31 | Version::V311 if self.clean_start => 0,
            Version::V31 | Version::V311 => u32::MAX,
        }
    }

    /// What this client and the server's own announcements mean for the session's connection.
    pub fn profile(&self, server_receive_maximum: u16, server_topic_alias_maximum: u16) -> ConnectionProfile {
        let announced = self.properties.receive_maximum.map(NonZeroU16::get);
        ConnectionProfile {
            version: self.version,
            receive_maximum: match self.version {
                Version::V5 => announced.unwrap_or(u16::MAX),
                Version::V31 | Version::V311 => Self::UNANNOUNCED_RECEIVE_MAXIMUM,
            },
            max_packet_size: self.properties.max_packet_size,
            topic_alias_maximum: self.properties.topic_alias_maximum,
            server_receive_maximum,
            server_topic_alias_maximum: if self.version.is_v5() { server_topic_alias_maximum } else { 0 },
        }
    }
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Connect {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Connect")
            .field("version", &self.version)
            .field("clean_start", &self.clean_start)
            .field("keep_alive", &self.keep_alive)
            .field("client_id", &self.client_id)
            .field("user_name", &self.user_name)
            .field("password", &self.password.as_ref().map(|_| "<redacted>"))
            .field("will", &self.will)
            .finish_non_exhaustive()
    }
}

/// The properties of CONNECT.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct ConnectProperties {
    /// Session expiry interval in seconds; absent means 0.
    pub session_expiry_s: Option<u32>,
    /// QoS 1 and 2 messages the client takes at once; absent means 65,535.
    pub receive_maximum: Option<NonZeroU16>,
    /// The largest packet the client takes.
    pub max_packet_size: Option<NonZeroU32>,
    /// Topic aliases the client takes.
    pub topic_alias_maximum: u16,
    /// The client asks for response information.
    pub request_response_information: bool,
    /// The client asks for no reason strings and user properties (inverted default: absent means it wants them).
    pub no_problem_information: bool,
    /// Free pairs.
    pub user_properties: Vec<UserProperty>,
    /// Enhanced authentication method.
    pub authentication_method: Option<Box<str>>,
    /// Enhanced authentication data.
    pub authentication_data: Option<Bytes>,
}

/// The will of a CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// What to publish; its expiry counts from the publication, see [`Will::message_at`].
    pub message: Message,
    /// Seconds to wait after the connection was lost.
    pub delay_s: u32,
    /// Message expiry interval in seconds.
    pub expiry_interval_s: Option<u32>,
}

impl Will {
    /// The message to publish at `wall_ms`.
    pub fn message_at(&self, wall_ms: i64) -> Message {
        Message { expires_at: expires_at(self.expiry_interval_s, wall_ms), ..self.message.clone() }
    }
}

/// PUBLISH.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Publish {
    /// The client sent it before.
    pub dup: bool,
    /// Present at QoS 1 and 2.
    pub packet_id: Option<PacketId>,
    /// Stands for the topic or, when there is one, is bound to it (MQTT 5).
    pub topic_alias: Option<NonZeroU16>,
    /// Message expiry interval in seconds (MQTT 5); [`crate::Session::receive`] makes it absolute.
    pub expiry_interval_s: Option<u32>,
    /// The message; its topic is empty where only the alias was sent.
    pub message: Message,
}

/// PUBACK, PUBREC, PUBREL or PUBCOMP.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ack {
    /// The identifier of the publication.
    pub packet_id: PacketId,
    /// Reason code; 0 for 3.x clients.
    pub reason: u8,
}

/// SUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscribe {
    /// To be repeated in the SUBACK.
    pub packet_id: PacketId,
    /// At least one filter, in the order received.
    pub filters: Vec<(TopicFilter, SubscribeOptions)>,
}

/// How one filter is subscribed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubscribeOptions {
    /// The highest quality of service wanted.
    pub qos: QoS,
    /// Messages of the same client are not wanted.
    pub no_local: bool,
    /// The retain flag shall arrive as published.
    pub retain_as_published: bool,
    /// Whether retained messages are wanted now.
    pub retain_handling: RetainHandling,
    /// To be repeated in each message.
    pub subscription_id: Option<NonZeroU32>,
}

impl SubscribeOptions {
    /// What a 3.x client means by a quality of service.
    pub const fn at(qos: QoS) -> Self {
        Self {
            qos,
            no_local: false,
            retain_as_published: false,
            retain_handling: RetainHandling::Always,
            subscription_id: None,
        }
    }
}

/// Whether a subscription wants the retained messages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[repr(u8)]
pub enum RetainHandling {
    /// At each SUBSCRIBE.
    Always = 0,
    /// Only when the subscription is new.
    IfNew = 1,
    /// Not at all.
    Never = 2,
}

/// UNSUBSCRIBE.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unsubscribe {
    /// To be repeated in the UNSUBACK.
    pub packet_id: PacketId,
    /// At least one filter, in the order received.
    pub filters: Vec<TopicFilter>,
}

/// DISCONNECT.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Disconnect {
    /// Reason code; 0 for 3.x clients.
    pub reason: u8,
    /// A new session expiry interval in seconds. Raising it from 0 is a protocol error that the router sees.
    pub session_expiry_s: Option<u32>,
}

/// AUTH.
#[derive(Clone, PartialEq, Eq)]
pub struct Auth {
    /// 0x18 or 0x19.
    pub reason: u8,
    /// The method of the CONNECT.
    pub method: Box<str>,
    /// The method's data.
    pub data: Option<Bytes>,
}

/// Secrets stay out of logs.
impl std::fmt::Debug for Auth {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Auth")
            .field("reason", &self.reason)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
