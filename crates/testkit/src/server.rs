//! [`TestServer`]: one `yizhan serve` process on its own data directory and its own ports.
//!
//! What must stay true: two servers of one test run never meet (directory and ports are private), a crash of the
//! server ends the test with the server's own words, and nothing survives the test process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::admin::Admin;
use crate::log::CapturedLog;
use crate::{binary, process};

/// How the server is started. `Default` is what most tests want: everything on free loopback ports.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Further command line arguments, for example `["--set", "mqtt.max_packet=1024"]`.
    pub arguments: Vec<String>,
    /// Further environment variables.
    pub environment: Vec<(String, String)>,
    /// Number of core threads; the server decides when absent.
    pub cores: Option<u16>,
    /// Use this data directory instead of a temporary one; it is not removed afterwards.
    pub data: Option<PathBuf>,
    /// How long the start may take.
    pub ready_within: Duration,
    /// How long an orderly stop may take.
    pub stopped_within: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        Self {
            arguments: Vec::new(),
            environment: Vec::new(),
            cores: None,
            data: None,
            ready_within: Duration::from_secs(30),
            stopped_within: Duration::from_secs(30),
        }
    }
}

impl ServerOptions {
    /// Adds one `--set key=value`.
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
        self
    }

    /// Adds one command line argument.
    pub fn argument(mut self, argument: &str) -> Self {
        self.arguments.push(argument.to_owned());
        self
    }
}

/// Where the server listens, as it wrote it itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listeners {
    /// MQTT over TCP.
    pub mqtt: SocketAddr,
    /// MQTT over TLS.
    pub mqtts: SocketAddr,
    /// HTTP.
    pub http: SocketAddr,
    /// HTTP over TLS.
    pub https: SocketAddr,
}

struct Running {
    child: Child,
    followers: Vec<JoinHandle<()>>,
    listeners: Listeners,
}

enum Data {
    Temporary(TempDir),
    Given(PathBuf),
}

impl Data {
    fn path(&self) -> &Path {
        match self {
            Self::Temporary(folder) => folder.path(),
            Self::Given(path) => path,
        }
    }
}

/// A running server. Killed when dropped.
pub struct TestServer {
    data: Data,
    options: ServerOptions,
    running: Option<Running>,
    log: CapturedLog,
}

impl TestServer {
    /// Starts a server with default options.
    pub fn start() -> Self {
        Self::with(ServerOptions::default())
    }

    /// Starts a server and waits until it listens.
    ///
    /// # Panics
    /// When it does not become ready in time; the message holds what it printed.
    #[track_caller]
    pub fn with(options: ServerOptions) -> Self {
        let data = match &options.data {
            Some(path) => Data::Given(path.clone()),
            None => Data::Temporary(
                tempfile::Builder::new().prefix("yizhan-test-").tempdir().expect("a temporary folder"),
            ),
        };
        let mut server = Self { data, options, running: None, log: CapturedLog::default() };
        server.launch(None);
        server
    }

    /// The MQTT/TCP address.
    #[track_caller]
    pub fn mqtt(&self) -> SocketAddr {
        self.listeners().mqtt
    }

    /// The MQTT/TLS address.
    #[track_caller]
    pub fn mqtts(&self) -> SocketAddr {
        self.listeners().mqtts
    }

    /// The HTTP address.
    #[track_caller]
    pub fn http(&self) -> SocketAddr {
        self.listeners().http
    }

    /// The HTTPS address.
    #[track_caller]
    pub fn https(&self) -> SocketAddr {
        self.listeners().https
    }

    /// All addresses.
    #[track_caller]
    pub fn listeners(&self) -> Listeners {
        self.running.as_ref().expect("the server was stopped by the test").listeners
    }

    /// The data directory.
    pub fn data_dir(&self) -> &Path {
        self.data.path()
    }

    /// The process id.
    #[track_caller]
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server was stopped by the test").child.id()
    }

    /// Administration over the local socket, with full rights.
    pub fn admin(&self) -> Admin {
        Admin::over_socket(self.data_dir().join("run/admin.sock"))
    }

    /// Whether the process is still alive.
    pub fn is_running(&mut self) -> bool {
        self.running
            .as_mut()
            .is_some_and(|running| running.child.try_wait().is_ok_and(|status| status.is_none()))
    }

    /// Resident memory in KiB.
    pub fn resident_kib(&self) -> u64 {
        process::resident_kib(self.pid())
    }

    /// Open file descriptors.
    pub fn open_descriptors(&self) -> usize {
        process::open_descriptors(self.pid())
    }

    /// Everything the server has printed so far, across restarts.
    pub fn log_text(&self) -> String {
        self.log.text()
    }

    /// Ends the process the hard way (SIGKILL), as a power cut would.
    #[track_caller]
    pub fn kill(&mut self) {
        let mut running = self.running.take().expect("the server was already stopped by the test");
        running.child.kill().expect("our own child can be killed");
        running.child.wait().expect("a child can be waited for");
        join_all(running.followers);
        self.log.push("--- killed by the test ---".into());
    }

    /// Asks for an orderly stop (SIGTERM) and waits for it.
    ///
    /// # Panics
    /// When the process is still there after `stopped_within`.
    #[track_caller]
    pub fn terminate(&mut self) -> ExitStatus {
        let mut running = self.running.take().expect("the server was already stopped by the test");
        process::send_terminate(&running.child);
        let Some(status) = process::wait_for_exit(&mut running.child, self.options.stopped_within) else {
            let _already_gone = running.child.kill();
            let _status = running.child.wait();
            join_all(running.followers);
            panic!(
                "the server did not stop within {:?} of SIGTERM; it printed:\n{}",
                self.options.stopped_within,
                self.log.text()
            );
        };
        join_all(running.followers);
        self.log.push(format!("--- terminated by the test, {status} ---"));
        status
    }

    /// Starts again on the same data directory, killing a process that still runs. The ports are new.
    #[track_caller]
    pub fn restart(&mut self) {
        if self.running.is_some() {
            self.kill();
        }
        self.launch(None);
    }

    /// Like [`restart`](Self::restart), on the ports of the process that is killed, for clients that reconnect by themselves.
    #[track_caller]
    pub fn restart_on_same_ports(&mut self) {
        let before = self.listeners();
        self.kill();
        self.launch(Some(before));
    }

    #[track_caller]
    fn launch(&mut self, ports: Option<Listeners>) {
        let ready_file = self.data.path().join("run/listeners.json");
        let _was_not_there = std::fs::remove_file(&ready_file);
        let mut child = process::spawn_bound_to_this_process(self.command(ports)).unwrap_or_else(|error| {
            panic!("{} could not be started: {error}", binary::server_binary().display())
        });
        let followers = vec![
            self.log.follow(child.stdout.take().expect("stdout is piped")),
            self.log.follow(child.stderr.take().expect("stderr is piped")),
        ];
        let deadline = Instant::now() + self.options.ready_within;
        loop {
            if let Some(listeners) = read_listeners(&ready_file) {
                self.running = Some(Running { child, followers, listeners });
                return;
            }
            if let Some(status) = child.try_wait().expect("a child can be waited for") {
                join_all(followers);
                panic!("the server ended at start with {status}; it printed:\n{}", self.log.text());
            }
            if Instant::now() >= deadline {
                let _already_gone = child.kill();
                let _status = child.wait();
                join_all(followers);
                panic!(
                    "the server was not ready within {:?}; it printed:\n{}",
                    self.options.ready_within,
                    self.log.text()
                );
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn command(&self, ports: Option<Listeners>) -> Command {
        let free = || "127.0.0.1:0".to_owned();
        let address = |pick: fn(&Listeners) -> SocketAddr| {
            ports.as_ref().map_or_else(free, |ports| pick(ports).to_string())
        };
        let mut command = Command::new(binary::server_binary());
        command
            .arg("serve")
            .arg("--data")
            .arg(self.data.path())
            .args(["--mqtt", &address(|ports| ports.mqtt)])
            .args(["--mqtts", &address(|ports| ports.mqtts)])
            .args(["--http", &address(|ports| ports.http)])
            .args(["--https", &address(|ports| ports.https)]);
        if let Some(cores) = self.options.cores {
            command.args(["--cores", &cores.to_string()]);
        }
        command.args(&self.options.arguments);
        command.envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }
}

impl Drop for TestServer {
    #[expect(
        clippy::print_stderr,
        reason = "the only place where a failing test can show what the server said"
    )]
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _already_gone = running.child.kill();
            let _status = running.child.wait();
            join_all(running.followers);
        }
        if std::thread::panicking() {
            eprintln!("--- the server printed ---\n{}\n--- end of the server's output ---", self.log.text());
        }
        if std::env::var_os("YIZHAN_KEEP_DATA").is_some()
            && let Data::Temporary(folder) = &mut self.data
        {
            folder.disable_cleanup(true);
            eprintln!("data directory kept: {}", folder.path().display());
        }
    }
}

fn join_all(threads: Vec<JoinHandle<()>>) {
    for thread in threads {
        thread.join().expect("the log reader does not panic");
    }
}

/// The file may be read while it is being written: then it is not there yet.
fn read_listeners(path: &Path) -> Option<Listeners> {
    let text = std::fs::read(path).ok()?;
    let value: Value = serde_json::from_slice(&text).ok()?;
    let address = |name: &str| -> SocketAddr {
        value[name]
            .as_str()
            .and_then(|text| text.parse().ok())
            .unwrap_or_else(|| panic!("listeners.json has no address {name:?}: {value}"))
    };
    Some(Listeners {
        mqtt: address("mqtt"),
        mqtts: address("mqtts"),
        http: address("http"),
        https: address("https"),
    })
}
