//! Lines that a device hands in over HTTP (facts §3.5). Those that its log level asks for are kept; a device whose log is
//! off keeps nothing here, whatever it sends.

use std::sync::Arc;

use yizhan_journal::{LogKind, RecordKind};

use crate::records::device_log;
use crate::registry::Device;
use crate::{Devices, DevicesError};

/// Lines of one upload that are kept.
pub const MAX_LINES: usize = 500;
/// The longest line that is kept, in characters.
const MAX_LINE_CHARS: usize = 1_024;

/// How important a line is. The numbers are those of log levels (facts §2.12).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum LineLevel {
    /// Something failed.
    Error = 1,
    /// Something is odd.
    Warning = 2,
    /// Something happened.
    Info = 3,
    /// For developers.
    Debug = 4,
}

impl LineLevel {
    /// Every level with the three letters that the kits write and the name that people read.
    const NAMES: [(Self, &'static str, &'static str); 4] = [
        (Self::Error, "ERR", "ERROR"),
        (Self::Warning, "WRN", "WARN"),
        (Self::Info, "INF", "INFO"),
        (Self::Debug, "DBG", "DEBUG"),
    ];

    /// The level that three letters name.
    fn of_letters(letters: &str) -> Option<Self> {
        Self::NAMES.iter().find(|(_, short, _)| *short == letters).map(|(level, ..)| *level)
    }

    pub(crate) fn of_number(number: u8) -> Option<Self> {
        Self::NAMES.iter().map(|(level, ..)| *level).find(|level| *level as u8 == number)
    }

    /// The name that people read.
    pub fn as_str(self) -> &'static str {
        Self::NAMES.iter().find(|(level, ..)| *level == self).map_or("", |(.., name)| *name)
    }
}

impl Devices {
    /// Keeps the lines that the device's log level asks for; gives their number. A line begins with the three letters of
    /// its level; one without them has `otherwise`, or else counts as information. Blocks until they are durable.
    pub fn keep_device_log<'a>(
        &self,
        device: &Arc<Device>,
        lines: impl IntoIterator<Item = &'a str>,
        otherwise: Option<&str>,
    ) -> Result<usize, DevicesError> {
        let wanted = device.log_level();
        let otherwise = otherwise.and_then(LineLevel::of_letters).unwrap_or(LineLevel::Info);
        let lines = lines.into_iter().map(str::trim).filter(|line| !line.is_empty()).take(MAX_LINES);
        let kept: Vec<_> = lines
            .filter_map(|line| {
                let level = line.get(..3).and_then(LineLevel::of_letters).unwrap_or(otherwise);
                let text: String = line.chars().take(MAX_LINE_CHARS).collect();
                (level as u8 <= wanted).then(|| device_log::encode(level as u8, &text))
            })
            .collect();
        if kept.is_empty() {
            return Ok(0);
        }
        let (submitted, _) = self.with_state(device, |recorder, state, _| {
            for body in &kept {
                if let Err(error) = recorder.push(state, RecordKind::Log(LogKind::Device), body) {
                    tracing::warn!(device = device.id.0, %error, "a line of a device's log is too large");
                }
            }
        });
        self.commit_submitted(submitted)?;
        Ok(kept.len())
    }
}
