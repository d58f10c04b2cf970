//! Making, changing and deleting projects.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use yizhan_devices::{DevicesError, NewProject, ProjectRow};

use super::entry::{ChangedProject, ProjectEntry};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// A project that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateProject {
    /// Its name, unique in the instance; 1 to 64 characters.
    project_name: String,
    /// A remark for people.
    project_desc: String,
    /// The instance that it is to be in; the public one if there is none.
    instance_id: Option<String>,
}

pub(crate) async fn create(call: Call, request: CreateProject) -> Outcome<ChangedProject> {
    let instance = call.instance(request.instance_id.as_deref())?;
    let new = NewProject {
        instance: instance.id.clone(),
        name: request.project_name,
        description: request.project_desc,
    };
    let project =
        call.blocking(move |platform| platform.devices.create_project(new).map_err(refused)).await?;
    call.changed(None, Some(seen(&project)));
    Ok(ChangedProject { project: ProjectEntry::of(&project) })
}

/// What a project is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyProject {
    project_id: String,
    /// Its name, unique in the instance; 1 to 64 characters.
    project_name: String,
    /// A remark for people.
    project_desc: String,
}

pub(crate) async fn modify(call: Call, request: ModifyProject) -> Outcome<ChangedProject> {
    let before = call.project(&request.project_id)?;
    let id = before.id.clone();
    let change = move |platform: &crate::Platform| {
        platform.devices.change_project(&id, request.project_name, request.project_desc).map_err(refused)
    };
    let project = call.blocking(change).await?;
    call.changed(Some(seen(&before)), Some(seen(&project)));
    Ok(ChangedProject { project: ProjectEntry::of(&project) })
}

/// A project that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteProject {
    project_id: String,
}

pub(crate) async fn delete(call: Call, request: DeleteProject) -> Outcome<Nothing> {
    let before = call.project(&request.project_id)?;
    let id = before.id.clone();
    call.blocking(move |platform| {
        platform.devices.delete_project(&id).map_err(|error| match error {
            DevicesError::Conflict(why) => Failure::new(Code::ProductExistUnderProject).because(why),
            DevicesError::NotFound(_) => Failure::new(Code::ProjectNotExist),
            other => other.into(),
        })
    })
    .await?;
    call.changed(Some(seen(&before)), None);
    Ok(Nothing {})
}

/// The published codes of what can be wrong with a project.
fn refused(error: DevicesError) -> Failure {
    match error {
        DevicesError::Conflict(why) => Failure::new(Code::ProjectDupKeyExist).because(why),
        DevicesError::Invalid(why) => Failure::new(Code::ProjectParmsError).because(why),
        DevicesError::LimitReached(why) => Failure::new(Code::ProjectExceedLimit).because(why),
        DevicesError::NotFound(_) => Failure::new(Code::ProjectNotExist),
        other => other.into(),
    }
}

/// A project for the audit log.
fn seen(project: &ProjectRow) -> serde_json::Value {
    json!({ "ProjectId": project.id, "ProjectName": project.name, "ProjectDesc": project.description })
}
