//! Tags of products and devices, and how much a device is to log. The store is the truth; what is here is read by
//! searches. A device without tags pays one empty pointer.

use std::collections::HashMap;
use std::sync::Arc;

use yizhan_store::Tag;
use yizhan_vocabulary::{DeviceId, ProductId};

use super::Device;
use crate::{Devices, DevicesError};

/// Tags that one product or device may have.
pub const MAX_TAGS: usize = 20;
/// The longest key and the longest value of a tag, in characters.
const MAX_TEXT_CHARS: usize = 128;
/// The highest log level: 0 off, 1 error, 2 warning, 3 info, 4 debug (facts §2.12).
pub const MAX_LOG_LEVEL: u8 = 4;

impl Devices {
    pub(crate) fn load_tags(&self) -> Result<(), DevicesError> {
        let mut of_device: HashMap<DeviceId, Vec<Tag>> = HashMap::new();
        self.0.store.each_device_tag(|device, tag| of_device.entry(device).or_default().push(tag))?;
        for (id, tags) in of_device {
            if let Some(device) = self.device(id) {
                device.set_tags(tags);
            }
        }
        let mut of_product: HashMap<ProductId, Vec<Tag>> = HashMap::new();
        for (product, tag) in self.0.store.product_tags()? {
            of_product.entry(product).or_default().push(tag);
        }
        for (id, tags) in of_product {
            if let Some(product) = self.product(&id) {
                product.set_tags(tags);
            }
        }
        for (id, level) in self.0.store.device_log_levels()? {
            if let Some(device) = self.device(id) {
                device.set_log_level(level.min(MAX_LOG_LEVEL));
            }
        }
        Ok(())
    }

    /// Replaces a device's tags.
    pub fn put_device_tags(&self, device: &Arc<Device>, tags: Vec<Tag>) -> Result<(), DevicesError> {
        let tags = checked(tags)?;
        let _changing = device.product().changing.lock();
        self.0.store.set_device_tags(device.id, &tags)?;
        device.set_tags(tags);
        Ok(())
    }

    /// Replaces a product's tags.
    pub fn put_product_tags(&self, id: &ProductId, tags: Vec<Tag>) -> Result<(), DevicesError> {
        let tags = checked(tags)?;
        let product = self.known_product(id)?;
        let _changing = product.changing.lock();
        self.0.store.set_product_tags(id, &tags)?;
        product.set_tags(tags);
        Ok(())
    }

    pub(crate) fn store_log_level(&self, device: &Device, level: u8) -> Result<(), DevicesError> {
        if level > MAX_LOG_LEVEL {
            return Err(DevicesError::Invalid(format!("a log level is between 0 and {MAX_LOG_LEVEL}")));
        }
        let _changing = device.product().changing.lock();
        self.0.store.set_device_log_level(device.id, level)?;
        device.set_log_level(level);
        Ok(())
    }
}

/// Tags by key, each key once.
fn checked(mut tags: Vec<Tag>) -> Result<Vec<Tag>, DevicesError> {
    if tags.len() > MAX_TAGS {
        return Err(DevicesError::LimitReached(format!("there may be {MAX_TAGS} tags")));
    }
    let fits = |text: &str| text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(char::is_control);
    if let Some(tag) = tags.iter().find(|tag| tag.key.is_empty() || !fits(&tag.key) || !fits(&tag.value)) {
        let shown: String = tag.key.chars().take(MAX_TEXT_CHARS).collect();
        return Err(DevicesError::Invalid(format!(
            "the tag {shown:?}: key and value have at most {MAX_TEXT_CHARS} characters, no control characters, \
             and a key is not empty"
        )));
    }
    tags.sort_unstable_by(|one, other| one.key.cmp(&other.key));
    match tags.windows(2).find(|pair| pair[0].key == pair[1].key) {
        Some(pair) => Err(DevicesError::Invalid(format!("the tag {:?} is given twice", pair[0].key))),
        None => Ok(tags),
    }
}
