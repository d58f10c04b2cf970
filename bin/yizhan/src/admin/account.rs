//! `yizhan admin account`: whose things are managed here, and who manages them.

use std::io::{BufRead, Read};

use anyhow::Context;
use serde_json::{Value, json};

use super::caller::{Caller, cell, facts, items, time_cell};
use crate::local_client::Path;
use crate::output::Table;

#[derive(Debug, clap::Subcommand)]
pub(super) enum Account {
    /// Create a root account, or a sub-account of one
    Create {
        name: String,
        /// The root account of a sub-account: its name or number
        #[arg(long, value_name = "ACCOUNT")]
        owner: Option<String>,
        /// A note for people
        #[arg(long, default_value = "")]
        remark: String,
    },
    /// List all accounts
    List,
    /// Let an account's keys work again
    Enable {
        /// Its number, the name of a root account, or ROOT:NAME
        account: String,
    },
    /// Refuse an account's keys, and those of its sub-accounts
    Disable {
        /// Its number, the name of a root account, or ROOT:NAME
        account: String,
    },
    /// Give an account a password for the console: a new one is made and shown, unless one is given. Its sessions end
    Password {
        /// Its number, the name of a root account, or ROOT:NAME
        account: String,
        /// Read the password from the first line of standard input
        #[arg(long)]
        stdin: bool,
        /// Let the person choose another one at the next login
        #[arg(long)]
        must_change: bool,
        /// Take the second factor away, for somebody who lost it
        #[arg(long)]
        remove_second_factor: bool,
    },
    /// Show the link with which the first password is set in a browser
    SetupCode,
    /// Delete an account that owns nothing any more, with its keys
    Delete {
        /// Its number, the name of a root account, or ROOT:NAME
        account: String,
    },
}

impl Account {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let all = Path::of(["accounts"]);
        let one = |account: &str| Path::of(["accounts", account]);
        match self {
            Self::Create { name, owner, remark } => {
                let body = json!({ "name": name, "owner": owner, "remark": remark });
                caller.show(&caller.client.post(&all, &body)?, |account| {
                    facts(&[("name", cell(&account["name"])), ("uin", cell(&account["uin"]))])
                })
            }
            Self::List => caller.show(&caller.client.get(&all)?, listed),
            Self::Enable { account } => {
                caller.client.patch(&one(&account), &json!({ "enabled": true }))?;
                caller.done(&format!("account {account} is enabled"))
            }
            Self::Disable { account } => {
                caller.client.patch(&one(&account), &json!({ "enabled": false }))?;
                caller.done(&format!("account {account} is disabled"))
            }
            Self::Password { account, stdin, must_change, remove_second_factor } => {
                let body = json!({
                    "password": stdin.then(first_line).transpose()?, "must_change": must_change,
                    "remove_second_factor": remove_second_factor,
                });
                let path = Path::of(["accounts", &account, "password"]);
                caller.show(&caller.client.post(&path, &body)?, password_set)
            }
            Self::SetupCode => caller.show(&caller.client.get(&Path::of(["setup"]))?, setup),
            Self::Delete { account } => {
                caller.client.delete(&one(&account))?;
                caller.done(&format!("account {account} is deleted"))
            }
        }
    }
}

/// The password that somebody types or another program hands over.
fn first_line() -> anyhow::Result<String> {
    let mut line = String::new();
    std::io::stdin().lock().take(4_096).read_line(&mut line).context("standard input cannot be read")?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

fn password_set(answer: &Value) -> String {
    match answer["password"].as_str() {
        Some(password) => {
            facts(&[("account", cell(&answer["login_name"])), ("password", password.to_owned())])
        }
        None => format!("the password of account {} is set", cell(&answer["login_name"])),
    }
}

fn setup(answer: &Value) -> String {
    match answer["link"].as_str() {
        Some(link) => format!("set the password of the account root at {link}"),
        None => "the first password was set already; yizhan admin account password root makes a new one"
            .to_owned(),
    }
}

fn listed(answer: &Value) -> String {
    let mut table =
        Table::new(["UIN", "NAME", "SUB-ACCOUNT OF", "ENABLED", "KEYS", "LOGIN", "CREATED", "REMARK"]);
    for account in items(answer, "accounts") {
        table.row([
            cell(&account["uin"]),
            cell(&account["name"]),
            cell(&account["owner"]),
            cell(&account["enabled"]),
            cell(&account["keys"]),
            cell(&account["console_login"]),
            time_cell(&account["created_at"]),
            cell(&account["remark"]),
        ]);
    }
    table.text()
}
