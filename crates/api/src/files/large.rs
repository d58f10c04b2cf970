//! A file that is too large for memory, on its way out: pieces are read while the client takes them.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Bytes of a piece.
const PIECE: usize = 64 * 1024;
/// Pieces that are read before the client has taken those before.
const AHEAD: usize = 4;

/// The file. Its place is free when it is sent, or nobody takes it any more.
pub(super) struct LargeFile {
    pieces: mpsc::Receiver<io::Result<Bytes>>,
    left: u64,
    _place: OwnedSemaphorePermit,
}

impl LargeFile {
    /// Sends `bytes` bytes of the file.
    pub(super) fn new(file: File, bytes: u64, place: OwnedSemaphorePermit) -> Self {
        let (sender, pieces) = mpsc::channel(AHEAD);
        tokio::task::spawn_blocking(move || send(file.take(bytes), &sender));
        Self { pieces, left: bytes, _place: place }
    }
}

/// Reads piece after piece until the end, or until nobody takes them.
fn send(mut file: impl Read, to: &mpsc::Sender<io::Result<Bytes>>) {
    loop {
        let mut piece = Vec::with_capacity(PIECE);
        let read = file.by_ref().take(PIECE as u64).read_to_end(&mut piece);
        let piece = match read {
            Ok(0) => return,
            Ok(_) => Ok(Bytes::from(piece)),
            Err(error) => Err(error),
        };
        let last = piece.is_err();
        if to.blocking_send(piece).is_err() || last {
            return;
        }
    }
}

impl Body for LargeFile {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.pieces.poll_recv(context).map(|piece| {
            let piece = piece?;
            Some(piece.map(|bytes| {
                self.left = self.left.saturating_sub(bytes.len() as u64);
                Frame::data(bytes)
            }))
        })
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.left)
    }
}
