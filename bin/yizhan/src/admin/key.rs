//! `yizhan admin key`: API keys, with which programs sign their calls of the cloud API.

use serde_json::{Value, json};

use super::caller::{Caller, cell, facts, items, time_cell};
use crate::local_client::Path;
use crate::output::{self, Table};

/// The account that every installation has.
const FIRST_ACCOUNT: &str = "root";

#[derive(Debug, clap::Subcommand)]
pub(super) enum Key {
    /// Create a key; its SecretKey is printed once
    Create {
        /// Whose key: a number, the name of a root account, or ROOT:NAME
        #[arg(default_value = FIRST_ACCOUNT)]
        account: String,
        /// A note for people
        #[arg(long, default_value = "")]
        remark: String,
    },
    /// List an account's keys
    List {
        /// Whose keys: a number, the name of a root account, or ROOT:NAME
        #[arg(default_value = FIRST_ACCOUNT)]
        account: String,
    },
    /// Let a key work again
    Enable(Named),
    /// Refuse a key until it is enabled again
    Disable(Named),
    /// Delete a key; it is refused from then on
    Delete(Named),
}

#[derive(Debug, clap::Args)]
pub(super) struct Named {
    /// The SecretId
    key: String,
    /// Whose key: a number, the name of a root account, or ROOT:NAME
    #[arg(long, default_value = FIRST_ACCOUNT)]
    account: String,
}

impl Named {
    fn path(&self) -> Path {
        Path::of(["accounts", &self.account, "keys", &self.key])
    }
}

impl Key {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        match self {
            Self::Create { account, remark } => {
                let path = Path::of(["accounts", &account, "keys"]);
                caller.show(&caller.client.post(&path, &json!({ "remark": remark }))?, |key| {
                    facts(&[("SecretId", cell(&key["secret_id"])), ("SecretKey", cell(&key["secret_key"]))])
                })?;
                if !caller.json {
                    output::note("the SecretKey is sealed in the registry and is not shown again");
                }
                Ok(())
            }
            Self::List { account } => {
                caller.show(&caller.client.get(&Path::of(["accounts", &account, "keys"]))?, listed)
            }
            Self::Enable(named) => {
                caller.client.patch(&named.path(), &json!({ "enabled": true }))?;
                caller.done(&format!("key {} is enabled", named.key))
            }
            Self::Disable(named) => {
                caller.client.patch(&named.path(), &json!({ "enabled": false }))?;
                caller.done(&format!("key {} is disabled", named.key))
            }
            Self::Delete(named) => {
                caller.client.delete(&named.path())?;
                caller.done(&format!("key {} is deleted", named.key))
            }
        }
    }
}

fn listed(answer: &Value) -> String {
    let mut table = Table::new(["SECRET ID", "ENABLED", "CREATED", "LAST USED", "FROM", "REMARK"]);
    for key in items(answer, "keys") {
        table.row([
            cell(&key["secret_id"]),
            cell(&key["enabled"]),
            time_cell(&key["created_at"]),
            time_cell(&key["last_used_at"]),
            cell(&key["last_used_from"]),
            cell(&key["remark"]),
        ]);
    }
    if table.is_empty() { "The account has no key.".to_owned() } else { table.text() }
}
