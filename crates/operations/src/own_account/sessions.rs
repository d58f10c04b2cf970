//! One's own sessions.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_people::Session;

use super::told;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// Nothing is asked for.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ListSessions {}

/// Open sessions, the one that was used last first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SessionList {
    sessions: Vec<SessionEntry>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct SessionEntry {
    session_id: String,
    /// Whether it is the one that asks.
    current: bool,
    /// Seconds since 1970.
    create_time: i64,
    last_used_time: i64,
    /// When it ends if nobody uses it.
    end_time: i64,
    address: String,
    /// What the browser calls itself.
    agent: String,
}

pub(crate) async fn list(call: Call, _: ListSessions) -> Outcome<SessionList> {
    let person = call.person()?;
    let people = &call.platform().people;
    let entry = |session: &Arc<Session>| SessionEntry {
        session_id: session.id().to_string(),
        current: session.id() == person.session.id(),
        create_time: session.created_at().seconds(),
        last_used_time: session.last_used_at().seconds(),
        end_time: people.session_ends_at(session).seconds(),
        address: session.address(),
        agent: session.agent().to_owned(),
    };
    Ok(SessionList { sessions: people.sessions_of(person.account.uin).iter().map(entry).collect() })
}

/// Which sessions are to end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct EndSession {
    /// One of them; all but the one that asks if it is not given.
    session_id: Option<String>,
}

pub(crate) async fn end(call: Call, request: EndSession) -> Outcome<Nothing> {
    let person = call.person()?;
    let mut sessions = call.platform().people.sessions_of(person.account.uin);
    match &request.session_id {
        Some(id) => sessions.retain(|session| **session.id() == **id),
        None => sessions.retain(|session| session.id() != person.session.id()),
    }
    if request.session_id.is_some() && sessions.is_empty() {
        return Err(Failure::new(Code::ResourceNotFound).because("there is no such session, or it is over"));
    }
    let end = move |platform: &crate::Platform| {
        sessions.iter().try_for_each(|session| platform.people.end_session(session)).map_err(told)
    };
    call.blocking(end).await?;
    Ok(Nothing {})
}
