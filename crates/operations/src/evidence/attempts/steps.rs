//! From attempts to five steps. Pure: what is known goes in, what to show comes out.

use yizhan_vocabulary::causes::ConnectRefusal;

use super::words::{Words, of_refusal, of_report};

/// A step on the way to a device's first value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Step {
    Tcp,
    Tls,
    Signature,
    Connect,
    Report,
}

impl Step {
    const ALL: [Self; 5] = [Self::Tcp, Self::Tls, Self::Signature, Self::Connect, Self::Report];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Tls => "tls",
            Self::Signature => "signature",
            Self::Connect => "connect",
            Self::Report => "report",
        }
    }
}

/// How it stands with a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Waiting,
    Done,
    Failed,
    Skipped,
}

impl State {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// Who made an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Whose {
    /// The device, or who speaks in its name.
    Device,
    /// Somebody who names another device of the product, which does not exist.
    Product,
    /// Somebody who said no name that means anything here.
    Unknown,
}

/// One attempt.
#[derive(Debug, Clone)]
pub(super) struct Attempt {
    pub time: i64,
    pub address: String,
    pub transport: String,
    pub whose: Whose,
    /// Who it said it is, where that is not the device.
    pub identity: Option<String>,
    /// Why it came to nothing, with the detail that was noted.
    pub refused: Option<(ConnectRefusal, String)>,
}

impl Attempt {
    /// The step that failed.
    pub fn failed_step(&self) -> Option<Step> {
        self.refused.as_ref().map(|(reason, _)| step_of(*reason, &self.transport))
    }
}

/// What is known.
#[derive(Debug, Default)]
pub(super) struct Facts {
    /// Whether the device is connected now.
    pub online: bool,
    /// Its connection now, which may be older than what was asked for: since when, from where, by which transport.
    pub connection: Option<(i64, String, String)>,
    /// The newest first.
    pub attempts: Vec<Attempt>,
    /// When something came from the device for the first time.
    pub first_report: Option<i64>,
    /// When something came from it for the last time.
    pub last_report: Option<i64>,
    /// When a message of the device was refused for the last time, with the code and the words of the diagnostic log.
    pub refused_report: Option<(i64, &'static str, String)>,
}

/// What went wrong in a step.
#[derive(Debug, Clone)]
pub(super) enum FailedStep {
    Refused(ConnectRefusal, String),
    Report(&'static str, String),
}

impl FailedStep {
    pub fn name(&self) -> &'static str {
        match self {
            Self::Refused(reason, _) => reason.as_str(),
            Self::Report(code, _) => code,
        }
    }

    pub fn words(&self, whose: Whose) -> Words {
        match self {
            Self::Refused(reason, detail) => of_refusal(*reason, detail, whose),
            Self::Report(code, result) => of_report(code, result),
        }
    }
}

/// How it stands with one step.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub step: Step,
    pub state: State,
    pub time: Option<i64>,
    pub address: Option<String>,
    pub whose: Whose,
    pub failure: Option<FailedStep>,
}

/// The five steps. They follow the connection that the device has; else its newest attempt; else the newest attempt of
/// somebody who may be the device.
pub(super) fn checklist(facts: &Facts) -> Vec<Progress> {
    let waiting = |step| Progress {
        step,
        state: State::Waiting,
        time: None,
        address: None,
        whose: Whose::Device,
        failure: None,
    };
    let mut steps: Vec<Progress> = Step::ALL.into_iter().map(waiting).collect();
    let of = |whose| facts.attempts.iter().find(|attempt| attempt.whose == whose);
    if let Some((time, address, transport)) = &facts.connection {
        come_to(&mut steps, Step::Report, (*time, address, transport), Whose::Device);
    } else if let Some(attempt) = of(Whose::Device).or(of(Whose::Product)).or(of(Whose::Unknown)) {
        let at = (attempt.time, &attempt.address, &attempt.transport);
        let end = attempt.failed_step().unwrap_or(Step::Report);
        come_to(&mut steps, end, at, attempt.whose);
        if let Some((reason, detail)) = &attempt.refused {
            fail(&mut steps, end, attempt, FailedStep::Refused(*reason, detail.clone()));
            if end == Step::Connect && !came_behind_the_signature(*reason) {
                steps[Step::Signature as usize] = waiting(Step::Signature);
            }
        }
    }
    if steps[Step::Connect as usize].state == State::Done {
        report(&mut steps[Step::Report as usize], facts);
    }
    steps
}

/// All steps before `end` are done.
fn come_to(
    steps: &mut [Progress],
    end: Step,
    (time, address, transport): (i64, &String, &String),
    whose: Whose,
) {
    let without_tls = matches!(transport.as_str(), "tcp" | "ws");
    for progress in steps.iter_mut().filter(|progress| progress.step < end) {
        let skipped = progress.step == Step::Tls && without_tls;
        progress.state = if skipped { State::Skipped } else { State::Done };
        progress.time = Some(time);
        progress.address = Some(address.clone());
        progress.whose = whose;
    }
}

fn fail(steps: &mut [Progress], step: Step, attempt: &Attempt, failure: FailedStep) {
    steps[step as usize] = Progress {
        step,
        state: State::Failed,
        time: Some(attempt.time),
        address: Some(attempt.address.clone()),
        whose: attempt.whose,
        failure: Some(failure),
    };
}

/// A report that was taken after the last one that was refused is what counts.
fn report(progress: &mut Progress, facts: &Facts) {
    match (&facts.first_report, &facts.refused_report) {
        (_, Some((time, code, result))) if facts.last_report.is_none_or(|last| last <= *time) => {
            progress.state = State::Failed;
            progress.time = Some(*time);
            progress.failure = Some(FailedStep::Report(code, result.clone()));
        }
        (Some(first), _) => {
            progress.state = State::Done;
            progress.time = Some(*first);
        }
        _ => {}
    }
}

/// The step in which a connection is refused for this reason.
fn step_of(reason: ConnectRefusal, transport: &str) -> Step {
    match reason {
        ConnectRefusal::TlsFailed => Step::Tls,
        ConnectRefusal::HandshakeTimeout if transport == "tls" => Step::Tls,
        ConnectRefusal::MalformedIdentity
        | ConnectRefusal::UnknownDevice
        | ConnectRefusal::BadSignature
        | ConnectRefusal::UnknownMethod
        | ConnectRefusal::Expired
        | ConnectRefusal::IdentityMismatch
        | ConnectRefusal::CertificateRefused
        | ConnectRefusal::WrongAuthMode
        | ConnectRefusal::MissingPassword
        | ConnectRefusal::BadUser => Step::Signature,
        ConnectRefusal::TooManyConnections => Step::Tcp,
        _ => Step::Connect,
    }
}

/// Whether a CONNECT is refused for this reason only after it proved who it is.
fn came_behind_the_signature(reason: ConnectRefusal) -> bool {
    matches!(
        reason,
        ConnectRefusal::Disabled
            | ConnectRefusal::TooManySessions
            | ConnectRefusal::WillNotAuthorized
            | ConnectRefusal::WillPayloadInvalid
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attempt(time: i64, transport: &str, whose: Whose, reason: Option<ConnectRefusal>) -> Attempt {
        Attempt {
            time,
            address: "10.0.0.1:4000".into(),
            transport: transport.into(),
            whose,
            identity: None,
            refused: reason.map(|reason| (reason, String::new())),
        }
    }

    fn states(facts: &Facts) -> [&'static str; 5] {
        let steps = checklist(facts);
        std::array::from_fn(|index| steps[index].state.as_str())
    }

    #[test]
    fn nothing_so_far_is_five_steps_that_wait() {
        assert_eq!(states(&Facts::default()), ["waiting"; 5]);
    }

    #[test]
    fn the_step_that_failed_is_named_and_those_behind_it_wait() {
        let of = |transport, reason| {
            let attempts = vec![attempt(1, transport, Whose::Device, Some(reason))];
            states(&Facts { attempts, ..Facts::default() })
        };
        let waiting = "waiting";
        assert_eq!(of("tls", ConnectRefusal::TlsFailed), ["done", "failed", waiting, waiting, waiting]);
        assert_eq!(of("psk", ConnectRefusal::BadSignature), ["done", "done", "failed", waiting, waiting]);
        assert_eq!(of("tcp", ConnectRefusal::Expired), ["done", "skipped", "failed", waiting, waiting]);
        assert_eq!(of("tcp", ConnectRefusal::Disabled), ["done", "skipped", "done", "failed", waiting]);
        assert_eq!(of("ws", ConnectRefusal::Throttled), ["done", "skipped", waiting, "failed", waiting]);
        assert_eq!(of("tls", ConnectRefusal::HandshakeTimeout)[1], "failed");
    }

    #[test]
    fn the_devices_own_attempt_says_more_than_a_newer_one_of_somebody_unknown() {
        let attempts = vec![
            attempt(9, "tls", Whose::Unknown, Some(ConnectRefusal::TlsFailed)),
            attempt(5, "tcp", Whose::Device, Some(ConnectRefusal::BadSignature)),
        ];
        assert_eq!(states(&Facts { attempts, ..Facts::default() })[2], "failed");
        let attempts = vec![attempt(9, "tls", Whose::Unknown, Some(ConnectRefusal::TlsFailed))];
        let steps = checklist(&Facts { attempts, ..Facts::default() });
        assert_eq!((steps[1].state, steps[1].whose), (State::Failed, Whose::Unknown));
    }

    #[test]
    fn a_connection_is_whole_with_a_report_that_was_taken() {
        let connection = Some((1, "10.0.0.1:4000".to_owned(), "psk".to_owned()));
        let mut facts = Facts { online: true, connection, ..Facts::default() };
        assert_eq!(states(&facts), ["done", "done", "done", "done", "waiting"]);
        facts.refused_report = Some((5, "Dev_Pub_Payload_Refused", "FAIL, 406".to_owned()));
        assert_eq!(states(&facts)[4], "failed");
        (facts.first_report, facts.last_report) = (Some(4), Some(5));
        assert_eq!(states(&facts)[4], "failed");
        facts.last_report = Some(6);
        assert_eq!(states(&facts)[4], "done");
    }
}
