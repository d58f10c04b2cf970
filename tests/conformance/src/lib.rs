//! Conformance: every numbered statement of MQTT 3.1.1 and MQTT 5.0 that binds a server, the rules that compatible
//! devices rely on, and what hostile clients may try.
//!
//! The library part holds the statement tables and the broker under test; the tests are in `tests/conformance`, one
//! module a chapter. `STATEMENTS.md` beside this crate is the joined table and is checked by the guard test.

mod broker;
pub mod statements;

pub use broker::{Broker, broker, own_server, own_server_with, unique};
