//! §6: MQTT over WebSocket, with a client that builds its frames by hand.

use std::io::{Read, Write};
use std::net::TcpStream;

use yizhan_conformance::{broker, unique};
use yizhan_testkit::mqtt::build::{self, Publishing};
use yizhan_testkit::mqtt::{Properties, parse, split_packet};
use yizhan_testkit::{PATIENCE, Received, Version};

use crate::steps::{BOTH, topic};

const BINARY: u8 = 0x82;
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
const PONG: u8 = 0x8A;

struct WebSocket {
    stream: TcpStream,
    answer: String,
    unread: Vec<u8>,
}

impl WebSocket {
    /// Shakes hands; `None` when the target has no WebSocket listener.
    #[track_caller]
    fn open(path: &str, offered: &str) -> Option<Self> {
        let mut stream = TcpStream::connect(broker().websocket()?).expect("the listener accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Protocol: {offered}\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            let count = stream.read(&mut byte).expect("the handshake is answered");
            assert_eq!(count, 1, "closed in the handshake after {:?}", String::from_utf8_lossy(&answer));
            answer.push(byte[0]);
        }
        Some(Self {
            stream,
            answer: String::from_utf8(answer).expect("headers are text"),
            unread: Vec::new(),
        })
    }

    fn frame(&mut self, opcode: u8, payload: &[u8]) {
        let mut frame = vec![opcode];
        match payload.len() {
            short @ 0..=125 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend((long as u16).to_be_bytes());
            }
        }
        let mask = [0x11, 0x22, 0x33, 0x44];
        frame.extend(mask);
        frame.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ mask[index % 4]));
        self.stream.write_all(&frame).expect("the frame is taken");
    }

    /// One frame: opcode byte and payload; `None` at the end of the stream.
    fn read_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let mut head = [0; 2];
        self.stream.read_exact(&mut head).ok()?;
        assert_eq!(head[1] & 0x80, 0, "a server does not mask");
        let length = match head[1] {
            126 => {
                let mut long = [0; 2];
                self.stream.read_exact(&mut long).ok()?;
                usize::from(u16::from_be_bytes(long))
            }
            127 => panic!("a frame of more than 65,535 bytes"),
            short => usize::from(short),
        };
        let mut payload = vec![0; length];
        self.stream.read_exact(&mut payload).ok()?;
        Some((head[0], payload))
    }

    /// The next MQTT packet, from however many frames it takes.
    #[track_caller]
    fn packet(&mut self, version: Version) -> Received {
        loop {
            if let Some((header, length)) = split_packet(&self.unread).expect("a sound remaining length") {
                let packet =
                    parse(version, self.unread[0], &self.unread[header..length]).expect("a sound packet");
                self.unread.drain(..length);
                return packet;
            }
            let (opcode, payload) = self.read_frame().expect("a packet, not the end");
            if opcode & 0x0F == 0x09 || opcode & 0x0F == 0x0A {
                continue;
            }
            assert!(
                matches!(opcode & 0x0F, 0x02 | 0x00),
                "packets travel in binary frames, not {opcode:#04x}"
            );
            self.unread.extend(payload);
        }
    }

    /// The connection must end, with or without a close frame.
    #[track_caller]
    fn expect_end(&mut self) {
        while let Some((opcode, _)) = self.read_frame() {
            assert!(opcode == CLOSE || opcode & 0x0F == 0x02, "expected the end, got frame {opcode:#04x}");
        }
    }
}

/// 3.1.1: 6.0.0-4
/// 5.0: 6.0.0-4
#[test]
fn the_handshake_selects_the_mqtt_sub_protocol() {
    for path in ["/mqtt", "/"] {
        for offered in ["mqtt", "other, mqtt", "mqtt, mqttv3.1"] {
            let Some(socket) = WebSocket::open(path, offered) else { return };
            assert!(socket.answer.starts_with("HTTP/1.1 101"), "{path}: {}", socket.answer);
            let protocol = socket
                .answer
                .lines()
                .find_map(|line| {
                    line.split_once(": ")
                        .filter(|(name, _)| name.eq_ignore_ascii_case("sec-websocket-protocol"))
                })
                .map(|(_, value)| value.trim());
            assert_eq!(protocol, Some("mqtt"), "{path} with {offered}");
            assert!(socket.answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the accept key of RFC 6455");
        }
    }
}

/// 3.1.1: 6.0.0-1
/// 5.0: 6.0.0-1
#[test]
fn packets_travel_in_binary_frames() {
    for version in BOTH {
        let topic = topic();
        let Some(mut socket) = WebSocket::open("/mqtt", "mqtt") else { return };
        socket.frame(BINARY, &broker().connect(version).encode());
        assert!(matches!(socket.packet(version), Received::ConnAck(connack) if connack.code == 0));
        socket.frame(BINARY, &build::subscribe(version, 1, &[(&topic, 1)], &Properties::none()));
        assert!(matches!(socket.packet(version), Received::SubAck(_)));
        let payload = vec![b'x'; 20_000];
        broker().client(version).publish(&topic, &payload, 1);
        match socket.packet(version) {
            Received::Publish(publish) => assert_eq!(publish.payload, payload),
            other => panic!("expected the message, got {other:?}"),
        }
    }
}

/// 3.1.1: 6.0.0-2
/// 5.0: 6.0.0-2
#[test]
fn packets_need_not_fit_the_frames() {
    for version in BOTH {
        let topic = topic();
        let mut bytes = broker().connect_as(version, &unique("ws")).encode();
        bytes.extend(build::subscribe(version, 1, &[(&topic, 0)], &Properties::none()));
        bytes.extend(Publishing::new(&topic, b"through pieces").encode(version));
        bytes.extend(build::PINGREQ);
        for size in [1, 3, 7, bytes.len()] {
            let Some(mut socket) = WebSocket::open("/mqtt", "mqtt") else { return };
            for piece in bytes.chunks(size) {
                socket.frame(BINARY, piece);
            }
            assert!(matches!(socket.packet(version), Received::ConnAck(_)));
            assert!(matches!(socket.packet(version), Received::SubAck(_)));
            assert!(matches!(socket.packet(version), Received::Publish(p) if p.payload == b"through pieces"));
            assert!(matches!(socket.packet(version), Received::PingResp));
        }
    }
}

/// 3.1.1: 6.0.0-1
/// 5.0: 6.0.0-1
#[test]
fn a_text_frame_ends_the_connection() {
    for version in BOTH {
        let Some(mut socket) = WebSocket::open("/mqtt", "mqtt") else { return };
        socket.frame(TEXT, b"hello");
        socket.expect_end();
        let Some(mut socket) = WebSocket::open("/mqtt", "mqtt") else { return };
        socket.frame(BINARY, &broker().connect(version).encode());
        assert!(matches!(socket.packet(version), Received::ConnAck(_)));
        socket.frame(TEXT, &build::PINGREQ);
        socket.expect_end();
    }
}

/// 3.1.1: 6.0.0-1
/// 5.0: 6.0.0-1
#[test]
fn control_frames_are_answered_between_packets() {
    let Some(mut socket) = WebSocket::open("/mqtt", "mqtt") else { return };
    let connect = broker().connect(Version::V311).encode();
    let (head, tail) = connect.split_at(5);
    socket.frame(BINARY, head);
    socket.frame(PING, b"are you there");
    let (opcode, payload) = socket.read_frame().expect("a pong");
    assert_eq!((opcode, payload.as_slice()), (PONG, &b"are you there"[..]));
    socket.frame(BINARY, tail);
    assert!(matches!(socket.packet(Version::V311), Received::ConnAck(connack) if connack.code == 0));
    socket.frame(CLOSE, &[0x03, 0xE8]);
    socket.expect_end();
}
