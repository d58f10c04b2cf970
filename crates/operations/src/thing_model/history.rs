//! Earlier versions of a product's thing model, so that a change can be undone.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::ModelOrigin;
use yizhan_store::ModelVersionRow;
use yizhan_vocabulary::ThingModel;

use super::change::save;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetModelVersionList {
    product_id: String,
}

/// A version of a thing model.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModelVersion {
    /// Counts from 1.
    version: u32,
    /// How it came into use: `created`, `changed`, `imported` or `restored`.
    origin: &'static str,
    /// The account that saved it; 0 when it was done on the machine itself.
    account: i64,
    /// Seconds.
    save_time: i64,
    /// Whether it is in use.
    current: bool,
    /// Whether the model was removed with this version.
    removed: bool,
    property_count: u64,
    event_count: u64,
    action_count: u64,
}

impl ModelVersion {
    fn of(row: &ModelVersionRow, current: bool) -> Self {
        let model = row.model_json.as_deref().and_then(|json| ThingModel::draft(json).ok());
        let count = |list: fn(&ThingModel) -> usize| model.as_ref().map_or(0, |model| list(model) as u64);
        Self {
            version: row.version,
            origin: row.saving.origin.as_str(),
            account: row.saving.account.map_or(0, |account| account.0),
            save_time: row.saving.at.seconds(),
            current,
            removed: row.model_json.is_none(),
            property_count: count(|model| model.properties().len()),
            event_count: count(|model| model.events().len()),
            action_count: count(|model| model.actions().len()),
        }
    }
}

/// The versions that are kept, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModelVersionList {
    versions: Vec<ModelVersion>,
    total: i64,
}

pub(crate) async fn list(call: Call, request: GetModelVersionList) -> Outcome<ModelVersionList> {
    let id = call.product(&request.product_id)?.id;
    call.blocking(move |platform| {
        let rows = platform.store.model_versions(&id)?;
        let versions: Vec<_> =
            rows.iter().enumerate().map(|(place, row)| ModelVersion::of(row, place == 0)).collect();
        Outcome::Ok(ModelVersionList { total: versions.len() as i64, versions })
    })
    .await
}

/// Which version of which product's model.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeModelVersion {
    product_id: String,
    version: u32,
}

/// A version with its text.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedVersion {
    version: u32,
    /// The model's JSON as text; empty if the model was removed with this version.
    model_define: String,
}

pub(crate) async fn describe(call: Call, request: DescribeModelVersion) -> Outcome<DescribedVersion> {
    let id = call.product(&request.product_id)?.id;
    let version = request.version;
    let model = call.blocking(move |platform| platform.store.model_version(&id, version)).await?;
    let row = model.ok_or(const { Failure::new(Code::ModelVersionNotExist) })?;
    Ok(DescribedVersion { version, model_define: row.model_json.unwrap_or_default() })
}

/// Which version to use again.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RestoreModelVersion {
    product_id: String,
    version: u32,
}

pub(crate) async fn restore(call: Call, request: RestoreModelVersion) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let id = product.id;
    let version = request.version;
    let model = call.blocking(move |platform| platform.store.model_version(&id, version)).await?;
    let row = model.ok_or(const { Failure::new(Code::ModelVersionNotExist) })?;
    save(&call, product, row.model_json, ModelOrigin::Restored).await
}
