//! The HTTP listeners under pressure: who holds connections open shuts nobody out for long, and an orderly stop lets
//! requests finish. Only for our own server.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yizhan_conformance::own_server_with;
use yizhan_testkit::{Admin, PATIENCE, ServerOptions, TestServer};

/// Opens a connection on which nothing is said.
fn hold(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("the kernel accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
    stream
}

/// At once, and not only when the deadline for a request is over.
#[track_caller]
fn expect_closed(mut stream: TcpStream) {
    stream.set_read_timeout(Some(Duration::from_secs(5))).expect("a read timeout can be set");
    match stream.read(&mut [0; 16]) {
        Ok(0) => {}
        Err(error) if error.kind() == ErrorKind::ConnectionReset => {}
        other => panic!("expected the end of the connection, got {other:?}"),
    }
}

fn is_served(address: SocketAddr) -> bool {
    let mut stream = hold(address);
    let mut answer = String::new();
    stream.write_all(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").is_ok()
        && stream.read_to_string(&mut answer).is_ok()
        && answer.starts_with("HTTP/1.1 200")
}

#[track_caller]
fn expect_served(server: &TestServer) {
    let deadline = Instant::now() + PATIENCE;
    // A place is free as soon as the server has noticed that its holder is gone.
    while !is_served(server.http()) {
        assert!(Instant::now() < deadline, "nobody is served");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The present value of a counter without labels.
#[track_caller]
fn counter(admin: &Admin, name: &str) -> f64 {
    let text = admin.request_without_prefix("GET", "/metrics", None).text();
    let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_else(|| panic!("no {name}"));
    line.rsplit(' ').next().and_then(|value| value.parse().ok()).expect("a number")
}

#[test]
fn silent_connections_at_every_port_leave_the_local_socket_to_the_operator() {
    let options = ServerOptions::default().set("connections.max_http", "4");
    let Some(broker) = own_server_with(options) else { return };
    let server = broker.server().expect("our own server");
    // TLS connections take their place before the handshake, too.
    let held: Vec<_> = [server.http(), server.https(), server.http(), server.https()].map(hold).into();
    // The places are taken when the server accepts, which is a moment later.
    std::thread::sleep(Duration::from_millis(300));
    expect_closed(hold(server.http()));
    expect_closed(hold(server.https()));
    let admin = server.admin();
    admin.get("/products");
    assert!(counter(&admin, "yizhan_http_connections_refused_total") >= 2.0);
    drop(held);
    expect_served(server);
}

#[test]
fn one_address_may_have_so_many_connections_only() {
    let options = ServerOptions::default().set("connections.max_http_per_address", "2");
    let Some(broker) = own_server_with(options) else { return };
    let server = broker.server().expect("our own server");
    let held = [server.http(), server.https()].map(hold);
    std::thread::sleep(Duration::from_millis(300));
    expect_closed(hold(server.http()));
    drop(held);
    expect_served(server);
}

#[test]
fn unfinished_handshakes_of_one_address_count_over_all_ports() {
    let options = ServerOptions::default().set("connections.max_handshakes_per_address", "2");
    let Some(broker) = own_server_with(options) else { return };
    let server = broker.server().expect("our own server");
    let held = [server.http(), server.mqtt()].map(hold);
    std::thread::sleep(Duration::from_millis(300));
    expect_closed(hold(server.http()));
    expect_closed(hold(server.mqtt()));
    drop(held);
    expect_served(server);
}

#[test]
fn a_request_under_way_is_answered_before_the_server_stops() {
    if std::env::var_os("CONFORMANCE_TARGET").is_some() {
        return;
    }
    let mut server = TestServer::start();
    server.admin().create_product("STOPPING01");
    let mut stream =
        UnixStream::connect(server.data_dir().join("run/admin.sock")).expect("the socket is there");
    stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
    let body = json!({ "names": ["late"] }).to_string();
    let head = format!(
        "POST /internal/v1/products/STOPPING01/devices HTTP/1.1\r\nHost: localhost\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    let (first, rest) = body.as_bytes().split_at(4);
    stream.write_all(&[head.as_bytes(), first].concat()).expect("the request is taken");
    std::thread::sleep(Duration::from_millis(300));
    let answer = std::thread::scope(|scope| {
        let stop = scope.spawn(|| server.terminate());
        std::thread::sleep(Duration::from_millis(500));
        stream.write_all(rest).expect("the rest of the request is taken");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        assert!(stop.join().expect("the stop does not panic").success());
        answer
    });
    let (head, body) = answer.split_once("\r\n\r\n").expect("an HTTP answer");
    assert!(head.starts_with("HTTP/1.1 20"), "{answer}");
    let body: Value = serde_json::from_str(body).expect("an answer in JSON");
    assert_eq!(body["total"], 1, "{body}");
}
