//! Features of the compatible protocol that this server permits but does not serve yet: a device may subscribe and
//! publish as on the vendor's platform and is not disconnected for it; its messages end in the content log and in
//! a diagnostic entry. Serving one means giving it a folder and taking its line out of here (facts §2.1).

use yizhan_vocabulary::topics::{Rights, TopicRule};

use super::{FeatureDescriptor, Service};

const fn up(prefix: &'static str) -> TopicRule {
    TopicRule { prefix, suffix: "", rights: Rights::Publish }
}

const fn down(prefix: &'static str) -> TopicRule {
    TopicRule { prefix, suffix: "", rights: Rights::Subscribe }
}

const fn declared(name: &'static str, topics: &'static [TopicRule]) -> FeatureDescriptor {
    FeatureDescriptor { name, topics, service: Service::NotServed }
}

/// Firmware updates.
pub(crate) const OTA: FeatureDescriptor = declared("ota", &[up("$ota/report/"), down("$ota/update/")]);
/// Topology of gateways and sub-devices.
pub(crate) const GATEWAY: FeatureDescriptor =
    declared("gateway", &[up("$gateway/operation/"), down("$gateway/operation/result/")]);
/// Upload and download of resources.
pub(crate) const RESOURCE: FeatureDescriptor =
    declared("resource", &[up("$resource/up/service/"), down("$resource/down/service/")]);
/// The device shadow.
pub(crate) const SHADOW: FeatureDescriptor =
    declared("shadow", &[up("$shadow/operation/"), down("$shadow/operation/result/")]);
/// The shadow under its older name.
pub(crate) const TEMPLATE: FeatureDescriptor =
    declared("template", &[up("$template/operation/"), down("$template/operation/result/")]);
/// Remote configuration.
pub(crate) const CONFIG: FeatureDescriptor =
    declared("config", &[up("$config/operation/"), up("$config/report/"), down("$config/operation/result/")]);
/// Where messages to all devices of a product go, up to the device.
pub(crate) const BROADCAST_PREFIX: &str = "$broadcast/rxd/";
/// Messages to all devices of a product: devices only listen.
pub(crate) const BROADCAST: FeatureDescriptor = declared("broadcast", &[down(BROADCAST_PREFIX)]);
/// Calls between devices and WeChat.
pub(crate) const TWECALL: FeatureDescriptor =
    declared("twecall", &[up("$twecall/up/service/"), down("$twecall/down/service/")]);
