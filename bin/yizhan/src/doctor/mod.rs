//! `yizhan doctor`: what is wrong with a data directory or a configuration, and what to do about it. Works beside a running
//! server and without one; repairs nothing.
//!
//! What must stay true: a healthy directory gives no warning, and every warning and problem says what to do.

mod certificates;
mod directory;
mod journal;
mod registry;
mod report;
mod running;
mod settings;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::data_dir::DataDir;
use crate::output;
pub use report::Report;

/// Look for problems in a data directory and its configuration
///
/// Ends with code 1 when there is a problem, and with 0 when there are at most warnings.
#[derive(Debug, clap::Args)]
pub struct Doctor {
    #[command(flatten)]
    data: DataDir,
    /// The configuration file (default: yizhan.toml in the data directory, if it exists)
    #[arg(long, value_name = "FILE", env = "YIZHAN_CONFIG")]
    config: Option<PathBuf>,
    /// Print the findings as JSON
    #[arg(long)]
    json: bool,
}

impl Doctor {
    /// Examines and tells.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let report = examine(&self.data, self.config.as_deref());
        if self.json {
            output::json(&report)?;
        } else {
            output::result(&report.text());
        }
        Ok(report.exit_code())
    }
}

/// Examines a data directory, with the configuration of a file or the directory's own.
pub fn examine(data: &DataDir, config: Option<&Path>) -> Report {
    let mut report = Report::default();
    let config = settings::check(data, config, &mut report);
    if directory::check(data.path(), &config, &mut report) {
        running::check(data, &mut report);
        registry::check(data.path(), &mut report);
        journal::check(data.path(), &config, &mut report);
    }
    report
}

#[cfg(test)]
mod tests;
