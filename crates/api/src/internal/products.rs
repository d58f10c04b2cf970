//! Products, their thing models and custom topics.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use yizhan_devices::{
    AuthMode, CustomTopic, DynamicRegistration, NewProduct, NodeKind, ProductChange, ProductView,
};
use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::topics::Rights;

use super::{blocking, find_product_id};
use crate::answer::{Answer, ApiError};
use crate::services::Services;

/// Devices that registration may create where the request does not say how many.
const DEFAULT_QUOTA: u32 = 10_000;

/// A product to create.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Creation {
    id: Option<String>,
    name: String,
    node: Option<NodeKind>,
    auth: Option<AuthMode>,
    dynamic_registration: Option<Registration>,
    auto_create_quota: Option<u32>,
    model: Option<Box<RawValue>>,
}

/// What to change of a product.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    name: Option<String>,
    dynamic_registration: Option<Registration>,
    auto_create_quota: Option<u32>,
    enabled: Option<bool>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Registration {
    Off,
    Known,
    Auto,
}

impl Registration {
    fn with_quota(self, quota: Option<u32>) -> DynamicRegistration {
        match self {
            Self::Off => DynamicRegistration::Off,
            Self::Known => DynamicRegistration::Known,
            Self::Auto => DynamicRegistration::AutoCreate { quota: quota.unwrap_or(DEFAULT_QUOTA) },
        }
    }
}

pub(crate) async fn create(
    State(services): State<Arc<Services>>,
    Json(body): Json<Creation>,
) -> Answer<(StatusCode, Json<ProductView>)> {
    let id = body.id.as_deref().map(ProductId::parse).transpose()?;
    let new = NewProduct {
        id,
        name: body.name,
        node: body.node.unwrap_or(NodeKind::Device),
        auth: body.auth.unwrap_or(AuthMode::Key),
        dynamic_registration: body
            .dynamic_registration
            .unwrap_or(Registration::Off)
            .with_quota(body.auto_create_quota),
        model_json: body.model.map(|model| model.get().to_owned()),
    };
    let view = blocking(&services, move |services| Ok(services.devices.create_product(new)?)).await?;
    Ok((StatusCode::CREATED, Json(view)))
}

#[derive(Serialize)]
pub(crate) struct Products {
    products: Vec<ProductView>,
}

pub(crate) async fn list(State(services): State<Arc<Services>>) -> Answer<Json<Products>> {
    let list = |services: &Services| {
        let mut products = Vec::new();
        for product in services.devices.products() {
            products.push(services.devices.product_view(&product.id)?);
        }
        products.sort_by_key(|product| product.id);
        Ok(products)
    };
    Ok(Json(Products { products: blocking(&services, list).await? }))
}

pub(crate) async fn show(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
) -> Answer<Json<ProductView>> {
    let id = find_product_id(&product)?;
    Ok(Json(blocking(&services, move |services| Ok(services.devices.product_view(&id)?)).await?))
}

pub(crate) async fn change(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
    Json(body): Json<Change>,
) -> Answer<Json<ProductView>> {
    let id = find_product_id(&product)?;
    let change = ProductChange {
        name: body.name,
        dynamic_registration: body.dynamic_registration.map(|it| it.with_quota(body.auto_create_quota)),
        enabled: body.enabled,
        ..ProductChange::default()
    };
    Ok(Json(blocking(&services, move |services| Ok(services.devices.change_product(&id, &change)?)).await?))
}

pub(crate) async fn remove(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
) -> Answer<StatusCode> {
    let id = find_product_id(&product)?;
    blocking(&services, move |services| Ok(services.devices.delete_product(&id)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn model(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
) -> Answer<Response> {
    let id = find_product_id(&product)?;
    let model = blocking(&services, move |services| Ok(services.devices.model(&id)?)).await?;
    let model = model.ok_or_else(|| ApiError::not_found("the product has no thing model"))?;
    let json = [(axum::http::header::CONTENT_TYPE, "application/json")];
    Ok((json, model.source().to_owned()).into_response())
}

pub(crate) async fn put_model(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
    body: String,
) -> Answer<StatusCode> {
    let id = find_product_id(&product)?;
    blocking(&services, move |services| Ok(services.devices.put_model(&id, Some(&body))?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A custom topic: what stands behind `PRODUCTID/DEVICENAME/`, and what the device may do.
#[derive(Serialize, Deserialize)]
pub(crate) struct Topic {
    suffix: String,
    rights: TopicRights,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum TopicRights {
    Publish,
    Subscribe,
    Both,
}

#[derive(Serialize, Deserialize)]
pub(crate) struct Topics {
    topics: Vec<Topic>,
}

pub(crate) async fn topics(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
) -> Answer<Json<Topics>> {
    let id = find_product_id(&product)?;
    let custom = blocking(&services, move |services| Ok(services.devices.custom_topics(&id)?)).await?;
    let topics =
        custom.into_iter().map(|topic| Topic { suffix: topic.suffix, rights: topic.rights.into() }).collect();
    Ok(Json(Topics { topics }))
}

pub(crate) async fn put_topics(
    State(services): State<Arc<Services>>,
    Path(product): Path<String>,
    Json(body): Json<Topics>,
) -> Answer<StatusCode> {
    let id = find_product_id(&product)?;
    let into = |topic: Topic| CustomTopic { suffix: topic.suffix, rights: topic.rights.into() };
    let topics = body.topics.into_iter().map(into).collect();
    blocking(&services, move |services| Ok(services.devices.put_custom_topics(&id, topics)?)).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<Rights> for TopicRights {
    fn from(rights: Rights) -> Self {
        match rights {
            Rights::Publish => Self::Publish,
            Rights::Subscribe => Self::Subscribe,
            Rights::Both => Self::Both,
        }
    }
}

impl From<TopicRights> for Rights {
    fn from(rights: TopicRights) -> Self {
        match rights {
            TopicRights::Publish => Self::Publish,
            TopicRights::Subscribe => Self::Subscribe,
            TopicRights::Both => Self::Both,
        }
    }
}
