//! Work on the project itself: generate, check, bench.
fn main() {}
