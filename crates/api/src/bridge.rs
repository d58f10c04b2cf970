//! Bytes between a TLS stream and a core. A core reads plain streams only: it has one end of a pair of sockets, and a
//! task here carries bytes between the other end and TLS.
//!
//! What must stay true: neither side keeps the task for long once the other one has ended.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::timeout;

/// Bytes carried at once.
const CHUNK_BYTES: usize = 8 * 1024;
/// What is left to one direction after the other one has ended: enough for a goodbye to arrive.
const LINGER: Duration = Duration::from_secs(2);

/// Carries bytes both ways until both ended, or until a short time after the first one did. Whoever takes nothing for
/// `write_deadline` has ended too.
///
/// How it ended does not matter here: the core sees its end close and says why the connection ended.
pub(crate) async fn carry<C, S>(client: C, core: S, write_deadline: Duration)
where
    C: AsyncRead + AsyncWrite,
    S: AsyncRead + AsyncWrite,
{
    let (from_client, to_client) = tokio::io::split(client);
    let (from_core, to_core) = tokio::io::split(core);
    let mut up = std::pin::pin!(one_way(from_client, to_core, write_deadline));
    let mut down = std::pin::pin!(one_way(from_core, to_client, write_deadline));
    tokio::select! {
        () = &mut up => drop(timeout(LINGER, down).await),
        () = &mut down => drop(timeout(LINGER, up).await),
    }
}

async fn one_way(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    write_deadline: Duration,
) {
    let mut buffer = vec![0; CHUNK_BYTES];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let Ok(Ok(taken @ 1..)) = timeout(write_deadline, to.write(rest)).await else { return };
            rest = &rest[taken..];
        }
        if !matches!(timeout(write_deadline, to.flush()).await, Ok(Ok(()))) {
            return;
        }
    }
    // Passes the end on; a side that is gone already need not be told.
    drop(timeout(write_deadline, to.shutdown()).await);
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Duration = Duration::from_millis(50);
    const PATIENCE: Duration = Duration::from_secs(10);

    #[tokio::test]
    async fn bytes_go_both_ways_and_the_end_with_them() {
        let (mut client, outer) = tokio::io::duplex(64);
        let (inner, mut core) = tokio::io::duplex(64);
        let talk = async {
            client.write_all(b"ping").await.unwrap();
            let mut bytes = [0; 4];
            core.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"ping");
            core.write_all(b"pong").await.unwrap();
            client.read_exact(&mut bytes).await.unwrap();
            assert_eq!(&bytes, b"pong");
            client.shutdown().await.unwrap();
            assert_eq!(core.read(&mut bytes).await.unwrap(), 0);
            drop(core);
        };
        timeout(PATIENCE, async { tokio::join!(carry(outer, inner, PATIENCE), talk) }).await.unwrap();
    }

    #[tokio::test]
    async fn a_client_that_stays_is_dropped_soon_after_the_core_has_ended() {
        let (mut client, outer) = tokio::io::duplex(64);
        let (inner, mut core) = tokio::io::duplex(64);
        core.write_all(b"goodbye").await.unwrap();
        drop(core);
        timeout(PATIENCE, carry(outer, inner, PATIENCE)).await.expect("the client keeps the task");
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, b"goodbye");
    }

    #[tokio::test]
    async fn a_client_that_takes_nothing_is_dropped() {
        let (_client, outer) = tokio::io::duplex(4);
        let (inner, mut core) = tokio::io::duplex(64);
        core.write_all(b"more than the client takes").await.unwrap();
        timeout(PATIENCE, carry(outer, inner, SHORT)).await.expect("the client keeps the task");
    }
}
