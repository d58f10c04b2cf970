//! Scripted faults: what goes wrong, how often, and how a script names it (`--fault NAME[:SHARE%][:TIME]`).

use std::fmt::Write as _;
use std::str::FromStr;
use std::time::Duration;

/// Declares the kinds of faults together with everything a user has to know about them.
macro_rules! fault_kinds {
    ($($(#[$doc:meta])* $variant:ident = $name:literal, $share:expr, $time:expr, $text:literal;)+) => {
        /// What goes wrong.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u8)]
        pub enum FaultKind { $($(#[$doc])* $variant,)+ }

        impl FaultKind {
            /// Every kind.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in a script.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }

            /// What happens, in one line.
            pub const fn explanation(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The share used when a script gives none; `None` when the fault has no share.
            pub const fn default_share(self) -> Option<f64> {
                match self { $(Self::$variant => $share,)+ }
            }

            /// The time used when a script gives none; `None` when the fault has no time.
            pub const fn default_time(self) -> Option<Duration> {
                match self { $(Self::$variant => $time,)+ }
            }
        }
    };
}

const ONE_PERCENT: Option<f64> = Some(0.01);
const ALL_OF_THEM: Option<f64> = Some(1.0);
const fn seconds(seconds: u64) -> Option<Duration> {
    Some(Duration::from_secs(seconds))
}

fault_kinds! {
    /// The stream breaks after a report.
    Disconnect = "disconnect", ONE_PERCENT, seconds(1),
        "after this share of reports the connection breaks without DISCONNECT; back after the time";
    /// The device stops reading.
    Stall = "stall", ONE_PERCENT, seconds(10),
        "after this share of reports the device reads nothing for the time, but goes on sending";
    /// The device goes silent with the stream open.
    Silence = "silence", ONE_PERCENT, seconds(120),
        "after this share of reports the device sends nothing, not even PINGREQ, for the time";
    /// All devices drop and return together.
    ReconnectStorm = "reconnect-storm", None, seconds(60),
        "every time span all devices break their connections at once and return at once";
    /// A second connection with the same identity.
    Takeover = "takeover", ONE_PERCENT, None,
        "at this share of reports the device connects a second time without closing the first connection";
    /// A wrong password.
    BadSignature = "bad-signature", ONE_PERCENT, None,
        "this share of logins is signed with a wrong key (over TLS-PSK: a wrong pre-shared key)";
    /// Truncated JSON.
    BadJson = "bad-json", ONE_PERCENT, None, "this share of reports is cut in the middle of its JSON";
    /// A number or text beyond the model's limits.
    OutOfRange = "out-of-range", ONE_PERCENT, None, "this share of reports has a value beyond its limit (406)";
    /// A value of another type.
    WrongType = "wrong-type", ONE_PERCENT, None, "this share of reports has a value of another type (406)";
    /// A property that the model does not have.
    UnknownProperty = "unknown-property", ONE_PERCENT, None,
        "this share of reports names a property that the model does not have (403)";
    /// A time far from now.
    BadTimestamp = "bad-timestamp", ONE_PERCENT, None,
        "this share of reports carries a time two days in the past (405)";
    /// A payload beyond the platform's limit.
    Oversize = "oversize", ONE_PERCENT, None, "this share of reports is larger than the platform's 64 KiB";
    /// The same packet twice.
    Duplicate = "duplicate", ONE_PERCENT, None,
        "this share of reports is sent twice: at QoS 1 the same packet again with DUP, at QoS 0 a copy";
    /// Commands stay unanswered.
    NoReply = "no-reply", ALL_OF_THEM, None, "this share of controls and actions gets no reply";
    /// Commands are answered with an error.
    ErrorReply = "error-reply", ALL_OF_THEM, None, "this share of controls and actions is answered with code 1";
    /// Commands are answered late.
    LateReply = "late-reply", ALL_OF_THEM, seconds(8),
        "this share of controls and actions is answered after the time";
}

/// One fault of a script.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fault {
    /// What goes wrong.
    pub kind: FaultKind,
    /// How often, 0.0 to 1.0; 1.0 for kinds without a share.
    pub share: f64,
    /// How long, how late or how often in time; zero for kinds without a time.
    pub time: Duration,
}

/// Why a fault was not understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FaultError {
    /// No such kind.
    #[error("unknown fault {0:?}; the faults are: {names}", names = names())]
    UnknownKind(String),
    /// The kind takes no share.
    #[error("the fault {0:?} takes no share: leave out {1:?}")]
    NoShare(&'static str, String),
    /// The kind takes no time.
    #[error("the fault {0:?} takes no time: leave out {1:?}")]
    NoTime(&'static str, String),
    /// The share is not a percentage.
    #[error("{0:?} is not a share: write a number from 0 to 100 and a percent sign, as in 2.5%")]
    BadShare(String),
    /// Neither a share nor a duration.
    #[error("{0:?} is neither a share such as 2.5% nor a time such as 500ms, 10s, 2m or 1h")]
    BadTime(String),
    /// A part is given twice.
    #[error("{0:?} gives its share or time twice")]
    Twice(String),
}

fn names() -> String {
    FaultKind::ALL.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}

impl FromStr for Fault {
    type Err = FaultError;

    fn from_str(text: &str) -> Result<Self, FaultError> {
        let mut parts = text.split(':').map(str::trim);
        let name = parts.next().unwrap_or_default();
        let kind = FaultKind::ALL.iter().copied().find(|kind| kind.name() == name);
        let kind = kind.ok_or_else(|| FaultError::UnknownKind(name.to_owned()))?;
        let (mut share, mut time) = (None, None);
        for part in parts {
            let twice = match part.strip_suffix('%') {
                Some(number) => share.replace(parse_share(kind, part, number)?).is_some(),
                None => time.replace(parse_time_of(kind, part)?).is_some(),
            };
            if twice {
                return Err(FaultError::Twice(text.to_owned()));
            }
        }
        Ok(Self {
            kind,
            share: share.or(kind.default_share()).unwrap_or(1.0),
            time: time.or(kind.default_time()).unwrap_or(Duration::ZERO),
        })
    }
}

fn parse_share(kind: FaultKind, part: &str, number: &str) -> Result<f64, FaultError> {
    if kind.default_share().is_none() {
        return Err(FaultError::NoShare(kind.name(), part.to_owned()));
    }
    let percent = number.trim().parse().ok().filter(|percent| (0.0..=100.0).contains(percent));
    percent.map(|percent: f64| percent / 100.0).ok_or_else(|| FaultError::BadShare(part.to_owned()))
}

fn parse_time_of(kind: FaultKind, part: &str) -> Result<Duration, FaultError> {
    let time = parse_time(part).ok_or_else(|| FaultError::BadTime(part.to_owned()))?;
    match kind.default_time() {
        Some(_) => Ok(time),
        None => Err(FaultError::NoTime(kind.name(), part.to_owned())),
    }
}

/// `500ms`, `10s`, `2m`, `1h`; fractions are allowed, zero is not.
fn parse_time(text: &str) -> Option<Duration> {
    let unit_at = text.find(|c: char| c.is_ascii_alphabetic())?;
    let (number, unit) = text.split_at(unit_at);
    let seconds = match unit {
        "ms" => 0.001,
        "s" => 1.0,
        "m" => 60.0,
        "h" => 3600.0,
        _ => return None,
    };
    let time = Duration::try_from_secs_f64(number.trim().parse::<f64>().ok()? * seconds).ok()?;
    (!time.is_zero()).then_some(time)
}

/// The list of faults for a help text: name, defaults and explanation, one a line.
pub fn describe_faults() -> String {
    let mut text = String::new();
    for kind in FaultKind::ALL {
        let share = kind.default_share().map_or_else(String::new, |share| format!(":{}%", share * 100.0));
        let time = kind.default_time().map_or_else(String::new, |time| format!(":{}s", time.as_secs()));
        let name = format!("{}{share}{time}", kind.name());
        writeln!(text, "{name:<22} {}", kind.explanation()).expect("writing to a String does not fail");
    }
    text
}

/// A script's faults by kind, for one array access on the path of a report.
#[derive(Debug, Clone)]
pub(crate) struct FaultPlan([Option<Fault>; FaultKind::ALL.len()]);

impl FaultPlan {
    /// A kind that is given twice counts as given last.
    pub(crate) fn new(faults: &[Fault]) -> Self {
        let mut plan = [None; FaultKind::ALL.len()];
        for fault in faults {
            plan[fault.kind as usize] = Some(*fault);
        }
        Self(plan)
    }

    pub(crate) const fn get(&self, kind: FaultKind) -> Option<Fault> {
        self.0[kind as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Fault, FaultError> {
        text.parse()
    }

    #[test]
    fn a_fault_is_a_name_with_an_optional_share_and_time_in_any_order() {
        let plain = parse("disconnect").unwrap();
        assert_eq!(
            (plain.kind, plain.share, plain.time),
            (FaultKind::Disconnect, 0.01, Duration::from_secs(1))
        );
        let full = Fault { kind: FaultKind::Disconnect, share: 0.1, time: Duration::from_millis(500) };
        assert_eq!(parse("disconnect:10%:500ms"), Ok(full));
        assert_eq!(parse("disconnect:500ms:10%"), Ok(full));
        assert_eq!(parse("bad-json:0.5%").unwrap().share, 0.005);
        assert_eq!(parse("no-reply").unwrap().share, 1.0);
        assert_eq!(parse("reconnect-storm:2m").unwrap().time, Duration::from_secs(120));
        assert_eq!(parse("stall:1.5s").unwrap().time, Duration::from_millis(1500));
    }

    #[test]
    fn errors_say_what_is_wrong_and_what_is_possible() {
        let message = |text: &str| parse(text).unwrap_err().to_string();
        assert!(
            message("explode").starts_with("unknown fault \"explode\"; the faults are: disconnect, stall, ")
        );
        assert_eq!(
            message("disconnect:150%"),
            "\"150%\" is not a share: write a number from 0 to 100 and a percent sign, as in 2.5%"
        );
        assert_eq!(
            message("disconnect:soon"),
            "\"soon\" is neither a share such as 2.5% nor a time such as 500ms, 10s, 2m or 1h"
        );
        assert_eq!(parse("disconnect:10"), Err(FaultError::BadTime("10".into())));
        assert_eq!(message("bad-json:1%:10s"), "the fault \"bad-json\" takes no time: leave out \"10s\"");
        assert_eq!(
            message("reconnect-storm:5%"),
            "the fault \"reconnect-storm\" takes no share: leave out \"5%\""
        );
        assert_eq!(message("stall:1%:2%"), "\"stall:1%:2%\" gives its share or time twice");
        for wrong in ["stall:0s", "stall:-1%", "stall:NaN%", "stall:", "stall:5d", ""] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn every_kind_parses_by_its_own_name_and_is_described() {
        let description = describe_faults();
        for kind in FaultKind::ALL {
            assert_eq!(parse(kind.name()).unwrap().kind, *kind);
            assert!(description.contains(kind.explanation()));
        }
    }
}
