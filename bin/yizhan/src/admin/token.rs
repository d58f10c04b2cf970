//! `yizhan admin token`: who may use the management API over the network.

use serde_json::{Value, json};

use super::caller::{Caller, cell, facts, items, time_cell};
use crate::local_client::Path;
use crate::output::{self, Table};

#[derive(Debug, clap::Subcommand)]
pub(super) enum Token {
    /// Create a token; it is printed once
    Create { name: String },
    /// List all tokens' names
    List,
    /// Delete a token; it is refused from then on
    Delete { name: String },
}

impl Token {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let all = Path::of(["tokens"]);
        match self {
            Self::Create { name } => {
                caller.show(&caller.client.post(&all, &json!({ "name": name }))?, |token| {
                    facts(&[("name", cell(&token["name"])), ("token", cell(&token["token"]))])
                })?;
                if !caller.json {
                    output::note("the token is kept as a hash and is not shown again");
                    output::note("use it with the header: Authorization: Bearer TOKEN");
                }
                Ok(())
            }
            Self::List => caller.show(&caller.client.get(&all)?, listed),
            Self::Delete { name } => {
                caller.client.delete(&Path::of(["tokens", &name]))?;
                caller.done(&format!("token {name} is deleted"))
            }
        }
    }
}

fn listed(answer: &Value) -> String {
    let mut table = Table::new(["NAME", "CREATED", "LAST USED"]);
    for token in items(answer, "tokens") {
        table.row([cell(&token["name"]), time_cell(&token["created_at"]), time_cell(&token["last_used_at"])]);
    }
    if table.is_empty() { "There is no token.".to_owned() } else { table.text() }
}
