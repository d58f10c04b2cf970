//! The messages of the thing protocol on the wire (device protocol facts §2.2 to §2.5 and §2.12).
//!
//! Uplinks are read without copying: texts borrow from the payload and `params` stays the text it was, to be
//! read against the thing model. A payload that cannot be read has no token that could be echoed, so it gets
//! no answer. Downlinks are written as compact JSON, keys in the order of the vendor's examples, because some
//! clients search the text instead of parsing it.

mod envelope;
mod error;
mod reply;
mod timestamp;
mod uplink;

pub use envelope::MAX_DEPTH;
pub use error::{ThingCode, ThingError};
pub use reply::{
    EventReplyMethod, StatusEntry, StatusReply, write_action, write_control, write_event_reply, write_object,
    write_reply, write_time_reply, write_value,
};
pub use timestamp::normalize_timestamp;
pub use uplink::{
    ActionUplink, EventPost, EventUplink, MAX_EVENTS_PER_MESSAGE, PropertyUplink, ServiceUplink, SystemUplink,
};
