//! Issuing commands and waiting for their end. Runs on management threads; calls here block
//! for a commit of the journal.
//!
//! What must stay true: a command is durable before it is sent and before its caller learns its id; a caller that
//! waits learns of an end only when that is durable.

use std::sync::Arc;
use std::time::Duration;

use serde_json::value::RawValue;
use tokio::sync::oneshot;
use yizhan_journal::{LogKind, RecordKind, Ticket};
use yizhan_vocabulary::causes::DropReason;
use yizhan_vocabulary::model::Direction as ModelDirection;
use yizhan_vocabulary::{ThingError, ThingModel, thing};

use super::{CommandId, CommandKind, CommandState, CommandView, Finish, Outstanding, encode};
use crate::links::{Completion, CompletionKind, Direction, Downlink, SendOutcome};
use crate::recorder::Recorder;
use crate::records::diagnostic::Diagnostic;
use crate::registry::{Device, DeviceState};
use crate::uplink::{Message, answer_topic, log_content};
use crate::{Devices, DevicesError};

const CONTROL_TOPIC: &str = crate::features::property::DOWN;
const ACTION_TOPIC: &str = crate::features::action::DOWN;
const COMMAND_QOS: u8 = 1;

/// Properties to set.
#[derive(Debug, Clone)]
pub struct ControlRequest {
    /// A JSON object of identifiers and values.
    pub params: String,
    /// How long the control is kept for a device that does not answer; the configured time if `None`.
    pub keep: Option<Duration>,
}

/// An action to call.
#[derive(Debug, Clone)]
pub struct ActionCall {
    /// Its identifier in the thing model.
    pub action: String,
    /// A JSON object of its inputs.
    pub params: String,
    /// Whether the caller will look for the answer later.
    pub asynchronous: bool,
}

/// A command that is durable and, if the device can be reached, on its way.
#[derive(Debug)]
pub struct IssuedCommand {
    /// The command as it was when this call returned.
    pub view: CommandView,
    /// Whether an answer can come soon: the message went to a connection.
    answerable: bool,
    waiter: oneshot::Receiver<CommandView>,
}

impl IssuedCommand {
    /// Waits until the command has ended, or until the time is up; then it is as it was issued. A command that is
    /// not on its way is not waited for.
    pub async fn outcome(self, wait: Duration) -> CommandView {
        if self.view.state.is_final() || !self.answerable || wait.is_zero() {
            return self.view;
        }
        match tokio::time::timeout(wait, self.waiter).await {
            Ok(Ok(ended)) => ended,
            Ok(Err(_)) | Err(_) => self.view,
        }
    }
}

impl From<ThingError> for DevicesError {
    fn from(error: ThingError) -> Self {
        Self::InvalidValue { code: i64::from(error.code.number()), message: error.detail }
    }
}

impl Devices {
    /// How long a caller waits for an answer: what it asks for, within the limit, or the configured time.
    pub fn answer_wait(&self, asked: Option<Duration>) -> Duration {
        asked.unwrap_or(self.0.config.answer_wait).min(self.0.config.max_answer_wait)
    }

    /// Sets properties of a device. If it is offline, or does not answer, it finds the control in the answer to its
    /// next `get_status`.
    pub fn control(
        &self,
        device: &Arc<Device>,
        request: &ControlRequest,
    ) -> Result<IssuedCommand, DevicesError> {
        let model = self.model_for_commands(device)?;
        let params = self.compact_params(&request.params)?;
        let mut points = Vec::new();
        model.read_properties(&params, ModelDirection::Control, &mut points)?;
        if points.is_empty() {
            return Err(DevicesError::Invalid("params names no property".to_owned()));
        }
        let keep = request.keep.unwrap_or(self.0.config.control_kept);
        self.issue(device, CommandKind::Control, params, keep)
    }

    /// Calls an action of a device. A device that is offline cannot be called: the command fails at once.
    pub fn call_action(
        &self,
        device: &Arc<Device>,
        call: &ActionCall,
    ) -> Result<IssuedCommand, DevicesError> {
        let model = self.model_for_commands(device)?;
        let params = self.compact_params(&call.params)?;
        model.read_action_input(&call.action, &params)?;
        let kind = CommandKind::Action { action: call.action.clone(), asynchronous: call.asynchronous };
        self.issue(device, kind, params, self.0.config.action_timeout)
    }

    pub(crate) fn model_for_commands(&self, device: &Device) -> Result<Arc<ThingModel>, DevicesError> {
        if device.deleted() {
            return Err(DevicesError::NotFound("the device was deleted".to_owned()));
        }
        if !device.enabled() {
            return Err(DevicesError::Conflict(
                "the device or its product is disabled; enable it first".to_owned(),
            ));
        }
        device.product().model().ok_or_else(|| {
            DevicesError::Conflict("the product has no thing model; define one first".to_owned())
        })
    }

    pub(crate) fn compact_params(&self, params: &str) -> Result<String, DevicesError> {
        let limit = self.0.config.max_params_bytes;
        if params.len() > limit {
            return Err(DevicesError::Invalid(format!("params may have {limit} bytes")));
        }
        let invalid =
            |detail: String| DevicesError::Invalid(format!("params must be a JSON object: {detail}"));
        let object: &RawValue = serde_json::from_str(params).map_err(|error| invalid(error.to_string()))?;
        if !object.get().starts_with('{') {
            return Err(invalid("it is something else".to_owned()));
        }
        Ok(without_spaces(object.get()))
    }

    fn issue(
        &self,
        device: &Arc<Device>,
        kind: CommandKind,
        params: String,
        keep: Duration,
    ) -> Result<IssuedCommand, DevicesError> {
        let (sender, waiter) = oneshot::channel();
        let view = self.store_command(device, kind, params, keep, sender)?;
        let (view, answerable) = self.send_command(device, view)?;
        Ok(IssuedCommand { view, answerable, waiter })
    }

    /// Makes the command durable. Until it is, it has its place and its number but nobody sees it.
    fn store_command(
        &self,
        device: &Arc<Device>,
        kind: CommandKind,
        params: String,
        keep: Duration,
        waiter: oneshot::Sender<CommandView>,
    ) -> Result<CommandView, DevicesError> {
        let mut state = device.state.lock();
        let outstanding = state.commands.as_deref().map_or(0, |all| all.outstanding.len());
        let limit = self.0.config.max_commands_per_device;
        if outstanding >= limit {
            return Err(DevicesError::LimitReached(format!(
                "the device has {limit} commands without an answer; wait until some are answered or expire"
            )));
        }
        let view = self.new_command(kind, params, keep);
        let id = view.id;
        let limit = self.0.config.max_commands;
        if !self.0.timers.add(self.0.clock.monotonic().plus(keep), id, device.id, limit) {
            return Err(DevicesError::LimitReached(format!(
                "{limit} commands are without an answer; wait until some are answered or expire"
            )));
        }
        let ticket = match self.submit_command(device, &mut state, &view) {
            Ok(ticket) => ticket,
            Err(error) => {
                self.0.timers.remove(id);
                return Err(error);
            }
        };
        state.commands.get_or_insert_default().outstanding.push(Outstanding::new(view.clone(), waiter));
        drop(state);
        self.note_change(device);
        if let Err(error) = self.wait(ticket) {
            self.give_up(device, id);
            return Err(error);
        }
        self.show(device, id);
        Ok(view)
    }

    fn new_command(&self, kind: CommandKind, params: String, keep: Duration) -> CommandView {
        let now = self.0.clock.now();
        CommandView {
            id: CommandId::new(now, self.journal().next_seq()),
            kind,
            client_token: generate_token(),
            state: CommandState::Stored,
            params: RawValue::from_string(params).expect("checked JSON is JSON"),
            code: None,
            status: None,
            response: None,
            created_at: now,
            updated_at: now,
            expires_at: now.plus_ms(i64::try_from(keep.as_millis()).unwrap_or(i64::MAX)),
            cleared: false,
        }
    }

    /// Hands the command's first record to the journal, under the device's lock: a refused one never was.
    fn submit_command(
        &self,
        device: &Device,
        state: &mut DeviceState,
        view: &CommandView,
    ) -> Result<Option<Ticket>, DevicesError> {
        let mut batch = self.journal_side().lane.batch();
        let now = view.created_at;
        let mut recorder = Recorder { journal: self.journal(), batch: &mut batch, stream: device.id, now };
        if recorder.push(state, RecordKind::Log(LogKind::Command), &encode(view)).is_err() {
            return Err(DevicesError::Invalid("the command is too large for the journal".to_owned()));
        }
        self.submit(&mut batch)
    }

    /// The command may become durable yet, but nobody has seen it: it ends.
    fn give_up(&self, device: &Arc<Device>, id: CommandId) {
        if let Err(error) = self.fail_command(device, id, "it was not durable in time", &mut Vec::new()) {
            tracing::warn!(%error, command = %id, "the end of a command cannot be recorded now; it expires later");
        }
    }

    fn fail_command(
        &self,
        device: &Arc<Device>,
        id: CommandId,
        status: &str,
        completions: &mut Vec<Completion>,
    ) -> Result<Option<Ticket>, DevicesError> {
        let failed = |_: &CommandView| Finish::without_answer(CommandState::Failed, status);
        self.end_command(device, id, self.0.clock.now(), failed, completions)
    }

    fn show(&self, device: &Device, id: CommandId) {
        let mut state = device.state.lock();
        let Some(commands) = state.commands.as_deref_mut() else { return };
        if let Some(position) = commands.position(id) {
            commands.outstanding[position].durable = true;
        }
    }

    /// Hands a stored command to the router; says what it is then, and whether an answer can come soon.
    fn send_command(
        &self,
        device: &Arc<Device>,
        view: CommandView,
    ) -> Result<(CommandView, bool), DevicesError> {
        let Some(links) = self.0.links.get() else { return Ok((view, false)) };
        let downlink = self.downlink_of(device, &view);
        let outcome = if links.online(device.id) {
            // The step is made before the message leaves, because its answer may be quicker than we are.
            self.note_sending(device, &view, &downlink);
            links.send(device, downlink.clone())
        } else if view.kind == CommandKind::Control {
            let outcome = links.send(device, downlink.clone());
            if matches!(outcome, SendOutcome::Sent | SendOutcome::Queued) {
                self.note_sending(device, &view, &downlink);
            }
            outcome
        } else {
            SendOutcome::Offline
        };
        let failure = match outcome {
            SendOutcome::Sent | SendOutcome::Queued => None,
            SendOutcome::NoSubscriber => Some("the device does not subscribe to the topic"),
            SendOutcome::Offline => Some("the device is offline"),
            SendOutcome::Refused(reason) => Some(reason.as_str()),
        };
        let view = self.settle_now(device, view, failure, outcome, &downlink)?;
        Ok((view, outcome == SendOutcome::Sent))
    }

    fn downlink_of(&self, device: &Device, view: &CommandView) -> Downlink {
        let mut payload = Vec::with_capacity(view.params.get().len() + 160);
        let prefix = match &view.kind {
            CommandKind::Control => {
                thing::write_control(&mut payload, &view.client_token, view.params.get());
                CONTROL_TOPIC
            }
            CommandKind::Action { action, .. } => {
                let (token, params) = (&view.client_token, view.params.get());
                thing::write_action(&mut payload, token, action, view.created_at, params);
                ACTION_TOPIC
            }
        };
        let topic = answer_topic(prefix, device.topic_suffix());
        Downlink { topic, payload, qos: COMMAND_QOS, tag: view.id.0 }
    }

    /// Makes the step to `sent` and keeps the message in the content log.
    fn note_sending(&self, device: &Arc<Device>, view: &CommandView, downlink: &Downlink) {
        let (submitted, _) = self.with_state(device, |recorder, state, completions| {
            let message = Message {
                topic: &downlink.topic,
                qos: downlink.qos,
                payload: &downlink.payload,
                source: None,
            };
            log_content(device, state, recorder, Direction::Down, &message);
            self.settlement(device, recorder, completions).sent(state, view.id);
        });
        // The command itself is durable; that it was sent need not be.
        if let Err(error) = submitted.0 {
            tracing::warn!(%error, command = %view.id, "the sending of a command could not be recorded");
        }
    }

    /// After handing over: if the message did not leave, a control waits for the device and an action has failed.
    fn settle_now(
        &self,
        device: &Arc<Device>,
        view: CommandView,
        failure: Option<&str>,
        outcome: SendOutcome,
        downlink: &Downlink,
    ) -> Result<CommandView, DevicesError> {
        let id = view.id;
        let mut ended = None;
        if let Some(status) = failure {
            let (batch, mut completions) = self.with_state(device, |recorder, state, completions| {
                if let Some(problem) = problem_of(outcome, downlink) {
                    recorder.diagnose(state, &problem);
                }
                if view.kind == CommandKind::Control {
                    self.settlement(device, recorder, completions).delivered(state, id, false);
                }
            });
            let mut ticket = batch.0?;
            if view.kind != CommandKind::Control {
                ticket = self.fail_command(device, id, status, &mut completions)?.or(ticket);
            }
            ended = completions.into_iter().find_map(|Completion(kind)| match kind {
                CompletionKind::Answered { view, .. } => Some(*view),
                CompletionKind::Stored { .. } | CompletionKind::Called { .. } => None,
            });
            self.wait(ticket)?;
        }
        if let Some(view) = ended {
            return Ok(view);
        }
        let state = device.state.lock();
        let present = state
            .commands
            .as_deref()
            .and_then(|all| all.position(id).map(|position| all.outstanding[position].view.clone()));
        // Already gone means already answered: the caller learns the end from its waiter.
        Ok(present.unwrap_or(CommandView { state: CommandState::Sent, ..view }))
    }
}

/// What the diagnostic log says about a message that did not leave.
pub(crate) fn problem_of(outcome: SendOutcome, downlink: &Downlink) -> Option<Diagnostic> {
    let (topic, qos) = (downlink.topic.to_string(), downlink.qos);
    match outcome {
        SendOutcome::Sent | SendOutcome::Queued => None,
        SendOutcome::NoSubscriber => Some(Diagnostic::DeliverNoSubscriber { topic, qos }),
        SendOutcome::Offline | SendOutcome::Refused(DropReason::ReceiverOffline) => {
            Some(Diagnostic::DeliverOffline { topic, qos })
        }
        SendOutcome::Refused(DropReason::QueueFull) => Some(Diagnostic::DeliverTooManyOffline { topic, qos }),
        SendOutcome::Refused(DropReason::LargerThanReceiver | DropReason::PayloadTooLarge) => {
            Some(Diagnostic::DeliverPayloadTooLarge { topic, qos })
        }
        SendOutcome::Refused(_) => Some(Diagnostic::DeliverSystemError { topic, qos }),
    }
}

/// A token like the vendor's own, below the 60 characters that old clients keep (facts §2.1).
pub(crate) fn generate_token() -> String {
    let mut random = [0_u8; 16];
    getrandom::fill(&mut random).expect("the system's source of randomness works");
    let hex: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("clientToken-{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
}

/// The same JSON without white space between its tokens: some clients search the text (facts §2.1).
fn without_spaces(json: &str) -> String {
    let (mut in_text, mut escaped) = (false, false);
    json.chars()
        .filter(|letter| {
            if in_text {
                (in_text, escaped) = (escaped || *letter != '"', !escaped && *letter == '\\');
                return true;
            }
            in_text = *letter == '"';
            !letter.is_ascii_whitespace()
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_space_between_tokens_goes() {
        assert_eq!(
            without_spaces("{ \"a b\" : \"c \\\" d\" ,\n\"e\":[1, 2]}"),
            r#"{"a b":"c \" d","e":[1,2]}"#
        );
        assert_eq!(without_spaces(r#"{"a":"\\" , "b":1}"#), r#"{"a":"\\","b":1}"#);
    }

    #[test]
    fn a_token_fits_into_the_buffers_of_old_clients() {
        let token = generate_token();
        assert!(token.starts_with("clientToken-") && token.len() <= 60, "{token}");
    }
}
