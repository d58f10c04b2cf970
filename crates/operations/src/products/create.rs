//! Making a product.

use schemars::JsonSchema;
use serde::Deserialize;
use yizhan_devices::{
    AuthMode, DevicesError, DynamicRegistration, NewProduct, NodeKind, ProductProfile, ReleaseStatus,
    generate_product_id,
};
use yizhan_vocabulary::UnixMillis;

use super::entry::{OneProduct, ProductEntry};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::thing_model::starting_model_of;
use crate::undo::or_undo;

/// How devices may reach the network (facts §4.3, NetType).
const NET_TYPES: &[&str] = &[
    "wifi",
    "wifi-ble",
    "cellular",
    "5g",
    "lorawan",
    "ble",
    "ethernet",
    "wifi-ethernet",
    "else",
    "sub_zigbee",
    "sub_ble",
    "sub_433mhz",
    "sub_else",
    "sub_blemesh",
];

/// A product that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateStudioProduct {
    /// Its name, unique in the project; 1 to 128 characters.
    product_name: String,
    /// 1 is a model of its own, others are categories with a standard model.
    category_id: i64,
    /// 0 device, 5 gateway.
    product_type: i64,
    /// `1` certificates, `2` keys.
    encryption_type: String,
    /// How its devices reach the network.
    net_type: String,
    /// 1 thing model, 2 pass-through.
    data_protocol: i64,
    /// A remark for people.
    product_desc: String,
    project_id: String,
    /// An authority of the account's own that may vouch for its devices; the installation's if there is none.
    #[serde(rename = "PrivateCAName")]
    private_ca_name: Option<String>,
}

pub(crate) async fn create(call: Call, request: CreateStudioProduct) -> Outcome<OneProduct> {
    let project = call.project(&request.project_id)?;
    let auth = auth_mode(&request.encryption_type)?;
    let node = node_kind(request.product_type, &request.net_type)?;
    if !NET_TYPES.contains(&request.net_type.as_str()) {
        return Err(refused(format!("NetType is one of {}", NET_TYPES.join(", "))));
    }
    if !(1..=2).contains(&request.data_protocol) {
        return Err(refused("DataProtocol is 1 or 2"));
    }
    let authority = match request.private_ca_name.filter(|name| !name.is_empty()) {
        Some(_) if auth != AuthMode::Certificate => return Err(Failure::new(Code::CaCertNotSupport)),
        Some(name) => Some(call.beside_authority(&name)?),
        None => None,
    };
    let id = generate_product_id();
    let new = NewProduct {
        id: Some(id),
        name: request.product_name,
        node,
        auth,
        dynamic_registration: DynamicRegistration::Off,
        model_json: starting_model_of(&id, request.category_id, request.data_protocol),
        profile: ProductProfile {
            project: project.id.clone(),
            description: request.product_desc,
            category_id: request.category_id,
            net_type: request.net_type,
            data_protocol: request.data_protocol,
            module_id: 0,
            script_enabled: false,
            bind_strategy: 1,
            status: ReleaseStatus::Developing,
            creator: call.caller().account,
            updated_at: UnixMillis(0),
        },
    };
    let product = call
        .blocking(move |platform| {
            let id = platform.devices.create_product(new).map_err(failure)?.id;
            let product = platform.devices.known_product(&id).map_err(failure)?;
            if let Some(authority) = authority {
                let trusted = platform.devices.set_authority_of(&product, Some(&*authority));
                let trusted = trusted.map_err(crate::certificates::refused);
                or_undo(trusted, || platform.devices.delete_product(&id))?;
            }
            Ok::<_, Failure>(product)
        })
        .await?;
    call.changed(None, ProductEntry::seen(&product));
    Ok(OneProduct { product: ProductEntry::whole(&call.platform().devices, &product) })
}

fn auth_mode(encryption_type: &str) -> Outcome<AuthMode> {
    match encryption_type {
        "1" => Ok(AuthMode::Certificate),
        "2" => Ok(AuthMode::Key),
        "21" | "22" => {
            let why = "trusted identities (TID) need the vendor's secure element service";
            Err(Failure::new(Code::UnsupportedOperation).because(why))
        }
        _ => Err(refused("EncryptionType is 1 or 2")),
    }
}

fn node_kind(product_type: i64, net_type: &str) -> Outcome<NodeKind> {
    match product_type {
        0 if net_type.starts_with("sub_") => Ok(NodeKind::SubDevice),
        0 => Ok(NodeKind::Device),
        5 => Ok(NodeKind::Gateway),
        _ => Err(refused("ProductType is 0 or 5")),
    }
}

fn refused(why: impl Into<std::borrow::Cow<'static, str>>) -> Failure {
    Failure::new(Code::ProductParmsError).because(why)
}

/// The published codes of what can be wrong with a product.
pub(super) fn failure(error: DevicesError) -> Failure {
    match error {
        DevicesError::Conflict(why) => Failure::new(Code::ProductAlreadyExist).because(why),
        DevicesError::Invalid(why) => refused(why),
        DevicesError::LimitReached(why) => Failure::new(Code::StudioProductExceedLimit).because(why),
        DevicesError::NotFound(_) => Failure::new(Code::StudioProductNotExist),
        other => other.into(),
    }
}
