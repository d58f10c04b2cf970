//! The files of the web console: those that are in the binary, or, for work on the console, those of a folder.
//!
//! Why a crate of its own: the files make its compilation depend on `web/dist`, and nothing else should be compiled again
//! when a page changes. What must stay true: only names of the table (or, of a folder, names without any way out of it)
//! give a file; the files are in the binary once, compressed, and those that some client could not take so are
//! decompressed once a process; nothing here knows HTTP but the names of its types.

mod embedded;
mod folder;
mod kind;

use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use sha2::{Digest, Sha256};

use self::embedded::Embedded;
pub use self::kind::content_type;

/// The page that the console begins with, whatever its address.
const INDEX: &str = "index.html";
/// Files whose name says what is in them lie here.
const HASHED: &str = "assets/";
/// Shown in place of a console that was not built.
const MISSING: &[u8] = include_bytes!("missing.html");

/// Why a file could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ConsoleError {
    /// The folder's file is not readable.
    #[error("{path} cannot be read: {source}")]
    Unreadable {
        /// Which file.
        path: String,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The folder's file is larger than any file of a console.
    #[error("{0} is too large for a file of the console")]
    TooLarge(String),
    /// What should be compressed cannot be decompressed.
    #[error("{0} is damaged")]
    Damaged(String),
}

/// A file on its way to a browser.
#[derive(Debug, Clone)]
pub struct File {
    /// What is in it.
    pub bytes: Bytes,
    /// Whether `bytes` are compressed with Brotli.
    pub brotli: bool,
    /// Its type, for `Content-Type`.
    pub content_type: &'static str,
    /// Whether its name changes with what is in it, so that a browser may keep it for ever.
    pub immutable: bool,
    /// Tells its content from that of every other file, in the form that is sent.
    pub tag: Arc<str>,
}

/// Where the console comes from. Cloning gives the same one.
#[derive(Debug, Clone)]
pub struct Console {
    source: Source,
}

#[derive(Debug, Clone)]
enum Source {
    Binary(Arc<Embedded>),
    Folder(Arc<PathBuf>),
}

impl Console {
    /// The console in the binary, or that of a folder where one is named.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let source = match folder {
            Some(folder) => Source::Folder(Arc::new(folder)),
            None => Source::Binary(Arc::new(Embedded::new())),
        };
        Self { source }
    }

    /// The file of this name, compressed if the client takes that. Reading a folder's file and decompressing the binary's
    /// for the first time take a moment.
    pub fn file(&self, name: &str, brotli: bool) -> Result<Option<File>, ConsoleError> {
        match &self.source {
            Source::Binary(embedded) => embedded.file(name, brotli),
            Source::Folder(root) => folder::file(root, name, brotli),
        }
    }

    /// The page that the console begins with; if it was not built, one that says how to.
    pub fn index(&self, brotli: bool) -> Result<File, ConsoleError> {
        let found = self.file(INDEX, brotli)?;
        Ok(found.unwrap_or_else(|| made(INDEX, Bytes::from_static(MISSING), false)))
    }

    /// A name for this build of the console: it changes whenever one of its files does, because its first page names them.
    pub fn build(&self) -> Result<String, ConsoleError> {
        let index = self.index(false)?;
        Ok(index.tag.to_string())
    }
}

/// A file of these bytes.
fn made(name: &str, bytes: Bytes, brotli: bool) -> File {
    let digest = Sha256::digest(&bytes);
    File {
        content_type: content_type(name),
        immutable: name.starts_with(HASHED),
        tag: hex::encode(&digest[..8]).into(),
        bytes,
        brotli,
    }
}

/// Undoes the compression; `None` if the bytes are not what the compressor writes, or become more than `most`.
fn decompressed(compressed: &[u8], most: usize) -> Option<Vec<u8>> {
    use std::io::Read;
    let mut plain = Vec::new();
    let reader = brotli_decompressor::Decompressor::new(compressed, 16 * 1024);
    reader.take(most as u64 + 1).read_to_end(&mut plain).ok()?;
    (plain.len() <= most).then_some(plain)
}
