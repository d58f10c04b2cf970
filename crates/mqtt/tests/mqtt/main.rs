//! How the crate behaves, seen from outside.

mod decode_strict;
mod filters;
mod model;
mod second_opinion;
mod session;
mod session_model;
mod stored_forms;
