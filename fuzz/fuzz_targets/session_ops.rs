//! Arbitrary operations on a session, four bytes each, against the plain model of the crate's own tests.

#![no_main]

#[path = "../../crates/mqtt/tests/mqtt/model/mod.rs"]
mod model;

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let (operations, _) = data.as_chunks::<4>();
    model::run(&operations[..operations.len().min(400)]);
});
