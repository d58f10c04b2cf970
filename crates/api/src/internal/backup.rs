//! A backup of the running server: the registry, the journal and the key that opens the sealed secrets, in one new
//! directory.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_operations::copy_server;

use super::audited::{Done, Operator, Wanted};
use super::blocking;
use crate::access::Origin;
use crate::answer::{Answer, ApiError};
use crate::extract::Json;
use crate::services::Services;

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
    let copied = copy_server(&services.journal, &services.store, &services.data_dir, to);
    copied.map_err(|error| ApiError::internal(error.to_string()))
}
