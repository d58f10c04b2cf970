//! Products and devices in memory, over the relational store. The store is the truth and is written first; the
//! entries here are what the path of a message reads.

mod administration;
mod certificates;
mod device;
mod device_set;
mod enrolment;
mod licences;
mod places;
pub(crate) mod presence;
mod private_authorities;
mod product;
mod search;
mod tags;
mod views;

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::RwLock;
use yizhan_vocabulary::{DeviceId, ProductId};

pub(crate) use administration::numbered_names;
pub use administration::{DeviceCreation, NewProduct, generate_product_id};
pub use certificates::CertificateDirectory;
pub(crate) use certificates::new_certificate;
pub use device::Device;
pub(crate) use device::{DeviceParts, DeviceState, LastValue, Presence};
pub use enrolment::Enrolled;
pub(crate) use licences::Licences;
pub use licences::{AccountLicences, LicenceKind, LicenceUse};
pub(crate) use places::Places;
pub use places::{NewInstance, NewProject};
pub(crate) use private_authorities::OwnAuthorities;
pub use private_authorities::{OwnAuthority, OwnAuthorityError};
pub(crate) use product::ProductParts;
pub use product::{Product, ProductSettings, ProductTopics};
pub use search::{
    Condition, DeviceOrder, DevicePage, DeviceQuery, FirmwareQuery, each_found, search_devices,
};
pub use tags::{MAX_LOG_LEVEL, MAX_TAGS};
pub use views::{DeviceStatus, DeviceView, ProductView, ShownSecret, Status};

/// The index: products by id, devices by number. A device by name is found in its product.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    products: RwLock<HashMap<ProductId, Arc<Product>, ahash::RandomState>>,
    devices: RwLock<HashMap<DeviceId, Arc<Device>, ahash::RandomState>>,
    pub(crate) places: Places,
}

impl Registry {
    pub(crate) fn product(&self, id: &ProductId) -> Option<Arc<Product>> {
        self.products.read().get(id).cloned()
    }

    pub(crate) fn find(&self, product: &ProductId, name: &str) -> Option<Arc<Device>> {
        self.products.read().get(product)?.device(name)
    }

    pub(crate) fn device(&self, id: DeviceId) -> Option<Arc<Device>> {
        self.devices.read().get(&id).cloned()
    }

    /// The product of the device with this number.
    pub(crate) fn product_of(&self, id: DeviceId) -> Option<ProductId> {
        self.devices.read().get(&id).map(|device| *device.product_id())
    }

    /// Every product, by id.
    pub(crate) fn products(&self) -> Vec<Arc<Product>> {
        let mut products: Vec<_> = self.products.read().values().cloned().collect();
        products.sort_unstable_by_key(|product| product.id);
        products
    }

    pub(crate) fn product_count(&self) -> usize {
        self.products.read().len()
    }

    pub(crate) fn device_count(&self) -> usize {
        self.devices.read().len()
    }

    /// Every device, in no order.
    pub(crate) fn devices(&self) -> Vec<Arc<Device>> {
        self.devices.read().values().cloned().collect()
    }

    pub(crate) fn insert_product(&self, product: Arc<Product>) {
        self.products.write().insert(product.id, product);
    }

    pub(crate) fn remove_product(&self, id: &ProductId) {
        self.products.write().remove(id);
    }

    pub(crate) fn insert_devices(&self, devices: &[Arc<Device>]) {
        let mut by_id = self.devices.write();
        for device in devices {
            device.product().insert(Arc::clone(device));
            by_id.insert(device.id, Arc::clone(device));
        }
    }

    pub(crate) fn remove_device(&self, device: &Device) {
        device.product().remove(device.name.as_str());
        self.devices.write().remove(&device.id);
    }
}
