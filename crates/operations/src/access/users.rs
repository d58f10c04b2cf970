//! Sub-accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yizhan_people::{Account, People, PeopleError};
use yizhan_vocabulary::Uin;
use zeroize::Zeroizing;

use super::entry::UserEntry;
use super::refusals::{about_key, about_user};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::own_account::about_login;
use crate::undo::or_undo;

/// A sub-account that is to be made.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AddUser {
    /// 1 to 64 letters, digits or any of `+=,.@_-`; unique among the sub-accounts.
    name: String,
    /// A note for people.
    remark: Option<String>,
    /// 1 if a person is to log in to the console with it.
    console_login: Option<bool>,
    /// The person's password: at least 10 characters, at most 256 bytes. One is made if it is not given.
    password: Option<String>,
    /// 0 if the password need not be changed at the first login; 1 if it is not given.
    need_reset_password: Option<bool>,
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
    /// The password, if it was made; it is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
    /// The public half of its key.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_id: Option<String>,
    /// The secret half; it is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    secret_key: Option<String>,
}

pub(crate) async fn add(call: Call, request: AddUser) -> Outcome<AddedUser> {
    let owner = call.access()?;
    let login = WantedLogin::of(request.console_login, request.password, request.need_reset_password)?;
    let remark = request.remark.unwrap_or_default();
    let (name, with_key) = (request.name, request.use_api == Some(true));
    let (account, key, password) = call
        .blocking(move |platform| {
            let people = &platform.people;
            let account = people.create_sub(owner, &name, &remark).map_err(about_user)?;
            let key = with_key.then(|| people.create_key(account.uin, "").map_err(about_key)).transpose();
            let password = key.and_then(|key| Ok((key, login.set(people, account.uin)?)));
            let (key, password) = or_undo(password, || people.delete_account(account.uin))?;
            Ok::<_, Failure>((account, key, password))
        })
        .await?;
    call.changed(None, Some(seen(&call, &account)));
    Ok(AddedUser {
        uin: account.uin.0,
        uid: account.uin.0,
        name: account.name.clone(),
        password: password.map(|password| password.to_string()),
        secret_id: key.as_ref().map(|made| made.key.id().to_string()),
        secret_key: key.map(|made| made.secret_key.expose().to_owned()),
    })
}

/// What a sub-account is to become.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateUser {
    name: String,
    /// A note for people; stays as it is if it is not given.
    remark: Option<String>,
    /// 0 takes the person's password away; 1 gives one, a new one if there is one already; it stays if it is not given.
    console_login: Option<bool>,
    /// The person's new password; one is made if it is not given and `ConsoleLogin` is 1.
    password: Option<String>,
    /// 0 if the new password need not be changed at the next login; 1 if it is not given.
    need_reset_password: Option<bool>,
    /// 1 takes the person's second factor away, for somebody who lost it.
    reset_second_factor: Option<bool>,
    /// Whether its keys work and people may log in; stays as it is if it is not given.
    enabled: Option<bool>,
}

/// The changed sub-account.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdatedUser {
    /// The password, if it was made; it is not shown again.
    #[serde(skip_serializing_if = "Option::is_none")]
    password: Option<String>,
}

pub(crate) async fn update(call: Call, request: UpdateUser) -> Outcome<UpdatedUser> {
    let before = call.user_named(&request.name)?;
    let no_login = request.console_login == Some(false);
    let given = request.password.is_some();
    let wanted = request.console_login.or(given.then_some(true));
    let login = WantedLogin::of(wanted, request.password, request.need_reset_password)?;
    let (uin, seen_before) = (before.uin, seen(&call, &before));
    let without_factor = request.reset_second_factor == Some(true);
    let change = move |platform: &crate::Platform| {
        let people = &platform.people;
        if no_login {
            people.remove_login(uin).map_err(about_login)?;
        }
        if without_factor {
            people.remove_totp(uin).map_err(about_login)?;
        }
        login.set(people, uin)
    };
    let password = call.blocking(change).await?;
    let mut after = before.clone();
    if let Some(remark) = request.remark {
        after = call
            .blocking(move |platform| platform.people.set_remark(uin, &remark).map_err(about_user))
            .await?;
        call.changed(Some(seen_before.clone()), Some(seen(&call, &after)));
    }
    if let Some(enabled) = request.enabled {
        after = call
            .blocking(move |platform| platform.people.enable_account(uin, enabled).map_err(about_user))
            .await?;
    }
    call.changed(Some(seen_before.clone()), Some(seen(&call, &after)));
    Ok(UpdatedUser { password: password.map(|password| password.to_string()) })
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
    let (uin, seen_before) = (before.uin, seen(&call, &before));
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
    call.changed(Some(seen_before), None);
    Ok(Nothing {})
}

/// Which sub-account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetUser {
    name: String,
}

pub(crate) async fn get(call: Call, request: GetUser) -> Outcome<UserEntry> {
    let user = call.user_named(&request.name)?;
    Ok(UserEntry::of(&call.platform().people, &user))
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
    let people = &call.platform().people;
    Ok(UserList { data: people.sub_accounts(owner).iter().map(|user| UserEntry::of(people, user)).collect() })
}

/// What is asked for about a person's login.
struct WantedLogin {
    /// A login with this password, or with a generated one.
    password: Option<Option<String>>,
    must_change: bool,
}

impl WantedLogin {
    fn of(console_login: Option<bool>, password: Option<String>, must_change: Option<bool>) -> Outcome<Self> {
        let password = password.filter(|password| !password.is_empty());
        if console_login != Some(true) && password.is_some() {
            let why = "a Password is only for somebody who may log in; set ConsoleLogin to 1";
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
        let must_change = must_change.unwrap_or(true);
        Ok(Self { password: (console_login == Some(true)).then_some(password), must_change })
    }

    /// Sets it; a generated password comes back.
    fn set(&self, people: &People, account: Uin) -> Outcome<Option<Zeroizing<String>>> {
        let Some(password) = &self.password else { return Ok(None) };
        people.set_password(account, password.as_deref(), self.must_change).map_err(about_login)
    }
}

/// A sub-account for the audit log.
fn seen(call: &Call, account: &Account) -> Value {
    let login = call.platform().people.login_state(account.uin);
    json!({
        "Uin": account.uin.0, "Name": account.name, "Remark": account.remark, "Enabled": account.enabled,
        "ConsoleLogin": login.is_some(),
        "PasswordSetAt": login.as_ref().map(|login| login.changed_at.seconds()),
        "SecondFactor": login.is_some_and(|login| login.second_factor),
    })
}
