//! Jobs: work that takes longer than its caller waits, such as a backup or a change of many devices. An operation starts
//! one and answers with its id; the work goes on when the caller leaves, and everyone who may see it can ask how far it is,
//! stop it, and read afterwards what came of it.
//!
//! For an operation that wants one:
//!
//! ```text
//! let new = NewJob::new(JobKind::CreateBackup, total).with("Name", name);
//! let entry = call.platform().jobs.start(&call, new, move |job| {
//!     for item in items {
//!         job.go_on()?;                       // ends the work when somebody stopped it, or the server stops
//!         match one(item) {
//!             Ok(()) => job.advance(1),
//!             Err(failure) => job.fail(item, &failure),
//!         }
//!     }
//!     job.result("Count", count);
//!     Ok(())
//! }).await?;
//! ```
//!
//! What must stay true: a job that was started has an end that is told, whatever happens to the server; the right to do
//! each part of the work is asked for where it is done, by the call that started it; and jobs are bounded, those that run
//! and those that are kept.

mod describe;
mod entry;
mod job;
mod kind;
mod runner;

pub(crate) use describe::find;
pub use entry::JobEntry;
pub use job::{Job, JobEnd, NewJob};
pub use kind::JobKind;
pub use runner::{JobNews, Jobs};

use crate::operation::{Audit, CONSOLE, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeJobs",
        CONSOLE,
        Audit::Read,
        text!("The background jobs that the caller may see, the newest first", "查询后台任务列表"),
        handler!(describe::list: describe::DescribeJobs => describe::JobList),
    ),
    Operation::new(
        "DescribeJob",
        CONSOLE,
        Audit::Read,
        text!("How far a background job is, and what came of it", "查询后台任务详情"),
        handler!(describe::one: describe::DescribeJob => describe::DescribedJob),
    ),
    Operation::new(
        "CancelJob",
        CONSOLE,
        Audit::Write,
        text!("Stop a background job; what it has done so far stays", "取消后台任务"),
        handler!(describe::cancel: describe::CancelJob => Nothing),
    ),
];
