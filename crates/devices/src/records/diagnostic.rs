//! The diagnostic log: problems between a device and the platform, in the words of the vendor's cloud diagnostic
//! log (console guide, 云端诊断日志: content, result, errcode). Stored as the case and its arguments, put into
//! words on reading.

use serde::{Deserialize, Serialize};

use super::Version;

/// One problem worth showing to whoever debugs a device.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Diagnostic {
    /// The connection could not be opened because of us.
    ConnectSystemError,
    /// The device may not subscribe to this topic.
    SubscribeUnauthorized {
        /// The filter.
        topic: String,
    },
    /// The device may not publish to this topic.
    PublishUnauthorized {
        /// The topic.
        topic: String,
        /// The QoS it was published with.
        qos: u8,
    },
    /// The device publishes faster than it may.
    PublishRateExceeded {
        /// The topic.
        topic: String,
        /// The QoS it was published with.
        qos: u8,
        /// Messages per second it may publish.
        limit: u32,
    },
    /// The payload is longer than allowed.
    PublishPayloadTooLong {
        /// The topic.
        topic: String,
        /// The QoS it was published with.
        qos: u8,
        /// Its length.
        length: u64,
        /// The allowed length.
        limit: u64,
    },
    /// The message was taken but does not follow the topic's protocol or the thing model.
    PublishRefused {
        /// The topic.
        topic: String,
        /// The QoS it was published with.
        qos: u8,
        /// The protocol's code (facts §2.13).
        code: i64,
        /// The text the device was answered with.
        status: String,
    },
    /// The topic belongs to a feature this server does not serve.
    FeatureNotServed {
        /// The topic.
        topic: String,
        /// The QoS it was published with.
        qos: u8,
    },
    /// The device is online but does not subscribe to the topic.
    DeliverNoSubscriber {
        /// The topic.
        topic: String,
        /// The QoS it was sent with.
        qos: u8,
    },
    /// The device is offline and its session is not kept.
    DeliverOffline {
        /// The topic.
        topic: String,
        /// The QoS it was sent with.
        qos: u8,
    },
    /// The device's offline queue is full.
    DeliverTooManyOffline {
        /// The topic.
        topic: String,
        /// The QoS it was sent with.
        qos: u8,
    },
    /// The message is too large for the device or its offline queue.
    DeliverPayloadTooLarge {
        /// The topic.
        topic: String,
        /// The QoS it was sent with.
        qos: u8,
    },
    /// The message could not be sent because of us.
    DeliverSystemError {
        /// The topic.
        topic: String,
        /// The QoS it was sent with.
        qos: u8,
    },
    /// The device answered something that does not fit the thing model or was not asked for.
    DeliverAnswerRefused {
        /// The topic the question went to.
        topic: String,
        /// What is wrong with the answer.
        reason: String,
    },
}

impl Diagnostic {
    /// The `content` column.
    pub fn content(&self) -> String {
        match self {
            Self::ConnectSystemError => "Device connect".to_owned(),
            Self::SubscribeUnauthorized { topic } => format!("Device subscribe topic: {topic}"),
            Self::PublishUnauthorized { topic, qos }
            | Self::PublishRateExceeded { topic, qos, .. }
            | Self::PublishPayloadTooLong { topic, qos, .. }
            | Self::PublishRefused { topic, qos, .. }
            | Self::FeatureNotServed { topic, qos } => {
                format!("Device publish message to topic:{topic}, QOS:{qos}")
            }
            Self::DeliverNoSubscriber { topic, qos }
            | Self::DeliverOffline { topic, qos }
            | Self::DeliverTooManyOffline { topic, qos }
            | Self::DeliverPayloadTooLarge { topic, qos }
            | Self::DeliverSystemError { topic, qos } => {
                format!("Publish message to device: topic: {topic}, QOS:{qos}")
            }
            Self::DeliverAnswerRefused { topic, .. } => {
                format!("Publish message to device: topic: {topic}, answer")
            }
        }
    }

    /// The `result` column.
    pub fn result(&self) -> String {
        match self {
            Self::ConnectSystemError | Self::DeliverSystemError { .. } => "FAIL, system error".to_owned(),
            Self::SubscribeUnauthorized { .. } | Self::PublishUnauthorized { .. } => {
                "FAIL, unauthorized operation".to_owned()
            }
            Self::PublishRateExceeded { limit, .. } => format!("FAIL, reach max limit with {limit}"),
            Self::PublishPayloadTooLong { length, limit, .. } => {
                format!("FAIL, payload too long({length} > {limit})")
            }
            Self::PublishRefused { code, status, .. } => format!("FAIL, {code} {status}"),
            Self::FeatureNotServed { .. } => "FAIL, the feature is not served".to_owned(),
            // The vendor's own spelling.
            Self::DeliverNoSubscriber { .. } => "FAIL,no subcriber".to_owned(),
            Self::DeliverOffline { .. } => "FAIL, device offline".to_owned(),
            Self::DeliverTooManyOffline { .. } => "FAIL, too many offline message".to_owned(),
            Self::DeliverPayloadTooLarge { .. } => "FAIL, offline message payload exceed limit".to_owned(),
            Self::DeliverAnswerRefused { reason, .. } => format!("FAIL, {reason}"),
        }
    }

    /// The `errcode` column.
    pub const fn errcode(&self) -> &'static str {
        match self {
            Self::ConnectSystemError => "Dev_Conn_System_Err",
            Self::SubscribeUnauthorized { .. } => "Subscribe_Topic_Unauthorized",
            Self::PublishUnauthorized { .. } => "Dev_Pub_Unauthorized",
            Self::PublishRateExceeded { .. } => "Dev_Pub_Reach_Max_Limit",
            Self::PublishPayloadTooLong { .. } => "Dev_Pub_Payload_TooLong",
            Self::PublishRefused { .. } => "Dev_Pub_Payload_Refused",
            Self::FeatureNotServed { .. } => "Dev_Pub_Feature_Not_Served",
            Self::DeliverNoSubscriber { .. } => "Pub_To_Dev_No_Subscriber",
            Self::DeliverOffline { .. } => "Pub_To_Dev_Offline",
            Self::DeliverTooManyOffline { .. } => "Pub_To_Dev_Offline_Msg_Exceed_Limit",
            Self::DeliverPayloadTooLarge { .. } => "Pub_To_Dev_Payload_Too_Large",
            Self::DeliverSystemError { .. } => "Pub_To_Dev_System_Err",
            Self::DeliverAnswerRefused { .. } => "Pub_To_Dev_Answer_Refused",
        }
    }
}

#[derive(Serialize, Deserialize)]
struct Body {
    v: Version,
    problem: Diagnostic,
}

/// The journal body of a problem.
pub(crate) fn encode(problem: &Diagnostic) -> Vec<u8> {
    let body = Body { v: Version, problem: problem.clone() };
    serde_json::to_vec(&body).expect("a diagnostic has only text and numbers")
}

/// The problem in a journal body; `None` if a newer release wrote it.
pub(crate) fn decode(body: &[u8]) -> Option<Diagnostic> {
    serde_json::from_slice::<Body>(body).ok().map(|body| body.problem)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_put_into_the_vendors_words_after_a_round_trip() {
        let problem =
            Diagnostic::PublishPayloadTooLong { topic: "a/b".into(), qos: 1, length: 70_000, limit: 65_536 };
        let read = decode(&encode(&problem)).unwrap();
        assert_eq!(read.content(), "Device publish message to topic:a/b, QOS:1");
        assert_eq!(read.result(), "FAIL, payload too long(70000 > 65536)");
        assert_eq!(read.errcode(), "Dev_Pub_Payload_TooLong");
    }

    #[test]
    fn the_stored_form_of_version_1_stays_readable() {
        let stored = br#"{"v":1,"problem":{"deliver_no_subscriber":{"topic":"t","qos":0}}}"#;
        assert_eq!(decode(stored), Some(Diagnostic::DeliverNoSubscriber { topic: "t".into(), qos: 0 }));
    }
}
