//! What a peer may make a core hold, before and after its CONNECT.

use std::io::Write;

use yizhan_link::LinkSettings;

use crate::server::{CONNACK, CONNECT, Server, expect, frame, publish};

#[test]
fn a_connect_as_large_as_other_packets_is_refused_by_its_header() {
    let server = Server::start(LinkSettings::default());
    let mut client = server.open();
    // 200,000 bytes of CONNECT, of which none needs to come.
    client.write_all(b"\x10\xc0\x9a\x0c").unwrap();
    server.wait_until(|seen| seen.malformed == 1 && seen.closed.len() == 1);
}

#[test]
fn large_packets_are_taken_right_behind_the_connect() {
    let server = Server::start(LinkSettings::default());
    let mut client = server.open();
    client.write_all(&[CONNECT, &publish(200_000)].concat()).unwrap();
    expect(&mut client, CONNACK);
    server.wait_until(|seen| seen.largest_payload == 200_000);
}

#[test]
fn a_websocket_message_is_limited_like_the_packet_in_it() {
    let server = Server::start(LinkSettings::default());
    let mut known = server.websocket();
    known.write_all(&frame(0x82, CONNECT)).unwrap();
    expect(&mut known, &[&[0x82, CONNACK.len() as u8], CONNACK].concat());
    known.write_all(&frame(0x82, &publish(200_000))).unwrap();
    server.wait_until(|seen| seen.largest_payload == 200_000);

    let mut unknown = server.websocket();
    // The header of a frame of 200,000 bytes.
    unknown.write_all(&[0x82, 0xFF, 0, 0, 0, 0, 0, 3, 0x0D, 0x40, 0, 0, 0, 0]).unwrap();
    server.wait_until(|seen| seen.closed.len() == 1);
}
