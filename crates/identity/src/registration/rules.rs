//! Who may register (device protocol facts §3.4): the product's switch, the device's state, and the quota.

use super::RegistrationError;

/// What a product allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RegistrationRule {
    /// Nothing.
    Off,
    /// Devices that were created beforehand.
    Known,
    /// Any name, until `remaining` more devices were created.
    AutoCreate {
        /// Devices that may still be created.
        remaining: u32,
    },
}

/// The state of a device that exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KnownDevice {
    /// Whether it may connect.
    pub enabled: bool,
    /// Whether it has connected before.
    pub activated: bool,
}

/// All that the decision needs to know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RegistrationFacts {
    /// Whether the product is enabled.
    pub product_enabled: bool,
    /// What the product allows.
    pub rule: RegistrationRule,
    /// The named device, if it exists.
    pub device: Option<KnownDevice>,
}

/// What to do with a device that may register.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Admission {
    /// Give it the credentials it has.
    HandOut,
    /// Create it first; it counts against the quota.
    Create,
}

/// Decides about a request whose signature was right.
pub fn admit(facts: &RegistrationFacts) -> Result<Admission, RegistrationError> {
    if !facts.product_enabled {
        return Err(RegistrationError::ProductDisabled);
    }
    match (facts.rule, facts.device) {
        (RegistrationRule::Off, _) => Err(RegistrationError::RegistrationOff),
        (_, Some(device)) if device.activated => Err(RegistrationError::AlreadyActivated),
        (_, Some(device)) if !device.enabled => Err(RegistrationError::DeviceDisabled),
        (_, Some(_)) => Ok(Admission::HandOut),
        (RegistrationRule::Known, None) => Err(RegistrationError::UnknownDevice),
        (RegistrationRule::AutoCreate { remaining: 0 }, None) => Err(RegistrationError::QuotaExhausted),
        (RegistrationRule::AutoCreate { .. }, None) => Ok(Admission::Create),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NEW: KnownDevice = KnownDevice { enabled: true, activated: false };

    fn verdict(rule: RegistrationRule, device: Option<KnownDevice>) -> Result<Admission, RegistrationError> {
        admit(&RegistrationFacts { product_enabled: true, rule, device })
    }

    #[test]
    fn a_product_with_the_switch_off_refuses_everyone() {
        for device in [None, Some(NEW)] {
            assert_eq!(verdict(RegistrationRule::Off, device), Err(RegistrationError::RegistrationOff));
        }
    }

    #[test]
    fn a_known_device_may_register_until_its_first_connection() {
        let auto = RegistrationRule::AutoCreate { remaining: 0 };
        for rule in [RegistrationRule::Known, auto] {
            assert_eq!(verdict(rule, Some(NEW)), Ok(Admission::HandOut));
            let active = KnownDevice { activated: true, ..NEW };
            assert_eq!(verdict(rule, Some(active)), Err(RegistrationError::AlreadyActivated));
            let disabled = KnownDevice { enabled: false, ..NEW };
            assert_eq!(verdict(rule, Some(disabled)), Err(RegistrationError::DeviceDisabled));
        }
    }

    #[test]
    fn an_unknown_device_is_created_only_where_allowed_and_within_the_quota() {
        assert_eq!(verdict(RegistrationRule::Known, None), Err(RegistrationError::UnknownDevice));
        assert_eq!(verdict(RegistrationRule::AutoCreate { remaining: 1 }, None), Ok(Admission::Create));
        let used_up = verdict(RegistrationRule::AutoCreate { remaining: 0 }, None);
        assert_eq!(used_up, Err(RegistrationError::QuotaExhausted));
    }

    #[test]
    fn a_disabled_product_registers_nobody() {
        let facts =
            RegistrationFacts { product_enabled: false, rule: RegistrationRule::Known, device: Some(NEW) };
        assert_eq!(admit(&facts), Err(RegistrationError::ProductDisabled));
    }
}
