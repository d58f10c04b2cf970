//! A client of `/api/v1/live` that builds its frames by hand: texts out, JSON in, and only when it is asked to read.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::PATIENCE;

/// A connection that watches.
pub struct LiveClient {
    stream: TcpStream,
    /// What was read and is not a whole frame yet.
    unread: Vec<u8>,
    closed: bool,
}

impl LiveClient {
    /// Opens the WebSocket with these request headers besides those of the upgrade; the status if it is refused.
    pub fn open(address: SocketAddr, headers: &[(&str, &str)]) -> Result<Self, u16> {
        let mut stream = TcpStream::connect(address).expect("the listener accepts");
        stream.set_read_timeout(Some(PATIENCE)).expect("a read timeout can be set");
        let mut request =
            "GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                .to_owned();
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        stream.write_all(request.as_bytes()).expect("the request is taken");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(
                stream.read(&mut byte).expect("the upgrade is answered"),
                1,
                "closed in the handshake"
            );
            answer.push(byte[0]);
        }
        let answer = String::from_utf8(answer).expect("headers are text");
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("a status");
        if status != 101 {
            return Err(status);
        }
        assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the key is not answered: {answer}");
        Ok(Self { stream, unread: Vec::new(), closed: false })
    }

    /// The same with a token, which must be accepted.
    #[track_caller]
    pub fn with_token(address: SocketAddr, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        Self::open(address, &[("Authorization", &bearer)])
            .unwrap_or_else(|status| panic!("the upgrade was answered with {status}"))
    }

    /// Sends a message.
    pub fn say(&mut self, message: &Value) {
        let payload = message.to_string().into_bytes();
        let mut frame = vec![0x81];
        match payload.len() {
            short @ 0..=125 => frame.push(0x80 | short as u8),
            long => {
                frame.push(0x80 | 126);
                frame.extend(u16::try_from(long).expect("tests say little").to_be_bytes());
            }
        }
        let mask = [0x11, 0x22, 0x33, 0x44];
        frame.extend(mask);
        frame.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ mask[index % 4]));
        self.stream.write_all(&frame).expect("the frame is taken");
    }

    /// Subscribes and waits for the first word about it: the whole message.
    #[track_caller]
    pub fn subscribe(&mut self, id: u64, request: &Value) -> Value {
        self.say(&json!({ "Id": id, "Subscribe": request }));
        self.next(PATIENCE).unwrap_or_else(|| panic!("{request} was not answered"))
    }

    /// The next message, if one comes in time.
    pub fn next(&mut self, patience: Duration) -> Option<Value> {
        let deadline = Instant::now() + patience;
        loop {
            if let Some((opcode, payload)) = self.take_frame() {
                match opcode {
                    0x81 => return Some(serde_json::from_slice(&payload).expect("messages are JSON")),
                    0x88 => {
                        self.closed = true;
                        return None;
                    }
                    _ => continue,
                }
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() || self.closed {
                return None;
            }
            self.stream.set_read_timeout(Some(left)).expect("a read timeout can be set");
            let mut chunk = [0; 64 * 1024];
            match self.stream.read(&mut chunk) {
                Ok(0) => self.closed = true,
                Ok(count) => self.unread.extend(&chunk[..count]),
                Err(_) => return None,
            }
        }
    }

    /// Whether the server has ended the connection, as far as was read.
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// Collects events, and how many were lost, until `enough` says so.
    ///
    /// # Panics
    /// When nothing comes for long, or something else than events.
    #[track_caller]
    pub fn collect(&mut self, mut enough: impl FnMut(&[Value], u64) -> bool) -> (Vec<Value>, u64) {
        let (mut events, mut lost) = (Vec::new(), 0);
        while !enough(&events, lost) {
            let Some(message) = self.next(PATIENCE) else {
                panic!("{} events and {lost} lost came, not enough: {:?}", events.len(), events.last());
            };
            let more = message["Events"].as_array().unwrap_or_else(|| panic!("no events: {message}"));
            events.extend(more.iter().cloned());
            lost += message["Lost"].as_u64().expect("what was lost is a number");
        }
        (events, lost)
    }

    /// Takes a whole frame out of what was read: its first byte and its payload.
    fn take_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        let (first, second) = (*self.unread.first()?, *self.unread.get(1)?);
        let (length, head) = match second {
            126 => (u64::from(u16::from_be_bytes(self.unread.get(2..4)?.try_into().ok()?)), 4),
            127 => (u64::from_be_bytes(self.unread.get(2..10)?.try_into().ok()?), 10),
            short => (u64::from(short), 2),
        };
        let end = head + usize::try_from(length).expect("a frame fits into memory");
        if self.unread.len() < end {
            return None;
        }
        let payload = self.unread[head..end].to_vec();
        self.unread.drain(..end);
        Some((first, payload))
    }
}
