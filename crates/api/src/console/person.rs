//! Whose session a request of the console's belongs to. The browser keeps the session's secret in a cookie that scripts do
//! not see and that other sites' pages do not send; for the browsers that would, a request must also carry a header that
//! another site's page cannot set, or, where a browser sets no headers, come from the server's own origin.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::Request;
use axum::http::{HeaderMap, header};
use yizhan_operations::{Code, Failure};
use yizhan_people::{LoginOrigin, OpenSession};
use yizhan_vocabulary::causes::AccessRefusal;

use crate::access::note_refusal;
use crate::server::{Encrypted, Remote};
use crate::services::Services;

/// The header that only the console's own scripts send, and its value.
const CONSOLE_HEADER: &str = "x-yizhan";
const CONSOLE: &str = "console";

/// The cookie's name. Inside TLS it has the prefix with which browsers keep other origins from setting it; so the same
/// browser can also use the server without TLS, whose cookie is another one.
pub(super) fn cookie_name(encrypted: Encrypted) -> &'static str {
    if encrypted.0 { "__Host-yizhan_session" } else { "yizhan_session" }
}

/// The session that a request belongs to; none if it brings no cookie. One that brings the cookie of a session that is over,
/// or comes from elsewhere, is refused and noted.
pub(super) fn of_request(
    services: &Arc<Services>,
    request: &Request,
) -> Result<Option<OpenSession>, Failure> {
    let Some(secret) = secret_of(request) else { return Ok(None) };
    let remote = remote_of(request);
    let note = |refusal| {
        let asked_for = format!("{} {}", request.method(), request.uri().path());
        note_refusal(services, remote, String::new(), asked_for, refusal);
    };
    if !is_from_console(request.headers()) {
        note(AccessRefusal::CrossSite);
        return Err(Failure::new(Code::CrossSite));
    }
    let people = &services.platform.people;
    let Some(open) = people.session(secret, &origin_of(request)) else {
        note(AccessRefusal::UnknownSession);
        return Err(Failure::new(Code::SessionEnded));
    };
    if open.to_note {
        let (people, session) = (people.clone(), Arc::clone(&open.session));
        tokio::task::spawn_blocking(move || people.note_session(&session));
    }
    Ok(Some(open))
}

/// What the browser keeps.
pub(super) fn secret_of(request: &Request) -> Option<&str> {
    let encrypted = request.extensions().get::<Encrypted>().copied().unwrap_or(Encrypted(false));
    let name = cookie_name(encrypted);
    let cookies =
        request.headers().get_all(header::COOKIE).into_iter().filter_map(|value| value.to_str().ok());
    let mut pairs = cookies.flat_map(|value| value.split(';')).filter_map(|pair| pair.trim().split_once('='));
    pairs.find(|(known, _)| *known == name).map(|(_, secret)| secret)
}

/// Whether a request was made by the console's own page.
pub(super) fn is_from_console(headers: &HeaderMap) -> bool {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    if headers.get(CONSOLE_HEADER).is_some_and(|value| value.as_bytes() == CONSOLE.as_bytes()) {
        return true;
    }
    let upgrade = text(header::UPGRADE).is_some_and(|wanted| wanted.eq_ignore_ascii_case("websocket"));
    let origin = text(header::ORIGIN).and_then(|origin| origin.split_once("://")).map(|(_, host)| host);
    upgrade
        && origin.is_some()
        && origin.zip(text(header::HOST)).is_some_and(|(one, other)| one.eq_ignore_ascii_case(other))
}

/// Where a request comes from, as logins remember it.
pub(super) fn origin_of(request: &Request) -> LoginOrigin {
    let agent = request.headers().get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    LoginOrigin { address: remote_of(request), agent: agent.unwrap_or_default().to_owned() }
}

fn remote_of(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<Remote>().and_then(|remote| remote.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(headers: &[(&'static str, &str)]) -> bool {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        is_from_console(&map)
    }

    #[test]
    fn only_the_consoles_own_page_sets_the_header_or_opens_a_socket_from_the_servers_origin() {
        let host = ("host", "iot.example.com:8443");
        assert!(from(&[host, ("x-yizhan", "console")]));
        assert!(!from(&[host]) && !from(&[host, ("x-yizhan", "other")]));
        let socket = ("upgrade", "websocket");
        assert!(from(&[host, socket, ("origin", "https://iot.example.com:8443")]));
        assert!(!from(&[host, socket, ("origin", "https://iot.example.com")]));
        assert!(!from(&[host, socket, ("origin", "null")]) && !from(&[host, socket]));
        assert!(!from(&[host, ("origin", "https://iot.example.com:8443")]), "only a socket needs that");
    }
}
