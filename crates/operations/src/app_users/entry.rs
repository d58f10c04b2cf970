//! An application as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use yizhan_people::Application;
use yizhan_store::{AppPlatform, PushService};

use crate::text::iso;

/// An application.
// Management API facts §6, IotApplication. With its secrets in it, so it does not show itself.
#[derive(Default, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct IotApplication {
    #[serde(rename = "IotAppID")]
    iot_app_id: String,
    app_name: String,
    description: String,
    /// 0: it is of the account's own brand.
    dev_mode: i64,
    #[serde(rename = "IOSAppKey")]
    ios_app_key: String,
    #[serde(rename = "IOSAppSecret")]
    ios_app_secret: String,
    android_app_key: String,
    android_app_secret: String,
    mini_program_app_key: String,
    mini_program_app_secret: String,
    /// The ids of the products that it serves: a JSON array, as text.
    products: String,
    /// As in `2019-03-18T03:44:33Z`.
    create_time: String,
    project_id: String,
    #[serde(rename = "PushSecretID")]
    push_secret_id: String,
    push_secret_key: String,
    push_environment: String,
    #[serde(rename = "TPNSiOSAccessID")]
    tpns_ios_access_id: String,
    #[serde(rename = "TPNSiOSSecretKey")]
    tpns_ios_secret_key: String,
    #[serde(rename = "TPNSiOSPushEnvironment")]
    tpns_ios_push_environment: String,
    #[serde(rename = "TPNSiOSRegion")]
    tpns_ios_region: String,
    #[serde(rename = "TPNSAndroidAccessID")]
    tpns_android_access_id: String,
    #[serde(rename = "TPNSAndroidSecretKey")]
    tpns_android_secret_key: String,
    #[serde(rename = "TPNSAndroidRegion")]
    tpns_android_region: String,
    /// Short messages in the account's own name are not sent from here; this and the next are empty.
    self_sms_app_id: String,
    self_sms_app_key: String,
    self_sms_sign: String,
    self_sms_template_id: i64,
    wechat_notify_status: i64,
    interconnection_products: String,
    /// 1 when the ready-made mini program is hosted for it; the vendor's answers do not show it.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn_key_switch: Option<i64>,
}

/// The answer about one application.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneApplication {
    application: IotApplication,
}

impl OneApplication {
    /// With its secrets, for the vendor's operation.
    pub fn of(application: &Application) -> Self {
        Self { application: IotApplication::of(application, true) }
    }

    /// With its secrets and its switch, for the console.
    pub fn in_console(application: &Application) -> Self {
        let turn_key_switch = Some(i64::from(application.row.turn_key));
        Self { application: IotApplication { turn_key_switch, ..IotApplication::of(application, true) } }
    }
}

impl IotApplication {
    /// With its secrets, or with empty texts in their place.
    pub fn of(application: &Application, secrets: bool) -> Self {
        let row = &application.row;
        let pair = |platform| {
            let key = application.key(platform);
            let shown = key.map(|key| (key.app_key.clone(), key.app_secret.expose().to_owned()));
            let (key, secret) = shown.unwrap_or_default();
            (key, if secrets { secret } else { String::new() })
        };
        let channel = |service| {
            let Some(row) = application.push(service) else { return Default::default() };
            let secret = if secrets { row.secret.expose().to_owned() } else { String::new() };
            (row.access_id.clone(), secret, row.environment.clone(), row.region.clone())
        };
        let (ios_app_key, ios_app_secret) = pair(AppPlatform::Ios);
        let (android_app_key, android_app_secret) = pair(AppPlatform::Android);
        let (mini_program_app_key, mini_program_app_secret) = pair(AppPlatform::MiniProgram);
        let (push_secret_id, push_secret_key, push_environment, _) = channel(PushService::Xinge);
        let (tpns_ios_access_id, tpns_ios_secret_key, tpns_ios_push_environment, tpns_ios_region) =
            channel(PushService::TpnsIos);
        let (tpns_android_access_id, tpns_android_secret_key, _, tpns_android_region) =
            channel(PushService::TpnsAndroid);
        Self {
            iot_app_id: row.id.to_string(),
            app_name: row.name.clone(),
            description: row.description.clone(),
            ios_app_key,
            ios_app_secret,
            android_app_key,
            android_app_secret,
            mini_program_app_key,
            mini_program_app_secret,
            products: json!(application.products).to_string(),
            create_time: iso(row.created_at),
            project_id: row.project.to_string(),
            push_secret_id,
            push_secret_key,
            push_environment,
            tpns_ios_access_id,
            tpns_ios_secret_key,
            tpns_ios_push_environment,
            tpns_ios_region,
            tpns_android_access_id,
            tpns_android_secret_key,
            tpns_android_region,
            ..Self::default()
        }
    }

    /// For the audit log.
    pub fn seen(application: &Application) -> Option<serde_json::Value> {
        let turn_key_switch = Some(i64::from(application.row.turn_key));
        let entry = Self { turn_key_switch, ..Self::of(application, false) };
        serde_json::to_value(entry).ok()
    }
}
