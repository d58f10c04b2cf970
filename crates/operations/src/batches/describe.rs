//! Looking at batches.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::DevicesError;
use yizhan_devices::batches::status_number;
use yizhan_files::BatchFile;
use yizhan_store::{BatchBurn, BatchNaming, BatchRow, BatchState};
use yizhan_vocabulary::ProductId;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};
use crate::page::Page;
use crate::platform::Platform;

/// Which batch.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeBatchProduction {
    product_id: String,
    batch_production_id: String,
}

/// A batch as it stands.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribedBatch {
    batch_cnt: u32,
    /// 0 burnt into each device, 1 fetched with the product's secret.
    burn_method: u8,
    /// Seconds.
    create_time: i64,
    /// Where the result can be had for an hour, as CSV; empty until the batch is done.
    download_url: String,
    /// 0 made-up names, 1 names of a file.
    generation_method: u8,
    upload_url: String,
    success_count: u32,
    /// Why devices were not made; empty if all were.
    last_failed_reason: String,
    /// 0 created, 1 devices are being made, 2 their certificates are being made, 3 done.
    status: u8,
}

pub(crate) async fn describe(call: Call, request: DescribeBatchProduction) -> Outcome<DescribedBatch> {
    let product = call.product(&request.product_id)?.id;
    let batch = find(&call, product, request.batch_production_id).await?;
    Ok(DescribedBatch {
        batch_cnt: batch.wanted,
        burn_method: burn_number(batch.burn),
        create_time: batch.created_at.seconds(),
        download_url: download_url(call.platform(), &batch),
        generation_method: u8::from(batch.naming == BatchNaming::Uploaded),
        upload_url: batch.upload_url,
        success_count: batch.made,
        last_failed_reason: batch.failure,
        status: status_number(batch.state),
    })
}

/// The batch of a product; one of another product does not exist.
pub(super) async fn find(call: &Call, product: ProductId, id: String) -> Outcome<BatchRow> {
    let found = call.blocking(move |platform| match platform.batches.batch(&id) {
        Err(DevicesError::NotFound(_)) => Err(Failure::new(Code::BatchProductionNotExist)),
        other => other.map_err(Failure::from),
    });
    let batch = found.await?;
    if batch.product == product { Ok(batch) } else { Err(Failure::new(Code::BatchProductionNotExist)) }
}

/// Where the devices of a finished batch can be had.
pub(super) fn download_url(platform: &Platform, batch: &BatchRow) -> String {
    match batch.state {
        BatchState::Done => platform.files.batch_link(&batch.id, BatchFile::Devices).url,
        _ => String::new(),
    }
}

const fn burn_number(burn: BatchBurn) -> u8 {
    match burn {
        BatchBurn::Direct => 0,
        BatchBurn::Registration => 1,
    }
}

/// Which batches.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct GetBatchProductionsList {
    project_id: String,
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
}

/// A batch in a list.
// Management API facts §6, BatchProductionInfo.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchProductionInfo {
    batch_production_id: String,
    product_id: String,
    burn_method: u8,
    /// Seconds.
    create_time: i64,
    product_name: String,
}

/// A page of batches, the newest first.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchList {
    batch_productions: Vec<BatchProductionInfo>,
    /// How many there are in all.
    total_cnt: u64,
}

pub(crate) async fn list(call: Call, request: GetBatchProductionsList) -> Outcome<BatchList> {
    let project = call.project(&request.project_id)?;
    let page = Page::of(request.offset, request.limit)?;
    let products = call.products_of(&project.id);
    call.blocking(move |platform| {
        let ids: Vec<ProductId> = products.iter().map(|product| product.id).collect();
        let (rows, total_cnt) = platform.batches.list(&ids, page.offset() as u64, page.limit() as u64)?;
        let entry = |batch: BatchRow| {
            let product = products.iter().find(|product| product.id == batch.product);
            BatchProductionInfo {
                batch_production_id: batch.id,
                product_id: batch.product.to_string(),
                burn_method: burn_number(batch.burn),
                create_time: batch.created_at.seconds(),
                product_name: product.map(|product| product.settings().name.clone()).unwrap_or_default(),
            }
        };
        let batch_productions = rows.into_iter().map(entry).collect();
        Ok::<_, DevicesError>(BatchList { batch_productions, total_cnt })
    })
    .await
}

/// Which batch, and which part of it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeBatchProductionDevices {
    product_id: String,
    batch_production_id: String,
    offset: Option<i64>,
    /// 1 to 100; 10 if it is not given.
    limit: Option<i64>,
}

/// One device of a batch.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchDevice {
    device_name: String,
    /// Whether it was made.
    made: bool,
    /// Why it could not be made.
    problem: String,
}

/// A page of the devices of a batch, in the order of the file.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BatchDevices {
    devices: Vec<BatchDevice>,
    total: u32,
}

pub(crate) async fn devices(call: Call, request: DescribeBatchProductionDevices) -> Outcome<BatchDevices> {
    let product = call.product(&request.product_id)?.id;
    let page = Page::of(request.offset, request.limit)?;
    let batch = find(&call, product, request.batch_production_id).await?;
    let total = batch.wanted;
    let rows = call.blocking(move |platform| platform.batches.devices(&batch)).await?;
    let entry = |row: yizhan_store::BatchDeviceRow| BatchDevice {
        device_name: row.name,
        made: row.made,
        problem: row.problem,
    };
    Ok(BatchDevices { devices: page.cut(rows).into_iter().map(entry).collect(), total })
}
