//! The directory through its public calls, over a real registry.

use std::path::Path;
use std::time::Duration;

use yizhan_identity::cloud_signature::{
    CloudCall, CloudRequest, Method, SignatureError, SignedHeaders, sign_tc3,
};
use yizhan_store::Store;
use yizhan_vocabulary::{Monotonic, UnixMillis};

use super::*;

struct Noon;

impl Clock for Noon {
    fn now(&self) -> UnixMillis {
        UnixMillis(1_700_000_000_000)
    }

    fn monotonic(&self) -> Monotonic {
        Monotonic(0)
    }
}

fn people_with(dir: &Path, settings: PeopleSettings) -> People {
    People::load(Arc::new(Store::open(dir).unwrap()), Arc::new(Noon), settings).unwrap()
}

fn people(dir: &Path) -> People {
    people_with(dir, PeopleSettings::default())
}

#[test]
fn a_key_has_the_vendors_form_and_works_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let created = people(dir.path()).create_key(Uin::FIRST, "back end").unwrap();
    let id = created.key.id().to_string();
    assert!(id.starts_with("AKID") && id.len() == 36, "{id}");
    assert_eq!(created.secret_key.expose().len(), 32);
    assert_ne!(&id[4..], created.secret_key.expose());
    let key = people(dir.path()).key(&id).unwrap();
    assert_eq!(key.secret(), &created.secret_key);
    assert_eq!((key.account().uin, key.account().root(), key.remark()), (Uin::FIRST, Uin::FIRST, "back end"));
    assert!(!format!("{key:?}").contains(created.secret_key.expose()));
}

#[test]
fn a_disabled_or_deleted_key_is_refused_at_once_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let id = open.create_key(Uin::FIRST, "").unwrap().key.id().to_string();
    open.change_key(Uin::FIRST, &id, KeyChange::Disable).unwrap();
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::KeyDisabled);
    drop(open);
    let open = people(dir.path());
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::KeyDisabled);
    open.change_key(Uin::FIRST, &id, KeyChange::Enable).unwrap();
    open.key(&id).unwrap();
    open.delete_key(Uin::FIRST, &id).unwrap();
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::Unknown);
    drop(open);
    assert_eq!(people(dir.path()).key(&id).unwrap_err(), KeyRefusal::Unknown);
}

#[test]
fn keys_fall_with_their_account_and_with_the_root_account_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let sub = open.create_sub(Uin::FIRST, "partner", "").unwrap().uin;
    let id = open.create_key(sub, "").unwrap().key.id().to_string();
    open.enable_account(sub, false).unwrap();
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::AccountDisabled);
    open.enable_account(sub, true).unwrap();
    assert_eq!(open.key(&id).unwrap().account().root(), Uin::FIRST);
    open.enable_account(Uin::FIRST, false).unwrap();
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::AccountDisabled);
    drop(open);
    let open = people(dir.path());
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::AccountDisabled);
    open.enable_account(Uin::FIRST, true).unwrap();
    open.key(&id).unwrap();
    open.delete_account(sub).unwrap();
    assert_eq!(open.key(&id).unwrap_err(), KeyRefusal::Unknown);
}

#[test]
fn an_account_changes_only_its_own_keys() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let other = open.create_root("other", "").unwrap().uin;
    let id = open.create_key(Uin::FIRST, "").unwrap().key.id().to_string();
    assert!(matches!(open.change_key(other, &id, KeyChange::Disable), Err(PeopleError::NotFound(_))));
    assert!(matches!(open.delete_key(other, &id), Err(PeopleError::NotFound(_))));
    open.key(&id).unwrap();
}

#[test]
fn there_are_only_so_many_accounts_and_keys() {
    let dir = tempfile::tempdir().unwrap();
    let settings = PeopleSettings {
        max_accounts: 3,
        max_sub_accounts: 1,
        max_keys_per_account: 1,
        ..PeopleSettings::default()
    };
    let open = people_with(dir.path(), settings);
    open.create_key(Uin::FIRST, "").unwrap();
    assert!(matches!(open.create_key(Uin::FIRST, ""), Err(PeopleError::LimitReached(_))));
    open.create_sub(Uin::FIRST, "one", "").unwrap();
    assert!(matches!(open.create_sub(Uin::FIRST, "two", ""), Err(PeopleError::LimitReached(_))));
    let other = open.create_root("two", "").unwrap().uin;
    assert!(matches!(open.create_sub(other, "one", ""), Err(PeopleError::LimitReached(_))));
}

#[test]
fn sub_accounts_sit_under_root_accounts_only_and_names_are_checked() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let sub = open.create_sub(Uin::FIRST, "one", "").unwrap();
    assert!(matches!(open.create_sub(sub.uin, "two", ""), Err(PeopleError::NotFound(_))));
    assert!(matches!(open.create_sub(Uin::FIRST, "one", ""), Err(PeopleError::Conflict(_))));
    for bad in ["", "a b", "名", &"x".repeat(65)] {
        assert!(matches!(open.create_sub(Uin::FIRST, bad, ""), Err(PeopleError::Invalid(_))), "{bad}");
    }
    assert!(matches!(open.delete_account(Uin::FIRST), Err(PeopleError::Conflict(_))));
    assert_eq!(open.sub_accounts(Uin::FIRST), [sub]);
    assert_eq!(open.root_accounts().len(), 1);
}

#[test]
fn the_last_use_comes_back_once_a_minute_to_be_written_down() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let key = open.create_key(Uin::FIRST, "").unwrap().key;
    assert_eq!(key.last_use(), None);
    let from = Some([192, 0, 2, 1].into());
    let noted = key.used(UnixMillis(1_000_000), from).unwrap();
    open.note_use(&noted);
    assert_eq!(key.used(UnixMillis(1_059_999), from), None);
    assert!(key.used(UnixMillis(1_060_000), from).is_some());
    assert!(key.used(UnixMillis(5), from).is_some(), "the clock was set back");
    drop(open);
    let key = people(dir.path()).key(key.id()).unwrap();
    let expected = LastUse { at: UnixMillis(1_000_000), from: Some("192.0.2.1".to_owned()) };
    assert_eq!(key.last_use(), Some(expected));
}

#[test]
fn a_request_is_proved_by_its_keys_secret_whatever_was_proved_before() {
    const NOW: i64 = 1_700_000_000;
    const HEADERS: SignedHeaders<'_> = SignedHeaders { content_type: "application/json", host: "127.0.0.1" };
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let created = open.create_key(Uin::FIRST, "").unwrap();
    let verdict = |secret: &str, service: &str, time: i64| {
        let signed = (Method::Post, "", b"{}".as_slice());
        let value = sign_tc3((created.key.id(), secret), service, time, HEADERS, signed).unwrap();
        let time = time.to_string();
        let header = |name: &str| match name {
            "authorization" => Some(value.as_bytes()),
            "x-tc-timestamp" => Some(time.as_bytes()),
            "content-type" => Some(HEADERS.content_type.as_bytes()),
            "host" => Some(HEADERS.host.as_bytes()),
            "x-tc-action" => Some(b"GetProjectList".as_slice()),
            "x-tc-version" => Some(b"2019-04-23".as_slice()),
            _ => None,
        };
        let request =
            CloudRequest { method: Method::Post, path: "/", query: "", header: &header, body: b"{}" };
        let call = CloudCall::read(request).unwrap();
        let claim = call.claim(UnixMillis(NOW * 1_000), Duration::from_secs(2 * 86_400)).unwrap();
        open.key(claim.secret_id()).unwrap().verify(&claim)
    };
    let (secret, wrong) = (created.secret_key.expose(), "another-secret");
    let yesterday = NOW - 86_400;
    for (service, time) in
        [("iotexplorer", NOW), ("iotexplorer", NOW), ("127", NOW), ("iotexplorer", yesterday)]
    {
        assert_eq!(verdict(wrong, service, time), Err(SignatureError::WrongSignature));
        assert_eq!(verdict(secret, service, time), Ok(()), "{service} {time}");
        assert_eq!(
            verdict(wrong, service, time),
            Err(SignatureError::WrongSignature),
            "the kept key is no pass"
        );
    }
}

const PROJECT: &str = "qcs::iotexplorer:gz:uin/100000000001:project/prj-1";
const READ: &str =
    r#"{"version":"2.0","statement":{"effect":"allow","action":"iotexplorer:Describe*","resource":"*"}}"#;
const CLOSE: &str = r#"{"version":"2.0","statement":{"effect":"deny","action":"*","resource":"*"}}"#;

fn new_policy(owner: Uin, name: &str, document: &str) -> NewPolicy {
    NewPolicy { owner, name: name.into(), description: String::new(), document: document.into() }
}

fn may_describe(open: &People, account: Uin) -> bool {
    let account = open.account(account).unwrap();
    open.rights(&account).is_none_or(|rights| rights.decide("DescribeProject", PROJECT).allowed)
}

#[test]
fn a_sub_account_may_do_what_its_policies_say_from_then_on_and_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let sub = open.create_sub(Uin::FIRST, "partner", "").unwrap().uin;
    assert!(may_describe(&open, Uin::FIRST) && !may_describe(&open, sub));
    let read = open.create_policy(new_policy(Uin::FIRST, "read", READ)).unwrap().id;
    let close = open.create_policy(new_policy(Uin::FIRST, "close", CLOSE)).unwrap().id;
    open.attach_policy(Uin::FIRST, sub, close).unwrap();
    open.attach_policy(Uin::FIRST, sub, read).unwrap();
    assert!(!may_describe(&open, sub), "deny wins");
    open.change_policy(Uin::FIRST, close, None, Some(READ.into())).unwrap();
    assert!(may_describe(&open, sub), "a changed policy changes at once for all");
    open.delete_policies(Uin::FIRST, &[close, close]).unwrap();
    assert_eq!(open.attached_to(Uin::FIRST, read), [sub]);
    drop(open);
    let open = people(dir.path());
    assert!(may_describe(&open, sub));
    let rights = open.rights(&open.account(sub).unwrap()).unwrap();
    let (explanation, decided) = rights.explain("DescribeProject", PROJECT);
    assert!(explanation.en.contains("policy read") && decided.unwrap().id == read);
    open.detach_policy(Uin::FIRST, sub, read).unwrap();
    assert!(!may_describe(&open, sub));
}

#[test]
fn policies_of_another_root_account_do_not_exist() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let other = open.create_root("other", "").unwrap().uin;
    let (ours, theirs) =
        (open.create_sub(Uin::FIRST, "a", "").unwrap().uin, open.create_sub(other, "a", "").unwrap().uin);
    let read = open.create_policy(new_policy(Uin::FIRST, "read", READ)).unwrap().id;
    assert!(open.policy(other, read).is_none());
    for refused in [
        open.change_policy(other, read, None, Some(CLOSE.into())).map(drop),
        open.delete_policies(other, &[read]),
        open.attach_policy(other, theirs, read),
        open.attach_policy(Uin::FIRST, theirs, read),
        open.attach_policy(Uin::FIRST, Uin::FIRST, read),
        open.attach_policy(other, ours, read),
    ] {
        assert!(matches!(refused, Err(PeopleError::NotFound(_))), "{refused:?}");
    }
    assert_eq!(open.policy(Uin::FIRST, read).unwrap().document, READ);
}

#[test]
fn there_are_only_so_many_policies_and_attachments_and_bad_documents_are_not_kept() {
    let dir = tempfile::tempdir().unwrap();
    let settings =
        PeopleSettings { max_policies_per_account: 2, max_attachments: 1, ..PeopleSettings::default() };
    let open = people_with(dir.path(), settings);
    let sub = open.create_sub(Uin::FIRST, "partner", "").unwrap().uin;
    let bad = open.create_policy(new_policy(Uin::FIRST, "bad", "{}"));
    assert!(matches!(bad, Err(PeopleError::InvalidPolicy(_))));
    let one = open.create_policy(new_policy(Uin::FIRST, "one", READ)).unwrap().id;
    let two = open.create_policy(new_policy(Uin::FIRST, "two", READ)).unwrap().id;
    let three = open.create_policy(new_policy(Uin::FIRST, "three", READ));
    assert!(matches!(three, Err(PeopleError::LimitReached(_))));
    open.attach_policy(Uin::FIRST, sub, one).unwrap();
    open.attach_policy(Uin::FIRST, sub, one).unwrap();
    assert!(matches!(open.attach_policy(Uin::FIRST, sub, two), Err(PeopleError::LimitReached(_))));
}

#[test]
fn preset_policies_can_be_attached_everywhere_and_changed_nowhere() {
    let dir = tempfile::tempdir().unwrap();
    let open = people(dir.path());
    let other = open.create_root("other", "").unwrap().uin;
    let (ours, theirs) =
        (open.create_sub(Uin::FIRST, "a", "").unwrap().uin, open.create_sub(other, "a", "").unwrap().uin);
    let reading =
        open.presets(Uin::FIRST).into_iter().find(|policy| policy.name == "ReadOnlyAccess").unwrap();
    open.attach_policy(Uin::FIRST, ours, reading.id).unwrap();
    open.attach_policy(other, theirs, reading.id).unwrap();
    assert!(may_describe(&open, ours) && !may_describe(&open, theirs), "the project is the first account's");
    assert_eq!(open.attached_to(other, reading.id), [theirs]);
    drop(open);
    let open = people(dir.path());
    assert!(may_describe(&open, ours));
    let rights = open.rights(&open.account(ours).unwrap()).unwrap();
    assert!(rights.hides_secrets("qcs::iotexplorer:gz:uin/100000000001:*"));
    for refused in [
        open.change_policy(Uin::FIRST, reading.id, None, Some(CLOSE.into())).map(drop),
        open.delete_policies(Uin::FIRST, &[reading.id]),
    ] {
        assert!(matches!(refused, Err(PeopleError::Invalid(_))), "{refused:?}");
    }
    let taken = open.create_policy(new_policy(Uin::FIRST, "ReadOnlyAccess", READ));
    assert!(matches!(taken, Err(PeopleError::Conflict(_))));
    open.detach_policy(Uin::FIRST, ours, reading.id).unwrap();
    assert!(!may_describe(&open, ours));
}
