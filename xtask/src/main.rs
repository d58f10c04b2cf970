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
}

fn main() -> anyhow::Result<()> {
    match Arguments::parse().task {
        Task::Bench(arguments) => bench::run(&arguments),
    }
}
