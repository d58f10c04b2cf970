//! Making, listing, checking, fetching and deleting backups. A backup cannot be restored into the server that runs: what it
//! would replace is in use. The command that does it is part of the answer.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::copy::copy_server;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::jobs::{Job, JobEnd, JobEntry, JobKind, NewJob};
use crate::operation::Nothing;
use crate::platform::Platform;

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct CreateBackup {}

/// The job that was started.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct StartedJob {
    job: JobEntry,
}

pub(crate) async fn create(call: Call, _request: CreateBackup) -> Outcome<StartedJob> {
    call.operator()?;
    if call.platform().jobs.is_running(JobKind::CreateBackup) {
        return Err(Failure::new(Code::ResourceInUse).because("a backup is being made already"));
    }
    call.blocking(|platform| {
        platform.system.backups.check_room()?;
        check_disk(platform)
    })
    .await?;
    let platform = Arc::clone(call.platform());
    let new = NewJob::new(JobKind::CreateBackup, 0);
    let job = call.platform().jobs.start(&call, new, move |job| back_up(&platform, job)).await?;
    Ok(StartedJob { job })
}

/// The copy and the packed archive lie beside the data for a while.
fn check_disk(platform: &Platform) -> Outcome<()> {
    let parts = &platform.system.parts;
    let journal = parts.journal.stats();
    let needed = journal.disk_bytes.saturating_mul(2).saturating_add(parts.min_free_bytes);
    if journal.free_bytes < needed {
        let why = format!("a backup needs {needed} free bytes, there are {}", journal.free_bytes);
        return Err(Failure::new(Code::ServiceUnavailable).because(why));
    }
    Ok(())
}

fn back_up(platform: &Platform, job: &Job) -> Result<(), JobEnd> {
    let (system, now) = (&platform.system, platform.clock.now());
    let making = system.backups.begin()?;
    let copy = making.copy().map_err(|error| broken(&error))?;
    let parts = &system.parts;
    copy_server(&parts.journal, &platform.store, &parts.data, &copy).map_err(|error| broken(&error))?;
    job.go_on()?;
    let mut told = Told::default();
    let packed = parts.archives.pack(&copy, &making.draft(), now, job.stop_flag(), &mut |done, all| {
        told.progress(job, done, all);
    });
    let facts = packed.map_err(|why| ended(job, &why))?;
    let (name, bytes) = making.publish(now).map_err(|error| broken(&error))?;
    job.result("Name", name);
    job.result("Bytes", bytes);
    job.result("Files", facts.files);
    job.result("BytesUnpacked", facts.bytes);
    Ok(())
}

/// Passes on how many bytes are done as parts of a job.
#[derive(Default)]
struct Told {
    done: u64,
    all: u64,
}

impl Told {
    fn progress(&mut self, job: &Job, done: u64, all: u64) {
        if self.all != all {
            self.all = all;
            job.set_total(all);
        }
        job.advance(done.saturating_sub(self.done));
        self.done = done;
    }
}

fn broken(error: &dyn std::fmt::Display) -> JobEnd {
    JobEnd::Failed(Failure::new(Code::FailedOperation).because(error.to_string()))
}

/// Why it ended: it was told to, or something is wrong.
fn ended(job: &Job, why: &str) -> JobEnd {
    job.go_on().err().unwrap_or_else(|| broken(&why))
}

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeBackups {}

/// The backups.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BackupList {
    /// The newest first.
    backups: Vec<BackupEntry>,
    /// Where they lie.
    folder: String,
    /// Their bytes.
    bytes: u64,
    /// How many there may be.
    max_files: u64,
    /// How many bytes they may have in all; 0 means no limit.
    max_bytes: u64,
    /// The command that makes one in another place.
    backup_command: String,
}

/// A backup.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct BackupEntry {
    name: String,
    bytes: u64,
    /// Milliseconds since 1970.
    made_at: i64,
    /// The command that makes a new data directory of it.
    restore_command: String,
}

pub(crate) async fn list(call: Call, _request: DescribeBackups) -> Outcome<BackupList> {
    call.operator()?;
    call.blocking(|platform| {
        let (system, folder) = (&platform.system, platform.system.backups.folder());
        let files = system.backups.list().map_err(|error| {
            tracing::error!(%error, "the folder of backups cannot be read");
            Failure::new(Code::InternalError)
        })?;
        let limits = system.backups.limits;
        let entry = |file: &super::backup_files::BackupFile| BackupEntry {
            name: file.name.clone(),
            bytes: file.bytes,
            made_at: file.made_at.0,
            restore_command: format!(
                "yizhan restore --from {} --data NEW-DIRECTORY",
                quoted(&folder.join(&file.name).display().to_string())
            ),
        };
        let data = quoted(&system.parts.data.display().to_string());
        Ok::<_, Failure>(BackupList {
            bytes: files.iter().map(|file| file.bytes).sum(),
            backups: files.iter().map(entry).collect(),
            folder: folder.display().to_string(),
            max_files: limits.max_files as u64,
            max_bytes: limits.max_bytes,
            backup_command: format!("yizhan backup --data {data} --to FILE.tar.zst"),
        })
    })
    .await
}

/// A path as a shell reads it.
fn quoted(path: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-".contains(letter);
    if path.chars().all(plain) { path.to_owned() } else { format!("'{}'", path.replace('\'', r"'\''")) }
}

/// Which backup.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct NamedBackup {
    /// As DescribeBackups names it.
    name: String,
}

fn not_there() -> Failure {
    Failure::new(Code::ResourceNotFound)
}

pub(crate) async fn verify(call: Call, request: NamedBackup) -> Outcome<StartedJob> {
    call.operator()?;
    let platform = Arc::clone(call.platform());
    let path = platform.system.backups.path(&request.name).ok_or_else(not_there)?;
    let archives = Arc::clone(&platform.system.parts.archives);
    let new = NewJob::new(JobKind::VerifyBackup, 0).with("Name", request.name);
    let work = move |job: &Job| {
        let mut told = Told::default();
        let read = archives.verify(&path, job.stop_flag(), &mut |done, all| told.progress(job, done, all));
        let facts = read.map_err(|why| ended(job, &why))?;
        job.result("Files", facts.files);
        job.result("BytesUnpacked", facts.bytes);
        job.result("Program", facts.program);
        job.result("MadeAt", facts.created_at.0);
        Ok(())
    };
    Ok(StartedJob { job: platform.jobs.start(&call, new, work).await? })
}

/// A URL and its end.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedUrl {
    /// Whoever has it can fetch the file.
    url: String,
    /// Until when it opens; seconds.
    expire_time: i64,
}

impl CreatedUrl {
    pub fn of(link: yizhan_files::Link) -> Self {
        Self { url: link.url, expire_time: link.end.seconds() }
    }
}

pub(crate) async fn url(call: Call, request: NamedBackup) -> Outcome<CreatedUrl> {
    call.operator()?;
    let platform = call.platform();
    platform.system.backups.path(&request.name).ok_or_else(not_there)?;
    call.changed(None, Some(json!({ "Name": request.name })));
    Ok(CreatedUrl::of(platform.files.backup_link(&request.name)))
}

pub(crate) async fn delete(call: Call, request: NamedBackup) -> Outcome<Nothing> {
    call.operator()?;
    let name = request.name.clone();
    let removed = call.blocking(move |platform| {
        platform.system.backups.remove(&name).map_err(|error| {
            tracing::error!(%error, "a backup could not be deleted");
            Failure::new(Code::InternalError)
        })
    });
    if !removed.await? {
        return Err(not_there());
    }
    call.changed(Some(json!({ "Name": request.name })), None);
    Ok(Nothing {})
}
