//! Scenarios with real files: what the journal promises, checked from outside.
#![expect(clippy::unwrap_used, reason = "the functions around the tests are test code too")]

mod directory;
mod full_disk;
mod keeping;
mod log;
mod queries;
mod support;
mod watching;
