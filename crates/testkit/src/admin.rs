//! [`Admin`]: the internal HTTP surface, over the local socket or over TCP with a token, with shortcuts for what nearly
//! every test needs (a product, a device, a user). Paths are given without the `/internal/v1` prefix.

use std::net::SocketAddr;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::cloud::CloudKey;
use crate::device::DeviceCredentials;
use crate::http::{self, Answer, Endpoint};

const PREFIX: &str = "/internal/v1";

/// Name and password of an ordinary MQTT user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MqttUser {
    /// The user name.
    pub name: String,
    /// The generated password.
    pub password: String,
}

/// A client of the internal HTTP surface.
#[derive(Debug, Clone)]
pub struct Admin {
    endpoint: Endpoint,
    token: Option<String>,
}

impl Admin {
    /// Local administration: full rights, no token.
    pub fn over_socket(path: PathBuf) -> Self {
        Self { endpoint: Endpoint::Unix(path), token: None }
    }

    /// Remote administration.
    pub fn over_tcp(address: SocketAddr, token: Option<&str>) -> Self {
        Self { endpoint: Endpoint::Tcp(address), token: token.map(str::to_owned) }
    }

    /// Sends one request; `path` starts with `/` and gets the prefix.
    ///
    /// # Panics
    /// When there is no HTTP answer at all.
    #[track_caller]
    pub fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.request_without_prefix(method, &format!("{PREFIX}{path}"), body)
    }

    /// Sends one request to a path outside the prefix, `/healthz` for example.
    ///
    /// # Panics
    /// When there is no HTTP answer at all.
    #[track_caller]
    pub fn request_without_prefix(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let bearer = self.token.as_ref().map(|token| format!("Bearer {token}"));
        let mut headers = Vec::new();
        if let Some(bearer) = &bearer {
            headers.push(("Authorization", bearer.as_str()));
        }
        if body.is_some() {
            headers.push(("Content-Type", "application/json"));
        }
        let text = body.map(Value::to_string);
        http::request(&self.endpoint, method, path, &headers, text.as_deref().map(str::as_bytes))
            .unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    #[track_caller]
    fn successful(&self, method: &str, path: &str, body: Option<&Value>) -> Value {
        let answer = self.request(method, path, body);
        assert!((200..300).contains(&answer.status), "{method} {path}: {} {}", answer.status, answer.text());
        answer.json()
    }

    /// GET that must succeed.
    #[track_caller]
    pub fn get(&self, path: &str) -> Value {
        self.successful("GET", path, None)
    }

    /// POST that must succeed.
    #[track_caller]
    pub fn post(&self, path: &str, body: &Value) -> Value {
        self.successful("POST", path, Some(body))
    }

    /// PUT that must succeed.
    #[track_caller]
    pub fn put(&self, path: &str, body: &Value) -> Value {
        self.successful("PUT", path, Some(body))
    }

    /// PATCH that must succeed.
    #[track_caller]
    pub fn patch(&self, path: &str, body: &Value) -> Value {
        self.successful("PATCH", path, Some(body))
    }

    /// DELETE that must succeed.
    #[track_caller]
    pub fn delete(&self, path: &str) -> Value {
        self.successful("DELETE", path, None)
    }

    /// Creates a product for ordinary devices with key authentication and no model.
    #[track_caller]
    pub fn create_product(&self, id: &str) -> Value {
        self.post("/products", &json!({ "id": id, "name": id }))
    }

    /// Creates a product with a thing model.
    #[track_caller]
    pub fn create_product_with_model(&self, id: &str, model: &Value) -> Value {
        self.post("/products", &json!({ "id": id, "name": id, "model": model }))
    }

    /// Creates one device.
    #[track_caller]
    pub fn create_device(&self, product: &str, name: &str) -> DeviceCredentials {
        let answer = self.post(&format!("/products/{product}/devices"), &json!({ "names": [name] }));
        credentials(&answer["devices"][0])
    }

    /// Creates `count` devices named `prefix` and a number.
    #[track_caller]
    pub fn create_devices(&self, product: &str, prefix: &str, count: usize) -> Vec<DeviceCredentials> {
        let answer =
            self.post(&format!("/products/{product}/devices"), &json!({ "prefix": prefix, "count": count }));
        let devices: Vec<_> = answer["devices"].as_array().into_iter().flatten().map(credentials).collect();
        assert_eq!(devices.len(), count, "asked for {count} devices: {answer}");
        devices
    }

    /// Creates an MQTT user that may publish and subscribe everything outside `$`.
    #[track_caller]
    pub fn create_mqtt_user(&self, name: &str) -> MqttUser {
        mqtt_user(&self.post("/mqtt-users", &json!({ "name": name })))
    }

    /// Creates an MQTT user with its own topic filters.
    #[track_caller]
    pub fn create_restricted_mqtt_user(&self, name: &str, publish: &[&str], subscribe: &[&str]) -> MqttUser {
        mqtt_user(
            &self.post("/mqtt-users", &json!({ "name": name, "publish": publish, "subscribe": subscribe })),
        )
    }

    /// Creates an API key of an account, by its number or name.
    #[track_caller]
    pub fn create_api_key(&self, account: &str) -> CloudKey {
        let answer = self.post(&format!("/accounts/{account}/keys"), &json!({}));
        CloudKey { id: text(&answer, "secret_id"), secret: text(&answer, "secret_key") }
    }

    /// The properties of a device as last reported: `{"power_switch":{"value":1,"time":...}}`.
    #[track_caller]
    pub fn properties(&self, product: &str, device: &str) -> Value {
        self.get(&format!("/products/{product}/devices/{device}/properties"))["properties"].clone()
    }

    /// The entries of one of a device's logs, newest page first as the server orders it.
    #[track_caller]
    pub fn log_entries(&self, product: &str, device: &str, log: &str) -> Vec<Value> {
        let answer = self.get(&format!("/products/{product}/devices/{device}/logs/{log}"));
        answer["entries"].as_array().cloned().unwrap_or_else(|| panic!("no entries in {answer}"))
    }
}

#[track_caller]
fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_else(|| panic!("the answer has no text {name:?}: {value}")).to_owned()
}

#[track_caller]
fn credentials(device: &Value) -> DeviceCredentials {
    DeviceCredentials {
        product: text(device, "product_id"),
        name: text(device, "name"),
        secret: text(device, "secret"),
    }
}

#[track_caller]
fn mqtt_user(answer: &Value) -> MqttUser {
    MqttUser { name: text(answer, "name"), password: text(answer, "password") }
}
