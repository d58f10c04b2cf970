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
    /// Devices that it may hold; 0 or nothing means as many as the installation.
    total_device_num: Option<u32>,
}

pub(crate) async fn create(call: Call, request: CreateInstance) -> Outcome<DescribedInstance> {
    let new = NewInstance {
        owner: call.account()?,
        kind: InstanceKind::Enterprise,
        description: request.description.unwrap_or_default(),
        device_limit: request.total_device_num.filter(|limit| *limit > 0),
    };
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
    /// Devices that it may hold; 0 means as many as the installation; stays as it is if it is not given.
    total_device_num: Option<u32>,
}

pub(crate) async fn modify(call: Call, request: ModifyInstance) -> Outcome<DescribedInstance> {
    let before = call.instance(Some(&request.instance_id))?;
    let id = before.id.clone();
    let (instance, data) = call
        .blocking(move |platform| {
            let instance = platform.devices.change_instance(&id, |row| {
                if let Some(description) = request.description {
                    row.description = description;
                }
                if let Some(limit) = request.total_device_num {
                    row.device_limit = (limit > 0).then_some(limit);
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
    let id = before.id.clone();
    call.blocking(move |platform| platform.devices.delete_instance(&id)).await?;
    call.changed(Some(seen(&before)), None);
    Ok(Nothing {})
}

/// An instance for the audit log.
fn seen(instance: &InstanceRow) -> serde_json::Value {
    json!({
        "InstanceId": instance.id,
        "Description": instance.description,
        "TotalDeviceNum": instance.device_limit,
    })
}
