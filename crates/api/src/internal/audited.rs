//! What the operator changes through the internal API is in the audit log, like everything that accounts do. An entry
//! belongs to the root account whose object is concerned, so that its owner can see it; what concerns the installation
//! belongs to the first one.

use std::convert::Infallible;
use std::net::IpAddr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use serde::Serialize;
use serde_json::{Value, json};
use yizhan_identity::registration::request_id;
use yizhan_operations::{AuditEntry, Means, Resource};
use yizhan_vocabulary::{ProductId, Uin};

use crate::access::Passed;
use crate::answer::Answer;
use crate::server::Remote;
use crate::services::Services;

/// By which means and from where the operator works.
pub(crate) struct Operator {
    means: Means,
    address: Option<IpAddr>,
}

impl<S: Sync> FromRequestParts<S> for Operator {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let means = match parts.extensions.get::<Passed>() {
            Some(Passed::Token(name)) => Means::Token(name.clone()),
            // No session gets here.
            Some(Passed::Local | Passed::Session(_)) | None => Means::Local,
        };
        let address = parts.extensions.get::<Remote>().and_then(|remote| remote.0);
        Ok(Self { means, address })
    }
}

/// What is asked for.
pub(crate) struct Wanted {
    operation: &'static str,
    owner: Uin,
    resource: String,
    request: Value,
}

impl Wanted {
    /// Something that concerns no account.
    pub fn of_installation(operation: &'static str, request: Value) -> Self {
        Self { operation, owner: Uin::FIRST, resource: "installation".to_owned(), request }
    }

    /// Something with a root account.
    pub fn of_account(operation: &'static str, owner: Uin, request: Value) -> Self {
        Self { operation, owner, resource: Resource::Access(owner).to_string(), request }
    }

    /// Something with the product that a path names, which need not exist.
    pub fn of_product(
        services: &Services,
        operation: &'static str,
        product: &str,
        body: impl Serialize,
    ) -> Self {
        let request = json!({ "product": product, "body": json!(body) });
        let (owner, resource) = place_of(services, product, None);
        Self { operation, owner, resource, request }
    }

    /// Something with the device that a path names, which need not exist.
    pub fn of_device(
        services: &Services,
        operation: &'static str,
        (product, device): (&str, &str),
        body: impl Serialize,
    ) -> Self {
        let request = json!({ "product": product, "device": device, "body": json!(body) });
        let (owner, resource) = place_of(services, product, Some(device));
        Self { operation, owner, resource, request }
    }
}

/// Whose a product or a device is, and its name in policies; empty for one that does not exist.
fn place_of(services: &Services, product: &str, device: Option<&str>) -> (Uin, String) {
    let devices = &services.devices;
    let Some(product) = ProductId::parse(product).ok().and_then(|id| devices.product(&id)) else {
        return (Uin::FIRST, String::new());
    };
    let project = product.settings().profile.project.clone();
    let owner = devices.owner_of_project(&project).unwrap_or(Uin::FIRST);
    let resource = match device {
        None => Resource::Product(owner, &project, &product.id).to_string(),
        Some(name) => product.device(name).map_or_else(String::new, |device| {
            Resource::Device(owner, &project, &product.id, &device.name).to_string()
        }),
    };
    (owner, resource)
}

/// What was done.
pub(crate) struct Done<T> {
    /// The root account that was made, if that is what was done.
    pub owner: Option<Uin>,
    /// The object before.
    pub before: Option<Value>,
    /// The object afterwards.
    pub after: Option<Value>,
    /// The answer.
    pub answer: T,
}

impl<T> Done<T> {
    /// Something was done with what there is already.
    pub const fn new(before: Option<Value>, after: Option<Value>, answer: T) -> Self {
        Self { owner: None, before, after, answer }
    }
}

impl Operator {
    /// Does something and records it, a refusal as well.
    pub fn does<T>(
        &self,
        services: &Services,
        wanted: Wanted,
        work: impl FnOnce() -> Answer<Done<T>>,
    ) -> Answer<T> {
        let Wanted { operation, mut owner, mut resource, request } = wanted;
        let (before, after, outcome, result) = match work() {
            Ok(done) => {
                if let Some(made) = done.owner {
                    owner = made;
                    resource = Resource::Access(made).to_string();
                }
                (done.before, done.after, "ok", Ok(done.answer))
            }
            Err(error) => (None, None, error.code(), Err(error)),
        };
        let entry = AuditEntry {
            at: services.clock.now(),
            owner,
            actor: Uin::FIRST,
            means: &self.means,
            address: self.address,
            operation,
            resource,
            outcome,
            request,
            before,
            after,
            request_id: &request_id(),
        };
        if let Err(error) = services.store.add_audit_entries(&[entry.row()], services.platform.audit_kept) {
            // What was done is done; what could not be noted is at least in the server's log.
            tracing::error!(operation, %error, "an audit entry could not be kept");
        }
        result
    }
}
