//! MQTT over WebSocket, the client's side: the upgrade request, masked binary frames out, frames in unwrapped in place
//! (device protocol facts §1.6). MQTT packets and frames need not coincide in either direction.

use tungstenite::handshake::derive_accept_key;

use crate::random::Random;

/// The longest answer to the upgrade request.
const MAX_ANSWER: usize = 4096;
/// Control frames carry at most this much.
const MAX_CONTROL: usize = 125;

pub(super) struct WebSocket {
    request: String,
    accept: String,
    masks: Random,
    frame: Frame,
    /// The collected bytes of a frame header or of a control frame's payload.
    held: Vec<u8>,
    /// Pongs to send.
    pongs: Vec<u8>,
}

/// Where in a frame the stream is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Frame {
    Header,
    Data { left: u64 },
    Control { opcode: u8, left: usize },
}

/// What a server did wrong, or that it closed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum WebSocketError {
    #[error("the WebSocket upgrade was answered with {0:?}")]
    Refused(String),
    #[error("the answer to the WebSocket upgrade is longer than {MAX_ANSWER} bytes")]
    AnswerTooLong,
    #[error("the WebSocket upgrade's answer lacks or breaks {0}")]
    BadAnswer(&'static str),
    #[error("the server sent a WebSocket frame that it must not send: {0}")]
    BadFrame(&'static str),
    #[error("the server closed the WebSocket")]
    Closed,
}

impl WebSocket {
    pub(super) fn new(host: &str, seed: u64) -> Self {
        let mut masks = Random::seeded(seed ^ 0x5745_4253_4f43_4b45);
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&masks.bits().to_le_bytes());
        nonce[8..].copy_from_slice(&masks.bits().to_le_bytes());
        let key = openssl::base64::encode_block(&nonce);
        let request = format!(
            "GET /mqtt HTTP/1.1\r\nHost: {host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
             Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
        );
        let accept = derive_accept_key(key.as_bytes());
        Self { request, accept, masks, frame: Frame::Header, held: Vec::new(), pongs: Vec::new() }
    }

    pub(super) fn request(&self) -> &str {
        &self.request
    }

    /// Checks the answer to the upgrade: how many bytes of `input` it took, or `None` if more must come.
    pub(super) fn answer(&self, input: &[u8]) -> Result<Option<usize>, WebSocketError> {
        let Some(end) = memchr::memmem::find(input, b"\r\n\r\n") else {
            return if input.len() > MAX_ANSWER { Err(WebSocketError::AnswerTooLong) } else { Ok(None) };
        };
        let head = std::str::from_utf8(&input[..end]).map_err(|_| WebSocketError::BadAnswer("its text"))?;
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap_or_default();
        if !status.starts_with("HTTP/1.1 101") {
            return Err(WebSocketError::Refused(status.to_owned()));
        }
        let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
        let value = |name: &str| {
            headers.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
        };
        if value("Sec-WebSocket-Accept") != Some(&self.accept) {
            return Err(WebSocketError::BadAnswer("Sec-WebSocket-Accept"));
        }
        if value("Sec-WebSocket-Protocol") != Some("mqtt") {
            return Err(WebSocketError::BadAnswer("Sec-WebSocket-Protocol"));
        }
        Ok(Some(end + 4))
    }

    /// Wraps `payload` into one masked binary frame at the end of `out`.
    pub(super) fn wrap(&mut self, payload: &[u8], out: &mut Vec<u8>) {
        let mask = self.masks.bits() as u32;
        frame(0x2, mask, payload, out);
    }

    /// The pongs that became due, if any, appended to `out`.
    pub(super) fn take_pongs(&mut self, out: &mut Vec<u8>) {
        out.append(&mut self.pongs);
    }

    /// Unwraps the frames in `bytes` so that its first bytes are their payload; returns how many.
    pub(super) fn unwrap(&mut self, bytes: &mut [u8]) -> Result<usize, WebSocketError> {
        let (mut from, mut to) = (0, 0);
        while from < bytes.len() {
            match self.frame {
                Frame::Header => {
                    self.held.push(bytes[from]);
                    from += 1;
                    if let Some(frame) = parse_header(&self.held)? {
                        self.frame = frame;
                        self.held.clear();
                        self.finish_empty()?;
                    }
                }
                Frame::Data { left } => {
                    let take = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len() - from);
                    bytes.copy_within(from..from + take, to);
                    (from, to) = (from + take, to + take);
                    self.frame = Frame::Data { left: left - take as u64 };
                    self.finish_empty()?;
                }
                Frame::Control { opcode, left } => {
                    let take = left.min(bytes.len() - from);
                    self.held.extend_from_slice(&bytes[from..from + take]);
                    from += take;
                    self.frame = Frame::Control { opcode, left: left - take };
                    self.finish_empty()?;
                }
            }
        }
        Ok(to)
    }

    /// Ends the current frame when nothing of it is left.
    fn finish_empty(&mut self) -> Result<(), WebSocketError> {
        match self.frame {
            Frame::Data { left: 0 } => self.frame = Frame::Header,
            Frame::Control { opcode, left: 0 } => {
                self.frame = Frame::Header;
                match opcode {
                    0x8 => return Err(WebSocketError::Closed),
                    0x9 => {
                        let mask = self.masks.bits() as u32;
                        frame(0xa, mask, &self.held, &mut self.pongs);
                    }
                    _ => {}
                }
                self.held.clear();
            }
            _ => {}
        }
        Ok(())
    }
}

/// Reads a frame header once it is complete.
fn parse_header(held: &[u8]) -> Result<Option<Frame>, WebSocketError> {
    let [first, second, ..] = held else { return Ok(None) };
    let opcode = first & 0x0f;
    if first & 0x70 != 0 {
        return Err(WebSocketError::BadFrame("a reserved bit is set"));
    }
    if second & 0x80 != 0 {
        return Err(WebSocketError::BadFrame("it is masked"));
    }
    let extended = match second & 0x7f {
        126 => 2,
        127 => 8,
        _ => 0,
    };
    let Some(length) = held.get(2..2 + extended) else { return Ok(None) };
    let length = match extended {
        0 => u64::from(second & 0x7f),
        _ => length.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)),
    };
    match opcode {
        0x0 | 0x2 => Ok(Some(Frame::Data { left: length })),
        0x8..=0xa if length <= MAX_CONTROL as u64 && first & 0x80 != 0 => {
            Ok(Some(Frame::Control { opcode, left: length as usize }))
        }
        0x8..=0xa => Err(WebSocketError::BadFrame("a control frame is too long or in parts")),
        0x1 => Err(WebSocketError::BadFrame("it is a text frame")),
        _ => Err(WebSocketError::BadFrame("its type is unknown")),
    }
}

fn frame(opcode: u8, mask: u32, payload: &[u8], out: &mut Vec<u8>) {
    out.push(0x80 | opcode);
    match payload.len() {
        length @ 0..=125 => out.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            out.push(0x80 | 126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(0x80 | 127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    let mask = mask.to_ne_bytes();
    out.extend_from_slice(&mask);
    out.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A frame as a server sends it.
    fn served(opcode: u8, payload: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x80 | opcode];
        if payload.len() < 126 {
            bytes.push(payload.len() as u8);
        } else {
            bytes.push(126);
            bytes.extend_from_slice(&(payload.len() as u16).to_be_bytes());
        }
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn frames_cut_anywhere_give_their_payload_in_order() {
        let mut stream = served(2, b"abc");
        stream.extend(served(9, b"ping"));
        stream.extend(served(2, &[7; 300]));
        stream.extend(served(2, b""));
        let expected = [b"abc".as_slice(), &[7; 300]].concat();
        for step in [1, 2, 3, 7, 1000] {
            let mut web = WebSocket::new("h", 1);
            let mut payload = Vec::new();
            for piece in stream.chunks(step) {
                let mut piece = piece.to_vec();
                let length = web.unwrap(&mut piece).unwrap();
                payload.extend_from_slice(&piece[..length]);
            }
            assert_eq!(payload, expected, "in steps of {step}");
            let mut pongs = Vec::new();
            web.take_pongs(&mut pongs);
            assert_eq!((pongs[0], pongs[1], pongs.len()), (0x8a, 0x84, 10));
        }
    }

    #[test]
    fn outgoing_frames_are_masked_and_say_their_length() {
        for (length, header) in [(5, 6), (126, 8), (70_000, 14)] {
            let payload: Vec<u8> = (0..length).map(|n| n as u8).collect();
            let mut out = Vec::new();
            WebSocket::new("h", 9).wrap(&payload, &mut out);
            assert_eq!((out[0], out[1] & 0x80, out.len()), (0x82, 0x80, header + length));
            let mask = &out[header - 4..header];
            let clear: Vec<u8> =
                out[header..].iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask).collect();
            assert_eq!(clear, payload);
        }
    }

    #[test]
    fn the_answer_must_fit_the_request() {
        let web = WebSocket::new("h", 3);
        let answer = |accept: &str| {
            format!(
                "HTTP/1.1 101 Switching Protocols\r\nsec-websocket-accept: {accept}\r\n\
                 Sec-WebSocket-Protocol: mqtt\r\n\r\nrest"
            )
        };
        let good = answer(&web.accept);
        assert_eq!(web.answer(good.as_bytes()).unwrap(), Some(good.len() - 4));
        assert_eq!(web.answer(&good.as_bytes()[..40]).unwrap(), None);
        assert!(matches!(web.answer(answer("x").as_bytes()), Err(WebSocketError::BadAnswer(_))));
        let refused = web.answer(b"HTTP/1.1 404 Not Found\r\n\r\n").unwrap_err();
        assert_eq!(refused, WebSocketError::Refused("HTTP/1.1 404 Not Found".into()));
    }

    #[test]
    fn frames_a_server_must_not_send_are_refused() {
        let unwrap = |bytes: &[u8]| WebSocket::new("h", 1).unwrap(&mut bytes.to_vec());
        assert_eq!(unwrap(&served(8, b"")), Err(WebSocketError::Closed));
        assert!(matches!(unwrap(&[0x82, 0x81, 0]), Err(WebSocketError::BadFrame(_))));
        assert!(matches!(unwrap(&served(1, b"x")), Err(WebSocketError::BadFrame(_))));
        assert!(matches!(unwrap(&[0xc2, 0]), Err(WebSocketError::BadFrame(_))));
        assert!(matches!(unwrap(&[0x09, 0]), Err(WebSocketError::BadFrame(_))));
    }
}
