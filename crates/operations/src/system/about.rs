//! What this server is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;

/// The libraries in the program, made by `xtask generate`: name, version and licence, separated by tabs.
const LIBRARIES: &str = include_str!("libraries.tsv");

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct DescribeAbout {}

/// The server.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct About {
    version: String,
    /// The system that the program was built for.
    platform: String,
    /// The version of the registry's schema.
    schema_version: u32,
    data_directory: String,
    /// Milliseconds since 1970.
    started_at: i64,
    process_id: u32,
    /// The licence of the program itself.
    license: String,
    /// What it is made with.
    libraries: Vec<Library>,
}

#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
struct Library {
    name: String,
    version: String,
    license: String,
}

pub(crate) async fn describe(call: Call, _request: DescribeAbout) -> Outcome<About> {
    call.operator()?;
    call.blocking(about).await
}

/// Asks the registry for its version, so it may block.
pub(super) fn about(platform: &Platform) -> Outcome<About> {
    let parts = &platform.system.parts;
    let library = |line: &str| {
        let mut columns = line.split('\t').map(str::to_owned);
        Some(Library { name: columns.next()?, version: columns.next()?, license: columns.next()? })
    };
    Ok(About {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        platform: format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS),
        schema_version: platform.store.schema_version().map_err(|error| {
            tracing::error!(%error, "the registry's version cannot be read");
            Failure::new(Code::InternalError)
        })?,
        data_directory: parts.data.display().to_string(),
        started_at: parts.started_at.0,
        process_id: std::process::id(),
        license: env!("CARGO_PKG_LICENSE").to_owned(),
        libraries: LIBRARIES.lines().filter_map(library).collect(),
    })
}
