//! Debian's Mosquitto as the peer: no persistence, no limits on what is in flight, a core of its own.

use std::fs;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use super::process::Measured;

const START_WITHIN: Duration = Duration::from_secs(5);

/// A running Mosquitto.
pub(super) struct Mosquitto {
    pub(super) process: Measured,
    pub(super) address: SocketAddr,
    _directory: tempfile::TempDir,
}

/// Where Mosquitto is installed.
pub(super) fn find() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path)
        .chain(["/usr/sbin", "/usr/local/sbin"].map(PathBuf::from))
        .map(|directory| directory.join("mosquitto"))
        .find(|file| file.is_file())
}

/// Its version, as it says it.
pub(super) fn version(binary: &Path) -> String {
    // It prints its version with the help and leaves with an error.
    let output = Command::new(binary).arg("-h").output();
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or("mosquitto").trim().to_owned()
}

impl Mosquitto {
    /// Starts it on a free port of the loopback.
    pub(super) fn start(binary: &Path, core: usize) -> anyhow::Result<Self> {
        let directory = tempfile::tempdir()?;
        // Another process could take the port between here and the start; the start then fails and says so.
        let address = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let configuration = format!(
            "listener {} 127.0.0.1\nallow_anonymous true\npersistence false\nmax_inflight_messages 0\n\
             max_queued_messages 0\nset_tcp_nodelay true\nlog_type none\n",
            address.port()
        );
        let file = directory.path().join("mosquitto.conf");
        fs::write(&file, configuration)?;
        let mut command = Command::new(binary);
        command.arg("-c").arg(&file).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::inherit());
        let mut process = Measured::start(command, core)?;
        let deadline = Instant::now() + START_WITHIN;
        while TcpStream::connect(address).is_err() {
            process.check_running().context("mosquitto does not start")?;
            if Instant::now() > deadline {
                bail!("mosquitto does not accept connections on {address}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        Ok(Self { process, address, _directory: directory })
    }
}
