//! The command ledger: every control and action call, tracked from "stored" to its end.
//!
//! A command is durable before it is sent, so a crash never loses one that a caller was told about, and each
//! transition is a record of the device's command log. Commands without a final state live in their device's
//! state, bounded for each device and in total; finished ones are found in the log. Expiry is a sorted set that
//! the composition root's timer asks every 200 ms.

mod command;
mod expiry;
mod issue;
mod outstanding;
mod settle;
mod timers;

pub use command::{CommandId, CommandIdError, CommandKind, CommandState, CommandView};
pub(crate) use command::{decode, encode};
pub(crate) use expiry::Unconfirmed;
pub use issue::{ActionCall, ControlRequest, IssuedCommand};
pub(crate) use issue::{generate_token, problem_of};
pub(crate) use outstanding::{DeviceCommands, Outstanding, StatusRead};
pub(crate) use settle::{Finish, Settlement};
pub(crate) use timers::Timers;
