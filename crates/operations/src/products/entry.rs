//! A product as answers show it.

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::{AuthMode, Devices, NodeKind, OwnAuthority, Product};

/// A product.
// Management API facts §6, ProductEntry.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProductEntry {
    product_id: String,
    product_name: String,
    category_id: i64,
    /// `1` certificates, `2` keys.
    encryption_type: &'static str,
    net_type: String,
    /// 1 thing model, 2 pass-through.
    data_protocol: i64,
    product_desc: String,
    /// `dev`, `audit` or `released`.
    dev_status: &'static str,
    /// Seconds.
    create_time: i64,
    /// Seconds.
    update_time: i64,
    region: &'static str,
    /// 0 device, 5 gateway.
    product_type: i64,
    project_id: String,
    module_id: i64,
    /// `true` or `false`.
    enable_product_script: &'static str,
    create_user_id: i64,
    creator_nick_name: String,
    bind_strategy: u8,
    device_count: i64,
    #[serde(flatten)]
    authority: Option<ProductAuthority>,
}

/// The authority of the account's own that a product trusts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProductAuthority {
    #[serde(rename = "PrivateCAName")]
    private_ca_name: String,
    #[serde(rename = "IsPrivateCA")]
    is_private_ca: bool,
    cert_name: String,
    #[serde(rename = "CertSN")]
    cert_sn: String,
    issuer_name: String,
    subject: String,
    /// Start of validity; seconds.
    effective_time: i64,
    /// End of validity; seconds.
    expire_time: i64,
    /// PEM.
    cert_text: String,
}

impl ProductAuthority {
    fn of(authority: &OwnAuthority) -> Self {
        let facts = &authority.facts;
        Self {
            private_ca_name: authority.name.clone(),
            is_private_ca: true,
            cert_name: authority.name.clone(),
            cert_sn: facts.serial.clone(),
            issuer_name: facts.issuer.clone(),
            subject: facts.subject.clone(),
            effective_time: facts.not_before.seconds(),
            expire_time: facts.not_after.seconds(),
            cert_text: facts.pem.clone(),
        }
    }
}

impl ProductEntry {
    pub fn of(product: &Product) -> Self {
        let settings = product.settings();
        let profile = &settings.profile;
        Self {
            product_id: product.id.to_string(),
            product_name: settings.name.clone(),
            category_id: profile.category_id,
            encryption_type: encryption_type(product.auth),
            net_type: profile.net_type.clone(),
            data_protocol: profile.data_protocol,
            product_desc: profile.description.clone(),
            dev_status: profile.status.as_str(),
            create_time: product.created_at.seconds(),
            update_time: profile.updated_at.seconds(),
            region: "gz",
            product_type: product_type(product.node),
            project_id: profile.project.to_string(),
            module_id: profile.module_id,
            enable_product_script: if profile.script_enabled { "true" } else { "false" },
            create_user_id: profile.creator.0,
            creator_nick_name: String::new(),
            bind_strategy: profile.bind_strategy,
            device_count: product.device_count() as i64,
            authority: None,
        }
    }

    /// The same with the authority of the account's own that it trusts, if there is one.
    pub fn whole(devices: &Devices, product: &Product) -> Self {
        let authority = devices.authority_of(&product.id);
        Self { authority: authority.map(|authority| ProductAuthority::of(&authority)), ..Self::of(product) }
    }

    /// The product for the audit log.
    pub fn seen(product: &Product) -> Option<serde_json::Value> {
        serde_json::to_value(Self::of(product)).ok()
    }
}

/// The number of a kind of node (facts §4.3, ProductType).
const fn product_type(node: NodeKind) -> i64 {
    match node {
        NodeKind::Device | NodeKind::SubDevice => 0,
        NodeKind::Gateway => 5,
    }
}

/// The text of a way to authenticate (facts §4.3, EncryptionType).
const fn encryption_type(auth: AuthMode) -> &'static str {
    match auth {
        AuthMode::Certificate => "1",
        AuthMode::Key => "2",
    }
}

/// The answer of what makes, changes or shows one product.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneProduct {
    pub product: ProductEntry,
}
