//! Signatures of real clients (cloud API facts §2.5, §3.1), and what happens when any part of them is different.

use std::time::Duration;

use serde_json::json;
use yizhan_identity::cloud_signature::{
    Arguments, CloudCall, CloudRequest, DEFAULT_WINDOW, Method, ParameterError, Scope, SignatureError,
    SignedHeaders, SigningKey, sign_tc3, sign_v1,
};
use yizhan_vocabulary::UnixMillis;

const SECRET: &str = "SKexample";
const NOW: i64 = 1_700_000_000;
const HOST: &str = "127.0.0.1:18081";
const V1: &str = "ProjectId=prj-1&Action=DescribeProject&RequestClient=SDK_PYTHON_3.1.195&Nonce=12345\
    &Timestamp=1700000000&Version=2019-04-23&Region=ap-guangzhou&SecretId=AKIDexample&Language=zh-CN";

/// A request as it goes over the wire.
#[derive(Clone)]
struct Wire {
    method: Method,
    path: &'static str,
    query: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Wire {
    fn set(mut self, name: &'static str, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.to_owned()));
        self
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    fn with_body(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self
    }

    fn look<T>(&self, look: impl FnOnce(Result<&CloudCall<'_>, SignatureError>) -> T) -> T {
        let header = |name: &str| {
            let found = self.headers.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| value.as_bytes())
        };
        let request = CloudRequest {
            method: self.method,
            path: self.path,
            query: &self.query,
            header: &header,
            body: &self.body,
        };
        match CloudCall::read(request) {
            Ok(call) => look(Ok(&call)),
            Err(error) => look(Err(error)),
        }
    }

    fn verdict_at(&self, now: i64, secret: &str) -> Result<(), SignatureError> {
        self.look(|call| call?.claim(UnixMillis(now * 1000), DEFAULT_WINDOW)?.verify(secret))
    }

    fn verdict(&self) -> Result<(), SignatureError> {
        self.verdict_at(NOW, SECRET)
    }
}

fn tc3_post() -> Wire {
    Wire { method: Method::Post, path: "/", query: String::new(), headers: Vec::new(), body: Vec::new() }
        .with_body(r#"{"ProjectId": "prj-1"}"#)
        .set("host", HOST)
        .set("content-type", "application/json")
        .set("x-tc-action", "DescribeProject")
        .set("x-tc-version", "2019-04-23")
        .set("x-tc-timestamp", "1700000000")
        .set(
            "authorization",
            &authorization("69d77e30bc80d1aae39f57d00caa93f382fba57d9f270bd00d6eeeb05ccb4713"),
        )
}

fn tc3_get() -> Wire {
    let wire = tc3_post().with_body("").set("content-type", "application/x-www-form-urlencoded").set(
        "authorization",
        &authorization("c1d7b8a517b4dff326609e93b50efae503c785fdb79ccd4977e00d140cd830e1"),
    );
    Wire { method: Method::Get, query: "ProjectId=prj-1".to_owned(), ..wire }
}

fn authorization(signature: &str) -> String {
    format!(
        "TC3-HMAC-SHA256 Credential=AKIDexample/2023-11-14/iotexplorer/tc3_request, \
         SignedHeaders=content-type;host, Signature={signature}"
    )
}

/// A `TC3` request signed over `host` by the same rules, for cases of which there is no record.
fn signed_for(host: &str, service: &str) -> Wire {
    let wire = tc3_post();
    let headers = SignedHeaders { content_type: "application/json", host };
    let value = sign_tc3(("AKIDexample", SECRET), service, NOW, headers, (Method::Post, "", &wire.body));
    wire.set("authorization", &value.expect("the time is a time"))
}

fn v1(method: Method, parameters: &str, signature: &str) -> Wire {
    let text = format!("{parameters}&Signature={}", signature.replace('+', "%2B").replace('=', "%3D"));
    let wire = Wire { method, path: "/", query: String::new(), headers: Vec::new(), body: Vec::new() };
    let wire = wire.set("host", HOST);
    match method {
        Method::Get => Wire { query: text, ..wire },
        Method::Post => wire.set("content-type", "application/x-www-form-urlencoded").with_body(&text),
    }
}

fn v1_vectors() -> [Wire; 4] {
    let (sha1, sha256) =
        (format!("{V1}&SignatureMethod=HmacSHA1"), format!("{V1}&SignatureMethod=HmacSHA256"));
    [
        v1(Method::Post, &sha256, "l7d39BkEoHxdvuDxM6+AmSkRJvDKas0bJIpFwrbPgRQ="),
        v1(Method::Get, &sha256, "gTfSdBoO3lEkeye9oXzWn9MhuuYstLRjOU7OZuFZniM="),
        v1(Method::Post, &sha1, "Bq9gRqRWWvcco6YmNVrnFQgabjU="),
        v1(Method::Get, &sha1, "DPZv0KRRItxMczAkfec42UXr7fw="),
    ]
}

#[test]
fn the_signatures_of_a_real_client_are_accepted_in_all_six_modes() {
    assert_eq!(tc3_post().verdict(), Ok(()));
    assert_eq!(tc3_get().verdict(), Ok(()));
    for wire in v1_vectors() {
        assert_eq!(wire.verdict(), Ok(()));
    }
}

#[test]
fn a_recorded_request_is_accepted() {
    let wire = tc3_post()
        .with_body(r#"{"ProductId": "P", "DeviceName": "\u8bbe\u59071"}"#)
        .set("x-tc-timestamp", "1795221202")
        .set("authorization", "TC3-HMAC-SHA256 Credential=AKIDlocal/2026-11-21/iotexplorer/tc3_request, SignedHeaders=content-type;host, Signature=af8783d96b009dde1219831137de9b6af558f9a341e4586193ebf9cbf2e1a391");
    assert_eq!(wire.verdict_at(1_795_221_202, "localSecretKey"), Ok(()));
    assert_eq!(wire.verdict_at(1_795_221_202, "another"), Err(SignatureError::WrongSignature));
}

#[test]
fn what_is_read_says_who_calls_what() {
    let modern =
        tc3_post().set("x-tc-language", "en-US").set("x-tc-region", "ap-guangzhou").set("x-tc-token", "t");
    modern.look(|call| {
        let call = call.unwrap();
        assert_eq!((call.action(), call.version()), (Ok("DescribeProject"), Ok("2019-04-23")));
        assert_eq!(
            (call.language(), call.region(), call.token()),
            (Some("en-US"), Some("ap-guangzhou"), Some("t"))
        );
        assert_eq!(call.arguments(), Ok(Arguments::Body(br#"{"ProjectId": "prj-1"}"#)));
        let claim = call.claim(UnixMillis(NOW * 1000), DEFAULT_WINDOW).unwrap();
        assert_eq!((claim.secret_id(), claim.timestamp()), ("AKIDexample", NOW));
        assert_eq!(claim.scope(), Some(Scope { date: "2023-11-14", service: "iotexplorer" }));
    });
    for wire in v1_vectors() {
        wire.look(|call| {
            let call = call.unwrap();
            assert_eq!((call.action(), call.version()), (Ok("DescribeProject"), Ok("2019-04-23")));
            assert_eq!(
                (call.language(), call.region(), call.token()),
                (Some("zh-CN"), Some("ap-guangzhou"), None)
            );
            assert_eq!(call.arguments(), Ok(Arguments::Tree(json!({ "ProjectId": "prj-1" }))));
            let claim = call.claim(UnixMillis(NOW * 1000), DEFAULT_WINDOW).unwrap();
            assert_eq!((claim.secret_id(), claim.scope()), ("AKIDexample", None));
        });
    }
    tc3_get().look(|call| {
        assert_eq!(call.unwrap().arguments(), Ok(Arguments::Tree(json!({ "ProjectId": "prj-1" }))));
    });
}

#[test]
fn every_host_that_real_clients_sign_is_tried_and_no_other() {
    for (signed, header, service) in [
        (HOST, HOST, "iotexplorer"),
        ("http://127.0.0.1:18081", "http://127.0.0.1:18081", "iotexplorer"),
        ("127.0.0.1:18081", "http://127.0.0.1:18081", "iotexplorer"),
        ("127.0.0.1", HOST, "127"),
        ("iot.example.com", "iot.example.com", "iotexplorer"),
        ("iot.example.com", "IOT.example.com", "iot"),
    ] {
        assert_eq!(signed_for(signed, service).set("host", header).verdict(), Ok(()), "{signed} {header}");
    }
    for (signed, header) in [("127.0.0.1:18082", HOST), ("iot.example.com", HOST), (HOST, "127.0.0.1")] {
        let verdict = signed_for(signed, "iotexplorer").set("host", header).verdict();
        assert_eq!(verdict, Err(SignatureError::WrongSignature), "{signed} {header}");
    }
    for (signed, header) in [("127.0.0.1:18081", "http://127.0.0.1:18081"), ("127.0.0.1", HOST)] {
        let signature = sign_v1(SECRET, Method::Post, signed, V1).unwrap();
        assert_eq!(v1(Method::Post, V1, &signature).set("host", header).verdict(), Ok(()));
    }
}

#[test]
fn a_body_that_is_not_signed_counts_as_its_marker() {
    let wire = tc3_post().set("x-tc-content-sha256", "UNSIGNED-PAYLOAD");
    let headers = SignedHeaders { content_type: "application/json", host: HOST };
    let signed = (Method::Post, "", b"UNSIGNED-PAYLOAD".as_slice());
    let value = sign_tc3(("AKIDexample", SECRET), "iotexplorer", NOW, headers, signed).unwrap();
    let wire = wire.set("authorization", &value);
    assert_eq!(wire.verdict(), Ok(()));
    assert_eq!(wire.clone().with_body("{}").verdict(), Ok(()));
    assert_eq!(wire.without("x-tc-content-sha256").verdict(), Err(SignatureError::WrongSignature));
}

#[test]
fn other_signed_headers_count_and_the_action_is_signed_in_lower_case() {
    // Computed with Python's hmac over the canonical request of the vendor's document.
    let wire = tc3_post().set(
        "authorization",
        "TC3-HMAC-SHA256 Credential=AKIDexample/2023-11-14/iotexplorer/tc3_request,SignedHeaders=content-type;host;x-tc-action,Signature=b3a03d7261f0f2021282609574ec7ca538ea3c7c37bbbaed806dfeb29e1fae07",
    );
    assert_eq!(wire.verdict(), Ok(()));
    assert_eq!(
        wire.clone().set("x-tc-action", "DeleteProject").verdict(),
        Err(SignatureError::WrongSignature)
    );
    assert!(matches!(wire.without("x-tc-action").verdict(), Err(SignatureError::MalformedAuthorization(_))));
}

#[test]
fn header_values_may_be_signed_in_lower_case_as_the_vendors_document_says() {
    let headers = SignedHeaders { content_type: "application/json; charset=utf-8", host: HOST };
    let wire = tc3_post().set("content-type", "application/json; charset=UTF-8");
    let signed = (Method::Post, "", wire.body.as_slice());
    let value = sign_tc3(("AKIDexample", SECRET), "iotexplorer", NOW, headers, signed).unwrap();
    assert_eq!(wire.set("authorization", &value).verdict(), Ok(()));
}

#[test]
fn whatever_is_signed_cannot_be_changed() {
    let (post, get) = (tc3_post(), tc3_get());
    let changed = [
        post.clone().with_body(r#"{"ProjectId":"prj-1"}"#),
        post.clone().set("content-type", "application/json; charset=utf-8"),
        post.clone().set("x-tc-timestamp", "1700000001"),
        post.clone().set("authorization", &authorization(&"0".repeat(64))),
        Wire { path: "/other", ..post.clone() },
        Wire { query: "a=b".to_owned(), ..post },
        Wire { query: "ProjectId=prj-2".to_owned(), ..get.clone() },
        get.with_body("x"),
    ];
    for wire in changed {
        assert_eq!(wire.verdict(), Err(SignatureError::WrongSignature));
    }
    for wire in v1_vectors() {
        let (query, body) = (wire.query.clone(), String::from_utf8(wire.body.clone()).unwrap());
        for (from, to) in [
            ("prj-1", "prj-2"),
            ("Nonce=12345", "Nonce=12346"),
            ("ap-guangzhou", "ap-beijing"),
            ("Signature=", "Signature=AA"),
            ("Language=zh-CN", "Language=zh-CN&More=1"),
        ] {
            let changed =
                Wire { query: query.replace(from, to), ..wire.clone() }.with_body(&body.replace(from, to));
            assert_eq!(changed.verdict(), Err(SignatureError::WrongSignature), "{from}");
        }
    }
}

#[test]
fn a_request_is_good_for_five_minutes_before_and_after_its_time() {
    for wire in v1_vectors().into_iter().chain([tc3_post(), tc3_get()]) {
        for now in [NOW - 300, NOW, NOW + 300] {
            assert_eq!(wire.verdict_at(now, SECRET), Ok(()));
        }
        let late = wire.verdict_at(NOW + 301, SECRET);
        assert_eq!(late, Err(SignatureError::Expired { ahead: -301, allowed: 300 }));
        assert_eq!(late.unwrap_err().code(), "AuthFailure.SignatureExpire");
        let early = wire.verdict_at(NOW - 301, SECRET);
        assert_eq!(early, Err(SignatureError::Expired { ahead: 301, allowed: 300 }));
    }
}

#[test]
fn the_scopes_date_is_the_utc_day_of_the_timestamp() {
    let value = authorization(&"0".repeat(64)).replace("2023-11-14", "2023-11-15");
    assert_eq!(tc3_post().set("authorization", &value).verdict(), Err(SignatureError::ScopeDate));
    let value = authorization(&"0".repeat(64)).replace("2023-11-14", "14-11-2023");
    assert_eq!(tc3_post().set("authorization", &value).verdict(), Err(SignatureError::ScopeDate));
}

#[test]
fn what_is_missing_or_malformed_is_said_by_its_name() {
    let signed = tc3_post();
    assert_eq!(signed.clone().without("authorization").verdict(), Err(SignatureError::Unsigned));
    assert_eq!(signed.clone().set("authorization", "SKIP").verdict(), Err(SignatureError::Unsigned));
    assert_eq!(signed.clone().without("x-tc-timestamp").verdict(), Err(SignatureError::Missing("Timestamp")));
    for timestamp in ["", "now", "-1", "+1700000000", "17000000000000", "9999999999999999999999"] {
        let verdict = signed.clone().set("x-tc-timestamp", timestamp).verdict();
        assert_eq!(verdict, Err(SignatureError::Malformed("Timestamp")), "{timestamp}");
    }
    let whole = authorization(&"0".repeat(64));
    for value in [
        "",
        "Bearer token",
        "TC3-HMAC-SHA256",
        "TC3-HMAC-SHA256 Credential",
        &whole.replace("TC3-", "TC4-"),
        &whole.replace("/tc3_request", ""),
        &whole.replace("/tc3_request", "/tc3_request/x"),
        &whole.replace("AKIDexample", ""),
        &whole.replace("AKIDexample", &"A".repeat(129)),
        &whole.replace("iotexplorer", ""),
        &whole.replace("content-type;host", "content-type"),
        &whole.replace("content-type;host", "host"),
        &whole.replace("content-type;host", "Content-Type;Host"),
        &whole.replace("content-type;host", "content-type;host;x-missing"),
        &whole.replace("content-type;host", &["content-type;host", &";host".repeat(40)].concat()),
        &whole.replace("Signature=0", "Signature=z"),
        &whole.replace("Signature=0", "Signature="),
        &format!("{whole}, Signature=00"),
        &format!("{whole}, More=1"),
        &format!("{whole}{}", " ".repeat(4096)),
    ] {
        let verdict = signed.clone().set("authorization", value).verdict();
        assert!(matches!(verdict, Err(SignatureError::MalformedAuthorization(_))), "{value}: {verdict:?}");
        assert_eq!(verdict.unwrap_err().code(), "AuthFailure.InvalidAuthorization");
    }
    for name in ["SecretId", "Nonce", "Timestamp"] {
        let without = V1.split('&').filter(|pair| !pair.starts_with(name)).collect::<Vec<_>>().join("&");
        let verdict = v1(Method::Post, &without, "AAAA").verdict();
        assert_eq!(verdict, Err(SignatureError::Missing(name)));
        assert_eq!(verdict.unwrap_err().code(), "MissingParameter");
    }
    let method = format!("{V1}&SignatureMethod=HmacMD5");
    assert_eq!(v1(Method::Get, &method, "AAAA").verdict(), Err(SignatureError::Malformed("SignatureMethod")));
    let twice = format!("{V1}&Nonce=1");
    let verdict = v1(Method::Get, &twice, "AAAA").verdict();
    assert_eq!(verdict, Err(SignatureError::Parameters(ParameterError::Twice)));
}

#[test]
fn a_request_with_nothing_in_it_misses_its_action() {
    let bare =
        Wire { method: Method::Get, path: "/", query: String::new(), headers: Vec::new(), body: Vec::new() };
    bare.look(|call| assert_eq!(call.unwrap().action(), Err(SignatureError::Missing("Action"))));
    let named = bare.set("x-tc-action", "DescribeProject");
    named.look(|call| {
        let call = call.unwrap();
        assert_eq!(call.action(), Ok("DescribeProject"));
        let claim = call.claim(UnixMillis(0), DEFAULT_WINDOW).err();
        assert_eq!(claim, Some(SignatureError::Unsigned));
    });
}

#[test]
fn without_a_signature_method_it_is_sha1_and_values_are_signed_decoded() {
    let parameters = format!("{V1}&DeviceNames.0=%E8%AE%BE%E5%A4%87+1&Data=%7B%22a%22%3A+1%7D");
    let decoded = format!("{V1}&DeviceNames.0=设备 1&Data={{\"a\": 1}}");
    let signature = sign_v1(SECRET, Method::Get, HOST, &decoded).unwrap();
    let wire = v1(Method::Get, &parameters, &signature);
    assert_eq!(wire.verdict(), Ok(()));
    wire.look(|call| {
        let expected = json!({ "ProjectId": "prj-1", "DeviceNames": ["设备 1"], "Data": "{\"a\": 1}" });
        assert_eq!(call.unwrap().arguments(), Ok(Arguments::Tree(expected)));
    });
}

#[test]
fn a_derived_key_serves_its_own_scope_only() {
    let key = SigningKey::derive(SECRET, Scope { date: "2023-11-14", service: "iotexplorer" });
    let other = SigningKey::derive(SECRET, Scope { date: "2023-11-14", service: "127" });
    tc3_post().look(|call| {
        let call = call.unwrap();
        let claim = call.claim(UnixMillis(NOW * 1000), DEFAULT_WINDOW).unwrap();
        assert_eq!(claim.verify_with(&key), Ok(()));
        assert_eq!(claim.verify_with(&other), Err(SignatureError::WrongSignature));
        assert_eq!(claim.usable_for(UnixMillis(NOW * 1000), DEFAULT_WINDOW), Duration::from_millis(300_999));
    });
    assert_eq!(format!("{key:?}"), "SigningKey(2023-11-14/iotexplorer, ..)");
}
