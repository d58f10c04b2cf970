//! Work on the project itself, started with `cargo xtask`.

mod bench;
mod libraries;

use clap::{Parser, Subcommand};

/// Work on the project itself.
#[derive(Parser)]
#[command(name = "cargo xtask")]
struct Arguments {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Measure the server against Debian's Mosquitto on this machine.
    Bench(bench::BenchArguments),
    /// Write what in the documentation is made from the code.
    Generate,
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
        Task::Generate => generate(),
    }
}

/// The page of operations and the description from which the console has its types; a test says when they have fallen
/// behind. And the libraries of the server with their licences.
fn generate() -> anyhow::Result<()> {
    let libraries = ("crates/operations/src/system/libraries.tsv", libraries::list()?);
    for (path, text) in yizhan_operations::generated().into_iter().chain([libraries]) {
        std::fs::write(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR")), text)?;
    }
    Ok(())
}
