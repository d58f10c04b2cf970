//! Set guards: they walk the whole table, so that no operation can be added without them.

use serde_json::{Value, json};
use yizhan_management_tests::{Tenant, request_for, tenants};
use yizhan_operations::{Audit, Class, Code, Operation, Version, operations, request_schema};
use yizhan_testkit::cloud::CloudClient;

/// Operations that concern the caller's whole account and name no object. Whoever adds one has to think about what it
/// shows, and to whom.
const OF_THE_ACCOUNT: &[&str] = &[
    "AddUser",
    "BeginTotp",
    "ChangePassword",
    "ConfirmTotp",
    "CreateInstance",
    "CreatePolicy",
    "CreatePrivateCA",
    "CreateProduct",
    "CreateUploadUrl",
    "DeleteUser",
    "DescribeAttention",
    "DescribeAuditLog",
    "DescribeCategory",
    "DescribeInstances",
    "DescribeJobs",
    "DescribeMigrations",
    "DescribePrivateCABindedProducts",
    "DescribePrivateCAs",
    "DescribeProducts",
    "DescribeSDKLog",
    "EndSession",
    "GeneratePolicy",
    "GetCategoryList",
    "GetUser",
    "IgnoreAttention",
    "ListLog",
    "ListLogPayload",
    "ListPolicies",
    "ListSDKLog",
    "ListSessions",
    "ListUsers",
    "RemoveTotp",
    "UnignoreAttention",
    "UpdateUser",
];

/// Operations that only the operator of the installation may use, whoever else asks.
const OF_THE_OPERATOR: &[&str] = &[
    "AddLicensePool",
    "CreateBackup",
    "CreateBackupUrl",
    "CreateDiagnosticsUrl",
    "DeleteBackup",
    "DescribeAbout",
    "DescribeBackups",
    "DescribeConfiguration",
    "DescribeCounterHistory",
    "DescribeCounters",
    "DescribeRefusals",
    "DescribeServerCertificates",
    "DescribeStorage",
    "DescribeWarnings",
    "ModifyLicensePool",
    "RemoveLicensePool",
    "VerifyBackup",
];

/// Operations that show an account those of its objects that it may see, perhaps none.
const SHOW_WHAT_MAY_BE_SEEN: &[&str] =
    &["DescribeInstances", "DescribeJobs", "DescribeProducts", "GetProjectList", "GetStudioProductList"];

/// The class of a code on the wire; `None` for an answer without an error.
fn class(answer: &Value) -> Option<Class> {
    let code = answer["Error"]["Code"].as_str()?;
    let known = Code::ALL.iter().find(|known| known.as_str() == code);
    Some(known.unwrap_or_else(|| panic!("{code} is not in the catalogue")).class())
}

/// Calls an operation in a version that has it.
fn call(client: &CloudClient, operation: &Operation, request: &Value) -> Value {
    let mut call = client.tc3(operation.name(), &request.to_string());
    let version = operation.versions().first().copied().unwrap_or(Version::Own);
    call.version = version.as_str().to_owned();
    call.send()
}

/// What an operation answers to a request that names the objects of `of`, and how many it names.
fn asked_about(of: &Tenant, client: &CloudClient, operation: &Operation) -> (Value, usize) {
    let (request, named) = request_for(&request_schema(operation), &of.names);
    (call(client, operation, &request), named)
}

#[test]
fn another_accounts_objects_do_not_exist() {
    let tenants = tenants();
    let (mut unknown, mut wrong) = (Vec::new(), Vec::new());
    for operation in operations() {
        let (answer, named) = asked_about(&tenants.second, &tenants.first.client, operation);
        let refused_to_all =
            OF_THE_OPERATOR.contains(&operation.name()) && class(&answer) == Some(Class::Forbidden);
        if class(&answer) == Some(Class::NotFound) || refused_to_all {
            continue;
        }
        if OF_THE_ACCOUNT.contains(&operation.name()) || named == 0 {
            unknown.push(operation.name());
        } else {
            wrong.push(format!("{operation:?}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "they show that something is there:\n{}", wrong.join("\n"));
    unknown.retain(|name| !OF_THE_ACCOUNT.contains(name));
    assert!(unknown.is_empty(), "these name no object and are not known to: {unknown:?}");
}

#[test]
fn an_account_without_policies_may_do_nothing() {
    let tenants = tenants();
    let client = tenants.first.sub_account(&tenants.server, "nobody");
    let mut wrong = Vec::new();
    for operation in operations() {
        let (answer, named) = asked_about(&tenants.first, &client, operation);
        // Made-up names of other kinds of objects name nothing, whoever asks.
        let nothing_there = named == 0 && class(&answer) == Some(Class::NotFound);
        let shows_nothing = SHOW_WHAT_MAY_BE_SEEN.contains(&operation.name()) && is_empty_list(&answer);
        if class(&answer) != Some(Class::Forbidden) && !shows_nothing && !nothing_there {
            wrong.push(format!("{operation:?}: {answer}"));
        }
    }
    assert!(wrong.is_empty(), "done without a policy that allows it:\n{}", wrong.join("\n"));
}

/// Whether every list in the answer is empty.
fn is_empty_list(answer: &Value) -> bool {
    let lists = answer.as_object().into_iter().flatten().filter_map(|(_, member)| member.as_array());
    answer.get("Error").is_none() && lists.into_iter().all(|list| list.is_empty())
}

#[test]
fn every_attempt_to_write_is_in_the_audit_log_with_its_outcome() {
    let client = &tenants().first.client;
    for operation in operations().filter(|operation| operation.audit() == Audit::Write) {
        let (answer, _) = asked_about(&tenants().second, client, operation);
        let outcome = answer["Error"]["Code"].as_str().unwrap_or("ok");
        let mut asked = client.tc3("DescribeAuditLog", &json!({"Operation": operation.name()}).to_string());
        asked.version = Version::Own.as_str().to_owned();
        let log = asked.send();
        let entries = log["Entries"].as_array().unwrap_or_else(|| panic!("{log}"));
        let entry = entries.iter().find(|entry| entry["RequestId"] == answer["RequestId"]);
        let entry = entry.unwrap_or_else(|| panic!("{operation:?} left no entry: {log}"));
        assert_eq!(entry["Outcome"], outcome, "{operation:?}");
        assert_eq!(entry["ActorUin"], tenants().first.uin, "{operation:?}");
    }
}
