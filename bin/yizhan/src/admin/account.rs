//! `yizhan admin account`: whose things are managed here, and who manages them.

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
            Self::Delete { account } => {
                caller.client.delete(&one(&account))?;
                caller.done(&format!("account {account} is deleted"))
            }
        }
    }
}

fn listed(answer: &Value) -> String {
    let mut table = Table::new(["UIN", "NAME", "SUB-ACCOUNT OF", "ENABLED", "KEYS", "CREATED", "REMARK"]);
    for account in items(answer, "accounts") {
        table.row([
            cell(&account["uin"]),
            cell(&account["name"]),
            cell(&account["owner"]),
            cell(&account["enabled"]),
            cell(&account["keys"]),
            time_cell(&account["created_at"]),
            cell(&account["remark"]),
        ]);
    }
    table.text()
}
