//! Accounts, keys, policies and the audit log as their users see them: what goes in comes out, after a restart too.

#![expect(clippy::unwrap_used, reason = "the situations of tests are built from values known to be good")]

use std::path::Path;

use yizhan_store::{
    AccountRow, ApiKeyRow, AuditQuery, AuditRow, DATABASE_FILE, PolicyRow, Secret, Store, StoreError,
};
use yizhan_vocabulary::{Uin, UnixMillis};

const SECRET: &str = "kVcqtRMqFPpTw0UwDgQ0PqwRXIHYgZkN";

fn account(owner: Option<Uin>, name: &str) -> AccountRow {
    AccountRow {
        uin: Uin(0),
        owner,
        name: name.into(),
        remark: String::new(),
        enabled: true,
        created_at: UnixMillis(7),
    }
}

fn key(account: Uin, secret_id: &str) -> ApiKeyRow {
    ApiKeyRow {
        secret_id: secret_id.into(),
        account,
        secret_key: Secret::new(SECRET),
        remark: "a back end".into(),
        enabled: true,
        created_at: UnixMillis(9),
        last_used_at: None,
        last_used_from: None,
    }
}

fn policy(owner: Uin, name: &str) -> PolicyRow {
    PolicyRow {
        id: 0,
        owner,
        name: name.into(),
        description: String::new(),
        document: "{}".into(),
        created_at: UnixMillis(1),
        updated_at: UnixMillis(1),
    }
}

fn open(dir: &Path) -> Store {
    Store::open(dir).unwrap()
}

#[test]
fn an_account_and_its_keys_come_back_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let sub = {
        let store = open(dir.path());
        let sub = store.create_account(&account(Some(Uin::FIRST), "partner")).unwrap();
        store.create_api_key(&key(sub, "AKIDone")).unwrap();
        store.touch_api_key("AKIDone", UnixMillis(60_000), "192.0.2.1").unwrap();
        store.enable_api_key("AKIDone", false).unwrap();
        sub
    };
    let store = open(dir.path());
    let expected = AccountRow { uin: sub, ..account(Some(Uin::FIRST), "partner") };
    assert_eq!(store.accounts().unwrap()[1..], [expected]);
    let used = ApiKeyRow {
        enabled: false,
        last_used_at: Some(UnixMillis(60_000)),
        last_used_from: Some("192.0.2.1".into()),
        ..key(sub, "AKIDone")
    };
    assert_eq!(store.api_keys().unwrap(), [used]);
}

#[test]
fn a_keys_secret_is_not_in_the_file_and_opens_in_its_own_row_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for id in ["AKIDone", "AKIDtwo"] {
        store.create_api_key(&key(Uin::FIRST, id)).unwrap();
    }
    let copy = dir.path().join("copy");
    store.backup_to(&copy).unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    assert!(!bytes.windows(SECRET.len()).any(|window| window == SECRET.as_bytes()));
    let connection = rusqlite::Connection::open(dir.path().join(DATABASE_FILE)).unwrap();
    let swap = "UPDATE api_keys SET secret_key_sealed = (SELECT secret_key_sealed FROM api_keys WHERE secret_id = \
                'AKIDtwo') WHERE secret_id = 'AKIDone'";
    connection.execute(swap, []).unwrap();
    assert!(matches!(store.api_keys(), Err(StoreError::Internal(_))));
    assert_eq!(store.integrity().unwrap().problems.len(), 1);
}

#[test]
fn an_accounts_number_is_never_given_again_and_its_keys_go_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let first = store.create_account(&account(Some(Uin::FIRST), "partner")).unwrap();
    store.create_api_key(&key(first, "AKIDone")).unwrap();
    store.delete_account(first).unwrap();
    assert_eq!(store.api_keys().unwrap(), []);
    assert!(store.create_account(&account(Some(Uin::FIRST), "partner")).unwrap() > first);
    assert!(matches!(store.create_api_key(&key(first, "AKIDone")), Err(StoreError::NotFound(_))));
}

#[test]
fn names_are_unique_within_their_root_account_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = store.create_account(&account(None, "other")).unwrap();
    let sub = store.create_account(&account(Some(Uin::FIRST), "partner")).unwrap();
    store.create_account(&account(Some(other), "partner")).unwrap();
    for taken in [account(Some(Uin::FIRST), "partner"), account(None, "other")] {
        assert!(matches!(store.create_account(&taken), Err(StoreError::Conflict(_))));
    }
    let renamed = AccountRow { uin: other, name: "root".into(), ..account(None, "other") };
    assert!(matches!(store.change_account(&renamed), Err(StoreError::Conflict(_))));
    let gone = AccountRow { uin: Uin(5), ..account(None, "gone") };
    assert!(matches!(store.change_account(&gone), Err(StoreError::NotFound(_))));
    assert!(sub > other);
}

#[test]
fn a_root_account_that_owns_something_stays() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    assert!(matches!(store.delete_account(Uin::FIRST), Err(StoreError::Conflict(_))));
    let other = store.create_account(&account(None, "other")).unwrap();
    let policy = store.create_policy(&policy(other, "all")).unwrap();
    let sub = store.create_account(&account(Some(other), "partner")).unwrap();
    assert!(matches!(store.delete_account(other), Err(StoreError::Conflict(_))));
    store.delete_account(sub).unwrap();
    assert!(matches!(store.delete_account(other), Err(StoreError::Conflict(_))));
    store.delete_policies(&[policy]).unwrap();
    store.delete_account(other).unwrap();
}

#[test]
fn a_policy_is_attached_to_sub_accounts_of_its_owner_only() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = store.create_account(&account(None, "other")).unwrap();
    let ours = store.create_account(&account(Some(Uin::FIRST), "ours")).unwrap();
    let theirs = store.create_account(&account(Some(other), "theirs")).unwrap();
    let policy = store.create_policy(&policy(Uin::FIRST, "all")).unwrap();
    store.attach_policy(ours, policy).unwrap();
    store.attach_policy(ours, policy).unwrap();
    for refused in [theirs, other, Uin::FIRST, Uin(1)] {
        assert!(matches!(store.attach_policy(refused, policy), Err(StoreError::NotFound(_))), "{refused}");
    }
    assert_eq!(store.policy_attachments().unwrap(), [(ours, policy)]);
    store.detach_policy(ours, policy).unwrap();
    assert!(matches!(store.detach_policy(ours, policy), Err(StoreError::NotFound(_))));
    store.attach_policy(ours, policy).unwrap();
    assert!(matches!(store.delete_policies(&[policy, policy + 1]), Err(StoreError::NotFound(_))));
    assert_eq!(store.policy_attachments().unwrap(), [(ours, policy)], "all of them or none");
    store.delete_policies(&[policy]).unwrap();
    assert_eq!(store.policy_attachments().unwrap(), []);
}

fn entry(at: i64, owner: Uin, operation: &str) -> AuditRow {
    AuditRow {
        id: 0,
        at: UnixMillis(at),
        owner,
        actor: owner,
        means: "AKIDone".into(),
        address: "192.0.2.1".into(),
        operation: operation.into(),
        resource: String::new(),
        outcome: "ok".into(),
        request: "{}".into(),
        before: None,
        after: Some("{}".into()),
        request_id: "r-1".into(),
    }
}

fn all_of(owner: Uin) -> AuditQuery {
    AuditQuery {
        owner,
        from: UnixMillis(0),
        until: UnixMillis(1_000),
        actor: None,
        operation: None,
        older_than: None,
        limit: 10,
    }
}

fn numbers(store: &Store, query: &AuditQuery) -> Vec<i64> {
    store.audit_entries(query).unwrap().iter().map(|entry| entry.id).collect()
}

#[test]
fn the_audit_log_is_read_newest_first_page_by_page_and_filtered() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let other = Uin(2);
    let entries = [
        entry(10, Uin::FIRST, "CreateProject"),
        entry(20, other, "CreateProject"),
        entry(20, Uin::FIRST, "DeleteProject"),
        entry(20, Uin::FIRST, "CreateProject"),
        // The clock was set back.
        AuditRow { actor: Uin(9), ..entry(15, Uin::FIRST, "DeleteProject") },
    ];
    store.add_audit_entries(&entries, 100).unwrap();
    let all = all_of(Uin::FIRST);
    assert_eq!(numbers(&store, &all), [4, 3, 5, 1]);
    assert_eq!(store.audit_entries(&all_of(other)).unwrap(), [AuditRow { id: 2, ..entries[1].clone() }]);
    let page = AuditQuery { older_than: Some((UnixMillis(20), 4)), limit: 2, ..all.clone() };
    assert_eq!(numbers(&store, &page), [3, 5]);
    let deletions = AuditQuery { operation: Some("DeleteProject".into()), ..all.clone() };
    assert_eq!(numbers(&store, &deletions), [3, 5]);
    let by_nine = AuditQuery { actor: Some(Uin(9)), ..all.clone() };
    assert_eq!(numbers(&store, &by_nine), [5]);
    let hour = AuditQuery { from: UnixMillis(15), until: UnixMillis(20), ..all };
    assert_eq!(numbers(&store, &hour), [5]);
}

#[test]
fn the_oldest_audit_entries_make_room() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    for at in 1..=5 {
        store.add_audit_entries(&[entry(at, Uin::FIRST, "CreateProject")], 3).unwrap();
    }
    assert_eq!(numbers(&store, &all_of(Uin::FIRST)), [5, 4, 3]);
}

#[test]
fn an_account_that_fills_the_audit_log_pushes_out_its_own_entries_only() {
    let dir = tempfile::tempdir().unwrap();
    let (quiet, busy, loud) = (Uin::FIRST, Uin(2), Uin(3));
    let store = open(dir.path());
    let add = |store: &Store, owner, at| {
        store.add_audit_entries(&[entry(at, owner, "CreateProject")], 9).unwrap();
    };
    (1..=2).for_each(|at| add(&store, quiet, at));
    (3..=8).for_each(|at| add(&store, busy, at));
    (9..=40).for_each(|at| add(&store, loud, at));
    // The numbers are counted anew after a restart.
    let store = {
        drop(store);
        open(dir.path())
    };
    (41..=50).for_each(|at| add(&store, loud, at));
    assert_eq!(numbers(&store, &all_of(quiet)), [2, 1]);
    let (busy, loud) = (numbers(&store, &all_of(busy)), numbers(&store, &all_of(loud)));
    assert_eq!(busy.len() + loud.len(), 7);
    assert!(busy.len() >= 3 && loud.len() >= 3, "{busy:?} {loud:?}");
    assert_eq!((busy[0], loud[0]), (8, 50), "the newest stay");
    drop(store);
    let store = open(dir.path());
    store.add_audit_entries(&[entry(60, Uin(3), "CreateProject")], 4).unwrap();
    let left = [quiet, Uin(2), Uin(3)].map(|owner| numbers(&store, &all_of(owner)).len());
    assert_eq!(left.iter().sum::<usize>(), 4);
    assert!(left.iter().all(|left| *left >= 1), "{left:?}");
}
