//! Accounts and their API keys, for the operator. A root account is made with its public instance, because nothing can be
//! put anywhere without one. A key's secret half is in the answer that makes it, and nowhere else.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yizhan_devices::{InstanceKind, NewInstance};
use yizhan_people::{Account, ApiKey, KeyChange, LoginRefusal, PeopleError};
use yizhan_vocabulary::{Uin, UnixMillis};

use super::audited::{Done, Operator, Wanted};
use super::blocking;
use crate::answer::{Answer, ApiError};
use crate::extract::{Json, Path};
use crate::services::Services;

/// An account to create: a root account, or a sub-account of `owner`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewAccount {
    name: String,
    #[serde(default)]
    remark: String,
    owner: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct ShownAccount {
    uin: Uin,
    owner: Option<Uin>,
    name: String,
    remark: String,
    enabled: bool,
    keys: usize,
    /// Whether a person can log in to the console with it.
    console_login: bool,
    second_factor: bool,
    created_at: UnixMillis,
}

impl ShownAccount {
    fn of(services: &Services, account: &Account) -> Self {
        let login = services.platform.people.login_state(account.uin);
        Self {
            uin: account.uin,
            owner: account.owner,
            name: account.name.clone(),
            remark: account.remark.clone(),
            enabled: account.enabled,
            keys: services.platform.people.keys_of(account.uin).len(),
            console_login: login.is_some(),
            second_factor: login.is_some_and(|login| login.second_factor),
            created_at: account.created_at,
        }
    }
}

pub(crate) async fn create(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Json(body): Json<NewAccount>,
) -> Answer<(StatusCode, Json<ShownAccount>)> {
    let create = move |services: &Services| {
        let people = &services.platform.people;
        let request = json!({ "name": body.name, "owner": body.owner, "remark": body.remark });
        let wanted = Wanted::of_account("CreateAccount", owner_of(services, body.owner.as_deref()), request);
        operator.does(services, wanted, || {
            let account = match &body.owner {
                Some(owner) => people.create_sub(find(services, owner)?.uin, &body.name, &body.remark)?,
                None => people.create_root(&body.name, &body.remark)?,
            };
            if account.is_root() {
                make_public_instance(services, account.uin)?;
            }
            let answer = ShownAccount::of(services, &account);
            Ok(Done { owner: Some(account.root()), before: None, after: Some(json!(answer)), answer })
        })
    };
    Ok((StatusCode::CREATED, Json(blocking(&services, create).await?)))
}

fn make_public_instance(services: &Services, owner: Uin) -> Answer<()> {
    let kind = InstanceKind::Public;
    let new = NewInstance { owner, kind, description: String::new(), device_limit: None };
    if let Err(error) = services.devices.create_instance(new) {
        // An account without an instance could do nothing and would be in the way of the next attempt.
        services.platform.people.delete_account(owner)?;
        return Err(error.into());
    }
    Ok(())
}

#[derive(Serialize)]
pub(crate) struct Accounts {
    accounts: Vec<ShownAccount>,
}

/// Every root account, each followed by its sub-accounts.
pub(crate) async fn list(State(services): State<Arc<Services>>) -> Answer<Json<Accounts>> {
    let people = &services.platform.people;
    let families = people.root_accounts().into_iter().flat_map(|root| {
        let subs = people.sub_accounts(root.uin);
        std::iter::once(root).chain(subs)
    });
    let accounts = families.map(|account| ShownAccount::of(&services, &account)).collect();
    Ok(Json(Accounts { accounts }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct AccountChange {
    remark: Option<String>,
    enabled: Option<bool>,
}

pub(crate) async fn change(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(account): Path<String>,
    Json(body): Json<AccountChange>,
) -> Answer<Json<ShownAccount>> {
    let change = move |services: &Services| {
        let people = &services.platform.people;
        let request = json!({ "account": account, "remark": body.remark, "enabled": body.enabled });
        let wanted = Wanted::of_account("UpdateAccount", owner_of(services, Some(&account)), request);
        operator.does(services, wanted, || {
            let mut account = find(services, &account)?;
            let before = Some(json!(ShownAccount::of(services, &account)));
            if let Some(remark) = body.remark {
                account = people.set_remark(account.uin, &remark)?;
            }
            if let Some(enabled) = body.enabled {
                account = people.enable_account(account.uin, enabled)?;
            }
            let answer = ShownAccount::of(services, &account);
            Ok(Done::new(before, Some(json!(answer)), answer))
        })
    };
    Ok(Json(blocking(&services, change).await?))
}

/// A password for the console.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPassword {
    /// One is made and shown if it is not given.
    password: Option<String>,
    /// Whether it must be changed at the next login.
    #[serde(default)]
    must_change: bool,
    /// Whether the second factor goes.
    #[serde(default)]
    remove_second_factor: bool,
}

#[derive(Serialize)]
pub(crate) struct SetPassword {
    account: Uin,
    /// What to type as the name at the login.
    login_name: String,
    /// The password, if it was made.
    password: Option<String>,
}

pub(crate) async fn set_password(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(account): Path<String>,
    Json(body): Json<NewPassword>,
) -> Answer<Json<SetPassword>> {
    let set = move |services: &Services| {
        let people = &services.platform.people;
        let request = json!({
            "account": account, "must_change": body.must_change, "remove_second_factor": body.remove_second_factor,
        });
        let wanted = Wanted::of_account("SetPassword", owner_of(services, Some(&account)), request);
        operator.does(services, wanted, || {
            let account = find(services, &account)?;
            let before = Some(json!(ShownAccount::of(services, &account)));
            let made = people.set_password(account.uin, body.password.as_deref(), body.must_change)?;
            if body.remove_second_factor {
                people.remove_totp(account.uin)?;
            }
            let after = Some(json!(ShownAccount::of(services, &account)));
            let answer = SetPassword {
                account: account.uin,
                login_name: people.login_name(&account),
                password: made.map(|password| password.to_string()),
            };
            Ok(Done::new(before, after, answer))
        })
    };
    Ok(Json(blocking(&services, set).await?))
}

#[derive(Serialize)]
pub(crate) struct Setup {
    /// Where the first password is set; nothing once there is one.
    link: Option<String>,
}

/// How to set the first password.
pub(crate) async fn setup(State(services): State<Arc<Services>>) -> Json<Setup> {
    let code = services.platform.people.setup_code();
    Json(Setup { link: code.map(|code| format!("{}/setup#{code}", services.base_url)) })
}

/// Deletes an account. Instances of a root account that hold nothing go with it.
pub(crate) async fn remove(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(account): Path<String>,
) -> Answer<StatusCode> {
    let remove = move |services: &Services| {
        let request = json!({ "account": account });
        let wanted = Wanted::of_account("DeleteAccount", owner_of(services, Some(&account)), request);
        operator.does(services, wanted, || {
            let account = find(services, &account)?;
            let before = Some(json!(ShownAccount::of(services, &account)));
            delete_with_empty_instances(services, account.uin)?;
            Ok(Done::new(before, None, ()))
        })
    };
    blocking(&services, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn delete_with_empty_instances(services: &Services, uin: Uin) -> Answer<()> {
    let devices = &services.devices;
    if let Some(project) = devices.projects(uin).first() {
        let message = format!("the account still owns project {}", project.id);
        return Err(ApiError::new(StatusCode::CONFLICT, "conflict", message));
    }
    services.platform.people.may_delete_account(uin)?;
    for instance in devices.instances(uin) {
        devices.delete_instance(&instance.id)?;
    }
    Ok(services.platform.people.delete_account(uin)?)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewKey {
    #[serde(default)]
    remark: String,
}

#[derive(Serialize)]
pub(crate) struct CreatedKey {
    account: Uin,
    secret_id: String,
    secret_key: String,
}

pub(crate) async fn create_key(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path(account): Path<String>,
    Json(body): Json<NewKey>,
) -> Answer<(StatusCode, Json<CreatedKey>)> {
    let create = move |services: &Services| {
        let request = json!({ "account": account, "remark": body.remark });
        let wanted = Wanted::of_account("CreateAccessKey", owner_of(services, Some(&account)), request);
        operator.does(services, wanted, || {
            let account = find(services, &account)?;
            let created = services.platform.people.create_key(account.uin, &body.remark)?;
            let after = Some(seen(&created.key, true));
            let (secret_id, secret_key) =
                (created.key.id().to_string(), created.secret_key.expose().to_owned());
            let answer = CreatedKey { account: account.uin, secret_id, secret_key };
            Ok(Done::new(None, after, answer))
        })
    };
    Ok((StatusCode::CREATED, Json(blocking(&services, create).await?)))
}

#[derive(Serialize)]
pub(crate) struct Keys {
    keys: Vec<ShownKey>,
}

#[derive(Serialize)]
struct ShownKey {
    secret_id: String,
    remark: String,
    enabled: bool,
    created_at: UnixMillis,
    last_used_at: Option<UnixMillis>,
    last_used_from: Option<String>,
}

impl ShownKey {
    fn of(key: &ApiKey) -> Self {
        let last = key.last_use();
        Self {
            secret_id: key.id().to_string(),
            remark: key.remark().to_owned(),
            enabled: key.is_enabled(),
            created_at: key.created_at(),
            last_used_at: last.as_ref().map(|last| last.at),
            last_used_from: last.and_then(|last| last.from),
        }
    }
}

pub(crate) async fn list_keys(
    State(services): State<Arc<Services>>,
    Path(account): Path<String>,
) -> Answer<Json<Keys>> {
    let keys = services.platform.people.keys_of(find(&services, &account)?.uin);
    Ok(Json(Keys { keys: keys.iter().map(|key| ShownKey::of(key)).collect() }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ChangedKey {
    enabled: bool,
}

pub(crate) async fn change_key(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((account, key)): Path<(String, String)>,
    Json(body): Json<ChangedKey>,
) -> Answer<StatusCode> {
    let what = if body.enabled { KeyChange::Enable } else { KeyChange::Disable };
    let change = move |services: &Services| {
        let request = json!({ "account": account, "secret_id": key, "enabled": body.enabled });
        let wanted = Wanted::of_account("UpdateAccessKey", owner_of(services, Some(&account)), request);
        operator.does(services, wanted, || {
            let account = find(services, &account)?;
            let before = key_of(services, &account, &key)?;
            services.platform.people.change_key(account.uin, &key, what)?;
            let (before, after) = (seen(&before, before.is_enabled()), seen(&before, body.enabled));
            Ok(Done::new(Some(before), Some(after), ()))
        })
    };
    blocking(&services, change).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(crate) async fn remove_key(
    State(services): State<Arc<Services>>,
    operator: Operator,
    Path((account, key)): Path<(String, String)>,
) -> Answer<StatusCode> {
    let remove = move |services: &Services| {
        let request = json!({ "account": account, "secret_id": key });
        let wanted = Wanted::of_account("DeleteAccessKey", owner_of(services, Some(&account)), request);
        operator.does(services, wanted, || {
            let account = find(services, &account)?;
            let before = key_of(services, &account, &key)?;
            services.platform.people.delete_key(account.uin, &key)?;
            let before = Some(seen(&before, before.is_enabled()));
            Ok(Done::new(before, None, ()))
        })
    };
    blocking(&services, remove).await?;
    Ok(StatusCode::NO_CONTENT)
}

fn key_of(services: &Services, account: &Account, secret_id: &str) -> Answer<Arc<ApiKey>> {
    let key = services.platform.people.key_to_administer(secret_id);
    let key = key.filter(|key| key.account().uin == account.uin);
    key.ok_or_else(|| ApiError::not_found("the account has no such key"))
}

/// A key for the audit log.
fn seen(key: &ApiKey, enabled: bool) -> Value {
    json!({
        "account": key.account().uin, "secret_id": &**key.id(), "remark": key.remark(), "enabled": enabled,
    })
}

/// The account that a path or a body names: a number, the name of a root account, or `ROOT:NAME` for a sub-account.
fn find(services: &Services, named: &str) -> Answer<Arc<Account>> {
    let people = &services.platform.people;
    let found = match (named.parse(), named.split_once(':')) {
        (Ok(number), _) => people.account(Uin(number)),
        (Err(_), Some((root, name))) => {
            people.account_named(None, root).and_then(|root| people.account_named(Some(root.uin), name))
        }
        (Err(_), None) => people.account_named(None, named),
    };
    found.ok_or_else(|| ApiError::not_found("the account does not exist"))
}

/// The root account that a named account belongs to; the first one for one that does not exist.
fn owner_of(services: &Services, named: Option<&str>) -> Uin {
    named.and_then(|named| find(services, named).ok()).map_or(Uin::FIRST, |account| account.root())
}

impl From<LoginRefusal> for ApiError {
    fn from(refusal: LoginRefusal) -> Self {
        match refusal {
            LoginRefusal::Failed(error) => error.into(),
            LoginRefusal::Busy => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", refusal.to_string())
            }
            other => Self::invalid(other.to_string()),
        }
    }
}

impl From<PeopleError> for ApiError {
    fn from(error: PeopleError) -> Self {
        let message = error.to_string();
        match error {
            PeopleError::NotFound(_) => Self::not_found(message),
            PeopleError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", message),
            PeopleError::Invalid(_) | PeopleError::InvalidPolicy(_) => Self::invalid(message),
            PeopleError::LimitReached(_) => Self::new(StatusCode::CONFLICT, "limit_reached", message),
            PeopleError::Unavailable(_) => Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message),
            PeopleError::Internal(_) => {
                tracing::error!(%message, "an operation on accounts failed");
                Self::internal(message)
            }
        }
    }
}
