//! Lines as people type them, the requests that become of them, and the tables that people see.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;

use clap::Parser;
use serde_json::{Value, json};

use super::Admin;

#[derive(Debug, Parser)]
struct Line {
    #[command(flatten)]
    admin: Admin,
}

fn parse(line: &str) -> Result<Admin, String> {
    let words = std::iter::once("admin").chain(line.split_whitespace());
    Line::try_parse_from(words).map(|line| line.admin).map_err(|error| error.to_string())
}

/// Runs a line against a server that answers everything with `answer`; gives back the request line and body.
fn asked(line: &str, answer: &Value) -> (String, Value) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("run")).unwrap();
    let listener = UnixListener::bind(folder.path().join("run/admin.sock")).unwrap();
    let answer = answer.to_string();
    let serve = move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
        let mut body = vec![0; length.parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
        let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{answer}", answer.len());
        stream.write_all(reply.as_bytes()).unwrap();
        let request = head.lines().next().unwrap().trim_end_matches(" HTTP/1.1").to_owned();
        (request.replace("/internal/v1", ""), serde_json::from_slice(&body).unwrap_or(Value::Null))
    };
    let server = std::thread::Builder::new().name("server".into()).spawn(serve).unwrap();
    parse(&format!("--data {} {line}", folder.path().display())).unwrap().run().unwrap();
    server.join().unwrap()
}

#[test]
fn each_line_becomes_its_request() {
    let nothing = json!({});
    let cases = [
        ("product list", "GET /products", Value::Null),
        ("product create --name Lamp", "POST /products", json!({ "name": "Lamp" })),
        (
            "product create --id LAMP000001 --name L --node subdevice --auth certificate --dynamic-registration auto \
             --auto-create-quota 5",
            "POST /products",
            json!({
                "id": "LAMP000001", "name": "L", "node": "sub_device", "auth": "certificate",
                "dynamic_registration": "auto", "auto_create_quota": 5,
            }),
        ),
        ("product show P", "GET /products/P", Value::Null),
        ("product change P --name N", "PATCH /products/P", json!({ "name": "N" })),
        ("product disable P", "PATCH /products/P", json!({ "enabled": false })),
        ("product delete P", "DELETE /products/P", Value::Null),
        ("product topics P", "GET /products/P/topics", Value::Null),
        ("device create P a b", "POST /products/P/devices", json!({ "names": ["a", "b"] })),
        (
            "device create P --prefix lamp- --count 3",
            "POST /products/P/devices",
            json!({ "prefix": "lamp-", "count": 3 }),
        ),
        ("device list P --offset 10", "GET /products/P/devices?offset=10&limit=100", Value::Null),
        ("device show P a", "GET /products/P/devices/a", Value::Null),
        ("device enable P a", "PATCH /products/P/devices/a", json!({ "enabled": true })),
        ("device delete P a", "DELETE /products/P/devices/a", Value::Null),
        ("device certificate P a --revoke", "DELETE /products/P/devices/a/certificate", Value::Null),
        (
            r#"device control P a {"power_switch":1} --wait 0"#,
            "POST /products/P/devices/a/control",
            json!({ "params": { "power_switch": 1 }, "wait_ms": 0 }),
        ),
        ("device action P a blink", "POST /products/P/devices/a/actions/blink", json!({ "params": {} })),
        ("device data P a", "GET /products/P/devices/a/properties", Value::Null),
        (
            "device history P a color --from 5 --to 2026-01-31T08:00:00Z --order desc --limit 9",
            "GET /products/P/devices/a/history?property=color&from=5&to=1769846400000&limit=9&order=desc",
            Value::Null,
        ),
        (
            "device history P a color --bucket 1000",
            "GET /products/P/devices/a/history?property=color&bucket=1000",
            Value::Null,
        ),
        (
            "device log P a content --cursor x/y",
            "GET /products/P/devices/a/logs/content?cursor=x%2Fy",
            Value::Null,
        ),
        ("device commands P a", "GET /products/P/devices/a/commands", Value::Null),
        ("device command P a 00ff", "GET /products/P/devices/a/commands/00ff", Value::Null),
        (
            "mqtt-user create bob --publish a/# --subscribe b --subscribe c",
            "POST /mqtt-users",
            json!({ "name": "bob", "publish": ["a/#"], "subscribe": ["b", "c"] }),
        ),
        ("mqtt-user list", "GET /mqtt-users", Value::Null),
        ("mqtt-user delete bob", "DELETE /mqtt-users/bob", Value::Null),
        (
            "account create partner --owner root",
            "POST /accounts",
            json!({ "name": "partner", "owner": "root", "remark": "" }),
        ),
        ("account disable root:partner", "PATCH /accounts/root%3Apartner", json!({ "enabled": false })),
        ("key create", "POST /accounts/root/keys", json!({ "remark": "" })),
        ("key create 100000000002", "POST /accounts/100000000002/keys", json!({ "remark": "" })),
        ("key delete AKIDa --account other", "DELETE /accounts/other/keys/AKIDa", Value::Null),
        ("token create ci", "POST /tokens", json!({ "name": "ci" })),
        ("token delete ci", "DELETE /tokens/ci", Value::Null),
        ("refusals --limit 5", "GET /refusals?limit=5", Value::Null),
    ];
    for (line, request, body) in cases {
        for json in ["", " --json"] {
            let seen = asked(&format!("{line}{json}"), &nothing);
            assert_eq!(seen, (request.to_owned(), body.clone()), "{line}");
        }
    }
}

#[test]
fn lines_that_cannot_be_meant_are_refused() {
    for line in [
        "",
        "product create",
        "device create P",
        "device create P --prefix x",
        "device create P a --prefix x --count 2",
        "device certificate P a",
        "device log P a weather",
        "device history P a color --from yesterday",
        "product topics P --set control",
        "product topics P --set control=write",
    ] {
        assert!(parse(line).is_err(), "{line}");
    }
}

#[test]
fn a_certificate_is_written_with_a_private_key_that_only_the_owner_reads() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path().join("lamp");
    let answer = json!({ "certificate": "C", "private_key": "K", "ca": "A", "serial": "1", "not_after": 0 });
    asked(&format!("device certificate P a --out {}", out.display()), &answer);
    assert_eq!(std::fs::read_to_string(out.join("Pa.crt.pem")).unwrap(), "C");
    assert_eq!(std::fs::read_to_string(out.join("ca.pem")).unwrap(), "A");
    let key = out.join("Pa.key.pem");
    assert_eq!(std::fs::read_to_string(&key).unwrap(), "K");
    assert_eq!(key.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn products_are_shown_as_a_table() {
    let answer = json!({ "products": [{
        "id": "LAMP000001", "name": "智能灯", "node": "device", "auth": "key", "dynamic_registration": "off",
        "has_model": true, "devices": 3, "enabled": true,
    }] });
    let text = super::product::listed(&answer);
    assert_eq!(
        text,
        "ID          NAME    NODE    AUTH  REGISTRATION  MODEL  DEVICES  ENABLED\n\
         LAMP000001  智能灯  device  key   off           yes    3        yes"
    );
    assert!(super::product::listed(&json!({ "products": [] })).contains("yizhan admin product create"));
}
