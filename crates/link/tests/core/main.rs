//! A core with a small handler of its own, seen from its sockets.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod fairness;
mod limits;
mod server;
mod turns;
