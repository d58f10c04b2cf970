//! API keys of the account and its sub-accounts.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yizhan_people::{ApiKey, KeyChange};

use super::entry::{date, date_time};
use super::refusals::about_key;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// Keys that can be asked about at once (CAM, GetSecurityLastUsed).
const MAX_ASKED: usize = 10;

/// A key that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateAccessKey {
    /// Whose; the caller's own if it is not given.
    target_uin: Option<i64>,
    /// A note for people.
    description: Option<String>,
}

/// The new key.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedAccessKey {
    access_key: AccessKeyDetail,
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AccessKeyDetail {
    access_key_id: String,
    /// The secret half; it is not shown again.
    secret_access_key: String,
    status: Status,
    create_time: String,
    description: String,
}

/// Whether a key works.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, JsonSchema)]
enum Status {
    /// It does.
    Active,
    /// It does not.
    Inactive,
}

impl Status {
    fn of(key: &ApiKey) -> Self {
        if key.is_enabled() { Self::Active } else { Self::Inactive }
    }
}

pub(crate) async fn create(call: Call, request: CreateAccessKey) -> Outcome<CreatedAccessKey> {
    let account = call.key_holder(request.target_uin)?.uin;
    let remark = request.description.unwrap_or_default();
    let made = call
        .blocking(move |platform| platform.people.create_key(account, &remark).map_err(about_key))
        .await?;
    call.changed(None, Some(seen(&made.key)));
    Ok(CreatedAccessKey {
        access_key: AccessKeyDetail {
            access_key_id: made.key.id().to_string(),
            secret_access_key: made.secret_key.expose().to_owned(),
            status: Status::of(&made.key),
            create_time: date_time(made.key.created_at()),
            description: made.key.remark().to_owned(),
        },
    })
}

/// A key that is to work or not.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdateAccessKey {
    access_key_id: String,
    status: Status,
    /// Whose; the caller's own if it is not given.
    target_uin: Option<i64>,
}

pub(crate) async fn update(call: Call, request: UpdateAccessKey) -> Outcome<Nothing> {
    let key = own_key(&call, request.target_uin, &request.access_key_id)?;
    let what = match request.status {
        Status::Active => KeyChange::Enable,
        Status::Inactive => KeyChange::Disable,
    };
    let (account, id) = (key.account().uin, key.id().to_string());
    call.blocking(move |platform| platform.people.change_key(account, &id, what).map_err(about_key)).await?;
    let mut after = seen(&key);
    after["Status"] = json!(request.status);
    call.changed(Some(seen(&key)), Some(after));
    Ok(Nothing {})
}

/// A key that is to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeleteAccessKey {
    access_key_id: String,
    /// Whose; the caller's own if it is not given.
    target_uin: Option<i64>,
}

pub(crate) async fn delete(call: Call, request: DeleteAccessKey) -> Outcome<Nothing> {
    let key = own_key(&call, request.target_uin, &request.access_key_id)?;
    let (account, id) = (key.account().uin, key.id().to_string());
    call.blocking(move |platform| platform.people.delete_key(account, &id).map_err(about_key)).await?;
    call.changed(Some(seen(&key)), None);
    Ok(Nothing {})
}

/// Whose keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListAccessKeys {
    /// The caller's own if it is not given.
    target_uin: Option<i64>,
}

/// An account's keys.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AccessKeyList {
    access_keys: Vec<AccessKey>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AccessKey {
    access_key_id: String,
    status: Status,
    create_time: String,
    description: String,
}

pub(crate) async fn list(call: Call, request: ListAccessKeys) -> Outcome<AccessKeyList> {
    let account = call.key_holder(request.target_uin)?;
    let keys = call.platform().people.keys_of(account.uin);
    let entry = |key: &ApiKey| AccessKey {
        access_key_id: key.id().to_string(),
        status: Status::of(key),
        create_time: date_time(key.created_at()),
        description: key.remark().to_owned(),
    };
    Ok(AccessKeyList { access_keys: keys.iter().map(|key| entry(key)).collect() })
}

/// Which keys.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetSecurityLastUsed {
    /// At most 10.
    secret_id_list: Vec<String>,
}

/// The last uses.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct LastUsedList {
    secret_id_last_used_rows: Vec<SecretIdLastUsed>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct SecretIdLastUsed {
    secret_id: String,
    /// The day, UTC; empty if the key was never used.
    last_used_date: String,
    /// Seconds since 1970, to the minute; 0 if the key was never used.
    last_secret_used_date: i64,
    /// From which address.
    last_used_from: String,
}

pub(crate) async fn last_used(call: Call, request: GetSecurityLastUsed) -> Outcome<LastUsedList> {
    call.access()?;
    if request.secret_id_list.len() > MAX_ASKED {
        let why = format!("at most {MAX_ASKED} keys can be asked about at once");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let row = |id: &String| {
        let last = own_key(&call, None, id)?.last_use();
        Ok::<_, Failure>(SecretIdLastUsed {
            secret_id: id.clone(),
            last_used_date: last.as_ref().map(|last| date(last.at)).unwrap_or_default(),
            last_secret_used_date: last.as_ref().map_or(0, |last| last.at.seconds()),
            last_used_from: last.and_then(|last| last.from).unwrap_or_default(),
        })
    };
    let rows = request.secret_id_list.iter().map(row).collect::<Result<_, _>>()?;
    Ok(LastUsedList { secret_id_last_used_rows: rows })
}

/// A key of the caller's family that the caller may administer. It may be named without its account.
fn own_key(call: &Call, account: Option<i64>, id: &str) -> Outcome<std::sync::Arc<ApiKey>> {
    call.access()?;
    let missing = const { Failure::new(Code::SecretNotExist) };
    let key = call.platform().people.key_to_administer(id).ok_or(missing.clone())?;
    if key.account().root() != call.caller().owner {
        return Err(missing);
    }
    let holder = call.key_holder(Some(key.account().uin.0))?;
    if account.is_some_and(|account| account != holder.uin.0) {
        return Err(missing);
    }
    Ok(key)
}

/// A key for the audit log.
fn seen(key: &ApiKey) -> Value {
    json!({
        "AccessKeyId": &**key.id(), "Uin": key.account().uin.0, "Status": Status::of(key),
        "Description": key.remark(),
    })
}
