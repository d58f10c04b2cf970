//! What a new thing model means for the devices and applications that know the present one, and for how many devices: those
//! whose last reported value the new model would refuse.

use std::collections::BTreeMap;
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::Product;
use yizhan_vocabulary::categories::standard::deviations;
use yizhan_vocabulary::categories::{empty_model, template};
use yizhan_vocabulary::model::compatibility::{Change, Effect, Feature, compare, gravest};
use yizhan_vocabulary::{PropertyNumber, ThingModel};

use super::check::DeviationEntry;
use super::refusal::model_refused;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;
use crate::text::Language;

/// How many devices are named for a property.
const NAMED_DEVICES: usize = 10;

/// What to compare the present model with.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CheckModelCompatibility {
    product_id: String,
    /// The new model's JSON as text.
    model_schema: Option<String>,
    /// An earlier version of the model, in place of a text.
    version: Option<u32>,
}

/// A difference between the present model and the new one.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangeEntry {
    /// `property`, `event` or `action`.
    feature: &'static str,
    identifier: String,
    /// Where in the feature, such as `position.longitude`.
    path: String,
    /// What kind of change it is, such as `narrowed`.
    kind: &'static str,
    /// `harmless`, `callers_refused` or `devices_refused`.
    effect: &'static str,
    /// What changes, and what follows from it.
    text: String,
}

/// Devices whose last value of a property the new model refuses.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Misfits {
    /// The property.
    identifier: String,
    /// How many devices.
    count: u64,
    /// Some of them.
    device_names: Vec<String>,
}

/// The answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CompatibilityReport {
    /// The gravest effect of all changes.
    effect: &'static str,
    changes: Vec<ChangeEntry>,
    /// How many devices the product has.
    device_count: u64,
    /// For each property whose reports may be refused: the devices that would be, by their last value. Properties without
    /// such devices are left out.
    misfits: Vec<Misfits>,
    /// Where the new model and the category's standard functions disagree.
    deviations: Vec<DeviationEntry>,
}

pub(crate) async fn check(call: Call, request: CheckModelCompatibility) -> Outcome<CompatibilityReport> {
    let product = call.product(&request.product_id)?;
    let language = call.caller().language;
    call.blocking(move |platform| {
        let json = wanted(platform, &product, request)?;
        let new = ThingModel::draft(&json).map_err(|errors| model_refused(&errors))?;
        report(platform, &product, &new, language)
    })
    .await
}

fn wanted(platform: &Platform, product: &Product, request: CheckModelCompatibility) -> Outcome<String> {
    let empty = || empty_model(product.id.as_str(), product.settings().profile.category_id);
    match (request.model_schema, request.version) {
        (Some(schema), _) => Ok(schema),
        (None, Some(version)) => {
            let row = platform.store.model_version(&product.id, version)?;
            let row = row.ok_or(const { Failure::new(Code::ModelVersionNotExist) })?;
            Ok(row.model_json.unwrap_or_else(empty))
        }
        (None, None) => Err(Failure::new(Code::MissingParameter).because("ModelSchema or Version")),
    }
}

fn report(
    platform: &Platform,
    product: &Arc<Product>,
    new: &ThingModel,
    language: Language,
) -> Outcome<CompatibilityReport> {
    let present = match product.model() {
        Some(model) => model,
        None => {
            let empty = empty_model(product.id.as_str(), product.settings().profile.category_id);
            Arc::new(ThingModel::draft(&empty).map_err(|errors| model_refused(&errors))?)
        }
    };
    let changes = compare(&present, new);
    let deviations = template(product.settings().profile.category_id)
        .map_or_else(Vec::new, |template| deviations(template, new));
    Ok(CompatibilityReport {
        effect: gravest(&changes).as_str(),
        device_count: product.device_count() as u64,
        misfits: misfits(platform, product, &present, new, &changes),
        changes: changes.into_iter().map(|change| change_entry(change, language)).collect(),
        deviations: deviations.into_iter().map(|it| DeviationEntry::of(it, language)).collect(),
    })
}

fn change_entry(change: Change, language: Language) -> ChangeEntry {
    ChangeEntry {
        feature: change.feature.as_str(),
        identifier: change.identifier,
        path: change.path,
        kind: change.kind.as_str(),
        effect: change.effect.as_str(),
        text: language.of(change.text),
    }
}

/// Counts devices by property. Only properties are looked at whose reports may be refused, so a harmless change costs
/// nothing however many devices there are.
fn misfits(
    platform: &Platform,
    product: &Arc<Product>,
    present: &ThingModel,
    new: &ThingModel,
    changes: &[Change],
) -> Vec<Misfits> {
    let concerned = changes
        .iter()
        .filter(|change| change.feature == Feature::Property && change.effect == Effect::DevicesRefused);
    let mut found: BTreeMap<PropertyNumber, Misfits> = BTreeMap::new();
    for change in concerned {
        if let Some(property) = present.property(&change.identifier) {
            found.entry(property.number).or_insert_with(|| Misfits {
                identifier: change.identifier.clone(),
                count: 0,
                device_names: Vec::new(),
            });
        }
    }
    if found.is_empty() {
        return Vec::new();
    }
    platform.devices.each_last_value(product, |device, number, value| {
        let Some(entry) = found.get_mut(&number) else { return };
        let fits = new.property(&entry.identifier).is_some_and(|property| {
            property.mode.may_report()
                && serde_json::to_string(value).is_ok_and(|json| property.kind.read(&json).is_ok())
        });
        if !fits {
            entry.count += 1;
            if entry.device_names.len() < NAMED_DEVICES {
                entry.device_names.push(device.name.to_string());
            }
        }
    });
    found.into_values().filter(|entry| entry.count > 0).collect()
}
