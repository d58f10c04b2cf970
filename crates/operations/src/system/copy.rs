//! A consistent copy of everything that a server needs to start again: the first half of every backup.

use std::path::Path;

use yizhan_journal::Journal;
use yizhan_store::Store;

/// Files beside the journal that a backup contains; the registry is copied through its own engine.
const PLAIN_FILES: [&str; 2] = ["secret.key", "ca.pem"];

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {why}")]
pub struct CopyError {
    what: &'static str,
    why: String,
}

impl CopyError {
    fn of(what: &'static str) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |why| Self { what, why: why.to_string() }
    }
}

/// Copies the server of the data directory `data` into the empty directory `to`, while it runs.
pub fn copy_server(journal: &Journal, store: &Store, data: &Path, to: &Path) -> Result<(), CopyError> {
    restrict(to).map_err(|error| CopyError::of("permissions")(&error))?;
    // The journal first: a device that is in it but not yet in the registry is passed over at recovery, while the
    // other way round everything is there.
    journal.backup_to(&to.join("journal")).map_err(|error| CopyError::of("journal")(&error))?;
    store.backup_to(&to.join("registry.sqlite")).map_err(|error| CopyError::of("registry")(&error))?;
    for name in PLAIN_FILES {
        let from = data.join(name);
        if from.exists() {
            std::fs::copy(&from, to.join(name)).map_err(|error| CopyError::of(name)(&error))?;
        }
    }
    Ok(())
}

fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}
