//! Tables of devices that come in: a look at what each row would do, and the import itself as a job. Both read the table
//! in the same way and judge each row by the same rules (`plan`), so what was announced is what happens; a table that is
//! imported a second time changes nothing.

mod plan;
mod read;
mod run;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_files::UploadError;

use self::plan::{Planned, Verdict, plan};
use self::read::read;
use super::results::StartedJob;
use super::selection::invalid;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::jobs::{JobKind, NewJob};
use crate::text::Language;

/// Rows that one table may have.
pub(super) const MAX_ROWS: usize = 20_000;
/// The largest table that is taken in the request itself; larger ones are uploaded.
const MAX_TEXT: usize = 1024 * 1024;
/// Rows that a preview shows; those with problems go before the others.
const MAX_SHOWN: usize = 1_000;

/// A table that may be imported.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct PreviewImportDevices {
    product_id: String,
    /// The table itself as CSV; up to 1 MiB. Columns: DeviceName; tags as `key=value;key=value`, or one column `tag:KEY`
    /// for each; DevicePsk (or DefinedPsk) for devices that have their key already.
    csv: Option<String>,
    /// Where the table was uploaded: a URL of CreateUploadUrl.
    upload_url: Option<String>,
}

/// What a table would do.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportPreview {
    /// Rows in all.
    total: u64,
    /// Devices that would be made.
    to_create: u64,
    /// Devices that are there, and whose tags would change.
    to_update: u64,
    /// Devices that are there as the table has them.
    unchanged: u64,
    /// Rows that would not be carried out.
    refused: u64,
    /// The columns that mean nothing here.
    ignored_columns: Vec<String>,
    /// Up to a thousand rows, all of those with problems first among them, by line.
    rows: Vec<ImportRow>,
}

/// One row of a table.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportRow {
    /// Its line in the table, counted from 1.
    line: u64,
    device_name: String,
    /// `create`, `update`, `unchanged` or `refused`.
    outcome: String,
    /// Why it is refused.
    reason: String,
}

impl ImportRow {
    fn of(row: &Planned, language: Language) -> Self {
        Self {
            line: row.line,
            device_name: row.name.clone(),
            outcome: row.verdict.as_str().to_owned(),
            reason: row.verdict.reason(language),
        }
    }
}

pub(crate) async fn preview(call: Call, request: PreviewImportDevices) -> Outcome<ImportPreview> {
    let product = call.product(&request.product_id)?;
    let text = text_of(&call, request.csv, request.upload_url.as_deref()).await?;
    let language = call.caller().language;
    call.blocking(move |_| {
        let table = read(&text, MAX_ROWS).map_err(|error| invalid(error.to_string()))?;
        let planned = plan(&product, table.rows);
        let count = |wanted: &str| planned.iter().filter(|row| row.verdict.as_str() == wanted).count() as u64;
        let mut shown: Vec<&Planned> = planned.iter().collect();
        shown.sort_by_key(|row| !matches!(row.verdict, Verdict::Refused(_)));
        shown.truncate(MAX_SHOWN);
        shown.sort_by_key(|row| row.line);
        Ok::<_, Failure>(ImportPreview {
            total: planned.len() as u64,
            to_create: count("create"),
            to_update: count("update"),
            unchanged: count("unchanged"),
            refused: count("refused"),
            ignored_columns: table.ignored,
            rows: shown.into_iter().map(|row| ImportRow::of(row, language)).collect(),
        })
    })
    .await
}

/// A table that is to be imported.
#[derive(Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ImportDevices {
    product_id: String,
    /// The table itself as CSV; up to 1 MiB. See PreviewImportDevices for its columns.
    csv: Option<String>,
    /// Where the table was uploaded: a URL of CreateUploadUrl.
    upload_url: Option<String>,
}

pub(crate) async fn start(call: Call, request: ImportDevices) -> Outcome<StartedJob> {
    let product = call.product(&request.product_id)?;
    let text = text_of(&call, request.csv, request.upload_url.as_deref()).await?;
    let table = read(&text, MAX_ROWS).map_err(|error| invalid(error.to_string()))?;
    if table.rows.is_empty() {
        return Err(invalid("the table has no rows".to_owned()));
    }
    let rows = table.rows.len() as u64;
    call.changed(None, Some(json!({ "ProductId": product.id, "Rows": rows })));
    let new = NewJob::new(JobKind::ImportDevices, rows)
        .with("ProductId", product.id.to_string())
        .with("ProductName", product.settings().name.as_str());
    let working = call.clone();
    let (url, owner) = (request.upload_url, call.caller().owner);
    let job = call.platform().jobs.start(&call, new, move |job| {
        run::import(job, &working, &product, table.rows)?;
        if let Some(url) = url {
            working.platform().files.used(owner, &url);
        }
        Ok(())
    });
    Ok(StartedJob::of(job.await?))
}

/// The table, from the request or from where it was uploaded.
async fn text_of(call: &Call, csv: Option<String>, url: Option<&str>) -> Outcome<Vec<u8>> {
    match (csv, url.filter(|url| !url.is_empty())) {
        (Some(text), None) if text.len() > MAX_TEXT => {
            let why = format!("a table of more than {MAX_TEXT} bytes is uploaded; see CreateUploadUrl");
            Err(Failure::new(Code::RequestSizeLimitExceeded).because(why))
        }
        (Some(text), None) => Ok(text.into_bytes()),
        (None, Some(url)) => {
            let (owner, url) = (call.caller().owner, url.to_owned());
            let found = call.blocking(move |platform| Ok::<_, Failure>(platform.files.uploaded(owner, &url)));
            found
                .await?
                .map_err(|error: UploadError| Failure::new(Code::CannotGetFromUrl).because(error.to_string()))
        }
        _ => Err(Failure::new(Code::MissingParameter).because("either Csv or UploadUrl")),
    }
}
