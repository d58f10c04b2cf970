//! The threads that serve device connections: one event loop each, all on the same ports.

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use anyhow::Context;
use openssl::ssl::SslContext;
use parking_lot::RwLock;
use yizhan_journal::Journal;
use yizhan_link::{Admission, Core, CoreHandle, ListenerKind};
use yizhan_router::{CoreHandler, Mail, Router};

use super::guard::AbortOnPanic;
use crate::config::Config;

/// The cores, before or while they run.
pub struct Cores {
    /// Where MQTT over TCP is served.
    pub mqtt: SocketAddr,
    /// Where MQTT over TLS is served.
    pub mqtts: SocketAddr,
    prepared: Vec<Core<CoreHandler>>,
    threads: Vec<JoinHandle<()>>,
    stop: Arc<AtomicBool>,
}

impl Cores {
    /// Makes the loops, one for each pair of listeners; nothing is served yet.
    pub fn prepare(
        config: &Config,
        (plain, secure): (Vec<TcpListener>, Vec<TcpListener>),
        tls: &Arc<RwLock<SslContext>>,
        admission: &Arc<Admission>,
        started: Instant,
    ) -> anyhow::Result<Self> {
        let (mqtt, mqtts) = (plain[0].local_addr()?, secure[0].local_addr()?);
        let mut prepared = Vec::with_capacity(plain.len());
        for (plain, secure) in plain.into_iter().zip(secure) {
            let listeners = vec![(ListenerKind::Mqtt, plain), (ListenerKind::MqttTls, secure)];
            prepared.push(Core::new(
                listeners,
                Arc::clone(tls),
                config.link(),
                Arc::clone(admission),
                started,
            )?);
        }
        Ok(Self { mqtt, mqtts, prepared, threads: Vec::new(), stop: Arc::default() })
    }

    /// How others reach the cores.
    pub fn handles(&self) -> Vec<CoreHandle<Mail>> {
        self.prepared.iter().map(Core::handle).collect()
    }

    /// Starts a thread for each core.
    pub fn run(mut self, router: &Router, journal: &Journal, drain: Duration) -> anyhow::Result<Self> {
        for (index, mut core) in std::mem::take(&mut self.prepared).into_iter().enumerate() {
            let handle = core.handle();
            let lane = journal.lane(Arc::new(move || handle.wake()));
            let number = u16::try_from(index).context("too many cores")?;
            let mut handler = CoreHandler::new(router, number, lane);
            let stop = Arc::clone(&self.stop);
            let thread = std::thread::Builder::new().name(format!("core-{index}")).spawn(move || {
                let _guard = AbortOnPanic;
                if let Err(error) = core.run(&mut handler, &|| stop.load(Ordering::Acquire), drain) {
                    tracing::error!(%error, "a core's event loop failed; the server stops now");
                    std::process::abort();
                }
            })?;
            self.threads.push(thread);
        }
        Ok(self)
    }

    /// Says goodbye to every connection and waits for the threads.
    pub fn stop(&mut self, router: &Router) {
        self.stop.store(true, Ordering::Release);
        router.drain();
        for thread in self.threads.drain(..) {
            if thread.join().is_err() {
                tracing::error!("a core ended in a panic");
            }
        }
    }
}
