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

/// The page of operations; a test says when it has fallen behind.
fn generate() -> anyhow::Result<()> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/reference/operations.md");
    Ok(std::fs::write(path, yizhan_operations::reference())?)
}
