//! Signed requests of the vendor-compatible management API, as its clients make them and as they never would: each part
//! can be changed before or after signing.
//!
//! The signatures are computed here (facts of the management API, §2.2 and §2.4), so that they can disagree with the
//! server's.

use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest, Sha256};
use time::OffsetDateTime;

use crate::http::{self, Answer, Endpoint};

/// The version of the API that requests name unless told otherwise.
pub const EXPLORER: &str = "2019-04-23";

/// An API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CloudKey {
    /// SecretId.
    pub id: String,
    /// SecretKey.
    pub secret: String,
}

/// A client with a key.
#[derive(Debug, Clone)]
pub struct CloudClient {
    address: SocketAddr,
    key: CloudKey,
}

impl CloudClient {
    /// A client of the server at `address`.
    pub const fn new(address: SocketAddr, key: CloudKey) -> Self {
        Self { address, key }
    }

    /// Where requests go, for those that are made by hand.
    pub const fn endpoint(&self) -> Endpoint {
        Endpoint::Tcp(self.address)
    }

    /// Calls an action and gives what is inside `Response`, an error as well.
    #[track_caller]
    pub fn call(&self, action: &str, request: &Value) -> Value {
        self.tc3(action, &request.to_string()).send()
    }

    /// A `TC3` request that can still be changed.
    pub fn tc3(&self, action: &str, body: &str) -> Tc3 {
        Tc3 {
            endpoint: self.endpoint(),
            key: self.key.clone(),
            method: "POST",
            query: String::new(),
            content_type: "application/json".to_owned(),
            host: self.address.to_string(),
            signed_host: None,
            service: "iotexplorer".to_owned(),
            timestamp: now(),
            date: None,
            action: action.to_owned(),
            version: EXPLORER.to_owned(),
            more: Vec::new(),
            authorization: None,
            body: body.as_bytes().to_vec(),
        }
    }

    /// A request of the older scheme that can still be changed. `parameters` are those of the action, flattened.
    pub fn v1(&self, method: &'static str, algorithm: &str, action: &str, parameters: &[(&str, &str)]) -> V1 {
        let common = [
            ("Action", action.to_owned()),
            ("Version", EXPLORER.to_owned()),
            ("Region", "ap-guangzhou".to_owned()),
            ("Timestamp", now().to_string()),
            ("Nonce", nonce()),
            ("SecretId", self.key.id.clone()),
            ("SignatureMethod", algorithm.to_owned()),
        ];
        let given = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        V1 {
            endpoint: self.endpoint(),
            secret: self.key.secret.clone(),
            method,
            host: self.address.to_string(),
            signed_host: None,
            parameters: given.chain(common.map(|(name, value)| (name.to_owned(), value))).collect(),
        }
    }
}

/// Unix seconds.
pub fn now() -> i64 {
    OffsetDateTime::now_utc().unix_timestamp()
}

/// A number that no request had before, as large as clients make them.
fn nonce() -> String {
    let nanoseconds = OffsetDateTime::now_utc().unix_timestamp_nanos();
    (nanoseconds & i128::from(i64::MAX)).to_string()
}

/// What is inside `Response` of an answer that has the form every answer must have.
///
/// # Panics
/// When status, content type or envelope are different.
#[track_caller]
pub fn response(answer: &Answer) -> Value {
    assert_eq!(answer.status, 200, "{}", answer.text());
    assert_eq!(answer.header("content-type"), Some("application/json"), "clients compare the whole value");
    let response = answer.json()["Response"].clone();
    let id = response["RequestId"].as_str().unwrap_or_else(|| panic!("no RequestId in {response}"));
    assert_eq!(id.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12], "{id} is not a UUID");
    response
}

/// A `TC3-HMAC-SHA256` request. It is signed when it is sent, over what stands in it then.
#[derive(Debug, Clone)]
pub struct Tc3 {
    endpoint: Endpoint,
    key: CloudKey,
    /// `POST` or `GET`.
    pub method: &'static str,
    /// What stands behind `?`.
    pub query: String,
    /// `Content-Type`.
    pub content_type: String,
    /// `Host`.
    pub host: String,
    /// The host that is signed, if it is another.
    pub signed_host: Option<String>,
    /// The service of the credential scope.
    pub service: String,
    /// `X-TC-Timestamp`.
    pub timestamp: i64,
    /// The date of the credential scope, if it is not the timestamp's.
    pub date: Option<String>,
    /// `X-TC-Action`.
    pub action: String,
    /// `X-TC-Version`.
    pub version: String,
    /// More headers, not signed.
    pub more: Vec<(String, String)>,
    /// Instead of the right `Authorization`.
    pub authorization: Option<String>,
    /// The body.
    pub body: Vec<u8>,
}

impl Tc3 {
    /// `Authorization` for the request as it is.
    pub fn authorization(&self) -> String {
        let canonical = format!(
            "{}\n/\n{}\ncontent-type:{}\nhost:{}\n\ncontent-type;host\n{}",
            self.method,
            self.query,
            self.content_type,
            self.signed_host.as_deref().unwrap_or(&self.host),
            hex::encode(Sha256::digest(&self.body)),
        );
        let date = self.date.clone().unwrap_or_else(|| utc_date(self.timestamp));
        let scope = format!("{date}/{}/tc3_request", self.service);
        let text = format!(
            "TC3-HMAC-SHA256\n{}\n{scope}\n{}",
            self.timestamp,
            hex::encode(Sha256::digest(canonical))
        );
        let mut key = format!("TC3{}", self.key.secret).into_bytes();
        for part in [date.as_str(), &self.service, "tc3_request"] {
            key = hmac::<Hmac<Sha256>>(&key, part.as_bytes());
        }
        format!(
            "TC3-HMAC-SHA256 Credential={}/{scope}, SignedHeaders=content-type;host, Signature={}",
            self.key.id,
            hex::encode(hmac::<Hmac<Sha256>>(&key, text.as_bytes()))
        )
    }

    /// Signs it now, so that what is changed afterwards is not what was signed.
    #[must_use]
    pub fn signed(mut self) -> Self {
        self.authorization = Some(self.authorization());
        self
    }

    /// Sends it and gives the whole answer.
    ///
    /// # Panics
    /// When there is no HTTP answer at all.
    #[track_caller]
    pub fn send_raw(&self) -> Answer {
        let authorization = self.authorization.clone().unwrap_or_else(|| self.authorization());
        let timestamp = self.timestamp.to_string();
        let mut headers = vec![
            ("Host", self.host.as_str()),
            ("Content-Type", &self.content_type),
            ("X-TC-Action", &self.action),
            ("X-TC-Version", &self.version),
            ("X-TC-Timestamp", &timestamp),
            ("X-TC-Region", "ap-guangzhou"),
        ];
        if !authorization.is_empty() {
            headers.push(("Authorization", &authorization));
        }
        headers.extend(self.more.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let target = if self.query.is_empty() { "/".to_owned() } else { format!("/?{}", self.query) };
        let body = (self.method != "GET" || !self.body.is_empty()).then_some(self.body.as_slice());
        http::request(&self.endpoint, self.method, &target, &headers, body)
            .unwrap_or_else(|error| panic!("{} {}: {error}", self.method, self.action))
    }

    /// Sends it and gives what is inside `Response`.
    #[track_caller]
    pub fn send(&self) -> Value {
        response(&self.send_raw())
    }
}

/// An `HmacSHA1` or `HmacSHA256` request. It is signed when it is sent, over what stands in it then.
#[derive(Debug, Clone)]
pub struct V1 {
    endpoint: Endpoint,
    secret: String,
    /// `POST` or `GET`.
    pub method: &'static str,
    /// `Host`.
    pub host: String,
    /// The host that is signed, if it is another.
    pub signed_host: Option<String>,
    /// All parameters but `Signature`.
    pub parameters: Vec<(String, String)>,
}

impl V1 {
    /// Sets a parameter to another value.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self.parameters.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Takes a parameter out.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.parameters.retain(|(known, _)| known != name);
        self
    }

    /// The signature over the request as it is.
    pub fn signature(&self) -> String {
        let mut sorted = self.parameters.clone();
        sorted.sort_unstable();
        let pairs: Vec<_> = sorted.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let host = self.signed_host.as_deref().unwrap_or(&self.host);
        let text = format!("{}{host}/?{}", self.method, pairs.join("&"));
        let sha256 = sorted.iter().any(|(name, value)| name == "SignatureMethod" && value == "HmacSHA256");
        let sign = if sha256 { hmac::<Hmac<Sha256>> } else { hmac::<Hmac<Sha1>> };
        STANDARD.encode(sign(self.secret.as_bytes(), text.as_bytes()))
    }

    /// Sends it and gives what is inside `Response`.
    ///
    /// # Panics
    /// When there is no HTTP answer at all, or one of another form.
    #[track_caller]
    pub fn send(&self) -> Value {
        let signature = ("Signature".to_owned(), self.signature());
        let all = self.parameters.iter().chain([&signature]);
        let form: Vec<_> = all.map(|(name, value)| format!("{}={}", escaped(name), escaped(value))).collect();
        let form = form.join("&");
        let host = ("Host", self.host.as_str());
        let answer = if self.method == "GET" {
            http::request(&self.endpoint, "GET", &format!("/?{form}"), &[host], None)
        } else {
            let kind = ("Content-Type", "application/x-www-form-urlencoded");
            http::request(&self.endpoint, "POST", "/", &[host, kind], Some(form.as_bytes()))
        };
        response(&answer.unwrap_or_else(|error| panic!("{}: {error}", self.method)))
    }
}

fn hmac<M: Mac + KeyInit>(key: &[u8], message: &[u8]) -> Vec<u8> {
    let mut mac = <M as KeyInit>::new_from_slice(key).expect("an HMAC takes a key of any length");
    mac.update(message);
    mac.finalize().into_bytes().to_vec()
}

fn utc_date(timestamp: i64) -> String {
    let at = OffsetDateTime::from_unix_timestamp(timestamp).expect("a time of this age of the world");
    at.date().to_string()
}

fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
    let each = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(each).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> CloudClient {
        let key = CloudKey { id: "AKIDexample".into(), secret: "SKexample".into() };
        CloudClient::new(SocketAddr::from(([127, 0, 0, 1], 18081)), key)
    }

    #[test]
    fn the_signatures_are_those_of_a_real_client() {
        let mut tc3 = client().tc3("DescribeProject", r#"{"ProjectId": "prj-1"}"#);
        tc3.timestamp = 1_700_000_000;
        assert!(
            tc3.authorization()
                .ends_with("Signature=69d77e30bc80d1aae39f57d00caa93f382fba57d9f270bd00d6eeeb05ccb4713")
        );
        for (method, algorithm, signature) in [
            ("POST", "HmacSHA256", "l7d39BkEoHxdvuDxM6+AmSkRJvDKas0bJIpFwrbPgRQ="),
            ("GET", "HmacSHA1", "DPZv0KRRItxMczAkfec42UXr7fw="),
        ] {
            let v1 = client()
                .v1(method, algorithm, "DescribeProject", &[("ProjectId", "prj-1")])
                .with("RequestClient", "SDK_PYTHON_3.1.195")
                .with("Nonce", "12345")
                .with("Timestamp", "1700000000")
                .with("Language", "zh-CN");
            assert_eq!(v1.signature(), signature);
        }
    }
}
