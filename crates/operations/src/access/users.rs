//! Sub-accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yizhan_people::{Account, PeopleError};

use super::entry::UserEntry;
use super::refusals::{about_key, about_user};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::undo::or_undo;

/// A sub-account that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddUser {
    /// 1 to 64 letters, digits or any of `+=,.@_-`; unique among the sub-accounts.
    name: String,
    /// A note for people.
    remark: Option<String>,
    /// Only 0: people cannot log in to the console with a password.
    console_login: Option<i64>,
    /// 1 to make an API key with it.
    use_api: Option<bool>,
}

/// The new sub-account.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddedUser {
    uin: i64,
    uid: i64,
    name: String,
    /// The public half of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id: Option<String>,
    /// The secret half; it is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<String>,
}

pub(crate) async fn add(call: Call, request: AddUser) -> Outcome<AddedUser> {
    let owner = call.access()?;
    no_login(request.console_login)?;
    let remark = request.remark.unwrap_or_default();
    let (name, with_key) = (request.name, request.use_api == Some(true));
    let (account, key) = call
        .blocking(move |platform| {
            let people = &platform.people;
            let account = people.create_sub(owner, &name, &remark).map_err(about_user)?;
            let key = with_key.then(|| people.create_key(account.uin, "").map_err(about_key)).transpose();
            let key = or_undo(key, || people.delete_account(account.uin))?;
            Ok::<_, Failure>((account, key))
        })
        .await?;
    call.changed(None, Some(seen(&account)));
    Ok(AddedUser {
        uin: account.uin.0,
        uid: account.uin.0,
        name: account.name.clone(),
        secret_id: key.as_ref().map(|made| made.key.id().to_string()),
        secret_key: key.map(|made| made.secret_key.expose().to_owned()),
    })
}

/// What a sub-account is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUser {
    name: String,
    /// A note for people; stays as it is if it is not given.
    remark: Option<String>,
    /// Only 0: people cannot log in to the console with a password.
    console_login: Option<i64>,
    /// Whether its keys work; stays as it is if it is not given.
    enabled: Option<bool>,
}

pub(crate) async fn update(call: Call, request: UpdateUser) -> Outcome<Nothing> {
    let before = call.user_named(&request.name)?;
    no_login(request.console_login)?;
    let uin = before.uin;
    let mut after = before.clone();
    if let Some(remark) = request.remark {
        after = call
            .blocking(move |platform| platform.people.set_remark(uin, &remark).map_err(about_user))
            .await?;
        call.changed(Some(seen(&before)), Some(seen(&after)));
    }
    if let Some(enabled) = request.enabled {
        after = call
            .blocking(move |platform| platform.people.enable_account(uin, enabled).map_err(about_user))
            .await?;
    }
    call.changed(Some(seen(&before)), Some(seen(&after)));
    Ok(Nothing {})
}

/// A sub-account that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteUser {
    name: String,
    /// 1 to delete its API keys, too; without it, an account that has some stays.
    force: Option<bool>,
}

pub(crate) async fn delete(call: Call, request: DeleteUser) -> Outcome<Nothing> {
    let before = call.user_named(&request.name)?;
    let uin = before.uin;
    let with_keys = request.force == Some(true);
    let delete = move |platform: &crate::Platform| {
        if with_keys {
            return platform.people.delete_account(uin).map_err(about_user);
        }
        platform.people.delete_account_without_keys(uin).map_err(|error| match error {
            PeopleError::Conflict(_) => Failure::new(Code::UserHaveKeys),
            other => about_user(other),
        })
    };
    call.blocking(delete).await?;
    call.changed(Some(seen(&before)), None);
    Ok(Nothing {})
}

/// Which sub-account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetUser {
    name: String,
}

pub(crate) async fn get(call: Call, request: GetUser) -> Outcome<UserEntry> {
    Ok(UserEntry::of(&*call.user_named(&request.name)?))
}

/// Nothing is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ListUsers {}

/// All sub-accounts.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UserList {
    data: Vec<UserEntry>,
}

pub(crate) async fn list(call: Call, _request: ListUsers) -> Outcome<UserList> {
    let owner = call.access()?;
    let accounts = call.platform().people.sub_accounts(owner);
    Ok(UserList { data: accounts.iter().map(|account| UserEntry::of(account)).collect() })
}

fn no_login(console_login: Option<i64>) -> Outcome<()> {
    match console_login {
        None | Some(0) => Ok(()),
        Some(_) => Err(Failure::new(Code::UnsupportedOperation).because("ConsoleLogin can only be 0")),
    }
}

/// A sub-account for the audit log.
fn seen(account: &Account) -> Value {
    json!({
        "Uin": account.uin.0, "Name": account.name, "Remark": account.remark, "Enabled": account.enabled,
    })
}
