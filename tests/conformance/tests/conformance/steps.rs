//! Steps that many tests begin or end with.

use std::time::Duration;

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::{Connect, Event, Properties};
use yizhan_testkit::{PATIENCE, RawClient, Received, Version};

/// The versions whose statements are numbered.
pub const BOTH: [Version; 2] = [Version::V311, Version::V5];

/// A topic that only this test uses.
pub fn topic() -> String {
    format!("conformance/{}", unique("t"))
}

/// A clean client that is subscribed.
#[track_caller]
pub fn subscriber(version: Version, filter: &str, qos: u8) -> RawClient {
    let mut client = broker().client(version);
    let suback = client.subscribe(1, &[(filter, qos)]);
    assert_eq!(suback.codes, [qos], "granted for {filter}");
    client
}

/// A connected client; sends `packet`, which must end the connection with one of `reasons` (MQTT 5) or silently.
#[track_caller]
pub fn refused_after_connect(version: Version, packet: &[u8], reasons: &[u8]) {
    let mut client = broker().client(version);
    client.send(packet);
    client.expect_refused(reasons);
}

/// Sends a CONNECT that must not be accepted: closed at once before MQTT 5, after an optional CONNACK there.
#[track_caller]
pub fn refused_connect(version: Version, packet: &[u8], reasons: &[u8]) {
    let mut client = broker().open();
    client.speak(version);
    client.send(packet);
    client.expect_refused(reasons);
}

/// Ends the connection without DISCONNECT and gives the server a moment to notice.
pub fn lose(client: RawClient) {
    client.drop_connection();
    std::thread::sleep(Duration::from_millis(150));
}

/// Every PUBLISH that comes until the connection has been silent for `quiet`, acknowledged as it came.
#[track_caller]
pub fn everything_within(client: &mut RawClient, quiet: Duration) -> Vec<yizhan_testkit::mqtt::Published> {
    let mut all = Vec::new();
    loop {
        match client.next(quiet) {
            Event::Packet(Received::Publish(publish)) => {
                client.complete(&publish);
                all.push(publish);
            }
            Event::Silence => return all,
            other => panic!("expected only messages, got {other:?}"),
        }
    }
}

/// Bytes until the server closes, for answers whose form depends on a version the server does not know.
#[track_caller]
pub fn raw_answer(client: &RawClient) -> Vec<u8> {
    use std::io::Read;
    let mut stream = client.stream();
    stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
    let mut answer = Vec::new();
    let mut chunk = [0; 1024];
    loop {
        match stream.read(&mut chunk) {
            Ok(0) => return answer,
            Ok(count) => answer.extend_from_slice(&chunk[..count]),
            Err(error)
                if matches!(error.kind(), std::io::ErrorKind::WouldBlock | std::io::ErrorKind::TimedOut) =>
            {
                panic!("the server did not close; it sent {answer:02x?}")
            }
            Err(_) => return answer,
        }
    }
}

/// A CONNECT for a session that ends with its connection, with these further properties.
pub fn v5_with(properties: Properties) -> Connect {
    broker().connect(Version::V5).properties(properties)
}
