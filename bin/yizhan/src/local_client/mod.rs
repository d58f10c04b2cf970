//! The command line's way to a running server: HTTP/1.1 over the local socket, one connection a request, blocking.
//!
//! What must stay true: a request ends within its patience whatever the other side does, an answer is bounded, and
//! every error says what to do next.

mod answer;

use std::io::{self, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::data_dir::DataDir;
use answer::Answer;

/// How long a request may take unless it is known to take longer.
const PATIENCE: Duration = Duration::from_secs(60);
const PREFIX: &str = "/internal/v1";

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// Nobody listens.
    #[error(
        "the server is not running: nobody listens on {}\nstart it with: yizhan serve --data {}\n\
         or name the data directory of the running server with --data", socket.display(), data.display()
    )]
    NotRunning {
        /// The socket.
        socket: PathBuf,
        /// Its data directory.
        data: PathBuf,
    },
    /// The socket belongs to someone else.
    #[error("{} may not be used: run this as the server's user (or as root)", .0.display())]
    NoAccess(PathBuf),
    /// The connection failed.
    #[error("the server on {} cannot be spoken to: {error}", socket.display())]
    Broken {
        /// The socket.
        socket: PathBuf,
        /// What happened.
        error: io::Error,
    },
    /// The server said no.
    #[error("{message}{}", shown_details(details.as_ref()))]
    Refused {
        /// The HTTP status.
        status: u16,
        /// The server's words.
        message: String,
        /// More about it, for example the errors of a thing model.
        details: Option<Value>,
    },
}

/// A client of the server that runs on a data directory.
#[derive(Debug, Clone)]
pub struct LocalClient {
    data: DataDir,
    patience: Duration,
}

impl LocalClient {
    /// For the server of this data directory.
    pub fn new(data: &DataDir) -> Self {
        Self { data: data.clone(), patience: PATIENCE }
    }

    /// The data directory of the server.
    pub const fn data(&self) -> &DataDir {
        &self.data
    }

    /// Waits `patience` longer than usual.
    pub const fn with_extra_patience(mut self, patience: Duration) -> Self {
        self.patience = PATIENCE.saturating_add(patience);
        self
    }

    /// GET; `path` is without the prefix and built with [`Path`].
    pub fn get(&self, path: &Path) -> Result<Value, ClientError> {
        self.json("GET", path, None)
    }

    /// GET of a text that must stay as it is.
    pub fn get_text(&self, path: &Path) -> Result<String, ClientError> {
        let answer = self.request("GET", &path.0, None)?;
        String::from_utf8(answer.body).map_err(|_| self.broken(io::Error::other("the answer is not text")))
    }

    /// POST of JSON.
    pub fn post(&self, path: &Path, body: &Value) -> Result<Value, ClientError> {
        self.json("POST", path, Some(&body.to_string()))
    }

    /// PUT of a text that is JSON.
    pub fn put(&self, path: &Path, body: &str) -> Result<Value, ClientError> {
        self.json("PUT", path, Some(body))
    }

    /// PATCH with JSON.
    pub fn patch(&self, path: &Path, body: &Value) -> Result<Value, ClientError> {
        self.json("PATCH", path, Some(&body.to_string()))
    }

    /// DELETE.
    pub fn delete(&self, path: &Path) -> Result<Value, ClientError> {
        self.json("DELETE", path, None)
    }

    fn json(&self, method: &str, path: &Path, body: Option<&str>) -> Result<Value, ClientError> {
        let answer = self.request(method, &path.0, body)?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body)
            .map_err(|error| self.broken(io::Error::other(format!("the answer is not JSON: {error}"))))
    }

    fn request(&self, method: &str, path: &str, body: Option<&str>) -> Result<Answer, ClientError> {
        let deadline = Instant::now() + self.patience;
        let mut stream = self.connect()?;
        let mut exchange = || {
            let body = body.unwrap_or_default();
            let head = format!(
                "{method} {PREFIX}{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\
                 Content-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                body.len()
            );
            stream.set_write_timeout(Some(self.patience))?;
            // A server that refuses a large body may answer and close before all of it was taken.
            let sent = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
            match (answer::read(&mut stream, deadline), sent) {
                (Err(_), Err(not_sent)) => Err(not_sent),
                (answer, _) => answer,
            }
        };
        let answer = exchange().map_err(|error| self.broken(plain(error, self.patience)))?;
        if (200..300).contains(&answer.status) { Ok(answer) } else { Err(refused(&answer)) }
    }

    fn connect(&self) -> Result<UnixStream, ClientError> {
        let socket = self.data.socket();
        UnixStream::connect(&socket).map_err(|error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::ConnectionRefused => {
                ClientError::NotRunning { socket, data: self.data.path().to_owned() }
            }
            ErrorKind::PermissionDenied => ClientError::NoAccess(socket),
            _ => ClientError::Broken { socket, error },
        })
    }

    fn broken(&self, error: io::Error) -> ClientError {
        ClientError::Broken { socket: self.data.socket(), error }
    }
}

/// A timeout in words.
fn plain(error: io::Error, patience: Duration) -> io::Error {
    match error.kind() {
        ErrorKind::WouldBlock | ErrorKind::TimedOut => {
            io::Error::other(format!("no answer within {} seconds", patience.as_secs()))
        }
        _ => error,
    }
}

fn refused(answer: &Answer) -> ClientError {
    let parsed: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let error = &parsed["error"];
    let message = error["message"].as_str().map_or_else(
        || format!("the server answered with HTTP status {}: {}", answer.status, said(&answer.body)),
        ToOwned::to_owned,
    );
    let details = error.get("details").filter(|details| !details.is_null()).cloned();
    ClientError::Refused { status: answer.status, message, details }
}

fn said(body: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(body).trim().chars().take(500).collect();
    crate::output::printable(&text)
}

/// A list of `{code, path, message}` as lines; anything else is in the message already.
fn shown_details(details: Option<&Value>) -> String {
    let Some(list) = details.and_then(Value::as_array) else { return String::new() };
    let line = |entry: &Value| {
        let path = entry["path"].as_str().filter(|path| !path.is_empty()).unwrap_or("(whole text)");
        format!("\n  {path}: {}", entry["message"].as_str().unwrap_or("not valid"))
    };
    list.iter().map(line).collect()
}

/// A request path whose parts are encoded, so that a name with a slash stays one name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Path(String);

impl Path {
    /// The path of these parts.
    pub fn of<'a>(parts: impl IntoIterator<Item = &'a str>) -> Self {
        let mut path = String::new();
        for part in parts {
            path.push('/');
            encode(part, &mut path);
        }
        Self(path)
    }

    /// The path with one more query parameter, if there is a value.
    pub fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.0.push(if self.0.contains('?') { '&' } else { '?' });
            self.0.push_str(name);
            self.0.push('=');
            encode(&value.to_string(), &mut self.0);
        }
        self
    }
}

fn encode(text: &str, out: &mut String) {
    use std::fmt::Write as _;
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'~') {
            out.push(char::from(byte));
        } else if byte == b'.' && text != "." && text != ".." {
            out.push('.');
        } else {
            write!(out, "%{byte:02X}").expect("writing to a String does not fail");
        }
    }
}

#[cfg(test)]
mod tests;
