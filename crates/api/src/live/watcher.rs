//! One client that watches: its subscriptions, what it says and what it is told. Pure of any connection: texts come in and
//! go out.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};
use yizhan_devices::{Allowance, LiveKinds};
use yizhan_operations::live::LiveRequest;
use yizhan_operations::{Caller, Code, Failure};

use super::subscription::{Subscription, ready};
use crate::access::Identity;
use crate::services::Services;

/// Subscriptions of one client.
const MAX_SUBSCRIPTIONS: usize = 32;

/// What a client says.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Said {
    id: u64,
    subscribe: Option<Value>,
    unsubscribe: Option<Value>,
}

/// One client.
pub(super) struct Watcher {
    services: Arc<Services>,
    identity: Identity,
    caller: Caller,
    allowance: Arc<Allowance>,
    subscriptions: Vec<Subscription>,
}

impl Watcher {
    pub(super) fn new(services: Arc<Services>, identity: Identity, caller: Caller) -> Self {
        let allowance = services.devices.live().allowance();
        Self { services, identity, caller, allowance, subscriptions: Vec::new() }
    }

    /// Takes what the client says; what it is told is put into `out`.
    pub(super) async fn hear(&mut self, text: &str, out: &mut Vec<String>) {
        match serde_json::from_str::<Said>(text) {
            Ok(Said { id, subscribe: Some(request), unsubscribe: None }) => {
                self.subscribe(id, request, out).await;
            }
            Ok(Said { id, subscribe: None, unsubscribe: Some(_) }) => {
                self.subscriptions.retain(|subscription| subscription.id() != id);
            }
            Ok(Said { id, .. }) => {
                let failure = invalid("a message has Id and either Subscribe or Unsubscribe");
                out.push(self.told(id, "Refused", &failure));
            }
            Err(error) => {
                let failure = Failure::new(Code::InvalidRequest).because(error.to_string());
                out.push(self.told(0, "Refused", &failure));
            }
        }
    }

    /// Begins to watch something.
    pub(super) async fn subscribe(&mut self, id: u64, request: Value, out: &mut Vec<String>) {
        if let Err(failure) = self.try_subscribe(id, request, out).await {
            out.push(self.told(id, "Refused", &failure));
        }
    }

    async fn try_subscribe(&mut self, id: u64, request: Value, out: &mut Vec<String>) -> Result<(), Failure> {
        if self.subscriptions.iter().any(|subscription| subscription.id() == id) {
            return Err(invalid("the Id is in use"));
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            let why = format!("a connection has at most {MAX_SUBSCRIPTIONS} subscriptions");
            return Err(Failure::new(Code::LimitExceeded).because(why));
        }
        let request = LiveRequest::read(request)?;
        let target = request.authorise(&self.services.platform, &self.caller)?;
        let begun = Subscription::begin(&self.services, &self.allowance, id, request, target)?;
        let mut subscription = begun.subscription;
        let mut missing = LiveKinds::default();
        let mut filled = Vec::new();
        match begun.missed {
            Some((device, kinds, place)) => {
                let devices = self.services.devices.clone();
                let looked = tokio::task::spawn_blocking(move || devices.live_refill(&device, kinds, place));
                match looked.await {
                    Ok(Ok(missed)) => {
                        missing = missed.incomplete;
                        subscription.fill(missed, &mut filled);
                    }
                    Ok(Err(error)) => return Err(error.into()),
                    Err(_) => missing = kinds,
                }
            }
            // Only one device's past is looked up: of many there is too much.
            None if subscription.continues() => missing = subscription.kinds(),
            None => {}
        }
        out.push(ready(id, self.services.clock.now(), missing));
        out.append(&mut filled);
        self.subscriptions.push(subscription);
        Ok(())
    }

    /// What has come since the last time.
    pub(super) fn flush(&mut self, out: &mut Vec<String>) {
        for subscription in &mut self.subscriptions {
            subscription.flush(&self.services, &self.caller, out);
        }
    }

    /// Looks again at what may be watched. False if the client may do nothing any more.
    pub(super) async fn recheck(&mut self, out: &mut Vec<String>) -> bool {
        match self.identity.caller(&self.services).await {
            Ok(caller) => self.caller = caller,
            Err(failure) => {
                let ended: Vec<_> = self.subscriptions.drain(..).map(|ended| ended.id()).collect();
                out.extend(ended.into_iter().map(|id| self.told(id, "Ended", &failure)));
                return false;
            }
        }
        let mut ended = Vec::new();
        for subscription in &mut self.subscriptions {
            match subscription.request().authorise(&self.services.platform, &self.caller) {
                Ok(target) => subscription.renew(target),
                Err(failure) => ended.push((subscription.id(), failure)),
            }
        }
        for (id, failure) in ended {
            self.subscriptions.retain(|subscription| subscription.id() != id);
            out.push(self.told(id, "Ended", &failure));
        }
        true
    }

    fn told(&self, id: u64, what: &str, failure: &Failure) -> String {
        let why = json!({
            "Code": failure.code().as_str(),
            "Message": failure.message(self.caller.language),
        });
        json!({ "Id": id, what: why }).to_string()
    }
}

fn invalid(why: &'static str) -> Failure {
    Failure::new(Code::InvalidParameterValue).because(why)
}
