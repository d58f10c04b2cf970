//! Peers that are too slow. A request's body and an answer have no time limit of their own, because they may be long;
//! but bytes must move: who makes the server wait has [`PATIENCE`], and earns more by what it sends or takes.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::Bytes;
use hyper::body::{Body, Frame, SizeHint};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

/// The longest wait.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
/// Bytes that earn one second.
const LEAST_RATE: u64 = 4 * 1024;

/// How long a peer may still keep the server waiting.
struct Patience {
    most: Duration,
    until: Instant,
    sleep: Pin<Box<Sleep>>,
}

impl Patience {
    fn new(most: Duration) -> Self {
        let until = Instant::now() + most;
        Self { most, until, sleep: Box::pin(sleep_until(until)) }
    }

    fn earn(&mut self, bytes: usize) {
        let earned = Duration::from_millis(bytes as u64 * 1000 / LEAST_RATE);
        self.until = (self.until + earned).min(Instant::now() + self.most);
    }

    /// Ready when the patience is over.
    fn poll_over(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if self.sleep.deadline() != self.until {
            self.sleep.as_mut().reset(self.until);
        }
        self.sleep.as_mut().poll(cx)
    }
}

fn too_slow() -> io::Error {
    io::Error::new(io::ErrorKind::TimedOut, "the peer is too slow")
}

/// A request's body that must keep coming.
pub(crate) struct SteadyBody<B> {
    inner: B,
    most: Duration,
    waiting: Option<Patience>,
}

impl<B> SteadyBody<B> {
    pub(crate) const fn new(inner: B, most: Duration) -> Self {
        Self { inner, most, waiting: None }
    }
}

impl<B> Body for SteadyBody<B>
where
    B: Body<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let Poll::Ready(next) = Pin::new(&mut this.inner).poll_frame(cx) else {
            let most = this.most;
            ready!(this.waiting.get_or_insert_with(|| Patience::new(most)).poll_over(cx));
            return Poll::Ready(Some(Err(too_slow().into())));
        };
        if let (Some(Ok(frame)), Some(waiting)) = (&next, &mut this.waiting) {
            waiting.earn(frame.data_ref().map_or(0, Bytes::len));
        }
        Poll::Ready(next.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A stream whose peer must keep taking what is written.
pub(crate) struct SteadyStream<S> {
    inner: S,
    most: Duration,
    waiting: Option<Patience>,
}

impl<S> SteadyStream<S> {
    pub(crate) const fn new(inner: S, most: Duration) -> Self {
        Self { inner, most, waiting: None }
    }

    /// Passes a result on; one that waits for the peer does so only as long as patience lasts.
    fn within_patience<T>(
        &mut self,
        cx: &mut Context<'_>,
        result: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if result.is_ready() {
            return result;
        }
        let most = self.most;
        self.waiting.get_or_insert_with(|| Patience::new(most)).poll_over(cx).map(|()| Err(too_slow()))
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for SteadyStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for SteadyStream<S> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.inner).poll_write(cx, bytes);
        if let Poll::Ready(Ok(count)) = written {
            if count == bytes.len() {
                self.waiting = None;
            } else if let Some(waiting) = &mut self.waiting {
                waiting.earn(count);
            }
        }
        self.within_patience(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = Pin::new(&mut self.inner).poll_flush(cx);
        self.within_patience(cx, flushed)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ended = Pin::new(&mut self.inner).poll_shutdown(cx);
        self.within_patience(cx, ended)
    }
}

#[cfg(test)]
mod tests {
    use http_body_util::BodyExt;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;

    const SHORT: Duration = Duration::from_millis(100);

    /// A body of which nothing comes.
    struct Silent;

    impl Body for Silent {
        type Data = Bytes;
        type Error = io::Error;

        fn poll_frame(
            self: Pin<&mut Self>,
            _cx: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, io::Error>>> {
            Poll::Pending
        }
    }

    #[tokio::test]
    async fn a_reader_that_stops_ends_the_stream() {
        let (_peer, ours) = tokio::io::duplex(16);
        let mut stream = SteadyStream::new(ours, SHORT);
        let error = stream.write_all(&[0; 64]).await.unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_reader_that_trickles_ends_the_stream_too() {
        let (mut peer, ours) = tokio::io::duplex(16);
        let mut stream = SteadyStream::new(ours, SHORT);
        let trickle = async {
            while peer.read_u8().await.is_ok() {
                tokio::time::sleep(SHORT / 4).await;
            }
        };
        let write = async {
            let error = stream.write_all(&[0; 4096]).await.unwrap_err();
            drop(stream);
            error
        };
        let (error, ()) = tokio::join!(write, trickle);
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
    }

    #[tokio::test]
    async fn a_body_that_does_not_come_ends_in_an_error() {
        let error = SteadyBody::new(Silent, SHORT).collect().await.unwrap_err();
        assert!(error.to_string().contains("too slow"), "{error}");
    }
}
