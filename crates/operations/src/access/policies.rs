//! Policies and whom they are attached to.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use yizhan_people::{NewPolicy, StoredPolicy};

use super::entry::date_time;
use super::refusals::{about_policy, about_user};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::page::Page;

/// The page of a caller that does not say how long, and the longest (CAM, ListPolicies).
const DEFAULT_PAGE: i64 = 20;
const MAX_PAGE: i64 = 200;
/// Policies that are deleted at once, at most.
const MAX_DELETED: usize = 100;
/// Policies that people made.
const CUSTOM: i64 = 1;
/// Policies that every installation has.
const PRESET: i64 = 2;
/// Made by a document.
const BY_DOCUMENT: i64 = 2;

/// A policy that is to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatePolicy {
    /// 1 to 128 letters, digits or any of `+=,.@_-`; unique in the account.
    policy_name: String,
    /// The document, JSON.
    policy_document: String,
    /// A note for people.
    description: Option<String>,
}

/// The policy's number.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedPolicy {
    policy_id: i64,
}

pub(crate) async fn create(call: Call, request: CreatePolicy) -> Outcome<CreatedPolicy> {
    let owner = call.access()?;
    let new = NewPolicy {
        owner,
        name: request.policy_name,
        description: request.description.unwrap_or_default(),
        document: request.policy_document,
    };
    let policy =
        call.blocking(move |platform| platform.people.create_policy(new).map_err(about_policy)).await?;
    call.changed(None, Some(seen(&policy)));
    Ok(CreatedPolicy { policy_id: policy.id })
}

/// What a policy is to become.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct UpdatePolicy {
    /// Its number, or its name.
    policy_id: Option<i64>,
    policy_name: Option<String>,
    /// A note for people; stays as it is if it is not given.
    description: Option<String>,
    /// The document; stays as it is if it is not given.
    policy_document: Option<String>,
}

pub(crate) async fn update(call: Call, request: UpdatePolicy) -> Outcome<CreatedPolicy> {
    let before = match (request.policy_id, &request.policy_name) {
        (Some(id), _) => call.policy(id)?,
        (None, Some(name)) => {
            let owner = call.access()?;
            let named =
                call.platform().people.policies(owner).into_iter().find(|policy| policy.name == *name);
            named.ok_or(const { Failure::new(Code::PolicyIdNotFound) })?
        }
        (None, None) => {
            return Err(Failure::new(Code::MissingParameter).because("PolicyId or PolicyName is needed"));
        }
    };
    let (owner, id) = (before.owner, before.id);
    let change = move |platform: &crate::Platform| {
        platform
            .people
            .change_policy(owner, id, request.description, request.policy_document)
            .map_err(about_policy)
    };
    let after = call.blocking(change).await?;
    call.changed(Some(seen(&before)), Some(seen(&after)));
    Ok(CreatedPolicy { policy_id: after.id })
}

/// Policies that are to go.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeletePolicy {
    /// Their numbers, at most 100; all of them go, or none.
    policy_id: Vec<i64>,
}

pub(crate) async fn delete(call: Call, request: DeletePolicy) -> Outcome<Nothing> {
    let owner = call.access()?;
    let ids = request.policy_id;
    if ids.is_empty() || ids.len() > MAX_DELETED {
        let why = format!("PolicyId has 1 to {MAX_DELETED} numbers");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let before = ids.iter().map(|id| Ok(seen(&*call.policy(*id)?))).collect::<Outcome<Vec<Value>>>()?;
    call.blocking(move |platform| platform.people.delete_policies(owner, &ids).map_err(about_policy)).await?;
    call.changed(Some(Value::Array(before)), None);
    Ok(Nothing {})
}

/// Which policy.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetPolicy {
    policy_id: i64,
}

/// One policy.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyDetail {
    policy_name: String,
    description: String,
    /// 1: made here; 2: preset.
    r#type: i64,
    add_time: String,
    update_time: String,
    policy_document: String,
    preset_alias: String,
    is_service_linked_role_policy: i64,
}

pub(crate) async fn get(call: Call, request: GetPolicy) -> Outcome<PolicyDetail> {
    let policy = call.policy(request.policy_id)?;
    Ok(PolicyDetail {
        policy_name: policy.name.clone(),
        description: description(&call, &policy),
        r#type: kind(&policy),
        add_time: date_time(policy.created_at),
        update_time: date_time(policy.updated_at),
        policy_document: policy.document.clone(),
        preset_alias: String::new(),
        is_service_linked_role_policy: 0,
    })
}

/// Which policies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListPolicies {
    /// Policies a page, 1 to 200; 20 if it is not given.
    rp: Option<i64>,
    /// The page, from 1.
    page: Option<i64>,
    /// Only those whose name contains this.
    keyword: Option<String>,
    /// `All`, which is so if it is not given; `QCS` for preset policies; `Local` for those made here.
    scope: Option<PolicyScope>,
}

/// Whose policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
enum PolicyScope {
    /// Both kinds.
    All,
    /// Preset ones.
    #[serde(rename = "QCS")]
    Preset,
    /// Those made here.
    Local,
}

/// A page of policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PolicyList {
    total_num: i64,
    list: Vec<PolicyEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct PolicyEntry {
    policy_id: i64,
    policy_name: String,
    add_time: String,
    update_time: String,
    /// 1: made here; 2: preset.
    r#type: i64,
    description: String,
    /// 2: by a document.
    create_mode: i64,
    /// Sub-accounts that it is attached to.
    attachments: i64,
}

pub(crate) async fn list(call: Call, request: ListPolicies) -> Outcome<PolicyList> {
    let owner = call.access()?;
    let page = page(request.page, request.rp)?;
    let people = &call.platform().people;
    let scope = request.scope.unwrap_or(PolicyScope::All);
    let mut policies = if scope == PolicyScope::Local { Vec::new() } else { people.presets(owner) };
    if scope != PolicyScope::Preset {
        policies.extend(people.policies(owner));
    }
    let keyword = request.keyword.unwrap_or_default();
    policies.retain(|policy| policy.name.contains(&keyword));
    let total_num = policies.len() as i64;
    let entry = |policy: &Arc<StoredPolicy>| PolicyEntry {
        policy_id: policy.id,
        policy_name: policy.name.clone(),
        add_time: date_time(policy.created_at),
        update_time: date_time(policy.updated_at),
        r#type: kind(policy),
        description: description(&call, policy),
        create_mode: BY_DOCUMENT,
        attachments: people.attached_to(owner, policy.id).len() as i64,
    };
    Ok(PolicyList { total_num, list: page.cut(policies).iter().map(entry).collect() })
}

/// A policy for a sub-account.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachUserPolicy {
    policy_id: i64,
    attach_uin: i64,
}

pub(crate) async fn attach(call: Call, request: AttachUserPolicy) -> Outcome<Nothing> {
    let policy = call.policy(request.policy_id)?;
    let account = call.user(request.attach_uin)?.uin;
    let (owner, id) = (policy.owner, policy.id);
    call.blocking(move |platform| platform.people.attach_policy(owner, account, id).map_err(about_user))
        .await?;
    call.changed(None, Some(json!({ "Uin": account.0, "PolicyId": id, "PolicyName": policy.name })));
    Ok(Nothing {})
}

/// A policy that a sub-account is to lose.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DetachUserPolicy {
    policy_id: i64,
    detach_uin: i64,
}

pub(crate) async fn detach(call: Call, request: DetachUserPolicy) -> Outcome<Nothing> {
    let policy = call.policy(request.policy_id)?;
    let account = call.user(request.detach_uin)?.uin;
    let (owner, id) = (policy.owner, policy.id);
    let detach = move |platform: &crate::Platform| {
        platform.people.detach_policy(owner, account, id).map_err(about_policy)
    };
    call.blocking(detach).await?;
    call.changed(Some(json!({ "Uin": account.0, "PolicyId": id, "PolicyName": policy.name })), None);
    Ok(Nothing {})
}

/// Whose policies.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ListAttachedUserPolicies {
    target_uin: i64,
    /// The page, from 1.
    page: Option<i64>,
    /// Policies a page, 1 to 200; 20 if it is not given.
    rp: Option<i64>,
}

/// A page of attached policies.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct AttachedPolicyList {
    total_num: i64,
    list: Vec<AttachedPolicy>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct AttachedPolicy {
    policy_id: i64,
    policy_name: String,
    add_time: String,
    /// 2: by a document.
    create_mode: i64,
    /// `User`: made here; `QCS`: preset.
    policy_type: &'static str,
    remark: String,
    /// The root account.
    operate_owner_uin: String,
}

pub(crate) async fn attached(call: Call, request: ListAttachedUserPolicies) -> Outcome<AttachedPolicyList> {
    let account = call.user(request.target_uin)?;
    let page = page(request.page, request.rp)?;
    let rights = call.platform().people.rights(&account).unwrap_or_default();
    let policies = rights.policies();
    let entry = |policy: &Arc<StoredPolicy>| AttachedPolicy {
        policy_id: policy.id,
        policy_name: policy.name.clone(),
        add_time: date_time(policy.created_at),
        create_mode: BY_DOCUMENT,
        policy_type: if policy.preset.is_some() { "QCS" } else { "User" },
        remark: description(&call, policy),
        operate_owner_uin: policy.owner.to_string(),
    };
    Ok(AttachedPolicyList {
        total_num: policies.len() as i64,
        list: page.cut(policies.iter().cloned()).iter().map(entry).collect(),
    })
}

/// 1 for a policy that was made here, 2 for a preset one.
fn kind(policy: &StoredPolicy) -> i64 {
    if policy.preset.is_some() { PRESET } else { CUSTOM }
}

/// A note for people; that of a preset in the caller's language.
fn description(call: &Call, policy: &StoredPolicy) -> String {
    match (policy.preset, call.caller().language) {
        (Some(preset), crate::Language::Chinese) => preset.zh.to_owned(),
        (Some(preset), crate::Language::English) => preset.en.to_owned(),
        (None, _) => policy.description.clone(),
    }
}

fn page(number: Option<i64>, size: Option<i64>) -> Outcome<Page> {
    Page::numbered_within(number.unwrap_or(1), size, DEFAULT_PAGE, MAX_PAGE)
}

/// A policy for the audit log.
fn seen(policy: &StoredPolicy) -> Value {
    json!({
        "PolicyId": policy.id, "PolicyName": policy.name, "Description": policy.description,
        "PolicyDocument": policy.document,
    })
}
