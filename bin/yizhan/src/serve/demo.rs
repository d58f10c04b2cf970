//! The demo: a product with the lamp's thing model, a simulated lamp that keeps reporting, and a second device with
//! everything filled in that a person needs to send a first message.

use std::sync::Arc;

use anyhow::Context;
use yizhan_devices::{
    AuthMode, Device, DeviceCreation, Devices, DynamicRegistration, NewProduct, NodeKind, ProductProfile,
};
use yizhan_people::ApiKey;
use yizhan_simulator::Credential;
use yizhan_virtual_devices::Behaviour;
use yizhan_vocabulary::model::LAMP_MODEL;
use yizhan_vocabulary::{ProductId, Uin};

use super::Server;
use crate::device_login::DeviceLogin;

const PRODUCT: &str = "DEMOPROD01";
const LAMP: &str = "lamp-1";
const YOURS: &str = "dev001";
/// The remark of the demo's API key.
const KEY: &str = "demo";
/// Where its id is, in the data directory.
const KEY_FILE: &str = "demo-key";
/// Seconds between two reports of the simulated lamp.
const REPORT_EVERY: u32 = 2;

/// Makes product and devices and lets the server play the lamp, unless they are there from an earlier start; says what a
/// person can do now.
pub fn start(server: &Server) -> anyhow::Result<String> {
    let devices = &server.services.devices;
    let product = ProductId::parse(PRODUCT)?;
    if devices.product(&product).is_none() {
        devices.create_product(NewProduct {
            id: Some(product),
            name: "Demo lamp".to_owned(),
            node: NodeKind::Device,
            auth: AuthMode::Key,
            dynamic_registration: DynamicRegistration::Off,
            model_json: Some(LAMP_MODEL.to_owned()),
            profile: ProductProfile::default(),
        })?;
    }
    let lamp = find_or_create(devices, &product, LAMP)?;
    let yours = find_or_create(devices, &product, YOURS)?;
    switch_on(server, &lamp)?;
    instructions(server, &yours)
}

/// Lets the server play the lamp. Whoever changed or stopped it since the first start has had reasons.
fn switch_on(server: &Server, lamp: &Arc<Device>) -> anyhow::Result<()> {
    let virtual_devices = &server.services.platform.virtual_devices;
    if virtual_devices.find(lamp)?.is_none() {
        let behaviour =
            Behaviour { report_interval: REPORT_EVERY, event_interval: 300, ..Behaviour::default() };
        virtual_devices.start(lamp, Some(behaviour), false, Uin::FIRST)?;
    }
    Ok(())
}

fn find_or_create(devices: &Devices, product: &ProductId, name: &str) -> anyhow::Result<Arc<Device>> {
    if let Some(device) = devices.find(product, name) {
        return Ok(device);
    }
    devices.create_devices(product, DeviceCreation::Named(vec![name.to_owned()]))?;
    devices.find(product, name).context("the demo device vanished")
}

fn credential(device: &Device) -> anyhow::Result<Credential> {
    let secret = device.secret().context("the demo's device has no secret")?;
    Ok(Credential {
        product: PRODUCT.to_owned(),
        device: device.name.to_string(),
        secret: secret.as_text().to_owned(),
    })
}

/// The demo's own API key of the first account, made unless it is there from an earlier start. Its id is in a file: a key
/// that a person made is not shown again, whatever its remark is.
fn demo_key(server: &Server) -> anyhow::Result<Arc<ApiKey>> {
    let people = &server.services.platform.people;
    let note = server.services.data_dir.join(KEY_FILE);
    let noted = std::fs::read_to_string(&note).unwrap_or_default();
    let own = |key: &Arc<ApiKey>| **key.id() == *noted.trim() && key.is_enabled();
    if let Some(key) = people.keys_of(Uin::FIRST).into_iter().find(own) {
        return Ok(key);
    }
    let key = people.create_key(Uin::FIRST, KEY)?.key;
    std::fs::write(&note, &**key.id()).with_context(|| format!("{}", note.display()))?;
    Ok(key)
}

/// Everything that one `mosquitto_pub` needs, ready to be pasted.
fn instructions(server: &Server, device: &Device) -> anyhow::Result<String> {
    let addresses = &server.addresses;
    let login = DeviceLogin::new(
        &credential(device)?,
        Some(addresses.mqtt),
        Some(addresses.mqtts),
        r#"{"brightness":42}"#,
    )?;
    let key = demo_key(server)?;
    let http = addresses.http;
    Ok(format!(
        "\nThe demo product {PRODUCT} has a simulated lamp, {LAMP}, that reports every two seconds.\n\
         A second device, {YOURS}, is yours:\n\n{}\n\n{}\n\n\
         See the same for any device: yizhan admin device login PRODUCT DEVICE\n\n\
         What the lamp says, with the vendor's command line (pip install tccli):\n\n\
         tccli iotexplorer DescribeDeviceData --endpoint http://{http} --region ap-guangzhou \\\n  \
         --secretId {} --secretKey {} \\\n  --ProductId {PRODUCT} --DeviceName {LAMP}\n",
        login.fields(),
        login.shell_lines(),
        key.id(),
        key.secret().expose(),
    ))
}
