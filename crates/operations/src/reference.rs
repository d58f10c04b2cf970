//! The reference page of operations (`docs/reference/operations.md`), made from the table: what is served, in which
//! versions of the compatible API, and which actions of the vendor's are not.

use std::fmt::Write as _;

use serde_json::Value;

use crate::openapi::openapi;
use crate::operation::{Audit, Operation, Version};
use crate::table::{find, operations};
use crate::vendor::{VendorAction, vendor_actions};

const HEAD: &str = "\
<!-- Written by `cargo xtask generate`; a test compares it with the server. -->
# Operations

What the server does when it is asked through its management APIs. Each operation is there once and means the same
everywhere: under its name in the versions of the compatible cloud API that are listed, and at `POST /api/v1/NAME` for the
console and for programs of your own (`GET /api/v1/openapi.json` describes requests and answers). Programs that sign
their requests find all of them in the version `2026-11-01` of the cloud API.

An action of the vendor's that is not served answers `UnsupportedOperation`; a name that nobody knows, `InvalidAction`.
";

/// The page.
pub(crate) fn reference() -> String {
    let mut page = HEAD.to_owned();
    write_explorer(&mut page);
    for version in [Version::Video20211125, Version::Hub20210408] {
        write_flat(&mut page, version);
    }
    write_own(&mut page);
    page
}

/// The actions of iotexplorer, group by group.
fn write_explorer(page: &mut String) {
    let version = Version::Explorer20190423;
    let actions: Vec<VendorAction> = vendor_actions().filter(|action| action.version == version).collect();
    section(page, &format!("{} {}", version.service(), version.as_str()), &actions);
    let mut rest = actions.as_slice();
    while let Some(first) = rest.first() {
        let length = rest.iter().take_while(|action| action.group == first.group).count();
        let (group, after) = rest.split_at(length);
        rest = after;
        let served: Vec<_> = group.iter().filter_map(|action| find(version, action.name)).collect();
        line(page, &format!("\n### {}: {} of {}\n", first.group, served.len(), group.len()));
        table(page, &served);
        unserved(page, version, group);
    }
}

/// The actions of another service, without groups.
fn write_flat(page: &mut String, version: Version) {
    let actions: Vec<VendorAction> = vendor_actions().filter(|action| action.version == version).collect();
    let older =
        Version::ALL.iter().filter(|other| other.service() == version.service() && **other != version);
    let older: Vec<_> = older.map(|version| version.as_str()).collect();
    section(
        page,
        &format!("{} {} (and {})", version.service(), version.as_str(), older.join(", ")),
        &actions,
    );
    line(page, "");
    let served: Vec<_> = actions.iter().filter_map(|action| find(version, action.name)).collect();
    table(page, &served);
    unserved(page, version, &actions);
}

/// The operations that the vendor's API does not have.
fn write_own(page: &mut String) {
    let own: Vec<_> = operations().filter(|operation| operation.versions().is_empty()).collect();
    line(page, &format!("\n## Beyond the compatible API: {}\n", own.len()));
    table(page, &own);
}

fn section(page: &mut String, title: &str, actions: &[VendorAction]) {
    let served = actions.iter().filter(|action| find(action.version, action.name).is_some()).count();
    line(page, &format!("\n## {title}: {served} of {}", actions.len()));
}

fn table(page: &mut String, operations: &[&Operation]) {
    if operations.is_empty() {
        return;
    }
    line(page, "| Operation | What it does | 说明 | Recorded in |");
    line(page, "| --- | --- | --- | --- |");
    for operation in operations {
        let recorded = match operation.audit() {
            Audit::Read => "",
            Audit::Write => "audit log",
            Audit::Ledger => "the device's logs",
        };
        let summary = operation.summary();
        line(page, &format!("| {} | {} | {} | {recorded} |", operation.name(), summary.en, summary.zh));
    }
}

fn unserved(page: &mut String, version: Version, actions: &[VendorAction]) {
    let missing: Vec<_> = actions
        .iter()
        .filter(|action| find(version, action.name).is_none())
        .map(|action| action.name)
        .collect();
    if !missing.is_empty() {
        line(page, &format!("\nNot served: {}.", missing.join(", ")));
    }
}

fn line(page: &mut String, text: &str) {
    writeln!(page, "{text}").expect("writing to memory does not fail");
}

/// The files that are made from the table, with their paths from the project's root.
pub fn generated() -> [(&'static str, String); 2] {
    [
        ("docs/reference/operations.md", reference()),
        ("web/src/api/openapi.json", described(&openapi(env!("CARGO_PKG_VERSION")))),
    ]
}

/// The description with one operation a line: differences stay readable.
fn described(description: &Value) -> String {
    let mut text = String::new();
    let members = description.as_object().expect("a description is an object");
    for (index, (name, value)) in members.iter().enumerate() {
        text.push_str(if index == 0 { "{\n" } else { ",\n" });
        match value.as_object().filter(|_| name == "paths") {
            Some(paths) => {
                let lines: Vec<_> = paths
                    .iter()
                    .map(|(path, item)| format!("{}: {item}", Value::from(path.as_str())))
                    .collect();
                write!(text, "\"paths\": {{\n{}\n}}", lines.join(",\n"))
            }
            None => write!(text, "{}: {value}", Value::from(name.as_str())),
        }
        .expect("writing to memory does not fail");
    }
    text.push_str("\n}\n");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_generated_is_as_the_table_says_now() {
        for (path, text) in generated() {
            let written = std::fs::read_to_string(format!("{}/../../{path}", env!("CARGO_MANIFEST_DIR")));
            assert!(written.unwrap_or_default() == text, "{path}: run cargo xtask generate");
        }
    }

    #[test]
    fn the_description_for_the_console_says_the_same_as_the_one_that_is_served() {
        let description = openapi("1");
        let read: Value = serde_json::from_str(&described(&description)).unwrap();
        assert_eq!(read, description);
    }
}
