//! How far a device's attempts to connect come. People who bring a device online for the first time look at five steps: TCP,
//! TLS, the signature, CONNECT, the first report; each is done, waits, or has failed with a reason and what to do. The steps
//! are concluded (`steps`) from what was noted anyway: the connection log, the list of refusals, the content and the
//! diagnostic log. Nothing is kept for it.
//!
//! A handshake that fails before anybody said a name is nobody's: it is shown as an unknown client's where no attempt of the
//! device itself says more, and its address only to who may know it.

mod steps;
mod words;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::{Device, Direction, LogName, LogQuery, LogView, Order, TimeRange};
use yizhan_observe::Refusal;
use yizhan_vocabulary::causes::ConnectRefusal;
use yizhan_vocabulary::{ProductId, UnixMillis};

use self::steps::{Attempt, Facts, Progress, Step, Whose, checklist};
use crate::call::Call;
use crate::failure::{Failure, Outcome};
use crate::platform::Platform;
use crate::text::Language;

/// How far back one may ask.
const MAX_AGE_MS: i64 = 24 * 3600 * 1000;
/// Refusals of all clients that are looked at.
const REFUSALS_LOOKED_AT: usize = 500;
/// Entries of one log that are looked at.
const ENTRIES_LOOKED_AT: usize = 50;
/// Attempts that are shown.
const SHOWN: usize = 20;

/// Whose attempts, and since when.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeConnectAttempts {
    product_id: String,
    device_name: String,
    /// In milliseconds; at most a day ago. The last ten minutes if it is not given.
    since: Option<i64>,
}

/// How far they came. Times are in milliseconds.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConnectAttempts {
    /// Since when was looked.
    since: i64,
    /// The server's time.
    now: i64,
    /// Whether the device is connected now.
    online: bool,
    /// The five steps, as the newest attempt took them.
    steps: Vec<ConnectStep>,
    /// The newest attempts first.
    attempts: Vec<ConnectAttempt>,
    /// What the diagnostic log has of the device since then, the newest first.
    problems: Vec<ConnectProblem>,
}

/// One step.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConnectStep {
    /// `tcp`, `tls`, `signature`, `connect` or `report`.
    step: &'static str,
    /// `waiting`, `done`, `failed`, or `skipped` for TLS where the client does not use it.
    state: &'static str,
    time: Option<i64>,
    address: Option<String>,
    /// Whether it was a client that did not say who it is.
    unknown_client: bool,
    /// The name of what went wrong.
    reason: Option<String>,
    /// What went wrong.
    text: Option<String>,
    /// What to do about it.
    advice: Option<String>,
}

/// One attempt.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConnectAttempt {
    time: i64,
    /// Where it came from; none if that is not the caller's business.
    address: Option<String>,
    /// `tcp`, `tls`, `psk`, `ws` or `wss`.
    transport: String,
    /// Whether the device was connected in the end.
    connected: bool,
    /// `device` for the device itself, `product` for a client that named another device of the product which does not exist,
    /// `unknown` for one that named nobody.
    client: &'static str,
    /// Who it said it is, where that is not the device.
    identity: Option<String>,
    /// The step that failed.
    failed_step: Option<&'static str>,
    reason: Option<String>,
    text: Option<String>,
    advice: Option<String>,
}

/// A problem.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ConnectProblem {
    time: i64,
    content: String,
    result: String,
    error_code: String,
}

pub(crate) async fn describe(call: Call, request: DescribeConnectAttempts) -> Outcome<ConnectAttempts> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let now = call.now();
    let asked = request.since.unwrap_or(now.0 - 600_000);
    let since = UnixMillis(asked.clamp(now.0 - MAX_AGE_MS, now.0));
    let seer = Seer::of(&call, &device);
    let language = call.caller().language;
    call.blocking(move |platform| {
        let facts = facts(platform, &device, since)?;
        let steps = checklist(&facts).into_iter().map(|step| shown_step(&step, &seer, language)).collect();
        let attempts = facts.attempts.iter().take(SHOWN);
        Ok::<_, Failure>(ConnectAttempts {
            since: since.0,
            now: now.0,
            online: facts.online,
            steps,
            attempts: attempts.map(|attempt| shown_attempt(attempt, &seer, language)).collect(),
            problems: problems(platform, &device, since)?,
        })
    })
    .await
}

/// Who may see which address: the operator every one, others their own and the one that the device is known to have.
struct Seer {
    all: bool,
    known: Vec<IpAddr>,
}

impl Seer {
    fn of(call: &Call, device: &Device) -> Self {
        let of_device = device.status().address.and_then(|address| ip_of(&address));
        let caller = call.caller();
        Self { all: caller.operator, known: of_device.into_iter().chain(caller.address).collect() }
    }

    fn address(&self, address: &str, whose: Whose) -> Option<String> {
        let known = ip_of(address).is_some_and(|ip| self.known.contains(&ip));
        (self.all || known || whose == Whose::Device).then(|| address.to_owned())
    }
}

fn ip_of(address: &str) -> Option<IpAddr> {
    address.parse::<SocketAddr>().ok().map(|address| address.ip())
}

fn facts(platform: &Platform, device: &Arc<Device>, since: UnixMillis) -> Result<Facts, Failure> {
    let range = TimeRange { from: Some(since), to: None };
    let mut attempts = Vec::new();
    let newest = LogQuery::newest(range, ENTRIES_LOOKED_AT);
    for entry in platform.devices.logs(device, LogName::Connection, &newest)?.entries {
        if let LogView::Online { time, address, transport, .. } = entry {
            let (whose, refused) = (Whose::Device, None);
            attempts.push(Attempt { time: time.0, address, transport, whose, identity: None, refused });
        }
    }
    let refusals = platform.metrics.refusals.since(since, REFUSALS_LOOKED_AT);
    attempts.extend(refusals.into_iter().filter_map(|refusal| attempt_of(platform, device, refusal)));
    attempts.sort_by_key(|attempt| std::cmp::Reverse(attempt.time));
    let oldest_first = LogQuery { order: Order::Ascending, ..newest.clone() };
    let first_report = message_from(platform, device, &oldest_first)?;
    let last_report = message_from(platform, device, &newest)?;
    let diagnostics = platform.devices.logs(device, LogName::Diagnostic, &newest)?.entries;
    let refused_report = diagnostics.into_iter().find_map(|entry| match entry {
        LogView::Diagnostic { time, errcode, result, .. } if errcode.starts_with("Dev_Pub") => {
            Some((time.0, errcode, result))
        }
        _ => None,
    });
    let status = device.status();
    let online = device.present_status() == yizhan_devices::Status::Online;
    let connection = status.since.filter(|_| online).map(|at| {
        let transport = status.transport.as_deref().unwrap_or_default().to_owned();
        (at.0, status.address.clone().unwrap_or_default(), transport)
    });
    Ok(Facts { online, connection, attempts, first_report, last_report, refused_report })
}

/// When something came from the device, first in the order of the query.
fn message_from(platform: &Platform, device: &Arc<Device>, query: &LogQuery) -> Result<Option<i64>, Failure> {
    let page = platform.devices.logs(device, LogName::Content, query)?;
    Ok(page.entries.into_iter().find_map(|entry| match entry {
        LogView::Content { time, direction: Direction::Up, .. } => Some(time.0),
        _ => None,
    }))
}

/// A refused connection, if it is this device's business.
fn attempt_of(platform: &Platform, device: &Device, refusal: Refusal) -> Option<Attempt> {
    let reason = ConnectRefusal::ALL.iter().copied().find(|reason| reason.as_str() == refusal.reason)?;
    if refusal.transport == "http" {
        return None;
    }
    let product = device.product_id().as_str();
    let whose = match refusal.identity.strip_prefix(product) {
        Some(name) if name == device.name.as_str() => Whose::Device,
        // Another device of the product has an attempt of its own.
        Some(name) if device.product().device(name).is_some() => return None,
        Some(_) => Whose::Product,
        None if names_a_product(platform, &refusal.identity) => return None,
        None => Whose::Unknown,
    };
    let identity = Some(refusal.identity).filter(|_| whose == Whose::Product);
    Some(Attempt {
        time: refusal.time.0,
        address: refusal.address,
        transport: refusal.transport.to_owned(),
        whose,
        identity,
        refused: Some((reason, refusal.detail)),
    })
}

/// Whether an identity begins with the id of some product: then it is the business of that product's account alone.
fn names_a_product(platform: &Platform, identity: &str) -> bool {
    const ID_LENGTH: usize = 10;
    let id = identity.get(..ID_LENGTH).and_then(|id| ProductId::parse(id).ok());
    id.is_some_and(|id| platform.devices.product(&id).is_some())
}

fn problems(
    platform: &Platform,
    device: &Arc<Device>,
    since: UnixMillis,
) -> Result<Vec<ConnectProblem>, Failure> {
    let query = LogQuery::newest(TimeRange { from: Some(since), to: None }, SHOWN);
    let page = platform.devices.logs(device, LogName::Diagnostic, &query)?;
    let problems = page.entries.into_iter().filter_map(|entry| match entry {
        LogView::Diagnostic { time, content, result, errcode, .. } => {
            Some(ConnectProblem { time: time.0, content, result, error_code: errcode.to_owned() })
        }
        _ => None,
    });
    Ok(problems.collect())
}

fn shown_step(step: &Progress, seer: &Seer, language: Language) -> ConnectStep {
    let words = step.failure.as_ref().map(|failure| failure.words(step.whose));
    ConnectStep {
        step: step.step.as_str(),
        state: step.state.as_str(),
        time: step.time,
        address: step.address.as_deref().and_then(|address| seer.address(address, step.whose)),
        unknown_client: step.whose == Whose::Unknown,
        reason: step.failure.as_ref().map(|failure| failure.name().to_owned()),
        text: words.as_ref().map(|words| words.what(language)),
        advice: words.as_ref().map(|words| words.advice.in_language(language).to_owned()),
    }
}

fn shown_attempt(attempt: &Attempt, seer: &Seer, language: Language) -> ConnectAttempt {
    let words =
        attempt.refused.as_ref().map(|(reason, detail)| words::of_refusal(*reason, detail, attempt.whose));
    ConnectAttempt {
        time: attempt.time,
        address: seer.address(&attempt.address, attempt.whose),
        transport: attempt.transport.clone(),
        connected: attempt.refused.is_none(),
        client: match attempt.whose {
            Whose::Device => "device",
            Whose::Product => "product",
            Whose::Unknown => "unknown",
        },
        identity: attempt.identity.clone(),
        failed_step: attempt.failed_step().map(Step::as_str),
        reason: attempt.refused.as_ref().map(|(reason, _)| reason.as_str().to_owned()),
        text: words.as_ref().map(|words| words.what(language)),
        advice: words.as_ref().map(|words| words.advice.in_language(language).to_owned()),
    }
}
