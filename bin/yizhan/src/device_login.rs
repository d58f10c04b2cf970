//! How a person signs in as a device by hand: the CONNECT fields and lines for `mosquitto_pub`, ready to be pasted.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use serde::Serialize;
use serde_json::Value;
use yizhan_simulator::Credential;

/// The expiry that devices' kits send: the signature holds for ever.
const EXPIRY: u64 = 2_147_483_647;
/// Five letters that tell connections of one device apart.
const CONNECTION_ID: &str = "HELLO";

/// Everything that proves to be a device, and where to say it.
#[derive(Debug, Serialize)]
pub struct DeviceLogin {
    client_id: String,
    user_name: String,
    password: String,
    psk_identity: String,
    psk_hex: String,
    mqtt: Option<SocketAddr>,
    mqtts: Option<SocketAddr>,
    #[serde(skip)]
    topic: String,
    #[serde(skip)]
    message: String,
}

impl DeviceLogin {
    /// The login of a device; `params` are the properties that its first message reports, as JSON.
    pub fn new(
        credential: &Credential,
        mqtt: Option<SocketAddr>,
        mqtts: Option<SocketAddr>,
        params: &str,
    ) -> anyhow::Result<Self> {
        let login = credential.login(CONNECTION_ID, EXPIRY, true)?;
        let mut psk_hex = String::with_capacity(login.key.len() * 2);
        for byte in &login.key {
            write!(psk_hex, "{byte:02x}").expect("writing to a String does not fail");
        }
        Ok(Self {
            psk_identity: login.client_id.clone(),
            client_id: login.client_id,
            user_name: login.username,
            password: login.password.unwrap_or_default(),
            psk_hex,
            mqtt: mqtt.map(reachable),
            mqtts: mqtts.map(reachable),
            topic: format!("$thing/up/property/{}/{}", credential.product, credential.device),
            message: format!(r#"{{"method":"report","clientToken":"1","params":{params}}}"#),
        })
    }

    /// The fields, one a line.
    pub fn fields(&self) -> String {
        let mut lines = Vec::new();
        for (name, address) in [("MQTT", self.mqtt), ("MQTT over TLS", self.mqtts)] {
            lines.extend(address.map(|address| (name, address.to_string())));
        }
        lines.extend([
            ("client id", self.client_id.clone()),
            ("user name", self.user_name.clone()),
            ("password", self.password.clone()),
            ("PSK identity", self.psk_identity.clone()),
            ("PSK in hex", self.psk_hex.clone()),
        ]);
        let lines = lines.into_iter().map(|(name, value)| format!("  {name:<13}  {value}"));
        lines.collect::<Vec<_>>().join("\n")
    }

    /// Lines for a shell that report a value over TCP, and the same over TLS-PSK.
    pub fn shell_lines(&self) -> String {
        let mut lines = Vec::new();
        if let Some(address) = self.mqtt {
            let proof = format!("-P '{}'", self.password);
            lines.push(format!("Report a value as that device:\n\n{}", self.publish(address, &proof)));
        }
        if let Some(address) = self.mqtts {
            let proof = format!("--psk-identity {} --psk {}", self.psk_identity, self.psk_hex);
            lines.push(format!("The same over TLS with the key:\n\n{}", self.publish(address, &proof)));
        }
        lines.join("\n\n")
    }

    fn publish(&self, address: SocketAddr, proof: &str) -> String {
        let (host, port) = (address.ip(), address.port());
        let Self { client_id, user_name, topic, message, .. } = self;
        format!(
            "  mosquitto_pub -h {host} -p {port} -i {client_id} -u '{user_name}' \\\n    {proof} -q 1 \\\n    \
             -t '{topic}' \\\n    -m '{message}'"
        )
    }
}

/// The address to dial for one that is listened on: a server on all addresses is also on this machine's own.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// A first report for a device with this thing model: the first property with a plain value, at its lowest.
pub fn sample_params(model: &Value) -> String {
    let properties = model["properties"].as_array().into_iter().flatten();
    let sample = properties.filter(|property| property["mode"] != "w").find_map(|property| {
        let value = lowest(&property["define"])?;
        Some(format!("{{{}:{value}}}", property["id"]))
    });
    sample.unwrap_or_else(|| "{}".to_owned())
}

fn lowest(define: &Value) -> Option<String> {
    let least = || match &define["min"] {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => "0".to_owned(),
    };
    match define["type"].as_str()? {
        "bool" => Some("1".to_owned()),
        "int" | "float" => Some(least()),
        "enum" => define["mapping"].as_object()?.keys().next().cloned(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lines_have_all_that_a_client_needs() {
        let credential = Credential {
            product: "DEMOPROD01".into(),
            device: "dev001".into(),
            secret: "lDZ6Uqt+I9E0wW7rvDUs7Q==".into(),
        };
        let at = |text: &str| Some(text.parse().unwrap());
        let login =
            DeviceLogin::new(&credential, at("0.0.0.0:1883"), at("[::1]:8883"), r#"{"a":1}"#).unwrap();
        let lines = login.shell_lines();
        let user = "-i DEMOPROD01dev001 -u 'DEMOPROD01dev001;21010406;HELLO;2147483647'";
        assert!(lines.contains(&format!("mosquitto_pub -h 127.0.0.1 -p 1883 {user}")), "{lines}");
        assert!(lines.contains(&format!("mosquitto_pub -h ::1 -p 8883 {user}")), "{lines}");
        assert!(
            lines.contains("--psk-identity DEMOPROD01dev001 --psk 94367a52ab7e23d134c16eebbc352ced"),
            "{lines}"
        );
        assert!(login.fields().contains(";hmacsha256"), "{}", login.fields());
    }

    #[test]
    fn the_sample_is_a_value_that_the_model_takes() {
        let model: Value = serde_json::from_str(yizhan_vocabulary::model::LAMP_MODEL).unwrap();
        assert_eq!(sample_params(&model), r#"{"power_switch":1}"#);
        assert_eq!(sample_params(&Value::Null), "{}");
        let model = serde_json::json!({ "properties": [
            { "id": "set", "mode": "w", "define": { "type": "int" } },
            { "id": "level", "mode": "r", "define": { "type": "int", "min": "5", "max": "9" } }
        ]});
        assert_eq!(sample_params(&model), r#"{"level":5}"#);
    }
}
