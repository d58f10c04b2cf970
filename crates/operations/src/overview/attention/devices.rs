//! Products and devices: certificates that end, registration that is open.

use yizhan_devices::Product;
use yizhan_store::DynamicRegistration;

use super::{DAY_MS, Finding, Look, Severity, kinds};
use crate::failure::Outcome;
use crate::platform::Platform;

/// Certificates are told of so many days before their end.
const ENDING_DAYS: i64 = 30;
const URGENT_DAYS: i64 = 7;

const fn severity(days: i64) -> Severity {
    if days < URGENT_DAYS { Severity::Critical } else { Severity::Warning }
}

/// Certificates of devices, product by product.
pub(super) fn certificates(look: &Look, platform: &Platform) -> Outcome<Vec<Finding>> {
    let ending = platform.store.certificates_ending_before(look.now.plus_ms(ENDING_DAYS * DAY_MS))?;
    let found = ending.into_iter().filter_map(|ending| {
        let product = look.products.iter().find(|product| product.id == ending.product)?;
        let days = look.days_until(ending.first);
        let kind = if days < 0 { &kinds::DEVICE_CERTIFICATES_ENDED } else { &kinds::DEVICE_CERTIFICATES_END };
        let finding = about(product, kind, severity(days)).with("Count", ending.devices).with("Days", days);
        Some(finding.on(format!("/devices?product={}", product.id)))
    });
    Ok(found.collect())
}

/// Private authorities of the account.
pub(super) fn authorities(look: &Look, platform: &Platform) -> Vec<Finding> {
    let authorities = platform.devices.own_authorities(look.owner).into_iter();
    let found = authorities.filter_map(|authority| {
        let days = look.days_until(authority.facts.not_after);
        let kind = if days < 0 { &kinds::OWN_AUTHORITY_ENDED } else { &kinds::OWN_AUTHORITY_ENDS };
        let finding = Finding::new(kind, severity(days), &authority.name);
        (days < ENDING_DAYS).then(|| finding.with("Name", authority.name.as_str()).with("Days", days))
    });
    found.collect()
}

/// Products whose devices need not be known beforehand.
pub(super) fn open_registration(look: &Look) -> Vec<Finding> {
    let found = look.products.iter().filter_map(|product| {
        let settings = product.settings();
        let DynamicRegistration::AutoCreate { quota } = settings.dynamic_registration else { return None };
        let left = quota.saturating_sub(settings.auto_created);
        let finding = about(product, &kinds::REGISTRATION_OPEN, Severity::Notice).with("Left", left);
        (left > 0).then(|| finding.on(format!("/products/{}", product.id)))
    });
    found.collect()
}

/// A finding about a product, which is named by its id and its name.
pub(super) fn about(product: &Product, kind: &'static kinds::Kind, severity: Severity) -> Finding {
    let finding = Finding::new(kind, severity, product.id.as_str());
    finding.with("ProductId", product.id.as_str()).with("Product", product.settings().name.as_str())
}
