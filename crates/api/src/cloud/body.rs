//! Receiving a request within its limits (cloud API facts §2.1: JSON, forms and queries of different sizes). A large body
//! is received only for a key that exists, and only so many bytes of such bodies at once; what is too large is passed
//! over for a while, because a client that is still sending would not see the answer.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::header;
use axum::http::request::Parts;
use http_body_util::BodyExt;
use tokio::sync::OwnedSemaphorePermit;
use yizhan_identity::cloud_signature::Method;
use yizhan_operations::{Code, Failure};
use yizhan_vocabulary::causes::AccessRefusal;

use super::Entrance;
use super::refusal::{Refusal, TurnedAway};

/// Bodies up to this size are taken at once: what they need is bounded by the number of connections.
const SMALL: usize = 64 * 1024;
/// What one permit is for.
pub(super) const UNIT: usize = 1024;
/// How much more than allowed is passed over, so that the client sees why it is refused.
const PASSED_OVER: usize = 16 * 1024 * 1024;
/// How long a large body waits for others.
const WAIT: Duration = Duration::from_secs(5);

/// A request that came as a whole.
pub(super) struct Received {
    pub method: Method,
    pub parts: Parts,
    pub body: Vec<u8>,
    /// What a large request takes of the room for all of them, for as long as anything of it is kept.
    pub place: Option<OwnedSemaphorePermit>,
}

impl Received {
    /// Gives back the room that was taken for more than came: a body in chunks does not say how long it will be.
    fn give_back(&mut self) {
        let needed = if self.is_small() { 0 } else { units(self.body.len()) as usize };
        if let Some(place) = &mut self.place {
            drop(place.split(place.num_permits().saturating_sub(needed)));
        }
    }

    /// Whether it is read in no time.
    pub(super) fn is_small(&self) -> bool {
        self.body.len() <= SMALL
    }
}

/// Permits for so many bytes.
pub(super) fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX >> 3)
}

impl Entrance {
    /// Receives a request.
    pub(super) async fn receive(&self, parts: Parts, body: Body) -> Result<Received, TurnedAway> {
        let Some(method) = method(&parts) else {
            let failure = Failure::new(Code::UnsupportedProtocol).because("only GET and POST are served");
            return Err(self.about(&parts, Refusal::new(AccessRefusal::MalformedRequest, failure)));
        };
        let limit = self.limit(method, &parts);
        let query_fits = parts.uri.query().unwrap_or_default().len() <= self.settings.max_query_bytes;
        let declared = declared_length(&parts);
        if !query_fits || declared.is_some_and(|length| length > limit) {
            pass_over(body, limit.saturating_add(PASSED_OVER)).await;
            return Err(self.about(&parts, too_large(limit)));
        }
        let mut received = Received { method, parts, body: Vec::new(), place: None };
        let expected = declared.unwrap_or(limit);
        if expected > SMALL {
            if let Err(refused) = self.foresee(&received) {
                pass_over(body, limit).await;
                return Err(refused);
            }
            // A form says who signed it in its body, so anybody can send one; those have a room of their own.
            let proven = received.parts.headers.contains_key(header::AUTHORIZATION);
            let room = if proven { &self.receiving } else { &self.receiving_forms };
            let place = Arc::clone(room).acquire_many_owned(units(expected));
            let Ok(Ok(place)) = tokio::time::timeout(WAIT, place).await else {
                let failure = Failure::new(Code::ServiceUnavailable).because("too much is being received");
                return Err(self.about(&received.parts, Refusal::new(AccessRefusal::Busy, failure)));
            };
            received.place = Some(place);
        }
        match collect(body, limit, declared.unwrap_or_default()).await {
            Ok(bytes) => received.body = bytes,
            Err(refusal) => return Err(self.about(&received.parts, refusal)),
        }
        received.give_back();
        Ok(received)
    }

    /// The largest body.
    fn limit(&self, method: Method, parts: &Parts) -> usize {
        match method {
            Method::Get => self.settings.max_query_bytes,
            Method::Post if parts.headers.contains_key(header::AUTHORIZATION) => self.settings.max_json_bytes,
            Method::Post => self.settings.max_form_bytes,
        }
    }
}

fn method(parts: &Parts) -> Option<Method> {
    match parts.method {
        axum::http::Method::GET => Some(Method::Get),
        axum::http::Method::POST => Some(Method::Post),
        _ => None,
    }
}

fn declared_length(parts: &Parts) -> Option<usize> {
    match parts.headers.get(header::CONTENT_LENGTH) {
        Some(length) => length.to_str().ok()?.parse().ok(),
        // Without a length and without chunks there is no body.
        None => (!parts.headers.contains_key(header::TRANSFER_ENCODING)).then_some(0),
    }
}

fn too_large(limit: usize) -> Refusal {
    let failure = Failure::new(Code::RequestSizeLimitExceeded).because(format!("{limit} bytes at most"));
    Refusal::new(AccessRefusal::RequestTooLarge, failure)
}

/// Takes a body of at most `limit` bytes.
async fn collect(mut body: Body, limit: usize, expected: usize) -> Result<Vec<u8>, Refusal> {
    let mut bytes = Vec::with_capacity(expected.min(limit));
    while let Some(frame) = body.frame().await {
        let broken = |_| {
            let failure = Failure::new(Code::InvalidRequest).because("the body broke off");
            Refusal::new(AccessRefusal::MalformedRequest, failure)
        };
        let Ok(data) = frame.map_err(broken)?.into_data() else { continue };
        if bytes.len() + data.len() > limit {
            drop(bytes);
            pass_over(body, PASSED_OVER).await;
            return Err(too_large(limit));
        }
        bytes.extend_from_slice(&data);
    }
    Ok(bytes)
}

/// Reads what nobody wants, up to a bound.
async fn pass_over(mut body: Body, most: usize) {
    let mut passed = 0;
    while let Some(Ok(frame)) = body.frame().await {
        passed += frame.data_ref().map_or(0, |data| data.len());
        if passed > most {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    #[tokio::test]
    async fn room_taken_for_more_than_came_is_given_back() {
        let room = Arc::new(Semaphore::new(10_000));
        for (came, kept) in [(10, 0), (SMALL, 0), (SMALL + 1, SMALL / UNIT + 1)] {
            let place = Arc::clone(&room).acquire_many_owned(10_000).await.unwrap();
            let (parts, ()) = axum::http::Request::new(()).into_parts();
            let mut received =
                Received { method: Method::Post, parts, body: vec![0; came], place: Some(place) };
            received.give_back();
            assert_eq!(room.available_permits(), 10_000 - kept, "{came} bytes");
            drop(received);
            assert_eq!(room.available_permits(), 10_000);
        }
    }
}
