//! No peer keeps a core to itself.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use yizhan_link::{Closed, LinkSettings};

use crate::server::{CONNACK, CONNECT, PINGREQ, PINGRESP, Server, expect, frame};

/// Sends `frames` over and over until the server has enough of it.
fn flood(mut websocket: UnixStream, first: &[u8], frames: &[u8]) -> std::thread::JoinHandle<()> {
    let mut answers = websocket.try_clone().unwrap();
    websocket.write_all(first).unwrap();
    let many = frames.repeat(4096 / frames.len());
    let reader =
        std::thread::Builder::new().spawn(move || while answers.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {});
    std::thread::Builder::new()
        .spawn(move || {
            while websocket.write_all(&many).is_ok() {}
            reader.unwrap().join().unwrap();
        })
        .unwrap()
}

fn others_are_served_while(first: &[u8], frames: &[u8]) {
    let server = Server::start(LinkSettings::default());
    let mut other = server.client();
    let flood = flood(server.websocket(), first, frames);
    let end = Instant::now() + Duration::from_secs(10);
    while server.seen(|seen| seen.closed.is_empty()) {
        let asked = Instant::now();
        assert!(asked < end, "the flood goes on and on");
        other.write_all(PINGREQ).unwrap();
        expect(&mut other, PINGRESP);
        assert!(asked.elapsed() < Duration::from_secs(2), "an answer took {:?}", asked.elapsed());
    }
    flood.join().unwrap();
    assert_eq!(server.seen(|seen| seen.closed.clone()), [Closed::EmptyFrames]);
}

#[test]
fn websocket_pings_without_end_end_the_connection_that_sends_them() {
    others_are_served_while(&[], &frame(0x89, b""));
}

#[test]
fn empty_websocket_messages_without_end_end_the_connection_that_sends_them() {
    others_are_served_while(&[], &frame(0x82, b""));
}

#[test]
fn empty_websocket_fragments_without_end_end_the_connection_that_sends_them() {
    others_are_served_while(&frame(0x02, b""), &frame(0x00, b""));
}

#[test]
fn websocket_pings_among_packets_harm_nobody() {
    let server = Server::start(LinkSettings::default());
    let mut websocket = server.websocket();
    websocket.write_all(&frame(0x82, CONNECT)).unwrap();
    expect(&mut websocket, &[&[0x82, CONNACK.len() as u8], CONNACK].concat());
    // More than are looked at in one turn, and then a packet that must not be forgotten behind them.
    let mut bytes = frame(0x8A, b"still here").repeat(200);
    bytes.extend(frame(0x82, PINGREQ));
    websocket.write_all(&bytes).unwrap();
    expect(&mut websocket, &[&[0x82, PINGRESP.len() as u8], PINGRESP].concat());
    assert!(server.seen(|seen| seen.closed.is_empty()));
}

#[test]
fn a_flooding_client_gets_one_read_a_turn() {
    let settings = LinkSettings { read_quantum_bytes: 64, ..LinkSettings::default() };
    let server = Server::start(settings);
    let mut client = server.client();
    let mut answers = client.try_clone().unwrap();
    let reader =
        std::thread::Builder::new().spawn(move || while answers.read(&mut [0; 4096]).is_ok_and(|n| n > 0) {});
    for _ in 0..200 {
        client.write_all(&PINGREQ.repeat(100)).unwrap();
    }
    client.shutdown(std::net::Shutdown::Both).unwrap();
    reader.unwrap().join().unwrap();
    server.wait_until(|seen| !seen.closed.is_empty());
    assert!(server.seen(|seen| seen.most_packets_a_turn) <= 32);
}
