//! The demo: a product with the lamp's thing model, a simulated lamp that keeps reporting, and a second device with
//! everything filled in that a person needs to send a first message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use yizhan_devices::{
    AuthMode, Device, DeviceCreation, Devices, DynamicRegistration, NewProduct, NodeKind, ProductProfile,
};
use yizhan_people::ApiKey;
use yizhan_simulator::fleet::{self, FleetConfig};
use yizhan_simulator::{Credential, Target, Transport};
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
/// Between two reports of the simulated lamp.
const REPORT_EVERY: Duration = Duration::from_secs(2);

/// The running demo.
pub struct Demo {
    instructions: String,
    stop: Arc<AtomicBool>,
    lamp: JoinHandle<()>,
}

/// Makes product and devices, unless they are there from an earlier start, and switches the lamp on.
pub fn start(server: &Server) -> anyhow::Result<Demo> {
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
    let stop = Arc::new(AtomicBool::new(false));
    let config = lamp_config(server, &lamp)?;
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new().name("demo-lamp".to_owned()).spawn(move || {
        if let Err(error) = fleet::run(&config, &stopped, &mut |_| {}) {
            tracing::error!(%error, "the demo lamp stopped");
        }
    })?;
    Ok(Demo { instructions: instructions(server, &yours)?, stop, lamp: thread })
}

impl Demo {
    /// What a person can do now.
    pub fn instructions(&self) -> String {
        self.instructions.clone()
    }

    /// Switches the lamp off.
    pub fn stop(self) {
        self.stop.store(true, Ordering::Relaxed);
        if self.lamp.join().is_err() {
            tracing::error!("the demo lamp ended in a panic");
        }
    }
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

fn lamp_config(server: &Server, lamp: &Device) -> anyhow::Result<FleetConfig> {
    let model =
        server.services.devices.model(lamp.product_id())?.context("the demo product has no thing model")?;
    let models = BTreeMap::from([(PRODUCT.to_owned(), model.source().to_owned())]);
    let target = Target::at(server.addresses.mqtt, Transport::Tcp);
    Ok(FleetConfig { interval: REPORT_EVERY, ..FleetConfig::new(target, vec![credential(lamp)?], models) })
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
