//! Jobs in the registry: what ran when the server stopped is not running afterwards, and old ones make room.

use yizhan_store::{JobRow, JobState, Store};
use yizhan_vocabulary::{Uin, UnixMillis};

fn job(id: &str, actor: Uin, state: JobState) -> JobRow {
    JobRow {
        id: id.into(),
        owner: Uin::FIRST,
        actor,
        kind: "DeleteDevices".into(),
        title: "{}".into(),
        state,
        done: 0,
        total: 7,
        failed: 0,
        failures: "[]".into(),
        result: "{}".into(),
        code: String::new(),
        message: String::new(),
        started_at: UnixMillis(1_795_220_173_000),
        ended_at: None,
    }
}

#[test]
fn what_ran_when_the_server_stopped_is_interrupted_with_the_progress_it_had() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let mut running = job("job-1", Uin::FIRST, JobState::Running);
    store.add_job(&running, 10).unwrap();
    running.done = 3;
    store.save_job(&running).unwrap();
    store.add_job(&job("job-2", Uin::FIRST, JobState::Done), 10).unwrap();
    drop(store);
    let store = Store::open(dir.path()).unwrap();
    store.interrupt_jobs(UnixMillis(9)).unwrap();
    let interrupted = JobRow { state: JobState::Interrupted, ended_at: Some(UnixMillis(9)), ..running };
    assert_eq!(store.job("job-1").unwrap(), Some(interrupted));
    assert_eq!(store.job("job-2").unwrap().unwrap().state, JobState::Done);
    assert_eq!(store.job("job-3").unwrap(), None);
}

#[test]
fn only_the_newest_ended_jobs_are_kept_and_an_account_can_be_asked_for_its_own() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path()).unwrap();
    let (one, other) = (Uin(7), Uin(8));
    assert!(store.add_job(&job("running", one, JobState::Running), 2).unwrap().is_empty());
    for id in ["a", "b"] {
        assert!(store.add_job(&job(id, one, JobState::Done), 2).unwrap().is_empty());
    }
    assert_eq!(store.add_job(&job("c", other, JobState::Failed), 2).unwrap(), ["a"]);
    let ids = |actor| -> (Vec<String>, u64) {
        let (rows, total) = store.jobs(Uin::FIRST, actor, 0, 10).unwrap();
        (rows.into_iter().map(|row| row.id).collect(), total)
    };
    assert_eq!(ids(None), (vec!["c".into(), "b".into(), "running".into()], 3));
    assert_eq!(ids(Some(one)), (vec!["b".into(), "running".into()], 2));
    assert_eq!(store.jobs(Uin(1), None, 0, 10).unwrap(), (vec![], 0));
}
