//! What went wrong with messages and logins within the last hour.

use std::collections::HashMap;

use yizhan_devices::Status;
use yizhan_observe::Refusal;
use yizhan_vocabulary::UnixMillis;
use yizhan_vocabulary::causes::{ConnectRefusal, DropReason};

use super::devices::about;
use super::{Finding, Look, Severity, kinds};
use crate::platform::Platform;

const HOUR_MS: i64 = 3_600_000;
/// Fewer dropped messages within an hour are nothing to look at.
const LEAST_DROPPED: u64 = 10;
/// Fewer failed logins of a device within an hour are nothing to look at.
const LEAST_FAILED: usize = 3;
/// Fewer logins under names that do not exist are nothing to look at.
const LEAST_UNKNOWN: usize = 10;
/// The newest refusals that are looked at: all that are remembered.
const REFUSALS: usize = 1_000;

fn hour_ago(look: &Look) -> UnixMillis {
    UnixMillis(look.now.0 - HOUR_MS)
}

/// Times when the log took nothing.
pub(super) fn refused_writes(look: &Look, platform: &Platform) -> Option<Finding> {
    let names = ["yizhan_journal_refused_disk_full_total", "yizhan_journal_refused_backlog_total"];
    let counters = names.map(|name| (name, None));
    let count: u64 = platform.system.grown_since(hour_ago(look), &counters).into_iter().sum();
    let finding = Finding::new(&kinds::WRITES_REFUSED, Severity::Critical, "");
    (count > 0).then(|| finding.with("Count", count))
}

/// Messages that were dropped, reason by reason.
pub(super) fn dropped_messages(look: &Look, platform: &Platform) -> Vec<Finding> {
    let reasons = DropReason::ALL;
    let counters: Vec<_> =
        reasons.iter().map(|reason| ("yizhan_messages_dropped_total", Some(reason.as_str()))).collect();
    let counts = platform.system.grown_since(hour_ago(look), &counters);
    let found = reasons.iter().zip(counts).filter_map(|(reason, count)| {
        let (severity, words) = kinds::dropped(*reason)?;
        let finding = Finding::new(&kinds::MESSAGES_DROPPED, severity, reason.as_str());
        (count >= LEAST_DROPPED)
            .then(|| finding.with("Count", count).with("ReasonId", reason.as_str()).in_words("Reason", words))
    });
    let mut found: Vec<_> = found.collect();
    found.sort_by_key(|finding| finding.severity);
    found
}

/// Refused connections of the last hour, the newest first.
fn refusals(look: &Look, platform: &Platform) -> Vec<Refusal> {
    let from = hour_ago(look);
    let mut refusals = platform.system.metrics().refusals.newest(REFUSALS);
    refusals.retain(|refusal| refusal.time >= from);
    refusals
}

/// Somebody calls itself a device that there is not.
pub(super) fn unknown_devices(look: &Look, platform: &Platform) -> Option<Finding> {
    let mut unknown = refusals(look, platform);
    unknown.retain(|refusal| refusal.reason == ConnectRefusal::UnknownDevice.as_str());
    let newest = unknown.first()?;
    let finding = Finding::new(&kinds::UNKNOWN_DEVICES, Severity::Notice, "");
    let address = newest.address.rsplit_once(':').map_or(newest.address.as_str(), |(host, _)| host);
    (unknown.len() >= LEAST_UNKNOWN).then(|| finding.with("Count", unknown.len()).with("Address", address))
}

/// Devices of the account that fail to log in.
pub(super) fn failing_logins(look: &Look, platform: &Platform) -> Vec<Finding> {
    let mut failing: HashMap<String, (usize, ConnectRefusal)> = HashMap::new();
    for refusal in refusals(look, platform) {
        // The newest comes first, and its reason counts.
        if let Some(reason) = ConnectRefusal::ALL.iter().find(|known| known.as_str() == refusal.reason) {
            failing.entry(refusal.identity).or_insert((0, *reason)).0 += 1;
        }
    }
    let mut failing: Vec<_> = failing.into_iter().filter(|(_, (count, _))| *count >= LEAST_FAILED).collect();
    failing.sort_by(|one, other| other.1.0.cmp(&one.1.0).then_with(|| one.0.cmp(&other.0)));
    let found = failing.into_iter().filter_map(|(identity, (count, reason))| {
        let product = look.products.iter().find(|product| identity.starts_with(product.id.as_str()))?;
        let device = product.device(identity.get(product.id.as_str().len()..)?)?;
        // What came through afterwards is no longer a failing device.
        let online = device.status().status == Status::Online;
        let finding = about(product, &kinds::LOGIN_FAILS, Severity::Warning)
            .named(&identity)
            .with("Device", device.name.as_str())
            .with("Count", count)
            .with("ReasonId", reason.as_str())
            .in_words("Reason", kinds::refused(reason));
        (!online).then(|| finding.on(format!("/devices/{}/{}?tab=connect", product.id, device.name)))
    });
    found.collect()
}
