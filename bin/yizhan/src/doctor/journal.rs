//! The journal. While a server runs, its files move and only what stands still is looked at.

use std::path::Path;

use yizhan_journal::inspect;

use super::report::{Report, Severity};
use crate::config::Config;

const SUBJECT: &str = "journal";

pub(super) fn check(data: &Path, config: &Config, report: &mut Report) {
    // Settings that are not valid have been told already.
    let Ok(settings) = config.journal_config(data) else { return };
    let findings = inspect(&settings);
    if findings.is_empty() {
        report.ok(SUBJECT, "everything stored can be read");
    }
    for finding in findings {
        let (severity, advice) = match finding.severity {
            yizhan_journal::Severity::Note => (Severity::Ok, None),
            yizhan_journal::Severity::Warning => (Severity::Warning, Some("look at what is named here")),
            yizhan_journal::Severity::Problem => (
                Severity::Problem,
                Some(
                    "keep a copy of the directory, then restore a backup where the server cannot go on with it",
                ),
            ),
        };
        let message = format!("{}: {}", finding.path.display(), finding.message);
        report.add(severity, SUBJECT, message, advice);
    }
}
