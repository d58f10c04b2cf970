//! From a batch of records to durable bytes: what a core thread submits is gathered, written and synced by one writer
//! thread, and only then published.

mod batch;
mod lane;

pub use batch::Batch;
pub use lane::{Lane, Ticket};
