//! `yizhan backup`: one file from which a running server can be restored. The server makes a consistent copy of itself
//! beside the file, which is then packed and removed.
//!
//! What must stay true: the name given is a whole backup or does not exist, and no other file is ever overwritten.

use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path as FilePath, PathBuf};
use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::json;
use yizhan_vocabulary::Clock;
use yizhan_vocabulary::clock::SystemClock;

use crate::archive::{self, Item, Manifest};
use crate::data_dir::DataDir;
use crate::local_client::{LocalClient, Path};
use crate::output::{self, show_bytes};
use crate::{config, interrupt};

/// How long the server may take for its copy.
const COPY_PATIENCE: Duration = Duration::from_hours(6);

/// How often it is looked whether the command is to stop.
const LOOK: Duration = Duration::from_millis(50);

/// Write a running server's data into one file
///
/// The file holds everything, the keys of all devices included: keep it where only you can read it.
#[derive(Debug, clap::Args)]
pub struct Backup {
    #[command(flatten)]
    data: DataDir,
    /// The file to write (.tar.zst); it must not exist
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// Print what was written as JSON
    #[arg(long)]
    json: bool,
}

impl Backup {
    /// Makes the backup.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let stop = interrupt::watch()?;
        let to = std::path::absolute(&self.to)?;
        ensure!(!to.exists(), "{} exists already; choose another name", to.display());
        let copy = Scratch(beside(&to, "copy")?);
        let draft = Scratch(beside(&to, "part")?);
        output::note("the server makes a copy of its data");
        let client = LocalClient::new(&self.data).with_extra_patience(COPY_PATIENCE);
        let place = copy.0.to_str().context("the name must be valid UTF-8")?;
        let request = json!({ "path": place });
        unless_stopped(&stop, move || client.post(&Path::of(["backup"]), &request))?
            .with_context(|| format!("the server could not make its copy {place}"))?;
        let mut items = archive::list(&copy.0)?;
        if let Some(file) = config::default_file(self.data.path()) {
            items.push(Item::of(file, "yizhan.toml")?);
        }
        let manifest = write(&items, &draft.0, &stop)?;
        let archive_bytes = draft.0.metadata()?.len();
        publish(&draft.0, &to)?;
        drop(copy);
        self.tell(&to, &manifest, archive_bytes)?;
        Ok(ExitCode::SUCCESS)
    }

    fn tell(&self, to: &FilePath, manifest: &Manifest, archive_bytes: u64) -> anyhow::Result<()> {
        if self.json {
            return output::json(&json!({
                "file": to, "archive_bytes": archive_bytes, "files": manifest.files, "bytes": manifest.bytes,
                "created_at": manifest.created_at,
            }));
        }
        output::result(&format!(
            "{}: {} ({} in {} files)",
            to.display(),
            show_bytes(archive_bytes),
            show_bytes(manifest.bytes),
            manifest.files
        ));
        output::note("it holds the keys of all devices: keep it where only you can read it");
        Ok(())
    }
}

/// Does on another thread what cannot be interrupted. When `stop` is set the thread is left behind: it ends with the
/// process, and the server removes its copy when it finds that nobody waits for it any more.
fn unless_stopped<T: Send + 'static>(
    stop: &AtomicBool,
    work: impl FnOnce() -> T + Send + 'static,
) -> anyhow::Result<T> {
    let (done, result) = sync_channel(1);
    let run = move || {
        // Nobody waits any more when the command was stopped.
        let _stopped = done.send(work());
    };
    std::thread::Builder::new().name("request".into()).spawn(run).context("no thread can be started")?;
    loop {
        match result.recv_timeout(LOOK) {
            Ok(value) => return Ok(value),
            Err(RecvTimeoutError::Timeout) => ensure!(!stop.load(Ordering::Relaxed), "stopped by Ctrl-C"),
            Err(RecvTimeoutError::Disconnected) => bail!("the request ended without a result"),
        }
    }
}

fn write(items: &[Item], draft: &FilePath, stop: &AtomicBool) -> anyhow::Result<Manifest> {
    let open = OpenOptions::new().write(true).create_new(true).mode(0o600).open(draft);
    let target = open.with_context(|| format!("{} cannot be written", draft.display()))?;
    archive::pack(items, &target, SystemClock::start().now().0, stop, &mut progress("packed"))
}

/// Tells about every second how far it has come.
pub fn progress(what: &'static str) -> impl FnMut(u64, u64) {
    let mut told = Instant::now();
    move |done, all| {
        if told.elapsed() >= Duration::from_secs(1) {
            told = Instant::now();
            output::note(&format!("{what} {} of {}", show_bytes(done), show_bytes(all)));
        }
    }
}

/// A name beside the archive that nobody else uses.
fn beside(to: &FilePath, what: &str) -> anyhow::Result<PathBuf> {
    let name = to.file_name().with_context(|| format!("{} is not a file's name", to.display()))?;
    let folder = to.parent().with_context(|| format!("{} is not a file's name", to.display()))?;
    ensure!(folder.is_dir(), "the folder {} does not exist", folder.display());
    let place = folder.join(format!(".{}.{what}-{}", name.display(), std::process::id()));
    ensure!(!place.exists(), "{} is left from an earlier backup; remove it", place.display());
    Ok(place)
}

/// Gives the finished archive its name, unless somebody has taken it meanwhile.
fn publish(draft: &FilePath, to: &FilePath) -> anyhow::Result<()> {
    match std::fs::hard_link(draft, to) {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            anyhow::bail!("{} exists already; choose another name", to.display())
        }
        // Some file systems know no second name for a file.
        Err(_) => std::fs::rename(draft, to).with_context(|| to.display().to_string())?,
    }
    let folder = to.parent().context("a file lies in a folder")?;
    File::open(folder)?.sync_all().with_context(|| folder.display().to_string())
}

/// A file or folder that is removed when no longer needed, also after an error.
struct Scratch(PathBuf);

impl Drop for Scratch {
    fn drop(&mut self) {
        let removed =
            if self.0.is_dir() { std::fs::remove_dir_all(&self.0) } else { std::fs::remove_file(&self.0) };
        match removed {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                output::note(&format!("{} could not be removed: {error}", self.0.display()));
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_existing_file_is_never_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let (draft, to) = (folder.path().join("draft"), folder.path().join("backup.tar.zst"));
        std::fs::write(&draft, "new").unwrap();
        std::fs::write(&to, "old").unwrap();
        assert!(publish(&draft, &to).unwrap_err().to_string().contains("exists already"));
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "old");
        let backup = Backup { data: DataDir::at(folder.path().to_owned()), to: to.clone(), json: false };
        assert!(backup.run().unwrap_err().to_string().contains("exists already"));
    }

    #[test]
    fn without_a_server_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("backup.tar.zst");
        let backup = Backup { data: DataDir::at(folder.path().join("data")), to, json: false };
        assert!(format!("{:#}", backup.run().unwrap_err()).contains("the server is not running"));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn a_request_that_takes_long_is_left_when_the_command_is_stopped() {
        let stop = AtomicBool::new(false);
        assert_eq!(unless_stopped(&stop, || 7).unwrap(), 7);
        stop.store(true, Ordering::Relaxed);
        let begun = Instant::now();
        let left = unless_stopped(&stop, || std::thread::sleep(Duration::from_secs(20)));
        assert!(left.unwrap_err().to_string().contains("Ctrl-C"));
        assert!(begun.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn scratch_files_and_folders_go() {
        let folder = tempfile::tempdir().unwrap();
        let (file, dir) = (folder.path().join("file"), folder.path().join("dir"));
        std::fs::write(&file, "x").unwrap();
        std::fs::create_dir(&dir).unwrap();
        std::fs::write(dir.join("y"), "y").unwrap();
        drop((Scratch(file), Scratch(dir), Scratch(folder.path().join("never was"))));
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
