//! The words every part of Yizhan shares: identifiers, time, topics, values, the thing model and the
//! catalogue of errors and reasons.
//!
//! Pure by rule: no I/O, no clock, no randomness, no async. Whatever needs one of those takes it as an argument.

mod bilingual;
#[macro_use]
pub mod causes;
pub mod categories;
pub mod clock;
pub mod ids;
pub mod model;
pub mod thing;
pub mod topics;
pub mod value;

pub use bilingual::Bilingual;
pub use clock::{Clock, Monotonic, UnixMillis};
pub use ids::{
    AppUserId, ApplicationId, DeviceId, DeviceName, FamilyId, IdError, InstanceId, ProductId, ProjectId,
    PropertyNumber, RoomId, Uin,
};
pub use model::ThingModel;
pub use thing::{ThingCode, ThingError};
pub use value::PointValue;
