//! A project as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::ProjectRow;

use crate::failure::Outcome;
use crate::platform::Platform;

/// A project without counters.
// Management API facts §6, ProjectEntry.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProjectEntry {
    project_id: String,
    project_name: String,
    project_desc: String,
    /// Seconds.
    create_time: i64,
    /// Seconds.
    update_time: i64,
}

impl ProjectEntry {
    pub fn of(project: &ProjectRow) -> Self {
        Self {
            project_id: project.id.to_string(),
            project_name: project.name.clone(),
            project_desc: project.description.clone(),
            create_time: project.created_at.seconds(),
            update_time: project.updated_at.seconds(),
        }
    }
}

/// The answer of what makes or changes a project.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangedProject {
    pub project: ProjectEntry,
}

/// A project with counters.
// Management API facts §6, ProjectEntryEx.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProjectEntryEx {
    project_id: String,
    project_name: String,
    project_desc: String,
    /// Seconds.
    create_time: i64,
    /// Seconds.
    update_time: i64,
    product_count: u64,
    native_app_count: u64,
    web_app_count: u64,
    instance_id: String,
    application_count: u64,
    device_count: u64,
    enable_open_state: u64,
}

impl ProjectEntryEx {
    /// Asks the registry, so it may block.
    pub fn of(platform: &Platform, project: &ProjectRow) -> Outcome<Self> {
        let applications = platform.apps.applications_in(&project.id)? as u64;
        let products = platform.devices.products_of(&project.id);
        let devices: usize = products.iter().map(|product| product.device_count()).sum();
        Ok(Self {
            project_id: project.id.to_string(),
            project_name: project.name.clone(),
            project_desc: project.description.clone(),
            create_time: project.created_at.seconds(),
            update_time: project.updated_at.seconds(),
            product_count: products.len() as u64,
            native_app_count: applications,
            web_app_count: 0,
            instance_id: project.instance.to_string(),
            application_count: applications,
            device_count: devices as u64,
            enable_open_state: 0,
        })
    }
}
