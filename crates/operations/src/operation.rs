//! One operation as the table has it.

use std::pin::Pin;

use schemars::{Schema, SchemaGenerator};
use serde_json::Value;

use crate::call::Call;
use crate::failure::Failure;
use crate::text::Text;

/// A version of the vendor's API. Each is used by only one of the vendor's services, so it also says which service is
/// meant (management API facts §2.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Version {
    /// iotexplorer.
    Explorer20190423,
    /// iotvideo, newest.
    Video20211125,
    /// iotvideo as the phone applications call it.
    Video20201215,
    /// iotcloud, newest.
    Hub20210408,
    /// iotcloud, older.
    Hub20180614,
    /// Our own: everything that the console can do, for programs that sign their requests.
    Own,
}

impl Version {
    /// Every version of the vendor's.
    pub const ALL: &'static [Self] = &[
        Self::Explorer20190423,
        Self::Video20211125,
        Self::Video20201215,
        Self::Hub20210408,
        Self::Hub20180614,
    ];

    /// The version as clients send it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Explorer20190423 => "2019-04-23",
            Self::Video20211125 => "2021-11-25",
            Self::Video20201215 => "2020-12-15",
            Self::Hub20210408 => "2021-04-08",
            Self::Hub20180614 => "2018-06-14",
            Self::Own => "2026-11-01",
        }
    }

    /// The vendor's service that has this version.
    pub const fn service(self) -> &'static str {
        match self {
            Self::Explorer20190423 => "iotexplorer",
            Self::Video20211125 | Self::Video20201215 => "iotvideo",
            Self::Hub20210408 | Self::Hub20180614 => "iotcloud",
            Self::Own => "yizhan",
        }
    }

    /// The version that clients call so.
    pub fn of_text(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().chain([Self::Own]).find(|version| version.as_str() == text)
    }
}

/// Served for iotexplorer.
pub(crate) const EXPLORER: &[Version] = &[Version::Explorer20190423];
/// Served for iotvideo.
pub(crate) const VIDEO: &[Version] = &[Version::Video20211125, Version::Video20201215];
/// Served for the newest iotvideo.
pub(crate) const VIDEO_2021: &[Version] = &[Version::Video20211125];
/// Served in the same form for both.
pub(crate) const EXPLORER_AND_VIDEO: &[Version] =
    &[Version::Explorer20190423, Version::Video20211125, Version::Video20201215];
/// Served in the same form for iotexplorer and the newest iotvideo.
pub(crate) const EXPLORER_AND_VIDEO_2021: &[Version] = &[Version::Explorer20190423, Version::Video20211125];
/// Served for the newest iotcloud.
pub(crate) const HUB_2021: &[Version] = &[Version::Hub20210408];
/// Served for iotcloud.
pub(crate) const HUB: &[Version] = &[Version::Hub20210408, Version::Hub20180614];
/// Served for the older iotcloud.
pub(crate) const HUB_2018: &[Version] = &[Version::Hub20180614];
/// Not in the vendor's API; the console's alone.
pub(crate) const CONSOLE: &[Version] = &[];

/// What is recorded about a use of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audit {
    /// It changes nothing; nothing.
    Read,
    /// It changes the registry: who, what, before and after, in the audit log.
    Write,
    /// It concerns one device, whose own durable logs say what was done.
    Ledger,
}

/// What a handler's answer is on its way to a surface: a JSON object as text.
pub(crate) type Answer = Pin<Box<dyn Future<Output = Result<String, Failure>> + Send>>;

/// The request, the answer and the code of an operation; made by `handler!`.
#[derive(Clone, Copy)]
pub(crate) struct Handler {
    pub run: fn(Call, Value) -> Answer,
    pub request: fn(&mut SchemaGenerator) -> Schema,
    pub response: fn(&mut SchemaGenerator) -> Schema,
}

/// One operation, for all surfaces.
pub struct Operation {
    name: &'static str,
    versions: &'static [Version],
    audit: Audit,
    summary: Text,
    handler: Handler,
    for_operator: bool,
}

impl Operation {
    pub(crate) const fn new(
        name: &'static str,
        versions: &'static [Version],
        audit: Audit,
        summary: Text,
        handler: Handler,
    ) -> Self {
        Self { name, versions, audit, summary, handler, for_operator: false }
    }

    /// The same, for the operator of the installation alone.
    pub(crate) const fn for_operator(self) -> Self {
        Self { for_operator: true, ..self }
    }

    /// Whether it concerns the installation: only its operator may use it.
    pub fn is_for_operator(&self) -> bool {
        self.for_operator || crate::system::OPERATIONS.iter().any(|system| system.name == self.name)
    }

    /// Whether it concerns the login of whoever calls, which policies say nothing about.
    pub fn is_own(&self) -> bool {
        crate::own_account::OPERATIONS.iter().any(|own| own.name == self.name)
    }

    /// Whether it may be used before a password that somebody else gave is changed.
    pub fn is_before_password_change(&self) -> bool {
        crate::own_account::BEFORE_THE_PASSWORD_IS_CHANGED.contains(&self.name)
    }

    /// Its name, the vendor's where there is one.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// The vendor's versions in which it is served; none for an operation of the console alone.
    pub const fn versions(&self) -> &'static [Version] {
        self.versions
    }

    /// What is recorded about its use.
    pub const fn audit(&self) -> Audit {
        self.audit
    }

    /// What it does, in a few words.
    pub const fn summary(&self) -> Text {
        self.summary
    }

    /// The JSON schema of its request.
    pub fn request_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.handler.request)(generator)
    }

    /// The JSON schema of its answer.
    pub fn response_schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.handler.response)(generator)
    }

    pub(crate) fn run(&self, call: Call, request: Value) -> Answer {
        (self.handler.run)(call, request)
    }
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The answer of an operation that has nothing to say but that it is done.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub(crate) struct Nothing {}

/// Makes a handler of an async function: `handler!(function: Request => Response)`.
macro_rules! handler {
    ($function:path: $request:ty => $response:ty) => {
        $crate::operation::Handler {
            run: |call, body| {
                Box::pin(async move {
                    let request: $request = $crate::lenient::read(body)?;
                    let response: $response = $function(call, request).await?;
                    $crate::dispatch::rendered(&response)
                })
            },
            request: |generator| generator.subschema_for::<$request>(),
            response: |generator| generator.subschema_for::<$response>(),
        }
    };
}

/// An operation's summary: `text!("English", "中文")`.
macro_rules! text {
    ($en:literal, $zh:literal) => {
        $crate::text::Text::new($en, $zh)
    };
}
