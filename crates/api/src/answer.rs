//! Errors of the internal API: one shape, one code a class, a message that says what to do next.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;
use yizhan_devices::DevicesError;
use yizhan_store::StoreError;
use yizhan_vocabulary::IdError;

/// Why a request was not carried out.
#[derive(Debug)]
pub(crate) struct ApiError {
    status: StatusCode,
    code: &'static str,
    message: String,
    details: Option<serde_json::Value>,
}

/// What a handler returns.
pub(crate) type Answer<T> = Result<T, ApiError>;

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into(), details: None }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "invalid", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not_found", message)
    }

    /// Its code, for the audit log.
    pub(crate) const fn code(&self) -> &'static str {
        self.code
    }

    pub(crate) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", message)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut error = json!({ "code": self.code, "message": self.message });
        if let Some(details) = self.details {
            error["details"] = details;
        }
        (self.status, Json(json!({ "error": error }))).into_response()
    }
}

impl From<DevicesError> for ApiError {
    fn from(error: DevicesError) -> Self {
        let message = error.to_string();
        match error {
            DevicesError::NotFound(_) => Self::not_found(message),
            DevicesError::Conflict(_) => Self::new(StatusCode::CONFLICT, "conflict", message),
            DevicesError::Invalid(_) => Self::invalid(message),
            DevicesError::InvalidModel(errors) => {
                let details = errors
                    .iter()
                    .map(|error| json!({ "code": error.code, "path": error.path, "message": error.message }))
                    .collect();
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self { details: Some(details), ..Self::new(status, "invalid_model", message) }
            }
            DevicesError::InvalidValue { code, .. } => {
                let status = StatusCode::UNPROCESSABLE_ENTITY;
                Self { details: Some(json!({ "code": code })), ..Self::new(status, "invalid_value", message) }
            }
            DevicesError::LimitReached(_) | DevicesError::LicencesUsedUp(_) => {
                Self::new(StatusCode::CONFLICT, "limit_reached", message)
            }
            DevicesError::Unavailable(_) => {
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", message)
            }
            DevicesError::Internal(_) => {
                tracing::error!(%message, "a management operation failed");
                Self::internal(message)
            }
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        DevicesError::from(error).into()
    }
}

impl From<IdError> for ApiError {
    fn from(error: IdError) -> Self {
        Self::invalid(error.to_string())
    }
}
