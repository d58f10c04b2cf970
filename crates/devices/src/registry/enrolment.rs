//! Dynamic registration (facts §3.4): a device fetches its credentials with its product's secret. The caller has verified
//! the signature and hands the credentials out; here the rules meet the registry.

use std::sync::Arc;

use yizhan_identity::registration::{
    Admission, KnownDevice, RegistrationError, RegistrationFacts, RegistrationRule, admit,
};
use yizhan_store::DynamicRegistration;
use yizhan_vocabulary::{DeviceName, ProductId};

use super::{Device, Product};
use crate::{Devices, DevicesError};

/// A device that may have its credentials.
#[derive(Debug, Clone)]
pub struct Enrolled {
    /// The device; it has not connected yet.
    pub device: Arc<Device>,
    /// Whether this registration created it.
    pub created: bool,
}

impl Devices {
    /// Finds the device that asks for its credentials, or creates it where the product allows it. A device that has not
    /// connected yet may ask again.
    pub fn register(&self, product: &ProductId, name: &DeviceName) -> Result<Enrolled, RegistrationError> {
        let product = self.product(product).ok_or(RegistrationError::UnknownProduct)?;
        let _changing = product.changing.lock();
        let known = product.device(name.as_str());
        let facts = RegistrationFacts {
            product_enabled: product.enabled(),
            rule: rule_of(&product),
            device: known.as_deref().map(|device| KnownDevice {
                enabled: device.enabled(),
                activated: device.activated_at().is_some(),
            }),
        };
        match (admit(&facts)?, known) {
            (Admission::HandOut, Some(device)) => Ok(Enrolled { device, created: false }),
            (Admission::HandOut | Admission::Create, _) => self.create_enrolled(&product, name),
        }
    }

    fn create_enrolled(
        &self,
        product: &Arc<Product>,
        name: &DeviceName,
    ) -> Result<Enrolled, RegistrationError> {
        let created = self.insert_devices(product, vec![name.clone()], true).map_err(|error| match error {
            DevicesError::LimitReached(_) | DevicesError::LicencesUsedUp(_) => RegistrationError::QuotaExhausted,
            other => {
                tracing::error!(product = %product.id, error = %other, "a device could not be created by registration");
                RegistrationError::Unavailable
            }
        })?;
        let mut settings = (*product.settings()).clone();
        settings.auto_created += 1;
        product.set_settings(settings);
        let device = created.into_iter().next().ok_or(RegistrationError::Unavailable)?;
        Ok(Enrolled { device, created: true })
    }
}

fn rule_of(product: &Product) -> RegistrationRule {
    let settings = product.settings();
    match settings.dynamic_registration {
        DynamicRegistration::Off => RegistrationRule::Off,
        DynamicRegistration::AutoCreate { quota } => {
            RegistrationRule::AutoCreate { remaining: quota.saturating_sub(settings.auto_created) }
        }
        _ => RegistrationRule::Known,
    }
}
