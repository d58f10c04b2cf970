//! Files that jobs make: kept sealed for a day, and given to who may see the job, those with keys only to who started it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use yizhan_files::ResultId;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::jobs::{Job, JobEnd, JobEntry, find};

/// The members of a job's result that say which file it made.
const RESULT_ID: &str = "ResultId";
const WITH_KEYS: &str = "WithKeys";

/// The job that was started.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartedJob {
    job: JobEntry,
}

impl StartedJob {
    pub(super) const fn of(job: JobEntry) -> Self {
        Self { job }
    }
}

/// Keeps what a job made, and says so in its result.
pub(super) fn keep(job: &Job, call: &Call, name: &str, text: &str, with_keys: bool) -> Result<(), JobEnd> {
    let platform = call.platform();
    let id = ResultId::new(call.caller().owner);
    let sealed = platform.store.seal_file(&id.to_string(), text)?;
    platform.files.keep_result(&id, &sealed).map_err(|error| {
        tracing::error!(%error, "the file of a job could not be kept");
        Failure::new(Code::ServiceUnavailable).because("the file could not be stored")
    })?;
    job.result("FileName", name);
    job.result(WITH_KEYS, with_keys);
    job.result(RESULT_ID, id.to_string());
    Ok(())
}

/// The job whose file is wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateJobResultUrl {
    job_id: String,
}

/// Where the file is.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ResultUrl {
    /// Whoever has it can get the file.
    url: String,
    /// Until when it opens; seconds.
    expire_time: i64,
}

pub(crate) async fn url(call: Call, request: CreateJobResultUrl) -> Outcome<ResultUrl> {
    let job = find(&call, request.job_id).await?;
    let missing = || Failure::new(Code::ResourceNotFound).because("the job has made no file, or it is gone");
    let result: Value = serde_json::from_str(&job.result).unwrap_or_default();
    if result[WITH_KEYS] == true && job.actor != call.caller().account {
        let why = "there are keys in the file; only who started the job gets it";
        return Err(Failure::new(Code::UnauthorizedOperation).because(why));
    }
    let id = result[RESULT_ID].as_str().and_then(ResultId::parse).ok_or_else(missing)?;
    let files = &call.platform().files;
    if !files.has_result(&id) {
        return Err(missing());
    }
    let link = files.result_link(&id);
    Ok(ResultUrl { url: link.url, expire_time: link.end.seconds() })
}
