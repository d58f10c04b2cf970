//! Logins through the directory's public calls, over a real registry and a clock that the test moves.

use std::net::IpAddr;
use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use yizhan_vocabulary::{Clock, Monotonic};

use super::*;
use crate::PeopleSettings;

const PASSWORD: &str = "correct horse battery";
const OTHER: &str = "another horse battery";

/// Milliseconds since the test began.
struct Hand(AtomicI64);

impl Hand {
    fn forward(&self, time: Duration) {
        self.0.fetch_add(time.as_millis() as i64, Ordering::SeqCst);
    }
}

impl Clock for Hand {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_700_000_000_000 + self.0.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(self.0.load(Ordering::SeqCst).unsigned_abs())
    }
}

fn people(dir: &Path, limits: SessionLimits) -> (People, Arc<Hand>) {
    let clock = Arc::new(Hand(AtomicI64::new(0)));
    let settings = PeopleSettings { sessions: limits, ..PeopleSettings::default() };
    let store = Arc::new(Store::open(dir).unwrap());
    (People::load(store, Arc::clone(&clock) as Arc<dyn Clock>, settings).unwrap(), clock)
}

fn from(last: u8) -> LoginOrigin {
    LoginOrigin { address: Some(IpAddr::from([192, 0, 2, last])), agent: "a browser".to_owned() }
}

fn is_open(open: &People, secret: &str) -> bool {
    open.session(secret, &from(1)).is_some()
}

#[test]
fn a_session_survives_a_restart_and_ends_idle_old_or_pushed_out() {
    let dir = tempfile::tempdir().unwrap();
    let hour = Duration::from_secs(3_600);
    let limits = SessionLimits { idle: 2 * hour, age: 5 * hour, per_account: 2 };
    let (open, _) = people(dir.path(), limits);
    open.set_password(Uin::FIRST, Some(PASSWORD), false).unwrap();
    let first = open.log_in("root", PASSWORD, None, &from(1)).unwrap().secret;
    drop(open);
    let (open, clock) = people(dir.path(), limits);
    assert!(is_open(&open, &first));
    for _ in 0..4 {
        clock.forward(hour);
        assert!(is_open(&open, &first));
    }
    clock.forward(hour);
    assert!(!is_open(&open, &first), "it is too old, however much it is used");
    let idle = open.log_in("root", PASSWORD, None, &from(1)).unwrap().secret;
    clock.forward(2 * hour);
    assert!(!is_open(&open, &idle));
    let enter = || open.log_in("root", PASSWORD, None, &from(1)).unwrap().secret;
    let (one, two, three) = (enter(), enter(), enter());
    assert!(!is_open(&open, &one) && is_open(&open, &two) && is_open(&open, &three));
    let session = open.session(&two, &from(1)).unwrap().session;
    open.end_session(&session).unwrap();
    assert!(!is_open(&open, &two) && !open.is_open(&session));
    drop(open);
    let (open, _) = people(dir.path(), limits);
    assert!(!is_open(&open, &one) && !is_open(&open, &two));
}

#[test]
fn a_changed_password_a_disabled_and_a_deleted_account_end_sessions() {
    let dir = tempfile::tempdir().unwrap();
    let (open, _) = people(dir.path(), SessionLimits::default());
    let sub = open.create_sub(Uin::FIRST, "ann", "").unwrap();
    open.set_password(sub.uin, Some(PASSWORD), false).unwrap();
    let enter = |password: &str| open.log_in("ann", password, None, &from(1)).unwrap();
    let (here, elsewhere) = (enter(PASSWORD), enter(PASSWORD));
    let change = |old, new| open.change_password(&sub, &here.session, (old, new), &from(1));
    assert_eq!(change("not the password", OTHER), Err(LoginRefusal::WrongPassword));
    assert!(matches!(change(PASSWORD, "short"), Err(LoginRefusal::Weak(_))));
    change(PASSWORD, OTHER).unwrap();
    assert!(is_open(&open, &here.secret) && !is_open(&open, &elsewhere.secret));
    assert_eq!(open.log_in("ann", PASSWORD, None, &from(1)).err(), Some(LoginRefusal::WrongPassword));

    open.enable_account(Uin::FIRST, false).unwrap();
    assert!(!is_open(&open, &here.secret));
    assert_eq!(open.log_in("ann", OTHER, None, &from(1)).err(), Some(LoginRefusal::AccountDisabled));
    open.enable_account(Uin::FIRST, true).unwrap();
    assert!(!is_open(&open, &here.secret), "an ended session does not come back");
    let last = enter(OTHER).secret;
    open.delete_account(sub.uin).unwrap();
    assert!(!is_open(&open, &last));
    assert_eq!(open.log_in("ann", OTHER, None, &from(1)).err(), Some(LoginRefusal::UnknownAccount));
}

#[test]
fn names_are_those_of_root_accounts_of_the_first_ones_sub_accounts_or_of_both_together() {
    let dir = tempfile::tempdir().unwrap();
    let (open, _) = people(dir.path(), SessionLimits::default());
    let acme = open.create_root("acme", "").unwrap().uin;
    let theirs = open.create_sub(acme, "ann", "").unwrap();
    let ours = open.create_sub(Uin::FIRST, "ann", "").unwrap();
    let hidden = open.create_sub(Uin::FIRST, "acme", "").unwrap();
    let means = |name: &str| open.account_for_login(name).map(|account| account.uin);
    assert_eq!(means("root"), Some(Uin::FIRST));
    assert_eq!(means("acme"), Some(acme));
    assert_eq!(means("ann"), Some(ours.uin));
    assert_eq!(means("acme/ann"), Some(theirs.uin));
    assert_eq!(means("nobody/ann"), None);
    for account in [&theirs, &ours, &hidden] {
        assert_eq!(means(&open.login_name(account)), Some(account.uin), "{}", account.name);
    }
}

#[test]
fn guessing_waits_longer_and_longer_and_a_new_password_forgives() {
    let dir = tempfile::tempdir().unwrap();
    let (open, clock) = people(dir.path(), SessionLimits::default());
    open.set_password(Uin::FIRST, Some(PASSWORD), false).unwrap();
    let guess = |name: &str| open.log_in(name, "not the password", None, &from(1)).err().unwrap();
    for name in ["root", "nobody"] {
        let refusals: Vec<_> = (0..8).map(|_| guess(name)).collect();
        let locked = refusals.iter().filter(|refusal| **refusal == LoginRefusal::LockedOut(2)).count();
        assert_eq!(locked, 2, "{refusals:?}");
    }
    assert_eq!(
        open.log_in("root", PASSWORD, None, &from(1)).err(),
        Some(LoginRefusal::LockedOut(2)),
        "the right password waits as well"
    );
    assert!(open.log_in("root", PASSWORD, None, &from(2)).is_ok(), "elsewhere it does not");
    clock.forward(Duration::from_secs(2));
    assert_eq!(guess("nobody"), LoginRefusal::UnknownAccount);
    assert_eq!(guess("nobody"), LoginRefusal::LockedOut(4));
    open.set_password(Uin::FIRST, Some(OTHER), false).unwrap();
    assert!(open.log_in("root", OTHER, None, &from(1)).is_ok());
}

#[test]
fn a_second_factor_is_asked_for_its_codes_count_once_and_recovery_codes_too() {
    let dir = tempfile::tempdir().unwrap();
    let (open, clock) = people(dir.path(), SessionLimits::default());
    open.set_password(Uin::FIRST, Some(PASSWORD), false).unwrap();
    let root = open.account(Uin::FIRST).unwrap();
    assert!(open.begin_totp(&root, "not the password", &from(1)).is_err());
    let offer = open.begin_totp(&root, PASSWORD, &from(1)).unwrap();
    assert!(open.log_in("root", PASSWORD, None, &from(1)).is_ok(), "an offer alone changes nothing");
    assert_eq!(open.confirm_totp(Uin::FIRST, "12345").err(), Some(LoginRefusal::WrongCode));
    let codes = open.confirm_totp(Uin::FIRST, &code_now(&offer.secret, clock.now())).unwrap();
    assert_eq!(open.log_in("root", PASSWORD, None, &from(1)).err(), Some(LoginRefusal::CodeNeeded));
    let used = code_now(&offer.secret, clock.now());
    assert_eq!(open.log_in("root", PASSWORD, Some(&used), &from(1)).err(), Some(LoginRefusal::WrongCode));
    clock.forward(Duration::from_secs(30));
    let fresh = code_now(&offer.secret, clock.now());
    assert!(open.log_in("root", PASSWORD, Some(&fresh), &from(1)).is_ok());
    assert!(open.log_in("root", PASSWORD, Some(&codes[0]), &from(1)).is_ok());
    drop(open);
    let (open, clock) = people(dir.path(), SessionLimits::default());
    clock.forward(Duration::from_secs(30));
    for replayed in [&fresh, codes[0].as_str()] {
        let again = open.log_in("root", PASSWORD, Some(replayed), &from(1));
        assert_eq!(again.err(), Some(LoginRefusal::WrongCode), "also after a restart");
    }
    assert_eq!(open.login_state(Uin::FIRST).unwrap().recovery_codes, codes.len() - 1);
    open.remove_own_totp(&root, PASSWORD, &from(1)).unwrap();
    assert!(open.log_in("root", PASSWORD, None, &from(1)).is_ok());
}

fn code_now(secret: &str, now: UnixMillis) -> String {
    yizhan_identity::totp::code_at(secret, now).unwrap()
}

#[test]
fn the_first_password_needs_the_setup_code_and_is_set_once() {
    let dir = tempfile::tempdir().unwrap();
    let (open, _) = people(dir.path(), SessionLimits::default());
    let code = open.setup_code().unwrap().to_owned();
    let wrong = open.set_up("not the code", PASSWORD, &from(1));
    assert_eq!(wrong.err(), Some(LoginRefusal::WrongSetupCode));
    assert!(matches!(open.set_up(&code, "short", &from(1)).err(), Some(LoginRefusal::Weak(_))));
    let entered = open.set_up(&code, PASSWORD, &from(1)).unwrap();
    assert!(is_open(&open, &entered.secret) && open.setup_code().is_none());
    assert_eq!(open.set_up(&code, OTHER, &from(1)).err(), Some(LoginRefusal::AlreadySetUp));
    assert!(open.log_in("root", OTHER, None, &from(1)).is_err());
}
