//! Dynamic registration (facts §3.4): a device fetches its key with its product's secret. The caller has verified
//! the signature; here are the rules.

use yizhan_store::{AuthMode, DynamicRegistration};
use yizhan_vocabulary::{DeviceName, ProductId};

use crate::{Devices, DevicesError, RegistrationError};

/// What a registered device is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolled {
    /// Its key, base64 text.
    pub secret: String,
    /// Whether this registration created the device.
    pub created: bool,
}

impl Devices {
    /// Hands out a device's key, or creates the device first where the product allows it. A device that has not
    /// connected yet may ask again and gets the same key.
    pub fn register(&self, product: &ProductId, name: &DeviceName) -> Result<Enrolled, RegistrationError> {
        let product = self.product(product).ok_or(RegistrationError::UnknownProduct)?;
        if !product.enabled() {
            return Err(RegistrationError::UnknownProduct);
        }
        if product.auth != AuthMode::Key {
            return Err(RegistrationError::WrongAuthMode);
        }
        let _changing = product.changing.lock();
        let settings = product.settings();
        if settings.dynamic_registration == DynamicRegistration::Off {
            return Err(RegistrationError::NotEnabled);
        }
        if let Some(device) = product.device(name.as_str()) {
            if device.activated_at().is_some() {
                return Err(RegistrationError::Activated);
            }
            if !device.enabled() {
                return Err(RegistrationError::Disabled);
            }
            let secret = device.secret().ok_or(RegistrationError::WrongAuthMode)?;
            return Ok(Enrolled { secret: secret.as_text().to_owned(), created: false });
        }
        let DynamicRegistration::AutoCreate { quota } = settings.dynamic_registration else {
            return Err(RegistrationError::UnknownDevice);
        };
        if settings.auto_created >= quota {
            return Err(RegistrationError::QuotaReached);
        }
        let created = self.insert_devices(&product, vec![name.clone()], true).map_err(|error| match error {
            DevicesError::LimitReached(_) => RegistrationError::QuotaReached,
            other => {
                tracing::error!(product = %product.id, error = %other, "a device could not be created by registration");
                RegistrationError::Unavailable
            }
        })?;
        let mut settings = (*settings).clone();
        settings.auto_created += 1;
        product.set_settings(settings);
        let secret =
            created.first().and_then(|device| device.secret()).ok_or(RegistrationError::Unavailable)?;
        Ok(Enrolled { secret: secret.as_text().to_owned(), created: true })
    }
}
