//! The controls and action calls of a device.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{CommandKind, CommandView};

use crate::call::Call;
use crate::failure::Outcome;
use crate::range::OneNumber;

const DEFAULT_LIMIT: i64 = 20;
const MAX_LIMIT: i64 = 200;

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeCommands {
    product_id: String,
    device_name: String,
    /// 1 to 200; 20 if it is not given.
    limit: Option<OneNumber>,
}

/// The newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Commands {
    commands: Vec<CommandItem>,
}

/// One command.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CommandItem {
    command_id: String,
    /// The action; empty for a control of properties.
    action_id: String,
    client_token: String,
    /// `stored`, `sent`, `received`, `done`, `failed` or `expired`.
    state: String,
    /// JSON text: what was asked for.
    params: String,
    /// The code of the device's answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<i64>,
    /// The device's status, or why there is none.
    status: String,
    /// JSON text: an action's response.
    response: String,
    /// Milliseconds.
    create_time: i64,
    /// Milliseconds.
    update_time: i64,
    /// When it ends without an answer, in milliseconds.
    expire_time: i64,
}

pub(crate) async fn describe(call: Call, request: DescribeCommands) -> Outcome<Commands> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let limit = OneNumber::limit(request.limit, DEFAULT_LIMIT, MAX_LIMIT)?;
    let found = call.blocking(move |platform| platform.devices.commands(&device, limit)).await?;
    Ok(Commands { commands: found.into_iter().map(item).collect() })
}

fn item(view: CommandView) -> CommandItem {
    let state = serde_json::to_value(view.state).ok();
    CommandItem {
        command_id: view.id.to_string(),
        action_id: match view.kind {
            CommandKind::Action { action, .. } => action,
            CommandKind::Control => String::new(),
        },
        client_token: view.client_token,
        state: state.as_ref().and_then(|state| state.as_str()).unwrap_or_default().to_owned(),
        params: view.params.get().to_owned(),
        code: view.code,
        status: view.status.unwrap_or_default(),
        response: view.response.map(|response| response.get().to_owned()).unwrap_or_default(),
        create_time: view.created_at.0,
        update_time: view.updated_at.0,
        expire_time: view.expires_at.0,
    }
}
