//! The folder of uploads: one file each, named by its account and random digits. A file appears under its name when it
//! is whole.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use parking_lot::Mutex;
use yizhan_vocabulary::Uin;

use crate::Files;

/// How long an upload stays.
const KEPT: Duration = Duration::from_secs(24 * 3600);
/// Ending of a file that is not whole yet.
const DRAFT: &str = "draft";

/// Why an upload cannot be taken or read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UploadError {
    /// The URL is not one of this server's uploads.
    #[error(
        "the URL does not lead to an upload on this platform; ask for one with CreateUploadUrl and send the file there"
    )]
    NotHere,
    /// Nothing was uploaded there, or it was too long ago.
    #[error("nothing was uploaded to this URL, or it was more than a day ago")]
    NotFound,
    /// It is larger than it may be.
    #[error("the file is larger than {0} bytes")]
    TooLarge(u64),
    /// Too many files are on their way.
    #[error("too many uploads are waiting to be used; try again later")]
    Full,
    /// The disk failed.
    #[error("the upload cannot be stored or read: {0}")]
    Failed(String),
}

impl From<std::io::Error> for UploadError {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::NotFound => Self::NotFound,
            _ => Self::Failed(error.to_string()),
        }
    }
}

/// The name of an upload: whose it is, and 32 random hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UploadId {
    owner: Uin,
    digits: String,
}

impl UploadId {
    /// A name nobody can guess.
    pub(crate) fn new(owner: Uin) -> Self {
        let mut random = [0_u8; 16];
        getrandom::fill(&mut random).expect("the system's source of randomness works");
        Self { owner, digits: hex::encode(random) }
    }

    /// Reads a name. What passes has no character that means anything to a file system.
    pub fn parse(text: &str) -> Option<Self> {
        let (owner, digits) = text.split_once('-')?;
        let plain = |text: &str, length: std::ops::RangeInclusive<usize>, fits: fn(&u8) -> bool| {
            length.contains(&text.len()) && text.as_bytes().iter().all(fits)
        };
        let fits = plain(owner, 1..=18, u8::is_ascii_digit)
            && plain(digits, 32..=32, |byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte));
        let owner = owner.parse().ok().filter(|_| fits)?;
        Some(Self { owner: Uin(owner), digits: digits.to_owned() })
    }

    /// Whose it is.
    pub fn owner(&self) -> Uin {
        self.owner
    }
}

impl fmt::Display for UploadId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.owner, self.digits)
    }
}

/// The folder.
pub(crate) struct Uploads {
    folder: PathBuf,
    /// Held while the folder is counted and a draft is made in it.
    counting: Mutex<()>,
}

/// A file that is coming in. It is gone unless it is finished.
pub struct Draft {
    file: File,
    path: PathBuf,
    target: PathBuf,
    left: u64,
    most: u64,
    finished: bool,
}

impl Uploads {
    pub fn open(folder: PathBuf) -> std::io::Result<Self> {
        if !folder.is_dir() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
        }
        Ok(Self { folder, counting: Mutex::new(()) })
    }

    /// Begins a file of at most `most` bytes, unless there are as many as there may be, in all or of the account.
    fn begin(&self, id: &UploadId, most: u64, (all, own): (usize, usize)) -> Result<Draft, UploadError> {
        let _counting = self.counting.lock();
        let mine = format!("{}-", id.owner);
        let (mut held, mut held_of_account) = (0, 0);
        for entry in fs::read_dir(&self.folder)? {
            held += 1;
            held_of_account += usize::from(entry?.file_name().to_string_lossy().starts_with(&mine));
        }
        if held >= all || held_of_account >= own {
            return Err(UploadError::Full);
        }
        let target = self.folder.join(id.to_string());
        // Two senders to one URL do not write into one file.
        let path = target.with_extension(format!("{}.{DRAFT}", UploadId::new(id.owner).digits));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Draft { file, path, target, left: most, most, finished: false })
    }

    pub fn read(&self, id: &UploadId, most: u64) -> Result<Vec<u8>, UploadError> {
        let mut bytes = Vec::new();
        File::open(self.folder.join(id.to_string()))?.take(most + 1).read_to_end(&mut bytes)?;
        if bytes.len() as u64 > most { Err(UploadError::TooLarge(most)) } else { Ok(bytes) }
    }

    fn sweep(&self, now: SystemTime) -> std::io::Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.folder)? {
            let entry = entry?;
            let modified = entry.metadata().and_then(|metadata| metadata.modified());
            let old = modified.is_ok_and(|at| now.duration_since(at).is_ok_and(|age| age > KEPT));
            if old && remove(&entry.path()) {
                removed += 1;
            }
        }
        Ok(removed)
    }
}

/// Whether the file was there to be removed; a file that stays is met again by the next sweep.
fn remove(path: &Path) -> bool {
    fs::remove_file(path).is_ok()
}

impl Draft {
    /// Takes the next bytes.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), UploadError> {
        self.left = self.left.checked_sub(bytes.len() as u64).ok_or(UploadError::TooLarge(self.most))?;
        Ok(self.file.write_all(bytes)?)
    }

    /// The file is whole: gives it its name, in place of an earlier one.
    pub fn finish(mut self) -> Result<(), UploadError> {
        self.file.sync_all()?;
        fs::rename(&self.path, &self.target)?;
        self.finished = true;
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.finished {
            remove(&self.path);
        }
    }
}

impl Files {
    /// Begins to take an upload.
    pub fn begin_upload(&self, id: &UploadId) -> Result<Draft, UploadError> {
        let settings = &self.settings;
        let limits = (settings.max_files, settings.max_files_of_account);
        self.uploads.begin(id, settings.max_file_bytes, limits)
    }

    /// Removes uploads of more than a day ago; says how many.
    pub fn sweep(&self) -> std::io::Result<usize> {
        self.uploads.sweep(SystemTime::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Uin = Uin(100_000_000_001);

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        let id = UploadId::new(OWNER);
        let mut draft = uploads.begin(&id, 6, (10, 10)).unwrap();
        draft.write(b"abc").unwrap();
        assert_eq!(uploads.read(&id, 6), Err(UploadError::NotFound));
        draft.write(b"def").unwrap();
        draft.finish().unwrap();
        assert_eq!(uploads.read(&id, 6).unwrap(), b"abcdef");
        assert_eq!(uploads.read(&id, 5), Err(UploadError::TooLarge(5)));
    }

    #[test]
    fn what_is_too_large_or_broken_off_leaves_nothing() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        let mut draft = uploads.begin(&UploadId::new(OWNER), 2, (10, 10)).unwrap();
        assert_eq!(draft.write(b"abc"), Err(UploadError::TooLarge(2)));
        drop(draft);
        drop(uploads.begin(&UploadId::new(OWNER), 2, (10, 10)).unwrap());
        assert_eq!(names(&dir.path().join("uploads")), 0);
    }

    #[test]
    fn the_folder_holds_so_many_files_and_each_for_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        let begin = |owner, limits| uploads.begin(&UploadId::new(owner), 2, limits);
        begin(OWNER, (1, 1)).unwrap().finish().unwrap();
        assert_eq!(begin(Uin(2), (1, 1)).err(), Some(UploadError::Full));
        assert_eq!(begin(OWNER, (2, 1)).err(), Some(UploadError::Full));
        assert!(begin(Uin(2), (2, 1)).is_ok());
        assert_eq!(uploads.sweep(SystemTime::now()).unwrap(), 0);
        assert_eq!(uploads.sweep(SystemTime::now() + KEPT + Duration::from_secs(60)).unwrap(), 1);
        assert!(begin(OWNER, (1, 1)).is_ok());
    }

    #[test]
    fn a_name_is_an_account_and_digits() {
        let id = UploadId::new(OWNER);
        assert_eq!(UploadId::parse(&id.to_string()), Some(id));
        let digits = "0a".repeat(16);
        for text in ["", "1", &digits, &format!("1-{digits}0"), &format!("x-{digits}"), "1-../../etc/passwd"]
        {
            assert_eq!(UploadId::parse(text), None, "{text}");
        }
    }
}
