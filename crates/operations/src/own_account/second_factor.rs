//! One's own second factor.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::told;
use crate::call::Call;
use crate::failure::Outcome;
use crate::operation::Nothing;

/// The password, once more.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BeginTotp {
    password: String,
}

/// A secret for an authenticator. It counts when it is confirmed, within ten minutes.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BegunTotp {
    /// For typing; it is not shown again.
    secret: String,
    /// For a QR code.
    uri: String,
}

pub(crate) async fn begin(call: Call, request: BeginTotp) -> Outcome<BegunTotp> {
    let person = call.person()?;
    let begin = move |platform: &crate::Platform| {
        platform.people.begin_totp(&person.account, &request.password, &person.origin).map_err(told)
    };
    let offer = call.blocking(begin).await?;
    Ok(BegunTotp { secret: offer.secret.to_string(), uri: offer.uri.to_string() })
}

/// The first code.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConfirmTotp {
    /// Six digits.
    code: String,
}

/// The second factor is on.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConfirmedTotp {
    /// Each opens one login without the authenticator; they are not shown again.
    recovery_codes: Vec<String>,
}

pub(crate) async fn confirm(call: Call, request: ConfirmTotp) -> Outcome<ConfirmedTotp> {
    let account = call.person()?.account.uin;
    let confirm =
        move |platform: &crate::Platform| platform.people.confirm_totp(account, &request.code).map_err(told);
    let codes = call.blocking(confirm).await?;
    Ok(ConfirmedTotp { recovery_codes: codes.iter().map(|code| code.to_string()).collect() })
}

/// The password, once more.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct RemoveTotp {
    password: String,
}

pub(crate) async fn remove(call: Call, request: RemoveTotp) -> Outcome<Nothing> {
    let person = call.person()?;
    let remove = move |platform: &crate::Platform| {
        platform.people.remove_own_totp(&person.account, &request.password, &person.origin).map_err(told)
    };
    call.blocking(remove).await?;
    Ok(Nothing {})
}
