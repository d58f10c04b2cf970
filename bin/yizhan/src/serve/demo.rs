//! The demo: a product with the lamp's thing model, a simulated lamp that keeps reporting, and a second device with
//! everything filled in that a person needs to send a first message.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Context;
use yizhan_devices::{AuthMode, Device, DeviceCreation, Devices, DynamicRegistration, NewProduct, NodeKind};
use yizhan_identity::device_auth::sign_password;
use yizhan_simulator::fleet::{self, FleetConfig};
use yizhan_simulator::{Credential, Target, Transport};
use yizhan_vocabulary::ProductId;
use yizhan_vocabulary::model::LAMP_MODEL;

use super::Server;

const PRODUCT: &str = "DEMOPROD01";
const LAMP: &str = "lamp-1";
const YOURS: &str = "dev001";
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

fn lamp_config(server: &Server, lamp: &Device) -> anyhow::Result<FleetConfig> {
    let secret = lamp.secret().context("the demo lamp has no secret")?;
    let credential = Credential {
        product: PRODUCT.to_owned(),
        device: LAMP.to_owned(),
        secret: secret.as_text().to_owned(),
    };
    let model =
        server.services.devices.model(lamp.product_id())?.context("the demo product has no thing model")?;
    let models = BTreeMap::from([(PRODUCT.to_owned(), model.source().to_owned())]);
    let target = Target::at(server.addresses.mqtt, Transport::Tcp);
    Ok(FleetConfig { interval: REPORT_EVERY, ..FleetConfig::new(target, vec![credential], models) })
}

/// Everything that one `mosquitto_pub` needs, ready to be pasted. The signature holds for ever, as devices' do.
fn instructions(server: &Server, device: &Device) -> anyhow::Result<String> {
    let secret = device.secret().context("the demo device has no secret")?;
    let client_id = format!("{PRODUCT}{YOURS}");
    let user_name = format!("{client_id};12010126;DEMO1;2147483647");
    let password =
        sign_password(&user_name, &secret, "hmacsha256").context("the password could not be signed")?;
    let (host, port) = (server.addresses.mqtt.ip(), server.addresses.mqtt.port());
    Ok(format!(
        "\nThe demo product {PRODUCT} has a simulated lamp, {LAMP}, that reports every two seconds.\n\
         A second device, {YOURS}, is yours:\n\n\
         \x20 host       {host}\n\
         \x20 port       {port}\n\
         \x20 client id  {client_id}\n\
         \x20 user name  {user_name}\n\
         \x20 password   {password}\n\n\
         Report a value as that device:\n\n\
         \x20 mosquitto_pub -h {host} -p {port} -i {client_id} -u '{user_name}' \\\n\
         \x20   -P '{password}' -q 1 \\\n\
         \x20   -t '$thing/up/property/{PRODUCT}/{YOURS}' \\\n\
         \x20   -m '{{\"method\":\"report\",\"clientToken\":\"1\",\"params\":{{\"brightness\":42}}}}'\n"
    ))
}
