//! Messages that people and programs send to devices outside of the thing model: one message to one device, the
//! same to many, to every device of a product, and calls that wait for the device's answer. Runs on management
//! threads.
//!
//! What must stay true: a device gets only what it may subscribe to; a caller who is told that a message is kept for
//! a device is told so after it is durable; and every message stands in the device's content log with its source.

mod broadcast;
mod call;
mod publish;
mod report;

pub(crate) use broadcast::Broadcasts;
pub use broadcast::{BroadcastError, BroadcastId};
pub(crate) use call::Calls;
pub use call::{Call, CallError, CallForm, CallPayload, CallView, PendingCall};
pub use publish::{BatchOutcome, BatchResult, PublishError, Published, RawMessage};
