//! `yizhan admin`: administration of a running server over its local socket. Every sub-command asks one question of the
//! internal API and shows the answer: as a table for people, unchanged with `--json` for programs.

mod account;
mod caller;
mod device;
mod device_data;
mod filters;
mod key;
mod mqtt_user;
mod product;
mod refusals;
mod token;

use std::process::ExitCode;

use crate::data_dir::DataDir;
use crate::local_client::LocalClient;
use caller::Caller;

/// Administer a running server: products, devices, users, tokens
#[derive(Debug, clap::Args)]
pub struct Admin {
    #[command(flatten)]
    data: DataDir,
    /// Print the server's answer as JSON
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    subject: Subject,
}

#[derive(Debug, clap::Subcommand)]
enum Subject {
    /// Products: kinds of devices, their thing models and topics
    #[command(subcommand)]
    Product(product::Product),
    /// Devices: credentials, values, logs, commands
    #[command(subcommand)]
    Device(device::Device),
    /// Ordinary MQTT users: programs that publish and subscribe outside the device topics
    #[command(subcommand)]
    MqttUser(mqtt_user::MqttUser),
    /// Accounts: whose things are managed here, and who manages them
    #[command(subcommand)]
    Account(account::Account),
    /// API keys, with which programs sign calls of the cloud API
    #[command(subcommand)]
    Key(key::Key),
    /// Tokens for the management API on the HTTP port
    #[command(subcommand)]
    Token(token::Token),
    /// What the server refused lately, and why
    Refusals(refusals::Refusals),
}

impl Admin {
    /// Asks the server and shows its answer.
    pub fn run(self) -> anyhow::Result<ExitCode> {
        let caller = Caller { client: LocalClient::new(&self.data), json: self.json };
        match self.subject {
            Subject::Product(product) => product.run(&caller)?,
            Subject::Device(device) => device.run(&caller)?,
            Subject::MqttUser(user) => user.run(&caller)?,
            Subject::Account(account) => account.run(&caller)?,
            Subject::Key(key) => key.run(&caller)?,
            Subject::Token(token) => token.run(&caller)?,
            Subject::Refusals(refusals) => refusals.run(&caller)?,
        }
        Ok(ExitCode::SUCCESS)
    }
}

#[cfg(test)]
mod tests;
