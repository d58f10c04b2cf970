//! Reading one HTTP/1.1 answer to its end: with a content length, in chunks, or until the server closes.

use std::io::{self, ErrorKind, Read};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

/// The longest head, the longest line of a chunk, and the longest body that is taken.
const MAX_HEAD: usize = 64 << 10;
const MAX_CHUNK_LINE: usize = 1 << 10;
const MAX_BODY: usize = 256 << 20;

/// Status and body.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Vec<u8>,
}

/// How the end of a body is known.
enum Length {
    Known(usize),
    Chunked,
    UntilClose,
}

pub(super) fn read(stream: &mut UnixStream, deadline: Instant) -> io::Result<Answer> {
    let mut input = Input { stream, deadline, buffer: Vec::new(), at: 0 };
    loop {
        let (status, length) = input.head()?;
        // Interim answers have no body and are followed by the real one.
        if (100..200).contains(&status) {
            continue;
        }
        let body = match length {
            _ if matches!(status, 204 | 304) => Vec::new(),
            Length::Known(length) => input.exactly(length)?,
            Length::Chunked => input.chunks()?,
            Length::UntilClose => input.rest()?,
        };
        return Ok(Answer { status, body });
    }
}

struct Input<'a> {
    stream: &'a mut UnixStream,
    deadline: Instant,
    buffer: Vec<u8>,
    /// What was taken out of the buffer already.
    at: usize,
}

impl Input<'_> {
    fn head(&mut self) -> io::Result<(u16, Length)> {
        let status_line = self.line(MAX_HEAD)?;
        let status = status_line.strip_prefix("HTTP/1.").and_then(|rest| rest.get(2..5));
        let status = status.and_then(|code| code.parse().ok()).ok_or_else(|| bad("its status line"))?;
        let mut length = Length::UntilClose;
        let mut room = MAX_HEAD;
        loop {
            let line = self.line(room)?;
            if line.is_empty() {
                return Ok((status, length));
            }
            room = room.saturating_sub(line.len() + 2);
            let (name, value) = line.split_once(':').ok_or_else(|| bad("a header"))?;
            let value = value.trim();
            if name.eq_ignore_ascii_case("transfer-encoding") && value.eq_ignore_ascii_case("chunked") {
                length = Length::Chunked;
            } else if name.eq_ignore_ascii_case("content-length") && !matches!(length, Length::Chunked) {
                length = Length::Known(value.parse().map_err(|_| bad("its length"))?);
            }
        }
    }

    fn chunks(&mut self) -> io::Result<Vec<u8>> {
        let mut body = Vec::new();
        loop {
            let line = self.line(MAX_CHUNK_LINE)?;
            let size = line.split(';').next().unwrap_or_default().trim();
            let size = usize::from_str_radix(size, 16).map_err(|_| bad("a chunk's size"))?;
            if size == 0 {
                // What may follow, trailers, says nothing that is of use here.
                return Ok(body);
            }
            if size > MAX_BODY - body.len() {
                return Err(too_large());
            }
            body.extend_from_slice(&self.exactly(size)?);
            if !self.line(2)?.is_empty() {
                return Err(bad("a chunk's end"));
            }
        }
    }

    fn exactly(&mut self, length: usize) -> io::Result<Vec<u8>> {
        if length > MAX_BODY {
            return Err(too_large());
        }
        while self.buffer.len() - self.at < length {
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
        let taken = self.buffer[self.at..self.at + length].to_vec();
        self.consume(length);
        Ok(taken)
    }

    fn rest(&mut self) -> io::Result<Vec<u8>> {
        while self.fill()? {
            if self.buffer.len() - self.at > MAX_BODY {
                return Err(too_large());
            }
        }
        Ok(self.buffer.split_off(self.at))
    }

    /// The next line without its end.
    fn line(&mut self, limit: usize) -> io::Result<String> {
        let mut searched = 0;
        loop {
            let pending = &self.buffer[self.at..];
            if let Some(end) = pending[searched..].iter().position(|byte| *byte == b'\n') {
                let end = searched + end;
                let line = pending[..end].strip_suffix(b"\r").unwrap_or(&pending[..end]);
                let line = String::from_utf8(line.to_vec()).map_err(|_| bad("a line"))?;
                self.consume(end + 1);
                return Ok(line);
            }
            searched = pending.len();
            if searched > limit {
                return Err(bad("a line that does not end"));
            }
            if !self.fill()? {
                return Err(ErrorKind::UnexpectedEof.into());
            }
        }
    }

    const fn consume(&mut self, length: usize) {
        self.at += length;
    }

    /// Reads more; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        const PIECE: usize = 64 << 10;
        let left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(ErrorKind::TimedOut.into());
        }
        self.buffer.drain(..std::mem::take(&mut self.at));
        self.stream.set_read_timeout(Some(left.max(Duration::from_millis(1))))?;
        let filled = self.buffer.len();
        self.buffer.resize(filled + PIECE, 0);
        let read = loop {
            match self.stream.read(&mut self.buffer[filled..]) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        self.buffer.truncate(filled + *read.as_ref().unwrap_or(&0));
        Ok(read? > 0)
    }
}

fn bad(what: &str) -> io::Error {
    io::Error::new(ErrorKind::InvalidData, format!("the answer is not HTTP ({what})"))
}

fn too_large() -> io::Error {
    io::Error::new(ErrorKind::InvalidData, "the answer is too large; ask for less at a time")
}
