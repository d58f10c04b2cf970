//! The configuration file.

use std::path::Path;

use super::report::Report;
use crate::config::{self, Config};
use crate::data_dir::DataDir;

const SUBJECT: &str = "configuration";

/// The configuration that a server would run with; the defaults where the file is not valid, so that the rest of the
/// examination can go on.
pub(super) fn check(data: &DataDir, file: Option<&Path>, report: &mut Report) -> Config {
    let file = file.map(Path::to_owned).or_else(|| config::default_file(data.path()));
    let Some(file) = file else {
        report.ok(SUBJECT, "no file, the defaults hold");
        return Config::default();
    };
    let loaded = Config::load(Some(&file), &[]).and_then(|config| {
        config.journal_config(data.path())?;
        Ok(config)
    });
    match loaded {
        Ok(config) => {
            report.ok(SUBJECT, format!("{} is valid", file.display()));
            config
        }
        Err(error) => {
            let message = format!("{}: {error:#}", file.display());
            report.problem(SUBJECT, message, "correct the file; the server does not start with it");
            Config::default()
        }
    }
}
