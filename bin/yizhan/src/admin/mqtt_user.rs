//! `yizhan admin mqtt-user`: programs that use the server as an ordinary MQTT broker.

use serde_json::{Value, json};

use super::caller::{Caller, cell, facts, items, time_cell};
use crate::local_client::Path;
use crate::output::{self, Table};

#[derive(Debug, clap::Subcommand)]
pub(super) enum MqttUser {
    /// Create a user; its password is printed once
    Create {
        name: String,
        /// What it may publish; repeat for several. Everything outside `$` when absent
        #[arg(long, value_name = "FILTER")]
        publish: Vec<String>,
        /// What it may subscribe to; repeat for several. Everything outside `$` when absent
        #[arg(long, value_name = "FILTER")]
        subscribe: Vec<String>,
    },
    /// List all users
    List,
    /// Delete a user and disconnect its clients
    Delete { name: String },
}

impl MqttUser {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let all = Path::of(["mqtt-users"]);
        match self {
            Self::Create { name, publish, subscribe } => {
                let body = json!({ "name": name, "publish": publish, "subscribe": subscribe });
                caller.show(&caller.client.post(&all, &body)?, |user| {
                    facts(&[("name", cell(&user["name"])), ("password", cell(&user["password"]))])
                })?;
                if !caller.json {
                    output::note("the password is kept as a hash and is not shown again");
                }
                Ok(())
            }
            Self::List => caller.show(&caller.client.get(&all)?, listed),
            Self::Delete { name } => {
                caller.client.delete(&Path::of(["mqtt-users", &name]))?;
                caller.done(&format!("user {name} is deleted"))
            }
        }
    }
}

fn listed(answer: &Value) -> String {
    let mut table = Table::new(["NAME", "PUBLISH", "SUBSCRIBE", "CREATED"]);
    for user in items(answer, "users") {
        let filters = |name: &str| {
            let filters: Vec<String> = items(user, name).map(cell).collect();
            if filters.is_empty() { "everything".to_owned() } else { filters.join(" ") }
        };
        table.row([
            cell(&user["name"]),
            filters("publish"),
            filters("subscribe"),
            time_cell(&user["created_at"]),
        ]);
    }
    if table.is_empty() { "There is no MQTT user.".to_owned() } else { table.text() }
}
