//! A compatible device: its credentials, its login as the vendor's clients compute it, and [`FakeDevice`], a client
//! that reports and answers.
//!
//! The signature code is its own (facts of the device protocol, §1.3: password = hex of
//! HMAC(base64-decoded secret, whole user name) and the algorithm's name), so that it can disagree with the server's.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::Sha256;

use crate::mqtt::{Connect, Published, Publishing, RawClient, Version};

/// A user name expiry as the vendor's C client sends it.
pub const FAR_EXPIRY: &str = "92233720368547758";

/// Which HMAC signs the login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SignatureAlgorithm {
    /// `hmacsha1`.
    Sha1,
    /// `hmacsha256`.
    Sha256,
}

impl SignatureAlgorithm {
    /// The name that follows the signature.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "hmacsha1",
            Self::Sha256 => "hmacsha256",
        }
    }

    /// Lower-case hex of the HMAC.
    pub fn sign(self, key: &[u8], message: &[u8]) -> String {
        match self {
            Self::Sha1 => hex_hmac::<Hmac<Sha1>>(key, message),
            Self::Sha256 => hex_hmac::<Hmac<Sha256>>(key, message),
        }
    }
}

fn hex_hmac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> String {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("an HMAC takes a key of any length");
    mac.update(message);
    hex::encode(mac.finalize().into_bytes())
}

/// What a device's CONNECT carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// Client id: product and name without a separator.
    pub client_id: String,
    /// User name.
    pub username: String,
    /// Password.
    pub password: String,
}

impl Login {
    /// The CONNECT, clean session, keep alive 60 s.
    pub fn connect(&self, version: Version) -> Connect {
        Connect::new(version, &self.client_id).login(&self.username, &self.password)
    }
}

/// A device as the registry made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceCredentials {
    /// Product id.
    pub product: String,
    /// Device name.
    pub name: String,
    /// Device secret, base64.
    pub secret: String,
}

impl DeviceCredentials {
    /// `PID/DEV`, the end of the platform's topics.
    pub fn topic_suffix(&self) -> String {
        format!("{}/{}", self.product, self.name)
    }

    /// The client id.
    pub fn client_id(&self) -> String {
        format!("{}{}", self.product, self.name)
    }

    /// A login as the vendor's C client makes it.
    pub fn login(&self) -> Login {
        self.login_with(SignatureAlgorithm::Sha1, "21010406", "a1B2c", FAR_EXPIRY)
    }

    /// A login with every part chosen.
    pub fn login_with(
        &self,
        algorithm: SignatureAlgorithm,
        app_id: &str,
        connection_id: &str,
        expiry: &str,
    ) -> Login {
        let client_id = self.client_id();
        let username = format!("{client_id};{app_id};{connection_id};{expiry}");
        let password = self.password_for(algorithm, &username);
        Login { client_id, username, password }
    }

    /// The password that goes with a user name.
    pub fn password_for(&self, algorithm: SignatureAlgorithm, username: &str) -> String {
        let key = STANDARD.decode(&self.secret).expect("a device secret is base64");
        format!("{};{}", algorithm.sign(&key, username.as_bytes()), algorithm.name())
    }
}

/// A connected device with the habits of the vendor's clients: MQTT 3.1.1, clean session, downlinks at QoS 0 or 1.
pub struct FakeDevice {
    /// The connection, for anything this type does not offer.
    pub client: RawClient,
    credentials: DeviceCredentials,
    next_id: u16,
    next_token: u32,
}

impl FakeDevice {
    /// Connects; the server must accept.
    #[track_caller]
    pub fn connect(address: SocketAddr, credentials: &DeviceCredentials) -> Self {
        Self::connect_as(address, credentials, &credentials.login().connect(Version::V311))
    }

    /// Connects with a CONNECT of the test's own making.
    #[track_caller]
    pub fn connect_as(address: SocketAddr, credentials: &DeviceCredentials, connect: &Connect) -> Self {
        let client = RawClient::connected(address, connect);
        Self { client, credentials: credentials.clone(), next_id: 1, next_token: 0 }
    }

    /// `prefix/PID/DEV`.
    pub fn topic(&self, prefix: &str) -> String {
        format!("{prefix}/{}", self.credentials.topic_suffix())
    }

    fn take_id(&mut self) -> u16 {
        let id = self.next_id;
        self.next_id = self.next_id.checked_add(1).unwrap_or(1);
        id
    }

    /// Subscribes `prefix/PID/DEV`; must be granted. Returns the granted QoS.
    #[track_caller]
    pub fn subscribe(&mut self, prefix: &str, qos: u8) -> u8 {
        let topic = self.topic(prefix);
        let id = self.take_id();
        let code = self.client.subscribe(id, &[(&topic, qos)]).codes[0];
        assert!(code <= 1, "the subscription of {topic} was answered with {code:#04x}");
        code
    }

    /// Publishes JSON to `prefix/PID/DEV` at QoS 0 or 1 and, at QoS 1, waits for the PUBACK.
    #[track_caller]
    pub fn publish(&mut self, prefix: &str, message: &Value, qos: u8) {
        let topic = self.topic(prefix);
        let id = self.take_id();
        self.client.publish_as(&Publishing::new(&topic, message.to_string().as_bytes()).qos(qos, id));
    }

    /// A client token that this device has not used yet.
    pub fn take_token(&mut self) -> String {
        self.next_token += 1;
        format!("{}-{}", self.credentials.name, self.next_token)
    }

    /// Reports properties (the downlink topic must be subscribed) and returns the reply with the same token.
    #[track_caller]
    pub fn report(&mut self, params: &Value) -> Value {
        let token = self.take_token();
        let message = serde_json::json!({ "method": "report", "clientToken": token, "params": params });
        self.publish("$thing/up/property", &message, 0);
        self.expect_json(&self.topic("$thing/down/property"), |reply| reply["clientToken"] == token.as_str())
    }

    /// Waits for a JSON message on exactly this topic that `wanted` recognises, acknowledges it and returns it. Other
    /// messages stay for later.
    #[track_caller]
    pub fn expect_json(&mut self, topic: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let (publish, json) = self.client.wait_for(&format!("a message on {topic}"), |packet| match packet {
            crate::Received::Publish(publish) if publish.topic == topic => {
                let json = serde_json::from_slice(&publish.payload).ok().filter(&wanted)?;
                Some((publish.clone(), json))
            }
            _ => None,
        });
        self.client.complete(&publish);
        json
    }

    /// Waits for any message on exactly this topic and acknowledges it.
    #[track_caller]
    pub fn expect_message(&mut self, topic: &str) -> Published {
        let publish = self.client.wait_for(&format!("a message on {topic}"), |packet| match packet {
            crate::Received::Publish(publish) if publish.topic == topic => Some(publish.clone()),
            _ => None,
        });
        self.client.complete(&publish);
        publish
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Vectors of the facts of the device protocol, §1.3.
    fn device() -> DeviceCredentials {
        DeviceCredentials {
            product: "DEMOPROD01".into(),
            name: "dev001".into(),
            secret: "lDZ6Uqt+I9E0wW7rvDUs7Q==".into(),
        }
    }

    #[test]
    fn the_login_of_the_c_client_is_reproduced() {
        let login = device().login_with(SignatureAlgorithm::Sha1, "21010406", "43ACI", FAR_EXPIRY);
        assert_eq!(login.username, "DEMOPROD01dev001;21010406;43ACI;92233720368547758");
        assert_eq!(login.password, "af73b2329c58a5378be9a7183abadb106babb1a2;hmacsha1");
    }

    #[test]
    fn the_login_of_the_java_client_is_reproduced() {
        let login = device().login_with(SignatureAlgorithm::Sha256, "12010126", "ABCDE", "2147483647");
        assert_eq!(
            login.password,
            "9aec8e9f55a5cfd89efa38e551a2609cbdff71ea0d8baad90a711703c5b9dc67;hmacsha256"
        );
    }
}
