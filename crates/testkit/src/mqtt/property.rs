//! MQTT 5 properties: numbers, value types, which packets of a server may carry which, encoding and strict decoding.

/// Payload format indicator (byte).
pub const PAYLOAD_FORMAT: u8 = 0x01;
/// Message expiry interval (four bytes).
pub const MESSAGE_EXPIRY: u8 = 0x02;
/// Content type (text).
pub const CONTENT_TYPE: u8 = 0x03;
/// Response topic (text).
pub const RESPONSE_TOPIC: u8 = 0x08;
/// Correlation data (binary).
pub const CORRELATION_DATA: u8 = 0x09;
/// Subscription identifier (variable).
pub const SUBSCRIPTION_ID: u8 = 0x0B;
/// Session expiry interval (four bytes).
pub const SESSION_EXPIRY: u8 = 0x11;
/// Assigned client identifier (text).
pub const ASSIGNED_CLIENT_ID: u8 = 0x12;
/// Server keep alive (two bytes).
pub const SERVER_KEEP_ALIVE: u8 = 0x13;
/// Authentication method (text).
pub const AUTH_METHOD: u8 = 0x15;
/// Authentication data (binary).
pub const AUTH_DATA: u8 = 0x16;
/// Request problem information (byte).
pub const REQUEST_PROBLEM_INFO: u8 = 0x17;
/// Will delay interval (four bytes).
pub const WILL_DELAY: u8 = 0x18;
/// Request response information (byte).
pub const REQUEST_RESPONSE_INFO: u8 = 0x19;
/// Response information (text).
pub const RESPONSE_INFO: u8 = 0x1A;
/// Server reference (text).
pub const SERVER_REFERENCE: u8 = 0x1C;
/// Reason string (text).
pub const REASON_STRING: u8 = 0x1F;
/// Receive maximum (two bytes).
pub const RECEIVE_MAXIMUM: u8 = 0x21;
/// Topic alias maximum (two bytes).
pub const TOPIC_ALIAS_MAXIMUM: u8 = 0x22;
/// Topic alias (two bytes).
pub const TOPIC_ALIAS: u8 = 0x23;
/// Maximum QoS (byte).
pub const MAXIMUM_QOS: u8 = 0x24;
/// Retain available (byte).
pub const RETAIN_AVAILABLE: u8 = 0x25;
/// User property (pair of texts).
pub const USER_PROPERTY: u8 = 0x26;
/// Maximum packet size (four bytes).
pub const MAXIMUM_PACKET_SIZE: u8 = 0x27;
/// Wildcard subscription available (byte).
pub const WILDCARD_AVAILABLE: u8 = 0x28;
/// Subscription identifiers available (byte).
pub const SUBSCRIPTION_ID_AVAILABLE: u8 = 0x29;
/// Shared subscription available (byte).
pub const SHARED_AVAILABLE: u8 = 0x2A;

/// The value of one property.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PropertyValue {
    /// One byte.
    Byte(u8),
    /// Two bytes.
    Two(u16),
    /// Four bytes.
    Four(u32),
    /// A variable byte integer.
    Variable(u32),
    /// A text.
    Text(String),
    /// Binary data.
    Binary(Vec<u8>),
    /// A pair of texts.
    Pair(String, String),
}

/// A list of properties, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Properties(pub Vec<(u8, PropertyValue)>);

impl Properties {
    /// No properties.
    pub const fn none() -> Self {
        Self(Vec::new())
    }

    /// Adds any property.
    pub fn with(mut self, id: u8, value: PropertyValue) -> Self {
        self.0.push((id, value));
        self
    }

    /// Adds a one-byte property.
    pub fn byte(self, id: u8, value: u8) -> Self {
        self.with(id, PropertyValue::Byte(value))
    }

    /// Adds a two-byte property.
    pub fn two(self, id: u8, value: u16) -> Self {
        self.with(id, PropertyValue::Two(value))
    }

    /// Adds a four-byte property.
    pub fn four(self, id: u8, value: u32) -> Self {
        self.with(id, PropertyValue::Four(value))
    }

    /// Adds a variable byte integer property.
    pub fn variable(self, id: u8, value: u32) -> Self {
        self.with(id, PropertyValue::Variable(value))
    }

    /// Adds a text property.
    pub fn text(self, id: u8, value: &str) -> Self {
        self.with(id, PropertyValue::Text(value.to_owned()))
    }

    /// Adds a binary property.
    pub fn binary(self, id: u8, value: &[u8]) -> Self {
        self.with(id, PropertyValue::Binary(value.to_vec()))
    }

    /// Adds a user property.
    pub fn user(self, name: &str, value: &str) -> Self {
        self.with(USER_PROPERTY, PropertyValue::Pair(name.to_owned(), value.to_owned()))
    }

    /// The first property with this number.
    pub fn get(&self, id: u8) -> Option<&PropertyValue> {
        self.0.iter().find(|(found, _)| *found == id).map(|(_, value)| value)
    }

    /// A numeric property, whatever its width.
    pub fn number(&self, id: u8) -> Option<u32> {
        match self.get(id)? {
            PropertyValue::Byte(value) => Some(u32::from(*value)),
            PropertyValue::Two(value) => Some(u32::from(*value)),
            PropertyValue::Four(value) | PropertyValue::Variable(value) => Some(*value),
            _ => None,
        }
    }

    /// A text property.
    pub fn string(&self, id: u8) -> Option<&str> {
        match self.get(id)? {
            PropertyValue::Text(value) => Some(value),
            _ => None,
        }
    }

    /// A binary property.
    pub fn bytes(&self, id: u8) -> Option<&[u8]> {
        match self.get(id)? {
            PropertyValue::Binary(value) => Some(value),
            _ => None,
        }
    }

    /// All user properties in order.
    pub fn user_properties(&self) -> Vec<(&str, &str)> {
        self.0
            .iter()
            .filter_map(|(_, value)| match value {
                PropertyValue::Pair(name, value) => Some((name.as_str(), value.as_str())),
                _ => None,
            })
            .collect()
    }

    /// All subscription identifiers in order.
    pub fn subscription_ids(&self) -> Vec<u32> {
        self.0
            .iter()
            .filter_map(|(id, value)| match value {
                PropertyValue::Variable(number) if *id == SUBSCRIPTION_ID => Some(*number),
                _ => None,
            })
            .collect()
    }

    /// The encoding with its length in front.
    pub fn encode(&self) -> Vec<u8> {
        let mut body = Vec::new();
        for (id, value) in &self.0 {
            body.push(*id);
            match value {
                PropertyValue::Byte(value) => body.push(*value),
                PropertyValue::Two(value) => body.extend_from_slice(&value.to_be_bytes()),
                PropertyValue::Four(value) => body.extend_from_slice(&value.to_be_bytes()),
                PropertyValue::Variable(value) => put_variable(&mut body, *value),
                PropertyValue::Text(value) => put_binary(&mut body, value.as_bytes()),
                PropertyValue::Binary(value) => put_binary(&mut body, value),
                PropertyValue::Pair(name, value) => {
                    put_binary(&mut body, name.as_bytes());
                    put_binary(&mut body, value.as_bytes());
                }
            }
        }
        let mut out = Vec::new();
        put_variable(&mut out, u32::try_from(body.len()).expect("tests do not make properties of 4 GiB"));
        out.extend_from_slice(&body);
        out
    }
}

/// Appends a variable byte integer, as short as possible.
pub fn put_variable(out: &mut Vec<u8>, mut value: u32) {
    loop {
        let digit = (value % 128) as u8;
        value /= 128;
        if value == 0 {
            out.push(digit);
            return;
        }
        out.push(digit | 0x80);
    }
}

/// Appends two bytes of length and the data.
///
/// # Panics
/// When the data is longer than 65,535 bytes.
pub fn put_binary(out: &mut Vec<u8>, data: &[u8]) {
    let length = u16::try_from(data.len()).expect("an MQTT text has at most 65,535 bytes");
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(data);
}

/// The kinds of packet a server sends that have properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Carrier {
    ConnAck,
    Publish,
    Acknowledgement,
    SubscriptionAcknowledgement,
    Disconnect,
    Auth,
}

/// Whether a *server* may put this property into this packet (MQTT 5, table 2-4).
pub(crate) fn allowed(carrier: Carrier, id: u8) -> bool {
    use Carrier as C;
    match id {
        PAYLOAD_FORMAT | MESSAGE_EXPIRY | CONTENT_TYPE | RESPONSE_TOPIC | CORRELATION_DATA
        | SUBSCRIPTION_ID | TOPIC_ALIAS => carrier == C::Publish,
        SESSION_EXPIRY
        | ASSIGNED_CLIENT_ID
        | SERVER_KEEP_ALIVE
        | RESPONSE_INFO
        | RECEIVE_MAXIMUM
        | TOPIC_ALIAS_MAXIMUM
        | MAXIMUM_QOS
        | RETAIN_AVAILABLE
        | MAXIMUM_PACKET_SIZE
        | WILDCARD_AVAILABLE
        | SUBSCRIPTION_ID_AVAILABLE
        | SHARED_AVAILABLE => carrier == C::ConnAck,
        AUTH_METHOD | AUTH_DATA => matches!(carrier, C::ConnAck | C::Auth),
        SERVER_REFERENCE => matches!(carrier, C::ConnAck | C::Disconnect),
        REASON_STRING => carrier != C::Publish,
        USER_PROPERTY => true,
        _ => false,
    }
}

/// The value type of a property, as an empty value; `None` for an unknown number.
pub(crate) fn kind(id: u8) -> Option<PropertyValue> {
    Some(match id {
        PAYLOAD_FORMAT
        | REQUEST_PROBLEM_INFO
        | REQUEST_RESPONSE_INFO
        | MAXIMUM_QOS
        | RETAIN_AVAILABLE
        | WILDCARD_AVAILABLE
        | SUBSCRIPTION_ID_AVAILABLE
        | SHARED_AVAILABLE => PropertyValue::Byte(0),
        SERVER_KEEP_ALIVE | RECEIVE_MAXIMUM | TOPIC_ALIAS_MAXIMUM | TOPIC_ALIAS => PropertyValue::Two(0),
        MESSAGE_EXPIRY | SESSION_EXPIRY | WILL_DELAY | MAXIMUM_PACKET_SIZE => PropertyValue::Four(0),
        SUBSCRIPTION_ID => PropertyValue::Variable(0),
        CONTENT_TYPE | RESPONSE_TOPIC | ASSIGNED_CLIENT_ID | AUTH_METHOD | RESPONSE_INFO
        | SERVER_REFERENCE | REASON_STRING => PropertyValue::Text(String::new()),
        CORRELATION_DATA | AUTH_DATA => PropertyValue::Binary(Vec::new()),
        USER_PROPERTY => PropertyValue::Pair(String::new(), String::new()),
        _ => return None,
    })
}
