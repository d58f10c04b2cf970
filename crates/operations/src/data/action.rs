//! Calling actions, and the calls that have ended.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{
    ActionCall, CommandKind, CommandState, CommandView, Device, DevicesError, IssuedCommand, LogName,
    LogQuery, LogView,
};

use super::control::refused;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Version;
use crate::range::{OneNumber, cursor_of, milliseconds};

const DEFAULT_LIMIT: i64 = 10;
const MAX_LIMIT: i64 = 500;

/// Which action of which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CallDeviceAction {
    product_id: String,
    device_name: String,
    /// The action's identifier in the thing model.
    action_id: String,
    /// JSON text: an object of the action's inputs.
    input_params: Option<String>,
}

/// The device's answer.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Answered {
    client_token: String,
    /// JSON text: the device's `response`; empty if it gave none.
    output_params: String,
    /// The device's `status`; empty if it gave none.
    status: String,
}

pub(crate) async fn call_sync(call: Call, request: CallDeviceAction) -> Outcome<Answered> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let issued = issue(&call, device, request, false).await?;
    let ended = issued.outcome(call.platform().devices.answer_wait(None)).await;
    match (ended.state, ended.code) {
        (CommandState::Done | CommandState::Failed, Some(_)) => Ok(Answered {
            client_token: ended.client_token,
            output_params: ended.response.map(|response| response.get().to_owned()).unwrap_or_default(),
            status: ended.status.unwrap_or_default(),
        }),
        (CommandState::Failed, None) => Err(unreachable(ended)),
        _ => Err(Failure::new(Code::ActionTimeout)),
    }
}

/// A call that is on its way.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Called {
    /// By this token the device's answer is found in its logs.
    client_token: String,
    status: &'static str,
}

pub(crate) async fn call_async(call: Call, request: CallDeviceAction) -> Outcome<Called> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let issued = issue(&call, device, request, true).await?;
    if issued.view.state == CommandState::Failed && issued.view.code.is_none() {
        return Err(unreachable(issued.view));
    }
    // The vendor's own words, different for its two services.
    let status = match call.version() {
        Some(Version::Video20211125 | Version::Video20201215) => "Sent",
        _ => "suc",
    };
    Ok(Called { client_token: issued.view.client_token, status })
}

async fn issue(
    call: &Call,
    device: Arc<Device>,
    request: CallDeviceAction,
    asynchronous: bool,
) -> Outcome<IssuedCommand> {
    let model = device.product().model().ok_or(const { Failure::new(Code::ModelDefineNil) })?;
    if model.action(&request.action_id).is_none() {
        return Err(Failure::new(Code::ActionNilOrNotExist));
    }
    let params = request.input_params.filter(|params| !params.is_empty()).unwrap_or_else(|| "{}".to_owned());
    let wanted = ActionCall { action: request.action_id, params, asynchronous };
    call.blocking(move |platform| {
        platform.devices.call_action(&device, &wanted).map_err(|error| match error {
            DevicesError::Invalid(why) | DevicesError::InvalidValue { message: why, .. } => {
                Failure::new(Code::ActionInputParamsInvalid).because(why)
            }
            other => refused(other, &device),
        })
    })
    .await
}

fn unreachable(view: CommandView) -> Failure {
    Failure::new(Code::ActionUnreachable).because(view.status.unwrap_or_default())
}

/// Which calls.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceActionHistory {
    product_id: String,
    device_name: String,
    /// The first moment, in milliseconds.
    min_time: i64,
    /// The last moment, in milliseconds.
    max_time: i64,
    /// Only this action of the thing model.
    action_id: Option<String>,
    /// 1 to 500; 10 if it is not given.
    limit: Option<OneNumber>,
    /// Where the last page ended.
    context: Option<String>,
}

/// A page of calls that have ended, newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ActionHistories {
    /// How many there are in all.
    total_counts: i64,
    action_histories: Vec<ActionHistory>,
    /// To be given back for the next page.
    context: String,
    /// Whether this was all.
    listover: bool,
}

/// One call.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ActionHistory {
    device_name: String,
    action_id: String,
    /// The action's name in the present thing model.
    action_name: String,
    /// When it was called, in milliseconds.
    req_time: i64,
    /// When it ended, in milliseconds.
    rsp_time: i64,
    /// JSON text.
    input_params: String,
    /// JSON text; empty without an answer.
    output_params: String,
    /// `sync` or `async`.
    calling: &'static str,
    client_token: String,
    /// The device's status, or why there is none.
    status: String,
}

pub(crate) async fn history(call: Call, request: DescribeDeviceActionHistory) -> Outcome<ActionHistories> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let mut query = LogQuery::newest(
        milliseconds(request.min_time, request.max_time)?,
        OneNumber::limit(request.limit, DEFAULT_LIMIT, MAX_LIMIT)?,
    );
    query.cursor = cursor_of(request.context.as_deref())?;
    let action = request.action_id.filter(|action| !action.is_empty());
    let fits = move |view: &LogView| action.as_ref().is_none_or(|wanted| action_of(view) == Some(wanted));
    let asked = Arc::clone(&device);
    let page = call
        .blocking(move |platform| platform.devices.logs_that_fit(&asked, LogName::Action, &query, fits))
        .await?;
    Ok(ActionHistories {
        total_counts: page.total as i64,
        listover: page.next.is_none(),
        context: page.next.unwrap_or_default(),
        action_histories: page.entries.into_iter().filter_map(|view| row(&device, view)).collect(),
    })
}

fn action_of(view: &LogView) -> Option<&str> {
    match view {
        LogView::Command { command, .. } => match &command.kind {
            CommandKind::Action { action, .. } => Some(action),
            CommandKind::Control => None,
        },
        _ => None,
    }
}

fn row(device: &Device, view: LogView) -> Option<ActionHistory> {
    let LogView::Command { time, command, .. } = view else { return None };
    let CommandKind::Action { action, asynchronous } = command.kind else { return None };
    let model = device.product().model();
    let name = model.as_ref().and_then(|model| model.action(&action)).map(|action| action.name.to_string());
    Some(ActionHistory {
        device_name: device.name.to_string(),
        action_name: name.unwrap_or_default(),
        action_id: action,
        req_time: command.created_at.0,
        rsp_time: time.0,
        input_params: command.params.get().to_owned(),
        output_params: command.response.map(|response| response.get().to_owned()).unwrap_or_default(),
        calling: if asynchronous { "async" } else { "sync" },
        client_token: command.client_token,
        status: command.status.unwrap_or_default(),
    })
}
