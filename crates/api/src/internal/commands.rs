//! Controlling devices and calling their actions.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use yizhan_devices::{ActionCall, CommandId, CommandView, ControlRequest};

use super::{blocking, find_device};
use crate::answer::{Answer, ApiError};
use crate::extract::{Json, Path, Query};
use crate::services::Services;

/// A command. `wait_ms` is how long the answer may take; 0 does not wait.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Command {
    params: Option<Box<RawValue>>,
    wait_ms: Option<u64>,
}

impl Command {
    fn params(&self) -> String {
        self.params.as_ref().map_or_else(|| "{}".to_owned(), |params| params.get().to_owned())
    }
}

pub(crate) async fn control(
    State(services): State<Arc<Services>>,
    Path((product, device)): Path<(String, String)>,
    Json(body): Json<Command>,
) -> Answer<Json<CommandView>> {
    let wait = services.devices.answer_wait(body.wait_ms.map(Duration::from_millis));
    let request = ControlRequest { params: body.params(), keep: None };
    let issue = move |services: &Services| {
        let device = find_device(services, &product, &device)?;
        Ok(services.devices.control(&device, &request)?)
    };
    let issued = blocking(&services, issue).await?;
    Ok(Json(issued.outcome(wait).await))
}

pub(crate) async fn call_action(
    State(services): State<Arc<Services>>,
    Path((product, device, action)): Path<(String, String, String)>,
    Json(body): Json<Command>,
) -> Answer<Json<CommandView>> {
    let wait = services.devices.answer_wait(body.wait_ms.map(Duration::from_millis));
    let call = ActionCall { action, params: body.params(), asynchronous: wait.is_zero() };
    let issue = move |services: &Services| {
        let device = find_device(services, &product, &device)?;
        Ok(services.devices.call_action(&device, &call)?)
    };
    let issued = blocking(&services, issue).await?;
    Ok(Json(issued.outcome(wait).await))
}

#[derive(Deserialize)]
pub(crate) struct Newest {
    limit: Option<usize>,
}

#[derive(Serialize)]
pub(crate) struct Commands {
    commands: Vec<CommandView>,
}

pub(crate) async fn list(
    State(services): State<Arc<Services>>,
    Path((product, device)): Path<(String, String)>,
    Query(newest): Query<Newest>,
) -> Answer<Json<Commands>> {
    let list = move |services: &Services| {
        let device = find_device(services, &product, &device)?;
        Ok(services.devices.commands(&device, newest.limit.unwrap_or(100))?)
    };
    Ok(Json(Commands { commands: blocking(&services, list).await? }))
}

pub(crate) async fn show(
    State(services): State<Arc<Services>>,
    Path((product, device, command)): Path<(String, String, String)>,
) -> Answer<Json<CommandView>> {
    let show = move |services: &Services| {
        let device = find_device(services, &product, &device)?;
        let id: CommandId =
            command.parse().map_err(|_| ApiError::not_found("the device has no such command"))?;
        Ok(services.devices.command(&device, id)?)
    };
    Ok(Json(blocking(&services, show).await?))
}
