//! The vendor's policy language (access management, version 2.0; console guide, 权限管理): what a sub-account may do.
//!
//! ```json
//! {"version":"2.0","statement":[{"effect":"allow","action":["iotexplorer:DeleteStudioProduct"],
//!   "resource":["qcs::iotexplorer:gz:uin/100000000001:project/P/product/X"]}]}
//! ```
//!
//! A statement applies to a request when one of its actions and one of its resources match it. Whatever no statement
//! allows is refused, and a statement that denies wins over all that allow.
//!
//! What must stay true: a document means here what it means at the vendor's, or it is not taken. Conditions and
//! principals are refused, not passed over. Pure: no clock, no registry.

mod decide;
mod document;
mod explain;
mod generate;
mod pattern;
mod presets;

#[cfg(test)]
mod tests;

pub use decide::{Decision, StatementAt, decide, opens};
pub use document::{Effect, MAX_DOCUMENT_CHARS, Policy, PolicyError, Statement};
pub use explain::{Explanation, explain};
pub use generate::{Choice, Operations, READ_OPERATIONS, Scope, generate};
pub use presets::{PRESETS, Preset, preset, preset_named};
