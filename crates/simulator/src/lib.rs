//! Virtual devices: an MQTT client engine for simulation and load.
//!
//! One thread drives tens of thousands of connections over TCP, TLS, TLS-PSK or WebSocket. On the engine stand three
//! users: [`fleet`], devices that behave as a thing model says and fail as a script says (`yizhan simulate`); [`hall`], the
//! same devices one by one inside a running server; and [`load`], the generators behind `cargo xtask bench`.
//!
//! What must stay true: a message costs no allocation and at most one read and one write, because in a measurement
//! this side must never be the slower one; and nothing here shares code with the server's codec, so that the two
//! cannot agree on the same mistake.

pub mod credentials;
pub mod engine;
pub mod fleet;
pub mod hall;
pub mod latency;
pub mod load;
pub mod packets;
pub mod random;

pub use credentials::Credential;
pub use engine::{Target, Transport};
pub use latency::Latencies;
