//! The certificate authority and the server's certificates: whether devices that check them still accept them.

use yizhan_identity::authority::inspect_pem;
use yizhan_store::Store;
use yizhan_vocabulary::clock::SystemClock;
use yizhan_vocabulary::{Clock, UnixMillis};

use super::report::Report;
use crate::output::show_time;

const SUBJECT: &str = "certificates";
const MONTH_MS: i64 = 30 * 86_400_000;

pub(super) fn check(store: &Store, report: &mut Report) {
    let authority = match store.authority() {
        Ok(Some(authority)) => authority,
        Ok(None) => return report.ok(SUBJECT, "none yet; the first start makes them"),
        Err(error) => {
            return report.problem(SUBJECT, error.to_string(), "restore the registry from a backup");
        }
    };
    let now = SystemClock::start().now();
    let renewed = "start the server: it renews its own certificates";
    one("the server's RSA certificate", &authority.server_rsa.certificate, now, renewed, report);
    if let Some(server) = &authority.server_ec {
        one("the server's ECDSA certificate", &server.certificate, now, renewed, report);
    }
    let replaced = "devices that trust this authority must get a new one before then";
    one("the authority's certificate", &authority.ca_certificate, now, replaced, report);
}

fn one(what: &str, pem: &str, now: UnixMillis, advice: &str, report: &mut Report) {
    let facts = match inspect_pem(pem) {
        Ok(facts) => facts,
        Err(error) => {
            return report.problem(SUBJECT, format!("{what}: {error}"), "restore the registry from a backup");
        }
    };
    let until = show_time(facts.not_after.0);
    if now < facts.not_before {
        let message = format!("{what} is valid only from {}", show_time(facts.not_before.0));
        report.problem(SUBJECT, message, "set this machine's clock");
    } else if facts.not_after < now {
        report.problem(SUBJECT, format!("{what} ended at {until}"), advice);
    } else if facts.not_after < now.plus_ms(MONTH_MS) {
        report.warning(SUBJECT, format!("{what} ends at {until}"), advice);
    } else {
        report.ok(SUBJECT, format!("{what} is valid until {until}"));
    }
}
