//! The running server itself, for the operator of the installation: what is configured and by whom, certificates, backups,
//! disk use, counters, refusals, and what this program is.
//!
//! What must stay true: every operation here begins with `call.operator()`; nothing shows a secret; what is kept in memory
//! or on disk for it is bounded.

mod about;
mod backup_files;
mod backups;
mod bundle;
mod certificates;
mod configuration;
mod copy;
mod counters;
mod refusals;
mod server;
pub(crate) mod storage;

pub use backup_files::{ArchiveFacts, Archives, BackupLimits};
pub use bundle::diagnostics;
pub use configuration::{Setting, SettingSource};
pub use copy::copy_server;
pub use server::{System, SystemParts};

use crate::operation::{Audit, CONSOLE, Nothing, Operation};

/// The operations of this group.
pub(crate) const OPERATIONS: &[Operation] = &[
    Operation::new(
        "DescribeAbout",
        CONSOLE,
        Audit::Read,
        text!(
            "What this server is, since when it runs, and the licences of its parts",
            "查询服务器版本与许可信息"
        ),
        handler!(about::describe: about::DescribeAbout => about::About),
    ),
    Operation::new(
        "DescribeConfiguration",
        CONSOLE,
        Audit::Read,
        text!("Every setting with its value and where that comes from", "查询生效的配置及其来源"),
        handler!(configuration::describe: configuration::DescribeConfiguration => configuration::Configuration),
    ),
    Operation::new(
        "DescribeServerCertificates",
        CONSOLE,
        Audit::Read,
        text!("The certificates of the server and its authority", "查询服务器证书"),
        handler!(certificates::describe: certificates::DescribeServerCertificates => certificates::ServerCertificates),
    ),
    Operation::new(
        "CreateBackup",
        CONSOLE,
        Audit::Write,
        text!("Make a backup of the whole server, as a job", "创建备份"),
        handler!(backups::create: backups::CreateBackup => backups::StartedJob),
    ),
    Operation::new(
        "DescribeBackups",
        CONSOLE,
        Audit::Read,
        text!("The backups that lie in the data directory", "查询备份列表"),
        handler!(backups::list: backups::DescribeBackups => backups::BackupList),
    ),
    Operation::new(
        "VerifyBackup",
        CONSOLE,
        Audit::Write,
        text!("Read a backup to its end and check it, as a job", "校验备份"),
        handler!(backups::verify: backups::NamedBackup => backups::StartedJob),
    ),
    Operation::new(
        "CreateBackupUrl",
        CONSOLE,
        Audit::Write,
        text!("A URL under which a backup can be had for an hour", "获取备份的下载地址"),
        handler!(backups::url: backups::NamedBackup => backups::CreatedUrl),
    ),
    Operation::new(
        "DeleteBackup",
        CONSOLE,
        Audit::Write,
        text!("Delete a backup", "删除备份"),
        handler!(backups::delete: backups::NamedBackup => Nothing),
    ),
    Operation::new(
        "DescribeStorage",
        CONSOLE,
        Audit::Read,
        text!("What takes room on the disk, and how long it will last", "查询磁盘用量与预测"),
        handler!(storage::describe: storage::DescribeStorage => storage::Storage),
    ),
    Operation::new(
        "DescribeCounters",
        CONSOLE,
        Audit::Read,
        text!("Every counter and measured value of the server", "查询服务器计数器"),
        handler!(counters::describe: counters::DescribeCounters => counters::Counters),
    ),
    Operation::new(
        "DescribeCounterHistory",
        CONSOLE,
        Audit::Read,
        text!("How counters went during the last 24 hours", "查询服务器计数器的历史"),
        handler!(counters::history: counters::DescribeCounterHistory => counters::CounterHistory),
    ),
    Operation::new(
        "DescribeRefusals",
        CONSOLE,
        Audit::Read,
        text!("The most recent refused connections and requests", "查询最近被拒绝的连接与请求"),
        handler!(refusals::refusals: refusals::DescribeRefusals => refusals::Refusals),
    ),
    Operation::new(
        "DescribeWarnings",
        CONSOLE,
        Audit::Read,
        text!("The most recent warnings and errors of the server's log", "查询服务器最近的告警日志"),
        handler!(refusals::warnings: refusals::DescribeWarnings => refusals::Warnings),
    ),
    Operation::new(
        "CreateDiagnosticsUrl",
        CONSOLE,
        Audit::Write,
        text!(
            "A URL for an archive with what helps to find a fault, without secrets",
            "获取诊断包的下载地址"
        ),
        handler!(bundle::url: bundle::CreateDiagnosticsUrl => backups::CreatedUrl),
    ),
];
