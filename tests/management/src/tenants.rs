//! One server with two root accounts that know nothing of each other.

use std::sync::LazyLock;

use serde_json::{Value, json};
use yizhan_operations::Version;
use yizhan_testkit::TestServer;
use yizhan_testkit::cloud::{CloudClient, CloudKey};

use crate::requests::Names;

/// The server and its tenants.
pub struct Tenants {
    /// The server.
    pub server: TestServer,
    /// The account that every installation has.
    pub first: Tenant,
    /// Another one.
    pub second: Tenant,
}

/// A root account with a project, a product and a device.
pub struct Tenant {
    /// The account.
    pub uin: i64,
    /// A client with the account's own key.
    pub client: CloudClient,
    /// What the account has, by the names of members in requests.
    pub names: Names,
}

static TENANTS: LazyLock<Tenants> = LazyLock::new(Tenants::start);

/// The tenants that all tests share; nobody deletes what they have.
pub fn tenants() -> &'static Tenants {
    &TENANTS
}

impl Tenants {
    fn start() -> Self {
        let server = TestServer::start();
        let second = server.admin().post("/accounts", &json!({"name": "second"}));
        let second = second["uin"].as_i64().expect("a new account has its number");
        let first = Tenant::furnish(&server, 100_000_000_001);
        let second = Tenant::furnish(&server, second);
        Self { server, first, second }
    }
}

impl Tenant {
    /// A client with the key of a new sub-account.
    pub fn sub_account(&self, server: &TestServer, name: &str) -> CloudClient {
        let request = json!({"name": name, "owner": self.uin.to_string()});
        let made = server.admin().post("/accounts", &request);
        server_client(server, made["uin"].as_i64().expect("a new account has its number"))
    }

    fn furnish(server: &TestServer, uin: i64) -> Self {
        let client = server_client(server, uin);
        let done = |action: &str, request: Value| {
            let answer = client.call(action, &request);
            assert!(answer.get("Error").is_none(), "{action}: {answer}");
            answer
        };
        let project = done("CreateProject", json!({"ProjectName": "own", "ProjectDesc": ""}));
        let project = project["Project"]["ProjectId"].clone();
        let instance = done("DescribeProject", json!({"ProjectId": project}));
        let instance = instance["Project"]["InstanceId"].clone();
        let product = |kind: i64, name: &str| {
            let request = json!({"ProjectId": project, "ProductName": name, "CategoryId": 1, "ProductType": kind,
                "EncryptionType": "2", "NetType": "wifi", "DataProtocol": 1, "ProductDesc": ""});
            done("CreateStudioProduct", request)["Product"]["ProductId"].clone()
        };
        let (lamp, gateway) = (product(0, "lamp"), product(5, "gateway"));
        done("CreateDevice", json!({"ProductId": lamp, "DeviceName": "lamp-1"}));
        done("CreateDevice", json!({"ProductId": gateway, "DeviceName": "gateway-1"}));
        let names = Names::default()
            .with("ProjectId", project)
            .with("InstanceId", instance)
            .with("ProductId", lamp.clone())
            .with("FromProductId", lamp.clone())
            .with("ProductIds", lamp)
            .with("DeviceName", "lamp-1")
            .with("DeviceNames", "lamp-1")
            .with("GatewayProductId", gateway)
            .with("GatewayDeviceName", "gateway-1");
        Self { uin, names: with_people(names, &client), client }
    }
}

/// A sub-account with a key, and a policy.
fn with_people(names: Names, root: &CloudClient) -> Names {
    let done = |operation: &str, request: Value| {
        let mut call = root.tc3(operation, &request.to_string());
        call.version = Version::Own.as_str().to_owned();
        let answer = call.send();
        assert!(answer.get("Error").is_none(), "{operation}: {answer}");
        answer
    };
    let user = done("AddUser", json!({"Name": "own", "UseApi": 1}));
    let document = json!({"version": "2.0", "statement": {"effect": "deny", "action": "*", "resource": "*"}});
    let policy = json!({"PolicyName": "own", "PolicyDocument": document.to_string()});
    let policy = done("CreatePolicy", policy)["PolicyId"].clone();
    let (uin, key) = (user["Uin"].clone(), user["SecretId"].clone());
    names
        .with("TargetUin", uin.clone())
        .with("AttachUin", uin.clone())
        .with("DetachUin", uin)
        .with("AccessKeyId", key.clone())
        .with("SecretId", key.clone())
        .with("SecretIdList", key)
        .with("PolicyId", policy)
}

fn server_client(server: &TestServer, uin: i64) -> CloudClient {
    let key = server.admin().post(&format!("/accounts/{uin}/keys"), &json!({}));
    let field = |name: &str| key[name].as_str().expect("a new key shows both halves").to_owned();
    CloudClient::new(server.http(), CloudKey { id: field("secret_id"), secret: field("secret_key") })
}
