//! Backups that the running server packs and reads by itself, in the format of `yizhan backup`.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use anyhow::Context;
use yizhan_operations::{ArchiveFacts, Archives};
use yizhan_vocabulary::UnixMillis;

use crate::archive::{self, Item, Manifest};
use crate::config;

/// Archives of the server of a data directory.
pub struct ServerArchives {
    data: PathBuf,
}

impl ServerArchives {
    /// For this data directory.
    pub const fn of(data: PathBuf) -> Self {
        Self { data }
    }

    fn write(
        &self,
        from: &Path,
        to: &Path,
        now: UnixMillis,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> anyhow::Result<Manifest> {
        let mut items = archive::list(from)?;
        if let Some(file) = config::default_file(&self.data) {
            items.push(Item::of(file, "yizhan.toml")?);
        }
        let target = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
        let target = target.with_context(|| format!("{} cannot be written", to.display()))?;
        archive::pack(&items, &target, now.0, stop, progress)
    }
}

impl Archives for ServerArchives {
    fn pack(
        &self,
        from: &Path,
        to: &Path,
        now: UnixMillis,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveFacts, String> {
        self.write(from, to, now, stop, progress).map(facts).map_err(|error| format!("{error:#}"))
    }

    fn verify(
        &self,
        file: &Path,
        stop: &AtomicBool,
        progress: &mut dyn FnMut(u64, u64),
    ) -> Result<ArchiveFacts, String> {
        let opened = File::open(file).with_context(|| file.display().to_string());
        let read = opened.and_then(|file| archive::verify(&file, stop, progress));
        read.map(facts).map_err(|error| format!("{error:#}"))
    }
}

fn facts(manifest: Manifest) -> ArchiveFacts {
    ArchiveFacts {
        files: manifest.files,
        bytes: manifest.bytes,
        program: manifest.program,
        created_at: UnixMillis(manifest.created_at),
    }
}
