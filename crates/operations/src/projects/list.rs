//! Looking at projects.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::entry::ProjectEntryEx;
use crate::call::Call;
use crate::failure::Outcome;
use crate::page::Page;
use crate::platform::Platform;
use crate::resource::Resource;

/// Which project.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeProject {
    project_id: String,
}

/// One project.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedProject {
    project: ProjectEntryEx,
}

pub(crate) async fn describe(call: Call, request: DescribeProject) -> Outcome<DescribedProject> {
    let project = call.project(&request.project_id)?;
    let project = call.blocking(move |platform| ProjectEntryEx::of(platform, &project)).await?;
    Ok(DescribedProject { project })
}

/// Which projects.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetProjectList {
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
    /// Only those of this instance.
    instance_id: Option<String>,
    /// Only this one.
    project_id: Option<String>,
    /// Only the one that this product is in.
    product_id: Option<String>,
    /// Only those whose name contains this.
    project_name: Option<String>,
}

/// A page of projects.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProjectList {
    projects: Vec<ProjectEntryEx>,
    /// How many there are in all.
    total: i64,
}

pub(crate) async fn list(call: Call, request: GetProjectList) -> Outcome<ProjectList> {
    let page = Page::of(request.offset, request.limit)?;
    let wanted = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
    let instance = match wanted(&request.instance_id) {
        Some(id) => Some(call.instance(Some(&id))?.id.clone()),
        None => None,
    };
    let product = match wanted(&request.product_id) {
        Some(id) => Some(call.product(&id)?.settings().profile.project.clone()),
        None => None,
    };
    let (id, name) = (wanted(&request.project_id), wanted(&request.project_name));
    let owner = call.caller().owner;
    let mut projects = call.platform().devices.projects(owner);
    projects.retain(|project| {
        instance.as_ref().is_none_or(|instance| project.instance == *instance)
            && product.as_ref().is_none_or(|product| project.id == *product)
            && id.as_ref().is_none_or(|id| project.id.as_str() == id)
            && name.as_ref().is_none_or(|name| project.name.contains(name))
            && call.may(&Resource::Project(owner, &project.id))
    });
    let total = projects.len() as i64;
    let shown = page.cut(projects);
    let entry = move |platform: &Platform| {
        shown.iter().map(|project| ProjectEntryEx::of(platform, project)).collect::<Outcome<_>>()
    };
    Ok(ProjectList { projects: call.blocking(entry).await?, total })
}
