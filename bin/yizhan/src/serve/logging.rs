//! The server's own log: to standard error as configured, and its warnings to where operators see them in the console.

use std::fmt::{Debug, Write};
use std::io::IsTerminal as _;
use std::sync::Arc;

use anyhow::Context as _;
use tracing::field::{Field, Visit};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::util::SubscriberInitExt as _;
use yizhan_observe::{Warning, WarningLog};
use yizhan_vocabulary::Clock as _;
use yizhan_vocabulary::clock::SystemClock;

use crate::config::Log;

/// The longest text that is put together for one warning.
const MAX_TEXT: usize = 2_000;

/// Starts the log; gives the list in which its warnings are remembered.
pub fn start(settings: &Log) -> anyhow::Result<Arc<WarningLog>> {
    let filter = tracing_subscriber::EnvFilter::try_new(&settings.filter)
        .with_context(|| format!("log.filter: {} is not a filter", settings.filter))?;
    let warnings = Arc::new(WarningLog::default());
    let remembered = Remembered { warnings: Arc::clone(&warnings), clock: SystemClock::start() };
    let lines = tracing_subscriber::fmt::layer()
        .with_writer(std::io::stderr)
        .with_ansi(std::io::stderr().is_terminal());
    let lines = if settings.json { lines.json().boxed() } else { lines.boxed() };
    tracing_subscriber::registry().with(filter).with(remembered).with(lines).init();
    Ok(warnings)
}

/// Keeps warnings and errors.
struct Remembered {
    warnings: Arc<WarningLog>,
    clock: SystemClock,
}

impl<S: Subscriber> Layer<S> for Remembered {
    fn on_event(&self, event: &Event<'_>, _context: Context<'_, S>) {
        let facts = event.metadata();
        let level = match *facts.level() {
            Level::ERROR => "ERROR",
            Level::WARN => "WARN",
            _ => return,
        };
        let mut text = Text::default();
        event.record(&mut text);
        self.warnings.push(Warning {
            time: self.clock.now(),
            level,
            target: facts.target().to_owned(),
            text: text.whole(),
        });
    }
}

/// The message and the fields behind it.
#[derive(Default)]
struct Text {
    message: String,
    fields: String,
}

impl Text {
    fn whole(mut self) -> String {
        self.message.push_str(&self.fields);
        self.message
    }
}

impl Visit for Text {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if self.message.len() + self.fields.len() > MAX_TEXT {
            return;
        }
        let written = match field.name() {
            "message" => write!(self.message, "{value:?}"),
            name => write!(self.fields, " {name}={value:?}"),
        };
        written.expect("writing to a string cannot fail");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_remembered_with_their_fields_and_other_lines_are_not() {
        let warnings = Arc::new(WarningLog::default());
        let remembered = Remembered { warnings: Arc::clone(&warnings), clock: SystemClock::start() };
        tracing::subscriber::with_default(tracing_subscriber::registry().with(remembered), || {
            tracing::info!("started");
            tracing::warn!(device = "lamp-1", "too many messages");
        });
        let kept = warnings.newest(10);
        assert_eq!(kept.len(), 1);
        assert_eq!((kept[0].level, kept[0].text.as_str()), ("WARN", "too many messages device=\"lamp-1\""));
    }
}
