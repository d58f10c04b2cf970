//! The registry and its key file. SQLite lets a second process read, so this works beside a running server.

use std::path::Path;

use yizhan_store::{DATABASE_FILE, OpenError, Store};

use super::certificates;
use super::report::{Report, Severity};

const SUBJECT: &str = "registry";

pub(super) fn check(data: &Path, report: &mut Report) {
    // Opening would make what is missing, and an examination makes nothing.
    if !data.join(DATABASE_FILE).exists() {
        if yizhan_journal::was_never_written(&data.join("journal")) {
            report.warning(
                SUBJECT,
                "a first start failed before anything was stored",
                "nothing is lost: remove the directory, see that there is room on the disk, and start again",
            );
        } else if data.join("journal").exists() {
            let message = format!("{DATABASE_FILE} is missing although there is a journal");
            let advice = "restore a backup; a server started now would not know the devices any more";
            report.problem(SUBJECT, message, advice);
        } else {
            report.ok(SUBJECT, "none yet; the first start makes it");
        }
        return;
    }
    let store = match Store::open_read_only(data) {
        Ok(store) => store,
        Err(error @ OpenError::OlderSchema { .. }) => return report.ok(SUBJECT, error.to_string()),
        // These say what to do.
        Err(error) => return report.add(Severity::Problem, SUBJECT, error.to_string(), None),
    };
    match store.integrity() {
        Ok(found) if found.problems.is_empty() => report.ok(
            SUBJECT,
            format!(
                "{} products, {} devices, all secrets open (schema {})",
                found.products, found.devices, found.schema_version
            ),
        ),
        Ok(found) => {
            for problem in found.problems {
                report.problem(SUBJECT, problem, "restore the registry and its key file from a backup");
            }
        }
        Err(error) => report.problem(SUBJECT, error.to_string(), "try again; if it stays, restore a backup"),
    }
    certificates::check(&store, report);
}
