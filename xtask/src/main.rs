//! Work on the project itself, started with `cargo xtask`.

mod bench;

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
/// behind.
fn generate() -> anyhow::Result<()> {
    for (path, text) in yizhan_operations::generated() {
        std::fs::write(format!("{}/../{path}", env!("CARGO_MANIFEST_DIR")), text)?;
    }
    Ok(())
}
