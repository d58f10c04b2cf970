//! The `yizhan` command: the server and everything around it.

mod admin;
mod archive;
mod backup;
mod config;
mod data_dir;
mod device_login;
mod doctor;
mod interrupt;
mod local_client;
mod output;
mod restore;
mod serve;
mod simulate;

use std::process::ExitCode;

use clap::Parser;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// A self-hosted IoT platform: existing devices, apps and code move onto it without a change.
#[derive(Parser)]
#[command(version, propagate_version = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(clap::Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    Simulate(Box<simulate::Simulate>),
    Admin(Box<admin::Admin>),
    Backup(backup::Backup),
    Restore(restore::Restore),
    Doctor(doctor::Doctor),
    Config(config::Show),
}

fn main() -> ExitCode {
    run(Arguments::parse().command).unwrap_or_else(|error| {
        // Only the chain of causes: where in the program a person's mistake was noticed helps nobody.
        let text = format!("Error: {error:#}");
        text.lines().for_each(|line| output::note(&output::printable(line)));
        ExitCode::FAILURE
    })
}

fn run(command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Serve(serve) => serve.run(),
        Command::Simulate(simulate) => simulate.run(),
        Command::Admin(admin) => admin.run(),
        Command::Backup(backup) => backup.run(),
        Command::Restore(restore) => restore.run(),
        Command::Doctor(doctor) => doctor.run(),
        Command::Config(show) => show.run(),
    }
}
