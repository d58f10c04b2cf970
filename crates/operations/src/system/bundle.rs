//! The diagnostics bundle: one archive that an operator can hand to whoever helps. It is put together when it is fetched,
//! and holds no secrets: names of refused clients and addresses are in it, keys and reported values are not.

use std::io::{Cursor, Write};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::backups::CreatedUrl;
use super::{about, storage};
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::platform::Platform;

/// Nothing to say.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct CreateDiagnosticsUrl {}

pub(crate) async fn url(call: Call, _request: CreateDiagnosticsUrl) -> Outcome<CreatedUrl> {
    call.operator()?;
    Ok(CreatedUrl::of(call.platform().files.diagnostics_link()))
}

/// The archive, ZIP.
pub fn diagnostics(platform: &Platform) -> Result<Vec<u8>, Failure> {
    let parts = &platform.system.parts;
    let files = [
        ("about.json", json(&about::about(platform)?)?),
        ("configuration.json", json(&parts.settings)?),
        ("metrics.txt", platform.system.metrics_text().into_bytes()),
        ("refusals.json", json(&parts.metrics.refusals.newest(usize::MAX))?),
        ("warnings.json", json(&parts.warnings.newest(usize::MAX))?),
        ("storage.json", json(&storage::measure(platform)?)?),
    ];
    zipped(&files).map_err(|error| {
        tracing::error!(%error, "the diagnostics bundle could not be made");
        Failure::new(Code::InternalError)
    })
}

fn json(value: &impl Serialize) -> Outcome<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|error| {
        tracing::error!(%error, "a part of the diagnostics bundle could not be written");
        Failure::new(Code::InternalError)
    })
}

fn zipped(files: &[(&str, Vec<u8>)]) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        archive.start_file(*name, options)?;
        archive.write_all(content)?;
    }
    Ok(archive.finish()?.into_inner())
}
