//! Sub-accounts, keys, policies and the audit log, as a program with a root account's key uses them.

use serde_json::{Value, json};
use yizhan_management_tests::tenants;
use yizhan_operations::Version;
use yizhan_testkit::cloud::{CloudClient, CloudKey};

/// Calls an operation of our own version.
#[track_caller]
fn own(client: &CloudClient, operation: &str, request: Value) -> Value {
    let mut call = client.tc3(operation, &request.to_string());
    call.version = Version::Own.as_str().to_owned();
    call.send()
}

/// The same, which must succeed.
#[track_caller]
fn done(client: &CloudClient, operation: &str, request: Value) -> Value {
    let answer = own(client, operation, request);
    assert!(answer.get("Error").is_none(), "{operation}: {answer}");
    answer
}

/// The code of an answer, empty if it is not an error.
fn code(answer: &Value) -> &str {
    answer["Error"]["Code"].as_str().unwrap_or_default()
}

/// A new sub-account of the first tenant: its number, its key's id and a client with the key.
fn sub_account(name: &str) -> (i64, String, CloudClient) {
    let tenants = tenants();
    let made = done(&tenants.first.client, "AddUser", json!({"Name": name, "UseApi": 1, "ConsoleLogin": 0}));
    let text = |member: &str| made[member].as_str().expect("a new key is shown").to_owned();
    let key = CloudKey { id: text("SecretId"), secret: text("SecretKey") };
    let client = CloudClient::new(tenants.server.http(), key);
    (made["Uin"].as_i64().expect("an account has its number"), text("SecretId"), client)
}

/// Makes a policy of one statement and attaches it.
fn grant(uin: i64, name: &str, effect: &str, action: &str, resource: &str) -> i64 {
    let root = &tenants().first.client;
    let statement = json!({"effect": effect, "action": [action], "resource": resource});
    let document = json!({"version": "2.0", "statement": [statement]}).to_string();
    let policy = done(root, "CreatePolicy", json!({"PolicyName": name, "PolicyDocument": document}));
    let id = policy["PolicyId"].as_i64().expect("a policy has its number");
    done(root, "AttachUserPolicy", json!({"PolicyId": id, "AttachUin": uin}));
    id
}

fn name_of(member: &str) -> String {
    let value = tenants().first.names.value(member).expect("the tenant has it");
    value.as_str().expect("it is a text").to_owned()
}

#[test]
fn a_sub_account_does_what_its_policies_allow_and_deny_wins() {
    let root = &tenants().first.client;
    let (uin, secret_id, client) = sub_account("deny-wins");
    let (project, product) = (name_of("ProjectId"), name_of("ProductId"));
    let resource = format!("qcs::iotexplorer:gz:uin/100000000001:project/{project}/product/{product}");
    let look = || client.call("DescribeStudioProduct", &json!({"ProductId": product}));
    assert_eq!(code(&look()), "UnauthorizedOperation.NoPermissionToStudioProduct");

    grant(uin, "deny-wins-look", "allow", "iotexplorer:Describe*", &resource);
    assert_eq!(look()["Product"]["ProductId"], json!(product));
    let write = json!({"ProductId": product, "DeviceName": "never"});
    assert_eq!(
        code(&client.call("CreateDevice", &write)),
        "UnauthorizedOperation.NoPermissionToStudioProduct"
    );
    let above = client.call("DescribeProject", &json!({"ProjectId": project}));
    assert_eq!(code(&above), "UnauthorizedOperation.NoPermissionToProject");

    let close = grant(uin, "deny-wins-close", "deny", "iotexplorer:DescribeStudioProduct", "*");
    assert_eq!(code(&look()), "UnauthorizedOperation.NoPermissionToStudioProduct");
    let why = json!({"SecretId": secret_id, "Operation": "DescribeStudioProduct", "ProductId": product});
    let why = done(root, "ExplainAccess", why);
    assert_eq!(
        (&why["Allowed"], &why["PolicyId"], &why["Statement"]),
        (&json!(false), &json!(close), &json!(1))
    );
    assert!(why["ExplanationEn"].as_str().is_some_and(|text| text.contains("deny wins")), "{why}");

    let admin = done(root, "ExplainAccess", json!({"TargetUin": uin, "Operation": "AddUser"}));
    assert_eq!(
        (&admin["Allowed"], &admin["Resource"]),
        (&json!(false), &json!("qcs::cam::uin/100000000001:*"))
    );

    done(root, "DeletePolicy", json!({"PolicyId": [close]}));
    assert_eq!(look()["Product"]["ProductId"], json!(product));
}

#[test]
fn a_right_to_everything_ends_at_the_own_root_account() {
    let tenants = tenants();
    let (uin, _, client) = sub_account("foreign-root");
    grant(uin, "foreign-root-all", "allow", "*", "*");
    let foreign = tenants.second.names.value("ProductId").expect("it has a product");
    let answer = client.call("DescribeStudioProduct", &json!({"ProductId": foreign}));
    assert_eq!(code(&answer), "ResourceNotFound.StudioProductNotExist");
    let answer = own(&client, "CreateAccessKey", json!({"TargetUin": tenants.second.uin}));
    assert_eq!(code(&answer), "ResourceNotFound.UserNotExist");
    let answer = own(&client, "CreateAccessKey", json!({"TargetUin": tenants.first.uin}));
    assert_eq!(code(&answer), "UnauthorizedOperation", "it would be the root account itself");
    done(&client, "CreateAccessKey", json!({}));
}

#[test]
fn accounts_are_administered_only_by_whom_a_policy_names_it_for() {
    let (uin, _, client) = sub_account("no-admin");
    grant(uin, "no-admin-things", "allow", "iotexplorer:*", "qcs::iotexplorer::uin/100000000001:*");
    assert_eq!(code(&client.call("GetProjectList", &json!({}))), "");
    for (operation, request) in [
        ("ListUsers", json!({})),
        ("CreatePolicy", json!({"PolicyName": "no-admin-mine", "PolicyDocument": "{}"})),
        ("CreateAccessKey", json!({})),
        ("DescribeAuditLog", json!({})),
    ] {
        assert_eq!(code(&own(&client, operation, request)), "UnauthorizedOperation", "{operation}");
    }
}

#[test]
fn a_key_that_is_disabled_or_whose_account_is_opens_nothing_until_it_is_enabled_again() {
    let root = &tenants().first.client;
    let (uin, secret_id, client) = sub_account("switched");
    let knock = || code(&client.call("GetProjectList", &json!({}))).to_owned();
    assert_eq!(knock(), "");
    let switch = |status: &str| json!({"AccessKeyId": secret_id, "TargetUin": uin, "Status": status});
    done(root, "UpdateAccessKey", switch("Inactive"));
    assert_eq!(knock(), "AuthFailure.SecretIdNotFound");
    done(root, "UpdateAccessKey", switch("Active"));
    assert_eq!(knock(), "");
    done(root, "UpdateUser", json!({"Name": "switched", "Enabled": false}));
    assert_eq!(knock(), "AuthFailure.SecretIdNotFound");
    done(root, "UpdateUser", json!({"Name": "switched", "Enabled": true}));
    assert_eq!(knock(), "");
    let used = done(root, "GetSecurityLastUsed", json!({"SecretIdList": [secret_id]}));
    assert!(
        used["SecretIdLastUsedRows"][0]["LastSecretUsedDate"].as_i64().is_some_and(|at| at > 0),
        "{used}"
    );

    assert_eq!(code(&own(root, "DeleteUser", json!({"Name": "switched"}))), "OperationDenied.HaveKeys");
    done(root, "DeleteUser", json!({"Name": "switched", "Force": 1}));
    assert_eq!(knock(), "AuthFailure.SecretIdNotFound");
    assert_eq!(code(&own(root, "GetUser", json!({"Name": "switched"}))), "ResourceNotFound.UserNotExist");
}

#[test]
fn every_write_and_every_refused_one_is_in_the_audit_log_without_secrets() {
    let root = &tenants().first.client;
    let (uin, secret_id, client) = sub_account("audited");
    let refused = own(&client, "AddUser", json!({"Name": "audited-2"}));
    assert_eq!(code(&refused), "UnauthorizedOperation");
    done(root, "UpdateUser", json!({"Name": "audited", "Remark": "ours"}));
    let made = done(root, "CreateAccessKey", json!({"TargetUin": uin, "Description": "second"}));
    let secret = made["AccessKey"]["SecretAccessKey"].as_str().expect("a new key is shown");
    assert_eq!(code(&client.call("GetProjectList", &json!({}))), "", "reading leaves no entry");

    let entries = |filter: Value| done(root, "DescribeAuditLog", filter)["Entries"].clone();
    let by_partner = entries(json!({"ActorUin": uin}));
    assert_eq!(by_partner.as_array().map(Vec::len), Some(1), "{by_partner}");
    let entry = &by_partner[0];
    assert_eq!(
        (&entry["Operation"], &entry["Outcome"]),
        (&json!("AddUser"), &json!("UnauthorizedOperation"))
    );
    assert_eq!(entry["Means"], json!(format!("key {secret_id}")));
    assert_eq!((&entry["Address"], &entry["RequestId"]), (&json!("127.0.0.1"), &refused["RequestId"]));

    let changes = entries(json!({"Operation": "UpdateUser", "Limit": 100}));
    let change = changes.as_array().into_iter().flatten().find(|entry| entry["Request"]["Name"] == "audited");
    let change = change.expect("the change is there");
    assert_eq!((&change["Before"]["Remark"], &change["After"]["Remark"]), (&json!(""), &json!("ours")));
    let keys = entries(json!({"Operation": "CreateAccessKey", "Limit": 100})).to_string();
    assert!(keys.contains("second") && !keys.contains(secret));
    let first = done(root, "DescribeAuditLog", json!({"Limit": 1}));
    let next = done(root, "DescribeAuditLog", json!({"Limit": 1, "Cursor": first["NextCursor"]}));
    let (first, next) = (&first["Entries"][0], &next["Entries"][0]);
    assert!(first["Time"].as_i64() >= next["Time"].as_i64() && first["Id"] != next["Id"], "{first} {next}");
}

#[test]
fn a_generated_policy_is_taken_and_opens_what_was_chosen() {
    let root = &tenants().first.client;
    let (uin, _, client) = sub_account("generated");
    let project = name_of("ProjectId");
    let choices = json!({"Choices": [{"Effect": "Allow", "Operations": "ReadOnly", "ProjectId": project}]});
    let document = done(root, "GeneratePolicy", choices)["PolicyDocument"].clone();
    let policy = json!({"PolicyName": "generated", "PolicyDocument": document, "Description": "by choices"});
    let id = done(root, "CreatePolicy", policy)["PolicyId"].clone();
    done(root, "AttachUserPolicy", json!({"PolicyId": id, "AttachUin": uin}));
    let listed = done(root, "ListAttachedUserPolicies", json!({"TargetUin": uin}));
    assert_eq!((&listed["TotalNum"], &listed["List"][0]["PolicyId"]), (&json!(1), &id));
    let seen = client.call("GetProjectList", &json!({}));
    assert_eq!((&seen["Total"], &seen["Projects"][0]["ProjectId"]), (&json!(1), &json!(project)));
    let rename = json!({"ProjectId": project, "ProjectName": "mine", "ProjectDesc": ""});
    assert_eq!(code(&client.call("ModifyProject", &rename)), "UnauthorizedOperation.NoPermissionToProject");
    done(root, "DetachUserPolicy", json!({"PolicyId": id, "DetachUin": uin}));
    assert_eq!(client.call("GetProjectList", &json!({}))["Total"], json!(0));
}

#[test]
fn a_document_that_is_not_understood_is_refused_with_the_vendors_code() {
    let root = &tenants().first.client;
    let statement = |more: Value| {
        let mut statement = json!({"effect": "allow", "action": "*", "resource": "*"});
        for (name, value) in more.as_object().into_iter().flatten() {
            statement[name] = value.clone();
        }
        json!({"version": "2.0", "statement": [statement]}).to_string()
    };
    for (document, expected) in [
        ("{".to_owned(), "InvalidParameter.PolicyDocumentError"),
        (r#"{"version":"1.0"}"#.to_owned(), "InvalidParameter.VersionError"),
        (statement(json!({"effect": "maybe"})), "InvalidParameter.StatementError"),
        (statement(json!({"condition": {}})), "InvalidParameter.ConditionError"),
        (statement(json!({"principal": {"qcs": "*"}})), "InvalidParameter.PrincipalError"),
        (statement(json!({"action": "Describe"})), "InvalidParameter.ActionError"),
        (statement(json!({"resource": "qcs::iotexplorer::uin/7:*"})), "InvalidParameter.ResourceError"),
    ] {
        let request = json!({"PolicyName": "never", "PolicyDocument": document});
        assert_eq!(code(&own(root, "CreatePolicy", request)), expected, "{document}");
    }
}

#[test]
fn what_operators_do_to_accounts_is_in_the_audit_log_too() {
    let tenants = tenants();
    let admin = tenants.server.admin();
    let made = admin.post("/accounts", &json!({"name": "by-operator", "owner": "root"}));
    let uin = made["uin"].as_i64().expect("an account has its number");
    let key = admin.post(&format!("/accounts/{uin}/keys"), &json!({}));
    let secret = key["secret_key"].as_str().expect("a new key is shown");
    let log = |operation: &str| {
        let asked = json!({"Operation": operation, "Limit": 100});
        done(&tenants.first.client, "DescribeAuditLog", asked)["Entries"].clone()
    };
    let (accounts, keys) = (log("CreateAccount"), log("CreateAccessKey"));
    let entry = |log: &Value, member: &str| {
        let mut entries = log.as_array().into_iter().flatten();
        let found = entries.find(|entry| entry["After"][member] == json!(uin)).cloned();
        found.unwrap_or_else(|| panic!("{uin} is not in {log}"))
    };
    assert_eq!(entry(&accounts, "uin")["Means"], json!("local"));
    assert_eq!(entry(&keys, "account")["After"]["secret_id"], key["secret_id"]);
    assert!(!keys.to_string().contains(secret));
}

#[test]
fn a_list_over_a_project_leaves_out_products_that_a_policy_closes() {
    let (uin, _, client) = sub_account("one-product-only");
    let (owner, project, gateway) = (tenants().first.uin, name_of("ProjectId"), name_of("GatewayProductId"));
    grant(uin, "open-project", "allow", "*", &format!("qcs::iotexplorer:gz:uin/{owner}:project/{project}*"));
    let of_all = json!({"ProductId": "-1", "ProjectId": project, "Limit": 100});
    let products = |answer: &Value| {
        let devices = answer["Devices"].as_array().cloned().unwrap_or_default();
        devices
            .iter()
            .filter_map(|device| device["ProductId"].as_str().map(str::to_owned))
            .collect::<Vec<_>>()
    };
    assert!(products(&client.call("GetDeviceList", &of_all)).contains(&gateway));
    let closed = format!("qcs::iotexplorer:gz:uin/{owner}:project/{project}/product/{gateway}*");
    grant(uin, "close-gateway", "deny", "*", &closed);
    let seen = products(&client.call("GetDeviceList", &of_all));
    assert!(!seen.is_empty() && !seen.contains(&gateway), "{seen:?}");
}

#[test]
fn every_write_of_the_internal_api_is_in_the_audit_log_without_secrets() {
    let tenants = tenants();
    let admin = tenants.server.admin();
    let token = admin.post("/tokens", &json!({"name": "audited-token"}));
    let user = admin.post("/mqtt-users", &json!({"name": "audited-user"}));
    let product = admin.post("/products", &json!({"name": "audited product"}));
    let id = product["id"].as_str().expect("a product has its id");
    admin.post(&format!("/products/{id}/devices"), &json!({"names": ["audited"]}));
    let device = admin.post(&format!("/products/{id}/devices/audited/secret"), &json!({}));
    let renewed = admin.post(&format!("/products/{id}/secret"), &json!({}));

    let log = done(&tenants.first.client, "DescribeAuditLog", json!({"Limit": 100}))["Entries"].clone();
    let entry = |operation: &str, name: &str| {
        let mut entries = log.as_array().into_iter().flatten();
        let fits = |entry: &&Value| entry["Operation"] == operation && entry.to_string().contains(name);
        entries.find(fits).unwrap_or_else(|| panic!("{operation} is not in {log}"))
    };
    assert_eq!(entry("CreateToken", "audited-token")["Resource"], json!("installation"));
    entry("CreateMqttUser", "audited-user");
    entry("CreateProduct", "audited product");
    entry("CreateDevices", id);
    let reset = entry("ResetDeviceSecret", id);
    assert!(reset["Resource"].as_str().is_some_and(|name| name.ends_with("/device/audited")), "{reset}");
    assert_eq!((&reset["Means"], &reset["Outcome"]), (&json!("local"), &json!("ok")));
    entry("ResetProductSecret", id);
    let secrets = [
        &token["token"],
        &user["password"],
        &device["secret"],
        &product["product_secret"],
        &renewed["product_secret"],
    ];
    for secret in secrets {
        let secret = secret.as_str().expect("a new secret is shown");
        assert!(!log.to_string().contains(secret), "a secret is in {log}");
    }
}
