//! A copy of a live journal.
//!
//! While the sealer stands still, the state and the unsealed segments are copied and the day files are linked within
//! the journal's own directory; then it goes on, and the day files are moved or copied to the target. A day file
//! with a second link is copied before it changes, so what was linked stays as it was. The format file is written last:
//! an unfinished copy is not taken for a journal.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::engine::Engine;
use crate::error::{BackupError, OpenError};
use crate::layout::{self, FORMAT_VERSION, Format, LOCK_FILE, STATE_FILE};
use crate::private;
use crate::segment::{TERMINATOR, sync_dir};

pub(crate) fn make(engine: &Engine, target: &Path) -> Result<(), BackupError> {
    private::create_dir(target).map_err(BackupError::io(target))?;
    if std::fs::read_dir(target).map_err(BackupError::io(target))?.next().is_some() {
        return Err(BackupError::NotEmpty(target.to_owned()));
    }
    let links = link_and_copy(engine, target)?;
    for (link, name) in links {
        let place = target.join(&name);
        // Within one file system the link itself can move over; else its content is copied at leisure.
        let moved = std::fs::rename(&link, &place);
        if moved.is_err() {
            let copied = copy_file(&link, &place, u64::MAX);
            let _ = std::fs::remove_file(&link);
            copied.map_err(BackupError::io(&place))?;
        }
    }
    sync_dir(target).map_err(BackupError::io(target))?;
    let format = Format { version: FORMAT_VERSION, instance: engine.owned.instance };
    private::create_file(&target.join(LOCK_FILE)).map_err(BackupError::io(target))?;
    layout::write_format(target, format).map_err(|error| match error {
        OpenError::Io { path, source } => BackupError::Io { path, source },
        other => BackupError::Io { path: target.to_owned(), source: io::Error::other(other.to_string()) },
    })?;
    Ok(())
}

/// Copies what is small and links what is large, at one moment. Gives the links and the names they are to get.
fn link_and_copy(engine: &Engine, target: &Path) -> Result<Vec<(PathBuf, String)>, BackupError> {
    let _pause = engine.files.lock();
    let mut links = Vec::new();
    for file in engine.days.all() {
        if !file.path.exists() {
            continue;
        }
        let name = file.day.file_name(file.class);
        let link = engine.config.dir.join(format!("{name}.backup.tmp"));
        let _ = std::fs::remove_file(&link);
        std::fs::hard_link(&file.path, &link)
            .or_else(|_| copy_file(&file.path, &link, u64::MAX))
            .map_err(BackupError::io(&link))?;
        links.push((link, name));
    }
    let state = target.join(STATE_FILE);
    copy_file(&engine.state_path(), &state, u64::MAX).map_err(BackupError::io(&state))?;
    // The list is taken after the state was copied; segments only become more while the sealer stands still.
    let segments = engine.segments.read().clone();
    for segment in segments {
        let name = segment.path.file_name().unwrap_or_default();
        let place = target.join(name);
        copy_segment(&segment, &place).map_err(BackupError::io(&place))?;
    }
    Ok(links)
}

/// Copies what is durable, and the zero bytes that mark an orderly end.
fn copy_segment(segment: &crate::segment::Segment, place: &Path) -> io::Result<()> {
    copy_file(&segment.path, place, segment.durable_end())?;
    let mut file = File::options().append(true).open(place)?;
    file.write_all(&[0; TERMINATOR])?;
    file.sync_all()
}

fn copy_file(from: &Path, to: &Path, limit: u64) -> io::Result<()> {
    let mut target = private::create_file(to)?;
    if limit == u64::MAX {
        // Lets the file system share or copy extents by itself.
        io::copy(&mut File::open(from)?, &mut target)?;
    } else {
        io::copy(&mut File::open(from)?.take(limit), &mut target)?;
    }
    target.sync_all()
}
