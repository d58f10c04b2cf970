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
    /// The account has too many files that nobody has used.
    #[error(
        "{0} uploads of this account are waiting to be used already; use them, or wait until they are a day old"
    )]
    TooMany(usize),
    /// Too many files of all accounts together are on their way.
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

/// How many files may lie in the folder.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    /// In all.
    pub files: usize,
    /// Of one account, so that none keeps the others out.
    pub files_of_owner: usize,
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

    /// Where the files are.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    pub fn begin(&self, id: &UploadId, most: u64, room: Room) -> Result<Draft, UploadError> {
        let _counting = self.counting.lock();
        let target = self.folder.join(id.to_string());
        self.check_room(id, room)?;
        // Two senders to one URL do not write into one file.
        let path = target.with_extension(format!("{}.{DRAFT}", UploadId::new(id.owner).digits));
        let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
        Ok(Draft { file, path, target, left: most, most, finished: false })
    }

    /// Whether there is room for a file beside those that are there. One that is replaced does not count.
    fn check_room(&self, id: &UploadId, room: Room) -> Result<(), UploadError> {
        let (replaced, owners) = (id.to_string(), format!("{}-", id.owner));
        let (mut all, mut of_owner) = (0, 0);
        for entry in fs::read_dir(&self.folder)? {
            let name = entry?.file_name();
            let name = name.as_encoded_bytes();
            if name != replaced.as_bytes() {
                all += 1;
                of_owner += usize::from(name.starts_with(owners.as_bytes()));
            }
        }
        match () {
            () if of_owner >= room.files_of_owner => Err(UploadError::TooMany(room.files_of_owner)),
            () if all >= room.files => Err(UploadError::Full),
            () => Ok(()),
        }
    }

    /// Removes an upload, if it is there.
    pub fn remove(&self, id: &UploadId) {
        remove(&self.folder.join(id.to_string()));
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
        let room =
            Room { files: self.settings.max_files, files_of_owner: self.settings.max_files_of_account };
        self.uploads.begin(id, self.settings.max_file_bytes, room)
    }

    /// Removes uploads of more than a day ago; says how many.
    pub fn sweep(&self) -> std::io::Result<usize> {
        let now = SystemTime::now();
        Ok(self.uploads.sweep(now)? + self.results.sweep(now)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWNER: Uin = Uin(100_000_000_001);
    const AMPLE: Room = Room { files: 10, files_of_owner: 10 };

    fn names(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_file_is_there_when_it_is_whole_and_not_before() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        let id = UploadId::new(OWNER);
        let mut draft = uploads.begin(&id, 6, AMPLE).unwrap();
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
        let mut draft = uploads.begin(&UploadId::new(OWNER), 2, AMPLE).unwrap();
        assert_eq!(draft.write(b"abc"), Err(UploadError::TooLarge(2)));
        drop(draft);
        drop(uploads.begin(&UploadId::new(OWNER), 2, AMPLE).unwrap());
        assert_eq!(names(&dir.path().join("uploads")), 0);
    }

    #[test]
    fn the_folder_holds_so_many_files_and_each_for_a_day() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        let one = Room { files: 1, ..AMPLE };
        uploads.begin(&UploadId::new(OWNER), 2, one).unwrap().finish().unwrap();
        assert_eq!(uploads.begin(&UploadId::new(OWNER), 2, one).err(), Some(UploadError::Full));
        assert_eq!(uploads.sweep(SystemTime::now()).unwrap(), 0);
        assert_eq!(uploads.sweep(SystemTime::now() + KEPT + Duration::from_secs(60)).unwrap(), 1);
        assert!(uploads.begin(&UploadId::new(OWNER), 2, one).is_ok());
    }

    #[test]
    fn an_account_with_too_many_uploads_keeps_nobody_else_out() {
        let dir = tempfile::tempdir().unwrap();
        let uploads = Uploads::open(dir.path().join("uploads")).unwrap();
        let room = Room { files: 10, files_of_owner: 2 };
        let ids = [UploadId::new(OWNER), UploadId::new(OWNER)];
        for id in &ids {
            uploads.begin(id, 2, room).unwrap().finish().unwrap();
        }
        assert_eq!(uploads.begin(&UploadId::new(OWNER), 2, room).err(), Some(UploadError::TooMany(2)));
        // Its number begins with the same digits.
        assert!(uploads.begin(&UploadId::new(Uin(1_000_000_000_011)), 2, room).is_ok());
        uploads.begin(&ids[1], 2, room).unwrap().finish().unwrap();
        uploads.remove(&ids[0]);
        assert!(uploads.begin(&UploadId::new(OWNER), 2, room).is_ok());
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
