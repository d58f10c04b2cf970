//! The data directory itself: whether it is there, whose it is, who can read it, how much room is left.

use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;

use rustix::fs::Access;
use yizhan_store::DATABASE_FILE;

use super::report::Report;
use crate::config::Config;
use crate::output::show_bytes;
use crate::restore;

const SUBJECT: &str = "data directory";
/// Below this share of the file system a warning is due.
const LOW_SHARE: u64 = 20;
/// Files whose content must be for the server's user alone.
const PRIVATE_FILES: [&str; 2] = ["registry.sqlite", "secret.key"];

/// False when there is nothing further to look at.
pub(super) fn check(data: &Path, config: &Config, report: &mut Report) -> bool {
    let shown = data.display();
    let facts = match std::fs::metadata(data) {
        Ok(facts) => facts,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let advice = "name it with --data; yizhan serve makes it at the first start";
            report.problem(SUBJECT, format!("{shown} does not exist"), advice);
            return false;
        }
        Err(error) => {
            report.problem(SUBJECT, format!("{shown}: {error}"), "run this as the server's user");
            return false;
        }
    };
    if !facts.is_dir() {
        report.problem(SUBJECT, format!("{shown} is not a directory"), "name the directory with --data");
        return false;
    }
    if restore::is_unfinished(data) {
        let advice = "remove the directory and restore again";
        report.problem(SUBJECT, format!("a restore into {shown} was interrupted"), advice);
    }
    let mode = facts.mode() & 0o7777;
    if mode & 0o077 == 0 {
        report.ok(SUBJECT, format!("{shown}, for its owner only"));
    } else {
        let message = format!("{shown} can be entered by other users (mode {mode:04o})");
        report.warning(SUBJECT, message, &format!("run: chmod 700 {shown}"));
    }
    let user = rustix::process::geteuid().as_raw();
    if user != 0 && user != facts.uid() {
        let message = format!("{shown} belongs to user {}, this runs as user {user}", facts.uid());
        report.warning(SUBJECT, message, "run yizhan as the owner of its data directory");
    }
    if let Err(error) = std::fs::read_dir(data) {
        report.problem(SUBJECT, format!("{shown} cannot be read: {error}"), "run this as the server's user");
        return false;
    }
    writable(data, report);
    private_files(data, facts.uid(), report);
    room(data, config, report);
    true
}

/// Asks the system, which leaves nothing behind: what may be read may still lie on a read-only mount.
fn writable(data: &Path, report: &mut Report) {
    let parts = [data.to_owned(), data.join("journal"), data.join(DATABASE_FILE)];
    for part in parts.iter().filter(|part| part.exists()) {
        if let Err(error) = rustix::fs::access(part, Access::WRITE_OK) {
            let message = format!("{} cannot be written: {error}", part.display());
            let advice =
                "mount it for writing, or run yizhan as the directory's owner; the server cannot start";
            report.problem(SUBJECT, message, advice);
        }
    }
}

fn private_files(data: &Path, owner: u32, report: &mut Report) {
    for name in PRIVATE_FILES {
        let file = data.join(name);
        let Ok(facts) = file.metadata() else { continue };
        let mode = facts.permissions().mode() & 0o7777;
        if mode & 0o077 != 0 {
            let message = format!("{} can be read by other users (mode {mode:04o})", file.display());
            report.warning("permissions", message, &format!("run: chmod 600 {}", file.display()));
        }
        if facts.uid() != owner {
            let message = format!("{} belongs to user {}, not to {owner}", file.display(), facts.uid());
            let advice = format!("run: chown --reference={} {}", data.display(), file.display());
            report.warning("permissions", message, &advice);
        }
    }
}

fn room(data: &Path, config: &Config, report: &mut Report) {
    const SUBJECT: &str = "disk";
    const ADVICE: &str =
        "make room, or keep less: journal.history_days, journal.log_days, journal.disk_budget_bytes";
    let found = match rustix::fs::statvfs(data) {
        Ok(found) => found,
        Err(error) => return report.warning(SUBJECT, error.to_string(), "look at the file system"),
    };
    let free = found.f_bavail.saturating_mul(found.f_frsize);
    let all = found.f_blocks.saturating_mul(found.f_frsize);
    let message = format!("{} of {} free", show_bytes(free), show_bytes(all));
    let least = config.journal.min_free_bytes;
    if free < least {
        let message = format!("{message}; below {} new messages are refused", show_bytes(least));
        report.problem(SUBJECT, message, ADVICE);
    } else if free < all / LOW_SHARE || free < least.saturating_mul(2) {
        report.warning(SUBJECT, message, ADVICE);
    } else {
        report.ok(SUBJECT, message);
    }
}
