//! Work that time brings: commands and sessions expire, wills fall due, the server's certificates are renewed. One thread,
//! every step idempotent, so it does not matter how often or how late it runs.

use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use yizhan_api::Services;

use super::authority::ServerTls;
use super::guard::AbortOnPanic;

/// Between two looks at commands.
const STEP: Duration = Duration::from_millis(200);
/// Between two looks at sessions.
const SESSIONS: Duration = Duration::from_secs(1);
/// Between two notes of how every counter stands.
const MINUTE: Duration = Duration::from_secs(60);
/// Between two looks at the certificates and at old uploads.
const CERTIFICATE: Duration = Duration::from_secs(3600);

/// The thread and the way to end it.
pub struct Reconciler {
    stop: SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Reconciler {
    /// Starts the thread.
    pub fn start(services: Arc<Services>, tls: ServerTls) -> std::io::Result<Self> {
        let (stop, stopped) = sync_channel::<()>(1);
        let thread = std::thread::Builder::new().name("reconcile".to_owned()).spawn(move || {
            let _guard = AbortOnPanic;
            let mut last_sessions = Instant::now();
            let mut last_certificate = Instant::now();
            let mut last_minute = Instant::now();
            services.platform.system.record(services.clock.now());
            while stopped.recv_timeout(STEP) == Err(RecvTimeoutError::Timeout) {
                let now = services.clock.now();
                services.devices.tick(now);
                if last_sessions.elapsed() >= SESSIONS {
                    last_sessions = Instant::now();
                    services.router.tick();
                }
                if last_minute.elapsed() >= MINUTE {
                    last_minute = Instant::now();
                    services.platform.system.record(now);
                }
                if last_certificate.elapsed() >= CERTIFICATE {
                    last_certificate = Instant::now();
                    if let Err(error) = tls.renew(&services.store, now) {
                        tracing::error!(%error, "the server's certificates could not be renewed");
                    }
                    if let Err(error) = services.platform.files.sweep() {
                        tracing::error!(%error, "old uploads could not be removed");
                    }
                }
            }
            services.devices.store_statistics();
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread.
    pub fn stop(self) {
        // The thread may have ended already; then there is nobody to tell.
        let _ = self.stop.send(());
        if self.thread.join().is_err() {
            tracing::error!("the reconciling thread ended in a panic");
        }
    }
}
