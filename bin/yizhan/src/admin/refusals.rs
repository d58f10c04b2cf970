//! `yizhan admin refusals`: the answer to "why can my device not connect?".

use super::caller::{Caller, cell, items, time_cell};
use crate::local_client::Path;
use crate::output::Table;

#[derive(Debug, clap::Args)]
pub(super) struct Refusals {
    /// At most this many, newest first
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
}

impl Refusals {
    pub(super) fn run(self, caller: &Caller) -> anyhow::Result<()> {
        caller.show(&caller.client.get(&Path::of(["refusals"]).query("limit", self.limit))?, |answer| {
            let mut table = Table::new(["TIME", "REASON", "WHO", "FROM", "ABOUT"]);
            for refusal in items(answer, "refusals") {
                let [reason, who, from, about] =
                    ["reason", "identity", "address", "detail"].map(|name| cell(&refusal[name]));
                table.row([time_cell(&refusal["time"]), reason, who, from, about]);
            }
            if table.is_empty() {
                "Nothing was refused since the server started.".to_owned()
            } else {
                table.text()
            }
        })
    }
}
