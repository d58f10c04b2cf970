//! The client against a server that answers with prepared bytes.

use std::io::{Read, Write};
use std::os::unix::net::UnixListener;
use std::thread::JoinHandle;

use serde_json::json;
use tempfile::TempDir;

use super::*;

/// Answers one request with `pieces`, and gives back what was asked.
struct OneAnswer {
    folder: TempDir,
    thread: JoinHandle<String>,
}

impl OneAnswer {
    fn start(pieces: Vec<Vec<u8>>) -> Self {
        Self::start_then(pieces, Duration::ZERO)
    }

    /// Keeps the connection open for `linger` after the last piece.
    fn start_then(pieces: Vec<Vec<u8>>, linger: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("run")).unwrap();
        let listener = UnixListener::bind(folder.path().join("run/admin.sock")).unwrap();
        let serve = move || {
            let (mut stream, _) = listener.accept().unwrap();
            let request = read_request(&mut stream);
            for piece in pieces {
                stream.write_all(&piece).unwrap();
                stream.flush().unwrap();
                std::thread::sleep(Duration::from_millis(5));
            }
            std::thread::sleep(linger);
            request
        };
        let thread = std::thread::Builder::new().name("one-answer".into()).spawn(serve).unwrap();
        Self { folder, thread }
    }

    fn client(&self) -> LocalClient {
        LocalClient::new(&DataDir::at(self.folder.path().to_owned()))
    }

    fn asked(self) -> String {
        self.thread.join().unwrap()
    }
}

fn read_request(stream: &mut UnixStream) -> String {
    let mut request = Vec::new();
    let mut byte = [0];
    while !request.ends_with(b"\r\n\r\n") {
        assert_eq!(stream.read(&mut byte).unwrap(), 1);
        request.push(byte[0]);
    }
    let head = String::from_utf8(request.clone()).unwrap();
    let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: ")).unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

fn pieces(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

#[test]
fn an_answer_with_a_length_ends_there_though_the_connection_stays_open() {
    let text = "HTTP/1.1 201 Created\r\ncontent-length: 8\r\n\r\n{\"id\":1}";
    let server = OneAnswer::start_then(pieces(&[text]), Duration::from_millis(100));
    let answer = server.client().post(&Path::of(["products"]), &json!({"name": "lamp"})).unwrap();
    assert_eq!(answer, json!({"id": 1}));
    let asked = server.asked();
    assert!(asked.starts_with("POST /internal/v1/products HTTP/1.1\r\n"), "{asked}");
    assert!(asked.contains("Connection: close\r\n"), "{asked}");
    assert!(asked.ends_with("\r\n\r\n{\"name\":\"lamp\"}"), "{asked}");
}

#[test]
fn an_answer_in_chunks_is_put_together_wherever_it_is_cut() {
    let whole = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"a\":\r\nA;x=y\r\n [1,2,3] }\r\n0\r\n\r\n";
    for cut in [10, 50, 53, 60, 66, 70, whole.len() - 2] {
        let server = OneAnswer::start(pieces(&[&whole[..cut], &whole[cut..]]));
        assert_eq!(server.client().get(&Path::of(["x"])).unwrap(), json!({"a": [1, 2, 3]}), "cut at {cut}");
    }
}

#[test]
fn an_answer_without_a_length_ends_with_the_connection() {
    let server = OneAnswer::start(pieces(&["HTTP/1.1 200 OK\r\n\r\n{\"a\"", ":1}"]));
    assert_eq!(server.client().get(&Path::of(["x"])).unwrap(), json!({"a": 1}));
}

#[test]
fn an_answer_without_content_is_null() {
    let server = OneAnswer::start(pieces(&["HTTP/1.1 204 No Content\r\n\r\n"]));
    assert_eq!(server.client().delete(&Path::of(["x"])).unwrap(), Value::Null);
}

#[test]
fn a_refusal_carries_the_servers_words_and_the_errors_of_a_model() {
    let body = r#"{"error":{"code":"invalid_model","message":"the thing model is not valid","details":[{"code":"x","path":"properties[0].define","message":"is missing"}]}}"#;
    let head = format!("HTTP/1.1 422 Unprocessable Entity\r\nContent-Length: {}\r\n\r\n", body.len());
    let server = OneAnswer::start(pieces(&[&head, body]));
    let error = server.client().put(&Path::of(["products", "P", "model"]), "{}").unwrap_err();
    assert!(matches!(error, ClientError::Refused { status: 422, .. }));
    assert_eq!(error.to_string(), "the thing model is not valid\n  properties[0].define: is missing");
}

#[test]
fn a_refusal_that_is_not_json_is_shown_with_its_status() {
    let server =
        OneAnswer::start(pieces(&["HTTP/1.1 413 Payload Too Large\r\nContent-Length: 8\r\n\r\ntoo long"]));
    let error = server.client().get(&Path::of(["x"])).unwrap_err();
    assert_eq!(error.to_string(), "the server answered with HTTP status 413: too long");
}

#[test]
fn a_server_that_does_not_run_is_named_with_the_way_to_start_it() {
    let folder = tempfile::tempdir().unwrap();
    let client = LocalClient::new(&DataDir::at(folder.path().to_owned()));
    let message = client.get(&Path::of(["products"])).unwrap_err().to_string();
    assert!(message.contains("run/admin.sock"), "{message}");
    assert!(message.contains(&format!("yizhan serve --data {}", folder.path().display())), "{message}");
    // A socket that a killed server left behind.
    std::fs::create_dir(folder.path().join("run")).unwrap();
    drop(UnixListener::bind(folder.path().join("run/admin.sock")).unwrap());
    assert!(matches!(client.get(&Path::of(["x"])), Err(ClientError::NotRunning { .. })));
}

#[test]
fn a_server_that_does_not_answer_is_given_up() {
    let server = OneAnswer::start_then(Vec::new(), Duration::from_millis(500));
    let client = LocalClient { patience: Duration::from_millis(50), ..server.client() };
    let message = client.get(&Path::of(["x"])).unwrap_err().to_string();
    assert!(message.contains("no answer within"), "{message}");
}

#[test]
fn answers_that_are_cut_off_or_are_not_http_are_errors() {
    for wrong in [
        "",
        "SSH-2.0-OpenSSH\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: many\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nContent-Length: 99999999999\r\n\r\n{}",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}!\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{]",
    ] {
        let server = OneAnswer::start(pieces(&[wrong]));
        let error = server.client().get(&Path::of(["x"])).unwrap_err();
        assert!(matches!(error, ClientError::Broken { .. }), "{wrong:?}: {error}");
    }
}

#[test]
fn a_name_in_a_path_cannot_become_another_path() {
    assert_eq!(Path::of(["mqtt-users", "a/b?c d.e"]), Path("/mqtt-users/a%2Fb%3Fc%20d.e".into()));
    assert_eq!(Path::of(["products", ".."]), Path("/products/%2E%2E".into()));
    let path = Path::of(["x"]).query("from", Some(5)).query("to", None::<i64>).query("property", Some("a&b"));
    assert_eq!(path, Path("/x?from=5&property=a%26b".into()));
}
