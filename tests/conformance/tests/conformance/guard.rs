//! The set guard: every statement that binds a server has a test, every number at a test exists, and `STATEMENTS.md`
//! says the same. Run with `YIZHAN_UPDATE=1` to write the table anew.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use yizhan_conformance::statements::{Duty, Statement, V5, V311};

type Coverage = BTreeMap<String, Vec<String>>;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/conformance")
}

fn source_files() -> Vec<PathBuf> {
    let mut pending = vec![folder()];
    let mut files = Vec::new();
    while let Some(here) = pending.pop() {
        for entry in std::fs::read_dir(here)
            .expect("the sources are there")
            .map(|entry| entry.expect("readable").path())
        {
            if entry.is_dir() {
                pending.push(entry);
            } else if entry.extension().is_some_and(|extension| extension == "rs") {
                files.push(entry);
            }
        }
    }
    files.sort();
    files
}

fn module_of(path: &Path) -> String {
    let relative = path.strip_prefix(folder()).expect("found below it").with_extension("");
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    parts.join("::")
}

/// Reads the doc comments above `#[test]` functions: number to tests, for both versions.
fn coverage() -> (Coverage, Coverage) {
    let (mut v311, mut v5) = (Coverage::new(), Coverage::new());
    for path in source_files() {
        let text = std::fs::read_to_string(&path).expect("a source file is text");
        let mut numbers: Vec<(bool, String)> = Vec::new();
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            if let Some(comment) = line.strip_prefix("/// ") {
                for (prefix, new) in [("3.1.1: ", false), ("5.0: ", true)] {
                    if let Some(list) = comment.strip_prefix(prefix) {
                        numbers.extend(list.split(',').map(|number| (new, number.trim().to_owned())));
                    }
                }
            } else if line == "#[test]" {
                is_test = true;
            } else if let Some(rest) = line.strip_prefix("fn ") {
                if is_test {
                    let name = rest.split(['(', '<']).next().expect("a name").to_owned();
                    for (new, number) in numbers.drain(..) {
                        let side = if new { &mut v5 } else { &mut v311 };
                        side.entry(number).or_default().push(format!("{}::{name}", module_of(&path)));
                    }
                }
                is_test = false;
                numbers.clear();
            } else if !line.starts_with("#[") && !line.starts_with("///") {
                numbers.clear();
            }
        }
    }
    (v311, v5)
}

fn gaps(table: &[Statement], covered: &Coverage) -> Vec<String> {
    let mut gaps = Vec::new();
    let mut known = BTreeSet::new();
    for statement in table {
        assert!(known.insert(statement.number), "{} is listed twice", statement.number);
        if statement.duty == Duty::Tested && !covered.contains_key(statement.number) {
            gaps.push(format!("{} has no test: {}", statement.number, statement.demand));
        }
    }
    gaps.extend(
        covered
            .keys()
            .filter(|number| !known.contains(number.as_str()))
            .map(|number| format!("{number} is named by {:?} but is not in the table", covered[number])),
    );
    gaps
}

#[test]
fn every_statement_that_binds_a_server_has_a_test() {
    let (v311, v5) = coverage();
    let mut all: Vec<String> = gaps(V311, &v311).into_iter().map(|gap| format!("3.1.1: {gap}")).collect();
    all.extend(gaps(V5, &v5).into_iter().map(|gap| format!("5.0: {gap}")));
    assert!(all.is_empty(), "{} gaps:\n{}", all.len(), all.join("\n"));
}

fn section(out: &mut String, title: &str, table: &[Statement], covered: &Coverage) {
    let tested = table.iter().filter(|statement| covered.contains_key(statement.number)).count();
    out.push_str(&format!("\n## {title}: {tested} of {} statements tested\n\n", table.len()));
    out.push_str("| Number | Demand | Tests, or why none |\n|---|---|---|\n");
    for statement in table {
        let told = match (covered.get(statement.number), statement.duty) {
            (Some(tests), _) => tests.iter().map(|test| format!("`{test}`")).collect::<Vec<_>>().join(", "),
            (None, Duty::Exempt(reason)) => reason.to_owned(),
            (None, Duty::Tested) => "**none**".to_owned(),
        };
        out.push_str(&format!("| {} | {} | {told} |\n", statement.number, statement.demand));
    }
}

#[test]
fn the_written_table_is_up_to_date() {
    let (v311, v5) = coverage();
    let mut expected = String::from(
        "# Statements and tests\n\nWritten by the guard test of this crate (`YIZHAN_UPDATE=1 cargo test -p \
         yizhan-conformance guard`); do not edit.\n",
    );
    section(&mut expected, "MQTT 3.1.1", V311, &v311);
    section(&mut expected, "MQTT 5.0", V5, &v5);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("STATEMENTS.md");
    if std::env::var_os("YIZHAN_UPDATE").is_some() {
        std::fs::write(&path, &expected).expect("the table can be written");
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == expected, "STATEMENTS.md is out of date: run with YIZHAN_UPDATE=1");
}
