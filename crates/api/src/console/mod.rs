//! The console's surface: every operation of the table at `POST /api/v1/NAME`, with status codes, and its description at
//! `GET /api/v1/openapi.json`. It adds nothing to the operations but who calls: the local socket, a token, or a person
//! with a session (`person.rs`), which is opened and ended at `/api/session` (`session.rs`).

mod person;
mod session;

use std::sync::{Arc, OnceLock};

use axum::Router as Routes;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Extension, Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::{Value, json};
use yizhan_identity::registration::request_id;
use yizhan_operations::{
    Audit, Call, Class, Code, Failure, Language, Operation, Version, dispatch, find_in_console,
    is_vendor_action, openapi,
};
use yizhan_people::{CallClass, OpenSession};
use yizhan_vocabulary::causes::AccessRefusal;

pub(crate) use session::routes as session_routes;

use crate::access::{Origin, Passed, TOKEN_REQUIRED, authenticate, note_refusal};
use crate::server::Remote;
use crate::services::Services;

/// Lets local requests pass, those with a valid token, and those of people with a session.
pub(crate) async fn require(
    State(services): State<Arc<Services>>,
    mut request: Request,
    next: Next,
) -> Response {
    let language = language(request.headers());
    let local = request.extensions().get::<Origin>() == Some(&Origin::Local);
    if !local && !request.headers().contains_key(header::AUTHORIZATION) {
        match person::of_request(&services, &request) {
            Ok(None) => {}
            Ok(Some(open)) => {
                request.extensions_mut().insert(Passed::Session(open));
                return next.run(request).await;
            }
            Err(failure) => return refused(&failure, language, &request_id()),
        }
    }
    let failure = match authenticate(&services, &request).await {
        Ok(Some(passed)) => {
            request.extensions_mut().insert(passed);
            return next.run(request).await;
        }
        Ok(None) => Failure::new(Code::AuthInvalidAuthorization).because(TOKEN_REQUIRED),
        Err(_) => Failure::new(Code::ServiceUnavailable),
    };
    let mut response = refused(&failure, language, &request_id());
    if response.status() == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    }
    response
}

/// The routes below `/api/v1`. Whoever gets here has passed [`require`].
pub(crate) fn routes() -> Routes<Arc<Services>> {
    Routes::new()
        .route("/openapi.json", get(description))
        .route("/{operation}", post(operate).fallback(no_such_method))
        .fallback(no_such_operation)
}

async fn description() -> Response {
    static TEXT: OnceLock<String> = OnceLock::new();
    let text = TEXT.get_or_init(|| openapi(env!("CARGO_PKG_VERSION")).to_string());
    ([(header::CONTENT_TYPE, "application/json")], text.as_str()).into_response()
}

async fn operate(
    State(services): State<Arc<Services>>,
    Extension(remote): Extension<Remote>,
    Extension(passed): Extension<Passed>,
    Path(name): Path<String>,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let language = language(&headers);
    let id = request_id();
    let Some(operation) = find_in_console(&name) else {
        let known = Version::ALL.iter().any(|version| is_vendor_action(*version, &name));
        let code = if known { Code::UnsupportedOperation } else { Code::InvalidAction };
        let shown: String = name.chars().take(64).collect();
        return refused(&Failure::new(code).because(shown), language, &id);
    };
    let request = match read(body) {
        Ok(request) => request,
        Err(failure) => return refused(&failure, language, &id),
    };
    if let Passed::Session(open) = &passed
        && let Err((refusal, failure)) = admit(&services, open, operation)
    {
        note_refusal(&services, remote.0, open.account.name.clone(), name, refusal);
        return refused(&failure, language, &id);
    }
    let caller = passed.caller(&services, remote.0, language);
    let call = Call::new(Arc::clone(&services.platform), caller, operation, None);
    match dispatch(call, request, &id).await {
        Ok(answer) => {
            let headers = [(header::CONTENT_TYPE, "application/json"), (REQUEST_ID, id.as_str())];
            (headers, answer).into_response()
        }
        Err(failure) => {
            if let (Passed::Session(open), Class::Forbidden) = (&passed, failure.code().class()) {
                let who = open.account.name.clone();
                note_refusal(&services, remote.0, who, name, AccessRefusal::NotPermitted);
            }
            refused(&failure, language, &id)
        }
    }
}

/// Whether a person's session may be used for an operation now.
fn admit(
    services: &Services,
    open: &OpenSession,
    operation: &Operation,
) -> Result<(), (AccessRefusal, Failure)> {
    let people = &services.platform.people;
    let class = if operation.audit() == Audit::Read { CallClass::Read } else { CallClass::Change };
    if !open.session.admit(class, people.rate_limits(), services.clock.monotonic()) {
        return Err((AccessRefusal::RateLimited, Failure::new(Code::RequestLimitExceeded)));
    }
    if open.must_change && !operation.is_before_password_change() {
        let refusal = AccessRefusal::PasswordChangeNeeded;
        return Err((refusal, Failure::new(Code::PasswordChangeNeeded)));
    }
    Ok(())
}

/// The request in a body; an empty one is a request without members.
fn read(body: Result<Bytes, BytesRejection>) -> Result<Value, Failure> {
    let body = body.map_err(|rejection| match rejection.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Failure::new(Code::RequestSizeLimitExceeded),
        _ => Failure::new(Code::InvalidRequest).because("the body did not arrive"),
    })?;
    if body.trim_ascii().is_empty() {
        return Ok(json!({}));
    }
    serde_json::from_slice(&body)
        .map_err(|error| Failure::new(Code::InvalidRequest).because(format!("the body is not JSON: {error}")))
}

const REQUEST_ID: header::HeaderName = header::HeaderName::from_static("x-request-id");

async fn no_such_operation(headers: HeaderMap) -> Response {
    refused(&Failure::new(Code::InvalidAction), language(&headers), &request_id())
}

async fn no_such_method(headers: HeaderMap) -> Response {
    let failure = Failure::new(Code::UnsupportedProtocol).because("operations are asked for with POST");
    let mut response = refused(&failure, language(&headers), &request_id());
    *response.status_mut() = StatusCode::METHOD_NOT_ALLOWED;
    response.headers_mut().insert(header::ALLOW, header::HeaderValue::from_static("POST"));
    response
}

pub(crate) fn language(headers: &HeaderMap) -> Language {
    let wanted = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
    wanted.map_or(Language::Chinese, Language::of_tag)
}

pub(crate) fn refused(failure: &Failure, language: Language, id: &str) -> Response {
    let body = json!({
        "Error": { "Code": failure.code().as_str(), "Message": failure.message(language) },
        "RequestId": id,
    });
    let headers = [(header::CONTENT_TYPE, "application/json"), (REQUEST_ID, id)];
    (status(failure.code()), headers, body.to_string()).into_response()
}

fn status(code: Code) -> StatusCode {
    match code.class() {
        _ if code == Code::RequestSizeLimitExceeded => StatusCode::PAYLOAD_TOO_LARGE,
        Class::Invalid => StatusCode::BAD_REQUEST,
        Class::Unauthenticated => StatusCode::UNAUTHORIZED,
        Class::Forbidden => StatusCode::FORBIDDEN,
        Class::NotFound => StatusCode::NOT_FOUND,
        Class::Conflict | Class::Limit => StatusCode::CONFLICT,
        Class::TooMany => StatusCode::TOO_MANY_REQUESTS,
        Class::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        // Not 501: nothing is wrong with the server, and another request of the same operation may be carried out.
        Class::Unsupported => StatusCode::UNPROCESSABLE_ENTITY,
        Class::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
