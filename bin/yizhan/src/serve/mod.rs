//! `yizhan serve`: puts the parts together, in the order in which they need each other, and takes them apart again.
//!
//! Start: registry, devices, journal (what it remembers goes to devices and router), authority, listeners, cores, HTTP.
//! Stop: no new connections, goodbye to the open ones, answers for what is durable, last checkpoint.

mod archives;
mod authority;
mod batches;
mod binding;
mod cores;
mod demo;
mod guard;
mod logging;
mod measured;
mod ports;
mod reconcile;
mod run_files;

use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use openssl::ssl::SslContext;
use parking_lot::{Mutex, RwLock};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::task::TaskTracker;
use yizhan_api::{CertificateHandOuts, Door, HttpListener, Services};
use yizhan_devices::batches::{BatchParts, Batches};
use yizhan_devices::{CertificateDirectory, Devices};
use yizhan_files::{Files, FilesSettings};
use yizhan_identity::signed_request::HostList;
use yizhan_identity::throttle::Throttle;
use yizhan_identity::topic_permission::UserPermission;
use yizhan_identity::users::PasswordHash;
use yizhan_identity::{BindingSigner, UrlSigner};
use yizhan_journal::{FatalError, Journal};
use yizhan_link::Admission;
use yizhan_observe::{Metrics, WarningLog};
use yizhan_operations::{BackupLimits, DevicePorts, Jobs, Platform, System, SystemParts};
use yizhan_people::{Apps, AppsLimits, People};
use yizhan_router::{MqttUser, Router, RouterParts, UserDirectory};
use yizhan_store::Store;
use yizhan_virtual_devices::VirtualDevices;
use yizhan_vocabulary::Clock;
use yizhan_vocabulary::clock::SystemClock;

use self::archives::ServerArchives;
use self::authority::ServerTls;
use self::batches::BatchWorker;
use self::cores::Cores;
use self::measured::Measured;
use self::ports::Ports;
use self::run_files::{Addresses, RunFiles};
use crate::config::{ConfigSource, Configured};
use crate::data_dir::DataDir;
use crate::{output, restore};

/// Time for operations that still run when the server stops.
const WRITES_END_WITHIN: Duration = Duration::from_secs(5);

/// Run the server.
#[derive(clap::Args)]
pub struct Serve {
    #[command(flatten)]
    data: DataDir,
    #[command(flatten)]
    settings: ConfigSource,
    /// Make a demo product with a simulated lamp that keeps reporting, and a device to try.
    #[arg(long)]
    demo: bool,
    /// Address for MQTT over TCP.
    #[arg(long, value_name = "ADDRESS")]
    mqtt: Option<SocketAddr>,
    /// Address for MQTT over TLS.
    #[arg(long, value_name = "ADDRESS")]
    mqtts: Option<SocketAddr>,
    /// Address for HTTP and MQTT over WebSocket.
    #[arg(long, value_name = "ADDRESS")]
    http: Option<SocketAddr>,
    /// Address for HTTPS.
    #[arg(long, value_name = "ADDRESS")]
    https: Option<SocketAddr>,
    /// Threads that serve device connections.
    #[arg(long)]
    cores: Option<usize>,
}

impl Serve {
    /// Runs the server until it is told to stop.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let configured = self.configuration()?;
        let warnings = logging::start(&configured.config.log)?;
        let data = self.data.path();
        refuse_half_restored(data)?;
        make_private_directory(data)?;
        let mut server = Server::start(&configured, warnings, data)?;
        let demo = self.demo.then(|| demo::start(&server)).transpose()?;
        announce(&server, demo);
        let told = server.wait_for_stop()?;
        server.stop();
        Ok(if told { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn configuration(&self) -> anyhow::Result<Configured> {
        let mut configured = self.settings.load_with_sources(&self.data)?;
        let listen = &mut configured.config.listen;
        listen.mqtt = self.mqtt.unwrap_or(listen.mqtt);
        listen.mqtts = self.mqtts.unwrap_or(listen.mqtts);
        listen.http = self.http.unwrap_or(listen.http);
        listen.https = self.https.unwrap_or(listen.https);
        listen.cores = self.cores.unwrap_or(listen.cores);
        for (key, given) in [
            ("mqtt", self.mqtt.is_some()),
            ("mqtts", self.mqtts.is_some()),
            ("http", self.http.is_some()),
            ("https", self.https.is_some()),
            ("cores", self.cores.is_some()),
        ] {
            if given {
                configured.on_command_line("listen", key);
            }
        }
        Ok(configured)
    }
}

/// The running server.
struct Server {
    services: Arc<Services>,
    addresses: Addresses,
    run_files: RunFiles,
    cores: Cores,
    reconcile: reconcile::Reconciler,
    batches: BatchWorker,
    runtime: tokio::runtime::Runtime,
    listeners: JoinSet<()>,
    stop: watch::Sender<bool>,
}

impl Server {
    fn start(configured: &Configured, warnings: Arc<WarningLog>, data: &Path) -> anyhow::Result<Self> {
        let config = &configured.config;
        let clock = SystemClock::start();
        // The cores' moments and the router's are compared with each other, so both count from the same zero.
        let started = clock.started();
        let clock: Arc<dyn Clock> = Arc::new(clock);
        // The journal holds the directory's lock: a second server must fail before it touches the registry.
        let recovered = Journal::recover(config.journal_config(data)?)?;
        let run_files = RunFiles::prepare(data)?;
        let store = Arc::new(Store::open(data)?);
        binding::check(&store, &recovered)?;
        let ports = Ports::take(config)?;
        let devices = Devices::load(Arc::clone(&store), &config.devices(), Arc::clone(&clock))?;
        let certificates = Arc::new(CertificateDirectory::load(Arc::clone(&store))?);
        let users = Arc::new(load_users(&store)?);
        let metrics = Metrics::new(config.cores());
        let router = Router::new(RouterParts {
            settings: config.router(),
            devices: devices.clone(),
            certificates: Arc::clone(&certificates),
            users: Arc::clone(&users),
            throttle: Throttle::new(Default::default()),
            metrics: Arc::clone(&metrics),
            clock: Arc::clone(&clock),
        });
        let journal = remember(recovered, &store, &devices, &router, &clock)?;
        let tls = ServerTls::open(&store, data, &config.listen.names, &devices, clock.now())?;
        let admission = Admission::new(config.link());
        let cores = Cores::prepare(config, (ports.mqtt, ports.mqtts), &tls.mqtt, &admission, started)?;
        let (http, https) = (ports.http, ports.https);
        let addresses = Addresses {
            mqtt: cores.mqtt,
            mqtts: cores.mqtts,
            http: http.local_addr()?,
            https: https.local_addr()?,
        };
        router.start(journal.clone(), cores.handles());
        devices.attach_links(Arc::new(router.clone()));
        let authorities = Arc::new(tls.authorities()?);
        let bindings = Arc::new(BindingSigner::new(&*store.installation_key("bindings", clock.now())?));
        let batches = Batches::new(BatchParts {
            devices: devices.clone(),
            store: Arc::clone(&store),
            certificates: Arc::clone(&certificates),
            bindings: Arc::clone(&bindings),
            clock: Arc::clone(&clock),
        });
        let urls = UrlSigner::new(&*store.installation_key("urls", clock.now())?);
        let base_url = config.listen.base_url(addresses.http, addresses.https);
        let files_settings =
            FilesSettings { fetch_hosts: config.files.fetch_hosts.clone(), ..FilesSettings::new(&base_url) };
        let files = Arc::new(Files::open(data, files_settings, urls, Arc::clone(&clock))?);
        let measured = Measured {
            admission: Arc::clone(&admission),
            router: router.clone(),
            devices: devices.clone(),
            journal: journal.clone(),
        };
        let whole_path = std::path::absolute(data)?;
        let system = System::new(SystemParts {
            data: whole_path.clone(),
            journal: journal.clone(),
            metrics: Arc::clone(&metrics),
            gauges: Box::new(move || measured.gauges()),
            warnings,
            settings: configured.settings()?,
            archives: Arc::new(ServerArchives::of(whole_path)),
            backups: BackupLimits {
                max_files: config.backups.max_files,
                max_bytes: config.backups.max_bytes,
            },
            history_days: config.journal.history_days,
            log_days: config.journal.log_days,
            min_free_bytes: config.journal.min_free_bytes,
            started_at: clock.now(),
        })?;
        let platform = Arc::new(Platform {
            devices: devices.clone(),
            certificates: Arc::clone(&certificates),
            authorities: Arc::clone(&authorities),
            people: People::load(Arc::clone(&store), Arc::clone(&clock), config.people())?,
            apps: Apps::new(Arc::clone(&store), Arc::clone(&clock), AppsLimits::default()),
            batches,
            virtual_devices: VirtualDevices::new(
                devices.clone(),
                Arc::clone(&store),
                Arc::clone(&clock),
                config.virtual_devices(),
            ),
            bindings,
            files,
            ports: DevicePorts {
                mqtt: addresses.mqtt.port(),
                mqtts: addresses.mqtts.port(),
                http: addresses.http.port(),
                https: addresses.https.port(),
            },
            metrics: Arc::clone(&metrics),
            jobs: Jobs::open(Arc::clone(&store), Arc::clone(&clock))?,
            system,
            store: Arc::clone(&store),
            audit_kept: config.access.audit_kept,
            writes: TaskTracker::new(),
            clock: Arc::clone(&clock),
        });
        let services = Arc::new(Services {
            platform,
            devices,
            certificates,
            router: router.clone(),
            users,
            user_changes: Mutex::default(),
            store,
            journal: journal.clone(),
            authorities,
            metrics,
            admission,
            hand_outs: CertificateHandOuts::default(),
            console: config.console.files(),
            base_url,
            hosts: HostList::with(config.listen.signed_hosts.iter().cloned()),
            clock,
            data_dir: data.to_owned(),
        });
        let (stop, stopped) = watch::channel(false);
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("management")
            .enable_all()
            .build()?;
        let door = Door::new(Arc::clone(&services), config.http(), stopped);
        let listeners = open_http(&runtime, &door, http, https, &tls.https, run_files.socket())?;
        let reconcile = reconcile::Reconciler::start(Arc::clone(&services), tls)?;
        let batches = BatchWorker::start(&services.platform)?;
        let cores = cores.run(&router, &journal, config.router().drain)?;
        services.platform.virtual_devices.go_on(addresses.mqtt)?;
        run_files.publish(&addresses)?;
        tracing::info!(after_ms = started.elapsed().as_millis() as u64, "started");
        Ok(Self { services, addresses, run_files, cores, reconcile, batches, runtime, listeners, stop })
    }

    /// Waits until the server is told to stop. False when a part of it ended by itself, without which it is of no use.
    fn wait_for_stop(&mut self) -> anyhow::Result<bool> {
        let listeners = &mut self.listeners;
        self.runtime.block_on(async {
            let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
            tokio::select! {
                result = tokio::signal::ctrl_c() => result.map(|()| true).map_err(Into::into),
                _ = terminate.recv() => Ok(true),
                ended = listeners.join_next() => {
                    tracing::error!(?ended, "an HTTP listener ended by itself; the server stops now");
                    Ok(false)
                }
            }
        })
    }

    fn stop(mut self) {
        tracing::info!("stopping");
        self.run_files.withdraw();
        self.services.platform.virtual_devices.stop_all();
        // A closed channel means that every listener has ended already.
        let _ = self.stop.send(true);
        self.cores.stop(&self.services.router);
        // Each ends within its own deadline.
        self.runtime.block_on(async { while self.listeners.join_next().await.is_some() {} });
        self.finish_writes();
        self.batches.stop();
        self.reconcile.stop();
        self.services.journal.shutdown();
        self.runtime.shutdown_timeout(Duration::from_secs(2));
        tracing::info!("stopped");
    }
}

impl Server {
    /// Lets operations whose callers have gone come to their end.
    fn finish_writes(&self) {
        self.services.platform.jobs.stop();
        let writes = &self.services.platform.writes;
        writes.close();
        // The timer is made inside the runtime, which it belongs to.
        let finished =
            self.runtime.block_on(async { tokio::time::timeout(WRITES_END_WITHIN, writes.wait()).await });
        if finished.is_err() {
            tracing::warn!(running = writes.len(), "operations did not come to their end in time");
        }
    }
}

/// Gives devices and router what the journal remembers, and starts it.
fn remember(
    recovered: yizhan_journal::Recovered,
    store: &Store,
    devices: &Devices,
    router: &Router,
    clock: &Arc<dyn Clock>,
) -> anyhow::Result<Journal> {
    let mut highest = recovered.highest_stream();
    let mut unreadable: Option<anyhow::Error> = None;
    recovered.each_state(Devices::TABLE, |key, value| {
        highest = Devices::key_of_image(key).map_or(highest, |id| highest.max(id));
        if let Err(error) = devices.restore(key, value) {
            unreadable.get_or_insert(error.into());
        }
    })?;
    for table in Router::TABLES {
        recovered.each_state(table, |key, value| {
            if let Err(error) = router.restore(table, key, value) {
                unreadable.get_or_insert(error.into());
            }
        })?;
    }
    recovered.each_record(|record| {
        if let Err(error) = devices.replay(&record) {
            unreadable.get_or_insert(error.into());
        }
        if let Err(error) = router.replay(&record) {
            unreadable.get_or_insert(error.into());
        }
    })?;
    if let Some(error) = unreadable {
        return Err(error)
            .context("the journal holds state that this release cannot read; use the release that wrote it");
    }
    binding::skip_known_streams(store, highest)?;
    router.finish_recovery(clock.now());
    let mut checkpoints = vec![devices.checkpoint()];
    checkpoints.extend(router.checkpoints());
    let journal = recovered.start(checkpoints, Arc::clone(clock), Box::new(stop_at_once))?;
    devices.attach_journal(journal.clone());
    Ok(journal)
}

/// After a failed write nobody knows what is on disk: nothing more may be acknowledged. A restart reads what is there.
fn stop_at_once(error: FatalError) {
    tracing::error!(%error, "the journal failed; the server stops now");
    std::process::abort();
}

fn load_users(store: &Store) -> anyhow::Result<UserDirectory> {
    let users = UserDirectory::default();
    for user in store.mqtt_users()? {
        // One that an older release took and this one would not must not keep the server from starting.
        let permission = match UserPermission::compile(&user.publish, &user.subscribe) {
            Ok(permission) => permission,
            Err(error) => {
                tracing::error!(user = user.name, %error, "an MQTT user's filters are refused; the user cannot connect");
                continue;
            }
        };
        users.put(MqttUser {
            name: user.name.as_str().into(),
            password: PasswordHash { salt: user.salt, hash: user.password_hash },
            permission,
        });
    }
    Ok(users)
}

fn open_http(
    runtime: &tokio::runtime::Runtime,
    door: &Door,
    http: TcpListener,
    https: TcpListener,
    tls: &Arc<RwLock<SslContext>>,
    socket: PathBuf,
) -> anyhow::Result<JoinSet<()>> {
    let _inside = runtime.enter();
    let (http, https) = (tokio::net::TcpListener::from_std(http)?, tokio::net::TcpListener::from_std(https)?);
    let mut listeners = JoinSet::new();
    let local = yizhan_api::bind_local(&socket)?;
    for listener in
        [HttpListener::Plain(http), HttpListener::Tls(https, Arc::clone(tls)), HttpListener::Local(local)]
    {
        listeners.spawn(yizhan_api::serve(door.clone(), listener));
    }
    Ok(listeners)
}

/// What a restore left in part would be taken for the whole, and written to.
fn refuse_half_restored(data: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        !restore::is_unfinished(data),
        "a restore into {} was interrupted, so only a part of the backup is there; remove the directory and restore again",
        data.display()
    );
    Ok(())
}

/// Only the server's own user may look into the data directory.
fn make_private_directory(path: &Path) -> anyhow::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    if path.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .with_context(|| format!("cannot make the data directory {}", path.display()))
}

/// Tells the person at the terminal, and whoever waits for the line, that the server is there.
fn announce(server: &Server, demo: Option<String>) {
    let Addresses { mqtt, mqtts, http, https } = &server.addresses;
    if let Some(text) = demo {
        output::result(&text);
    }
    if let Some(code) = server.services.platform.people.setup_code() {
        let link = format!("{}/setup#{code}", server.services.base_url);
        output::result(&format!("first start: set the password of the account root at {link}"));
    }
    output::result(&format!(
        "ready: MQTT {mqtt}, MQTT over TLS {mqtts}, HTTP and WebSocket http://{http}, HTTPS https://{https}"
    ));
}
