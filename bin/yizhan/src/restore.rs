//! `yizhan restore`: a new data directory out of a backup, and then the same questions to it that `doctor` asks.
//!
//! What must stay true: an existing data directory is never touched, and a directory that was restored only in part is never
//! taken for a whole one: everything is unpacked into a folder of its own first and moved when all of it is there.

use std::fs::{DirBuilder, File, Permissions};
use std::io::ErrorKind;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::AtomicBool;

use anyhow::{Context, ensure};
use serde_json::json;

use crate::archive::{self, Manifest};
use crate::backup::progress;
use crate::data_dir::DataDir;
use crate::doctor;
use crate::interrupt;
use crate::output::{self, show_bytes, show_time};

/// Where an archive is unpacked before its files get their places. As long as it exists, nothing is to be served.
const STAGE: &str = ".restoring";

/// Whether a restore into this directory began and did not end: what is in it is a part of a backup.
pub fn is_unfinished(data: &Path) -> bool {
    data.join(STAGE).exists()
}

/// Make a new data directory out of a backup
#[derive(Debug, clap::Args)]
pub struct Restore {
    /// The backup
    #[arg(long, value_name = "FILE")]
    from: PathBuf,
    /// The data directory to make; it must not exist or be empty
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

impl Restore {
    /// Restores and examines.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let stop = interrupt::watch()?;
        let source = File::open(&self.from).with_context(|| self.from.display().to_string())?;
        let manifest = restore(&source, &self.data, &stop)?;
        let report = doctor::examine(&DataDir::at(self.data.clone()), None);
        if self.json {
            output::json(&json!({ "data": self.data, "backup": manifest, "examination": report }))?;
        } else {
            output::result(&format!(
                "restored {} in {} files as of {} to {}",
                show_bytes(manifest.bytes),
                manifest.files,
                show_time(manifest.created_at),
                self.data.display()
            ));
            output::result(&report.text());
            if !report.has_problems() {
                output::note(&format!("start the server with: yizhan serve --data {}", self.data.display()));
            }
        }
        Ok(report.exit_code())
    }
}

fn restore(source: &File, data: &Path, stop: &AtomicBool) -> anyhow::Result<Manifest> {
    let made = claim(data)?;
    let stage = data.join(STAGE);
    let unpacked = DirBuilder::new()
        .mode(0o700)
        .create(&stage)
        .with_context(|| stage.display().to_string())
        .and_then(|()| archive::unpack(source, &stage, stop, &mut progress("unpacked")));
    let manifest = match unpacked {
        Ok(manifest) => manifest,
        Err(error) => {
            // What was unpacked is of no use; the error matters more than whether this works.
            let _rest = std::fs::remove_dir_all(&stage);
            if made {
                let _rest = std::fs::remove_dir(data);
            }
            return Err(error);
        }
    };
    settle(&stage, data).with_context(|| {
        format!("the restored files could not be moved; remove {} and try again", data.display())
    })?;
    Ok(manifest)
}

/// Makes the directory, or makes sure that it is empty. True when it was made.
fn claim(data: &Path) -> anyhow::Result<bool> {
    let shown = data.display();
    match DirBuilder::new().recursive(false).mode(0o700).create(data) {
        Ok(()) => {
            let parent = data.parent().filter(|parent| !parent.as_os_str().is_empty());
            File::open(parent.unwrap_or(Path::new(".")))
                .and_then(|parent| parent.sync_all())
                .with_context(|| shown.to_string())?;
            Ok(true)
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            let mut entries = std::fs::read_dir(data).with_context(|| shown.to_string())?;
            // A file system of its own begins with this folder.
            let other =
                entries.find(|entry| entry.as_ref().is_ok_and(|entry| entry.file_name() != "lost+found"));
            ensure!(other.is_none(), "{shown} is not empty; name a directory that does not exist");
            std::fs::set_permissions(data, Permissions::from_mode(0o700))
                .with_context(|| shown.to_string())?;
            Ok(false)
        }
        Err(error) => Err(error).with_context(|| format!("{shown} cannot be made")),
    }
}

fn settle(stage: &Path, data: &Path) -> std::io::Result<()> {
    for entry in std::fs::read_dir(stage)? {
        let entry = entry?;
        std::fs::rename(entry.path(), data.join(entry.file_name()))?;
    }
    // Only when everything is in its place for good may the mark go that it is not.
    File::open(data)?.sync_all()?;
    std::fs::remove_dir(stage)?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use std::io::{Seek, SeekFrom, Write};

    use super::*;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    fn backup() -> File {
        let from = tempfile::tempdir().unwrap();
        std::fs::create_dir(from.path().join("journal")).unwrap();
        std::fs::write(from.path().join("journal/FORMAT"), "1").unwrap();
        std::fs::write(from.path().join("secret.key"), "key").unwrap();
        let mut file = tempfile::tempfile().unwrap();
        archive::pack(&archive::list(from.path()).unwrap(), &file, 0, &GO_ON, &mut |_, _| {}).unwrap();
        file.seek(SeekFrom::Start(0)).unwrap();
        file
    }

    #[test]
    fn a_backup_becomes_a_private_directory() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        assert_eq!(restore(&backup(), &data, &GO_ON).unwrap().files, 2);
        assert_eq!(data.metadata().unwrap().permissions().mode() & 0o7777, 0o700);
        assert_eq!(std::fs::read_to_string(data.join("journal/FORMAT")).unwrap(), "1");
        assert!(!data.join(STAGE).exists());
    }

    #[test]
    fn an_empty_directory_is_used_and_one_with_content_is_not_touched() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("lost+found")).unwrap();
        restore(&backup(), folder.path(), &GO_ON).unwrap();
        let error = restore(&backup(), folder.path(), &GO_ON).unwrap_err();
        assert!(error.to_string().contains("is not empty"), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join("secret.key")).unwrap(), "key");
    }

    #[test]
    fn a_restore_that_was_cut_off_is_seen_until_it_is_through() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        restore(&backup(), &data, &GO_ON).unwrap();
        assert!(!is_unfinished(&data));
        std::fs::create_dir(data.join(STAGE)).unwrap();
        assert!(is_unfinished(&data));
    }

    #[test]
    fn a_damaged_backup_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut file = backup();
        file.set_len(file.metadata().unwrap().len() - 3).unwrap();
        assert!(restore(&file, &data, &GO_ON).is_err());
        assert!(!data.exists());
        file.set_len(0).unwrap();
        file.write_all(b"nonsense").unwrap();
        assert!(restore(&file, &data, &GO_ON).is_err());
        assert!(!data.exists());
    }
}
