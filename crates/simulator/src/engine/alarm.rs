//! A timer finer than the poll's milliseconds: a `timerfd` among the polled descriptors. An open-loop generator that
//! wakes up to a millisecond late would report its own lateness as the server's latency.

use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::time::Duration;

use mio::unix::SourceFd;
use mio::{Interest, Registry, Token};

/// One alarm for the whole engine, set to the earliest deadline.
pub(super) struct Alarm {
    timer: OwnedFd,
}

impl Alarm {
    /// Makes the timer and has the poll report it under `token`.
    pub(super) fn register(registry: &Registry, token: Token) -> io::Result<Self> {
        #[expect(unsafe_code, reason = "timerfd has no safe wrapper among our libraries")]
        // SAFETY: the call takes no pointers; a non-negative result is a descriptor that nothing else owns.
        let timer = unsafe {
            let descriptor =
                libc::timerfd_create(libc::CLOCK_MONOTONIC, libc::TFD_NONBLOCK | libc::TFD_CLOEXEC);
            if descriptor < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(descriptor)
        };
        // Edge-triggered: each expiry is a new edge, so the timer never has to be read.
        registry.register(&mut SourceFd(&timer.as_raw_fd()), token, Interest::READABLE)?;
        Ok(Self { timer })
    }

    /// Goes off once, `delay` from now.
    pub(super) fn set(&self, delay: Duration) -> io::Result<()> {
        let value = libc::timespec {
            tv_sec: i64::try_from(delay.as_secs()).unwrap_or(i64::MAX),
            // Zero would disarm the timer.
            tv_nsec: i64::from(delay.subsec_nanos()).max(i64::from(delay.as_secs() == 0)),
        };
        let once =
            libc::itimerspec { it_interval: libc::timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        #[expect(unsafe_code, reason = "timerfd has no safe wrapper among our libraries")]
        // SAFETY: the descriptor is ours and open, `once` lives through the call, the old value is not asked for.
        let result = unsafe {
            libc::timerfd_settime(self.timer.as_raw_fd(), 0, &raw const once, std::ptr::null_mut())
        };
        if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
    }
}
