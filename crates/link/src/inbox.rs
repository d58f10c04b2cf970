//! How other threads reach a core: a locked list and a waker. The list is bounded by what may be in it: the router
//! sends at most one flush notice a session, and adopted connections count against the connection limit.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use mio::Waker;
use parking_lot::Mutex;

use crate::transport::Adopted;

/// One message to a core.
#[derive(Debug)]
pub(crate) enum Letter<M> {
    /// A connection accepted elsewhere (an upgraded WebSocket).
    Adopt(Box<Adopted>),
    /// Something for the handler.
    Mail(M),
}

#[derive(Debug)]
struct Inbox<M> {
    letters: Mutex<Vec<Letter<M>>>,
    woken: AtomicBool,
    waker: Waker,
}

/// A handle on a core for other threads.
#[derive(Debug)]
pub struct CoreHandle<M> {
    inbox: Arc<Inbox<M>>,
}

impl<M> Clone for CoreHandle<M> {
    fn clone(&self) -> Self {
        Self { inbox: Arc::clone(&self.inbox) }
    }
}

impl<M> CoreHandle<M> {
    pub(crate) fn new(waker: Waker) -> Self {
        let inbox = Inbox { letters: Mutex::new(Vec::new()), woken: AtomicBool::new(false), waker };
        Self { inbox: Arc::new(inbox) }
    }

    /// Leaves `mail` for the core's handler and wakes the core.
    pub fn send(&self, mail: M) {
        self.inbox.letters.lock().push(Letter::Mail(mail));
        self.wake();
    }

    /// Gives the core a connection that was accepted elsewhere.
    pub fn adopt(&self, adopted: Adopted) {
        self.inbox.letters.lock().push(Letter::Adopt(Box::new(adopted)));
        self.wake();
    }

    /// Makes the core run a turn soon. Many calls before that turn cost one system call.
    pub fn wake(&self) {
        if !self.inbox.woken.swap(true, Ordering::AcqRel)
            && let Err(error) = self.inbox.waker.wake()
        {
            // The eventfd behind the waker fails only when the process is out of kernel memory.
            tracing::error!(%error, "a core could not be woken");
        }
    }

    /// Takes everything that has come; called by the core alone.
    pub(crate) fn take(&self, into: &mut Vec<Letter<M>>) {
        self.inbox.woken.store(false, Ordering::Release);
        into.append(&mut self.inbox.letters.lock());
    }
}
