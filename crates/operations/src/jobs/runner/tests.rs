//! How jobs end, whatever happens to them.

use tempfile::TempDir;
use yizhan_vocabulary::clock::SystemClock;

use super::super::kind::JobKind;
use super::*;
use crate::call::{Means, Rights};
use crate::text::Language;

struct NoRights;

impl Rights for NoRights {
    fn allows(&self, _operation: &str, _resource: &str) -> bool {
        false
    }
}

fn caller(account: i64, rights: Option<Arc<dyn Rights>>) -> Caller {
    Caller {
        account: Uin(account),
        owner: Uin::FIRST,
        rights,
        operator: false,
        means: Means::Local,
        address: None,
        language: Language::English,
    }
}

fn root() -> Caller {
    caller(Uin::FIRST.0, None)
}

fn jobs() -> (TempDir, Jobs) {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(Store::open(dir.path()).unwrap());
    let jobs = Jobs::open(store, Arc::new(SystemClock::start())).unwrap();
    (dir, jobs)
}

fn entered(jobs: &Jobs, total: u64) -> Job {
    let job =
        jobs.enter(&root(), &NewJob::new(JobKind::DeleteDevices, total).with("ProductId", "P")).unwrap();
    jobs.0.store.add_job(&job.row(), 10).unwrap();
    job
}

/// What the registry says after the work was carried out.
fn ended(jobs: &Jobs, job: &Job, work: impl FnOnce(&Job) -> Result<(), JobEnd>) -> JobRow {
    jobs.0.carry_out(job, work);
    assert!(jobs.0.running.lock().is_empty());
    let row = jobs.0.store.job(job.id()).unwrap().unwrap();
    assert!(row.ended_at.is_some());
    row
}

#[test]
fn a_job_ends_with_its_counts_and_the_first_hundred_reasons() {
    let (_dir, jobs) = jobs();
    let mut news = jobs.watch();
    let job = entered(&jobs, 0);
    let row = ended(&jobs, &job, |job| {
        job.set_total(150);
        job.advance(20);
        for number in 0..130 {
            job.fail(&format!("lamp-{number}"), &Failure::new(Code::DeviceNotExist));
        }
        job.result("Deleted", 20);
        job.go_on()
    });
    assert_eq!((row.state, row.done, row.total, row.failed), (JobState::Done, 150, 150, 130));
    assert_eq!((row.title.as_str(), row.result.as_str()), (r#"{"ProductId":"P"}"#, r#"{"Deleted":20}"#));
    let failures = JobEntry::of(row).failures;
    assert_eq!(failures.len(), 100);
    let last = std::iter::from_fn(|| news.try_recv().ok()).last().unwrap();
    assert!(!last.entry.is_running() && last.entry.id() == job.id());
    assert!(last.is_for(&root()) && last.is_for(&caller(5, None)));
    assert!(!last.is_for(&caller(5, Some(Arc::new(NoRights)))));
    assert!(!last.is_for(&Caller { owner: Uin(6), ..root() }), "another root account");
}

#[test]
fn a_job_that_breaks_off_has_failed_and_says_why() {
    let (_dir, jobs) = jobs();
    let row = ended(&jobs, &entered(&jobs, 1), |_| Err(Failure::new(Code::ResourceInUse).into()));
    assert_eq!((row.state, row.code.as_str()), (JobState::Failed, "ResourceInUse"));
    let row = ended(&jobs, &entered(&jobs, 1), |_| panic!("a defect in the work"));
    assert_eq!((row.state, row.code.as_str()), (JobState::Failed, "InternalError"));
}

#[test]
fn what_is_cancelled_and_what_the_stop_interrupts_are_told_apart() {
    let (_dir, jobs) = jobs();
    let work = |job: &Job| {
        job.advance(1);
        job.go_on()?;
        panic!("it went on")
    };
    let job = entered(&jobs, 3);
    assert!(jobs.is_running(JobKind::DeleteDevices) && !jobs.is_running(JobKind::CreateBackup));
    assert!(jobs.cancel(job.id()));
    let row = ended(&jobs, &job, work);
    assert_eq!((row.state, row.done), (JobState::Cancelled, 1));
    assert!(!jobs.cancel(job.id()), "it has ended");
    let job = entered(&jobs, 3);
    jobs.stop();
    assert_eq!(ended(&jobs, &job, work).state, JobState::Interrupted);
    let refused = jobs.enter(&root(), &NewJob::new(JobKind::TagDevices, 1)).err().unwrap();
    assert_eq!(refused.code(), Code::ServiceUnavailable);
}

#[test]
fn an_account_does_not_take_the_places_of_others() {
    let (_dir, jobs) = jobs();
    let new = || NewJob::new(JobKind::TagDevices, 1);
    for _ in 0..MAX_RUNNING_OF_ACCOUNT {
        jobs.enter(&root(), &new()).unwrap();
    }
    assert_eq!(jobs.enter(&root(), &new()).err().unwrap().code(), Code::LimitExceeded);
    assert!(jobs.enter(&Caller { owner: Uin(6), ..root() }, &new()).is_ok());
}

#[test]
fn what_ran_before_the_start_is_interrupted() {
    let (dir, jobs) = jobs();
    let job = entered(&jobs, 3);
    let id = job.id().to_owned();
    drop((job, jobs));
    let store = Arc::new(Store::open(dir.path()).unwrap());
    let jobs = Jobs::open(Arc::clone(&store), Arc::new(SystemClock::start())).unwrap();
    assert_eq!(store.job(&id).unwrap().unwrap().state, JobState::Interrupted);
    assert!(!jobs.cancel(&id));
}
