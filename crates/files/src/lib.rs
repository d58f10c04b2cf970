//! Files that come and go through signed URLs: whoever manages the platform asks an operation for a URL, and a browser, a
//! script or a factory's tool uses it without an account.
//!
//! Uploads lie in a folder of the data directory until they are used, for a day at most: they are on their way into the
//! platform, not kept there. Downloads are put together when they are asked for; only their URLs are made here.
//!
//! What must stay true: a URL opens one path for one method until a moment; a path names no file but through
//! [`UploadId`]; an account reads only what was uploaded through its own URLs; the folder stays within
//! its bounds, and so does each account in it.

mod fetch;
mod links;
mod results;
mod uploads;

use std::path::Path;
use std::sync::Arc;

use yizhan_identity::UrlSigner;
use yizhan_vocabulary::Clock;

pub use fetch::FetchError;
pub use links::{BatchFile, DOWNLOAD_TIME_MS, Link, UPLOAD_TIME_MS};
pub use results::ResultId;
pub use uploads::{Draft, UploadError, UploadId};

/// Limits of uploads, each with its default.
#[derive(Debug, Clone)]
pub struct FilesSettings {
    /// What URLs begin with: the address under which this server is reached.
    pub base_url: String,
    /// The largest file.
    pub max_file_bytes: u64,
    /// Files held at a time.
    pub max_files: usize,
    /// Of these, files of one account.
    pub max_files_of_account: usize,
    /// Hosts, as `name` or `name:port`, from which files may be fetched.
    pub fetch_hosts: Vec<String>,
}

impl FilesSettings {
    /// The defaults, for a server that is reached under `base_url`.
    pub fn new(base_url: &str) -> Self {
        Self {
            base_url: base_url.trim_end_matches('/').to_owned(),
            max_file_bytes: 4 * 1024 * 1024,
            max_files: 1024,
            max_files_of_account: 64,
            fetch_hosts: Vec::new(),
        }
    }
}

/// Uploads and links. Share it behind an `Arc`.
pub struct Files {
    settings: FilesSettings,
    uploads: uploads::Uploads,
    results: uploads::Uploads,
    signer: UrlSigner,
    clock: Arc<dyn Clock>,
    /// Places for files that are being fetched from elsewhere.
    fetching: tokio::sync::Semaphore,
    /// Places for files that are put together and on their way out; each may be large.
    sending: Arc<tokio::sync::Semaphore>,
}

/// Files that are fetched from elsewhere at a time.
const MAX_FETCHES: usize = 4;
/// Files on their way out at a time.
const MAX_SENT: usize = 16;

impl Files {
    /// Files of the data directory `data`, with URLs signed by `signer`.
    pub fn open(
        data: &Path,
        settings: FilesSettings,
        signer: UrlSigner,
        clock: Arc<dyn Clock>,
    ) -> std::io::Result<Self> {
        let uploads = uploads::Uploads::open(data.join("uploads"))?;
        let results = uploads::Uploads::open(data.join("results"))?;
        let fetching = tokio::sync::Semaphore::new(MAX_FETCHES);
        let sending = Arc::new(tokio::sync::Semaphore::new(MAX_SENT));
        Ok(Self { settings, uploads, results, signer, clock, fetching, sending })
    }

    /// A place for a file on its way out, to be held until it is sent; none if there are too many.
    pub fn sending_place(&self) -> Option<tokio::sync::OwnedSemaphorePermit> {
        Arc::clone(&self.sending).try_acquire_owned().ok()
    }

    /// The largest file that may be uploaded.
    pub fn max_file_bytes(&self) -> u64 {
        self.settings.max_file_bytes
    }
}
