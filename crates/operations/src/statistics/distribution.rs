//! How many devices are where.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Population, Region, RegionCount};

use super::dates::span;
use super::scope::products;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Which devices.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceDistribution {
    /// Only products of this project.
    project_id: Option<String>,
    /// Only this product.
    product_id: Option<String>,
    /// The first day, such as `2022-06-11`. For active devices, the last 32 days are known.
    start_date: String,
    /// The last day.
    end_date: String,
    /// `active` (the default): devices that were connected in these days; `activated`: devices that connected for the
    /// first time.
    population: Option<String>,
}

/// Where they are.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Distribution {
    /// How many devices there are in all.
    total: u64,
    /// The most first.
    regions: Vec<RegionItem>,
}

/// One place.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RegionItem {
    /// `place`, `private` (a private network) or `unknown`.
    kind: &'static str,
    country: String,
    province: String,
    city: String,
    devices: u64,
}

pub(crate) async fn describe(call: Call, request: DescribeDeviceDistribution) -> Outcome<Distribution> {
    let products = products(&call, request.project_id.as_deref(), &Vec::from_iter(request.product_id))?;
    let population = match request.population.as_deref().unwrap_or_default() {
        "" | "active" => Population::Active,
        "activated" => Population::Activated,
        _ => {
            let why = "Population is active or activated";
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
    };
    let (first, last) = span(&request.start_date, &request.end_date)?;
    let counts = call
        .blocking(move |platform| {
            Ok::<_, Failure>(platform.devices.distribution(&products, population, first, last))
        })
        .await?;
    Ok(Distribution {
        total: counts.iter().map(|count| count.devices).sum(),
        regions: counts.into_iter().map(item).collect(),
    })
}

fn item(count: RegionCount) -> RegionItem {
    let (kind, country, province, city) = match count.region {
        Region::Place { country, province, city } => ("place", country, province, city),
        Region::PrivateNetwork => ("private", String::new(), String::new(), String::new()),
        Region::Unknown => ("unknown", String::new(), String::new(), String::new()),
    };
    RegionItem { kind, country, province, city, devices: count.devices }
}
