//! Products, their thing models and custom topics.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};
use yizhan_devices::{
    AuthMode, CustomTopic, DevicesError, DynamicRegistration, NewProduct, NodeKind, ProductChange,
    ProductProfile, ProductSettings, ProductView,
};
use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::topics::Rights;

use super::audited::{Done, Operator, Wanted};
use super::{blocking, find_product_id};
use crate::answer::{Answer, ApiError};
use crate::extract::{Json, Path, Text};
use crate::services::Services;

/// Devices that registration may create where the request does not say how many.
const DEFAULT_QUOTA: u32 = 10_000;

/// A product to create.
#[derive(Serialize, Deserialize)]
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
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    name: Option<String>,
    dynamic_registration: Option<Registration>,
    auto_create_quota: Option<u32>,
    enabled: Option<bool>,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Registration {
    Off,
    Known,
    Auto,
}

/// What a product's registration rule becomes: the quota stays as it is unless another one is given, and a quota is
/// given only where devices are created.
fn registration_rule(
    present: DynamicRegistration,
    mode: Option<Registration>,
    quota: Option<u32>,
) -> Result<DynamicRegistration, DevicesError> {
    let present_quota = match present {
        DynamicRegistration::AutoCreate { quota } => Some(quota),
        DynamicRegistration::Off | DynamicRegistration::Known => None,
    };
    let creates = mode.map_or(present_quota.is_some(), |mode| matches!(mode, Registration::Auto));
    match (creates, mode) {
        (false, _) if quota.is_some() => Err(DevicesError::Invalid(
            "auto_create_quota goes with dynamic_registration \"auto\" only".to_owned(),
        )),
        (true, _) => {
            let quota = quota.or(present_quota).unwrap_or(DEFAULT_QUOTA);
            Ok(DynamicRegistration::AutoCreate { quota })
        }
        (false, None) => Ok(present),
        (false, Some(Registration::Known)) => Ok(DynamicRegistration::Known),
        (false, Some(_)) => Ok(DynamicRegistration::Off),
    }
}

pub(crate) async fn create(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Json(body): Json<Creation>,
) -> Answer<(StatusCode, Json<ProductView>)> {
    let create = move |services: &Services| {
        let wanted = Wanted::of_product(services, "CreateProduct", body.id.as_deref().unwrap_or(""), &body);
        operator.does(services, wanted, || {
            let made = services.devices.create_product(new_product(body)?)?;
            Ok(Done::new(None, seen(services, &made.id), made))
        })
    };
    Ok((StatusCode::CREATED, Json(blocking(&services, create).await?)))
}

fn new_product(body: Creation) -> Answer<NewProduct> {
    Ok(NewProduct {
        id: body.id.as_deref().map(ProductId::parse).transpose()?,
        name: body.name,
        node: body.node.unwrap_or(NodeKind::Device),
        auth: body.auth.unwrap_or(AuthMode::Key),
        dynamic_registration: registration_rule(
            DynamicRegistration::Off,
            body.dynamic_registration,
            body.auto_create_quota,
        )?,
        model_json: body.model.map(|model| model.get().to_owned()),
        profile: ProductProfile::default(),
    })
}

/// A product for the audit log, without its secret.
fn seen(services: &Services, id: &ProductId) -> Option<Value> {
    services.devices.product(id).map(|product| json!(ProductView::of(&product)))
}

#[derive(Serialize)]
pub(crate) struct Products {
    products: Vec<ProductView>,
}

pub(crate) async fn list(State(services): State<Arc<Services>>) -> Answer<Json<Products>> {
    let products = blocking(&services, |services| Ok(services.devices.product_views())).await?;
    Ok(Json(Products { products }))
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
    operator: Operator,
    Path(product): Path<String>,
    Json(body): Json<Change>,
) -> Answer<Json<ProductView>> {
    let work = move |services: &Services| {
        let wanted = Wanted::of_product(services, "ModifyProduct", &product, &body);
        operator.does(services, wanted, || {
            let id = find_product_id(&product)?;
            let before = seen(services, &id);
            let changed = services.devices.change_product(&id, |settings| change_of(settings, body))?;
            Ok(Done::new(before, seen(services, &id), changed))
        })
    };
    Ok(Json(blocking(&services, work).await?))
}

fn change_of(settings: &ProductSettings, body: Change) -> Result<ProductChange, DevicesError> {
    let (mode, quota) = (body.dynamic_registration, body.auto_create_quota);
    let registration = (mode.is_some() || quota.is_some())
        .then(|| registration_rule(settings.dynamic_registration, mode, quota))
        .transpose()?;
    Ok(ProductChange {
        name: body.name,
        dynamic_registration: registration,
        enabled: body.enabled,
        ..ProductChange::default()
    })
}

pub(crate) async fn reset_secret(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(product): Path<String>,
) -> Answer<Json<ProductView>> {
    let reset = move |services: &Services| {
        let wanted = Wanted::of_product(services, "ResetProductSecret", &product, ());
        operator.does(services, wanted, || {
            let id = find_product_id(&product)?;
            Ok(Done::new(None, None, services.devices.reset_product_secret(&id)?))
        })
    };
    Ok(Json(blocking(&services, reset).await?))
}

pub(crate) async fn remove(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(product): Path<String>,
) -> Answer<StatusCode> {
    let remove = move |services: &Services| {
        let wanted = Wanted::of_product(services, "DeleteProduct", &product, ());
        operator.does(services, wanted, || {
            let id = find_product_id(&product)?;
            let before = seen(services, &id);
            services.devices.delete_product(&id)?;
            Ok(Done::new(before, None, ()))
        })
    };
    blocking(&services, remove).await?;
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
    operator: Operator,
    Path(product): Path<String>,
    Text(body): Text,
) -> Answer<StatusCode> {
    let put = move |services: &Services| {
        let wanted = Wanted::of_product(services, "ModifyModel", &product, &body);
        operator.does(services, wanted, || {
            let id = find_product_id(&product)?;
            let before = services.devices.model(&id)?;
            services.devices.put_model(&id, Some(&body))?;
            Ok(Done::new(before.and_then(|model| serde_json::from_str(model.source()).ok()), None, ()))
        })
    };
    blocking(&services, put).await?;
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
    Ok(Json(Topics::of(custom)))
}

pub(crate) async fn put_topics(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(product): Path<String>,
    Json(body): Json<Topics>,
) -> Answer<StatusCode> {
    let put = move |services: &Services| {
        let wanted = Wanted::of_product(services, "ModifyTopics", &product, &body);
        operator.does(services, wanted, || {
            let id = find_product_id(&product)?;
            let before = Topics::of(services.devices.custom_topics(&id)?);
            let into = |topic: Topic| CustomTopic { suffix: topic.suffix, rights: topic.rights.into() };
            services.devices.put_custom_topics(&id, body.topics.into_iter().map(into).collect())?;
            Ok(Done::new(Some(json!(before)), None, ()))
        })
    };
    blocking(&services, put).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl Topics {
    fn of(custom: Vec<CustomTopic>) -> Self {
        let shown = |topic: CustomTopic| Topic { suffix: topic.suffix, rights: topic.rights.into() };
        Self { topics: custom.into_iter().map(shown).collect() }
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    const MANY: DynamicRegistration = DynamicRegistration::AutoCreate { quota: 50_000 };

    fn rule(
        present: DynamicRegistration,
        mode: Option<Registration>,
        quota: Option<u32>,
    ) -> Option<DynamicRegistration> {
        registration_rule(present, mode, quota).ok()
    }

    #[test]
    fn a_quota_stays_until_another_one_is_given() {
        let auto = |quota| Some(DynamicRegistration::AutoCreate { quota });
        assert_eq!(rule(MANY, Some(Registration::Auto), None), Some(MANY));
        assert_eq!(rule(MANY, None, Some(7)), auto(7));
        assert_eq!(rule(MANY, Some(Registration::Auto), Some(7)), auto(7));
        let off = DynamicRegistration::Off;
        assert_eq!(rule(off, Some(Registration::Auto), None), auto(DEFAULT_QUOTA));
        assert_eq!(rule(MANY, Some(Registration::Known), None), Some(DynamicRegistration::Known));
    }

    #[test]
    fn a_quota_without_creation_is_refused() {
        assert_eq!(rule(DynamicRegistration::Off, None, Some(7)), None);
        assert_eq!(rule(MANY, Some(Registration::Known), Some(7)), None);
    }
}
