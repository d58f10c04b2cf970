//! The web console's files as the real server gives them out, beside everything else that its port has.

use std::path::Path;

use tempfile::TempDir;
use yizhan_testkit::http::{Answer, Endpoint, request};
use yizhan_testkit::{ServerOptions, TestServer};

const PAGE: &str = "<!doctype html><title>console</title>";
/// "hello hello hello hello\n", compressed with Brotli.
const HELLO: [u8; 23] = [
    0x1b, 0x17, 0x00, 0xf8, 0x8d, 0x94, 0x6e, 0xde, 0x44, 0x55, 0x86, 0xd6, 0x0a, 0x20, 0x6c, 0x6f, 0x4a,
    0x11, 0x79, 0xe2, 0x80, 0xae, 0x16,
];

/// A server that shows the console of a folder.
struct Shown {
    server: TestServer,
    folder: TempDir,
}

impl Shown {
    fn start() -> Self {
        let folder = TempDir::new().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("assets")).expect("a folder in it");
        put(folder.path(), "index.html", PAGE.as_bytes());
        put(folder.path(), "assets/app-1.js.br", &HELLO);
        let path = folder.path().display().to_string();
        let server = TestServer::with(ServerOptions::default().set("console.assets_dir", &path));
        Self { server, folder }
    }

    fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        request(&Endpoint::Tcp(self.server.http()), method, path, headers, None).expect("an answer")
    }

    fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    std::fs::write(folder.join(name), bytes).expect("the folder can be written to");
}

#[test]
fn every_address_of_a_page_gives_the_console_under_its_policy() {
    let shown = Shown::start();
    for path in
        ["/", "/devices", "/products/ABCDEFGHIJ/devices/lamp-1?tab=log", "/?find=x", "/apis", "/setup"]
    {
        let page = shown.get(path);
        assert_eq!((page.status, page.text().as_str()), (200, PAGE), "{path}");
        assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
        assert_eq!(page.header("cache-control"), Some("no-cache"), "{path}");
        let policy = page.header("content-security-policy").expect("a policy");
        assert!(
            policy.contains("default-src 'self'") && policy.contains("frame-ancestors 'none'"),
            "{policy}"
        );
        assert!(!policy.contains("unsafe-eval") && !policy.contains("script-src"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    }
    let tag = shown.get("/").header("etag").expect("a tag").to_owned();
    let known = shown.ask("GET", "/", &[("If-None-Match", &tag)]);
    assert_eq!((known.status, known.body.len()), (304, 0));
    let head = shown.ask("HEAD", "/devices", &[]);
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(head.header("content-length"), Some(PAGE.len().to_string().as_str()));
}

#[test]
fn a_file_comes_compressed_or_not_and_is_kept_for_ever_where_its_name_says_what_is_in_it() {
    let shown = Shown::start();
    let packed = shown.ask("GET", "/assets/app-1.js", &[("Accept-Encoding", "gzip, deflate, br")]);
    assert_eq!((packed.header("content-encoding"), &packed.body[..]), (Some("br"), &HELLO[..]));
    let plain = shown.get("/assets/app-1.js");
    assert_eq!(
        (plain.header("content-encoding"), plain.text().as_str()),
        (None, "hello hello hello hello\n")
    );
    for file in [packed, plain] {
        assert_eq!(file.header("content-type"), Some("text/javascript; charset=utf-8"));
        assert_eq!(file.header("cache-control"), Some("public, max-age=31536000, immutable"));
        assert_eq!(file.header("vary"), Some("Accept-Encoding"));
    }
}

#[test]
fn what_looks_like_a_file_or_belongs_to_another_surface_is_not_a_page() {
    let shown = Shown::start();
    for path in [
        "/no-such-file.js",
        "/assets/gone-2.css",
        "/assets/../index.html",
        "/api",
        "/api/nothing",
        "/internal",
        "/files/nothing",
        "/device/nothing",
        "/metrics/nothing",
        "/healthz/nothing",
        "/mqtt",
    ] {
        let answer = shown.get(path);
        assert_eq!(answer.status, 404, "{path}");
        assert!(!answer.text().contains(PAGE), "{path}");
    }
    for path in ["/api/v1/nothing", "/internal/v1/nothing", "/device/register", "/files/uploads/nothing"] {
        let answer = shown.get(path);
        assert!((400..500).contains(&answer.status), "{path}: {}", answer.status);
        assert!(!answer.text().contains(PAGE), "{path}");
    }
    assert_eq!(shown.ask("POST", "/devices", &[]).status, 404);
    assert_eq!(shown.get("/healthz").text(), "ok\n");
}

#[test]
fn the_first_address_is_the_cloud_apis_for_whoever_signs() {
    let shown = Shown::start();
    for answer in [
        shown.ask("POST", "/", &[]),
        shown.get("/?Action=DescribeProducts&Version=2021-04-08"),
        shown.ask("GET", "/", &[("X-TC-Action", "DescribeProducts")]),
        shown.ask("GET", "/", &[("Authorization", "TC3-HMAC-SHA256 nothing")]),
    ] {
        assert_eq!(answer.status, 200);
        assert!(answer.json()["Response"]["Error"]["Code"].is_string(), "{}", answer.text());
    }
}

#[test]
fn an_open_console_can_tell_that_it_is_no_longer_the_servers() {
    let shown = Shown::start();
    let before = shown.get("/api/meta").json();
    assert_eq!(before["Version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(shown.get("/api/meta").json(), before);
    put(shown.folder.path(), "index.html", b"<!doctype html><title>newer</title>");
    assert_ne!(shown.get("/api/meta").json()["Build"], before["Build"]);
}

#[test]
fn a_server_without_a_console_says_how_to_get_one() {
    let shown = Shown::start();
    std::fs::remove_file(shown.folder.path().join("index.html")).expect("it was there");
    let page = shown.get("/devices");
    assert_eq!(page.status, 200);
    assert!(page.text().contains("scripts/console") && page.text().contains("make run"), "{}", page.text());
}
