//! One's own password.

use schemars::JsonSchema;
use serde::Deserialize;

use super::told;
use crate::call::Call;
use crate::failure::Outcome;
use crate::operation::Nothing;

/// The old password and the new one.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ChangePassword {
    old_password: String,
    /// At least 10 characters, at most 256 bytes.
    new_password: String,
}

pub(crate) async fn change(call: Call, request: ChangePassword) -> Outcome<Nothing> {
    let person = call.person()?;
    let change = move |platform: &crate::Platform| {
        let passwords = (request.old_password.as_str(), request.new_password.as_str());
        let people = &platform.people;
        people.change_password(&person.account, &person.session, passwords, &person.origin).map_err(told)
    };
    call.blocking(change).await?;
    Ok(Nothing {})
}
