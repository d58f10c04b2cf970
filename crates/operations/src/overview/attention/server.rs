//! The installation itself: its certificates, its disk, its backups.

use yizhan_identity::authority::inspect_pem;

use super::{Finding, Look, Severity, kinds};
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;
use crate::system::storage;

/// The server renews its own certificates 30 days before they end; one that is nearer to its end was not renewed.
const RENEWED_DAYS: i64 = 25;
/// An authority is not renewed by itself, and every device must be told of a new one.
const AUTHORITY_DAYS: i64 = 180;
const AUTHORITY_URGENT_DAYS: i64 = 30;
/// Free space is low when less than this many times the least is left.
const LOW_FACTOR: u64 = 3;
const FORECAST_DAYS: u64 = 30;
const FORECAST_URGENT_DAYS: u64 = 7;
/// A backup is old after so many days.
const BACKUP_DAYS: i64 = 7;

/// Certificates that end.
pub(super) fn certificates(look: &Look, platform: &Platform) -> Outcome<Vec<Finding>> {
    let Some(row) = platform.store.authority()? else { return Ok(Vec::new()) };
    let ends = |pem: &str| {
        let facts = inspect_pem(pem).map_err(|error| {
            tracing::error!(%error, "a certificate of the server cannot be read");
            Failure::new(Code::InternalError)
        })?;
        Ok::<_, Failure>(look.days_until(facts.not_after))
    };
    let mut found = Vec::new();
    let own = [("RSA", Some(&row.server_rsa)), ("ECDSA", row.server_ec.as_ref())];
    for (role, certificate) in own {
        let Some(certificate) = certificate else { continue };
        let days = ends(&certificate.certificate)?;
        if days < RENEWED_DAYS {
            let kind =
                if days < 0 { &kinds::SERVER_CERTIFICATE_ENDED } else { &kinds::SERVER_CERTIFICATE_ENDS };
            found.push(Finding::new(kind, Severity::Critical, role).with("Role", role).with("Days", days));
        }
    }
    let days = ends(&row.ca_certificate)?;
    if days < AUTHORITY_DAYS {
        let kind = if days < 0 { &kinds::AUTHORITY_ENDED } else { &kinds::AUTHORITY_ENDS };
        let severity = if days < AUTHORITY_URGENT_DAYS { Severity::Critical } else { Severity::Warning };
        found.push(Finding::new(kind, severity, "").with("Days", days));
    }
    Ok(found)
}

/// A disk that is full, or will be.
pub(super) fn storage(platform: &Platform) -> Outcome<Vec<Finding>> {
    let mut found = Vec::new();
    let journal = platform.system.journal();
    if let Err(refused) = journal.accepting() {
        let finding = Finding::new(&kinds::WRITES_NOT_TAKEN, Severity::Critical, "");
        found.push(finding.with("Reason", refused.to_string()));
    }
    let measured = storage::measure(platform)?;
    let (free, least) = measured.room();
    if free < least.saturating_mul(LOW_FACTOR) {
        let severity = if free < least { Severity::Critical } else { Severity::Warning };
        let finding = Finding::new(&kinds::DISK_LOW, severity, "");
        found.push(finding.with("Free", size(free)).with("Least", size(least)));
    }
    if let Some((days, growth)) = measured.lasts()
        && days < FORECAST_DAYS
    {
        let severity = if days < FORECAST_URGENT_DAYS { Severity::Critical } else { Severity::Warning };
        let finding = Finding::new(&kinds::DISK_FORECAST, severity, "");
        found.push(finding.with("Days", days).with("Growth", size(growth)));
    }
    let stats = journal.stats();
    if let Some(reason) = stats.last_seal_failure.filter(|_| stats.seal_failures > 0) {
        let finding = Finding::new(&kinds::SEALING_FAILS, Severity::Warning, "");
        found.push(finding.with("Count", stats.seal_failures).with("Reason", reason));
    }
    Ok(found)
}

/// Backups that were made once and are not made any more.
pub(super) fn backups(look: &Look, platform: &Platform) -> Option<Finding> {
    let newest = platform.system.newest_backup()?;
    let days = look.days_since(newest);
    let finding = Finding::new(&kinds::BACKUP_OLD, Severity::Warning, "");
    (days >= BACKUP_DAYS).then(|| finding.with("Days", days))
}

/// A number of bytes for people.
fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1000.0 && unit + 1 < UNITS.len() {
        value /= 1000.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 100.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_have_a_unit_and_no_more_digits_than_help() {
        let sizes = [0, 999, 1_000, 1_234_567, 250_000_000, 8_000_000_000_000_000].map(size);
        assert_eq!(sizes, ["0 B", "999 B", "1.0 kB", "1.2 MB", "250 MB", "8000 TB"]);
    }
}
