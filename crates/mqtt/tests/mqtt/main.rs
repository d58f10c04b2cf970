//! How the crate behaves, seen from outside.

mod model;
mod session_model;
