//! Whether devices may register themselves with their product's secret (facts §4.3, RegisterType).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{DevicesError, DynamicRegistration, Product, ProductChange, ReleaseStatus};

use super::create::failure;
use super::entry::ProductEntry;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// The largest number of devices that registration may create.
const MAX_REGISTER_LIMIT: u32 = 1_000_000;

/// A new rule.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyProductDynamicRegister {
    product_id: String,
    /// 0 off, 1 only devices that were created beforehand, 2 unknown names are created.
    register_type: u64,
    /// How many devices may be created by registration.
    register_limit: u32,
}

/// The rule in force.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Rule {
    /// 0 off, 1 only devices that were created beforehand, 2 unknown names are created.
    register_type: u64,
    /// What devices sign their registration with.
    product_secret: String,
    register_limit: u64,
}

impl Rule {
    fn of(product: &Product) -> Self {
        let settings = product.settings();
        let (register_type, limit) = match settings.dynamic_registration {
            DynamicRegistration::Off => (0, 0),
            DynamicRegistration::Known => (1, 0),
            DynamicRegistration::AutoCreate { quota } => (2, quota),
        };
        Self {
            register_type,
            product_secret: settings.secret.expose().to_owned(),
            register_limit: limit.into(),
        }
    }
}

pub(crate) async fn modify(call: Call, request: ModifyProductDynamicRegister) -> Outcome<Rule> {
    let product = call.product(&request.product_id)?;
    let rule = match request.register_type {
        0 => DynamicRegistration::Off,
        1 => DynamicRegistration::Known,
        2 if (1..=MAX_REGISTER_LIMIT).contains(&request.register_limit) => {
            DynamicRegistration::AutoCreate { quota: request.register_limit }
        }
        2 => {
            let why = format!("RegisterLimit is between 1 and {MAX_REGISTER_LIMIT}");
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
        _ => return Err(Failure::new(Code::InvalidParameterValue).because("RegisterType is 0, 1 or 2")),
    };
    let before = ProductEntry::seen(&product);
    let changed = product.clone();
    call.blocking(move |platform| {
        let decide = |settings: &yizhan_devices::ProductSettings| {
            if settings.profile.status == ReleaseStatus::Released {
                return Err(DevicesError::Conflict("the product is released".to_owned()));
            }
            Ok(ProductChange { dynamic_registration: Some(rule), ..ProductChange::default() })
        };
        platform.devices.change_product(&changed.id, decide).map_err(|error| match error {
            DevicesError::Conflict(_) => Failure::new(Code::NoPermissionToReleasedProduct),
            other => failure(other),
        })
    })
    .await?;
    call.changed(before, ProductEntry::seen(&product));
    Ok(Rule::of(&product))
}

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeProductDynamicRegister {
    product_id: String,
}

pub(crate) async fn describe(call: Call, request: DescribeProductDynamicRegister) -> Outcome<Rule> {
    Ok(Rule::of(&*call.product(&request.product_id)?))
}
