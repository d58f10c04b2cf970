//! Looking at jobs, and stopping them. Who started a job sees it; so does who may see everything of the account.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_store::JobRow;

use super::entry::{JobEntry, JobFailure};
use super::runner::sees_all;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::operation::Nothing;
use crate::page::Page;

/// Which jobs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeJobs {
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
}

/// A page of jobs, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct JobList {
    jobs: Vec<JobEntry>,
    /// How many there are in all.
    total: u64,
}

pub(crate) async fn list(call: Call, request: DescribeJobs) -> Outcome<JobList> {
    let page = Page::of(request.offset, request.limit)?;
    let caller = call.caller();
    let (owner, actor) = (caller.owner, (!sees_all(caller)).then_some(caller.account));
    let (offset, limit) = (page.offset() as u64, page.limit() as u64);
    let found = call.blocking(move |platform| platform.store.jobs(owner, actor, offset, limit));
    let (rows, total) = found.await?;
    let jobs = &call.platform().jobs;
    Ok(JobList { jobs: rows.into_iter().map(|row| jobs.current(row)).collect(), total })
}

/// Which job.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeJob {
    job_id: String,
}

/// A job with the parts that failed.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedJob {
    job: JobEntry,
    /// The first hundred parts that failed.
    failures: Vec<JobFailure>,
}

pub(crate) async fn one(call: Call, request: DescribeJob) -> Outcome<DescribedJob> {
    let row = find(&call, request.job_id).await?;
    let mut job = call.platform().jobs.current(row);
    Ok(DescribedJob { failures: std::mem::take(&mut job.failures), job })
}

/// The job that is to stop.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CancelJob {
    job_id: String,
}

pub(crate) async fn cancel(call: Call, request: CancelJob) -> Outcome<Nothing> {
    let job = find(&call, request.job_id).await?;
    if call.platform().jobs.cancel(&job.id) {
        return Ok(Nothing {});
    }
    let why = format!("the job does not run any more; it is {}", job.state.as_str());
    Err(Failure::new(Code::FailedOperation).because(why))
}

/// A job that the caller may see; every other one does not exist.
pub(crate) async fn find(call: &Call, id: String) -> Outcome<JobRow> {
    let caller = call.caller();
    let found = call.blocking(move |platform| platform.store.job(&id)).await?;
    let seen =
        found.filter(|job| job.owner == caller.owner && (job.actor == caller.account || sees_all(caller)));
    seen.ok_or(const { Failure::new(Code::ResourceNotFound) })
}
