//! Who may use the internal API: whoever can open the local socket, and whoever holds a token. The console's API also takes
//! the sessions of people who logged in (`console/person.rs`).

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use yizhan_identity::users::hash_token;
use yizhan_observe::Refusal;
use yizhan_operations::{Caller, Code, Failure, Language, Means, Rights};
use yizhan_people::OpenSession;
use yizhan_vocabulary::Uin;
use yizhan_vocabulary::causes::AccessRefusal;

use crate::answer::{Answer, ApiError};
use crate::server::Remote;
use crate::services::Services;

/// How a request reached the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Origin {
    /// Through the local socket, which only the server's own user can open.
    Local,
    /// Through a network port.
    Network,
}

/// A last use is written down at most this often, in milliseconds.
const TOUCH_EVERY_MS: u64 = 60_000;

/// By which means a request passed; its handlers find it among the request's extensions.
#[derive(Debug, Clone)]
pub(crate) enum Passed {
    /// It came through the local socket.
    Local,
    /// It holds the token of this name.
    Token(Arc<str>),
    /// It belongs to somebody who logged in to the console.
    Session(OpenSession),
}

impl Passed {
    /// Who calls an operation so.
    pub(crate) fn caller(&self, services: &Services, address: Option<IpAddr>, language: Language) -> Caller {
        let operator = |means| Caller {
            account: Uin::FIRST,
            owner: Uin::FIRST,
            rights: None,
            operator: true,
            means,
            address,
            language,
        };
        match self {
            Self::Local => operator(Means::Local),
            Self::Token(name) => operator(Means::Token(Arc::clone(name))),
            Self::Session(OpenSession { session, account, .. }) => Caller {
                account: account.uin,
                owner: account.root(),
                rights: services.platform.people.rights(account).map(|rights| rights as Arc<dyn Rights>),
                operator: account.root() == Uin::FIRST,
                means: Means::Session(Arc::clone(session.id())),
                address,
                language,
            },
        }
    }
}

/// Who asks, as a request showed it. What lasts longer than the request asks again and again who that is by then.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub passed: Passed,
    pub remote: Option<IpAddr>,
    pub language: Language,
}

impl Identity {
    /// Whose request this is. Whoever gets to its handler has passed.
    pub(crate) fn of(request: &Request, language: Language) -> Self {
        let extensions = request.extensions();
        let passed = extensions.get::<Passed>().expect("a guard has let the request pass").clone();
        Self { passed, remote: extensions.get::<Remote>().and_then(|remote| remote.0), language }
    }

    /// Who calls, right after the guard has let the request pass.
    pub(crate) fn caller_now(&self, services: &Services) -> Caller {
        self.passed.caller(services, self.remote, self.language)
    }

    /// Who calls now, if what let it pass still does.
    pub(crate) async fn caller(&self, services: &Arc<Services>) -> Result<Caller, Failure> {
        let (services, identity) = (Arc::clone(services), self.clone());
        let looked = tokio::task::spawn_blocking(move || {
            identity.passes_still(&services)?;
            Ok(identity.caller_now(&services))
        });
        looked.await.unwrap_or_else(|_| Err(Failure::new(Code::InternalError)))
    }

    fn passes_still(&self, services: &Services) -> Result<(), Failure> {
        match &self.passed {
            Passed::Local => Ok(()),
            Passed::Token(name) => {
                let tokens = services.store.tokens().map_err(Failure::from)?;
                let known = tokens.iter().any(|token| token.name == **name);
                known
                    .then_some(())
                    .ok_or_else(|| Failure::new(Code::AuthInvalidAuthorization).because(TOKEN_REQUIRED))
            }
            Passed::Session(OpenSession { session, account, .. }) => {
                let people = &services.platform.people;
                if !people.is_open(session) {
                    return Err(Failure::new(Code::SessionEnded));
                }
                let must_change = people.login_state(account.uin).is_none_or(|login| login.must_change);
                if must_change { Err(Failure::new(Code::PasswordChangeNeeded)) } else { Ok(()) }
            }
        }
    }
}

/// Lets local requests and those with a valid token pass.
pub(crate) async fn require(
    State(services): State<Arc<Services>>,
    mut request: Request,
    next: Next,
) -> Response {
    match authenticate(&services, &request).await {
        Ok(Some(passed)) => {
            request.extensions_mut().insert(passed);
            next.run(request).await
        }
        Ok(None) => ApiError::new(StatusCode::UNAUTHORIZED, "unauthorized", TOKEN_REQUIRED).into_response(),
        Err(error) => error.into_response(),
    }
}

/// What a refused caller reads.
pub(crate) const TOKEN_REQUIRED: &str =
    "a valid token is required; make one with: yizhan admin token create NAME";

/// How the request passes; a request that does not is noted.
pub(crate) fn authenticate(
    services: &Arc<Services>,
    request: &Request,
) -> impl Future<Output = Answer<Option<Passed>>> + Send + use<> {
    let local = request.extensions().get::<Origin>() == Some(&Origin::Local);
    let header = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = header.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim).map(str::to_owned);
    let remote = request.extensions().get::<Remote>().and_then(|remote| remote.0);
    let asked_for = format!("{} {}", request.method(), request.uri().path());
    let services = Arc::clone(services);
    async move {
        if local {
            return Ok(Some(Passed::Local));
        }
        let asked = Arc::clone(&services);
        let checked = tokio::task::spawn_blocking(move || check_token(&asked, token.as_deref())).await;
        match checked.map_err(|_| ApiError::internal("the request was interrupted"))?? {
            Ok(name) => Ok(Some(Passed::Token(name))),
            Err(refusal) => {
                note_refusal(&services, remote, String::new(), asked_for, refusal);
                Ok(None)
            }
        }
    }
}

/// Counts a refusal and leaves it where operators look.
pub(crate) fn note_refusal(
    services: &Services,
    remote: Option<IpAddr>,
    identity: String,
    asked_for: String,
    refusal: AccessRefusal,
) {
    services.metrics.management().access_refused(refusal);
    services.metrics.refusals.push(Refusal {
        time: services.clock.now(),
        reason: refusal.as_str(),
        identity,
        address: remote.map(|address| address.to_string()).unwrap_or_default(),
        transport: "http",
        detail: asked_for,
    });
}

/// Compares hashes, so the time it takes says nothing about the tokens.
fn check_token(services: &Services, token: Option<&str>) -> Answer<Result<Arc<str>, AccessRefusal>> {
    let Some(token) = token else { return Ok(Err(AccessRefusal::MissingToken)) };
    let hash = hash_token(token);
    let Some(found) = services.store.tokens()?.into_iter().find(|known| known.hash == hash) else {
        return Ok(Err(AccessRefusal::UnknownToken));
    };
    let now = services.clock.now();
    // A clock that was set back must not stop the noting for as long as it was ahead.
    if found.last_used_at.is_none_or(|at| now.0.abs_diff(at.0) > TOUCH_EVERY_MS)
        && let Err(error) = services.store.touch_token(&found.name, now)
    {
        // The note is for people; on a full disk the token must still open the way to repair.
        tracing::warn!(token = found.name, %error, "the last use of a token could not be noted");
    }
    Ok(Ok(found.name.into()))
}
