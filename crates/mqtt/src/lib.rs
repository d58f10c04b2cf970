//! MQTT 3.1, 3.1.1 and 5 without I/O: packets, sessions, filters, retained messages.
//!
//! The link layer hands over the bytes it read, the router asks what they mean and what to send. Nothing here
//! reads a clock, a socket or a random source; time comes in as an argument. What must stay true: a packet that
//! the standard calls malformed is refused and never half applied, and whatever a peer can make us hold is bounded.
//!
//! * [`Decoder`] turns bytes into a [`Packet`]; [`encode`] writes the packets a server sends.
//! * [`TopicFilter`], [`TopicName`], [`matches`], [`FilterTrie`]: who gets a message.
//! * [`RetainedStore`]: the last retained message of each topic.
//! * [`Session`]: what is kept for one client and, while it is connected, the state of its connection.

pub mod decode;
pub mod encode;
pub mod filter;
pub mod message;
pub mod packet;
pub mod protocol;
pub mod reason;
pub mod retained;
pub mod session;

pub use decode::{DecodeError, Decoder};
pub use filter::{FilterTrie, Match, TopicError, TopicFilter, TopicName, matches};
pub use message::{Message, MessageProperties, UserProperty};
pub use packet::{
    Ack, Auth, Connect, ConnectProperties, Disconnect, Packet, Publish, RetainHandling, Subscribe,
    SubscribeOptions, Unsubscribe, Will,
};
pub use protocol::{PacketId, QoS, UnknownQoS, Version};
pub use retained::{NextMatch, RetainedLimits, RetainedRefusal, RetainedStore};
pub use session::{
    ConnectionProfile, Delivery, DeliveryImage, Inbound, Outcome, PubRecEffect, Receipt, RefusedDelivery,
    RefusedSubscription, Session, SessionImage, SessionLimits, Settled, SubscribeOutcome, Subscription,
    SubscriptionIds, Violation,
};
