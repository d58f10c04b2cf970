//! `cargo xtask bench`: what the server does on one core of this machine, beside Debian's Mosquitto in the same run.
//!
//! The server is pinned to the first core and the generator to the second. Each scenario runs several times and the
//! median of each figure counts; where both servers take part, their runs alternate, so that whatever else happens on
//! the machine meets both. The report says what it was measured on, because the figures mean nothing without that.

mod api;
mod figures;
mod http;
mod machine;
mod management;
mod peer;
mod process;
mod report;
mod scenarios;
mod server;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use figures::Result;
use machine::Cores;
use scenarios::{Bench, SCENARIOS};

/// Where the report of a whole run is kept.
const LATEST: &str = "docs/bench/latest.md";

/// Arguments of `cargo xtask bench`.
#[derive(clap::Args)]
pub struct BenchArguments {
    /// One short run of everything: to see whether it works, not to compare.
    #[arg(long)]
    quick: bool,
    /// Only the scenarios whose name starts with this; may be given several times.
    #[arg(long)]
    only: Vec<String>,
    /// Runs of each scenario; medians are reported.
    #[arg(long, default_value_t = 5)]
    runs: usize,
    /// Seconds of load before counting.
    #[arg(long, default_value_t = 1.0)]
    warm: f64,
    /// Seconds of counting.
    #[arg(long, default_value_t = 4.0)]
    measure: f64,
    /// Idle connections to open.
    #[arg(long, default_value_t = 19_000)]
    idle: usize,
    /// Where data directories are made; it should be on the disk that production would use.
    #[arg(long)]
    directory: Option<PathBuf>,
    /// Use this server binary instead of building one.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// More arguments for `yizhan serve`, such as `--set key=value`; may be given several times.
    #[arg(long, allow_hyphen_values = true)]
    serve: Vec<String>,
    /// Where the report is written beside the standard output; a whole run that is not quick goes to
    /// docs/bench/latest.md by itself.
    #[arg(long)]
    output: Option<PathBuf>,
    /// List the scenarios and stop.
    #[arg(long)]
    list: bool,
}

/// Builds, measures, reports.
pub fn run(arguments: &BenchArguments) -> anyhow::Result<()> {
    if arguments.list {
        let mut output = std::io::stdout().lock();
        for scenario in SCENARIOS {
            writeln!(output, "{:<14} {}", scenario.name, scenario.title)?;
        }
        return Ok(());
    }
    let chosen: Vec<_> = SCENARIOS
        .iter()
        .filter(|scenario| {
            arguments.only.is_empty() || arguments.only.iter().any(|only| scenario.name.starts_with(only))
        })
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
        bail!("no scenario starts with {}; there are: {}", arguments.only.join(", "), names.join(", "));
    }
    let mosquitto = peer::find();
    if mosquitto.is_none() && chosen.iter().any(|scenario| scenario.needs_mosquitto) {
        bail!("mosquitto is not installed: run `apt-get install mosquitto`, or choose scenarios with --only");
    }

    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => machine::build_release()?,
    };
    let cores = Cores::of_this_machine()?;
    machine::raise_descriptor_limit()?;
    machine::raise_priority();
    cores.pin_generator()?;

    let directory = match &arguments.directory {
        Some(directory) => directory.clone(),
        None => machine::target_directory(&binary),
    };
    std::fs::create_dir_all(&directory)
        .with_context(|| format!("cannot make the data directory {}", directory.display()))?;
    let about = machine::describe(&directory, cores)?;
    let mut bench = Bench {
        binary,
        mosquitto,
        directory,
        cores,
        runs: if arguments.quick { 1 } else { arguments.runs.max(1) },
        warm: Duration::from_secs_f64(if arguments.quick { 0.5 } else { arguments.warm }),
        measure: Duration::from_secs_f64(if arguments.quick { 1.5 } else { arguments.measure }),
        idle: arguments.idle,
        quick: arguments.quick,
        serve: arguments.serve.clone(),
    };

    let started = Instant::now();
    let mut results = Vec::new();
    for scenario in chosen {
        progress(&format!("{}: {}", scenario.name, scenario.title));
        let began = Instant::now();
        match (scenario.run)(&mut bench) {
            Ok(rows) => results.push(Result { scenario, rows, failure: None }),
            Err(error) => {
                progress(&format!("  failed: {error:#}"));
                results.push(Result { scenario, rows: Vec::new(), failure: Some(format!("{error:#}")) });
            }
        }
        progress(&format!("  took {:.0} s", began.elapsed().as_secs_f64()));
    }
    let text = report::markdown(&about, &bench, &results, started.elapsed());
    write!(std::io::stdout().lock(), "{text}")?;
    let whole = results.len() == SCENARIOS.len() && !arguments.quick;
    let file = arguments.output.clone().or_else(|| whole.then(|| PathBuf::from(LATEST)));
    if let Some(file) = file {
        write_report(&file, &text)?;
    }
    let failed: Vec<&str> =
        results.iter().filter(|result| result.failure.is_some()).map(|result| result.scenario.name).collect();
    if !failed.is_empty() {
        bail!("these scenarios failed: {}", failed.join(", "));
    }
    Ok(())
}

fn write_report(file: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(parent) = file.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(file, text).with_context(|| format!("cannot write the report to {}", file.display()))
}

/// Tells a person what is going on; the report alone goes to the standard output.
fn progress(text: &str) {
    // Progress that cannot be shown must not stop a measurement.
    let _ = writeln!(std::io::stderr().lock(), "{text}");
}
