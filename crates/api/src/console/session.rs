//! `/api/session`: who is at the console. Logging in, the first password, logging out.
//!
//! What must stay true: a name that no account has is answered exactly like a wrong password; every login, also a failed
//! one, is in the audit log of the root account that it concerns; every refusal is counted under its reason.

use std::sync::Arc;

use axum::Router as Routes;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use yizhan_identity::registration::request_id;
use yizhan_operations::{
    AuditEntry, Code, Failure, Language, Means, Resource, is_operator, opened_operations,
};
use yizhan_people::{Account, Entered, LoginOrigin, LoginRefusal, OpenSession};
use yizhan_vocabulary::Uin;
use yizhan_vocabulary::causes::AccessRefusal;

use super::person::{self, cookie_name};
use super::{REQUEST_ID, language, no_such_operation, refused, status};
use crate::access::note_refusal;
use crate::server::Encrypted;
use crate::services::Services;

/// The largest body, in bytes.
const MAX_BODY: usize = 16 * 1024;
/// A cookie is kept by the browser for so long at most, in seconds; when the session ends is the server's decision.
const COOKIE_SECONDS: u64 = 400 * 86_400;

/// The routes below `/api/session`.
pub(crate) fn routes() -> Routes<Arc<Services>> {
    Routes::new()
        .route("/", get(show).post(log_in).delete(log_out))
        .route("/setup", post(set_up))
        .fallback(no_such_operation)
}

async fn show(State(services): State<Arc<Services>>, request: Request) -> Response {
    let language = language(request.headers());
    match person::of_request(&services, &request) {
        Ok(Some(open)) => shown(&inside(&services, &open, language)),
        Ok(None) => shown(&outside(&services, language)),
        Err(failure) if failure.code() == Code::SessionEnded => shown(&outside(&services, language)),
        Err(failure) => refused(&failure, language, &request_id()),
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Login {
    name: String,
    password: String,
    code: Option<String>,
}

async fn log_in(State(services): State<Arc<Services>>, request: Request) -> Response {
    let visit = Visit::of(&request);
    let body: Login = match visit.read(&services, request).await {
        Ok(body) => body,
        Err(failure) => return refused(&failure, visit.language, &visit.id),
    };
    let enter = move |services: &Services, visit: &Visit| {
        let people = &services.platform.people;
        let entered = people.log_in(&body.name, &body.password, body.code.as_deref(), &visit.origin);
        let account = people.account_for_login(body.name.trim());
        visit.record(services, "Login", account.as_deref(), &body.name, &entered);
        entered
    };
    visit.answer(services, enter).await
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FirstPassword {
    setup_code: String,
    password: String,
}

async fn set_up(State(services): State<Arc<Services>>, request: Request) -> Response {
    let visit = Visit::of(&request);
    let body: FirstPassword = match visit.read(&services, request).await {
        Ok(body) => body,
        Err(failure) => return refused(&failure, visit.language, &visit.id),
    };
    let enter = move |services: &Services, visit: &Visit| {
        let people = &services.platform.people;
        let entered = people.set_up(&body.setup_code, &body.password, &visit.origin);
        let account = people.account(Uin::FIRST);
        visit.record(services, "SetFirstPassword", account.as_deref(), "", &entered);
        entered
    };
    visit.answer(services, enter).await
}

async fn log_out(State(services): State<Arc<Services>>, request: Request) -> Response {
    let visit = Visit::of(&request);
    let open = match person::of_request(&services, &request) {
        Ok(open) => open,
        Err(failure) if failure.code() == Code::SessionEnded => None,
        Err(failure) => return refused(&failure, visit.language, &visit.id),
    };
    let mut response = shown(&outside(&services, visit.language));
    if let Some(open) = open {
        let end = move || {
            if let Err(error) = services.platform.people.end_session(&open.session) {
                tracing::warn!(%error, "the end of a session could not be written down");
            }
            let means = Means::Session(Arc::clone(open.session.id()));
            let of = (open.account.root(), open.account.uin);
            visit.note(&services, "Logout", of, &means, json!({}), "ok");
            visit
        };
        if let Ok(visit) = tokio::task::spawn_blocking(end).await {
            set_cookie(&mut response, visit.encrypted, "", 0);
        }
    }
    response
}

/// A request for a session.
struct Visit {
    language: Language,
    encrypted: Encrypted,
    origin: LoginOrigin,
    from_console: bool,
    /// The session that the browser has already, which a new one replaces.
    former: Option<String>,
    id: String,
}

impl Visit {
    fn of(request: &Request) -> Self {
        Self {
            language: language(request.headers()),
            encrypted: request.extensions().get::<Encrypted>().copied().unwrap_or(Encrypted(false)),
            origin: person::origin_of(request),
            from_console: person::is_from_console(request.headers()),
            former: person::secret_of(request).map(str::to_owned),
            id: request_id(),
        }
    }

    /// Reads the body of a request that comes from the console: another site must not log anybody in either.
    async fn read<T: DeserializeOwned>(&self, services: &Services, request: Request) -> Result<T, Failure> {
        if !self.from_console {
            let asked_for = format!("{} {}", request.method(), request.uri().path());
            let address = self.origin.address;
            note_refusal(services, address, String::new(), asked_for, AccessRefusal::CrossSite);
            return Err(Failure::new(Code::CrossSite));
        }
        let body = to_bytes(request.into_body(), MAX_BODY).await;
        let body = body.map_err(|_| Failure::new(Code::RequestSizeLimitExceeded))?;
        // What is wrong with it is not said in detail: a password may be in it.
        serde_json::from_slice(&body)
            .map_err(|_| Failure::new(Code::InvalidRequest).because("the body is not what is asked for"))
    }

    /// Lets somebody in, on a thread that may block.
    async fn answer(
        self,
        services: Arc<Services>,
        enter: impl FnOnce(&Services, &Self) -> Result<Entered, LoginRefusal> + Send + 'static,
    ) -> Response {
        let (language, encrypted, id) = (self.language, self.encrypted, self.id.clone());
        let inner = Arc::clone(&services);
        let done = tokio::task::spawn_blocking(move || {
            let entered = enter(&inner, &self);
            if entered.is_ok() {
                self.end_former(&inner);
            }
            entered
        });
        match done.await {
            Ok(Ok(entered)) => {
                let Entered { session, secret, account } = entered;
                let must_change =
                    services.platform.people.login_state(account.uin).is_some_and(|login| login.must_change);
                let open = OpenSession { session, account, must_change, to_note: false };
                let mut response = shown(&inside(&services, &open, language));
                set_cookie(&mut response, encrypted, &secret, COOKIE_SECONDS);
                response
            }
            Ok(Err(refusal)) => turned_away(refusal, language, &id),
            Err(error) => {
                tracing::error!(%error, "a login broke off");
                refused(&Failure::new(Code::InternalError), language, &id)
            }
        }
    }

    fn end_former(&self, services: &Services) {
        let people = &services.platform.people;
        let former = self.former.as_deref().and_then(|secret| people.session(secret, &self.origin));
        if let Some(former) = former
            && let Err(error) = people.end_session(&former.session)
        {
            tracing::warn!(%error, "the end of a session could not be written down");
        }
    }

    /// Counts a refusal, and writes what was tried into the audit log. Who must wait or is asked for a code tried nothing
    /// new; a flood of that would push out what matters.
    fn record(
        &self,
        services: &Services,
        operation: &'static str,
        account: Option<&Account>,
        name: &str,
        entered: &Result<Entered, LoginRefusal>,
    ) {
        let name: String = name.chars().take(130).collect();
        let refusal = entered.as_ref().err();
        if let Some(reason) = refusal.and_then(counted_as) {
            note_refusal(services, self.origin.address, name.clone(), operation.to_owned(), reason);
        }
        // Names that nobody has concern whoever runs the installation.
        let of = account.map_or((Uin::FIRST, Uin(0)), |account| (account.root(), account.uin));
        let request =
            json!({ "Name": name, "Agent": self.origin.agent.chars().take(256).collect::<String>() });
        match entered {
            Ok(entered) => {
                let means = Means::Session(Arc::clone(entered.session.id()));
                self.note(services, operation, of, &means, request, "ok");
            }
            Err(LoginRefusal::LockedOut(_) | LoginRefusal::Busy | LoginRefusal::CodeNeeded) => {}
            Err(refusal) => {
                let outcome = failure_of(refusal).code().as_str();
                self.note(services, operation, of, &Means::Password, request, outcome);
            }
        }
    }

    fn note(
        &self,
        services: &Services,
        operation: &str,
        (owner, actor): (Uin, Uin),
        means: &Means,
        request: Value,
        outcome: &str,
    ) {
        let entry = AuditEntry {
            at: services.clock.now(),
            owner,
            actor,
            means,
            address: self.origin.address,
            operation,
            resource: Resource::Access(owner).to_string(),
            outcome,
            request,
            before: None,
            after: None,
            request_id: &self.id,
        };
        if let Err(error) = services.store.add_audit_entries(&[entry.row()], services.platform.audit_kept) {
            tracing::error!(operation, %error, "an audit entry could not be kept");
        }
    }
}

/// What a refusal is counted as.
fn counted_as(refusal: &LoginRefusal) -> Option<AccessRefusal> {
    Some(match refusal {
        LoginRefusal::UnknownAccount => AccessRefusal::UnknownAccount,
        LoginRefusal::NoPassword => AccessRefusal::NoPassword,
        LoginRefusal::AccountDisabled => AccessRefusal::AccountDisabled,
        LoginRefusal::WrongPassword => AccessRefusal::WrongPassword,
        LoginRefusal::WrongCode => AccessRefusal::WrongCode,
        LoginRefusal::LockedOut(_) => AccessRefusal::LockedOut,
        LoginRefusal::Busy => AccessRefusal::Busy,
        LoginRefusal::WrongSetupCode => AccessRefusal::WrongSetupCode,
        LoginRefusal::AlreadySetUp => AccessRefusal::NotPermitted,
        LoginRefusal::CodeNeeded | LoginRefusal::Weak(_) | LoginRefusal::Failed(_) => return None,
    })
}

/// What somebody at the door is told: nothing about which accounts there are.
fn failure_of(refusal: &LoginRefusal) -> Failure {
    match refusal {
        LoginRefusal::UnknownAccount
        | LoginRefusal::NoPassword
        | LoginRefusal::AccountDisabled
        | LoginRefusal::WrongPassword => Failure::new(Code::LoginWrongPassword),
        LoginRefusal::CodeNeeded => Failure::new(Code::LoginCodeNeeded),
        LoginRefusal::WrongCode => Failure::new(Code::LoginWrongCode),
        LoginRefusal::LockedOut(_) => Failure::new(Code::LoginLockedOut),
        LoginRefusal::Busy => Failure::new(Code::ServiceUnavailable),
        LoginRefusal::WrongSetupCode => Failure::new(Code::LoginWrongSetupCode),
        LoginRefusal::AlreadySetUp => Failure::new(Code::AlreadySetUp),
        LoginRefusal::Weak(why) => Failure::new(Code::PasswordViolatedRules).because(why.to_string()),
        LoginRefusal::Failed(error) => error.clone().into(),
    }
}

fn turned_away(refusal: LoginRefusal, language: Language, id: &str) -> Response {
    let failure = failure_of(&refusal);
    let LoginRefusal::LockedOut(seconds) = refusal else { return refused(&failure, language, id) };
    let body = json!({
        "Error": {
            "Code": failure.code().as_str(), "Message": failure.message(language), "RetryAfterSeconds": seconds,
        },
        "RequestId": id,
    });
    let headers = [
        (header::CONTENT_TYPE, "application/json".to_owned()),
        (header::RETRY_AFTER, seconds.to_string()),
        (REQUEST_ID, id.to_owned()),
    ];
    (status(failure.code()), headers, body.to_string()).into_response()
}

/// What the console shows to somebody who is not logged in.
fn outside(services: &Services, language: Language) -> Value {
    let state = if services.platform.people.needs_setup() { "setup" } else { "out" };
    json!({ "State": state, "Language": tag(language) })
}

/// Who is logged in, and what this person may do.
fn inside(services: &Services, open: &OpenSession, language: Language) -> Value {
    let people = &services.platform.people;
    let account = &open.account;
    let rights = people.rights(account);
    let login = people.login_state(account.uin);
    let operations =
        if open.must_change { vec!["ChangePassword"] } else { opened_operations(account, rights.as_deref()) };
    json!({
        "State": "in",
        "Account": {
            "Uin": account.uin.to_string(),
            "Name": people.login_name(account),
            "Root": account.is_root(),
            "Owner": account.owner.map(|owner| owner.to_string()),
            "Remark": account.remark,
        },
        "Operator": is_operator(account, rights.as_deref()),
        "Operations": operations,
        "MustChangePassword": open.must_change,
        "PasswordSetTime": login.as_ref().map(|login| login.changed_at.seconds()),
        "SecondFactor": login.as_ref().is_some_and(|login| login.second_factor),
        "RecoveryCodes": login.as_ref().map_or(0, |login| login.recovery_codes),
        "EndTime": people.session_ends_at(&open.session).seconds(),
        "Language": tag(language),
    })
}

const fn tag(language: Language) -> &'static str {
    match language {
        Language::Chinese => "zh-CN",
        Language::English => "en-US",
    }
}

fn shown(answer: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (StatusCode::OK, headers, answer.to_string()).into_response()
}

fn set_cookie(response: &mut Response, encrypted: Encrypted, secret: &str, seconds: u64) {
    let secure = if encrypted.0 { "; Secure" } else { "" };
    let name = cookie_name(encrypted);
    let cookie = format!("{name}={secret}; Path=/; HttpOnly; SameSite=Strict; Max-Age={seconds}{secure}");
    if let Ok(value) = HeaderValue::from_str(&cookie) {
        response.headers_mut().insert(header::SET_COOKIE, value);
    }
}
