//! Where a server keeps its files, as every command needs to know it.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use anyhow::Context;
use serde::Deserialize;

/// The data directory's argument, the same in every command.
#[derive(Debug, Clone, clap::Args)]
pub struct DataDir {
    /// The server's data directory
    #[arg(long = "data", value_name = "DIR", env = "YIZHAN_DATA", default_value = "data", global = true)]
    path: PathBuf,
}

/// Where a running server listens (`run/listeners.json`).
#[derive(Debug, Clone, Deserialize)]
pub struct Listeners {
    /// The server's process.
    pub pid: u32,
    /// MQTT over TCP.
    pub mqtt: Option<SocketAddr>,
    /// MQTT over TLS.
    pub mqtts: Option<SocketAddr>,
    /// HTTP.
    pub http: Option<SocketAddr>,
    /// HTTP over TLS.
    pub https: Option<SocketAddr>,
}

impl DataDir {
    /// A given directory.
    pub const fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The directory itself.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The socket for local administration.
    pub fn socket(&self) -> PathBuf {
        self.path.join("run/admin.sock")
    }

    /// The file in which a running server says where it listens.
    pub fn listeners_file(&self) -> PathBuf {
        self.path.join("run/listeners.json")
    }

    /// What a running server says; `None` when there is no such file.
    pub fn listeners(&self) -> anyhow::Result<Option<Listeners>> {
        let file = self.listeners_file();
        let text = match std::fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(|| file.display().to_string()),
        };
        let parsed = serde_json::from_slice(&text);
        Ok(Some(parsed.with_context(|| format!("{} is not what a server writes", file.display()))?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listeners_are_read_as_the_server_writes_them() {
        let folder = tempfile::tempdir().unwrap();
        let data = DataDir::at(folder.path().to_owned());
        assert!(data.listeners().unwrap().is_none());
        std::fs::create_dir(folder.path().join("run")).unwrap();
        let text = r#"{"pid":123,"mqtt":"127.0.0.1:1883","mqtts":"127.0.0.1:8883","http":"127.0.0.1:8080","https":"127.0.0.1:8443"}"#;
        std::fs::write(data.listeners_file(), text).unwrap();
        let listeners = data.listeners().unwrap().unwrap();
        assert_eq!((listeners.pid, listeners.mqtt.unwrap().port()), (123, 1883));
        std::fs::write(data.listeners_file(), "{").unwrap();
        assert!(data.listeners().unwrap_err().to_string().contains("listeners.json"));
    }
}
