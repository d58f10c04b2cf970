//! The generator of policies, and the answer to "may this account do that, and which statement decides".

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_people::policy::{Choice, Effect, Operations, Scope, generate};
use yizhan_people::{Account, PeopleError, SHOW_SECRETS};
use yizhan_vocabulary::{ProductId, ProjectId};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::find_in_console;
use crate::operation::Operation;
use crate::resource::Resource;
use crate::table::is_about_access;

/// Choices of one document, at most.
const MAX_CHOICES: usize = 50;

/// What a policy is to say.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GeneratePolicy {
    /// 1 to 50.
    choices: Vec<PolicyChoice>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct PolicyChoice {
    effect: ChosenEffect,
    operations: ChosenOperations,
    /// The operations, if `Operations` is `Named`; `*` stands for any text.
    names: Option<Vec<String>>,
    /// Only this project and what is in it; everything if it is not given.
    project_id: Option<String>,
    /// Only this product and its devices.
    product_id: Option<String>,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
enum ChosenEffect {
    /// It may be done.
    Allow,
    /// It may not be done, whatever other statements allow.
    Deny,
}

#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
enum ChosenOperations {
    /// Every operation.
    All,
    /// Operations that only look.
    ReadOnly,
    /// Those in `Names`.
    Named,
}

/// The document.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GeneratedPolicy {
    policy_document: String,
}

pub(crate) async fn generated(call: Call, request: GeneratePolicy) -> Outcome<GeneratedPolicy> {
    let owner = call.access()?;
    if request.choices.is_empty() || request.choices.len() > MAX_CHOICES {
        let why = format!("Choices has 1 to {MAX_CHOICES} items");
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let choices =
        request.choices.into_iter().map(|choice| chosen(&call, choice)).collect::<Result<Vec<_>, _>>()?;
    let document = generate(owner, &choices).map_err(PeopleError::from)?;
    Ok(GeneratedPolicy { policy_document: document })
}

fn chosen(call: &Call, choice: PolicyChoice) -> Outcome<Choice> {
    let effect = match choice.effect {
        ChosenEffect::Allow => Effect::Allow,
        ChosenEffect::Deny => Effect::Deny,
    };
    let operations = match choice.operations {
        ChosenOperations::All => Operations::All,
        ChosenOperations::ReadOnly => Operations::ReadOnly,
        ChosenOperations::Named => Operations::Named(choice.names.unwrap_or_default()),
    };
    let scope = match (choice.product_id, choice.project_id) {
        (Some(product), _) => {
            let (product, project) = call.place_of_product(&product)?;
            Scope::Product(project, product)
        }
        (None, Some(project)) => Scope::Project(call.place_of_project(&project)?),
        (None, None) => Scope::Everything,
    };
    Ok(Choice { effect, operations, scope })
}

/// Whose right to do what.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExplainAccess {
    /// The account; the caller itself if neither this nor `SecretId` is given.
    target_uin: Option<i64>,
    /// The account of this API key.
    secret_id: Option<String>,
    /// The operation, such as `DeleteDevice` or `iotexplorer:DeleteDevice`.
    operation: String,
    /// The resource, as policies name it; it goes before the members below.
    resource: Option<String>,
    project_id: Option<String>,
    product_id: Option<String>,
    device_name: Option<String>,
}

/// The decision.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ExplainedAccess {
    allowed: bool,
    /// The account that the decision is about.
    uin: i64,
    /// The resource that it is about.
    resource: String,
    /// The policy that decided, if one did.
    policy_id: Option<i64>,
    policy_name: Option<String>,
    /// Its statement, from 1.
    statement: Option<i64>,
    /// The reasons, in the caller's language.
    explanation: String,
    explanation_en: String,
    explanation_zh: String,
}

pub(crate) async fn explained(call: Call, request: ExplainAccess) -> Outcome<ExplainedAccess> {
    // What it may do itself, every account may ask.
    let about_itself =
        request.secret_id.is_none() && request.target_uin.is_none_or(|uin| uin == call.caller().account.0);
    if !about_itself {
        call.access()?;
    }
    let account = match (&request.secret_id, request.target_uin) {
        (Some(id), _) => {
            let key = call.platform().people.key_to_administer(id);
            let key = key.filter(|key| key.account().root() == call.caller().owner);
            std::sync::Arc::clone(key.ok_or(const { Failure::new(Code::SecretNotExist) })?.account())
        }
        (None, uin) => call.family_member(uin)?,
    };
    let name = request.operation.rsplit(':').next().unwrap_or_default();
    if find_in_console(name).is_none() && name != SHOW_SECRETS {
        let why = format!("Operation: there is no operation {}", name.chars().take(64).collect::<String>());
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let resource = resource(&call, &request)?;
    Ok(decision(&call, &account, &request, resource))
}

fn decision(call: &Call, account: &Account, request: &ExplainAccess, resource: String) -> ExplainedAccess {
    let (en, zh, allowed, policy, statement) = match call.platform().people.rights(account) {
        _ if !account.is_usable() => {
            let (en, zh) = ("Refused: the account is disabled.", "未授权:账号已被禁用。");
            (en.to_owned(), zh.to_owned(), false, None, None)
        }
        None => {
            let own = resource.contains(&format!(":uin/{}:", account.uin));
            let (en, zh) = if own {
                (
                    "Allowed: a root account may do everything with what is its own.",
                    "允许:主账号可以操作自己的全部资源。",
                )
            } else {
                ("Refused: the object belongs to another account.", "未授权:资源属于其他账号。")
            };
            (en.to_owned(), zh.to_owned(), own, None, None)
        }
        Some(rights) => {
            let (explanation, policy) = rights.explain(plain_name(&request.operation), &resource);
            let statement = explanation.decision.decided_by.map(|at| at.statement as i64 + 1);
            (explanation.en, explanation.zh, explanation.decision.allowed, policy, statement)
        }
    };
    let explanation = match call.caller().language {
        crate::Language::English => en.clone(),
        crate::Language::Chinese => zh.clone(),
    };
    ExplainedAccess {
        allowed,
        uin: account.uin.0,
        resource,
        policy_id: policy.as_ref().map(|policy| policy.id),
        policy_name: policy.map(|policy| policy.name.clone()),
        statement,
        explanation,
        explanation_en: en,
        explanation_zh: zh,
    }
}

/// An operation's name without the service that policies put before it.
fn plain_name(operation: &str) -> &str {
    operation.rsplit(':').next().unwrap_or_default()
}

/// The resource that is meant, in the form in which policies are asked about it.
fn resource(call: &Call, request: &ExplainAccess) -> Outcome<String> {
    let owner = call.caller().owner;
    let name = plain_name(&request.operation);
    let on_accounts = is_about_access(name);
    if let Some(resource) = request.resource.as_ref().filter(|resource| !resource.is_empty()) {
        if on_accounts != resource.starts_with("qcs::cam:") {
            let why = "operations on accounts, and only those, concern resources of the service cam";
            return Err(Failure::new(Code::InvalidParameterValue).because(why));
        }
        return Ok(resource.clone());
    }
    if on_accounts {
        return Ok(Resource::Access(owner).to_string());
    }
    if find_in_console(name).is_some_and(Operation::is_for_operator) {
        return Ok(Resource::Installation(owner).to_string());
    }
    match (&request.product_id, &request.project_id) {
        (Some(product), _) => {
            let (product, project): (ProductId, ProjectId) = call.place_of_product(product)?;
            Ok(match &request.device_name {
                Some(name) => {
                    let device =
                        call.platform().devices.product(&product).and_then(|known| known.device(name));
                    let device = device.ok_or(const { Failure::new(Code::DeviceNotExist) })?;
                    Resource::Device(owner, &project, &product, &device.name).to_string()
                }
                None => Resource::Product(owner, &project, &product).to_string(),
            })
        }
        (None, Some(project)) => Ok(Resource::Project(owner, &call.place_of_project(project)?).to_string()),
        (None, None) => Ok(Resource::Account(owner).to_string()),
    }
}
