//! Ordinary MQTT users, and the tokens of this API. Passwords and tokens are shown once and kept as hashes.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_identity::topic_permission::UserPermission;
use yizhan_identity::users::{PasswordHash, generate_token, is_name};
use yizhan_store::{ApiToken, MqttUser};
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::DisconnectCause;

use super::audited::{Done, Operator, Wanted};
use super::blocking;
use crate::answer::{Answer, ApiError};
use crate::extract::{Json, Path};
use crate::services::Services;

/// An MQTT user to create; without filters it may use everything outside `$`.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewUser {
    name: String,
    #[serde(default)]
    publish: Vec<String>,
    #[serde(default)]
    subscribe: Vec<String>,
}

#[derive(Serialize)]
pub(crate) struct CreatedUser {
    name: String,
    password: String,
}

pub(crate) async fn create_user(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Json(body): Json<NewUser>,
) -> Answer<(StatusCode, Json<CreatedUser>)> {
    let create = move |services: &Services| {
        let wanted = Wanted::of_installation("CreateMqttUser", json!(body));
        operator.does(services, wanted, || Ok(Done::new(None, None, make_user(services, body)?)))
    };
    Ok((StatusCode::CREATED, Json(blocking(&services, create).await?)))
}

fn make_user(services: &Services, new: NewUser) -> Answer<CreatedUser> {
    check_name(&new.name)?;
    let permission = UserPermission::compile(&new.publish, &new.subscribe)
        .map_err(|error| ApiError::invalid(error.to_string()))?;
    let (password, hash) = PasswordHash::generate();
    let user = MqttUser {
        name: new.name.clone(),
        salt: hash.salt,
        password_hash: hash.hash,
        publish: new.publish,
        subscribe: new.subscribe,
        created_at: services.clock.now(),
    };
    let _changing = services.user_changes.lock();
    services.store.create_mqtt_user(&user)?;
    services.users.put(yizhan_router::MqttUser {
        name: user.name.as_str().into(),
        password: hash,
        permission,
    });
    Ok(CreatedUser { name: new.name, password: password.to_string() })
}

#[derive(Serialize)]
pub(crate) struct Users {
    users: Vec<User>,
}

#[derive(Serialize)]
struct User {
    name: String,
    publish: Vec<String>,
    subscribe: Vec<String>,
    created_at: UnixMillis,
}

pub(crate) async fn list_users(State(services): State<Arc<Services>>) -> Answer<Json<Users>> {
    let users = blocking(&services, |services| Ok(services.store.mqtt_users()?)).await?;
    let shown = |user: MqttUser| User {
        name: user.name,
        publish: user.publish,
        subscribe: user.subscribe,
        created_at: user.created_at,
    };
    Ok(Json(Users { users: users.into_iter().map(shown).collect() }))
}

pub(crate) async fn remove_user(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    let remove = move |services: &Services| {
        let wanted = Wanted::of_installation("DeleteMqttUser", json!({ "name": name }));
        operator.does(services, wanted, || {
            let _changing = services.user_changes.lock();
            services.store.delete_mqtt_user(&name)?;
            services.users.remove(&name);
            // Before somebody else can get the name.
            services.router.end_user(&name, DisconnectCause::CredentialRevoked);
            Ok(Done::new(None, None, ()))
        })
    };
    blocking(&services, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewToken {
    name: String,
}

#[derive(Serialize)]
pub(crate) struct CreatedToken {
    name: String,
    token: String,
}

pub(crate) async fn create_token(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Json(body): Json<NewToken>,
) -> Answer<(StatusCode, Json<CreatedToken>)> {
    let create = move |services: &Services| {
        let wanted = Wanted::of_installation("CreateToken", json!({ "name": body.name }));
        operator.does(services, wanted, || Ok(Done::new(None, None, make_token(services, body.name)?)))
    };
    Ok((StatusCode::CREATED, Json(blocking(&services, create).await?)))
}

fn make_token(services: &Services, name: String) -> Answer<CreatedToken> {
    check_name(&name)?;
    let (token, hash) = generate_token();
    let created_at = services.clock.now();
    services.store.create_token(&ApiToken { name: name.clone(), hash, created_at, last_used_at: None })?;
    Ok(CreatedToken { name, token: token.to_string() })
}

#[derive(Serialize)]
pub(crate) struct Tokens {
    tokens: Vec<Token>,
}

#[derive(Serialize)]
struct Token {
    name: String,
    created_at: UnixMillis,
    last_used_at: Option<UnixMillis>,
}

pub(crate) async fn list_tokens(State(services): State<Arc<Services>>) -> Answer<Json<Tokens>> {
    let tokens = blocking(&services, |services| Ok(services.store.tokens()?)).await?;
    let shown = |token: ApiToken| Token {
        name: token.name,
        created_at: token.created_at,
        last_used_at: token.last_used_at,
    };
    Ok(Json(Tokens { tokens: tokens.into_iter().map(shown).collect() }))
}

pub(crate) async fn remove_token(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(name): Path<String>,
) -> Answer<StatusCode> {
    let remove = move |services: &Services| {
        let wanted = Wanted::of_installation("DeleteToken", json!({ "name": name }));
        operator.does(services, wanted, || Ok(Done::new(None, None, services.store.delete_token(&name)?)))
    };
    blocking(&services, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn check_name(name: &str) -> Answer<()> {
    if is_name(name) {
        return Ok(());
    }
    Err(ApiError::invalid("a name has 1 to 64 letters, digits, '.', '_', '-' or '@'"))
}
