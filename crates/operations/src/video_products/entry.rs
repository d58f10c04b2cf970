//! A product as the video API shows it.

use schemars::JsonSchema;
use serde::Serialize;
use yizhan_devices::{AuthMode, Product};
use yizhan_store::VideoProductRow;

/// A product.
// Management API facts §8.1, VideoProduct.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct VideoProduct {
    product_id: String,
    product_name: String,
    /// 1 device, 2 network video recorder.
    device_type: i64,
    /// 1 certificates, 2 keys.
    encryption_type: i64,
    features: Vec<String>,
    chip_os: String,
    chip_manufacture_id: String,
    chip_id: String,
    product_description: String,
    /// Seconds.
    create_time: i64,
    /// Seconds.
    update_time: i64,
    net_type: String,
    category_id: i64,
    /// The vendor spells it so.
    #[serde(rename = "ProductVaildYears")]
    product_valid_years: i64,
}

impl VideoProduct {
    pub fn of(product: &Product, video: Option<VideoProductRow>) -> Self {
        let settings = product.settings();
        let profile = &settings.profile;
        let video = video.unwrap_or_else(unknown_hardware);
        Self {
            product_id: product.id.to_string(),
            product_name: settings.name.clone(),
            device_type: video.device_type,
            encryption_type: match product.auth {
                AuthMode::Certificate => 1,
                AuthMode::Key => 2,
            },
            features: video.features,
            chip_os: video.chip_os,
            chip_manufacture_id: video.chip_maker,
            chip_id: video.chip,
            product_description: profile.description.clone(),
            create_time: product.created_at.seconds(),
            update_time: profile.updated_at.seconds(),
            net_type: profile.net_type.clone(),
            category_id: profile.category_id,
            product_valid_years: video.valid_years,
        }
    }
}

/// What is said of a product that was not made with the video API; `default` is the vendor's word for hardware of no
/// particular kind.
fn unknown_hardware() -> VideoProductRow {
    VideoProductRow {
        device_type: 1,
        features: Vec::new(),
        chip_os: "default".to_owned(),
        chip_maker: "default".to_owned(),
        chip: "default".to_owned(),
        valid_years: 0,
    }
}

/// The answer of what makes or shows one product.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct OneProduct {
    pub data: VideoProduct,
}
