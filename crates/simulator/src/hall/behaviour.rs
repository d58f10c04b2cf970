//! How a virtual device behaves: what it reports and when, how it answers, and what goes wrong with it. People write it,
//! the registry keeps it, the hall acts it out; so it is plain data with its bounds in one place.

use std::collections::BTreeMap;
use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::fleet::{Fault, FaultKind};

/// The longest time between two reports or events, in seconds: a day.
const MAX_INTERVAL: u32 = 86_400;
/// The latest answer to a command, in milliseconds.
const MAX_DELAY_MS: u32 = 120_000;
/// Characters of an answer's status.
const MAX_STATUS_CHARS: usize = 256;
/// Bytes of the outputs of all actions, as JSON.
const MAX_OUTPUT_BYTES: usize = 16 * 1024;
/// The longest time of a fault, in seconds.
const MAX_FAULT_SECONDS: f64 = 3_600.0;

/// Faults that a virtual device can have: those of its reports, its connection and its login. How it answers is in
/// [`Answering`].
pub const FAULTS: [FaultKind; 11] = [
    FaultKind::Disconnect,
    FaultKind::Stall,
    FaultKind::Silence,
    FaultKind::BadSignature,
    FaultKind::BadJson,
    FaultKind::OutOfRange,
    FaultKind::WrongType,
    FaultKind::UnknownProperty,
    FaultKind::BadTimestamp,
    FaultKind::Oversize,
    FaultKind::Duplicate,
];

/// What a device does with a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AnswerPolicy {
    /// It checks the command against the model, obeys and says so.
    #[default]
    Accept,
    /// It does nothing and answers with the code and the status.
    Refuse,
    /// It does nothing and says nothing.
    Silent,
}

/// How a device answers commands of one kind.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Answering {
    /// `accept`, `refuse` or `silent`.
    pub policy: AnswerPolicy,
    /// The code of a refusal; not 0.
    pub code: i64,
    /// The status text of a refusal.
    pub status: String,
    /// Milliseconds between the command and the answer; 120,000 at most.
    pub delay_ms: u32,
}

impl Default for Answering {
    fn default() -> Self {
        Self { policy: AnswerPolicy::Accept, code: 1, status: "refused".to_owned(), delay_ms: 0 }
    }
}

/// Something that goes wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub struct FaultSetting {
    /// Its name, such as `disconnect`, `silence`, `out-of-range`, `wrong-type`, `unknown-property` or `bad-json`.
    pub kind: String,
    /// The share of reports (of logins, for `bad-signature`) that it hits: 0 to 100.
    pub percent: f64,
    /// How long it lasts, in seconds, for faults that have a time; their usual time if it is not given.
    pub seconds: Option<f64>,
}

/// How a virtual device behaves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase", default)]
pub struct Behaviour {
    /// Seconds between two reports; 0 reports only when it is told to.
    pub report_interval: u32,
    /// Whether values wander within the model's limits by themselves. What a person or a control has set stays.
    pub values_change: bool,
    /// Whether a report has only what changed since the last one.
    pub report_changes_only: bool,
    /// Seconds between two events; 0 posts only when it is told to.
    pub event_interval: u32,
    /// How it answers when properties are set.
    pub control: Answering,
    /// How it answers when an action is called.
    pub action: Answering,
    /// Outputs by the action's identifier; for the others they are made up as the model says.
    pub action_outputs: BTreeMap<String, serde_json::Value>,
    /// What goes wrong.
    pub faults: Vec<FaultSetting>,
}

impl Default for Behaviour {
    fn default() -> Self {
        Self {
            report_interval: 10,
            values_change: true,
            report_changes_only: false,
            event_interval: 0,
            control: Answering::default(),
            action: Answering::default(),
            action_outputs: BTreeMap::new(),
            faults: Vec::new(),
        }
    }
}

impl Behaviour {
    /// Whether it is within its bounds; if not, what is wrong.
    pub fn check(&self) -> Result<(), String> {
        for (name, seconds) in
            [("ReportInterval", self.report_interval), ("EventInterval", self.event_interval)]
        {
            if seconds > MAX_INTERVAL {
                return Err(format!("{name} is at most {MAX_INTERVAL} seconds"));
            }
        }
        self.control.check("Control")?;
        self.action.check("Action")?;
        let outputs = serde_json::to_string(&self.action_outputs).map_or(usize::MAX, |text| text.len());
        if outputs > MAX_OUTPUT_BYTES {
            return Err(format!("ActionOutputs have at most {MAX_OUTPUT_BYTES} bytes"));
        }
        if let Some((name, _)) = self.action_outputs.iter().find(|(_, output)| !output.is_object()) {
            return Err(format!("ActionOutputs.{name} is not a JSON object"));
        }
        self.faults().map(drop)
    }

    /// The faults as the simulator acts them out, or what is wrong with them.
    pub fn faults(&self) -> Result<Vec<Fault>, String> {
        if self.faults.len() > FAULTS.len() {
            return Err(format!("there are at most {} faults", FAULTS.len()));
        }
        self.faults.iter().map(FaultSetting::read).collect()
    }
}

impl Answering {
    fn check(&self, name: &str) -> Result<(), String> {
        if self.delay_ms > MAX_DELAY_MS {
            return Err(format!("{name}.DelayMs is at most {MAX_DELAY_MS}"));
        }
        if self.status.chars().count() > MAX_STATUS_CHARS {
            return Err(format!("{name}.Status has at most {MAX_STATUS_CHARS} characters"));
        }
        if self.policy == AnswerPolicy::Refuse && self.code == 0 {
            return Err(format!(
                "{name}.Code: 0 means that the command was obeyed, which a refusal cannot say"
            ));
        }
        Ok(())
    }
}

impl FaultSetting {
    fn read(&self) -> Result<Fault, String> {
        let kind = FAULTS.into_iter().find(|kind| kind.name() == self.kind).ok_or_else(|| {
            let names = FAULTS.map(FaultKind::name).join(", ");
            format!("Faults: {:?} is not one of {names}", self.kind.chars().take(40).collect::<String>())
        })?;
        if !(0.0..=100.0).contains(&self.percent) {
            return Err(format!("Faults: Percent of {} is 0 to 100", self.kind));
        }
        let time = match (self.seconds, kind.default_time()) {
            (Some(seconds), Some(_)) if (0.1..=MAX_FAULT_SECONDS).contains(&seconds) => {
                Duration::from_secs_f64(seconds)
            }
            (Some(_), Some(_)) => {
                return Err(format!("Faults: Seconds of {} is 0.1 to {MAX_FAULT_SECONDS}", self.kind));
            }
            (None, Some(usual)) => usual,
            (_, None) => Duration::ZERO,
        };
        Ok(Fault { kind, share: self.percent / 100.0, time })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(change: impl FnOnce(&mut Behaviour)) -> Result<(), String> {
        let mut behaviour = Behaviour::default();
        change(&mut behaviour);
        behaviour.check()
    }

    fn fault(kind: &str, percent: f64, seconds: Option<f64>) -> Result<(), String> {
        with(|behaviour| behaviour.faults = vec![FaultSetting { kind: kind.to_owned(), percent, seconds }])
    }

    #[test]
    fn what_is_beyond_a_bound_is_named() {
        assert_eq!(with(|_| {}), Ok(()));
        let message = |result: Result<(), String>| result.unwrap_err();
        assert!(message(with(|it| it.report_interval = 90_000)).contains("ReportInterval"));
        assert!(message(with(|it| it.action.delay_ms = 120_001)).contains("Action.DelayMs"));
        let refuse_with_success = |it: &mut Behaviour| {
            it.control = Answering { policy: AnswerPolicy::Refuse, code: 0, ..Answering::default() };
        };
        assert!(message(with(refuse_with_success)).contains("Control.Code"));
        let output = serde_json::json!([1]);
        assert!(message(with(|it| drop(it.action_outputs.insert("blink".into(), output)))).contains("blink"));
    }

    #[test]
    fn faults_are_those_of_a_single_device_within_their_bounds() {
        assert_eq!(fault("disconnect", 5.0, Some(2.0)), Ok(()));
        assert_eq!(fault("out-of-range", 100.0, None), Ok(()));
        for (kind, percent, seconds) in [
            ("reconnect-storm", 1.0, None),
            ("explode", 1.0, None),
            ("disconnect", 101.0, None),
            ("disconnect", f64::NAN, None),
            ("disconnect", 1.0, Some(0.0)),
        ] {
            assert!(fault(kind, percent, seconds).is_err(), "{kind} {percent}");
        }
    }

    #[test]
    fn what_is_not_said_is_as_usual() {
        let read: Behaviour =
            serde_json::from_str(r#"{"ReportInterval":3,"Control":{"Policy":"silent"}}"#).unwrap();
        let control = Answering { policy: AnswerPolicy::Silent, ..Answering::default() };
        assert_eq!(read, Behaviour { report_interval: 3, control, ..Behaviour::default() });
    }
}
