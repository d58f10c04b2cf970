//! What every sub-command of `admin` needs: the client, how to show an answer, how to read an argument.

use std::io::Read as _;

use anyhow::{Context, bail};
use serde_json::Value;

use crate::local_client::LocalClient;
use crate::output::{self, printable, show_time};

/// The largest text taken from a file or standard input.
const MAX_TEXT: u64 = 8 << 20;

/// The client and the chosen form of output.
pub(super) struct Caller {
    pub(super) client: LocalClient,
    pub(super) json: bool,
}

impl Caller {
    /// Shows an answer: unchanged as JSON, or in the words of `human`.
    pub(super) fn show(&self, answer: &Value, human: impl FnOnce(&Value) -> String) -> anyhow::Result<()> {
        if self.json {
            return output::json(answer);
        }
        output::result(&human(answer));
        Ok(())
    }

    /// Shows that something was done about which there is nothing more to say.
    pub(super) fn done(&self, what: &str) -> anyhow::Result<()> {
        if self.json {
            return output::json(&serde_json::json!({ "done": true }));
        }
        output::result(what);
        Ok(())
    }
}

/// A field as a cell: texts without quotes, nothing as `-`.
pub(super) fn cell(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(true) => "yes".to_owned(),
        Value::Bool(false) => "no".to_owned(),
        other => other.to_string(),
    }
}

/// A field with milliseconds since 1970 as a cell.
pub(super) fn time_cell(value: &Value) -> String {
    value.as_i64().map_or_else(|| "-".to_owned(), show_time)
}

/// The items of a list in an answer.
pub(super) fn items<'a>(answer: &'a Value, name: &str) -> impl Iterator<Item = &'a Value> {
    answer[name].as_array().into_iter().flatten()
}

/// `name  value` lines, names padded to one width; what has no value is left out.
pub(super) fn facts(facts: &[(&str, String)]) -> String {
    let shown = facts.iter().filter(|(_, value)| value != "-");
    let widest = shown.clone().map(|(name, _)| name.len()).max().unwrap_or(0);
    let lines = shown.map(|(name, value)| format!("{name:<widest$}  {}", printable(value)));
    lines.collect::<Vec<_>>().join("\n")
}

/// A file's text; `-` is standard input.
pub(super) fn read_text(file: &str) -> anyhow::Result<String> {
    let mut text = String::new();
    let read = if file == "-" {
        std::io::stdin().lock().take(MAX_TEXT + 1).read_to_string(&mut text)
    } else {
        std::fs::File::open(file).and_then(|opened| opened.take(MAX_TEXT + 1).read_to_string(&mut text))
    };
    read.with_context(|| format!("{file} cannot be read"))?;
    if text.len() as u64 > MAX_TEXT {
        bail!("{file} is larger than {MAX_TEXT} bytes");
    }
    Ok(text)
}

/// A thing model's file as JSON.
pub(super) fn read_model(file: &str) -> anyhow::Result<String> {
    let text = read_text(file)?;
    serde_json::from_str::<serde::de::IgnoredAny>(&text).with_context(|| format!("{file} is not JSON"))?;
    Ok(text)
}

/// JSON given as an argument, or `@FILE` that holds it.
pub(super) fn read_json(argument: &str) -> anyhow::Result<Value> {
    let text = match argument.strip_prefix('@') {
        Some(file) => read_text(file)?,
        None => argument.to_owned(),
    };
    serde_json::from_str(&text).with_context(|| format!("{argument} is not JSON"))
}
