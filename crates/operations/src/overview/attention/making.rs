//! Batches with devices that could not be made, and activation codes that run out.

use std::collections::HashMap;

use yizhan_devices::LicenceUse;
use yizhan_vocabulary::ProductId;

use super::{DAY_MS, Finding, Look, Severity, kinds};
use crate::failure::Outcome;
use crate::platform::Platform;

/// Batches are told of for so many days after they ended.
const BATCH_DAYS: i64 = 30;
/// The newest batches that are looked at.
const NEWEST_BATCHES: u64 = 100;
/// Codes run out when less than one of so many is left.
const LOW_SHARE: u64 = 10;

/// Batches with devices that were not made.
pub(super) fn batches(look: &Look, platform: &Platform) -> Outcome<Vec<Finding>> {
    let names: HashMap<ProductId, String> =
        look.products.iter().map(|product| (product.id, product.settings().name.clone())).collect();
    let products: Vec<ProductId> = names.keys().copied().collect();
    let (batches, _) = platform.batches.list(&products, 0, NEWEST_BATCHES)?;
    let recent = |at| look.now.0.saturating_sub(at) < BATCH_DAYS * DAY_MS;
    let failed = batches.into_iter().filter(|batch| batch.refused > 0 && recent(batch.updated_at.0));
    let found = failed.map(|batch| {
        let product = names.get(&batch.product).cloned().unwrap_or_default();
        Finding::new(&kinds::BATCH_FAILED, Severity::Warning, &batch.id)
            .with("ProductId", batch.product.as_str())
            .with("Product", product)
            .with("Refused", batch.refused)
            .with("Wanted", batch.wanted)
            .on(format!("/production/{}/{}", batch.product, batch.id))
            .with("Batch", batch.id)
    });
    Ok(found.collect())
}

/// Kinds of activation codes of which few are left.
pub(super) fn licences(look: &Look, platform: &Platform) -> Outcome<Vec<Finding>> {
    let licences = platform.devices.licences(look.owner)?;
    let free = licences.free.total.saturating_sub(licences.free.used);
    let kinds = [
        ("normal", licences.normal, free),
        ("bluetooth", licences.bluetooth, free),
        ("video", licences.video, 0),
    ];
    let found = kinds.into_iter().filter_map(|(kind, codes, spare)| few_left(kind, codes, spare));
    Ok(found.collect())
}

/// `spare` are codes that may stand in for those of the kind.
fn few_left(kind: &'static str, codes: LicenceUse, spare: u64) -> Option<Finding> {
    let left = codes.total.saturating_sub(codes.used) + spare;
    if !codes.limited || left.saturating_mul(LOW_SHARE) >= codes.total {
        return None;
    }
    let severity = if left == 0 { Severity::Critical } else { Severity::Warning };
    let finding = Finding::new(&kinds::LICENCES_LOW, severity, kind);
    Some(finding.with("Type", kind).with("Used", codes.used).with("Total", codes.total))
}
