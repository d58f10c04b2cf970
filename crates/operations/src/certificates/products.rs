//! Which product uses which authority.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::authorities::{AuthorityList, CertInfo, refused};
use crate::call::Call;
use crate::failure::Outcome;
use crate::operation::Nothing;
use crate::page::Page;
use crate::resource::Resource;

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedProduct {
    product_id: String,
}

pub(crate) async fn describe(call: Call, request: NamedProduct) -> Outcome<AuthorityList> {
    let product = call.product(&request.product_id)?;
    let trusted = call.platform().devices.authority_of(&product.id);
    Ok(AuthorityList { cas: trusted.iter().map(|authority| CertInfo::of(authority)).collect() })
}

/// Which product is to use which authority.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateProductPrivateCa {
    product_id: String,
    cert_name: String,
}

pub(crate) async fn update(call: Call, request: UpdateProductPrivateCa) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let authority = call.beside_authority(&request.cert_name)?;
    let before = call.platform().devices.authority_of(&product.id);
    call.changed(
        Some(json!({ "CertName": before.map(|before| before.name.clone()) })),
        Some(json!({ "CertName": authority.name })),
    );
    call.blocking(move |platform| {
        platform.devices.set_authority_of(&product, Some(&*authority)).map_err(refused)
    })
    .await?;
    Ok(Nothing {})
}

pub(crate) async fn delete(call: Call, request: NamedProduct) -> Outcome<Nothing> {
    let product = call.product(&request.product_id)?;
    let before = call.platform().devices.authority_of(&product.id);
    call.changed(Some(json!({ "CertName": before.map(|before| before.name.clone()) })), None);
    call.blocking(move |platform| platform.devices.set_authority_of(&product, None).map_err(refused)).await?;
    Ok(Nothing {})
}

/// Whose products.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeBoundProducts {
    cert_name: String,
    offset: i64,
    /// 1 to 100.
    limit: i64,
}

/// A product that uses an authority.
// Management API facts §6, PrivateCABindProductInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BoundProduct {
    product_id: String,
    product_name: String,
    /// When the product was made; seconds.
    create_time: i64,
}

/// A page of products.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BoundProducts {
    products: Vec<BoundProduct>,
}

pub(crate) async fn using(call: Call, request: DescribeBoundProducts) -> Outcome<BoundProducts> {
    let owner = call.account()?;
    let page = Page::of(Some(request.offset), Some(request.limit))?;
    let devices = &call.platform().devices;
    // The vendor answers an unknown name with no products, not with an error.
    let Some(authority) = devices.own_authority(owner, &request.cert_name) else {
        return Ok(BoundProducts { products: Vec::new() });
    };
    let mut products = devices.products_trusting(&authority);
    products.retain(|product| {
        let project = product.settings().profile.project.clone();
        call.may(&Resource::Product(owner, &project, &product.id))
    });
    let entry = |product: std::sync::Arc<yizhan_devices::Product>| BoundProduct {
        product_id: product.id.to_string(),
        product_name: product.settings().name.clone(),
        create_time: product.created_at.seconds(),
    };
    Ok(BoundProducts { products: page.cut(products).into_iter().map(entry).collect() })
}
