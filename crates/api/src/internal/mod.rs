//! The internal management API under `/internal/v1`: enough to run the server from its command line. Every handler reads
//! alike: path and body, the one service call on a blocking thread, the answer.

mod accounts;
mod audited;
mod backup;
mod certificates;
mod clients;
mod commands;
mod data;
mod devices;
mod products;

use std::sync::Arc;

use axum::Router;
use axum::routing::{delete, get, patch, post};
use yizhan_devices::Device;
use yizhan_vocabulary::ProductId;

use crate::answer::{Answer, ApiError};
use crate::extract;
use crate::services::Services;

/// All routes; access is checked around them.
pub(crate) fn routes() -> Router<Arc<Services>> {
    const DEVICE: &str = "/products/{product}/devices/{device}";
    let device = |rest: &str| format!("{DEVICE}{rest}");
    Router::new()
        .route("/products", get(products::list).post(products::create))
        .route("/products/{product}", get(products::show).patch(products::change).delete(products::remove))
        .route("/products/{product}/model", get(products::model).put(products::put_model))
        .route("/products/{product}/topics", get(products::topics).put(products::put_topics))
        .route("/products/{product}/devices", get(devices::list).post(devices::create))
        .route(DEVICE, get(devices::show).patch(devices::change).delete(devices::remove))
        .route(&device("/properties"), get(data::properties))
        .route(&device("/history"), get(data::history))
        .route(&device("/logs/{log}"), get(data::logs))
        .route(&device("/control"), post(commands::control))
        .route(&device("/actions/{action}"), post(commands::call_action))
        .route(&device("/commands"), get(commands::list))
        .route(&device("/commands/{command}"), get(commands::show))
        .route(&device("/certificate"), post(certificates::issue).delete(certificates::revoke))
        .route("/mqtt-users", get(clients::list_users).post(clients::create_user))
        .route("/mqtt-users/{name}", delete(clients::remove_user))
        .route("/tokens", get(clients::list_tokens).post(clients::create_token))
        .route("/tokens/{name}", delete(clients::remove_token))
        .route("/products/{product}/secret", post(products::reset_secret))
        .route(&device("/secret"), post(devices::reset_secret))
        .route("/accounts", get(accounts::list).post(accounts::create))
        .route("/accounts/{account}", patch(accounts::change).delete(accounts::remove))
        .route("/accounts/{account}/password", post(accounts::set_password))
        .route("/setup", get(accounts::setup))
        .route("/accounts/{account}/keys", get(accounts::list_keys).post(accounts::create_key))
        .route("/accounts/{account}/keys/{key}", patch(accounts::change_key).delete(accounts::remove_key))
        .route("/refusals", get(data::refusals))
        .route("/backup", post(backup::make))
        .fallback(extract::no_such_path)
        .method_not_allowed_fallback(extract::no_such_method)
}

/// Runs blocking work for a handler.
pub(crate) async fn blocking<T: Send + 'static>(
    services: &Arc<Services>,
    work: impl FnOnce(&Services) -> Answer<T> + Send + 'static,
) -> Answer<T> {
    let services = Arc::clone(services);
    tokio::task::spawn_blocking(move || work(&services))
        .await
        .unwrap_or_else(|_| Err(ApiError::internal("the request was interrupted")))
}

/// The device that a path names.
pub(crate) fn find_device(services: &Services, product: &str, device: &str) -> Answer<Arc<Device>> {
    Ok(services.devices.known_device(&find_product_id(product)?, device)?)
}

/// The product id that a path names. One that is not well formed does not exist either.
pub(crate) fn find_product_id(product: &str) -> Answer<ProductId> {
    ProductId::parse(product).map_err(|_| ApiError::not_found("the product does not exist"))
}
