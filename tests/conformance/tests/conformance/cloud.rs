//! The wire of the vendor-compatible management API (facts of the management API, §2): what the vendor's own clients
//! never send, and so what their test suites cannot show. Only for our own server.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use yizhan_conformance::{broker, own_server_with, unique};
use yizhan_testkit::cloud::{CloudClient, CloudKey, Tc3, now, response};
use yizhan_testkit::{Admin, ServerOptions, TestServer, http};

/// The root account that every installation has.
const ROOT: &str = "100000000001";
const FORM: &str = "application/x-www-form-urlencoded";

fn client_of(server: &TestServer) -> CloudClient {
    CloudClient::new(server.http(), server.admin().create_api_key(ROOT))
}

/// A client of the shared server; `None` for an external target.
#[track_caller]
fn client() -> Option<CloudClient> {
    static SHARED: OnceLock<CloudClient> = OnceLock::new();
    let server = broker().server()?;
    Some(SHARED.get_or_init(|| client_of(server)).clone())
}

fn admin() -> Admin {
    broker().server().expect("our own server").admin()
}

/// A request that only looks.
fn list(client: &CloudClient) -> Tc3 {
    client.tc3("GetProjectList", r#"{"Offset": 0, "Limit": 10}"#)
}

#[track_caller]
fn code(response: &Value) -> &str {
    response["Error"]["Code"].as_str().unwrap_or_else(|| panic!("no error in {response}"))
}

fn message(response: &Value) -> &str {
    response["Error"]["Message"].as_str().unwrap_or_default()
}

#[track_caller]
fn succeeded(response: &Value) {
    assert!(response.get("Error").is_none(), "{response}");
}

/// The count of refusals under a reason.
fn refused(reason: &str) -> u64 {
    let text = admin().request_without_prefix("GET", "/metrics", None).text();
    let name = format!("yizhan_api_requests_refused_total{{reason=\"{reason}\"}} ");
    let line = text.lines().find_map(|line| line.strip_prefix(&name));
    line.and_then(|value| value.parse().ok()).unwrap_or_else(|| panic!("{reason} is not counted"))
}

#[test]
fn every_mode_of_signing_gets_an_answer_in_the_envelope() {
    let Some(client) = client() else { return };
    let first = list(&client).send();
    assert!(first["Total"].as_u64() >= Some(1), "{first}");
    assert_ne!(first["RequestId"], list(&client).send()["RequestId"]);
    let mut get = list(&client);
    (get.method, get.query, get.content_type) = ("GET", "Offset=0&Limit=10".into(), FORM.into());
    get.body.clear();
    succeeded(&get.send());
    for method in ["GET", "POST"] {
        for algorithm in ["HmacSHA1", "HmacSHA256"] {
            let page = [("Offset", "0"), ("Limit", "10")];
            succeeded(&client.v1(method, algorithm, "GetProjectList", &page).send());
        }
    }
    succeeded(&client.v1("GET", "HmacSHA1", "GetProjectList", &[]).without("SignatureMethod").send());
}

#[test]
fn flattened_lists_are_put_together_in_a_get_and_in_a_form() {
    let Some(client) = client() else { return };
    let missing = unique("gone");
    let flat = [("DevicesItems.0.ProductId", "NOTTHERE01"), ("DevicesItems.0.DeviceName", missing.as_str())];
    let whole = client.call(
        "DeleteDevices",
        &json!({ "DevicesItems": [{ "ProductId": "NOTTHERE01", "DeviceName": missing }] }),
    );
    let same = |response: &Value| {
        let without_id = |response: &Value| {
            let mut members = response.clone();
            members.as_object_mut().map(|members| members.remove("RequestId"));
            members
        };
        assert_eq!(without_id(response), without_id(&whole));
    };
    same(&client.v1("GET", "HmacSHA256", "DeleteDevices", &flat).send());
    same(&client.v1("POST", "HmacSHA1", "DeleteDevices", &flat).send());
    let mut get = client.tc3("DeleteDevices", "");
    get.method = "GET";
    get.content_type = FORM.into();
    get.query = format!("DevicesItems.0.ProductId=NOTTHERE01&DevicesItems.0.DeviceName={missing}");
    same(&get.send());
    let contradiction = client.v1("GET", "HmacSHA1", "DeleteDevices", &[("A", "1"), ("A.0", "2")]).send();
    assert_eq!(code(&contradiction), "InvalidParameter");
}

#[test]
fn a_signature_over_something_else_or_with_another_secret_is_refused_and_seen_by_the_operator() {
    let Some(client) = client() else { return };
    let before = refused("bad_signature");
    let mut changed = list(&client).signed();
    changed.body = b"{\"Offset\": 10, \"Limit\": 10}".to_vec();
    assert_eq!(code(&changed.send()), "AuthFailure.SignatureFailure");
    let mut elsewhere = list(&client);
    elsewhere.signed_host = Some("elsewhere.example.com".into());
    assert_eq!(code(&elsewhere.send()), "AuthFailure.SignatureFailure");
    let key = admin().create_api_key(ROOT);
    let address = broker().server().expect("our own server").http();
    let wrong = CloudClient::new(address, CloudKey { secret: "x".repeat(32), ..key.clone() });
    assert_eq!(code(&list(&wrong).send()), "AuthFailure.SignatureFailure");
    for algorithm in ["HmacSHA1", "HmacSHA256"] {
        let response = wrong.v1("POST", algorithm, "GetProjectList", &[]).send();
        assert_eq!(code(&response), "AuthFailure.SignatureFailure");
    }
    assert!(refused("bad_signature") >= before + 5);
    let seen = admin().get("/refusals");
    let seen = seen["refusals"].as_array().expect("a list");
    let of_key = |refusal: &&Value| refusal["identity"] == key.id.as_str();
    let refusal = seen.iter().find(of_key).unwrap_or_else(|| panic!("not among {seen:?}"));
    assert_eq!(refusal["reason"], "bad_signature");
    assert!(
        refusal["detail"].as_str().is_some_and(|detail| detail.starts_with("GetProjectList ")),
        "{refusal}"
    );
}

#[test]
fn keys_that_do_not_exist_or_are_disabled_open_nothing() {
    let Some(client) = client() else { return };
    let address = broker().server().expect("our own server").http();
    let unknown = CloudKey { id: unique("AKID"), secret: "x".repeat(32) };
    assert_eq!(code(&list(&CloudClient::new(address, unknown)).send()), "AuthFailure.SecretIdNotFound");
    let key = admin().create_api_key(ROOT);
    let other = CloudClient::new(address, key.clone());
    succeeded(&list(&other).send());
    let path = format!("/accounts/{ROOT}/keys/{}", key.id);
    let answer = admin().request("PATCH", &path, Some(&json!({ "enabled": false })));
    assert_eq!(answer.status, 204, "{}", answer.text());
    assert_eq!(code(&list(&other).send()), "AuthFailure.SecretIdNotFound");
    let mut token = list(&client);
    token.more.push(("X-TC-Token".into(), "temporary".into()));
    assert_eq!(code(&token.send()), "AuthFailure.TokenFailure");
}

#[test]
fn the_use_of_a_key_is_recorded() {
    let Some(_) = client() else { return };
    let key = admin().create_api_key(ROOT);
    let shown = || {
        let keys = admin().get(&format!("/accounts/{ROOT}/keys"));
        let keys = keys["keys"].as_array().cloned().unwrap_or_default();
        keys.into_iter().find(|shown| shown["secret_id"] == key.id.as_str()).expect("the key is listed")
    };
    assert!(shown()["last_used_at"].is_null());
    let address = broker().server().expect("our own server").http();
    let wrong = CloudClient::new(address, CloudKey { secret: "x".repeat(32), ..key.clone() });
    list(&wrong).send();
    assert!(shown()["last_used_at"].is_null(), "a wrong signature is no use of the key");
    list(&CloudClient::new(address, key.clone())).send();
    assert!(shown()["last_used_at"].is_number());
    assert_eq!(shown()["last_used_from"], "127.0.0.1");
}

#[test]
fn a_request_from_a_clock_that_is_wrong_is_refused_in_both_schemes() {
    let Some(client) = client() else { return };
    for wrong_by in [-400, 400] {
        let mut modern = list(&client);
        modern.timestamp = now() + wrong_by;
        let response = modern.send();
        assert_eq!(code(&response), "AuthFailure.SignatureExpire");
        let older = client.v1("GET", "HmacSHA256", "GetProjectList", &[]);
        let response = older.with("Timestamp", &(now() + wrong_by).to_string()).send();
        assert_eq!(code(&response), "AuthFailure.SignatureExpire");
    }
    for nearly_right in [-200, 200] {
        let mut request = list(&client);
        request.timestamp = now() + nearly_right;
        succeeded(&request.send());
    }
}

#[test]
fn the_date_of_the_scope_is_that_of_the_timestamp() {
    let Some(client) = client() else { return };
    let mut request = list(&client);
    request.date = Some("2023-11-14".into());
    assert_eq!(code(&request.send()), "AuthFailure.InvalidAuthorization");
}

#[test]
fn a_request_that_is_not_signed_is_refused() {
    let Some(client) = client() else { return };
    for authorization in ["", "SKIP", "Bearer token", "TC3-HMAC-SHA256 Credential=x"] {
        let mut request = list(&client);
        request.authorization = Some(authorization.into());
        assert_eq!(code(&request.send()), "AuthFailure.InvalidAuthorization", "{authorization:?}");
    }
    // Without a query it would be somebody who opens the console.
    let bare =
        http::request(&client.endpoint(), "GET", "/?Action=GetProjectList", &[], None).expect("an answer");
    assert_eq!(code(&response(&bare)), "MissingParameter");
    let unsigned = client.v1("POST", "HmacSHA1", "GetProjectList", &[]);
    for name in ["SecretId", "Nonce", "Timestamp", "Version", "Action"] {
        assert_eq!(code(&unsigned.clone().without(name).send()), "MissingParameter", "{name}");
    }
}

#[test]
fn what_is_not_served_is_told_apart_from_what_does_not_exist() {
    let Some(client) = client() else { return };
    let ask = |version: &str, action: &str| {
        let mut request = client.tc3(action, "{}");
        request.version = version.into();
        let response = request.send();
        code(&response).to_owned()
    };
    assert_eq!(ask("2019-04-23", "DescribeNothing"), "InvalidAction");
    assert_eq!(ask("2019-04-23", "CreateTWeSeeRecognitionTask"), "UnsupportedOperation");
    assert_eq!(ask("2021-11-25", "CreateStudioProduct"), "InvalidAction", "another service's action");
    assert_eq!(ask("2021-04-09", "GetProjectList"), "NoSuchVersion");
    assert_eq!(ask("", "GetProjectList"), "MissingParameter");
    assert_eq!(ask("2019-04-23", ""), "MissingParameter");
    let long = "A".repeat(4000);
    assert_eq!(ask("2019-04-23", &long), "MissingParameter", "no name is that long");
}

#[test]
fn a_body_that_is_no_json_object_is_refused() {
    let Some(client) = client() else { return };
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    for body in ["{", "no", "{\"Offset\": 0,}", "\u{feff}{}", &deep] {
        assert_eq!(code(&client.tc3("GetProjectList", body).send()), "InvalidRequest", "{body}");
    }
    let mut binary = list(&client);
    binary.body = vec![0xff; 100];
    assert_eq!(code(&binary.send()), "InvalidRequest");
    for body in ["[1]", "\"text\"", "1"] {
        assert_eq!(code(&client.tc3("GetProjectList", body).send()), "InvalidParameter", "{body}");
    }
}

#[test]
fn requests_larger_than_allowed_are_refused_and_the_client_learns_why() {
    let Some(client) = client() else { return };
    let before = refused("request_too_large");
    let mut large = list(&client);
    large.body = vec![b' '; 10 * 1024 * 1024 + 1];
    assert_eq!(code(&large.send()), "RequestSizeLimitExceeded");
    let filler = "x".repeat(1024 * 1024);
    let form = client.v1("POST", "HmacSHA1", "GetProjectList", &[("Filler", &filler)]);
    assert_eq!(code(&form.send()), "RequestSizeLimitExceeded");
    let query = client.v1("GET", "HmacSHA1", "GetProjectList", &[("Filler", &filler[..33 * 1024])]);
    assert_eq!(code(&query.send()), "RequestSizeLimitExceeded");
    assert_eq!(refused("request_too_large"), before + 3);
    let mut allowed = list(&client);
    allowed.body = format!("{{\"Offset\": 0, \"Limit\": 10, \"Filler\": \"{filler}\"}}").into_bytes();
    succeeded(&allowed.send());
}

/// Sends a signed request whose body comes in chunks, and gives what is inside `Response`.
fn send_in_chunks(request: &Tc3, chunks: &[&[u8]]) -> Value {
    let address = broker().server().expect("our own server").http();
    let mut stream = TcpStream::connect(address).expect("the server listens");
    stream.write_all(head(request, "Transfer-Encoding: chunked").as_bytes()).expect("the head is taken");
    for chunk in chunks {
        let size = format!("{:x}\r\n", chunk.len());
        stream.write_all(&[size.as_bytes(), chunk, b"\r\n"].concat()).expect("a chunk is taken");
    }
    stream.write_all(b"0\r\n\r\n").expect("the end is taken");
    read_response(stream)
}

/// The head of a signed request, with a header about its body.
fn head(request: &Tc3, body: &str) -> String {
    format!(
        "POST / HTTP/1.1\r\nHost: {}\r\nContent-Type: {}\r\nX-TC-Action: {}\r\nX-TC-Version: {}\r\n\
         X-TC-Timestamp: {}\r\nAuthorization: {}\r\n{body}\r\nConnection: close\r\n\r\n",
        request.host,
        request.content_type,
        request.action,
        request.version,
        request.timestamp,
        request.authorization()
    )
}

#[track_caller]
fn read_response(mut stream: TcpStream) -> Value {
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
    serde_json::from_str::<Value>(body).unwrap_or_else(|error| panic!("{error}: {answer}"))["Response"]
        .clone()
}

#[test]
fn a_body_that_does_not_say_how_long_it_is_has_the_same_limits() {
    let Some(client) = client() else { return };
    let request = list(&client);
    let (first, rest) = request.body.split_at(5);
    succeeded(&send_in_chunks(&request, &[first, rest]));
    let mebibyte = vec![b' '; 1024 * 1024];
    let chunks = vec![mebibyte.as_slice(); 11];
    assert_eq!(code(&send_in_chunks(&request, &chunks)), "RequestSizeLimitExceeded");
}

#[test]
fn a_large_body_is_not_received_for_a_key_that_does_not_exist() {
    let Some(client) = client() else { return };
    let address = broker().server().expect("our own server").http();
    let stranger = CloudClient::new(address, CloudKey { id: unique("AKID"), secret: "x".repeat(32) });
    let mut request = list(&stranger);
    request.body = vec![b' '; 1024 * 1024];
    // The head is all that is needed for this answer: the body never comes.
    let mut stream = TcpStream::connect(address).expect("the server listens");
    let head = head(&request, &format!("Content-Length: {}", request.body.len()));
    stream.write_all(head.as_bytes()).expect("the head is taken");
    stream.shutdown(Shutdown::Write).expect("no more is sent");
    assert_eq!(code(&read_response(stream)), "AuthFailure.SecretIdNotFound");
    let mut request = list(&client);
    request.body = [request.body.as_slice(), &vec![b' '; 1024 * 1024]].concat();
    succeeded(&request.send());
}

#[test]
fn a_sub_account_without_policies_may_do_nothing_and_that_is_seen() {
    let Some(_) = client() else { return };
    let name = unique("sub");
    admin().post("/accounts", &json!({ "name": name, "owner": ROOT }));
    let key = admin().create_api_key(&format!("root:{name}"));
    let address = broker().server().expect("our own server").http();
    let sub = CloudClient::new(address, key);
    let before = refused("not_permitted");
    let response = sub.call("DescribeProject", &json!({ "ProjectId": "prj-default1" }));
    assert!(code(&response).starts_with("UnauthorizedOperation"), "{response}");
    assert!(refused("not_permitted") > before);
    let path = format!("/accounts/root:{name}");
    assert_eq!(admin().request("PATCH", &path, Some(&json!({ "enabled": false }))).status, 200);
    assert_eq!(code(&list(&sub).send()), "AuthFailure.SecretIdNotFound");
}

#[test]
fn the_hosts_that_clients_sign_are_accepted_as_they_come() {
    let Some(client) = client() else { return };
    let host = list(&client).host;
    for (header, signed) in [
        (format!("http://{host}"), format!("http://{host}")),
        (format!("http://{host}"), host.clone()),
        (host.clone(), "127.0.0.1".to_owned()),
        ("iotexplorer.tencentcloudapi.com".to_owned(), "iotexplorer.tencentcloudapi.com".to_owned()),
    ] {
        let mut request = list(&client);
        (request.host, request.signed_host) = (header.clone(), Some(signed.clone()));
        succeeded(&request.send());
        let mut older = client.v1("POST", "HmacSHA256", "GetProjectList", &[]);
        (older.host, older.signed_host) = (header, Some(signed));
        succeeded(&older.send());
    }
    let mut named_after_the_endpoint = list(&client);
    named_after_the_endpoint.service = "127".into();
    succeeded(&named_after_the_endpoint.send());
}

#[test]
fn header_names_may_be_written_in_any_case() {
    let Some(client) = client() else { return };
    let request = list(&client);
    let (authorization, timestamp) = (request.authorization(), request.timestamp.to_string());
    let headers = [
        ("hOST", request.host.as_str()),
        ("content-type", &request.content_type),
        ("x-tc-action", &request.action),
        ("X-Tc-VERSION", &request.version),
        ("X-TC-timestamp", &timestamp),
        ("authorization", &authorization),
    ];
    let answer = http::request(&client.endpoint(), "POST", "/", &headers, Some(&request.body));
    succeeded(&response(&answer.expect("an answer")));
}

#[test]
fn messages_are_in_the_language_that_is_asked_for() {
    let Some(client) = client() else { return };
    let chinese = |text: &str| text.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter));
    let ask = |language: Option<&str>| {
        let mut request = client.tc3("DescribeProject", r#"{"ProjectId": "prj-nowhere1"}"#);
        request.more.extend(language.map(|tag| ("X-TC-Language".to_owned(), tag.to_owned())));
        request.send()
    };
    assert!(chinese(message(&ask(None))));
    assert!(chinese(message(&ask(Some("zh-CN")))));
    assert!(!chinese(message(&ask(Some("en-US")))));
    let older = client.v1("GET", "HmacSHA1", "DescribeNothing", &[]);
    assert!(chinese(message(&older.send())));
    let older = client.v1("GET", "HmacSHA1", "DescribeNothing", &[("Language", "en-US")]);
    assert!(!chinese(message(&older.send())));
}

#[test]
fn a_nonce_is_good_once() {
    let Some(client) = client() else { return };
    let before = refused("replayed_request");
    let request = client.v1("POST", "HmacSHA256", "GetProjectList", &[]);
    succeeded(&request.send());
    let again = request.send();
    assert_eq!(code(&again), "AuthFailure.SignatureExpire");
    succeeded(&request.with("Nonce", "9223372036854775807").send());
    assert!(refused("replayed_request") > before);
}

#[test]
fn a_signed_write_cannot_be_sent_again_later_and_a_reading_can() {
    let Some(client) = client() else { return };
    let body = json!({ "ProjectName": unique("replayed"), "ProjectDesc": "" }).to_string();
    let write = client.tc3("CreateProject", &body).signed();
    let read = list(&client).signed();
    succeeded(&write.send());
    succeeded(&read.send());
    let at_once = write.send();
    assert_ne!(code(&at_once), "AuthFailure.SignatureExpire", "the same thing twice in one moment");
    thread::sleep(Duration::from_millis(4_000));
    assert_eq!(code(&write.send()), "AuthFailure.SignatureExpire");
    succeeded(&read.send());
}

#[test]
fn other_methods_are_told_so_in_the_envelope() {
    let Some(client) = client() else { return };
    for method in ["PUT", "DELETE", "PATCH", "OPTIONS"] {
        let mut request = list(&client);
        request.method = method;
        assert_eq!(code(&request.send()), "UnsupportedProtocol", "{method}");
    }
}

#[test]
fn a_key_may_ask_so_often_only() {
    let options = ServerOptions::default().set("access.key_requests", "5");
    let Some(broker) = own_server_with(options) else { return };
    let client = client_of(broker.server().expect("our own server"));
    let responses: Vec<Value> = (0..20).map(|_| list(&client).send()).collect();
    let limited = responses.iter().filter(|response| response.get("Error").is_some());
    let limited: Vec<&str> = limited.map(code).collect();
    assert!(limited.len() >= 10, "{limited:?}");
    assert!(limited.iter().all(|code| *code == "RequestLimitExceeded"), "{limited:?}");
}
