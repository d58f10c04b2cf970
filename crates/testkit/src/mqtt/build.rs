//! Builders of what a client sends. [`Body`] is the raw tool (any bytes in any order); the rest are conveniences whose
//! output is well-formed unless a test overrides a part.

use super::Version;
use super::property::{Properties, put_binary, put_variable};

/// A growing packet body.
#[derive(Debug, Clone, Default)]
pub struct Body(Vec<u8>);

impl Body {
    /// An empty body.
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Appends one byte.
    pub fn byte(mut self, value: u8) -> Self {
        self.0.push(value);
        self
    }

    /// Appends a big-endian 16-bit number.
    pub fn two(mut self, value: u16) -> Self {
        self.0.extend_from_slice(&value.to_be_bytes());
        self
    }

    /// Appends a text with its length.
    pub fn text(self, value: &str) -> Self {
        self.binary(value.as_bytes())
    }

    /// Appends bytes with their length.
    pub fn binary(mut self, value: &[u8]) -> Self {
        put_binary(&mut self.0, value);
        self
    }

    /// Appends bytes as they are.
    pub fn raw(mut self, value: &[u8]) -> Self {
        self.0.extend_from_slice(value);
        self
    }

    /// Appends properties, only when `version` has them.
    pub fn properties(mut self, version: Version, properties: &Properties) -> Self {
        if version == Version::V5 {
            self.0.extend_from_slice(&properties.encode());
        }
        self
    }

    /// The body alone.
    pub fn into_bytes(self) -> Vec<u8> {
        self.0
    }

    /// The whole packet: first byte, remaining length, body.
    pub fn packet(self, first: u8) -> Vec<u8> {
        let mut out = vec![first];
        put_variable(&mut out, u32::try_from(self.0.len()).expect("tests do not make packets of 4 GiB"));
        out.extend_from_slice(&self.0);
        out
    }
}

/// The will of a CONNECT.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Will {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// QoS, 0 to 2 (3 is malformed and can be built too).
    pub qos: u8,
    /// Retain flag.
    pub retain: bool,
    /// Properties (MQTT 5 only).
    pub properties: Properties,
}

impl Will {
    /// A QoS 0 will.
    pub fn new(topic: &str, payload: &[u8]) -> Self {
        Self { topic: topic.to_owned(), payload: payload.to_vec(), ..Self::default() }
    }
}

/// A CONNECT.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connect {
    /// Protocol version; decides name, level and whether there are properties.
    pub version: Version,
    /// Protocol name if it is not the version's own.
    pub protocol_name: Option<String>,
    /// Protocol level if it is not the version's own.
    pub level: Option<u8>,
    /// Connect flags if they are not to follow from the other fields.
    pub flags: Option<u8>,
    /// Client id.
    pub client_id: String,
    /// Clean session, or clean start.
    pub clean: bool,
    /// Keep alive in seconds.
    pub keep_alive: u16,
    /// The will.
    pub will: Option<Will>,
    /// User name.
    pub username: Option<String>,
    /// Password.
    pub password: Option<Vec<u8>>,
    /// Properties (MQTT 5 only).
    pub properties: Properties,
}

impl Connect {
    /// A clean connection with a keep alive of 60 s and no credentials.
    pub fn new(version: Version, client_id: &str) -> Self {
        Self {
            version,
            protocol_name: None,
            level: None,
            flags: None,
            client_id: client_id.to_owned(),
            clean: true,
            keep_alive: 60,
            will: None,
            username: None,
            password: None,
            properties: Properties::none(),
        }
    }

    /// MQTT 3.1.
    pub fn v31(client_id: &str) -> Self {
        Self::new(Version::V31, client_id)
    }

    /// MQTT 3.1.1.
    pub fn v311(client_id: &str) -> Self {
        Self::new(Version::V311, client_id)
    }

    /// MQTT 5.
    pub fn v5(client_id: &str) -> Self {
        Self::new(Version::V5, client_id)
    }

    /// Sets user name and password.
    pub fn login(mut self, username: &str, password: &str) -> Self {
        self.username = Some(username.to_owned());
        self.password = Some(password.as_bytes().to_vec());
        self
    }

    /// Clears the clean session (clean start) flag. With MQTT 5 a session expiry interval is needed as well.
    pub fn resume(mut self) -> Self {
        self.clean = false;
        self
    }

    /// Sets the keep alive.
    pub fn keep_alive(mut self, seconds: u16) -> Self {
        self.keep_alive = seconds;
        self
    }

    /// Sets the will.
    pub fn will(mut self, will: Will) -> Self {
        self.will = Some(will);
        self
    }

    /// Sets the properties.
    pub fn properties(mut self, properties: Properties) -> Self {
        self.properties = properties;
        self
    }

    /// The connect flags as they will be sent.
    pub fn connect_flags(&self) -> u8 {
        self.flags.unwrap_or_else(|| {
            let mut flags = u8::from(self.clean) << 1;
            if let Some(will) = &self.will {
                flags |= 0x04 | (will.qos << 3) | (u8::from(will.retain) << 5);
            }
            flags | (u8::from(self.password.is_some()) << 6) | (u8::from(self.username.is_some()) << 7)
        })
    }

    /// The packet.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Body::new()
            .text(self.protocol_name.as_deref().unwrap_or(self.version.protocol_name()))
            .byte(self.level.unwrap_or(self.version.level()))
            .byte(self.connect_flags())
            .two(self.keep_alive)
            .properties(self.version, &self.properties)
            .text(&self.client_id);
        if let Some(will) = &self.will {
            body = body.properties(self.version, &will.properties).text(&will.topic).binary(&will.payload);
        }
        if let Some(username) = &self.username {
            body = body.text(username);
        }
        if let Some(password) = &self.password {
            body = body.binary(password);
        }
        body.packet(0x10)
    }
}

/// A PUBLISH to be sent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Publishing {
    /// Topic.
    pub topic: String,
    /// Payload.
    pub payload: Vec<u8>,
    /// QoS.
    pub qos: u8,
    /// Packet id, sent when the QoS is not 0.
    pub id: u16,
    /// Retain flag.
    pub retain: bool,
    /// DUP flag.
    pub dup: bool,
    /// Properties (MQTT 5 only).
    pub properties: Properties,
}

impl Publishing {
    /// A message at QoS 0.
    pub fn new(topic: &str, payload: &[u8]) -> Self {
        Self { topic: topic.to_owned(), payload: payload.to_vec(), ..Self::default() }
    }

    /// Sets QoS and packet id.
    pub fn qos(mut self, qos: u8, id: u16) -> Self {
        self.qos = qos;
        self.id = id;
        self
    }

    /// Sets the retain flag.
    pub fn retained(mut self) -> Self {
        self.retain = true;
        self
    }

    /// Sets the DUP flag.
    pub fn duplicate(mut self) -> Self {
        self.dup = true;
        self
    }

    /// Sets the properties.
    pub fn properties(mut self, properties: Properties) -> Self {
        self.properties = properties;
        self
    }

    /// The packet.
    pub fn encode(&self, version: Version) -> Vec<u8> {
        let mut body = Body::new().text(&self.topic);
        if self.qos > 0 {
            body = body.two(self.id);
        }
        body.properties(version, &self.properties)
            .raw(&self.payload)
            .packet(0x30 | (u8::from(self.dup) << 3) | (self.qos << 1) | u8::from(self.retain))
    }
}

/// PUBACK (0x40), PUBREC (0x50), PUBREL (0x62) or PUBCOMP (0x70) in the short form, which means success.
pub fn acknowledgement(first: u8, id: u16) -> Vec<u8> {
    Body::new().two(id).packet(first)
}

/// One of the four with a reason code (MQTT 5).
pub fn acknowledgement_with_reason(first: u8, id: u16, reason: u8) -> Vec<u8> {
    Body::new().two(id).byte(reason).packet(first)
}

/// SUBSCRIBE: filters with their options byte (the QoS alone before MQTT 5).
pub fn subscribe(version: Version, id: u16, filters: &[(&str, u8)], properties: &Properties) -> Vec<u8> {
    let mut body = Body::new().two(id).properties(version, properties);
    for (filter, options) in filters {
        body = body.text(filter).byte(*options);
    }
    body.packet(0x82)
}

/// UNSUBSCRIBE.
pub fn unsubscribe(version: Version, id: u16, filters: &[&str], properties: &Properties) -> Vec<u8> {
    let mut body = Body::new().two(id).properties(version, properties);
    for filter in filters {
        body = body.text(filter);
    }
    body.packet(0xA2)
}

/// PINGREQ.
pub const PINGREQ: [u8; 2] = [0xC0, 0x00];

/// DISCONNECT in the short form.
pub const DISCONNECT: [u8; 2] = [0xE0, 0x00];

/// DISCONNECT with a reason code and properties (MQTT 5).
pub fn disconnect(reason: u8, properties: &Properties) -> Vec<u8> {
    Body::new().byte(reason).properties(Version::V5, properties).packet(0xE0)
}
