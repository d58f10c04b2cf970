//! Scenarios of products and devices over a real store and a real journal in a temporary directory, with a router
//! that only remembers what it was given.

#![expect(clippy::unwrap_used, reason = "a scenario fails by panicking")]

mod administration;
mod batches;
mod certificates;
mod commands;
mod licences;
mod logs;
mod messages;
mod presence;
mod property;
mod restart;
mod rig;
mod search;
mod statistics;
