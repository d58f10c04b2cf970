//! The first bytes of an HTTP connection decide what it is: an upgrade to MQTT over WebSocket goes to a core, anything
//! else to the HTTP server. The upgrade is answered here, by hand, because the vendor's C client compares header names
//! with their exact case (device protocol facts §1.6), which no HTTP library keeps.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

/// The longest request head that is looked at.
const MAX_HEAD: usize = 16 * 1024;

/// What came in at the door.
pub(crate) enum Visitor {
    /// An upgrade to MQTT over WebSocket: the answer to write, and bytes behind the request.
    Mqtt { answer: String, early: Vec<u8> },
    /// An upgrade that is not acceptable: the answer to write.
    Refused(String),
    /// Ordinary HTTP, with what was read of it.
    Http(Vec<u8>),
    /// Nothing that could be served.
    Gone,
}

/// Reads the request head, which must come within `deadline`, and decides.
pub(crate) async fn receive<S: AsyncRead + Unpin>(stream: &mut S, deadline: Duration) -> Visitor {
    let mut head = Vec::with_capacity(1024);
    let read = async {
        loop {
            if let Some(end) = end_of_head(&head) {
                return Some(end);
            }
            // Only an upgrade needs its whole head here; everything else goes on at once.
            if head.len() >= 4 && !head.starts_with(b"GET ") || head.len() >= MAX_HEAD {
                return Some(head.len());
            }
            if stream.read_buf(&mut head).await.ok()? == 0 {
                return None;
            }
        }
    };
    match tokio::time::timeout(deadline, read).await {
        Ok(Some(end)) => judge(head, end),
        Ok(None) | Err(_) => Visitor::Gone,
    }
}

fn end_of_head(bytes: &[u8]) -> Option<usize> {
    bytes.windows(4).position(|window| window == b"\r\n\r\n").map(|position| position + 4)
}

fn judge(mut head: Vec<u8>, end: usize) -> Visitor {
    let Some(request) = std::str::from_utf8(&head[..end]).ok().and_then(Upgrade::read) else {
        return Visitor::Http(head);
    };
    let answer = yizhan_link::upgrade_response(request.key, request.version, request.protocols);
    match answer {
        Ok(answer) => {
            let early = head.split_off(end);
            Visitor::Mqtt { answer, early }
        }
        Err(error) => {
            let text = error.to_string();
            Visitor::Refused(format!(
                "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
                text.len()
            ))
        }
    }
}

/// The parts of an upgrade request on a path of ours.
struct Upgrade<'a> {
    key: Option<&'a str>,
    version: Option<&'a str>,
    protocols: Option<&'a str>,
}

impl<'a> Upgrade<'a> {
    fn read(head: &'a str) -> Option<Self> {
        let mut lines = head.split("\r\n");
        let mut request = lines.next()?.split(' ');
        let (method, target) = (request.next()?, request.next()?);
        let path = target.split('?').next()?;
        if method != "GET" || !matches!(path, "/" | "/mqtt") {
            return None;
        }
        let mut upgrade = Self { key: None, version: None, protocols: None };
        let mut websocket = false;
        for line in lines {
            let Some((name, value)) = line.split_once(':') else { continue };
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "upgrade" => websocket = value.eq_ignore_ascii_case("websocket"),
                "sec-websocket-key" => upgrade.key = Some(value),
                "sec-websocket-version" => upgrade.version = Some(value),
                "sec-websocket-protocol" => upgrade.protocols = Some(value),
                _ => {}
            }
        }
        websocket.then_some(upgrade)
    }
}

/// A stream whose first bytes were read already.
pub(crate) struct Replayed<S> {
    first: Vec<u8>,
    position: usize,
    inner: S,
}

impl<S> Replayed<S> {
    pub(crate) fn new(first: Vec<u8>, inner: S) -> Self {
        Self { first, position: 0, inner }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if self.position < self.first.len() {
            let count = buffer.remaining().min(self.first.len() - self.position);
            buffer.put_slice(&self.first[self.position..self.position + count]);
            self.position += count;
            if self.position == self.first.len() {
                self.first = Vec::new();
                self.position = 0;
            }
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replayed<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}

/// Where a connection came from, as text for logs.
pub(crate) fn described(address: Option<SocketAddr>) -> String {
    address.map_or_else(|| "local socket".to_owned(), |address| address.to_string())
}
