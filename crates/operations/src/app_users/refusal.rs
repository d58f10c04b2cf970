//! The published codes of what can be refused about applications and their users.

use yizhan_people::AppsError;
use yizhan_store::PushService;

use crate::failure::{Code, Failure};

/// The name that stands for no device (facts §4.2.14, BindUserDevice).
const VIRTUAL_DEVICE: &str = "~virtualDev";

impl From<AppsError> for Failure {
    fn from(error: AppsError) -> Self {
        let code = match &error {
            AppsError::NoSuchApplication => Code::AppNotExists,
            AppsError::NameTaken(_) => Code::AppExists,
            AppsError::Name(_) => Code::AppNameTooLong,
            AppsError::Description(_) => Code::AppDescriptionTooLong,
            AppsError::Push { environment: true, .. } => Code::PushEnvironmentInvalid,
            AppsError::Push { service: PushService::TpnsIos, .. } => Code::TpnsIosValidationFailed,
            AppsError::Push { service: PushService::TpnsAndroid, .. } => Code::TpnsAndroidValidationFailed,
            AppsError::Push { service: PushService::Xinge, .. } => Code::InvalidParameterValue,
            AppsError::NotServed(_) => Code::NoPermissionToStudioProduct,
            AppsError::SubDevice => Code::ProductIsSubProduct,
            AppsError::BoundElsewhere => Code::CannotReBindFamily,
            AppsError::NotBound => Code::DeviceNotBound,
            AppsError::NotOwner => Code::NoPermissionToShareDevice,
            AppsError::ToSelf => Code::ShareDeviceToSelf,
            AppsError::NotInFamily => Code::NoPermissionToFamily,
            AppsError::NoSuchRoom(_) | AppsError::Invalid(_) => Code::InvalidParameterValue,
            AppsError::LimitReached { .. } => Code::LimitExceeded,
            AppsError::Store(error) => return error.clone().into(),
        };
        Self::new(code).because(error.to_string())
    }
}

/// Refuses the name that stands for no device.
pub(super) fn refuse_virtual(device: &str) -> Result<(), Failure> {
    if device == VIRTUAL_DEVICE { Err(Failure::new(Code::VirtualDeviceCannotBind)) } else { Ok(()) }
}
