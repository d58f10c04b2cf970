//! All that a device needs to connect, worked out: whoever brings the first device online copies it into a program instead
//! of computing signatures by hand. It holds the device's key, like DescribeDevice.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use yizhan_identity::device_auth::sign_password;

use crate::call::Call;
use crate::failure::{Code, Failure, Outcome};

/// The expiry that devices' kits send: the signature holds for ever.
const EXPIRY: &str = "2147483647";
/// The number that the vendor's kits put into user names.
const SDK_APP_ID: &str = "21010406";
/// Five letters that tell connections of one device apart.
const CONNECTION_ID: &str = "HELLO";
/// How the signature is made.
const METHOD: &str = "hmacsha256";

/// Which device.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DescribeDeviceLogin {
    product_id: String,
    device_name: String,
}

/// How it connects.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct DeviceLoginData {
    /// The port of MQTT over TCP.
    mqtt_port: u16,
    /// The port of MQTT over TLS, with the server's certificate, a pre-shared key or a client certificate.
    mqtts_port: u16,
    /// The port of MQTT over WebSocket.
    ws_port: u16,
    /// The port of MQTT over WebSocket inside TLS.
    wss_port: u16,
    /// Whether the device has a certificate instead of a key.
    certificate: bool,
    client_id: String,
    user_name: String,
    /// The signature of the user name; empty for a device with a certificate.
    password: String,
    /// The name of the pre-shared key; empty for a device with a certificate.
    psk_identity: String,
    /// The pre-shared key in hexadecimal.
    psk_hex: String,
    /// The device's key as base64.
    device_psk: String,
    /// The certificate of the authority that signed the server's certificate, PEM.
    ca_certificate: String,
}

pub(crate) async fn describe(call: Call, request: DescribeDeviceLogin) -> Outcome<DeviceLoginData> {
    let device = call.device(&request.product_id, &request.device_name)?;
    let client_id = format!("{}{}", device.product_id(), device.name);
    let user_name = format!("{client_id};{SDK_APP_ID};{CONNECTION_ID};{EXPIRY}");
    let platform = call.platform();
    let secret = device.secret();
    let password = secret.as_ref().and_then(|secret| sign_password(&user_name, secret, METHOD));
    if secret.is_some() && password.is_none() {
        return Err(Failure::new(Code::InternalError));
    }
    let text = secret.as_ref().map(|secret| secret.as_text().to_owned()).unwrap_or_default();
    let key = STANDARD.decode(&text).unwrap_or_default();
    Ok(DeviceLoginData {
        mqtt_port: platform.ports.mqtt,
        mqtts_port: platform.ports.mqtts,
        ws_port: platform.ports.http,
        wss_port: platform.ports.https,
        certificate: secret.is_none(),
        psk_identity: if secret.is_some() { client_id.clone() } else { String::new() },
        client_id,
        user_name,
        password: password.unwrap_or_default(),
        psk_hex: key.iter().map(|byte| format!("{byte:02x}")).collect(),
        device_psk: text,
        ca_certificate: platform.authorities.certificate.clone(),
    })
}
