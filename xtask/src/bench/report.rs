//! The report: a table a scenario, with the ratio to the peer of the same run.

use std::fmt::Write as _;
use std::time::Duration;

use super::figures::{Result, Row};
use super::peer;
use super::scenarios::{Bench, OURS, PEER};

/// The whole report as Markdown.
pub(super) fn markdown(
    about: &[(&'static str, String)],
    bench: &Bench,
    results: &[Result],
    took: Duration,
) -> String {
    let mut text = String::from("# Measurements\n\nMade by `cargo xtask bench`; medians of all runs.\n\n");
    let peer = bench.mosquitto.as_deref().map_or_else(|| "none".to_owned(), peer::version);
    let runs = format!(
        "{} of {:.1} s each after {:.1} s of warming up; {:.0} s in all{}",
        bench.runs,
        bench.measure.as_secs_f64(),
        bench.warm.as_secs_f64(),
        took.as_secs_f64(),
        if bench.quick { "; **a quick run: not for comparison**" } else { "" }
    );
    text.push_str("| | |\n| --- | --- |\n");
    for (name, value) in about.iter().cloned().chain([("peer", peer), ("runs", runs)]) {
        push(&mut text, format_args!("| {name} | {value} |\n"));
    }
    for result in results {
        push(
            &mut text,
            format_args!(
                "\n## {}\n\n`--only {}`. {}\n\n",
                result.scenario.title, result.scenario.name, result.scenario.about
            ),
        );
        match &result.failure {
            Some(failure) => push(&mut text, format_args!("**Failed**: {failure}\n")),
            None => table(&mut text, &result.rows),
        }
    }
    text
}

fn table(text: &mut String, rows: &[Row]) {
    let mut columns: Vec<&str> = Vec::new();
    for row in rows {
        for (name, ..) in &row.figures {
            if !columns.contains(name) {
                columns.push(name);
            }
        }
    }
    push(text, format_args!("| server | {} |\n", columns.join(" | ")));
    push(text, format_args!("| --- |{}\n", " --- |".repeat(columns.len())));
    for row in rows {
        let cells = columns.iter().map(|column| {
            let found = row.figures.iter().find(|(name, ..)| name == column);
            found.map_or_else(String::new, |(_, value, unit)| unit.show(*value))
        });
        push(text, format_args!("| {} | {} |\n", row.server, cells.collect::<Vec<_>>().join(" | ")));
    }
    if let Some(ratios) = ratios(rows, &columns) {
        push(text, format_args!("| ratio | {} |\n", ratios.join(" | ")));
    }
    for row in rows {
        for note in &row.notes {
            push(text, format_args!("\n{}: {note}.\n", row.server));
        }
    }
}

/// Ours divided by the peer's, where there is exactly one line of each.
fn ratios(rows: &[Row], columns: &[&str]) -> Option<Vec<String>> {
    let only = |server: &str| {
        let mut found = rows.iter().filter(|row| row.server == server);
        found.next().filter(|_| found.next().is_none())
    };
    let (ours, theirs) = (only(OURS)?, only(PEER)?);
    let value = |row: &Row, column: &str| {
        row.figures.iter().find(|(name, ..)| *name == column).map(|(_, value, _)| *value)
    };
    let ratio = |column: &&str| match (value(ours, column), value(theirs, column)) {
        (Some(ours), Some(theirs)) if theirs > 0.0 => format!("{:.2}", ours / theirs),
        _ => String::new(),
    };
    Some(columns.iter().map(ratio).collect())
}

fn push(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    text.write_fmt(arguments).expect("writing to a String does not fail");
}

#[cfg(test)]
mod tests {
    use super::super::figures::Unit;
    use super::*;

    fn row(server: &'static str, rate: f64) -> Row {
        Row { server, figures: vec![("rate", rate, Unit::PerSecond)], notes: Vec::new() }
    }

    #[test]
    fn a_table_ends_with_the_ratio_when_both_servers_have_one_line() {
        let mut text = String::new();
        table(&mut text, &[row(OURS, 3000.0), row(PEER, 2000.0)]);
        assert_eq!(
            text,
            "| server | rate |\n| --- | --- |\n| Yizhan | 3,000/s |\n| Mosquitto | 2,000/s |\n| ratio | 1.50 |\n"
        );
    }

    #[test]
    fn a_line_alone_has_no_ratio_and_its_notes_follow_the_table() {
        let mut text = String::new();
        let mut alone = row(OURS, 1.0);
        alone.notes.push("a note".into());
        table(&mut text, &[alone]);
        assert!(text.ends_with("| Yizhan | 1/s |\n\nYizhan: a note.\n"), "{text}");
    }
}
