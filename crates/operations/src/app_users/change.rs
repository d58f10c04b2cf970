//! Changing an application.

use schemars::JsonSchema;
use serde::Deserialize;
use yizhan_people::{ApplicationChange, PushChange};
use yizhan_store::{PushService, Secret};

use super::applications::named_products;
use super::entry::{IotApplication, OneApplication};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// What an application is to become; what is not given stays.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ModifyApplication {
    #[serde(rename = "IotAppID")]
    iot_app_id: String,
    /// Its name, unique in the project; 1 to 64 characters.
    app_name: Option<String>,
    /// A remark for people; up to 1024 characters.
    description: Option<String>,
    /// The ids of the products that it serves: a JSON array, as text.
    products: Option<String>,
    /// The account at the push service 信鸽.
    #[serde(rename = "PushSecretID")]
    push_secret_id: Option<String>,
    push_secret_key: Option<String>,
    /// `dev` or `product`.
    push_environment: Option<String>,
    /// The account at the push service TPNS for iOS.
    #[serde(rename = "TPNSiOSAccessID")]
    tpns_ios_access_id: Option<String>,
    #[serde(rename = "TPNSiOSSecretKey")]
    tpns_ios_secret_key: Option<String>,
    /// `dev` or `product`.
    #[serde(rename = "TPNSiOSPushEnvironment")]
    tpns_ios_push_environment: Option<String>,
    /// `ap-guangzhou`, `ap-shanghai`, `ap-hongkong` or `ap-singapore`.
    #[serde(rename = "TPNSiOSRegion")]
    tpns_ios_region: Option<String>,
    /// The account at the push service TPNS for Android.
    #[serde(rename = "TPNSAndroidAccessID")]
    tpns_android_access_id: Option<String>,
    #[serde(rename = "TPNSAndroidSecretKey")]
    tpns_android_secret_key: Option<String>,
    /// `ap-guangzhou`, `ap-shanghai`, `ap-hongkong` or `ap-singapore`.
    #[serde(rename = "TPNSAndroidRegion")]
    tpns_android_region: Option<String>,
    /// 1 when the ready-made mini program is hosted for it, 0 otherwise.
    turn_key_switch: Option<i64>,
}

pub(crate) async fn modify(call: Call, request: ModifyApplication) -> Outcome<OneApplication> {
    let products = named_products(&call, request.products.as_deref())?;
    // Last, so that the audit log names it.
    let application = call.application(&request.iot_app_id).await?;
    let (owner, id) = (call.caller().owner, application.row.id);
    let change = changes(request, products)?;
    let (before, after) =
        call.blocking(move |platform| platform.apps.change_application(owner, id.as_str(), change)).await?;
    call.changed(IotApplication::seen(&before), IotApplication::seen(&after));
    Ok(OneApplication::of(&after))
}

fn changes(
    request: ModifyApplication,
    products: Option<Vec<yizhan_vocabulary::ProductId>>,
) -> Outcome<ApplicationChange> {
    let turn_key = match request.turn_key_switch {
        None => None,
        Some(switch @ 0..=1) => Some(switch == 1),
        Some(_) => return Err(Failure::new(Code::InvalidParameterValue).because("TurnKeySwitch is 0 or 1")),
    };
    if request.app_name.as_deref() == Some("") {
        return Err(Failure::new(Code::InvalidParameterValue).because("AppName is empty"));
    }
    let push = vec![
        PushChange {
            service: PushService::Xinge,
            access_id: request.push_secret_id,
            secret: request.push_secret_key.map(Secret::new),
            environment: request.push_environment,
            region: None,
        },
        PushChange {
            service: PushService::TpnsIos,
            access_id: request.tpns_ios_access_id,
            secret: request.tpns_ios_secret_key.map(Secret::new),
            environment: request.tpns_ios_push_environment,
            region: request.tpns_ios_region,
        },
        PushChange {
            service: PushService::TpnsAndroid,
            access_id: request.tpns_android_access_id,
            secret: request.tpns_android_secret_key.map(Secret::new),
            environment: None,
            region: request.tpns_android_region,
        },
    ];
    Ok(ApplicationChange {
        name: request.app_name,
        description: request.description,
        products,
        turn_key,
        push,
    })
}
