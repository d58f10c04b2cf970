//! A stream that yields so many bytes a turn at most. TLS and WebSocket readers go on reading until they have something
//! to give away, and a peer can keep them at that with frames and records that carry nothing; behind a budget they
//! stop, and the other connections of the core get their turn.

use std::io::{self, Read, Write};

use super::RawStream;

/// A raw stream with what may still be read from it in this turn.
#[derive(Debug)]
pub struct Paced {
    stream: RawStream,
    left: usize,
}

impl Paced {
    pub(crate) const fn new(stream: RawStream) -> Self {
        Self { stream, left: 0 }
    }

    /// Allows `bytes` for the reads to come.
    pub(crate) const fn allow(&mut self, bytes: usize) {
        self.left = bytes;
    }

    /// What is left of the budget.
    pub(crate) const fn left(&self) -> usize {
        self.left
    }

    pub(crate) const fn raw(&mut self) -> &mut RawStream {
        &mut self.stream
    }
}

impl Read for Paced {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = buffer.len().min(self.left);
        if most == 0 && !buffer.is_empty() {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        let count = self.stream.read(&mut buffer[..most])?;
        self.left -= count;
        Ok(count)
    }
}

impl Write for Paced {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.stream.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
