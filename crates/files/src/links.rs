//! The URLs: how they are made, and whether one that came in opens what it names.

use yizhan_identity::signed_url::UrlRefusal;
use yizhan_vocabulary::{Uin, UnixMillis};

use crate::uploads::UploadId;
use crate::{Files, UploadError};

/// How long a URL for an upload opens.
pub const UPLOAD_TIME_MS: i64 = 3600 * 1000;
/// How long a URL for a download opens.
pub const DOWNLOAD_TIME_MS: i64 = 3600 * 1000;
/// What every path here begins with.
const UPLOADS: &str = "/files/uploads/";
const BATCHES: &str = "/files/batches/";
const BACKUPS: &str = "/files/backups/";
const DIAGNOSTICS: &str = "/files/diagnostics/yizhan-diagnostics.zip";
/// The longest URL that is read.
const MAX_URL: usize = 1024;

/// A URL and its end. Whoever has the URL can use it, so it does not show in `Debug`.
#[derive(Clone)]
pub struct Link {
    /// The URL.
    pub url: String,
    /// Until when it opens.
    pub end: UnixMillis,
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Link").field("end", &self.end).finish_non_exhaustive()
    }
}

/// What can be downloaded of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BatchFile {
    /// The devices as CSV.
    Devices,
    /// The same with pictures of their QR codes, as a ZIP archive.
    Pictures,
}

impl BatchFile {
    const ALL: [Self; 2] = [Self::Devices, Self::Pictures];

    /// The ending of the file's name.
    pub const fn ending(self) -> &'static str {
        match self {
            Self::Devices => "csv",
            Self::Pictures => "zip",
        }
    }

    /// What `LC-xxxxxxxx.csv` names: the batch and its file.
    pub fn named(file: &str) -> Option<(&str, Self)> {
        let (batch, ending) = file.rsplit_once('.')?;
        let kind = Self::ALL.into_iter().find(|kind| kind.ending() == ending)?;
        Some((batch, kind))
    }
}

impl Files {
    /// A URL to which a file of this account can be sent with PUT.
    pub fn upload_link(&self, owner: Uin) -> Link {
        let id = UploadId::new(owner);
        self.link("PUT", &format!("{UPLOADS}{id}"), UPLOAD_TIME_MS)
    }

    /// A URL under which a file of a batch can be had.
    pub fn batch_link(&self, batch: &str, file: BatchFile) -> Link {
        self.link("GET", &format!("{BATCHES}{batch}.{}", file.ending()), DOWNLOAD_TIME_MS)
    }

    /// A URL under which the backup of this name can be had.
    pub fn backup_link(&self, name: &str) -> Link {
        self.link("GET", &format!("{BACKUPS}{name}"), DOWNLOAD_TIME_MS)
    }

    /// A URL under which the diagnostics bundle can be had.
    pub fn diagnostics_link(&self) -> Link {
        self.link("GET", DIAGNOSTICS, DOWNLOAD_TIME_MS)
    }

    pub(crate) fn link(&self, method: &str, path: &str, time_ms: i64) -> Link {
        let end = self.clock.now().plus_ms(time_ms);
        let query = self.signer.sign(method, path, end);
        Link { url: format!("{}{path}?{query}", self.settings.base_url), end }
    }

    /// Whether a request with this method, path and query may go on.
    pub fn check(&self, method: &str, path: &str, query: &str) -> Result<(), UrlRefusal> {
        self.signer.verify(method, path, query, self.clock.now())
    }

    /// What an account has uploaded to `url`, a URL that [`Files::upload_link`] gave it. Only the path counts: the server
    /// may be known under several names, and who may read is decided by whose upload it is.
    pub fn uploaded(&self, owner: Uin, url: &str) -> Result<Vec<u8>, UploadError> {
        self.uploads.read(&upload_for(owner, url)?, self.settings.max_file_bytes)
    }

    /// Removes what an account has uploaded to `url`, because it has been used; another URL is left alone.
    pub fn used(&self, owner: Uin, url: &str) {
        if let Ok(id) = upload_for(owner, url) {
            self.uploads.remove(&id);
        }
    }
}

/// The upload at `url`, for its own account. Somebody else's is answered like one that is not there.
fn upload_for(owner: Uin, url: &str) -> Result<UploadId, UploadError> {
    let id = upload_of(url).ok_or(UploadError::NotHere)?;
    if id.owner() == owner { Ok(id) } else { Err(UploadError::NotFound) }
}

fn upload_of(url: &str) -> Option<UploadId> {
    if url.len() > MAX_URL {
        return None;
    }
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"))?;
    let place = rest.split(['?', '#']).next()?;
    let path = &place[place.find('/')?..];
    UploadId::parse(path.strip_prefix(UPLOADS)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_path_of_an_upload_names_one() {
        let id = format!("100000000001-{}", "0a".repeat(16));
        for url in [
            format!("http://localhost:8080/files/uploads/{id}?Expires=1&Signature=2"),
            format!("https://other.example/files/uploads/{id}"),
        ] {
            assert_eq!(upload_of(&url).unwrap().to_string(), id);
        }
        for url in [
            format!("ftp://h/files/uploads/{id}"),
            format!("http://h/x/files/uploads/{id}"),
            format!("http://h/files/uploads/{id}/x"),
            format!("http://h/files/uploads/../{id}"),
            format!("http://h?/files/uploads/{id}"),
            "http://h".to_owned(),
            format!("http://h/files/uploads/{}", "x".repeat(MAX_URL)),
        ] {
            assert!(upload_of(&url).is_none(), "{url}");
        }
    }

    #[test]
    fn a_files_name_says_batch_and_kind() {
        assert_eq!(BatchFile::named("LC-abc.csv"), Some(("LC-abc", BatchFile::Devices)));
        assert_eq!(BatchFile::named("LC-abc.zip"), Some(("LC-abc", BatchFile::Pictures)));
        assert_eq!(BatchFile::named("LC-abc.exe"), None);
        assert_eq!(BatchFile::named("LC-abc"), None);
    }
}
