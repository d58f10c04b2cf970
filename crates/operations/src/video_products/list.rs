//! Looking at products of the video API.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_vocabulary::categories::Category;

use super::entry::{OneProduct, VideoProduct};
use crate::call::Call;
use crate::failure::Outcome;
use crate::page::Page;

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
    let visible = call.every_product();
    call.blocking(move |platform| {
        let mut found = Vec::new();
        for product in visible {
            let video = platform.store.video_product(&product.id)?;
            let category = Category::find(product.settings().profile.category_id);
            if video.is_some() || category.is_some_and(Category::is_video) {
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
