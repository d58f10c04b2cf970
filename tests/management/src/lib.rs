//! Two tenants on one server, and requests made from the descriptions of operations.

mod requests;
mod tenants;

pub use requests::{Names, request_for};
pub use tenants::{Tenant, Tenants, tenants};
