//! Making, changing and deleting instances.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use yizhan_devices::{DevicesError, InstanceKind, InstanceRow, NewInstance};

use super::describe::{DescribedInstance, InstanceDetail};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// An enterprise instance that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateInstance {
    /// A remark for people.
    description: Option<String>,
    /// Devices that it may hold; 0 or nothing means as many as the installation. Only the operator sets it.
    total_device_num: Option<u32>,
}

pub(crate) async fn create(call: Call, request: CreateInstance) -> Outcome<DescribedInstance> {
    let owner = call.account()?;
    let device_limit = request.total_device_num.filter(|limit| *limit > 0);
    if device_limit.is_some() {
        may_limit(&call)?;
    }
    let description = request.description.unwrap_or_default();
    let new = NewInstance { owner, kind: InstanceKind::Enterprise, description, device_limit };
    let (instance, data) = call
        .blocking(move |platform| {
            let instance = platform.devices.create_instance(new)?;
            let detail = InstanceDetail::of(platform, &instance, |_| true);
            Ok::<_, DevicesError>((instance, detail))
        })
        .await?;
    call.changed(None, Some(seen(&instance)));
    Ok(DescribedInstance { data })
}

/// What an instance is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyInstance {
    instance_id: String,
    /// A remark for people; stays as it is if it is not given.
    description: Option<String>,
    /// Devices that it may hold; 0 means as many as the installation; stays as it is if it is not given. Only the operator
    /// changes it.
    total_device_num: Option<u32>,
}

pub(crate) async fn modify(call: Call, request: ModifyInstance) -> Outcome<DescribedInstance> {
    let before = call.instance(Some(&request.instance_id))?;
    let limit = request.total_device_num.map(|limit| (limit > 0).then_some(limit));
    if limit.is_some_and(|limit| limit != before.device_limit) {
        may_limit(&call)?;
    }
    let id = before.id.clone();
    let (instance, data) = call
        .blocking(move |platform| {
            let instance = platform.devices.change_instance(&id, |row| {
                if let Some(description) = request.description {
                    row.description = description;
                }
                if let Some(limit) = limit {
                    row.device_limit = limit;
                }
            })?;
            let detail = InstanceDetail::of(platform, &instance, |_| true);
            Ok::<_, DevicesError>((instance, detail))
        })
        .await?;
    call.changed(Some(seen(&before)), Some(seen(&instance)));
    Ok(DescribedInstance { data })
}

/// An instance that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteInstance {
    instance_id: String,
}

pub(crate) async fn delete(call: Call, request: DeleteInstance) -> Outcome<Nothing> {
    let before = call.instance(Some(&request.instance_id))?;
    if before.kind == InstanceKind::Public {
        return Err(Failure::new(Code::FailedOperation).because("the public instance stays"));
    }
    // Its activation codes would go with it, and with the last of them the account's limit.
    if !call.caller().operator && call.platform().devices.has_licences(&before.id) {
        let why = "the instance has activation codes; only the operator of the installation may delete it";
        return Err(Failure::new(Code::FailedOperation).because(why));
    }
    let id = before.id.clone();
    call.blocking(move |platform| platform.devices.delete_instance(&id)).await?;
    call.changed(Some(seen(&before)), None);
    Ok(Nothing {})
}

/// Limits are what the operator shares an installation with: no account lifts its own.
fn may_limit(call: &Call) -> Outcome<()> {
    let why = "only the operator of the installation sets TotalDeviceNum";
    let allowed = call.caller().operator;
    allowed.then_some(()).ok_or_else(|| Failure::new(Code::UnauthorizedOperation).because(why))
}

/// An instance for the audit log.
fn seen(instance: &InstanceRow) -> serde_json::Value {
    json!({
        "InstanceId": instance.id,
        "Description": instance.description,
        "TotalDeviceNum": instance.device_limit,
    })
}
