//! The libraries that are part of the server, with their licences, as `cargo metadata` knows them.

use std::collections::{BTreeSet, HashMap};
use std::process::Command;

use anyhow::{Context, ensure};
use serde_json::Value;

/// One line a library: name, version and licence, separated by tabs.
pub fn list() -> anyhow::Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline"])
        .args(["--filter-platform", "x86_64-unknown-linux-gnu"])
        .output()?;
    ensure!(output.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout)?;
    let by_id = |list: &Value| -> HashMap<String, Value> {
        let items = list.as_array().into_iter().flatten();
        items.map(|item| (text(&item["id"]), item.clone())).collect()
    };
    let (packages, nodes) = (by_id(&metadata["packages"]), by_id(&metadata["resolve"]["nodes"]));
    let server = packages.values().find(|package| package["name"] == "yizhan");
    let mut pending = vec![text(&server.context("there is no package yizhan")?["id"])];
    let (mut seen, mut lines) = (BTreeSet::new(), BTreeSet::new());
    while let Some(id) = pending.pop() {
        if !seen.insert(id.clone()) {
            continue;
        }
        let package = &packages[&id];
        // Packages of this workspace have no source.
        if !package["source"].is_null() {
            let [name, version, license] =
                ["name", "version", "license"].map(|member| text(&package[member]));
            ensure!(!license.is_empty(), "{name} does not say its licence");
            lines.insert(format!("{name}\t{version}\t{license}\n"));
        }
        let dependencies = nodes[&id]["deps"].as_array().into_iter().flatten();
        let used = dependencies.filter(|one| {
            let kinds = one["dep_kinds"].as_array().into_iter().flatten();
            kinds.into_iter().any(|kind| kind["kind"].is_null())
        });
        pending.extend(used.map(|one| text(&one["pkg"])));
    }
    Ok(lines.into_iter().collect())
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
