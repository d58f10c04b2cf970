//! A backup of the running server: the registry, the journal and the key that opens the sealed secrets, in one new
//! directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::audited::{Done, Operator, Wanted};
use super::blocking;
use crate::access::Origin;
use crate::answer::{Answer, ApiError};
use crate::extract::Json;
use crate::services::Services;

/// Files beside the journal that a backup contains; the registry is copied through its own engine.
const PLAIN_FILES: [&str; 2] = ["secret.key", "ca.pem"];

/// Where to put the backup: a directory that does not exist yet.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    path: PathBuf,
}

#[derive(Serialize)]
pub(crate) struct Made {
    path: PathBuf,
}

pub(crate) async fn make(
    State(services): State<Arc<Services>>,
    Extension(origin): Extension<Origin>,
    operator: Operator,
    Json(target): Json<Target>,
) -> Answer<Json<Made>> {
    if origin != Origin::Local {
        // The path is one of the server's machine, and the backup contains the key of all secrets.
        let message = "backups are made through the local socket only";
        return Err(ApiError::new(StatusCode::FORBIDDEN, "forbidden", message));
    }
    if !target.path.is_absolute() {
        return Err(ApiError::invalid("the path must be absolute"));
    }
    // Dropped with this future, which is when the answer is ready or the caller has gone.
    let waiting = Arc::new(());
    let caller = Arc::downgrade(&waiting);
    let make = move |services: &Services| {
        let wanted = Wanted::of_installation("Backup", json!({ "path": target.path }));
        operator.does(services, wanted, || {
            std::fs::create_dir(&target.path)
                .map_err(|error| ApiError::invalid(format!("{}: {error}", target.path.display())))?;
            let made = back_up(services, &target.path);
            if made.is_err() || caller.strong_count() == 0 {
                remove(&target.path);
            }
            made.map(|()| Done::new(None, None, Made { path: target.path }))
        })
    };
    let made = blocking(&services, make).await;
    drop(waiting);
    Ok(Json(made?))
}

/// Nobody knows of this copy, and it holds the keys of all devices.
fn remove(copy: &Path) {
    match std::fs::remove_dir_all(copy) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            tracing::error!(copy = %copy.display(), %error, "an unfinished backup could not be removed");
        }
        _ => tracing::info!(copy = %copy.display(), "an unfinished backup was removed"),
    }
}

fn back_up(services: &Services, to: &Path) -> Answer<()> {
    let failed = |what: &str, error: &dyn std::fmt::Display| ApiError::internal(format!("{what}: {error}"));
    restrict(to).map_err(|error| failed("permissions", &error))?;
    // The journal first: a device that is in it but not yet in the registry is passed over at recovery, while the
    // other way round everything is there.
    services.journal.backup_to(&to.join("journal")).map_err(|error| failed("journal", &error))?;
    services.store.backup_to(&to.join("registry.sqlite"))?;
    for name in PLAIN_FILES {
        let from = services.data_dir.join(name);
        if from.exists() {
            std::fs::copy(&from, to.join(name)).map_err(|error| failed(name, &error))?;
        }
    }
    Ok(())
}

fn restrict(path: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
}
