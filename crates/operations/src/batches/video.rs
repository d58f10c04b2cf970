//! Batches as the video surface has them: named by a number, with names behind a prefix.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::DevicesError;
use yizhan_devices::batches::{BatchNames, BatchRequest};
use yizhan_store::{BatchBurn, BatchRow, BatchState};

use super::create::{refused, seen};
use super::describe::download_url;
use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::page::Page;
use crate::platform::Platform;

/// The longest prefix.
const MAX_PREFIX_CHARS: usize = 24;

/// Which devices are to be made.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreateBatch {
    product_id: String,
    /// How many.
    dev_num: u64,
    /// What their names begin with; up to 24 characters. A number follows.
    dev_pre: String,
}

/// The batch that was made.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct CreatedBatch {
    batch_id: i64,
}

pub(crate) async fn create(call: Call, request: CreateBatch) -> Outcome<CreatedBatch> {
    let product = call.product(&request.product_id)?.id;
    if request.dev_pre.chars().count() > MAX_PREFIX_CHARS {
        let why = "DevPre has at most 24 characters";
        return Err(Failure::new(Code::InvalidParameterValue).because(why));
    }
    let creator = call.caller().account.0;
    let count = usize::try_from(request.dev_num).unwrap_or(usize::MAX);
    let names = BatchNames::Prefixed { prefix: request.dev_pre, count };
    let request = BatchRequest {
        product,
        creator,
        burn: BatchBurn::Direct,
        names,
        qr_codes: false,
        published_only: false,
    };
    let batch = call.blocking(move |platform| platform.batches.create(request).map_err(refused)).await?;
    call.changed(None, Some(seen(&batch)));
    Ok(CreatedBatch { batch_id: batch.number })
}

/// A batch.
// Management API facts §8.1, VideoBatch.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VideoBatch {
    id: i64,
    user_id: String,
    product_id: String,
    /// 1 nothing made yet, 2 devices are being made, 3 done.
    status: u8,
    dev_pre: String,
    dev_num: u32,
    dev_num_created: u32,
    /// Where the devices can be had for an hour, as CSV; empty until the batch is done.
    #[serde(rename = "BatchURL")]
    batch_url: String,
    /// Seconds.
    create_time: i64,
    /// Seconds.
    update_time: i64,
}

impl VideoBatch {
    fn of(platform: &Platform, batch: &BatchRow) -> Self {
        Self {
            id: batch.number,
            user_id: batch.creator.to_string(),
            product_id: batch.product.to_string(),
            status: match batch.state {
                BatchState::Created => 1,
                BatchState::Running | BatchState::Finishing => 2,
                BatchState::Done => 3,
            },
            dev_pre: batch.prefix.clone(),
            dev_num: batch.wanted,
            dev_num_created: batch.made,
            batch_url: download_url(platform, batch),
            create_time: batch.created_at.seconds(),
            update_time: batch.updated_at.seconds(),
        }
    }
}

/// Which batch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeBatch {
    batch_id: i64,
}

/// One batch.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedBatch {
    data: VideoBatch,
}

pub(crate) async fn describe(call: Call, request: DescribeBatch) -> Outcome<DescribedBatch> {
    let unknown = || Failure::new(Code::BatchProductionNotExist);
    let found = call.blocking(move |platform| match platform.batches.batch_numbered(request.batch_id) {
        Err(DevicesError::NotFound(_)) => Err(unknown()),
        other => other.map_err(Failure::from),
    });
    let batch = found.await?;
    // A batch of a product of another account is not there; one of an own product that is not open is refused.
    call.product(batch.product.as_str()).map_err(|failure| match failure.code() {
        Code::ProductNotExist | Code::StudioProductNotExist => unknown(),
        _ => failure,
    })?;
    Ok(DescribedBatch { data: VideoBatch::of(call.platform(), &batch) })
}

/// Which batches.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeBatchs {
    product_id: String,
    /// 1 to 100.
    limit: i64,
    offset: i64,
}

/// A page of batches, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchList {
    total_count: u64,
    data: Vec<VideoBatch>,
}

pub(crate) async fn list(call: Call, request: DescribeBatchs) -> Outcome<BatchList> {
    let product = call.product(&request.product_id)?.id;
    let page = Page::of(Some(request.offset), Some(request.limit))?;
    call.blocking(move |platform| {
        let (rows, total_count) =
            platform.batches.list(&[product], page.offset() as u64, page.limit() as u64)?;
        let data = rows.iter().map(|batch| VideoBatch::of(platform, batch)).collect();
        Ok::<_, DevicesError>(BatchList { total_count, data })
    })
    .await
}
