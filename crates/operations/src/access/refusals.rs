//! The vendor's codes of what goes wrong with accounts, keys and policies (CAM 2019-01-16, error codes).

use yizhan_people::PeopleError;
use yizhan_people::policy::PolicyError;

use crate::failure::{Code, Failure};

impl From<PeopleError> for Failure {
    fn from(error: PeopleError) -> Self {
        let code = match &error {
            PeopleError::NotFound(_) => Code::ResourceNotFound,
            PeopleError::Conflict(_) => Code::FailedOperation,
            PeopleError::Invalid(_) => Code::InvalidParameterValue,
            PeopleError::InvalidPolicy(policy) => document(policy),
            PeopleError::LimitReached(_) => Code::LimitExceeded,
            PeopleError::Unavailable(_) => Code::ServiceUnavailable,
            PeopleError::Internal(detail) => {
                tracing::error!(%detail, "an operation on accounts failed");
                return Self::new(Code::InternalError);
            }
        };
        Self::new(code).because(error.to_string())
    }
}

/// The code of a document that is not taken.
fn document(error: &PolicyError) -> Code {
    match error {
        PolicyError::NotJson(_) => Code::PolicyDocumentError,
        PolicyError::TooLong => Code::PolicyDocumentTooLong,
        PolicyError::Version => Code::PolicyVersionError,
        PolicyError::Member(..) => Code::PolicyStatementError,
        PolicyError::Condition(_) => Code::PolicyConditionError,
        PolicyError::Principal(_) => Code::PolicyPrincipalError,
        PolicyError::Action(..) => Code::PolicyActionError,
        PolicyError::Resource(..) => Code::PolicyResourceError,
    }
}

/// An account that is missing or whose name is taken.
pub(super) fn about_user(error: PeopleError) -> Failure {
    match error {
        PeopleError::NotFound(_) => Failure::new(Code::UserNotExist),
        PeopleError::Conflict(why) => Failure::new(Code::SubUserNameInUse).because(why),
        other => other.into(),
    }
}

/// A key that is missing or one too many.
pub(super) fn about_key(error: PeopleError) -> Failure {
    match error {
        PeopleError::NotFound(_) => Failure::new(Code::SecretNotExist),
        PeopleError::LimitReached(why) => Failure::new(Code::AccessKeyOverLimit).because(why),
        other => other.into(),
    }
}

/// A policy that is missing or whose name is taken.
pub(super) fn about_policy(error: PeopleError) -> Failure {
    match error {
        PeopleError::NotFound(_) => Failure::new(Code::PolicyIdNotFound),
        PeopleError::Conflict(why) => Failure::new(Code::PolicyNameInUse).because(why),
        other => other.into(),
    }
}
