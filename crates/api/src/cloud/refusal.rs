//! Turning requests away: under which reason that is counted, which of the vendor's codes the client gets, and what
//! operators see of it in the list of refusals.

use yizhan_identity::cloud_signature::SignatureError;
use yizhan_observe::Refusal as Noted;
use yizhan_operations::{Code, Failure, Language};
use yizhan_people::KeyRefusal;
use yizhan_vocabulary::causes::AccessRefusal;

use super::Entrance;
use crate::server::Remote;

/// Why a request does not become a call.
#[derive(Debug)]
pub(super) struct Refusal {
    reason: AccessRefusal,
    failure: Failure,
}

/// A request that got no answer but a failure.
#[derive(Debug)]
pub(super) struct TurnedAway {
    /// What it is counted as; nothing when an operation ran and failed.
    pub reason: Option<AccessRefusal>,
    pub failure: Failure,
    pub language: Language,
    /// The key it claimed.
    pub who: String,
    /// The action it named.
    pub about: String,
}

impl Refusal {
    pub(super) const fn new(reason: AccessRefusal, failure: Failure) -> Self {
        Self { reason, failure }
    }

    /// With what is known of the request.
    pub(super) fn of(self, language: Language, who: Option<&str>, about: Option<&str>) -> TurnedAway {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        TurnedAway {
            reason: Some(self.reason),
            failure: self.failure,
            language,
            who: text(who),
            about: text(about),
        }
    }
}

impl TurnedAway {
    /// A failure on our side, of a request of which nothing is known.
    pub(super) const fn failed(failure: Failure) -> Self {
        Self { reason: None, failure, language: Language::Chinese, who: String::new(), about: String::new() }
    }
}

impl From<Refusal> for TurnedAway {
    fn from(refusal: Refusal) -> Self {
        refusal.of(Language::default(), None, None)
    }
}

impl From<SignatureError> for Refusal {
    fn from(error: SignatureError) -> Self {
        let reason = match error {
            SignatureError::Unsigned => AccessRefusal::UnsignedRequest,
            SignatureError::MalformedAuthorization(_)
            | SignatureError::ScopeDate
            | SignatureError::Missing(_)
            | SignatureError::Malformed(_)
            | SignatureError::Parameters(_) => AccessRefusal::MalformedRequest,
            SignatureError::Expired { .. } => AccessRefusal::StaleSignature,
            SignatureError::UnknownSecretId => AccessRefusal::UnknownKey,
            SignatureError::WrongSignature => AccessRefusal::BadSignature,
            SignatureError::Replayed => AccessRefusal::ReplayedRequest,
        };
        let failure = Failure::new(code(error));
        // The code's own text says all there is to say.
        let said = matches!(error, SignatureError::WrongSignature | SignatureError::UnknownSecretId);
        Self::new(reason, if said { failure } else { failure.because(error.to_string()) })
    }
}

impl From<KeyRefusal> for Refusal {
    /// A disabled key answers as an unknown one, whose text names both; which of the two it is, is in the detail only
    /// for the operator, so that a stranger learns nothing about a key.
    fn from(refusal: KeyRefusal) -> Self {
        let reason = match refusal {
            KeyRefusal::Unknown => AccessRefusal::UnknownKey,
            KeyRefusal::KeyDisabled | KeyRefusal::AccountDisabled => AccessRefusal::DisabledKey,
        };
        Self::new(reason, Failure::new(Code::AuthSecretIdNotFound))
    }
}

/// The vendor's code for what is wrong with a signature.
fn code(error: SignatureError) -> Code {
    let named = Code::ALL.iter().copied().find(|code| code.as_str() == error.code());
    named.unwrap_or(Code::AuthSignatureFailure)
}

impl Entrance {
    /// Counts it, and leaves it where operators look.
    pub(super) fn note(&self, away: &TurnedAway, remote: Remote) {
        let Some(reason) = away.reason else { return };
        self.services.metrics.management().access_refused(reason);
        self.services.metrics.refusals.push(Noted {
            time: self.services.clock.now(),
            reason: reason.as_str(),
            identity: away.who.clone(),
            address: remote.0.map(|address| address.to_string()).unwrap_or_default(),
            transport: "http",
            detail: format!("{} {}", away.about, away.failure).trim_start().to_owned(),
        });
    }
}

#[cfg(test)]
mod tests {
    use yizhan_identity::cloud_signature::ParameterError;

    use super::*;

    #[test]
    fn every_code_that_a_signature_can_fail_with_has_its_text() {
        for error in [
            SignatureError::Unsigned,
            SignatureError::Missing("Nonce"),
            SignatureError::Malformed("Nonce"),
            SignatureError::Parameters(ParameterError::Twice),
            SignatureError::Expired { ahead: 1, allowed: 1 },
            SignatureError::UnknownSecretId,
            SignatureError::WrongSignature,
        ] {
            assert_eq!(code(error).as_str(), error.code());
        }
    }
}
