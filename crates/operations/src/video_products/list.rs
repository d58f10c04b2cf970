//! Looking at products of the video API.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_devices::Product;

use super::entry::{OneProduct, VideoProduct};
use crate::call::Call;
use crate::failure::Outcome;
use crate::page::Page;
use crate::resource::Resource;

/// The categories whose products are video products however they were made: camera, watch, lock (facts §8.1).
const VIDEO_CATEGORIES: [i64; 3] = [113, 567, 595];

/// Which product.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeProduct {
    product_id: String,
}

pub(crate) async fn describe(call: Call, request: DescribeProduct) -> Outcome<OneProduct> {
    let product = call.product(&request.product_id)?;
    let id = product.id;
    let video = call.blocking(move |platform| platform.store.video_product(&id)).await?;
    Ok(OneProduct { data: VideoProduct::of(&product, video) })
}

/// Which page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeProducts {
    /// 1 to 100.
    limit: i64,
    offset: i64,
}

/// A page of products.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct ProductPage {
    /// How many there are in all.
    total_count: u64,
    data: Vec<VideoProduct>,
}

pub(crate) async fn list(call: Call, request: DescribeProducts) -> Outcome<ProductPage> {
    let page = Page::of(Some(request.offset), Some(request.limit))?;
    let visible = visible(&call);
    call.blocking(move |platform| {
        let mut found = Vec::new();
        for product in visible {
            let video = platform.store.video_product(&product.id)?;
            let category = product.settings().profile.category_id;
            if video.is_some() || VIDEO_CATEGORIES.contains(&category) {
                found.push((product, video));
            }
        }
        let total_count = found.len() as u64;
        let data =
            page.cut(found).into_iter().map(|(product, video)| VideoProduct::of(&product, video)).collect();
        Outcome::Ok(ProductPage { total_count, data })
    })
    .await
}

/// The account's products that the caller may see, newest first.
fn visible(call: &Call) -> Vec<Arc<Product>> {
    let devices = &call.platform().devices;
    let owner = call.caller().owner;
    let projects = devices.projects(owner);
    let mut products: Vec<_> = projects.iter().flat_map(|project| devices.products_of(&project.id)).collect();
    products.retain(|product| {
        call.may(&Resource::Product(owner, &product.settings().profile.project, &product.id))
    });
    products.sort_by_key(|product| std::cmp::Reverse((product.created_at, product.id)));
    products
}
