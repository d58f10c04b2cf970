//! Files that say where a running server is: `run/listeners.json` for programs, `run/admin.sock` for administration.

use std::io::Write;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Serialize;

/// Where the server listens.
#[derive(Debug, Clone, Serialize)]
pub struct Addresses {
    /// MQTT over TCP.
    pub mqtt: SocketAddr,
    /// MQTT over TLS.
    pub mqtts: SocketAddr,
    /// HTTP and MQTT over WebSocket.
    pub http: SocketAddr,
    /// The same inside TLS.
    pub https: SocketAddr,
}

#[derive(Serialize)]
struct Listeners<'a> {
    pid: u32,
    #[serde(flatten)]
    addresses: &'a Addresses,
}

/// The `run` directory of a data directory.
pub struct RunFiles {
    dir: PathBuf,
}

impl RunFiles {
    /// Makes the directory and removes what an earlier server left.
    pub fn prepare(data: &Path) -> anyhow::Result<Self> {
        let dir = data.join("run");
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&dir)
            .with_context(|| format!("cannot make {}", dir.display()))?;
        let files = Self { dir };
        files.withdraw();
        Ok(files)
    }

    /// The socket for local administration.
    pub fn socket(&self) -> PathBuf {
        self.dir.join("admin.sock")
    }

    /// Says where the server listens; whoever sees the file can connect.
    pub fn publish(&self, addresses: &Addresses) -> anyhow::Result<()> {
        let text = serde_json::to_vec(&Listeners { pid: std::process::id(), addresses })?;
        let (path, draft) = (self.dir.join("listeners.json"), self.dir.join("listeners.json.new"));
        let mut file = std::fs::File::create(&draft)?;
        file.write_all(&text)?;
        drop(file);
        std::fs::rename(&draft, &path).with_context(|| format!("cannot write {}", path.display()))
    }

    /// Takes it back.
    pub fn withdraw(&self) {
        for name in ["listeners.json", "admin.sock"] {
            // Usually there is nothing to remove.
            let _ = std::fs::remove_file(self.dir.join(name));
        }
    }
}
