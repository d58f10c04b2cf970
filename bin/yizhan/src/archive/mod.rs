//! The file that `backup` writes and `restore` reads: a tar archive, compressed with zstd and checked by its checksum. Its
//! first entry is a manifest that says which format this is and how much follows.
//!
//! What must stay true: nothing of an archive is ever written outside the directory it is unpacked to, whoever made the
//! archive; more than its manifest announces is not unpacked; and an archive that was cut off is not taken for a whole one.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Component, Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail, ensure};
use serde::{Deserialize, Serialize};
use tar::{Archive, Builder, EntryType, Header};

/// The format that this program writes.
const FORMAT: u32 = 1;
const MANIFEST: &str = "yizhan-backup.json";
const MAX_MANIFEST: u64 = 64 << 10;
/// Levels of folders in an archive.
const MAX_DEPTH: usize = 8;
const LEVEL: i32 = 3;

/// What an archive says about itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The archive's format.
    pub format: u32,
    /// The program that made it.
    pub program: String,
    /// When, in milliseconds since 1970.
    pub created_at: i64,
    /// How many files follow.
    pub files: u64,
    /// How many bytes they have in all.
    pub bytes: u64,
}

/// A file to pack: where it is, and its name in the archive.
#[derive(Debug, Clone)]
pub struct Item {
    /// Where it is.
    pub file: PathBuf,
    /// Its name in the archive.
    pub name: PathBuf,
    bytes: u64,
}

/// All files below `dir`, in order of their names.
pub fn list(dir: &Path) -> anyhow::Result<Vec<Item>> {
    let mut items = Vec::new();
    let mut pending = vec![PathBuf::new()];
    while let Some(folder) = pending.pop() {
        ensure!(folder.components().count() < MAX_DEPTH, "{} is too deep", folder.display());
        let path = dir.join(&folder);
        for entry in std::fs::read_dir(&path).with_context(|| path.display().to_string())? {
            let entry = entry?;
            let (name, kind) = (folder.join(entry.file_name()), entry.file_type()?);
            if kind.is_dir() {
                pending.push(name);
            } else {
                ensure!(kind.is_file(), "{} is neither a file nor a folder", entry.path().display());
                items.push(Item { file: entry.path(), name, bytes: entry.metadata()?.len() });
            }
        }
    }
    items.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(items)
}

impl Item {
    /// One file under a name.
    pub fn of(file: PathBuf, name: &str) -> io::Result<Self> {
        let bytes = file.metadata()?.len();
        Ok(Self { file, name: name.into(), bytes })
    }
}

/// Packs `items` into `target`. `progress` is told the bytes packed and the bytes in all.
pub fn pack(
    items: &[Item],
    target: &File,
    created_at: i64,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Manifest> {
    let manifest = Manifest {
        format: FORMAT,
        program: concat!("yizhan ", env!("CARGO_PKG_VERSION")).to_owned(),
        created_at,
        files: items.len() as u64,
        bytes: items.iter().map(|item| item.bytes).sum(),
    };
    let mut encoder = zstd::Encoder::new(BufWriter::new(target), LEVEL)?;
    encoder.include_checksum(true)?;
    let mut builder = Builder::new(encoder);
    let text = serde_json::to_vec_pretty(&manifest)?;
    builder.append_data(&mut header(text.len() as u64, created_at), MANIFEST, text.as_slice())?;
    let mut packed = 0;
    for item in items {
        let mut source = Watched { inner: File::open(&item.file)?.take(item.bytes), read: 0, stop };
        let mut header = header(item.bytes, created_at);
        builder
            .append_data(&mut header, &item.name, &mut source)
            .with_context(|| format!("{} cannot be packed", item.file.display()))?;
        ensure!(source.read == item.bytes, "{} became shorter meanwhile", item.file.display());
        packed += item.bytes;
        progress(packed, manifest.bytes);
    }
    builder.into_inner()?.finish()?.flush()?;
    target.sync_all()?;
    Ok(manifest)
}

fn header(bytes: u64, created_at: i64) -> Header {
    let mut header = Header::new_gnu();
    header.set_size(bytes);
    header.set_mode(0o600);
    header.set_mtime(u64::try_from(created_at / 1_000).unwrap_or(0));
    header.set_entry_type(EntryType::Regular);
    header
}

/// Counts what is read and ends early when asked to.
struct Watched<'a, R> {
    inner: R,
    read: u64,
    stop: &'a AtomicBool,
}

impl<R: Read> Read for Watched<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.stop.load(Ordering::Relaxed) {
            // Not `Interrupted`, which means "try again".
            return Err(io::Error::other("stopped by Ctrl-C"));
        }
        let read = self.inner.read(buffer)?;
        self.read += read as u64;
        Ok(read)
    }
}

/// Unpacks an archive into the empty directory `to`. Files get mode 0600, folders 0700.
pub fn unpack(
    source: &File,
    to: &Path,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Manifest> {
    let manifest = read(source, progress, &mut |name, entry| {
        write_file(&to.join(name), to, &mut Watched { inner: entry, read: 0, stop })
            .with_context(|| format!("{} cannot be unpacked", name.display()))
    })?;
    sync_folders(to).with_context(|| to.display().to_string())?;
    Ok(manifest)
}

/// Reads an archive to its end: that it is whole, that its checksum is right, and that everything a server needs is in it.
pub fn verify(
    source: &File,
    stop: &AtomicBool,
    progress: &mut dyn FnMut(u64, u64),
) -> anyhow::Result<Manifest> {
    let mut missing = vec!["registry.sqlite", "secret.key", "journal/FORMAT"];
    let manifest = read(source, progress, &mut |name, entry| {
        missing.retain(|needed| Path::new(needed) != name);
        let mut watched = Watched { inner: entry, read: 0, stop };
        io::copy(&mut watched, &mut io::sink()).with_context(|| format!("{} cannot be read", name.display()))
    })?;
    ensure!(missing.is_empty(), "the backup is not of a server: {} is missing", missing.join(", "));
    Ok(manifest)
}

/// Reads an archive and hands each file to `take`, which says how many bytes it took.
fn read(
    source: &File,
    progress: &mut dyn FnMut(u64, u64),
    take: &mut dyn FnMut(&Path, &mut dyn Read) -> anyhow::Result<u64>,
) -> anyhow::Result<Manifest> {
    const NOT_OURS: &str = "the file is not a backup of yizhan, or it is damaged";
    let decoder = zstd::Decoder::new(BufReader::new(source)).context(NOT_OURS)?;
    let mut archive = Archive::new(decoder);
    let mut entries = archive.entries().context(NOT_OURS)?;
    let first = entries.next().context(NOT_OURS)?.context(NOT_OURS)?;
    let manifest = read_manifest(first).context(NOT_OURS)?;
    ensure!(
        manifest.format == FORMAT,
        "the backup has format {}, this program reads format {FORMAT}; use the program that made it ({})",
        manifest.format,
        manifest.program
    );
    let (mut files, mut bytes) = (0, 0);
    for entry in entries {
        let mut entry = entry.context("the backup is damaged or cut off")?;
        let name = entry.path().context("the backup has a name that cannot be used")?.into_owned();
        check_name(&name)?;
        ensure!(entry.header().entry_type() == EntryType::Regular, "{} is not a file", name.display());
        (files, bytes) = (files + 1, bytes + entry.size());
        let announced = files <= manifest.files && bytes <= manifest.bytes;
        ensure!(announced, "the backup holds more than it says; it is not to be trusted");
        let size = entry.size();
        let written = take(&name, &mut entry)?;
        ensure!(written == size, "the backup is cut off within {}", name.display());
        progress(bytes, manifest.bytes);
    }
    ensure!(files == manifest.files && bytes == manifest.bytes, "the backup is cut off: files are missing");
    // The checksum stands behind the last byte.
    io::copy(&mut archive.into_inner(), &mut io::sink()).context("the backup is damaged or cut off")?;
    Ok(manifest)
}

/// Makes the names in `dir` and in all folders below it durable; the files themselves are already.
fn sync_folders(dir: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    File::open(dir)?.sync_all()
}

fn read_manifest(entry: tar::Entry<'_, impl Read>) -> anyhow::Result<Manifest> {
    ensure!(entry.path()? == Path::new(MANIFEST), "it does not begin with {MANIFEST}");
    let mut text = Vec::new();
    entry.take(MAX_MANIFEST).read_to_end(&mut text)?;
    Ok(serde_json::from_slice(&text)?)
}

/// Only plain names below the target.
fn check_name(name: &Path) -> anyhow::Result<()> {
    let mut depth = 0;
    for component in name.components() {
        depth += 1;
        if !matches!(component, Component::Normal(_)) || depth > MAX_DEPTH {
            bail!("the backup has the name {:?}, which leads elsewhere; it is not to be trusted", name);
        }
    }
    ensure!(depth > 0, "the backup has a file without a name");
    Ok(())
}

fn write_file(path: &Path, below: &Path, content: &mut impl Read) -> io::Result<u64> {
    if let Some(folder) = path.parent().filter(|folder| *folder != below) {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let written = io::copy(content, &mut file)?;
    file.sync_all()?;
    Ok(written)
}

#[cfg(test)]
mod tests;
