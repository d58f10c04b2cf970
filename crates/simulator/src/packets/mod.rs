//! The few MQTT 3.1 and 3.1.1 packets a device sends and receives, written and read by hand.
//!
//! Writers append to a buffer the caller reuses; the reader borrows from the bytes it is given. Both are strict about
//! what the protocol allows and indifferent to everything a device does not need.

mod read;
mod write;

pub use read::{MAX_PACKET, Packet, ReadError, next_packet};
pub use write::{
    Connect, Level, PublishHeader, connect, disconnect, ping, puback, publish, publish_with, subscribe,
};
