//! What the hall of virtual devices may know about real ones: who a device is, what it is, and whether it is connected.

use std::sync::Arc;

use yizhan_devices::{Device, Devices, Status};
use yizhan_simulator::Credential;
use yizhan_simulator::hall::{Admission, Directory, TroubleKind};
use yizhan_vocabulary::DeviceId;
use yizhan_vocabulary::model::ThingModel;

pub(crate) struct DeviceDirectory(pub(crate) Devices);

impl Directory for DeviceDirectory {
    fn admit(&self, id: u64) -> Admission {
        let Some(device) = self.0.device(DeviceId(id)).filter(|device| !device.deleted()) else {
            return Admission::Gone;
        };
        match login_of(&device) {
            Ok((credential, model)) => {
                Admission::Enter { credential, model, occupied: is_connected(&device) }
            }
            Err(kind) => Admission::Refused(kind, String::new()),
        }
    }

    fn model(&self, id: u64) -> Option<Arc<ThingModel>> {
        self.0.device(DeviceId(id))?.product().model()
    }
}

/// What the device proves itself with and what it is, or what it lacks for being played.
pub(crate) fn login_of(device: &Device) -> Result<(Credential, Arc<ThingModel>), TroubleKind> {
    let model = device.product().model().ok_or(TroubleKind::NoModel)?;
    let secret = device.secret().ok_or(TroubleKind::NoKey)?.as_text().to_owned();
    let (product, name) = (device.product_id().to_string(), device.name.to_string());
    Ok((Credential { product, device: name, secret }, model))
}

/// Whether somebody is connected as this device.
pub(crate) fn is_connected(device: &Device) -> bool {
    device.present_status() == Status::Online
}
