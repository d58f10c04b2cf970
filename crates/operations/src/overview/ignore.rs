//! Ignoring what should be looked at, and wanting to be told again. It holds for the whole account.

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;
use yizhan_store::IgnoredAttention;

use super::attention::{Look, findings};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;

/// What is meant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedAttention {
    /// As `DescribeAttention` gives it.
    id: String,
}

fn unknown() -> Failure {
    Failure::new(Code::ResourceNotFound).because("there is nothing of this id to look at")
}

pub(crate) async fn ignore(call: Call, request: NamedAttention) -> Outcome<Nothing> {
    let look = Look::of(&call)?;
    let (by, at) = (call.caller().account, call.now());
    let id = request.id.clone();
    call.blocking(move |platform| {
        let present = findings(&look, platform)?;
        let ids: Vec<&str> = present.iter().map(|finding| finding.id.as_str()).collect();
        if !ids.contains(&id.as_str()) {
            return Err(unknown());
        }
        platform.store.ignore_attention(look.owner, &IgnoredAttention { id, by, at }, &ids)?;
        Ok(())
    })
    .await?;
    call.changed(None, Some(json!({ "Id": request.id })));
    Ok(Nothing {})
}

pub(crate) async fn unignore(call: Call, request: NamedAttention) -> Outcome<Nothing> {
    let owner = call.account()?;
    let id = request.id.clone();
    let was = call.blocking(move |platform| platform.store.unignore_attention(owner, &id)).await?;
    if !was {
        return Err(unknown());
    }
    call.changed(Some(json!({ "Id": request.id })), None);
    Ok(Nothing {})
}
