//! Who gets a message: sessions, subscriptions, platform topics, and delivery that survives a crash.
//!
//! The router sits between the link layer, which owns connections, and the device features, which own what a message
//! means. For each core there is one [`CoreHandler`]; all of them share one [`Router`].
//!
//! * `core/` follows one packet: CONNECT, PUBLISH, SUBSCRIBE, the acknowledgements, and the gate that holds every
//!   answer back until what it promises is durable.
//! * `sessions` and `fanout` are shared between the cores: who is known, who subscribes, how a message reaches them.
//! * `changes`, `recovery`, `checkpoint` and `identifiers` make kept sessions and retained messages survive the process.
//!
//! What must stay true: no acknowledgement leaves before the journal has what it promises; locks are taken in the order
//! session table, subscriptions, one session, retained messages, and never two sessions at once. Counts, the timetable,
//! identifiers and the lists for checkpoints are locked last and for moments. A device's state may be locked inside its session's
//! lock, never the other way round.

mod changes;
mod checkpoint;
mod core;
mod device_links;
mod device_publish;
mod expiry;
mod fanout;
mod identifiers;
mod pending;
mod recovery;
mod retained;
mod router;
mod sessions;
mod settings;
mod users;

pub use self::core::CoreHandler;
pub use router::{Mail, Router, RouterParts};
pub use settings::RouterSettings;
pub use users::{MqttUser, UserDirectory};
