//! URLs for what comes and goes as a file.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_files::{BatchFile, Link};
use yizhan_store::BatchState;

use super::describe;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// A URL for an upload.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct CreateUploadUrl {}

/// A URL and its end.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedUrl {
    /// For an upload: send the file with PUT, then hand this URL to the operation that takes it.
    url: String,
    /// Until when it opens; seconds.
    expire_time: i64,
}

impl CreatedUrl {
    fn of(link: Link) -> Self {
        Self { url: link.url, expire_time: link.end.seconds() }
    }
}

pub(crate) async fn upload_url(call: Call, _request: CreateUploadUrl) -> Outcome<CreatedUrl> {
    let owner = call.account()?;
    Ok(CreatedUrl::of(call.platform().files.upload_link(owner)))
}

/// The batch whose QR codes are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateBatchQrCodesUrl {
    product_id: String,
    batch_production_id: String,
}

pub(crate) async fn qr_codes_url(call: Call, request: CreateBatchQrCodesUrl) -> Outcome<CreatedUrl> {
    let product = call.product(&request.product_id)?.id;
    let batch = describe::find(&call, product, request.batch_production_id).await?;
    if batch.state != BatchState::Done {
        return Err(Failure::new(Code::BatchProductionIsRunning));
    }
    if !batch.qr_codes {
        let why = "the batch was made without QR codes";
        return Err(Failure::new(Code::FailedOperation).because(why));
    }
    Ok(CreatedUrl::of(call.platform().files.batch_link(&batch.id, BatchFile::Pictures)))
}
