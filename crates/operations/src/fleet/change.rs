//! Changing all devices of a selection, one after the other, as a job.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use yizhan_devices::{Device, Tag};

use super::results::StartedJob;
use super::selection::{Selected, Selection, invalid};
use crate::call::Call;
use crate::devices::delete_one;
use crate::failure::{Code, Failure, Outcome};
use crate::jobs::{Job, JobEnd, JobKind, NewJob};
use crate::platform::Platform;
use crate::tags::{TagItem, tags};

/// What is said about a device that a user has bound.
const BOUND: &str = "a user has bound the device in a family";
/// Tags that one change may concern.
const MAX_TAGS: usize = 20;

/// Devices that are to be switched on or off.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SwitchSelectedDevices {
    selection: Selection,
    /// Whether they may connect.
    enable: bool,
    /// The most devices that the caller means; more are refused, so that a list that has grown is looked at first.
    most: Option<u64>,
}

pub(crate) async fn switch(call: Call, request: SwitchSelectedDevices) -> Outcome<StartedJob> {
    let selected = request.selection.resolve(&call)?;
    let (kind, enable) = match request.enable {
        true => (JobKind::EnableDevices, true),
        false => (JobKind::DisableDevices, false),
    };
    let after = json!({ "EnableState": i64::from(enable) });
    let change = Change { kind, most: request.most, seen: request.selection.seen(), after };
    change
        .start(call, selected, move |platform, device| Ok(platform.devices.enable_device(device, enable)?))
        .await
}

/// Devices that are to have tags.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct TagSelectedDevices {
    selection: Selection,
    /// Tags that each of them is to have; one of the same key is replaced.
    set: Option<Vec<TagItem>>,
    /// Keys of tags that none of them is to have.
    remove: Option<Vec<String>>,
    /// The most devices that the caller means; more are refused.
    most: Option<u64>,
}

pub(crate) async fn tag(call: Call, request: TagSelectedDevices) -> Outcome<StartedJob> {
    let selected = request.selection.resolve(&call)?;
    let (set, remove) = (request.set.unwrap_or_default(), request.remove.unwrap_or_default());
    if set.is_empty() && remove.is_empty() {
        return Err(invalid("Set or Remove says which tags".to_owned()));
    }
    if set.len() > MAX_TAGS || remove.len() > MAX_TAGS {
        return Err(invalid(format!("at most {MAX_TAGS} tags at once")));
    }
    let after = json!({ "Set": set, "Remove": remove });
    let (set, kind) = (tags(set), JobKind::TagDevices);
    let change = Change { kind, most: request.most, seen: request.selection.seen(), after };
    change
        .start(call, selected, move |platform, device| {
            let kept = device.tags().as_ref().map(|tags| tags.to_vec()).unwrap_or_default();
            Ok(platform.devices.put_device_tags(device, changed_tags(kept, &set, &remove))?)
        })
        .await
}

/// The tags that stay, and those that are set.
fn changed_tags(kept: Vec<Tag>, set: &[Tag], remove: &[String]) -> Vec<Tag> {
    let replaced = |key: &String| remove.contains(key) || set.iter().any(|tag| tag.key == *key);
    kept.into_iter().filter(|tag| !replaced(&tag.key)).chain(set.iter().cloned()).collect()
}

/// Devices that are to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteSelectedDevices {
    selection: Selection,
    /// Whether those go as well that a user has bound in a family.
    force_delete: Option<bool>,
    /// The most devices that the caller means; more are refused.
    most: Option<u64>,
}

pub(crate) async fn delete(call: Call, request: DeleteSelectedDevices) -> Outcome<StartedJob> {
    let selected = request.selection.resolve(&call)?;
    let force = request.force_delete.unwrap_or(false);
    let after = json!({ "ForceDelete": force });
    let seen = request.selection.seen();
    let change = Change { kind: JobKind::DeleteDevices, most: request.most, seen, after };
    change
        .start(call, selected, move |platform, device| {
            if !force && platform.apps.bound(device.id)? {
                return Err(Failure::new(Code::UnsupportedOperation).because(BOUND));
            }
            Ok(delete_one(platform, device)?)
        })
        .await
}

/// A change of many devices.
struct Change {
    kind: JobKind,
    most: Option<u64>,
    seen: serde_json::Value,
    after: serde_json::Value,
}

impl Change {
    /// Does `one` with each device, in a job.
    async fn start(
        self,
        call: Call,
        selected: Selected,
        one: impl Fn(&Platform, &Arc<Device>) -> Result<(), Failure> + Send + 'static,
    ) -> Outcome<StartedJob> {
        let devices = call.blocking(move |_| selected.all()).await?;
        if self.most.is_some_and(|most| devices.len() as u64 > most) {
            let why = format!("{} devices fit by now; look at the list again", devices.len());
            return Err(Failure::new(Code::FailedOperation).because(why));
        }
        if devices.is_empty() {
            return Err(Failure::new(Code::FailedOperation).because("no device fits"));
        }
        call.changed(Some(self.seen), Some(self.after));
        let new = titled(NewJob::new(self.kind, devices.len() as u64), &devices);
        let working = call.clone();
        let job = call.platform().jobs.start(&call, new, move |job| {
            carry_out(job, &working, &devices, |device| one(working.platform(), device))
        });
        Ok(StartedJob::of(job.await?))
    }
}

/// Names the product of a job where all its devices are of one, and the device where it is one.
pub(super) fn titled(new: NewJob, devices: &[Arc<Device>]) -> NewJob {
    let Some(first) = devices.first() else { return new };
    if devices.iter().any(|device| device.product_id() != first.product_id()) {
        return new;
    }
    let product = first.product();
    let new =
        new.with("ProductId", product.id.to_string()).with("ProductName", product.settings().name.as_str());
    if devices.len() == 1 { new.with("DeviceName", first.name.to_string()) } else { new }
}

fn carry_out(
    job: &Job,
    call: &Call,
    devices: &[Arc<Device>],
    one: impl Fn(&Arc<Device>) -> Result<(), Failure>,
) -> Result<(), JobEnd> {
    let mut changed = 0_u64;
    for device in devices {
        job.go_on()?;
        // The right to each is asked for when its turn comes: it may have been taken away meanwhile.
        let found = call.device(device.product_id().as_str(), device.name.as_str());
        match found.and_then(|device| one(&device)) {
            Ok(()) => {
                changed += 1;
                job.advance(1);
            }
            Err(failure) => job.fail(device.name.as_str(), &failure),
        }
        job.result("Count", changed);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(key: &str, value: &str) -> Tag {
        Tag { key: key.into(), value: value.into() }
    }

    #[test]
    fn tags_are_replaced_by_key_and_the_others_stay() {
        let kept = vec![tag("room", "hall"), tag("floor", "1"), tag("old", "x")];
        let changed = changed_tags(kept, &[tag("room", "attic"), tag("new", "y")], &["old".to_owned()]);
        assert_eq!(changed, [tag("floor", "1"), tag("room", "attic"), tag("new", "y")]);
    }
}
