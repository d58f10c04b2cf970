//! The running server for its operator: what is configured, backups from which a server can be restored, downloads through
//! signed URLs, and that nothing of it holds a secret.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_testkit::http::{Answer, Endpoint, request};
use yizhan_testkit::{ServerOptions, TestServer, server_binary};

fn call(server: &TestServer, operation: &str, body: &Value) -> Answer {
    server.admin().request_without_prefix("POST", &format!("/api/v1/{operation}"), Some(body))
}

#[track_caller]
fn done(server: &TestServer, operation: &str, body: &Value) -> Value {
    let answer = call(server, operation, body);
    assert_eq!(answer.status, 200, "{operation}: {}", answer.text());
    answer.json()
}

/// Waits for a job's end.
#[track_caller]
fn ended(server: &TestServer, started: &Value) -> Value {
    let id = started["Job"]["JobId"].clone();
    let begun = Instant::now();
    loop {
        let found = done(server, "DescribeJob", &json!({ "JobId": id }));
        if found["Job"]["State"] != "running" {
            return found["Job"].clone();
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not end: {found}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// What is behind a URL of the server.
fn fetched(server: &TestServer, url: &Value) -> Answer {
    let url = url.as_str().expect("a URL");
    let path = &url[url.find("/files/").expect("a URL of files")..];
    request(&Endpoint::Tcp(server.http()), "GET", path, &[], None).expect("the server answers")
}

#[test]
fn a_backup_is_made_as_a_job_verified_fetched_and_restored() {
    let server = TestServer::with(ServerOptions::default().set("backups.max_files", "1"));
    let made = ended(&server, &done(&server, "CreateBackup", &json!({})));
    assert_eq!((&made["State"], &made["Kind"]), (&json!("done"), &json!("CreateBackup")), "{made}");
    assert_eq!(made["Done"], made["Total"]);
    let name = made["Result"]["Name"].clone();
    let list = done(&server, "DescribeBackups", &json!({}));
    assert_eq!((&list["Backups"][0]["Name"], &list["MaxFiles"]), (&name, &json!(1)));
    let command = list["Backups"][0]["RestoreCommand"].as_str().unwrap();
    assert!(command.starts_with("yizhan restore --from /") && command.contains(name.as_str().unwrap()));
    let refused = call(&server, "CreateBackup", &json!({})).json();
    assert_eq!(refused["Error"]["Code"], "LimitExceeded", "{refused}");

    let verified = ended(&server, &done(&server, "VerifyBackup", &json!({ "Name": name })));
    assert_eq!(
        (&verified["State"], &verified["Result"]["Files"]),
        (&json!("done"), &made["Result"]["Files"])
    );
    let url = done(&server, "CreateBackupUrl", &json!({ "Name": name }))["Url"].clone();
    let file = fetched(&server, &url);
    assert_eq!((file.status, file.body.len()), (200, made["Result"]["Bytes"].as_u64().unwrap() as usize));
    let forged = json!(url.as_str().unwrap().replace("yizhan-2", "yizhan-1"));
    assert_eq!(fetched(&server, &forged).status, 403);

    let place = tempfile::tempdir().unwrap();
    let archive = place.path().join("backup.tar.zst");
    std::fs::write(&archive, &file.body).unwrap();
    let restored = Command::new(server_binary())
        .args(["restore", "--from"])
        .arg(&archive)
        .arg("--data")
        .arg(place.path().join("data"))
        .output()
        .unwrap();
    assert!(restored.status.success(), "{}", String::from_utf8_lossy(&restored.stderr));

    std::fs::write(server.data_dir().join("backups").join(name.as_str().unwrap()), "damaged").unwrap();
    let verified = ended(&server, &done(&server, "VerifyBackup", &json!({ "Name": name })));
    assert_eq!((&verified["State"], &verified["Code"]), (&json!("failed"), &json!("FailedOperation")));
    done(&server, "DeleteBackup", &json!({ "Name": name }));
    assert_eq!(call(&server, "DeleteBackup", &json!({ "Name": name })).status, 404);
    assert_eq!(call(&server, "CreateBackupUrl", &json!({ "Name": "../secret.key" })).status, 404);
    let jobs = done(&server, "DescribeJobs", &json!({}));
    assert_eq!((&jobs["Total"], &jobs["Jobs"][0]["Kind"]), (&json!(3), &json!("VerifyBackup")), "{jobs}");
    let over = call(&server, "CancelJob", &json!({ "JobId": jobs["Jobs"][0]["JobId"] })).json();
    assert_eq!(over["Error"]["Code"], "FailedOperation", "{over}");
}

#[test]
fn jobs_are_known_after_a_restart() {
    let mut server = TestServer::start();
    let made = ended(&server, &done(&server, "CreateBackup", &json!({})));
    server.restart();
    let found = done(&server, "DescribeJob", &json!({ "JobId": made["JobId"] }));
    assert_eq!(found["Job"], made);
}

#[test]
fn the_operator_sees_configuration_certificates_disk_counters_and_parts() {
    let server = TestServer::with(ServerOptions::default().set("journal.log_days", "7"));
    let settings = done(&server, "DescribeConfiguration", &json!({}))["Settings"].clone();
    let setting = |section: &str, key: &str| {
        let mut all = settings.as_array().unwrap().iter();
        all.find(|it| it["Section"] == section && it["Key"] == key).cloned().unwrap()
    };
    let days = setting("journal", "log_days");
    assert_eq!(
        (&days["Value"], &days["Default"], &days["Source"]),
        (&json!(7), &json!(30), &json!("command-line"))
    );
    assert_eq!(setting("log", "json")["Source"], "default");
    assert!(!setting("journal", "history_days")["AboutZh"].as_str().unwrap().is_empty());

    let certificates = done(&server, "DescribeServerCertificates", &json!({}));
    let roles: Vec<_> =
        certificates["Certificates"].as_array().unwrap().iter().map(|it| it["Role"].clone()).collect();
    assert_eq!(roles, ["rsa", "ecdsa", "authority"]);
    let ca = std::fs::read_to_string(server.data_dir().join("ca.pem")).unwrap();
    assert_eq!(certificates["CaPem"], ca);
    assert!(!certificates.to_string().contains("PRIVATE KEY"));

    let storage = done(&server, "DescribeStorage", &json!({}));
    assert!(storage["RegistryBytes"].as_u64().unwrap() > 0 && storage["FreeBytes"].as_u64().unwrap() > 0);
    assert_eq!(storage["Forecast"]["BasedOnDays"], 0);

    let counters = done(&server, "DescribeCounters", &json!({}))["Counters"].clone();
    let memory = counters.as_array().unwrap().iter().find(|it| it["Name"] == "process_resident_memory_bytes");
    assert!(memory.unwrap()["Value"].as_f64().unwrap() > 1e6);
    let names = json!({ "Names": ["yizhan_devices", "yizhan_connections_refused_total", "nothing"] });
    let history = done(&server, "DescribeCounterHistory", &names);
    let points = history["Times"].as_array().unwrap().len();
    assert!(points >= 1, "the start is noted: {history}");
    assert_eq!(history["Series"][1]["Values"].as_array().unwrap().len(), points);
    assert_eq!(history["Series"][2]["Values"], json!([]));
    let about = done(&server, "DescribeAbout", &json!({}));
    assert!(about["Libraries"].as_array().unwrap().iter().any(|it| it["Name"] == "tokio"));
}

#[test]
fn refusals_are_listed_and_the_diagnostics_bundle_holds_no_secret() {
    let server = TestServer::start();
    let wrong = [("Authorization", "Bearer wrong-token-of-nobody")];
    let refused =
        request(&Endpoint::Tcp(server.http()), "POST", "/api/v1/DescribeJobs", &wrong, None).unwrap();
    assert_eq!(refused.status, 401);
    let refusals = done(&server, "DescribeRefusals", &json!({ "Keyword": "token" }));
    assert!(refusals["Total"].as_u64().unwrap() >= 1, "{refusals}");
    assert_eq!(done(&server, "DescribeRefusals", &json!({ "Keyword": "nowhere" }))["Total"], 0);

    let url = done(&server, "CreateDiagnosticsUrl", &json!({}))["Url"].clone();
    let bundle = fetched(&server, &url);
    assert_eq!((bundle.status, bundle.header("content-type")), (200, Some("application/zip")));
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bundle.body)).unwrap();
    let names: Vec<String> = archive.file_names().map(|name| name.unwrap().into_owned()).collect();
    for name in ["about.json", "configuration.json", "metrics.txt", "refusals.json", "warnings.json"] {
        assert!(names.iter().any(|found| found == name), "{name} is not in {names:?}");
    }
    for index in 0..archive.len() {
        let text = std::io::read_to_string(archive.by_index(index).unwrap()).unwrap();
        assert!(!text.contains("wrong-token-of-nobody") && !text.contains("PRIVATE KEY"));
    }
}
