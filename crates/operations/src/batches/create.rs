//! Making a batch.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use yizhan_devices::ReleaseStatus;
use yizhan_devices::batches::{BatchError, BatchNames, BatchRequest, NamesFileError, read_names};
use yizhan_files::UploadError;
use yizhan_store::{BatchBurn, BatchRow};
use yizhan_vocabulary::Uin;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// Which devices are to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateBatchProduction {
    project_id: String,
    product_id: String,
    /// 0: credentials are burnt into each device; 1: devices fetch them with the product's secret.
    burn_method: i64,
    /// 0: names are made up; 1: they are in an uploaded file.
    generation_method: i64,
    /// Where the file with the names is, in the first column of a CSV file: a URL of CreateUploadUrl.
    upload_url: Option<String>,
    /// How many devices, where names are made up.
    batch_cnt: Option<i64>,
    /// 1: a QR code for each device.
    #[serde(rename = "GenerationQRCode")]
    generation_qr_code: Option<i64>,
}

/// The batch that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedBatch {
    project_id: String,
    product_id: String,
    batch_production_id: String,
}

pub(crate) async fn create(call: Call, request: CreateBatchProduction) -> Outcome<CreatedBatch> {
    let product = call.product(&request.product_id)?;
    let profile = product.settings().profile.clone();
    if profile.project.as_str() != request.project_id {
        return Err(Failure::new(Code::ProjectNotExist).because("the product is in another project"));
    }
    // Looked at again when the batch is made; here so that no file is fetched in vain.
    if profile.status != ReleaseStatus::Released {
        return Err(Failure::new(Code::ProductNotReleased));
    }
    let burn = match flag("BurnMethod", request.burn_method)? {
        false => BatchBurn::Direct,
        true => BatchBurn::Registration,
    };
    let uploaded = flag("GenerationMethod", request.generation_method)?;
    let qr_codes = flag("GenerationQRCode", request.generation_qr_code.unwrap_or(0))?;
    let (owner, creator) = (call.caller().owner, call.caller().account.0);
    let id = product.id;
    let names = if uploaded {
        let url = request.upload_url.unwrap_or_default();
        let file = file_at(&call, owner, url.clone()).await?;
        let names = read_names(&file, call.platform().batches.max_devices()).map_err(unusable)?;
        BatchNames::Uploaded { url, names }
    } else {
        let count = request.batch_cnt.ok_or(const { Failure::new(Code::MissingParameter) })?;
        BatchNames::Generated(usize::try_from(count).unwrap_or(0))
    };
    let batch = call
        .blocking(move |platform| {
            let request = BatchRequest { product: id, creator, burn, names, qr_codes, published_only: true };
            let batch = platform.batches.create(request).map_err(refused)?;
            // The names are in the registry now. A batch that was refused leaves the file for the next attempt.
            platform.files.used(owner, &batch.upload_url);
            Ok::<_, Failure>(batch)
        })
        .await?;
    call.changed(None, Some(seen(&batch)));
    Ok(CreatedBatch {
        project_id: profile.project.to_string(),
        product_id: batch.product.to_string(),
        batch_production_id: batch.id,
    })
}

fn flag(name: &str, value: i64) -> Outcome<bool> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Failure::new(Code::InvalidParameterValue).because(format!("{name} is 0 or 1"))),
    }
}

/// What was uploaded to this URL, or what is there on another server that may be asked.
async fn file_at(call: &Call, owner: Uin, url: String) -> Outcome<Vec<u8>> {
    let unreadable = |why: String| Failure::new(Code::CannotGetFromUrl).because(why);
    let uploaded = {
        let url = url.clone();
        call.blocking(move |platform| Ok::<_, Failure>(platform.files.uploaded(owner, &url))).await?
    };
    match uploaded {
        Err(UploadError::NotHere) => {
            call.platform().files.fetch(&url).await.map_err(|error| unreadable(error.to_string()))
        }
        other => other.map_err(|error| unreadable(error.to_string())),
    }
}

fn unusable(error: NamesFileError) -> Failure {
    match error {
        NamesFileError::TooMany(_) => {
            Failure::new(Code::BatchProductionExceedLimit).because(error.to_string())
        }
        NamesFileError::NotCsv(_) => Failure::new(Code::CannotGetFromUrl).because(error.to_string()),
    }
}

/// The published codes of what can be wrong with a batch.
pub(super) fn refused(error: BatchError) -> Failure {
    let why = error.to_string();
    match error {
        BatchError::Running(_) => Failure::new(Code::BatchProductionIsRunning).because(why),
        BatchError::TooMany(_) | BatchError::TooManyBatches(_) => {
            Failure::new(Code::BatchProductionExceedLimit).because(why)
        }
        BatchError::NotPublished(_) => Failure::new(Code::ProductNotReleased),
        BatchError::Empty => Failure::new(Code::BatchProductionNull).because(why),
        BatchError::Devices(error) => error.into(),
    }
}

/// A batch for the audit log.
pub(super) fn seen(batch: &BatchRow) -> serde_json::Value {
    json!({ "BatchProductionId": batch.id, "ProductId": batch.product, "BatchCnt": batch.wanted })
}
